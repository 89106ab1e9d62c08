// Differences between the coefficients of two groups: of one posterior, or of two that share nothing.
#pragma once

#include <Eigen/Core>
#include <cmath>

#include "core/exact/posterior_summary.hpp"
#include "core/numerics/mixture_summary.hpp"

namespace bayespool {

// Given (sigma, tau), with r_j = ytilde_j - u_j'gamma_hat, the difference of the coefficients of groups j and k is
//   N(kappa_j r_j - kappa_k r_k, v_j + v_k + w'Q^-1 w),   w = kappa_k u_k - kappa_j u_j,
// since they share the population's part and, given gamma, nothing else.
inline WeightedNormals contrast_given(const Design& design, const ConditionalNodes& nodes, Index j,
                                      Index k) {
  const Index f = design.free_count();
  MatrixXd w = MatrixXd::Zero(nodes.count(), f);
  WeightedNormals contrast{nodes.weight, Eigen::ArrayXd::Zero(nodes.count()),
                           Eigen::ArrayXd::Zero(nodes.count())};
  const auto add = [&](Index group, double sign) {
    const double size = design.size_of(group);
    const VectorXd u = design.projections.row(group).head(f).transpose();
    const Eigen::ArrayXd kappa = nodes.shrinkage_weights(size);
    contrast.mean += sign * kappa * (design.projections(group, f) - (nodes.gamma * u).array());
    contrast.variance += nodes.group_variances(size);
    w -= sign * kappa.matrix() * u.transpose();
  };
  add(j, 1);
  add(k, -1);
  contrast.variance += nodes.quadratic_forms(w);
  return contrast;
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
