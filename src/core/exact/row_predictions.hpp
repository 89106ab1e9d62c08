// What is expected and what is predicted for rows: in groups that were fitted, in new ones, and in the population.
#pragma once

#include <Eigen/Core>
#include <algorithm>

#include "core/exact/posterior_summary.hpp"
#include "core/numerics/mixture_summary.hpp"

namespace bayespool {

// A row's group: the position of one that was fitted, or one of these.
enum class Outside : Index {
  new_group = -1,
  population = -2  // as if tau were 0
};

// As in LeaveOneOut, for a row with the deviation (du, dy) from the projection (u_j, ytilde_j) of group j, where y is any value of
// the response: with delta = 1 - kappa_j, given (sigma, tau),
//   its expected value ~ N(y - dy + du'gamma_hat - delta (ytilde_j - u_j'gamma_hat),
//                          v_j + (du + delta u_j)'Q^-1 (du + delta u_j)),
// where v_j = Var(b_j | gamma, sigma, tau, y), and an observation has the variance noise * sigma^2 beside (noise 1 / w for a weight w). Without data delta = 1, and j is
// any group: v = tau^2 in a new group, v = 0 in the population.
class RowPredictions {
 public:
  // The arguments must outlive the object.
  RowPredictions(const GroupedData& data, const Design& design, const PosteriorSummary& summary,
                 bool finite_variance)
      : data_(&data), design_(&design), summary_(&summary), finite_variance_(finite_variance) {}

  // `columns`: the row's (P + 1), response last; its value there is `response`, or becomes it by the data's basis.
  // `noise`: 0 for what is expected.
  Eigen::RowVector4d row(const VectorXd& columns, double response, Index group, double noise,
                         IntervalKind kind) const {
    const Index j = std::max<Index>(group, 0);
    const VectorXd deviation = columns - data_->projection.row(j).transpose();
    const VectorXd own = design_->from_columns.transpose() * deviation;
    Eigen::RowVector4d result =
        summarise(normals(summary_->nodes(), own, group, noise),
                  normals(summary_->bulk(), own, group, noise), kind, finite_variance_);
    for (Index k : {0, 2, 3}) result(k) += response;
    return result;
  }

 private:
  // Less `response`.
  WeightedNormals normals(const ConditionalNodes& nodes, const VectorXd& own, Index group,
                          double noise) const {
    const Index f = design_->free_count(), j = std::max<Index>(group, 0);
    const double size = group < 0 ? 0 : design_->size_of(j);
    const VectorXd u = design_->projections.row(j).head(f).transpose(), du = own.head(f);
    const Eigen::ArrayXd delta = nodes.pooling_weights(size);
    WeightedNormals normals{nodes.weight,
                            (nodes.gamma * du).array() - own(f) -
                                delta * (design_->projections(j, f) - (nodes.gamma * u).array()),
                            nodes.quadratic_form(du, u, delta)};
    if (group != static_cast<Index>(Outside::population))
      normals.variance += nodes.group_variances(size);
    if (noise > 0) normals.variance += noise * nodes.sigma.square();
    return normals;
  }

  const GroupedData* data_;
  const Design* design_;
  const PosteriorSummary* summary_;
  bool finite_variance_;
};

}  // namespace bayespool
