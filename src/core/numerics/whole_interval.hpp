// Quantiles and intervals of whole numbers whose distribution function is given.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/numerics/normal_score.hpp"
#include "core/numerics/shortest_interval.hpp"

namespace bayespool {

// Of 0, 1, ..., `most`, which may be infinite; `below(k)` is P(X <= k), with errors well below `rounding`.
template <class Below>
class WholeNumbers {
 public:
  WholeNumbers(Below below, double most) : below_(std::move(below)), most_(most) {}

  // The least k with P(X <= k) >= p; infinite where that is beyond the range of numbers.
  double quantile(double p) {
    if (reaches(0, p)) return 0;
    double low = 0, high = 1;
    while (high < most_ && !reaches(high, p)) {
      low = high;
      high *= 2;
    }
    high = std::min(high, most_);
    if (std::isinf(high)) return high;
    while (high - low > std::max(1.0, 1e-15 * high)) {
      const double middle = std::floor(0.5 * (low + high));
      (reaches(middle, p) ? high : low) = middle;
    }
    return high;
  }

  Interval interval(IntervalKind kind) {
    if (kind.shortest) return shortest(kind.probability);
    const double outside = 0.5 * (1 - kind.probability);
    return {quantile(outside), quantile(1 - outside)};
  }

 private:
  // The fewest consecutive numbers that hold `probability`; of several such sets the most probable.
  Interval shortest(double probability) {
    constexpr double nothing = 1e-12, most_steps = 4000;
    const double first = quantile(nothing), last = quantile(1 - probability),
                 end = quantile(probability);
    if ((last - first) + (end - first) <= most_steps) return sweep(first, probability);
    return search(probability);
  }

  // Both ends go up one by one.
  Interval sweep(double first, double probability) {
    Interval best{0, HUGE_VAL};
    double most_mass = 0, outside = first > 0 ? below_(first - 1) : 0;
    double upper = first, below_upper = below_(upper);
    for (double lower = first; outside <= 1 - probability + rounding; ++lower) {
      upper = std::max(upper, lower);
      if (upper == lower) below_upper = below_(upper);
      while (below_upper - outside < probability - rounding && upper < most_ &&
             upper - lower < best.length())
        below_upper = below_(++upper);
      const double mass = below_upper - outside, length = upper - lower;
      if (mass >= probability - rounding &&
          (length < best.length() || (length == best.length() && mass > most_mass + rounding))) {
        best = {lower, upper};
        most_mass = mass;
      }
      outside = below_(lower);
    }
    return best;
  }

  // Over the probability below the interval on a grid first, as there may be several minima; then, near the best, the least length with
  // which some interval holds enough.
  Interval search(double probability) {
    constexpr double reach = 5, spacing = 0.25;  // normal scores of below / outside
    const double outside = 1 - probability;
    const auto lowest = [&](double z) {
      return z < -reach ? 0 : quantile(outside * normal_cdf(z));
    };
    double best = -reach, length = HUGE_VAL;
    for (double z = -reach - spacing; z <= reach; z += spacing) {
      const double lower = lowest(z);
      const double p = probability + outside_of(lower);
      const double own = p > 1 ? HUGE_VAL : quantile(p) - lower;
      if (own < length) best = z, length = own;
    }
    if (std::isinf(length)) return {lowest(best), HUGE_VAL};
    const double from = lowest(best - spacing), to = lowest(best + spacing);
    double too_short = -1, lower = from;
    while (length - too_short > std::max(1.0, 1e-15 * length)) {
      const double middle = std::floor(0.5 * (length + too_short));
      const double where = most_probable(from, to, middle);
      const bool enough = mass(where, middle) >= probability - rounding;
      (enough ? length : too_short) = middle;
    }
    lower = most_probable(from, to, length);
    return {lower, lower + length};
  }

  // Among intervals of this length that begin in [from, to], by golden sections.
  double most_probable(double from, double to, double length) {
    constexpr double golden = 0.6180339887498949;
    double left = std::ceil(to - golden * (to - from)),
           right = std::floor(from + golden * (to - from));
    double mass_left = mass(left, length), mass_right = mass(right, length);
    while (to - from > 3 && left < right) {
      if (mass_left < mass_right) {
        from = left;
        left = right;
        mass_left = mass_right;
        right = std::floor(from + golden * (to - from));
        if (right <= left) right = left + 1;
        mass_right = mass(right, length);
      } else {
        to = right;
        right = left;
        mass_right = mass_left;
        left = std::ceil(to - golden * (to - from));
        if (left >= right) left = right - 1;
        mass_left = mass(left, length);
      }
    }
    double best = from, most = mass(from, length);
    for (double at = from + 1; at <= to && at <= from + 3; ++at) {
      const double own = mass(at, length);
      if (own > most) best = at, most = own;
    }
    return best;
  }

  double outside_of(double lower) { return lower > 0 ? below_(lower - 1) : 0; }
  double mass(double lower, double length) {
    return (lower + length >= most_ ? 1 : below_(lower + length)) - outside_of(lower);
  }
  bool reaches(double k, double p) { return k >= most_ || below_(k) >= p - rounding; }

  static constexpr double rounding = 1e-10;

  Below below_;
  double most_;
};

}  // namespace bayespool
