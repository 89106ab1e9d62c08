// Quadrature of a smooth positive function on the real line, given as its logarithm: the trapezoidal rule after a change
// of variable that gives every peak nodes by its width and reaches exponential tails in few.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/errors.hpp"
#include "core/numerics/peaks.hpp"

namespace bayespool {

// s(x) = sum over peaks of 3 asinh((x - center) / (3 width)): one peak gives x = center + 3 width sinh(s / 3). Increasing
// and analytic, and dx/ds is at most the width of a peak there.
class LineMap {
 public:
  static constexpr double stretch = 3;

  explicit LineMap(std::vector<Peak> peaks) : peaks_(std::move(peaks)) {
    // Nowhere is the density above 0: numbers have overflowed.
    if (peaks_.empty()) throw NotConverged("the density has no peak");
    for (Peak& peak : peaks_) peak = rounded(peak);
    if (peaks_.size() > 1) offset_ = raw(highest().center);
  }

  const std::vector<Peak>& peaks() const { return peaks_; }

  // At s = 0.
  const Peak& highest() const {
    return *std::max_element(peaks_.begin(), peaks_.end(), [](const Peak& a, const Peak& b) {
      return a.log_value < b.log_value;
    });
  }

  double s(double x) const { return raw(x) - offset_; }

  double x(double s) const {
    if (peaks_.size() == 1)
      return peaks_[0].center + stretch * peaks_[0].width * std::sinh(s / stretch);
    const double target = s + offset_;
    // Each term alone would need more: the solution lies between what the first and the last peak ask for.
    double low = peaks_.front().center, high = peaks_.back().center;
    for (double reach = peaks_.front().width; raw(low) > target; reach *= 2) low -= reach;
    for (double reach = peaks_.back().width; raw(high) < target; reach *= 2) high += reach;
    double at = 0.5 * (low + high);
    for (int iteration = 0; iteration < 200; ++iteration) {
      const double excess = raw(at) - target;
      (excess > 0 ? high : low) = at;
      double next = at - excess / density(at);
      if (!(next > low && next < high)) next = 0.5 * (low + high);
      if (std::abs(next - at) <= std::numeric_limits<double>::epsilon() * std::abs(at)) return next;
      at = next;
    }
    return at;
  }

  // ds/dx
  double density(double x) const {
    double total = 0;
    for (const Peak& peak : peaks_) {
      const double distance = (x - peak.center) / stretch;
      total += 1 / std::sqrt(peak.width * peak.width + distance * distance);
    }
    return total;
  }

 private:
  double raw(double x) const {
    double total = 0;
    for (const Peak& peak : peaks_)
      total += stretch * std::asinh((x - peak.center) / (stretch * peak.width));
    return total;
  }

  std::vector<Peak> peaks_;
  double offset_ = 0;
};

// Where a rule must look, whatever it finds on the way.
struct Reach {
  double low, high;
};

// Nodes x(s) at s = step * (first + i). log_f is called once at each node.
class LineRule {
 public:
  static constexpr double first_step = 0.375;
  static constexpr double coarse_tolerance = 1e-5;  // at step 2h; at step h about its square

  // The rule covers `reach` and goes on until nothing above exp(-log_drop) of the maximum is left, of f and of f times
  // the highest moment that is wanted, exp(log_moment(x)). Nodes with weight lie at most `max_spacing` apart in x.
  LineRule(const LineFunction& log_f, std::vector<Peak> peaks, Reach reach, double max_spacing,
           const LineFunction& log_moment)
      : map_(std::move(peaks)) {
    std::vector<double> up, down;
    double top = -HUGE_VAL, top_moment = -HUGE_VAL;
    const auto extend = [&](int direction, std::vector<double>& side) {
      for (int k = direction > 0 ? 0 : -1;; k += direction) {
        const Point node = evaluate(log_f, k);
        side.push_back(node.log_mass);
        const double weighted = node.log_mass + log_moment(node.x);
        top = std::max(top, node.log_mass);
        top_moment = std::max(top_moment, weighted);
        const bool reached = direction > 0 ? node.x >= reach.high && node.x >= last_peak()
                                           : node.x <= reach.low && node.x <= first_peak();
        const bool negligible = node.log_mass < top - log_drop;
        if (reached && negligible && weighted < top_moment - log_drop) return;
        if (std::abs(node.x) > coordinate_limit) {
          if (negligible || lost_beyond(side) < negligible_tail) return;
          throw UnreachableMass(
              "the posterior has mass at standard deviations beyond 1e-130 or 1e130");
        }
      }
    };
    extend(1, up);
    extend(-1, down);
    first_ = -static_cast<int>(down.size());
    log_mass_.assign(down.rbegin(), down.rend());
    log_mass_.insert(log_mass_.end(), up.begin(), up.end());
    summarise();
    for (int halvings = 0; !resolved(max_spacing, log_moment); ++halvings) {
      if (halvings == 10) throw NotConverged("the quadrature did not converge");
      refine(log_f);
    }
  }

  // A rule that was computed before.
  LineRule(std::vector<Peak> peaks, double step, int first, std::vector<double> log_mass)
      : map_(std::move(peaks)), step_(step), first_(first), log_mass_(std::move(log_mass)) {
    summarise();
  }

  // Halves the step.
  void refine(const LineFunction& log_f) {
    const std::vector<double> old = std::move(log_mass_);
    step_ *= 0.5;
    first_ *= 2;
    log_mass_.clear();
    log_mass_.reserve(2 * old.size());
    for (std::size_t i = 0; i < old.size(); ++i) {
      log_mass_.push_back(old[i]);
      if (i + 1 < old.size())
        log_mass_.push_back(evaluate(log_f, first_ + 2 * static_cast<int>(i) + 1).log_mass);
    }
    summarise();
  }

  const LineMap& map() const { return map_; }
  double step() const { return step_; }
  int first() const { return first_; }
  const std::vector<double>& log_mass() const { return log_mass_; }  // log(f dx/ds) at the nodes

  int count() const { return static_cast<int>(log_mass_.size()); }
  double s(int i) const { return step_ * (first_ + i); }
  double x(int i) const { return map_.x(s(i)); }
  double weight(int i) const { return weight_[i]; }  // sums to one
  const std::vector<double>& weights() const { return weight_; }
  double log_total() const { return log_total_; }

  // The position among the nodes that belongs to a coordinate s.
  double node_position(double s) const { return s / step_ - first_; }

  // Density of x where that of s is linear between the nodes: positive wherever the rule has mass.
  double linear_density(double x) const {
    const double position = node_position(map_.s(x));
    if (!(position > 0 && position < count() - 1)) return 0;
    const int i = static_cast<int>(position);
    const double t = position - i;
    return ((1 - t) * weight_[i] + t * weight_[i + 1]) / step_ * map_.density(x);
  }

  // Error of the rule with twice the step: in the total, relative, or in the mean of s. One of the two is small by chance
  // where the nodes lie symmetrically or half-way around the peak.
  double coarse_error() const {
    double mean = 0, total_error = 0, mean_error = 0;
    for (int i = 0; i < count(); ++i) mean += weight_[i] * s(i);
    for (int i = 0; i < count(); ++i) {
      const double signed_weight = sign(i) * weight_[i];
      total_error += signed_weight;
      mean_error += signed_weight * (s(i) - mean);
    }
    return std::max(std::abs(total_error), std::abs(mean_error));
  }

  // About what lies beyond the two ends, relative to all.
  double edge_mass() const {
    const int last = count() - 1;
    return mass_beyond(0, std::min(1, last)) + mass_beyond(last, std::max(last - 1, 0));
  }

 private:
  struct Point {
    double x, log_mass;
  };

  // What lies beyond the last of the nodes on one side, relative to all on it, if it falls on as between the last two.
  static double lost_beyond(const std::vector<double>& side) {
    const std::size_t size = side.size();
    if (size < 2) return 1;
    const double top = *std::max_element(side.begin(), side.end());
    const double last = side[size - 1], fall = side[size - 2] - last;
    return fall > 0 ? std::exp(last - top) / std::expm1(fall) : 1;
  }

  // The same after the node `end`, next to `inner`, relative to all nodes.
  double mass_beyond(int end, int inner) const {
    const double fall = log_mass_[inner] - log_mass_[end];
    return weight_[end] > 0 && fall > 0 ? weight_[end] / std::expm1(fall) : weight_[end];
  }

  Point evaluate(const LineFunction& log_f, int k) const {
    const double s = step_ * k, x = map_.x(s);
    return {x, log_f(x) - std::log(map_.density(x))};
  }

  double first_peak() const { return map_.peaks().front().center; }
  double last_peak() const { return map_.peaks().back().center; }

  void summarise() {
    const double top = *std::max_element(log_mass_.begin(), log_mass_.end());
    double total = 0;
    weight_.resize(log_mass_.size());
    for (std::size_t i = 0; i < weight_.size(); ++i)
      total += weight_[i] = std::exp(log_mass_[i] - top);
    for (double& w : weight_) w /= total;
    log_total_ = top + std::log(step_ * total);
  }

  double sign(int i) const { return (first_ + i) % 2 == 0 ? 1 : -1; }

  // The same error of the highest moment, relative.
  double coarse_moment_error(const LineFunction& log_moment) const {
    double top = -HUGE_VAL, total = 0, error = 0;
    std::vector<double> log_weighted(log_mass_.size());
    for (int i = 0; i < count(); ++i) {
      log_weighted[i] = log_mass_[i] + log_moment(x(i));
      top = std::max(top, log_weighted[i]);
    }
    for (int i = 0; i < count(); ++i) {
      const double mass = std::exp(log_weighted[i] - top);
      total += mass;
      error += sign(i) * mass;
    }
    return std::abs(error) / total;
  }

  bool spaced(double max_spacing) const {
    if (std::isinf(max_spacing)) return true;
    for (int i = 1; i < count(); ++i)
      if (x(i) - x(i - 1) > max_spacing && weight_[i] > step_ * 1e-8) return false;
    return true;
  }

  bool resolved(double max_spacing, const LineFunction& log_moment) const {
    return coarse_error() < coarse_tolerance &&
           coarse_moment_error(log_moment) < coarse_tolerance && spaced(max_spacing);
  }

  static constexpr double log_drop = 40;
  // Well below the error of what is computed. Student-t tails of log sd, which no data cut at 0, lose up to this.
  static constexpr double negligible_tail = 1e-9;

  LineMap map_;
  double step_ = first_step;
  int first_ = 0;
  std::vector<double> log_mass_, weight_;
  double log_total_ = 0;
};

}  // namespace bayespool
