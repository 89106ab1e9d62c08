// Quantiles of finite mixtures of normal distributions.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

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
    Value value;
    for (Eigen::Index k = 0; k < weight.size(); ++k) {
      const double z = (q - mean(k)) * inverse_sd(k);
      const double smaller = weight(k) * normal_cdf(-std::abs(z));
      (z < 0 ? value.tails.below : value.tails.above) += smaller;
      (z < 0 ? value.tails.above : value.tails.below) += weight(k) - smaller;
      if (std::abs(z) > 38) continue;
      const double term = weight(k) * inverse_sd(k) * normal_density(z);
      value.density += term;
      value.derivative -= term * inverse_sd(k) * z;
      value.curvature += term * inverse_sd(k) * inverse_sd(k) * (z * z - 1);
    }
    return value;
  }

  // A center and a scale that heavy tails do not move: the components' means weighted by 1 / sd, and the
  // geometric mean of their sds.
  double robust_center() const {
    return (weight * inverse_sd * mean).sum() / (weight * inverse_sd).sum();
  }
  double robust_scale() const { return std::exp(-(weight * inverse_sd.log()).sum()); }

  // Halley's method from `start` on the logarithm of the smaller tail, kept inside a bracket that is halved where the method
  // does not shrink it; `scale` is about the sd of the mixture.
  double quantile(Tails p, double start, double scale) const {
    const bool lower = p.below < p.above;
    const double wanted = lower ? p.below : p.above;
    double low = -HUGE_VAL, high = HUGE_VAL, q = start, reach = scale;
    for (int iteration = 0; iteration < most_iterations; ++iteration) {
      const Value at = evaluate(q);
      const double excess = lower ? at.tails.below - wanted : wanted - at.tails.above;
      if (std::abs(excess) < relative_tolerance * wanted) return q;
      (excess > 0 ? high : low) = q;
      const double newton = excess / at.density;
      const double step = -newton / std::max(1 - 0.5 * newton * at.derivative / at.density, 0.5);
      double next = q + step;
      // A step that short, over which the density hardly changes, leaves an error of about its third power. At a mode, which
      // may be that of a component much narrower than the mixture, only the second derivative tells.
      const bool last = std::abs(step) < 1e-3 * scale &&
                        std::abs(step * at.derivative) < 1e-2 * at.density &&
                        std::abs(step * step * at.curvature) < 1e-6 * at.density;
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
  static constexpr double relative_tolerance = 1e-9;
  static constexpr int most_iterations = 6000;
};

}  // namespace bayespool
