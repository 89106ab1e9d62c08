// Weights of polynomial interpolation between the grid points nearest to a position.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cmath>

namespace bayespool {

// The `window` grid points around a position (in steps of the grid, from 0), and Lagrange's weights there. What interpolates a function
// also spreads a mass: sums over the grid points of smooth functions are those of the mass at the position.
template <int window>
struct LocalInterpolation {
  Eigen::Index first;
  std::array<double, window> weight;

  explicit LocalInterpolation(double position)
      : first(static_cast<Eigen::Index>(std::floor(position)) - (window / 2 - 1)) {
    const double t = position - static_cast<double>(first);
    std::array<double, window> after;
    after[window - 1] = 1;
    for (int m = window - 2; m >= 0; --m) after[index(m)] = after[index(m + 1)] * (t - (m + 1));
    double before = 1;
    for (int m = 0; m < window; ++m) {
      weight[index(m)] = before * after[index(m)] * inverse_products()[index(m)];
      before *= t - m;
    }
  }

 private:
  static std::size_t index(int m) { return static_cast<std::size_t>(m); }

  static const std::array<double, window>& inverse_products() {
    static const std::array<double, window> inverse = [] {
      std::array<double, window> result;
      for (int m = 0; m < window; ++m) {
        double product = 1;
        for (int l = 0; l < window; ++l)
          if (l != m) product *= m - l;
        result[index(m)] = 1 / product;
      }
      return result;
    }();
    return inverse;
  }
};

}  // namespace bayespool
