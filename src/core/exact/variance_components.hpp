// Means, standard deviations and shortest intervals of the variances between and within groups.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/exact/marginals.hpp"
#include "core/exact/quadrature.hpp"
#include "core/model/shrinkage.hpp"
#include "core/numerics/normal_score.hpp"

namespace bayespool {

// Each row: mean, sd, and the ends of the shortest interval that holds `probability`. The quadrature must outlive the object.
class VarianceComponents {
 public:
  VarianceComponents(const Quadrature& quadrature, double probability)
      : nodes_(quadrature.nodes()), marginals_(quadrature), outside_(1 - probability) {}

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

 private:
  template <class Quantity, class Quantile>
  Eigen::RowVector4d row(Quantity&& quantity, Quantile&& quantile) const {
    double mean = 0, variance = 0;
    for (const PosteriorNode& node : nodes_) mean += node.weight * quantity(node.at);
    for (const PosteriorNode& node : nodes_) {
      // Under the square, so that the fourth power of a far node does not overflow.
      const double deviation = std::sqrt(node.weight) * (quantity(node.at) - mean);
      variance += deviation * deviation;
    }
    double lower, upper;
    shortest_interval(quantile, lower, upper);
    return {mean, std::sqrt(variance), lower, upper};
  }

  // Over the probability `below` the interval, from nearly none to nearly all that is outside: on a grid first, since
  // there may be several local minima, then by Brent's method around the best.
  template <class Quantile>
  void shortest_interval(Quantile&& quantile, double& lower, double& upper) const {
    const auto ends = [&](double z) {
      const double margin = 1e-11;
      const double below = std::min(std::max(outside_ * normal_cdf(z), margin), outside_ - margin);
      const double above = outside_ - below;
      lower = quantile(Tails{below, 1 - below});
      upper = quantile(Tails{1 - above, above});
      return upper - lower;
    };
    double best = -reach, shortest = HUGE_VAL;
    for (double z = -reach; z <= reach; z += spacing) {
      const double length = ends(z);
      if (length < shortest) best = z, shortest = length;
    }
    std::uintmax_t iterations = 50;
    const auto found = boost::math::tools::brent_find_minima(ends, best - spacing, best + spacing,
                                                             bits, iterations);
    ends(found.first);
  }

  static constexpr double reach = 5, spacing = 0.25;  // normal scores of below / outside
  static constexpr int bits = 20;

  std::vector<PosteriorNode> nodes_;
  Marginals marginals_;
  double outside_;
};

}  // namespace bayespool
