// Intervals that hold a probability: the shortest (highest density interval), or the central one.
#pragma once

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>

#include "core/numerics/normal_mixture.hpp"
#include "core/numerics/normal_score.hpp"
#include "core/numerics/tails.hpp"

namespace bayespool {

struct Interval {
  double lower, upper;

  double length() const { return upper - lower; }
};

using Quantile = std::function<double(Tails)>;

// Of a distribution whose quantiles are given. Over the probability below the interval, from nearly none to nearly all
// that is outside: on a grid first, since there may be several local minima, then by Brent's method around the best.
inline Interval shortest_interval(const Quantile& quantile, double probability) {
  constexpr double reach = 5, spacing = 0.25;  // normal scores of below / outside
  constexpr double margin = 1e-11;
  constexpr int bits = 20;
  const double outside = 1 - probability;
  const auto at = [&](double z) {
    const double below = std::min(std::max(outside * normal_cdf(z), margin), outside - margin);
    const double above = outside - below;
    return Interval{quantile(Tails{below, 1 - below}), quantile(Tails{1 - above, above})};
  };
  double best = -reach, shortest = HUGE_VAL;
  for (double z = -reach; z <= reach; z += spacing) {
    const double length = at(z).length();
    if (length < shortest) best = z, shortest = length;
  }
  std::uintmax_t iterations = 50;
  const auto found = boost::math::tools::brent_find_minima(
      [&](double z) { return at(z).length(); }, best - spacing, best + spacing, bits, iterations);
  return at(found.first);
}

struct IntervalKind {
  double probability;
  bool shortest;  // or central
};

inline Interval interval(const Quantile& quantile, IntervalKind kind) {
  if (kind.shortest) return shortest_interval(quantile, kind.probability);
  const double p = 0.5 * (1 - kind.probability);
  return {quantile(Tails{p, 1 - p}), quantile(Tails{1 - p, p})};
}

// Of a smooth distribution with evaluate(x), which has `tails`, `density` and its `derivative`, density(x) alone,
// quantile(tails, start, scale) and exceeds_between(lower, upper, level). Newton's method makes the densities at both ends equal,
// from about where they are or else from the central interval; the result is the shortest interval if the density is nowhere
// higher outside than inside, for then no set of the same probability is smaller. Otherwise the interval is a function of the probability below it, written outside * Phi(z): the best z of a
// grid is the start of Newton's or, where that fails, Brent's method.
template <class Distribution>
class ShortestInterval {
 public:
  // `near`: about where the ends are; `scale`: about the sd of the distribution, which must outlive the object.
  ShortestInterval(const Distribution& distribution, double probability, Interval near,
                   double scale)
      : distribution_(&distribution), outside_(1 - probability), scale_(scale), near_(near) {}

  Interval central() { return at(0); }

  // `other_peak`: about where the density may have a peak beside its main one; nothing: it has one alone.
  Interval shortest(std::optional<double> other_peak) {
    Interval found = near_;
    bool equal = equalise(found);
    if (!equal) {
      found = at(0);
      equal = equalise(found);
    }
    if (equal && (!other_peak || is_highest(found, *other_peak))) return found;
    double best = 0, least = HUGE_VAL;
    for (double z = -reach; z <= reach; z += spacing) {
      const double width = at(z).length();
      if (width < least) best = z, least = width;
    }
    found = at(best);
    if (equalise(found) && found.length() <= least) return found;
    std::uintmax_t iterations = 60;
    const auto minimum =
        boost::math::tools::brent_find_minima([this](double z) { return at(z).length(); },
                                              best - spacing, best + spacing, bits, iterations);
    return at(minimum.first);
  }

 private:
  // The interval with the probability outside * Phi(z) below it.
  Interval at(double z) {
    const double below = outside_ * normal_cdf(z), above = outside_ * normal_cdf(-z);
    near_.lower = distribution_->quantile({below, 1 - below}, near_.lower, scale_);
    near_.upper = distribution_->quantile({1 - above, above}, near_.upper, scale_);
    return near_;
  }

  // Newton's method for equal densities at ends with `outside_` beyond them. False where it does not go straight to a minimum.
  bool equalise(Interval& ends) const {
    for (int iteration = 0; iteration < 12; ++iteration) {
      const auto low = distribution_->evaluate(ends.lower),
                 high = distribution_->evaluate(ends.upper);
      if (!(low.derivative > 0 && high.derivative < 0)) return false;
      const double excess = low.tails.below + high.tails.above - outside_;
      const double slope = low.density - high.density;
      const double determinant = high.density * low.derivative - low.density * high.derivative;
      const double lower_step = (high.derivative * excess - high.density * slope) / determinant;
      const double upper_step = (low.derivative * excess - low.density * slope) / determinant;
      const double step = std::max(std::abs(lower_step), std::abs(upper_step)),
                   width = ends.length();
      if (!(step < 0.5 * width)) return false;
      ends.lower += lower_step;
      ends.upper += upper_step;
      if (step < tolerance * width) return true;
    }
    return false;
  }

  // By proof or else at points inside and outside, and at the one where a narrow peak may be.
  bool is_highest(Interval ends, double other_peak) const {
    const auto density = [&](double x) { return distribution_->density(x); };
    const double level = density(ends.lower);
    if (distribution_->exceeds_between(ends.lower, ends.upper, level)) return true;
    const bool inside = other_peak > ends.lower && other_peak < ends.upper;
    if (!inside && density(other_peak) > level) return false;
    for (double part : {0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95})
      if (density(ends.lower + part * ends.length()) < level) return false;
    for (double part : {0.05, 0.15, 0.3, 0.6, 1.2})
      for (double x : {ends.lower - part * ends.length(), ends.upper + part * ends.length()})
        if (density(x) > level) return false;
    return true;
  }

  static constexpr double reach = 4, spacing = 0.5;
  static constexpr int bits = 26;
  static constexpr double tolerance = 1e-6;  // the next step is about its square

  const Distribution* distribution_;
  double outside_, scale_;
  Interval near_;  // where the ends were last
};

// The central interval of the normal distribution.
inline Interval normal_interval(double probability, double mean, double sd) {
  const double below = 0.5 * (1 - probability), z = normal_score(below, 1 - below);
  return {mean + sd * z, mean - sd * z};
}

// Of a mixture, with `near` and `scale` as above.
inline Interval interval(const NormalMixture& mixture, IntervalKind kind, Interval near,
                         double scale) {
  ShortestInterval<NormalMixture> ends(mixture, kind.probability, near, scale);
  if (!kind.shortest) return ends.central();
  std::optional<double> other_peak;
  if (!mixture.one_peak()) other_peak = mixture.narrowest();
  return ends.shortest(other_peak);
}

}  // namespace bayespool
