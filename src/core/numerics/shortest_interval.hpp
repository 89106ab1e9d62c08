// Intervals that hold a probability: the shortest (highest density interval), or the central one.
#pragma once

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <cstdint>

#include "core/numerics/normal_mixture.hpp"
#include "core/numerics/normal_score.hpp"
#include "core/numerics/tails.hpp"

namespace bayespool {

struct Interval {
  double lower, upper;

  double length() const { return upper - lower; }
};

// Of a distribution whose quantile(Tails) is given. Over the probability below the interval, from nearly none to nearly all
// that is outside: on a grid first, since there may be several local minima, then by Brent's method around the best.
template <class Quantile>
Interval shortest_interval(Quantile&& quantile, double probability) {
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

// The shortest or the central interval.
template <class Quantile>
Interval interval(Quantile&& quantile, double probability, bool shortest) {
  if (shortest) return shortest_interval(quantile, probability);
  const double p = 0.5 * (1 - probability);
  return {quantile(Tails{p, 1 - p}), quantile(Tails{1 - p, p})};
}

// Of a mixture. Where it has one mode the densities at both ends are equal: Newton's method for that and the probability,
// from `start`; anything else is left to the quantiles. `scale` is about the sd of the mixture.
class ShortestOfMixture {
 public:
  ShortestOfMixture(const NormalMixture& mixture, double probability, double scale)
      : mixture_(&mixture), probability_(probability), scale_(scale) {}

  Interval from(Interval start) const {
    Interval at = start;
    if (newton(at) && one_mode(at)) return at;
    return shortest_interval(
        [&](Tails p) {
          return mixture_->quantile(
              p, 0.5 * (start.lower + start.upper) + scale_ * normal_score(p.below, p.above),
              scale_);
        },
        probability_);
  }

 private:
  bool newton(Interval& at) const {
    for (int iteration = 0; iteration < most_iterations; ++iteration) {
      const NormalMixture::Value lower = mixture_->evaluate(at.lower),
                                 upper = mixture_->evaluate(at.upper);
      const double excess = lower.tails.below + upper.tails.above - (1 - probability_),
                   difference = upper.density - lower.density;
      const double determinant =
          lower.density * upper.derivative - upper.density * lower.derivative;
      if (!(determinant < 0)) return false;
      const double step_lower =
                       -(excess * upper.derivative + difference * upper.density) / determinant,
                   step_upper =
                       -(excess * lower.derivative + difference * lower.density) / determinant;
      const double largest = std::max(std::abs(step_lower), std::abs(step_upper));
      const double part = std::min(1.0, 0.5 * scale_ / largest);
      at.lower += part * step_lower;
      at.upper += part * step_upper;
      if (!(at.lower < at.upper)) return false;
      if (largest < accepted_step * scale_) return true;
    }
    return false;
  }

  // Higher inside than at the ends and lower outside, at some points.
  bool one_mode(Interval at) const {
    const double end = mixture_->evaluate(at.lower).density, length = at.length();
    for (double inside : {0.15, 0.35, 0.5, 0.65, 0.85})
      if (mixture_->evaluate(at.lower + inside * length).density < end) return false;
    for (double outside : {0.1, 0.4, 1.0, 2.5})
      for (double x : {at.lower - outside * length, at.upper + outside * length})
        if (mixture_->evaluate(x).density > end) return false;
    return true;
  }

  static constexpr int most_iterations = 30;
  static constexpr double accepted_step = 1e-6;  // whose square is nothing

  const NormalMixture* mixture_;
  double probability_, scale_;
};

}  // namespace bayespool
