// Means, standard deviations and quantiles of combinations of the coefficients and of group effects by quadrature.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <optional>
#include <vector>

#include "core/exact/conditional_nodes.hpp"
#include "core/exact/posterior_summary.hpp"
#include "core/numerics/normal_mixture.hpp"

namespace bayespool {

// Rows of a summary as PosteriorSummary has them, of c'beta or of c'beta + b_j.
class CombinationSummary {
  using ArrayXd = Eigen::ArrayXd;

 public:
  // The design, the quadrature and the summary must outlive the object.
  CombinationSummary(const Design& design, const Quadrature& quadrature,
                     const PosteriorSummary& summary)
      : design_(&design), summary_(&summary), finite_variance_(quadrature.finite_variance()) {
    for (const Tails& p : summary.probabilities())
      scores_.push_back(normal_score(p.below, p.above));
  }

  // `c`: P coefficients; `group`: position of j, or none.
  Eigen::RowVectorXd row(const VectorXd& c, std::optional<Index> group) const {
    const double origin = design_->origin.dot(c) + (group ? response(*group) : 0);
    const Mixture all = mixture(summary_->nodes(), c, group);
    const ArrayXd& weight = summary_->nodes().weight;
    const double mean = (weight * all.mean).sum();
    const double sd = std::sqrt((weight * ((all.mean - mean).square() + all.variance)).sum());
    Eigen::RowVectorXd result(summary_->columns());
    result.setConstant(origin + mean);
    result(1) = sd;
    if (scores_.empty() || !(sd > 0)) return result;
    const Mixture bulk = mixture(summary_->bulk(), c, group);
    NormalMixture normal(summary_->bulk().count());
    normal.weight = summary_->bulk().weight;
    normal.mean = bulk.mean;
    normal.inverse_sd = bulk.variance.rsqrt();
    const double center = finite_variance_ ? mean : normal.robust_center();
    const double scale = finite_variance_ ? sd : normal.robust_scale();
    for (std::size_t i = 0; i < scores_.size(); ++i)
      result(2 + static_cast<Index>(i)) =
          origin +
          normal.quantile(summary_->probabilities()[i], center + scale * scores_[i], scale);
    return result;
  }

 private:
  struct Mixture {
    ArrayXd mean, variance;
  };

  double response(Index group) const { return design_->projections(group, design_->free_count()); }

  // Less the origin. With a = transform'c, u = u_j, h = a - u and delta = 1 - kappa_j, given sigma and tau
  //   E(c'beta + b_j)   = c'origin + ytilde_j + h'gamma - delta (ytilde_j - u'gamma)
  //   Var(c'beta + b_j) = v_j + (h + delta u)'Q^-1 (h + delta u)
  Mixture mixture(const ConditionalNodes& nodes, const VectorXd& c,
                  std::optional<Index> group) const {
    const VectorXd a = design_->transform.transpose() * c;
    if (!group) return {(nodes.gamma * a).array(), nodes.quadratic_form(a)};
    const double size =
        design_->size_classes[design_->class_of[static_cast<std::size_t>(*group)]].size;
    const VectorXd u = design_->projections.row(*group).head(design_->free_count()).transpose();
    const VectorXd h = a - u;
    const ArrayXd delta = nodes.pooling_weights(size);
    return {(nodes.gamma * h).array() + delta * ((nodes.gamma * u).array() - response(*group)),
            nodes.group_variances(size) + nodes.quadratic_form(h, u, delta)};
  }

  const Design* design_;
  const PosteriorSummary* summary_;
  std::vector<double> scores_;  // normal scores of the probabilities
  bool finite_variance_;
};

}  // namespace bayespool
