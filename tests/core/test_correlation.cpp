// Correlation matrices by unbounded coordinates: their Jacobian by differences, their LKJ constant by quadrature.
#include <catch.h>

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/model/correlation.hpp"

using namespace bayespool;

namespace {

std::vector<double> coordinates(Index size) {
  std::vector<double> y;
  for (Index k = 0; k < Correlation::coordinate_count(size); ++k)
    y.push_back(0.9 * std::sin(2.3 * static_cast<double>(k + 1)));
  return y;
}

// The lower triangle of the matrix without its diagonal.
VectorXd entries(Index size, const std::vector<double>& y) {
  Correlation correlation(size);
  correlation.set(y.data());
  const MatrixXd r = correlation.factor() * correlation.factor().transpose();
  VectorXd all(Correlation::coordinate_count(size));
  for (Index i = 0, k = 0; i < size; ++i)
    for (Index j = 0; j < i; ++j) all(k++) = r(i, j);
  return all;
}

// Of the density det(R)^(eta - 1) over y, by the trapezoidal rule.
double integral(Index size, double eta) {
  constexpr double step = 0.2, reach = 40;
  const std::size_t d = static_cast<std::size_t>(Correlation::coordinate_count(size));
  const int half = static_cast<int>(reach / eta / step / (d == 1 ? 1 : 2.5));
  Correlation correlation(size);
  std::vector<double> y(d);
  std::vector<int> k(d, -half);
  double sum = 0;
  for (;;) {
    for (std::size_t i = 0; i < d; ++i) y[i] = step * k[i];
    correlation.set(y.data());
    sum += std::exp(correlation.log_jacobian() + (eta - 1) * correlation.log_determinant());
    std::size_t i = 0;
    while (i < d && ++k[i] > half) k[i++] = -half;
    if (i == d) break;
  }
  return sum * std::pow(step, static_cast<double>(d));
}

}  // namespace

TEST_CASE("correlation: a factor with rows of length 1, and its determinant", "[correlation]") {
  for (const Index size : {1, 2, 3, 4}) {
    const std::vector<double> y = coordinates(size);
    Correlation correlation(size);
    correlation.set(y.data());
    for (Index i = 0; i < size; ++i) CHECK(close_to(correlation.factor().row(i).norm(), 1, 1e-15));
    const MatrixXd r = correlation.factor() * correlation.factor().transpose();
    CHECK(close_to(correlation.log_determinant(), std::log(r.determinant()), 1e-13));
  }
}

TEST_CASE("correlation: near 1 the determinant keeps its digits", "[correlation]") {
  Correlation correlation(2);
  const double y = 30;
  correlation.set(&y);
  CHECK(close_to(correlation.log_determinant(), 2 * std::log(2.0) - 60, 1e-15));
  CHECK(std::isfinite(correlation.log_jacobian()));
}

TEST_CASE("correlation: the Jacobian is that of differences", "[correlation]") {
  for (const Index size : {2, 3, 4}) {
    const std::vector<double> y = coordinates(size);
    const Index d = Correlation::coordinate_count(size);
    MatrixXd jacobian(d, d);
    constexpr double step = 1e-5;
    for (Index k = 0; k < d; ++k) {
      std::vector<double> ahead = y, behind = y;
      ahead[static_cast<std::size_t>(k)] += step;
      behind[static_cast<std::size_t>(k)] -= step;
      jacobian.col(k) = (entries(size, ahead) - entries(size, behind)) / (2 * step);
    }
    Correlation correlation(size);
    correlation.set(y.data());
    CHECK(close_to(correlation.log_jacobian(), std::log(std::abs(jacobian.determinant())), 1e-8));
  }
}

TEST_CASE("correlation: the constant of the LKJ distribution is its integral", "[correlation]") {
  for (const double eta : {0.5, 1.0, 2.0, 3.7}) {
    CHECK(close_to(std::log(integral(2, eta)), Correlation::log_normaliser(2, eta), 1e-10));
    CHECK(close_to(std::log(integral(3, eta)), Correlation::log_normaliser(3, eta), 1e-8));
  }
  CHECK(close_to(Correlation::log_normaliser(2, 1), std::log(2.0)));  // uniform on (-1, 1)
  CHECK(
      close_to(Correlation::log_normaliser(3, 1), std::log(std::acos(-1.0) * std::acos(-1.0) / 2)));
}
