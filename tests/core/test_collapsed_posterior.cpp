// The likelihood with coefficients and group effects integrated out, and the coefficients given the sds, against a dense
// multivariate normal distribution in 100 digits.
#include <catch.h>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/model/collapsed_posterior.hpp"

using namespace bayespool;

namespace {

using Real = boost::multiprecision::cpp_bin_float_100;
using Matrix = std::vector<std::vector<Real>>;

Matrix zeros(std::size_t rows, std::size_t columns) {
  return Matrix(rows, std::vector<Real>(columns, Real(0)));
}

// Rows of data: the first column of x is the intercept.
struct Rows {
  std::vector<std::vector<double>> x;
  std::vector<double> y;
  std::vector<std::size_t> group;
  std::size_t groups;
};

// A flat prior is the limit of one with a large sd, scaled to density 1.
const double very_wide = 1e22;

struct Dense {
  double log_density;
  std::vector<double> mean;
  std::vector<std::vector<double>> covariance;
};

// y ~ N(X m, sigma^2 I + tau^2 Z Z' + X S X')
Dense dense(const Rows& rows, const CoefficientPriors& priors, VariancePoint at) {
  const std::size_t n = rows.y.size(), p = static_cast<std::size_t>(priors.mean.size());
  Real log_density = 0;
  std::vector<Real> variance(p), residual(n);
  for (std::size_t k = 0; k < p; ++k) {
    Real sd = priors.sd(static_cast<Index>(k));
    if (std::isinf(priors.sd(static_cast<Index>(k)))) {
      sd = very_wide;
      log_density += log(sd) + 0.5 * log(2 * boost::math::constants::pi<Real>());
    }
    variance[k] = sd * sd;
  }
  Real tau = at.tau;
  if (std::isinf(at.tau)) {
    tau = very_wide;
    log_density += rows.groups * (log(tau) + 0.5 * log(2 * boost::math::constants::pi<Real>()));
  }
  // [V, y - X m, X] and elimination, which leaves L^-1 times the last two.
  Matrix v = zeros(n, n), right = zeros(n, 1 + p);
  for (std::size_t i = 0; i < n; ++i) {
    right[i][0] = rows.y[i];
    for (std::size_t k = 0; k < p; ++k) {
      right[i][0] -= Real(rows.x[i][k]) * priors.mean(static_cast<Index>(k));
      right[i][1 + k] = rows.x[i][k];
    }
    for (std::size_t j = 0; j < n; ++j) {
      if (i == j) v[i][j] += Real(at.sigma) * at.sigma;
      if (rows.group[i] == rows.group[j]) v[i][j] += tau * tau;
      for (std::size_t k = 0; k < p; ++k) v[i][j] += variance[k] * rows.x[i][k] * rows.x[j][k];
    }
  }
  for (std::size_t j = 0; j < n; ++j) {
    const Real pivot = sqrt(v[j][j]);
    log_density -= log(pivot) + 0.5 * log(2 * boost::math::constants::pi<Real>());
    for (std::size_t i = j; i < n; ++i) v[i][j] /= pivot;
    for (Real& value : right[j]) value /= pivot;
    for (std::size_t i = j + 1; i < n; ++i) {
      for (std::size_t k = j + 1; k <= i; ++k) v[i][k] -= v[i][j] * v[k][j];
      for (std::size_t c = 0; c <= p; ++c) right[i][c] -= v[i][j] * right[j][c];
    }
  }
  // beta | y: m + S X'V^-1 (y - X m), S - S X'V^-1 X S
  const auto product = [&](std::size_t a, std::size_t b) {
    Real sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += right[i][a] * right[i][b];
    return sum;
  };
  Dense result;
  result.log_density = static_cast<double>(Real(log_density - 0.5 * product(0, 0)));
  for (std::size_t a = 0; a < p; ++a) {
    result.mean.push_back(static_cast<double>(
        Real(priors.mean(static_cast<Index>(a)) + variance[a] * product(1 + a, 0))));
    result.covariance.emplace_back();
    for (std::size_t b = 0; b < p; ++b)
      result.covariance.back().push_back(static_cast<double>(Real(
          (a == b ? variance[a] : Real(0)) - variance[a] * product(1 + a, 1 + b) * variance[b])));
  }
  return result;
}

GroupedData grouped(const Rows& rows) {
  const Index d = static_cast<Index>(rows.x[0].size()) + 1,
              groups = static_cast<Index>(rows.groups);
  GroupedData data;
  data.size = VectorXd::Zero(groups);
  data.projection = MatrixXd::Zero(groups, d);
  data.within = MatrixXd::Zero(d, d);
  data.observations = static_cast<double>(rows.y.size());
  data.direction = 0;
  const auto row = [&](std::size_t i) {
    VectorXd values(d);
    for (Index k = 0; k + 1 < d; ++k) values(k) = rows.x[i][static_cast<std::size_t>(k)];
    values(d - 1) = rows.y[i];
    return values;
  };
  for (std::size_t i = 0; i < rows.y.size(); ++i) {
    data.size(static_cast<Index>(rows.group[i])) += 1;
    data.projection.row(static_cast<Index>(rows.group[i])) += row(i).transpose();
  }
  for (Index j = 0; j < groups; ++j) data.projection.row(j) /= data.size(j);
  for (std::size_t i = 0; i < rows.y.size(); ++i) {
    const VectorXd deviation =
        row(i) - data.projection.row(static_cast<Index>(rows.group[i])).transpose();
    data.within += deviation * deviation.transpose();
  }
  return data;
}

// Sizes are powers of two and values multiples of 1 / 16, so that group means are exact.
Rows rows_about(double offset, bool slope) {
  Rows rows;
  rows.group = {0, 0, 0, 0, 1, 1, 2, 3, 3};
  rows.groups = 4;
  const std::vector<double> y = {1.5, 2, -0.25, 3.75, 0.5, 1, -2.5, 4, 4.5},
                            x = {1, -2, 0.5, 1.5, 3, -1, 2, 0, 0.25};
  for (std::size_t i = 0; i < y.size(); ++i) {
    rows.y.push_back(offset + y[i]);
    rows.x.push_back({1});
    if (slope) rows.x.back().push_back(x[i]);
  }
  return rows;
}

CoefficientPriors priors(std::vector<double> mean, std::vector<double> sd) {
  const Index p = static_cast<Index>(mean.size());
  return {Eigen::Map<VectorXd>(mean.data(), p), Eigen::Map<VectorXd>(sd.data(), p)};
}

void check(const Rows& rows, const CoefficientPriors& prior) {
  const Design design(grouped(rows), prior);
  CollapsedPosterior posterior(design);
  for (const double sigma : {0.01, 1.0, 30.0})
    for (const double tau : {0.0, 1e-4, 0.7, 50.0, infinity}) {
      if (std::isinf(tau) && std::isinf(prior.sd(0))) continue;  // improper
      const VariancePoint at{sigma, tau};
      const Dense expected = dense(rows, prior, at);
      INFO("prior mean " << prior.mean.transpose() << ", sd " << prior.sd.transpose() << ", y "
                         << rows.y[0] << ", sigma " << sigma << ", tau " << tau);
      const double found =
          posterior.log_reference() + posterior.log_within(sigma) + posterior.log_between(at);
      INFO("log density " << found << ", expected " << expected.log_density << ", off by "
                          << found - expected.log_density);
      // The origin of the intercept is a number like the response, with its rounding error.
      const double rounding = 1.2e-16 * std::abs(rows.y[0]);
      CHECK(close_to(found, expected.log_density, 1e-11 + rounding));
      const Index f = design.free_count();
      VectorXd gamma(f), packed(f * (f + 1) / 2);
      posterior.gamma_hat(gamma);
      posterior.invert(packed.data(), 1);
      MatrixXd inverse(f, f);
      for (Index j = 0, at_entry = 0; j < f; ++j)
        for (Index i = 0; i <= j; ++i, ++at_entry) inverse(i, j) = inverse(j, i) = packed(at_entry);
      const MatrixXd covariance = design.transform * inverse * design.transform.transpose();
      const VectorXd mean = design.origin + design.transform * gamma;
      for (std::size_t a = 0; a < expected.mean.size(); ++a) {
        const Index k = static_cast<Index>(a);
        const double sd = std::sqrt(expected.covariance[a][a]);
        INFO("coefficient " << a << ": " << mean(k) << " (" << std::sqrt(covariance(k, k))
                            << "), expected " << expected.mean[a] << " (" << sd << ")");
        CHECK(std::abs(mean(k) - expected.mean[a]) <=
              1e-9 * sd + 4e-16 * std::abs(expected.mean[a]) + rounding);
        for (std::size_t b = 0; b <= a; ++b) {
          const double size = std::sqrt(expected.covariance[b][b]) * sd;
          CHECK(std::abs(covariance(k, static_cast<Index>(b)) - expected.covariance[a][b]) <=
                1e-10 * size);
        }
      }
    }
}

}  // namespace

TEST_CASE("collapsed posterior: an intercept with any prior", "[collapsed_posterior]") {
  for (const double offset : {0.0, 1e9}) {
    const Rows rows = rows_about(offset, false);
    check(rows, priors({offset + 1}, {0}));
    check(rows, priors({offset}, {infinity}));
    for (const double sd : {1e-11, 1e-6, 1.0, 1e3, 1e9}) check(rows, priors({offset + 1}, {sd}));
  }
}

TEST_CASE("collapsed posterior: an intercept far from its prior", "[collapsed_posterior]") {
  check(rows_about(1e9, false), priors({0}, {1e9}));
  check(rows_about(1e6, false), priors({0}, {10}));
}

TEST_CASE("collapsed posterior: an intercept and a slope", "[collapsed_posterior]") {
  for (const double offset : {0.0, 1e9}) {
    const Rows rows = rows_about(offset, true);
    for (const double sd : {0.0, 1e-11, 1e-6, 1.0, 1e6, infinity}) {
      check(rows, priors({offset + 1, 0.5}, {2, sd}));
      check(rows, priors({offset + 1, 0.5}, {sd, 2}));
    }
    check(rows, priors({offset + 1, 0.5}, {infinity, infinity}));
  }
}
