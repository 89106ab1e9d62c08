// The normal distribution's tail over its density, for sums over many normal distributions.
#pragma once

#include <array>
#include <cmath>
#include <vector>

#include "core/numerics/normal_score.hpp"

namespace bayespool {

// M(t) = Phi(-t) / phi(t) for 0 <= t <= largest, by Taylor's series about the nearest of regular points. From
// M' = t M - 1 follow all derivatives: M^(k + 1) = t M^(k) + k M^(k - 1).
class MillsRatio {
 public:
  static constexpr double largest = 38;  // beyond it the density is less than any double

  MillsRatio() : series_(static_cast<std::size_t>(largest / spacing) + 1) {
    for (std::size_t i = 0; i < series_.size(); ++i) {
      const double t = static_cast<double>(i) * spacing;
      Series& c = series_[i];  // M^(k) / k!
      c[0] = normal_cdf(-t) / normal_density(t);
      c[1] = t * c[0] - 1;
      for (std::size_t k = 1; k + 1 < c.size(); ++k)
        c[k + 1] = (t * c[k] + c[k - 1]) / static_cast<double>(k + 1);
    }
  }

  double operator()(double t) const {
    const auto nearest = static_cast<std::size_t>(t * (1 / spacing) + 0.5);
    const double d = t - static_cast<double>(nearest) * spacing;
    const Series& c = series_[nearest];
    double sum = c.back();
    for (std::size_t k = c.size() - 1; k > 0; --k) sum = sum * d + c[k - 1];
    return sum;
  }

 private:
  static constexpr double spacing = 0.125;
  using Series = std::array<double, 9>;

  std::vector<Series> series_;
};

}  // namespace bayespool
