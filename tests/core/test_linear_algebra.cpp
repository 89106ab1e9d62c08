// Least squares and the bordered Cholesky factor, against results by hand.
#include <catch.h>

#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/numerics/linear_algebra.hpp"

using namespace bayespool;

TEST_CASE("least squares: a line through three points", "[linear_algebra]") {
  MatrixXd rows(3, 3);  // 1, x, y
  rows << 1, 0, 1, 1, 1, 3, 1, 2, 4;
  const LeastSquares fit(rows.transpose() * rows);
  CHECK(close_to(fit.coefficients(0), 7.0 / 6));
  CHECK(close_to(fit.coefficients(1), 1.5));
  CHECK(fit.rank == 2);
  CHECK_FALSE(fit.exact_fit);
}

TEST_CASE("least squares: a column that depends on those before it is aliased",
          "[linear_algebra]") {
  MatrixXd rows(4, 4);  // 1, x, 2 + 3 x, y = 1 - x
  rows << 1, 0, 2, 1, 1, 1, 5, 0, 1, 2, 8, -1, 1, 5, 17, -4;
  const LeastSquares fit(rows.transpose() * rows);
  CHECK(fit.rank == 2);
  CHECK_FALSE(fit.aliased(1));
  CHECK(fit.aliased(2));
  CHECK(fit.coefficients(2) == 0);
  CHECK(close_to(fit.coefficients(1), -1, 1e-12));
  CHECK(fit.exact_fit);
}

TEST_CASE("least squares: an empty column, and no columns at all", "[linear_algebra]") {
  MatrixXd products(2, 2);
  products << 0, 0, 0, 4;
  CHECK(LeastSquares(products).aliased(0));
  CHECK_FALSE(LeastSquares(products).exact_fit);
  CHECK(LeastSquares(MatrixXd::Zero(1, 1)).exact_fit);
}

TEST_CASE("least squares: what rounding of the response explains is no residual",
          "[linear_algebra]") {
  MatrixXd products(2, 2);
  products << 2, 0, 0, 1e-3;
  CHECK_FALSE(LeastSquares(products, 0).exact_fit);
  CHECK(LeastSquares(products, 2e-3).exact_fit);
}

TEST_CASE("the bordered Cholesky factor: L, L^-1 r and c - r'Q^-1 r", "[linear_algebra]") {
  // Q = [4 2; 2 5], r = (2, 5), c = 10: L = [2 0; 1 2], L^-1 r = (1, 2), the rest 10 - 5.
  std::vector<double> a = {4, 2, 5, 2, 5, 10};
  bordered_cholesky(a.data(), 3);
  CHECK(a == std::vector<double>({2, 1, 2, 1, 2, 5}));
}

TEST_CASE("the bordered Cholesky factor: a singular matrix has a pivot of the size of rounding",
          "[linear_algebra]") {
  std::vector<double> a = {1, 1, 1, 0, 0, 3};  // Q = [1 1; 1 1]
  bordered_cholesky(a.data(), 3);
  CHECK(close_to(a[2], std::sqrt(smallest_pivot)));
  CHECK(a[5] == 3);
  std::vector<double> zero = {0, 0, 1};  // Q = 0, r = 0
  bordered_cholesky(zero.data(), 2);
  CHECK(zero == std::vector<double>({0, 0, 1}));
}
