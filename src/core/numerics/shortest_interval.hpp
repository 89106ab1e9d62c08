// The shortest interval that holds a given probability.
#pragma once

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <cstdint>
#include <optional>

#include "core/numerics/normal_score.hpp"
#include "core/numerics/tails.hpp"

namespace bayespool {

struct Interval {
  double lower, upper;

  double width() const { return upper - lower; }
};

// Of a smooth distribution with evaluate(x), which has `tails`, `density` and its `derivative`, and
// quantile(tails, start, scale). Newton's method makes the densities at both ends equal, from the central interval; the
// result is the shortest interval if the density is nowhere higher outside than inside, for then no set of the same
// probability is smaller. Otherwise the interval is a function of the probability below it, written outside * Phi(z): the best z of a
// grid is the start of Newton's or, where that fails, Brent's method.
template <class Distribution>
class ShortestInterval {
 public:
  // `scale`: about the sd of the distribution, which must outlive the object.
  ShortestInterval(const Distribution& distribution, double probability, double center,
                   double scale)
      : distribution_(&distribution),
        outside_(1 - probability),
        scale_(scale),
        near_{center + scale * normal_score(0.5 * outside_, 1 - 0.5 * outside_),
              center + scale * normal_score(1 - 0.5 * outside_, 0.5 * outside_)} {}

  Interval central() { return at(0); }

  // `other_peak`: about where the density may have a peak beside its main one; nothing: it has one alone.
  Interval shortest(std::optional<double> other_peak) {
    Interval found = at(0);
    if (equalise(found) && (!other_peak || is_highest(found, *other_peak))) return found;
    double best = 0, least = HUGE_VAL;
    for (double z = -reach; z <= reach; z += spacing) {
      const double width = at(z).width();
      if (width < least) best = z, least = width;
    }
    found = at(best);
    if (equalise(found) && found.width() <= least) return found;
    std::uintmax_t iterations = 60;
    const auto minimum =
        boost::math::tools::brent_find_minima([this](double z) { return at(z).width(); },
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
                   width = ends.width();
      if (!(step < 0.5 * width)) return false;
      ends.lower += lower_step;
      ends.upper += upper_step;
      if (step < tolerance * width) return true;
    }
    return false;
  }

  // At points inside and outside, and at the one where a narrow peak may be.
  bool is_highest(Interval ends, double other_peak) const {
    const double level = distribution_->evaluate(ends.lower).density;
    const auto density = [&](double x) { return distribution_->evaluate(x).density; };
    const bool inside = other_peak > ends.lower && other_peak < ends.upper;
    if (!inside && density(other_peak) > level) return false;
    for (double part : {0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95})
      if (density(ends.lower + part * ends.width()) < level) return false;
    for (double part : {0.05, 0.15, 0.3, 0.6, 1.2})
      for (double x : {ends.lower - part * ends.width(), ends.upper + part * ends.width()})
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

}  // namespace bayespool
