// Observations that are left out, at nodes whose distributions are written down.
#include <catch.h>

#include <cmath>

#include "close_to.hpp"
#include "core/exact/left_out_row.hpp"

using namespace bayespool;

namespace {

double log_normal(double x, double mean, double variance) {
  return -0.5 * (std::log(2 * M_PI * variance) + (x - mean) * (x - mean) / variance);
}

LeftOutRow two_nodes() {
  LeftOutRow row(2);
  row.residual << 0.4, -0.3;
  row.precision << 0.8, 0.5;
  row.variance << 1.5, 0.6;
  row.precise = true;
  return row;
}

double sum(const Eigen::ArrayXd& terms) { return terms.sum(); }

using About = LeftOutQuestion::About;

}  // namespace

TEST_CASE("left out: a harmonic mean of densities, and the nodes' weights given the others") {
  const LeftOutRow row = two_nodes();
  const Eigen::ArrayXd log_weight = (Eigen::ArrayXd(2) << std::log(0.3), std::log(0.7)).finished();
  double inverse[2], again = 0;
  for (Eigen::Index k = 0; k < 2; ++k) {
    const double weight = std::exp(log_weight(k)), d = row.precision(k), v = row.variance(k);
    inverse[k] = weight / std::exp(log_normal(row.residual(k) / d, 0, v / d));
    again += weight * std::exp(log_normal(row.residual(k), 0, v * (2 - d)));
  }
  const double total = inverse[0] + inverse[1];
  const Eigen::RowVectorXd densities = row.answer({About::densities, 0}, log_weight, sum);
  CHECK(close_to(densities(0), -std::log(total)));
  CHECK(close_to(densities(1), std::log(again)));

  for (const bool expected : {false, true}) {
    const Eigen::RowVectorXd found =
        row.answer({expected ? About::expected : About::observation, 0.9}, log_weight, sum);
    double mean = 0, second = 0, below = 0, above = 0;
    for (Eigen::Index k = 0; k < 2; ++k) {
      const double weight = inverse[k] / total, d = row.precision(k), v = row.variance(k);
      const double center = -row.residual(k) / d, variance = v / d - (expected ? v : 0);
      mean += weight * center;
      second += weight * (center * center + variance);
      below += weight * normal_cdf((found(2) - center) / std::sqrt(variance));
      above += weight * normal_cdf((center - found(3)) / std::sqrt(variance));
    }
    CHECK(close_to(found(0), mean));
    CHECK(close_to(found(1), std::sqrt(second - mean * mean)));
    CHECK(close_to(below, 0.05, 1e-7));
    CHECK(close_to(above, 0.05, 1e-7));
  }
}

TEST_CASE("left out: NaN where nodes do not resolve it, or have no digits") {
  LeftOutRow row = two_nodes();
  const Eigen::ArrayXd log_weight = Eigen::ArrayXd::Constant(2, std::log(0.5));
  const auto unresolved = [](const Eigen::ArrayXd&) { return std::nan(""); };
  CHECK(row.answer({About::densities, 0}, log_weight, unresolved).array().isNaN().all());
  CHECK(row.answer({About::observation, 0.9}, log_weight, unresolved).array().isNaN().all());
  row.precise = false;
  CHECK(row.answer({About::expected, 0.9}, log_weight, sum).array().isNaN().all());
  const Eigen::RowVectorXd densities = row.answer({About::densities, 0}, log_weight, sum);
  CHECK(std::isnan(densities(0)));
  CHECK(std::isfinite(densities(1)));
}
