// Gradients of densities against differences.
#pragma once

#include <catch.h>

#include <Eigen/Core>
#include <cmath>

#include "close_to.hpp"

template <class Density>
void check_gradient(Density f) {
  using Eigen::VectorXd;
  VectorXd q(f.dimension()), gradient(f.dimension()), unused(f.dimension());
  for (Eigen::Index i = 0; i < q.size(); ++i) q(i) = std::sin(3.0 + 2 * static_cast<double>(i));
  f(q, gradient);
  for (Eigen::Index i = 0; i < q.size(); ++i) {
    const auto at = [&](double step) {
      VectorXd moved = q;
      moved(i) += step;
      return f(moved, unused);
    };
    const double h = 1e-3;
    const double expected = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    CAPTURE(i);
    CHECK(close_to(gradient(i), expected, 1e-8));
  }
}
