// Means, standard deviations and quantiles of the variance parameters and the coefficients by quadrature.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "core/exact/conditional_nodes.hpp"
#include "core/exact/marginals.hpp"
#include "core/exact/mixture_columns.hpp"
#include "core/exact/quadrature.hpp"
#include "core/model/shrinkage.hpp"
#include "core/numerics/normal_mixture.hpp"

namespace bayespool {

// Rows of a summary: mean, sd, then the columns that are wanted of the distributions.
class PosteriorSummary {
  using ArrayXd = Eigen::ArrayXd;

 public:
  // The design and the quadrature must outlive the object.
  PosteriorSummary(const Design& design, const Quadrature& quadrature, SummaryColumns wanted,
                   const NodeLimits& limits)
      : design_(&design),
        quadrature_(&quadrature),
        marginals_(quadrature),
        wanted_(std::move(wanted)),
        limits_{limits.memory / 2, limits.check_interrupt},
        nodes_(at_nodes(quadrature.nodes())),
        finite_variance_(quadrature.finite_variance()) {
    if (wanted_.any()) bulk_ = ConditionalNodes(nodes_, without_least(quadrature.thinned_nodes()));
  }

  Index columns() const { return 2 + wanted_.count(); }

  const SummaryColumns& wanted() const { return wanted_; }
  const NodeLimits& limits() const { return limits_; }
  const ConditionalNodes& nodes() const { return nodes_; }
  const ConditionalNodes& bulk() const { return bulk_; }  // those that quantiles need

  ConditionalNodes at_nodes(const std::vector<PosteriorNode>& nodes) const {
    return ConditionalNodes(quadrature_->posterior(), design_->free_count(), nodes, limits_);
  }

  Eigen::RowVectorXd sigma() const {
    return scale(
        quadrature_->sigma_known(), [](VariancePoint at) { return at.sigma; },
        [&](Tails p) { return marginals_.sigma_quantile(p); });
  }

  Eigen::RowVectorXd tau() const {
    return scale(
        quadrature_->tau_known(), [](VariancePoint at) { return at.tau; },
        [&](Tails p) { return marginals_.tau_quantile(p); });
  }

  // tau^2 / (tau^2 + sigma^2)
  Eigen::RowVectorXd icc() const {
    return scale(
        quadrature_->sigma_known() && quadrature_->tau_known(),
        [](VariancePoint at) { return variance_share(at.ratio()); },
        [&](Tails p) { return variance_share(marginals_.ratio_quantile(p)); });
  }

  // Of coefficient k; a fixed one has sd 0.
  Eigen::RowVectorXd coefficient(Index k) const {
    limits_.check_interrupt();
    Eigen::RowVectorXd row(columns());
    const VectorXd direction = design_->transform.row(k).transpose();
    const ArrayXd center = nodes_.gamma * direction;
    const ArrayXd variance = nodes_.quadratic_form(direction);
    const double mean = (center * nodes_.weight).sum();
    row(0) = design_->origin(k) + mean;
    row(1) = std::sqrt((((center - mean).square() + variance) * nodes_.weight).sum());
    if (!wanted_.any()) return row;
    NormalMixture mixture(bulk_.count());
    mixture.weight = bulk_.weight;
    mixture.mean = bulk_.gamma * direction;
    mixture.inverse_sd = bulk_.quadratic_form(direction).rsqrt();
    MixtureColumns(wanted_, finite_variance_).fill(mixture, design_->origin(k), row);
    return row;
  }

 private:
  static double square(double x) { return x * x; }

  // Sorted by weight, without the least weights that together stay below a tolerance.
  static std::vector<ChosenNode> without_least(std::vector<ChosenNode> nodes) {
    std::sort(nodes.begin(), nodes.end(),
              [](const ChosenNode& a, const ChosenNode& b) { return a.weight > b.weight; });
    double left = 0;
    while (left + nodes.back().weight < discarded_mass) {
      left += nodes.back().weight;
      nodes.pop_back();
    }
    for (ChosenNode& node : nodes) node.weight /= 1 - left;
    return nodes;
  }

  Eigen::RowVectorXd scale(bool known, const std::function<double(VariancePoint)>& quantity,
                           const Quantile& quantile) const {
    Eigen::RowVectorXd row = Eigen::RowVectorXd::Zero(columns());
    for (Index k = 0; k < nodes_.count(); ++k) row(0) += nodes_.weight(k) * quantity(nodes_.at(k));
    for (Index k = 0; k < nodes_.count(); ++k)
      row(1) += nodes_.weight(k) * square(quantity(nodes_.at(k)) - row(0));
    row(1) = std::sqrt(row(1));
    if (known) row.head<2>() << quantity(nodes_.at(0)), 0;  // without the rounding of a sum
    for (std::size_t i = 0; i < wanted_.probabilities.size(); ++i)
      row(2 + static_cast<Index>(i)) = quantile(wanted_.probabilities[i]);
    if (wanted_.shortest > 0) {
      const Interval found = shortest_interval(quantile, wanted_.shortest);
      row.tail<2>() << found.lower, found.upper;
    }
    return row;
  }

  static constexpr double discarded_mass = 1e-10;

  const Design* design_;
  const Quadrature* quadrature_;
  Marginals marginals_;
  SummaryColumns wanted_;
  NodeLimits limits_;  // of each of two sets of nodes
  ConditionalNodes nodes_, bulk_;
  bool finite_variance_;
};

}  // namespace bayespool
