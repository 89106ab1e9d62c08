// Means, standard deviations and intervals of combinations of the coefficients and of group effects by quadrature.
#pragma once

#include <Eigen/Core>
#include <optional>

#include "core/exact/conditional_nodes.hpp"
#include "core/exact/posterior_summary.hpp"
#include "core/numerics/mixture_summary.hpp"

namespace bayespool {

// Mean, sd and interval of c'beta or of c'beta + b_j.
class CombinationSummary {
 public:
  // The design, the quadrature and the summary must outlive the object.
  CombinationSummary(const Design& design, const Quadrature& quadrature,
                     const PosteriorSummary& summary)
      : design_(&design), summary_(&summary), finite_variance_(quadrature.finite_variance()) {}

  // `c`: P coefficients; `group`: position of j, or none.
  Eigen::RowVector4d row(const VectorXd& c, std::optional<Index> group, IntervalKind kind) const {
    Eigen::RowVector4d result =
        summarise(normals(summary_->nodes(), c, group), normals(summary_->bulk(), c, group), kind,
                  finite_variance_);
    const double origin = design_->origin.dot(c) + (group ? response(*group) : 0);
    for (Index k : {0, 2, 3}) result(k) += origin;
    return result;
  }

 private:
  double response(Index group) const { return design_->projections(group, design_->free_count()); }

  // Less the origin. With a = transform'c, u = u_j, h = a - u and delta = 1 - kappa_j, given sigma and tau
  //   E(c'beta + b_j)   = c'origin + ytilde_j + h'gamma - delta (ytilde_j - u'gamma)
  //   Var(c'beta + b_j) = v_j + (h + delta u)'Q^-1 (h + delta u)
  WeightedNormals normals(const ConditionalNodes& nodes, const VectorXd& c,
                          std::optional<Index> group) const {
    const VectorXd a = design_->transform.transpose() * c;
    if (!group) return {nodes.weight, (nodes.gamma * a).array(), nodes.quadratic_form(a)};
    const double size = design_->size_of(*group);
    const VectorXd u = design_->projections.row(*group).head(design_->free_count()).transpose();
    const VectorXd h = a - u;
    const Eigen::ArrayXd delta = nodes.pooling_weights(size);
    return {nodes.weight,
            (nodes.gamma * h).array() + delta * ((nodes.gamma * u).array() - response(*group)),
            nodes.group_variances(size) + nodes.quadratic_form(h, u, delta)};
  }

  const Design* design_;
  const PosteriorSummary* summary_;
  bool finite_variance_;
};

}  // namespace bayespool
