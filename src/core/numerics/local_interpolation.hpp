// Weights of polynomial interpolation between the grid points nearest to a position.
#pragma once

#include <Eigen/Core>
#include <cmath>

namespace bayespool {

// The eight grid points around a position (in steps of the grid, from 0), and Lagrange's weights there. What interpolates a function
// also spreads a mass: sums over the grid points of smooth functions are those of the mass at the position.
struct LocalInterpolation {
  static constexpr int window = 8,
                       before = window / 2 - 1;  // grid points, and those below the lowest position

  Eigen::Index first;
  Eigen::Array<double, window, 1> weight;

  explicit LocalInterpolation(double position)
      : first(static_cast<Eigen::Index>(std::floor(position)) - before) {
    // prod_{l != m} (t - l) / (m - l), in pairs
    const double t0 = position - static_cast<double>(first), t1 = t0 - 1, t2 = t0 - 2, t3 = t0 - 3,
                 t4 = t0 - 4, t5 = t0 - 5, t6 = t0 - 6, t7 = t0 - 7;
    const double t01 = t0 * t1, t23 = t2 * t3, t45 = t4 * t5, t67 = t6 * t7;
    const double low = t01 * t23, high = t45 * t67;
    const double not01 = t23 * high, not23 = t01 * high, not45 = low * t67, not67 = low * t45;
    constexpr double c0 = -1.0 / 5040, c1 = 1.0 / 720, c2 = -1.0 / 240, c3 = 1.0 / 144;
    weight << c0 * t1 * not01, c1 * t0 * not01, c2 * t3 * not23, c3 * t2 * not23, -c3 * t5 * not45,
        -c2 * t4 * not45, -c1 * t7 * not67, -c0 * t6 * not67;
  }
};

}  // namespace bayespool
