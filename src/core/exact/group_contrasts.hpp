// Linear combinations of coefficients and groups' deviations, such as differences between the coefficients of two groups: of one
// posterior, or of two that share nothing.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <vector>

#include "core/exact/posterior_summary.hpp"
#include "core/numerics/mixture_summary.hpp"

namespace bayespool {

// The sum of a'gamma and of `multiple` times the deviation of each `group` from the population (different groups). Given (sigma, tau),
// with r_j = ytilde_j - u_j'gamma_hat, that is
//   N(a'gamma_hat + sum_j m_j kappa_j r_j, sum_j m_j^2 v_j + w'Q^-1 w),   w = a - sum_j m_j kappa_j u_j,
// since groups share nothing else, given gamma.
inline WeightedNormals combination_given(const Design& design, const ConditionalNodes& nodes,
                                         const VectorXd& a, const std::vector<int>& group,
                                         const std::vector<double>& multiple) {
  const Index f = design.free_count();
  MatrixXd w = a.transpose().replicate(nodes.count(), 1);
  WeightedNormals sum{nodes.weight, (nodes.gamma * a).array(), Eigen::ArrayXd::Zero(nodes.count())};
  for (std::size_t k = 0; k < group.size(); ++k) {
    const double size = design.size_of(group[k]);
    const VectorXd u = design.projections.row(group[k]).head(f).transpose();
    const Eigen::ArrayXd kappa = multiple[k] * nodes.shrinkage_weights(size);
    sum.mean += kappa * (design.projections(group[k], f) - (nodes.gamma * u).array());
    sum.variance += multiple[k] * multiple[k] * nodes.group_variances(size);
    w -= kappa.matrix() * u.transpose();
  }
  sum.variance += nodes.quadratic_forms(w);
  return sum;
}

// The difference of the coefficients of groups j and k, in which the population's part cancels.
inline WeightedNormals contrast_given(const Design& design, const ConditionalNodes& nodes, int j,
                                      int k) {
  return combination_given(design, nodes, VectorXd::Zero(design.free_count()), {j, k}, {1, -1});
}

// Each node of the one posterior with each of the other.
inline WeightedNormals difference(const WeightedNormals& a, const WeightedNormals& b) {
  const Index rows = a.weight.size(), columns = b.weight.size();
  WeightedNormals result{Eigen::ArrayXd(rows * columns), Eigen::ArrayXd(rows * columns),
                         Eigen::ArrayXd(rows * columns)};
  for (Index k = 0; k < columns; ++k) {
    result.weight.segment(k * rows, rows) = a.weight * b.weight(k);
    result.mean.segment(k * rows, rows) = a.mean - b.mean(k);
    result.variance.segment(k * rows, rows) = a.variance + b.variance(k);
  }
  return result;
}

// The first coefficient as a mixture, but for the design's origin.
inline WeightedNormals first_coefficient(const Design& design, const ConditionalNodes& nodes) {
  const VectorXd direction = design.transform.row(0).transpose();
  return {nodes.weight, (nodes.gamma * direction).array(), nodes.quadratic_form(direction)};
}

// P(X > shift). Where X is a known number there is no mixture.
inline double probability_above(const WeightedNormals& x, double shift) {
  if (x.variance.maxCoeff() > 0) return x.mixture().evaluate(shift).tails.above;
  return x.mean(0) > shift ? 1 : 0;
}

}  // namespace bayespool
