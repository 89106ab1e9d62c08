// Quadrature of a smooth positive function on the real line, given as its logarithm: the trapezoidal
// rule after x = center + 3 width sinh(s / 3), which reaches exponential tails in few nodes.
#pragma once

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <deque>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/errors.hpp"
#include "core/numerics/normal_score.hpp"

namespace bayespool {

constexpr double coordinate_limit = 300;  // |log sd|; exp(+-600) is still a finite variance

struct Peak {
  double center, width, log_value;
};

// The maximum of log_f near `start` and 1 / sqrt(-second derivative) there.
template <class LogFunction>
Peak find_peak(LogFunction&& log_f, double start, double step, int bits) {
  const double limit = coordinate_limit;
  double x = start, best = log_f(x);
  double left = std::max(x - step, -limit), right = std::min(x + step, limit);
  double f_left = log_f(left), f_right = log_f(right);
  while (f_left > best && left > -limit) {
    right = x, f_right = best, x = left, best = f_left;
    step *= 2;
    f_left = log_f(left = std::max(x - step, -limit));
  }
  while (f_right > best && right < limit) {
    left = x, f_left = best, x = right, best = f_right;
    step *= 2;
    f_right = log_f(right = std::min(x + step, limit));
  }
  std::uintmax_t iterations = 60;
  const auto found = boost::math::tools::brent_find_minima([&](double t) { return -log_f(t); },
                                                           left, right, bits, iterations);
  Peak peak{found.first, 0, -found.second};
  // Measure the curvature where the function has dropped by about one half.
  double delta = std::max(0.25 * (right - left), 1e-9);
  for (int attempt = 0; attempt < 60; ++attempt) {
    const double drop =
        2 * peak.log_value - log_f(peak.center - delta) - log_f(peak.center + delta);
    peak.width = drop > 0 ? delta / std::sqrt(drop) : 4 * delta;
    if (drop < 4 && drop > 0.04) break;
    delta = std::min(std::max(peak.width, delta / 64), delta * 16);
    if (delta > 2) break;
  }
  peak.width = std::min(std::max(peak.width, 1e-10), 2.0);
  return peak;
}

struct LineNode {
  double x;           // coordinate
  double log_mass;    // log f(x) dx/ds at the node
  double log_moment;  // logarithm of the highest moment's integrand over f
};

// Nodes s = step * (first + i); log_f is called once at each node, with its position in s.
class LineRule {
 public:
  static constexpr double stretch = 3;
  static constexpr double first_step = 0.375;
  static constexpr double coarse_tolerance = 1e-5;  // at step 2h; at step h about its square
  static constexpr double cell_tolerance = 1e-7;

  // The rule covers [anchor_low, anchor_high] and goes on until nothing above exp(-log_drop) of the maximum is
  // left, of f and of f times the highest moment that is wanted, exp(log_moment(x)). Nodes with weight lie
  // at most `max_spacing` apart in x.
  template <class LogFunction>
  LineRule(LogFunction&& log_f, const Peak& peak, double anchor_low, double anchor_high,
           double max_spacing, std::function<double(double)> log_moment)
      : center_(peak.center),
        width_(peak.width),
        max_spacing_(max_spacing),
        log_moment_(std::move(log_moment)) {
    add_node(log_f, 0, true);
    double top = nodes_.front().log_mass, top_moment = top + nodes_.front().log_moment;
    extend(log_f, -1, anchor_low, top, top_moment);
    extend(log_f, 1, anchor_high, top, top_moment);
    summarise();
    for (int halvings = 0; !resolved(); ++halvings) {
      if (halvings == 10) throw std::runtime_error("the quadrature did not converge");
      refine(log_f);
    }
  }

  // Halves the step.
  template <class LogFunction>
  void refine(LogFunction&& log_f) {
    const int old_first = first_, old_count = count();
    std::deque<LineNode> old;
    old.swap(nodes_);
    step_ *= 0.5;
    first_ = 2 * old_first;
    for (int i = 0; i < old_count; ++i) {
      nodes_.push_back(old[i]);
      if (i + 1 < old_count) nodes_.push_back(evaluate(log_f, first_ + 2 * i + 1));
    }
    summarise();
  }

  int count() const { return static_cast<int>(nodes_.size()); }
  double x(int i) const { return nodes_[i].x; }
  double weight(int i) const { return weight_[i]; }  // sums to one
  double log_total() const { return log_total_; }
  double first() const { return first_; }
  double step() const { return step_; }

  // The position among the nodes that belongs to a coordinate s.
  double node_position(double s) const { return s / step_ - first_; }

  // Error of the rule with twice the step: in the total, relative, or in the mean of s. One of the two is
  // small by chance where the nodes lie symmetrically or half-way around the peak.
  double coarse_error() const {
    double mean = 0, total_error = 0, mean_error = 0;
    for (int i = 0; i < count(); ++i) mean += weight_[i] * step_ * (first_ + i);
    for (int i = 0; i < count(); ++i) {
      const double signed_weight = sign(i) * weight_[i];
      total_error += signed_weight;
      mean_error += signed_weight * (step_ * (first_ + i) - mean);
    }
    return std::max(std::abs(total_error), std::abs(mean_error));
  }

  // Table of s (or of x) at normal scores.
  NormalScoreTable table(bool of_x) const {
    std::vector<double> z, value, slope;
    double below = 0;
    std::vector<double> above(count(), 0.0);
    for (int i = count() - 2; i >= 0; --i) above[i] = above[i + 1] + cells_[i];
    for (int i = 0; i < count(); ++i) {
      if (i > 0) below += cells_[i - 1];
      if (below < 1e-14 || above[i] < 1e-14) continue;
      z.push_back(normal_score(below, above[i]));
      const double s = step_ * (first_ + i);
      const double ds_dz = normal_density(z.back()) / (weight_[i] / step_);
      value.push_back(of_x ? nodes_[i].x : s);
      slope.push_back(of_x ? ds_dz * width_ * std::cosh(s / stretch) : ds_dz);
    }
    return NormalScoreTable(z, value, slope);
  }

 private:
  template <class LogFunction>
  LineNode evaluate(LogFunction&& log_f, int k) {
    const double s = step_ * k;
    const double x = center_ + stretch * width_ * std::sinh(s / stretch);
    return {x, log_f(x, s) + std::log(width_ * std::cosh(s / stretch)), log_moment_(x)};
  }

  template <class LogFunction>
  void add_node(LogFunction&& log_f, int k, bool at_end) {
    const LineNode node = evaluate(log_f, k);
    at_end ? nodes_.push_back(node) : nodes_.push_front(node);
    first_ = std::min(first_, k);
  }

  template <class LogFunction>
  void extend(LogFunction&& log_f, int direction, double anchor, double& top, double& top_moment) {
    for (int k = direction;; k += direction) {
      add_node(log_f, k, direction > 0);
      const LineNode& node = direction > 0 ? nodes_.back() : nodes_.front();
      const double weighted = node.log_mass + node.log_moment;
      top = std::max(top, node.log_mass);
      top_moment = std::max(top_moment, weighted);
      const bool reached = direction > 0 ? node.x >= anchor : node.x <= anchor;
      const bool negligible = node.log_mass < top - log_drop;
      if (reached && negligible && weighted < top_moment - log_drop) return;
      if (std::abs(node.x) > coordinate_limit) {
        if (negligible) return;
        throw UnreachableMass(
            "the posterior has mass at standard deviations beyond 1e-130 or 1e130");
      }
    }
  }

  // Normalised weights and the masses of the cells between nodes.
  void summarise() {
    double top = -HUGE_VAL;
    for (const LineNode& node : nodes_) top = std::max(top, node.log_mass);
    double total = 0;
    weight_.resize(count());
    for (int i = 0; i < count(); ++i) total += weight_[i] = std::exp(nodes_[i].log_mass - top);
    for (double& w : weight_) w /= total;
    log_total_ = top + std::log(step_ * total);
    integrate_cells();
  }

  // Between two nodes log f is interpolated through the `window` nodes nearest to them and its exponential
  // integrated by the four-point Gauss rule.
  void integrate_cells() {
    static const CellRule rule;
    cells_.assign(count() - 1, 0.0);
    cell_total_ = 0;
    if (count() < window) return;
    for (int i = 0; i + 1 < count(); ++i) {
      if (std::max(weight_[i], weight_[i + 1]) < 1e-17) continue;
      const int first = std::min(std::max(i - window / 2 + 1, 0), count() - window);
      for (int g = 0; g < 4; ++g) {
        double log_f = 0;
        for (int m = 0; m < window; ++m)
          log_f += rule.coefficient[i - first][g][m] * nodes_[first + m].log_mass;
        cells_[i] += rule.weight[g] * std::exp(log_f - log_total_) * step_;
      }
      cell_total_ += cells_[i];
    }
    for (double& mass : cells_) mass /= cell_total_;
  }

  double sign(int i) const { return (first_ + i) % 2 == 0 ? 1 : -1; }

  // The same error of the highest moment, relative.
  double coarse_moment_error() const {
    double top = -HUGE_VAL, total = 0, error = 0;
    for (const LineNode& node : nodes_) top = std::max(top, node.log_mass + node.log_moment);
    for (int i = 0; i < count(); ++i) {
      const double mass = std::exp(nodes_[i].log_mass + nodes_[i].log_moment - top);
      total += mass;
      error += sign(i) * mass;
    }
    return std::abs(error) / total;
  }

  bool spaced() const {
    for (int i = 1; i < count(); ++i)
      if (nodes_[i].x - nodes_[i - 1].x > max_spacing_ && weight_[i] > step_ * 1e-8) return false;
    return true;
  }

  bool resolved() const {
    return coarse_error() < coarse_tolerance && coarse_moment_error() < coarse_tolerance &&
           std::abs(cell_total_ - 1) < cell_tolerance && spaced();
  }

  static constexpr int window = 12;

  // Interpolation from nodes 0, ..., window - 1 to the Gauss points of the cell from node c to node c + 1.
  struct CellRule {
    double coefficient[window - 1][4][window];
    double weight[4];
    CellRule() {
      const double outer = std::sqrt(3.0 / 7 + 2.0 / 7 * std::sqrt(1.2));
      const double inner = std::sqrt(3.0 / 7 - 2.0 / 7 * std::sqrt(1.2));
      const double root[] = {-outer, -inner, inner, outer};
      for (int g = 0; g < 4; ++g) {
        weight[g] = (18 + (g == 1 || g == 2 ? 1 : -1) * std::sqrt(30.0)) / 72;
        for (int c = 0; c < window - 1; ++c) {
          const double t = c + 0.5 + 0.5 * root[g];
          for (int m = 0; m < window; ++m) {
            coefficient[c][g][m] = 1;
            for (int l = 0; l < window; ++l)
              if (l != m) coefficient[c][g][m] *= (t - l) / (m - l);
          }
        }
      }
    }
  };

  static constexpr double log_drop = 40;

  double center_, width_, max_spacing_, step_ = first_step;
  std::function<double(double)> log_moment_;
  int first_ = 0;
  std::deque<LineNode> nodes_;
  std::vector<double> weight_, cells_;
  double cell_total_ = 0, log_total_ = 0;
};

}  // namespace bayespool
