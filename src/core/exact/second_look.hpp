// Whether there is mass where a quadrature has no nodes.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "core/exact/quadrature.hpp"

namespace bayespool {

// The probability that a regular grid in the coordinates of the sds, over and far around the nodes, finds outside their reach:
// that of a mode which was missed, unless it is much narrower than the grid.
class SecondLook {
 public:
  // The quadrature must outlive the object.
  explicit SecondLook(const Quadrature& quadrature) : quadrature_(&quadrature) {}

  double mass_beyond(const std::function<void()>& check_interrupt) const {
    CollapsedPosterior posterior = quadrature_->posterior();
    const Range sigma_nodes =
        quadrature_->sigma_known() ? Range{0, 0} : range_of(quadrature_->outer());
    Range tau_nodes{0, 0};
    if (!quadrature_->tau_known()) {
      tau_nodes = reach_of_tau(0, quadrature_->columns().size() - 1);
    }
    const std::vector<double> sigma_grid = grid(sigma_nodes, quadrature_->sigma_known()),
                              tau_grid = grid(tau_nodes, quadrature_->tau_known());
    const double area =
        (quadrature_->sigma_known() ? 1 : spacing) * (quadrature_->tau_known() ? 1 : spacing);
    double mass = 0;
    for (double x_sigma : sigma_grid) {
      check_interrupt();
      const bool inside = sigma_nodes.holds(x_sigma);
      const Range tau_there =
          inside && !quadrature_->tau_known() ? tau_beside(x_sigma) : Range{0, 0};
      for (double x_tau : tau_grid)
        if (!inside || !tau_there.holds(x_tau))
          mass += area * std::exp(quadrature_->log_density(posterior, x_sigma, x_tau));
    }
    return mass;
  }

 private:
  struct Range {
    double low, high;

    bool holds(double x) const { return low <= x && x <= high; }
  };

  static Range range_of(const LineRule& rule) { return {rule.x(0), rule.x(rule.count() - 1)}; }

  // Where the columns first, ..., last have nodes.
  Range reach_of_tau(std::size_t first, std::size_t last) const {
    Range reach = range_of(*quadrature_->columns()[first].tau);
    for (std::size_t i = first + 1; i <= last; ++i) {
      const Range other = range_of(*quadrature_->columns()[i].tau);
      reach = {std::min(reach.low, other.low), std::max(reach.high, other.high)};
    }
    return reach;
  }

  // Where the columns to both sides of a coordinate of sigma have nodes.
  Range tau_beside(double x_sigma) const {
    if (quadrature_->sigma_known()) return reach_of_tau(0, 0);
    const LineRule& outer = quadrature_->outer();
    const double position = outer.node_position(outer.map().s(x_sigma));
    const int last = outer.count() - 1;
    const int before = std::min(std::max(static_cast<int>(std::floor(position)), 0), last);
    return reach_of_tau(static_cast<std::size_t>(before),
                        static_cast<std::size_t>(std::min(before + 1, last)));
  }

  static std::vector<double> grid(Range nodes, bool known) {
    if (known) return {0};
    std::vector<double> points;
    const double high = std::min(nodes.high + around, coordinate_limit);
    for (double x = std::max(nodes.low - around, -coordinate_limit); x <= high; x += spacing)
      points.push_back(x);
    return points;
  }

  static constexpr double spacing = 0.5;
  static constexpr double around = 12;  // sds a hundred thousand times smaller or larger

  const Quadrature* quadrature_;
};

}  // namespace bayespool
