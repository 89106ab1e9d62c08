// Quantiles of finite mixtures of normal distributions.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "core/numerics/normal_score.hpp"

namespace bayespool {

struct NormalMixture {
  Eigen::ArrayXd weight, mean, inverse_sd;  // weights sum to one

  explicit NormalMixture(Eigen::Index count) : weight(count), mean(count), inverse_sd(count) {}

  // Distribution function, density and its derivative at q.
  void evaluate(double q, double& cdf, double& density, double& derivative) const {
    cdf = density = derivative = 0;
    for (Eigen::Index k = 0; k < weight.size(); ++k) {
      const double z = (q - mean(k)) * inverse_sd(k);
      cdf += weight(k) * normal_cdf(z);
      if (std::abs(z) > 38) continue;
      const double term = weight(k) * inverse_sd(k) * normal_density(z);
      density += term;
      derivative -= term * inverse_sd(k) * z;
    }
  }

  // A center and a scale that heavy tails do not move: the components' means weighted by 1 / sd, and the
  // geometric mean of their sds.
  double robust_center() const {
    return (weight * inverse_sd * mean).sum() / (weight * inverse_sd).sum();
  }
  double robust_scale() const { return std::exp(-(weight * inverse_sd.log()).sum()); }

  // Halley's method from `start`, kept inside a bracket; `scale` is about the sd of the mixture. A step
  // below 1e-3 sd over which the density hardly changes leaves an error of about its third power.
  double quantile(double probability, double start, double scale) const {
    double low = -HUGE_VAL, high = HUGE_VAL, q = start, reach = scale;
    for (int iteration = 0; iteration < 200; ++iteration) {
      double cdf, density, derivative;
      evaluate(q, cdf, density, derivative);
      const double excess = cdf - probability;
      if (std::abs(excess) < 1e-10) return q;
      (excess > 0 ? high : low) = q;
      const double newton = excess / density;
      const double step = -newton / std::max(1 - 0.5 * newton * derivative / density, 0.5);
      double next = q + step;
      if (std::abs(step) < 1e-3 * scale && std::abs(step * derivative) < 1e-2 * density)
        return next;
      if (!(next > low && next < high) || std::abs(step) > 4 * reach) {
        next = std::isinf(low) ? high - reach : std::isinf(high) ? low + reach : 0.5 * (low + high);
        if (std::isinf(low) || std::isinf(high)) reach *= 2;
        if (next == q ||
            (std::isfinite(low) && std::isfinite(high) && high - low <= 1e-15 * std::abs(q)))
          return next;
      }
      q = next;
    }
    return q;
  }
};

}  // namespace bayespool
