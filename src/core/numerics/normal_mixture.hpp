// Quantiles of finite mixtures of normal distributions.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "core/numerics/mills_ratio.hpp"
#include "core/numerics/normal_score.hpp"
#include "core/numerics/tails.hpp"

namespace bayespool {

struct NormalMixture {
  Eigen::ArrayXd weight, mean, inverse_sd;  // weights sum to one

  explicit NormalMixture(Eigen::Index count) : weight(count), mean(count), inverse_sd(count) {}

  struct Value {
    Tails tails{0, 0};
    double density = 0, derivative = 0,
           curvature = 0;  // of the density: its first and second derivative
  };

  Value evaluate(double q) const {
    static const MillsRatio mills_ratio;
    Value value;
    for (Eigen::Index first = 0; first < weight.size(); first += block) {
      const Eigen::Index count = std::min(block, weight.size() - first);
      const Block inverse = inverse_sd.segment(first, count),
                  z = (q - mean.segment(first, count)) * inverse,
                  phi = inverse_root_two_pi * (-0.5 * z.square()).exp();
      for (Eigen::Index i = 0; i < count; ++i) {
        const double w = weight(first + i), t = std::abs(z(i));
        const double smaller = t < MillsRatio::largest ? w * phi(i) * mills_ratio(t) : 0;
        (z(i) < 0 ? value.tails.below : value.tails.above) += smaller;
        (z(i) < 0 ? value.tails.above : value.tails.below) += w - smaller;
        const double term = t < MillsRatio::largest ? w * inverse(i) * phi(i) : 0;
        value.density += term;
        value.derivative -= term * inverse(i) * z(i);
        value.curvature += term * inverse(i) * inverse(i) * (z(i) * z(i) - 1);
      }
    }
    return value;
  }

  double density(double q) const {
    double sum = 0;
    for (Eigen::Index first = 0; first < weight.size(); first += block) {
      const Eigen::Index count = std::min(block, weight.size() - first);
      const Block inverse = inverse_sd.segment(first, count);
      const Block z = (q - mean.segment(first, count)) * inverse;
      sum += (weight.segment(first, count) * inverse * (-0.5 * z.square()).exp()).sum();
    }
    return inverse_root_two_pi * sum;
  }

  // A center and a scale that heavy tails do not move: the components' means weighted by 1 / sd, and the
  // geometric mean of their sds.
  double robust_center() const {
    return (weight * inverse_sd * mean).sum() / (weight * inverse_sd).sum();
  }
  double robust_scale() const { return std::exp(-(weight * inverse_sd.log()).sum()); }

  // Enough for the density to have one peak: it is concave between the outermost means, since each part is concave within
  // one sd of its own, and monotone beyond them.
  bool one_peak() const { return (mean.maxCoeff() - mean.minCoeff()) * inverse_sd.maxCoeff() <= 1; }

  // Enough for the density to be nowhere below `level` between two points where it is `level`, and nowhere above beyond them:
  // it is monotone beyond the outermost means, and between these each part is at least what it is at the farther one.
  bool exceeds_between(double lower, double upper, double level) const {
    const double first = mean.minCoeff(), last = mean.maxCoeff();
    if (!(lower <= first && last <= upper)) return false;
    const Eigen::ArrayXd z = (mean - first).max(last - mean) * inverse_sd;
    return inverse_root_two_pi * (weight * inverse_sd * (-0.5 * z.square()).exp()).sum() >= level;
  }

  // Where the narrowest peak can be.
  double narrowest() const {
    Eigen::Index part;
    inverse_sd.maxCoeff(&part);
    return mean(part);
  }

  // From `start`, by the inverse of the distribution's series to third order about each point, on the smaller tail; kept
  // inside a bracket that is halved where the series does not shrink it. `scale` is about the sd of the mixture.
  double quantile(Tails p, double start, double scale) const {
    const bool lower = p.below < p.above;
    const double wanted = lower ? p.below : p.above;
    double low = -HUGE_VAL, high = HUGE_VAL, q = start, reach = scale;
    for (int iteration = 0; iteration < most_iterations; ++iteration) {
      const Value at = evaluate(q);
      const double excess = lower ? at.tails.below - wanted : wanted - at.tails.above;
      if (std::abs(excess) < relative_tolerance * wanted) return q;
      (excess > 0 ? high : low) = q;
      const double newton = -excess / at.density;
      const double second = 0.5 * newton * at.derivative / at.density,
                   third = newton * newton / 6 * at.curvature / at.density;
      // Then what the inverse series leaves out is less than a millionth of the step.
      const bool last = std::abs(second) < 5e-3 && std::abs(third) < 2e-5 &&
                        beyond_third_order(newton) < accepted_error * wanted;
      const double step = last ? newton * (1 - second + 2 * second * second - third)
                               : newton / std::max(1 + second, 0.5);
      double next = q + step;
      if (last && next > low && next < high) return next;
      const bool enclosed = std::isfinite(low) && std::isfinite(high);
      if (!(next > low && next < high) || std::abs(step) > 4 * reach || iteration % 4 == 3) {
        if (enclosed) {
          next = 0.5 * (low + high);
          if (!(next > low && next < high)) return next;
        } else {
          next = std::isinf(low) ? high - reach : low + reach;
          reach *= 2;
        }
      }
      q = next;
    }
    return q;  // the bracket has been halved hundreds of times
  }

 private:
  // A bound of what the distribution function's Taylor series to third order leaves out over a step: the fourth derivative of
  // the normal one is less than 0.551, and no component changes by more than its weight.
  double beyond_third_order(double step) const {
    return (weight * (0.551 / 24 * (step * inverse_sd).square().square()).min(1)).sum();
  }

  static constexpr Eigen::Index block = 64;  // components that are together in the fastest memory
  using Block = Eigen::Array<double, Eigen::Dynamic, 1, 0, block, 1>;

  static constexpr double relative_tolerance = 1e-9;
  static constexpr double accepted_error = 3e-8;  // of the smaller tail
  static constexpr int most_iterations = 6000;
};

}  // namespace bayespool
