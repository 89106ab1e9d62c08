// A bordered Cholesky factor against dense algebra.
#include <catch.h>

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/numerics/bordered_factor.hpp"

using namespace bayespool;

TEST_CASE("bordered factor: determinant, rest, mean, covariance, draws", "[bordered_factor]") {
  for (const Index f : {0, 1, 2, 5}) {
    MatrixXd rows(f + 4, f + 1);
    for (Index i = 0; i < rows.rows(); ++i)
      for (Index j = 0; j <= f; ++j)
        rows(i, j) = std::sin(1.3 * static_cast<double>((i + 1) * (i + 1) * (j + 1)) +
                              0.4 * static_cast<double>(j));
    const MatrixXd all = rows.transpose() * rows;
    BorderedFactor factor(f);
    REQUIRE(factor.length() == static_cast<std::size_t>((f + 1) * (f + 2) / 2));
    for (Index i = 0, k = 0; i <= f; ++i)
      for (Index j = 0; j <= i; ++j) factor.data()[k++] = all(i, j);
    factor.factorise();
    const MatrixXd q = all.topLeftCorner(f, f), inverse = q.inverse();
    const VectorXd r = all.col(f).head(f), mean = inverse * r;
    CHECK(close_to(factor.log_pivots(), f == 0 ? 0 : 0.5 * std::log(q.determinant()), 1e-11));
    CHECK(close_to(factor.rest(), all(f, f) - r.dot(mean), 1e-11));
    VectorXd gamma(f);
    factor.gamma_hat(gamma);
    for (Index k = 0; k < f; ++k) CHECK(close_to(gamma(k), mean(k), 1e-10));
    // Unit vectors become the mean plus the columns of a square root of Q^-1.
    MatrixXd root(f, f);
    for (Index k = 0; k < f; ++k) {
      VectorXd x = VectorXd::Unit(f, k);
      factor.draw(x);
      root.col(k) = x - mean;
    }
    if (f > 0) CHECK((root * root.transpose() - inverse).norm() < 1e-10 * inverse.norm());
    constexpr Index stride = 3;
    std::vector<double> out(static_cast<std::size_t>(stride * (f * (f + 1) / 2 + 1)));
    factor.invert(out.data(), stride);
    for (Index j = 0, k = 0; j < f; ++j)
      for (Index i = 0; i <= j; ++i, k += stride)
        CHECK(close_to(out[static_cast<std::size_t>(k)], inverse(i, j), 1e-10));
  }
}

TEST_CASE("bordered factor: the log determinant of many small or large pivots is finite",
          "[bordered_factor]") {
  for (const double pivot : {1e-90, 1e90}) {
    constexpr Index f = 9;
    BorderedFactor factor(f);
    for (Index i = 0, k = 0; i <= f; ++i)
      for (Index j = 0; j <= i; ++j) factor.data()[k++] = i == j ? pivot * pivot : 0;
    factor.factorise();
    CHECK(close_to(factor.log_pivots(), 9 * std::log(pivot), 1e-14));
  }
}
