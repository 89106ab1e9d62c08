// Independent draws of points whose density is known at the nodes of a lattice and can be computed anywhere.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/numerics/lattice.hpp"
#include "core/numerics/streams.hpp"

namespace bayespool {

// The proposal takes a node with its weight and moves it at random between its neighbours: its density is linear between nodes along each
// axis. It is accepted with the ratio of the density to that over `bound`. The rule must outlive the object.
class LatticeSampler {
 public:
  using Point = std::array<double, most_dimensions>;

  explicit LatticeSampler(const LatticeRule& rule) : rule_(&rule), log_cell_(rule.map.log_cell()) {
    double sum = 0;
    for (double weight : rule.weight) sums_.push_back(sum += weight);
  }

  // `log_f(x)`: what the rule was filled with. `greatest` becomes the largest ratio that was met, if that is more.
  template <class F>
  Point draw(RandomStream& random, F&& log_f, double bound, double& greatest) const {
    const std::size_t d = static_cast<std::size_t>(rule_->map.dimension());
    Point k{}, x{};
    for (;;) {
      const double u = random.uniform() * sums_.back();
      const std::size_t node = static_cast<std::size_t>(
          std::min(std::upper_bound(sums_.begin(), sums_.end(), u), sums_.end() - 1) -
          sums_.begin());
      for (std::size_t i = 0; i < d; ++i) {
        const double ahead = random.uniform(), behind = random.uniform();
        k[i] = rule_->nodes[node].k[i] + ahead - behind;
      }
      const double log_jacobian = rule_->map.point(k, x.data());
      const double log_density = log_f(x.data()) + log_jacobian + log_cell_ - rule_->log_total;
      const double ratio = std::exp(log_density) / interpolated(k);
      greatest = std::max(greatest, ratio);
      if (random.uniform() * bound < ratio) return x;
    }
  }

 private:
  double interpolated(const Point& k) const {
    const std::size_t d = static_cast<std::size_t>(rule_->map.dimension());
    LatticePoint lower{};
    Point part{};
    for (std::size_t i = 0; i < d; ++i) {
      const double floor = std::floor(k[i]);
      lower[i] = static_cast<std::int16_t>(floor);
      part[i] = k[i] - floor;
    }
    double sum = 0;
    for (std::size_t corner = 0; corner < (std::size_t{1} << d); ++corner) {
      LatticePoint at = lower;
      double share = 1;
      for (std::size_t i = 0; i < d; ++i) {
        const bool upper = corner >> i & 1;
        at[i] = static_cast<std::int16_t>(at[i] + (upper ? 1 : 0));
        share *= upper ? part[i] : 1 - part[i];
      }
      const std::size_t found = rule_->find(at);
      if (found < rule_->nodes.size()) sum += share * rule_->weight[found];
    }
    return sum;
  }

  const LatticeRule* rule_;
  std::vector<double> sums_;  // of the nodes' weights
  double log_cell_;
};

}  // namespace bayespool
