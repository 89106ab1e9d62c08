// Predictive distributions of single observations, in groups that were fitted and in new ones.
#pragma once

#include <Eigen/Core>
#include <optional>

#include "core/exact/posterior_summary.hpp"
#include "core/numerics/mixture_summary.hpp"

namespace bayespool {

// As in LeaveOneOut, for a row with the deviation (du, dy) from the projection (u_j, ytilde_j) of group j, where y is any value of
// the response: with delta = 1 - kappa_j, given (sigma, tau),
//   another one like it ~ N(y - dy + du'gamma_hat - delta (ytilde_j - u_j'gamma_hat),
//                           sigma^2 + v_j + (du + delta u_j)'Q^-1 (du + delta u_j)),
// where v_j = Var(b_j | gamma, sigma, tau, y). A new group has no data: delta = 1 and v = tau^2, and j is any group.
class RowPredictions {
 public:
  // The arguments must outlive the object.
  RowPredictions(const GroupedData& data, const Design& design, const PosteriorSummary& summary,
                 bool finite_variance)
      : data_(&data), design_(&design), summary_(&summary), finite_variance_(finite_variance) {}

  // `columns`: the row's (P + 1), response last; its value there is `response`, or becomes it by the data's basis. No group: a
  // new one.
  Eigen::RowVector4d row(const VectorXd& columns, double response, std::optional<Index> group,
                         IntervalKind kind) const {
    const Index j = group.value_or(0);
    const VectorXd deviation = columns - data_->projection.row(j).transpose();
    const VectorXd own = design_->from_columns.transpose() * deviation;
    Eigen::RowVector4d result =
        summarise(normals(summary_->nodes(), own, j, !group),
                  normals(summary_->bulk(), own, j, !group), kind, finite_variance_);
    for (Index k : {0, 2, 3}) result(k) += response;
    return result;
  }

 private:
  // Of the observation less `response`.
  WeightedNormals normals(const ConditionalNodes& nodes, const VectorXd& own, Index j,
                          bool is_new) const {
    const Index f = design_->free_count();
    const double size = is_new ? 0 : design_->size_of(j);
    const VectorXd u = design_->projections.row(j).head(f).transpose(), du = own.head(f);
    const Eigen::ArrayXd delta = nodes.pooling_weights(size);
    return {
        nodes.weight,
        (nodes.gamma * du).array() - own(f) -
            delta * (design_->projections(j, f) - (nodes.gamma * u).array()),
        nodes.sigma.square() + nodes.group_variances(size) + nodes.quadratic_form(du, u, delta)};
  }

  const GroupedData* data_;
  const Design* design_;
  const PosteriorSummary* summary_;
  bool finite_variance_;
};

}  // namespace bayespool
