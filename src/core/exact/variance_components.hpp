// Means, standard deviations and intervals of the variances between and within groups.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <functional>
#include <vector>

#include "core/exact/marginals.hpp"
#include "core/exact/quadrature.hpp"
#include "core/model/shrinkage.hpp"
#include "core/numerics/shortest_interval.hpp"

namespace bayespool {

// Each row: mean, sd, and the ends of the interval of this kind. The quadrature must outlive the object.
class VarianceComponents {
 public:
  VarianceComponents(const Quadrature& quadrature, IntervalKind kind)
      : nodes_(quadrature.nodes()), marginals_(quadrature), kind_(kind) {}

  // tau^2
  Eigen::RowVector4d between() const {
    return row([](VariancePoint at) { return at.tau * at.tau; },
               [&](Tails p) {
                 const double tau = marginals_.tau_quantile(p);
                 return tau * tau;
               });
  }

  // sigma^2
  Eigen::RowVector4d within() const {
    return row([](VariancePoint at) { return at.sigma * at.sigma; },
               [&](Tails p) {
                 const double sigma = marginals_.sigma_quantile(p);
                 return sigma * sigma;
               });
  }

  // tau^2 / (tau^2 + sigma^2)
  Eigen::RowVector4d share_between() const {
    return row([](VariancePoint at) { return variance_share(at.ratio()); },
               [&](Tails p) { return variance_share(marginals_.ratio_quantile(p)); });
  }

  // The weight of the population in the mean of a group of this size. It falls as tau / sigma rises.
  Eigen::RowVector4d pooling(double size) const {
    return row([&](VariancePoint at) { return pooling_weight(size, at); },
               [&](Tails p) {
                 return pooling_weight(size, {1, marginals_.ratio_quantile({p.above, p.below})});
               });
  }

 private:
  Eigen::RowVector4d row(const std::function<double(VariancePoint)>& quantity,
                         const Quantile& quantile) const {
    double mean = 0, variance = 0;
    for (const PosteriorNode& node : nodes_) mean += node.weight * quantity(node.at);
    for (const PosteriorNode& node : nodes_) {
      // Under the square, so that the fourth power of a far node does not overflow.
      const double deviation = std::sqrt(node.weight) * (quantity(node.at) - mean);
      variance += deviation * deviation;
    }
    const Interval ends = interval(quantile, kind_);
    return {mean, std::sqrt(variance), ends.lower, ends.upper};
  }

  std::vector<PosteriorNode> nodes_;
  Marginals marginals_;
  IntervalKind kind_;
};

}  // namespace bayespool
