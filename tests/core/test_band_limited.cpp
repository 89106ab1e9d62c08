// Quantiles from the nodes of a trapezoidal rule.
#include <catch.h>

#include <cmath>
#include <functional>

#include "close_to.hpp"
#include "core/numerics/band_limited.hpp"

using namespace bayespool;

namespace {

constexpr double pi = 3.14159265358979323846;

// From nodes of a step at which the characteristic function has long vanished: up to half the sampling frequency.
BandLimitedDistribution distribution(const std::function<double(double)>& density, double step,
                                     double low, double high) {
  const Eigen::Index count = static_cast<Eigen::Index>((high - low) / step);
  Eigen::ArrayXd x(count), weight(count);
  for (Eigen::Index i = 0; i < count; ++i) {
    x(i) = low + step * static_cast<double>(i);
    weight(i) = density(x(i));
  }
  weight /= weight.sum();
  return BandLimitedDistribution(x, weight, pi / step);
}

}  // namespace

TEST_CASE("band-limited: normal, between and at nodes", "[band_limited]") {
  const auto normal = distribution([](double x) { return std::exp(-0.5 * x * x); }, 0.5, -9.3, 9.3);
  for (const double x : {-4.0, -2.1, -0.25, 0.0, 0.7, 3.3}) {
    const double below = 0.5 * std::erfc(-x / std::sqrt(2.0));
    CHECK(std::abs(normal.below(x) - below) < 2e-8);
    CHECK(std::abs(normal.density(x) - std::exp(-0.5 * x * x) / std::sqrt(2 * pi)) < 2e-7);
    CHECK(std::abs(normal.quantile({below, 1 - below}) - x) < (std::abs(x) > 3.5 ? 2e-4 : 2e-5));
  }
}

TEST_CASE("band-limited: logistic", "[band_limited]") {
  const auto logistic = distribution(
      [](double x) { return std::exp(-std::abs(x)) / std::pow(1 + std::exp(-std::abs(x)), 2); },
      0.4, -30.1, 30.1);
  for (const double p : {0.001, 0.03, 0.5, 0.8, 0.99})
    CHECK(std::abs(logistic.quantile({p, 1 - p}) - std::log(p / (1 - p))) < 1e-5);
}

TEST_CASE("band-limited: the log of an exponential variable", "[band_limited]") {
  // The density exp(x - exp(x)); its characteristic function Gamma(1 + i omega) falls like exp(-pi omega / 2).
  const auto gumbel =
      distribution([](double x) { return std::exp(x - std::exp(x)); }, 0.3, -30, 4.5);
  for (const double p : {0.001, 0.03, 0.5, 0.97, 0.999})
    CHECK(std::abs(gumbel.quantile({p, 1 - p}) - std::log(-std::log1p(-p))) <
          1e-4 * (p < 0.01 ? 10 : 1));
}
