// The lattice rule for densities whose totals and moments are known.
#include <catch.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "close_to.hpp"
#include "core/numerics/lattice_search.hpp"

using namespace bayespool;

namespace {

using LogDensity = std::function<double(const double*)>;

LatticeFit fit(const LogDensity& log_f, Index d, double start = 0.5) {
  const auto value = [&log_f](const double* x) { return LatticeValue{log_f(x), -HUGE_VAL}; };
  const Mode mode = find_mode(value, VectorXd::Constant(d, start));
  return fit_lattice(value, {mode}, {2.5e-4, 20, 1500000});
}

struct Moments {
  VectorXd mean, sd;
};

Moments moments(const LatticeRule& rule) {
  const Index d = rule.map.dimension();
  VectorXd x(d), sum = VectorXd::Zero(d), squares = VectorXd::Zero(d);
  for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
    rule.map.point(rule.nodes[i].k, x.data());
    sum += rule.weight[i] * x;
    squares += rule.weight[i] * x.cwiseProduct(x);
  }
  return {sum, (squares - sum.cwiseProduct(sum)).cwiseSqrt()};
}

// Total 1, and mean and sd of the first coordinate, within the estimate of the error. The border leaves out a share of about
// exp(-drop), which heavy tails make larger.
void check(const LatticeFit& fit, double mean, double sd) {
  REQUIRE(fit.settled);
  CHECK(fit.error < 1e-4);
  const double enough = std::max(fit.error, 2e-8);
  CHECK(std::abs(fit.rule.log_total) < enough);
  const Moments found = moments(fit.rule);
  CHECK(std::abs(found.mean(0) - mean) < enough * sd);
  CHECK(std::abs(found.sd(0) / sd - 1) < 10 * enough);
}

constexpr double pi = 3.14159265358979323846;

// log of a gamma variable: skewed, tails exp(shape x) and exp(-exp(x)).
double log_gamma_density(double x, double shape) {
  return shape * x - std::exp(x) - std::lgamma(shape);
}
double logistic_density(double x) { return -std::abs(x) - 2 * std::log1p(std::exp(-std::abs(x))); }

}  // namespace

TEST_CASE("lattice: correlated normal densities of one to four dimensions", "[lattice]") {
  for (const Index d : {1, 2, 3, 4}) {
    VectorXd mean(d);
    MatrixXd root = MatrixXd::Identity(d, d);
    for (Index i = 0; i < d; ++i) {
      mean(i) = static_cast<double>(i) - 0.7;
      for (Index j = 0; j < i; ++j) root(i, j) = 0.8 * std::cos(static_cast<double>(i + 2 * j));
    }
    const MatrixXd covariance = root * root.transpose();
    const Eigen::LLT<MatrixXd> factor(covariance);
    const auto log_f = [&](const double* x) {
      const VectorXd z = factor.matrixL().solve(Eigen::Map<const VectorXd>(x, d) - mean);
      return -0.5 * z.squaredNorm() - 0.5 * static_cast<double>(d) * std::log(2 * pi);
    };
    check(fit(log_f, d), mean(0), std::sqrt(covariance(0, 0)));
  }
}

TEST_CASE("lattice: skewed densities", "[lattice]") {
  // digamma and trigamma of 0.7 and 3
  const auto one = [](const double* x) { return log_gamma_density(x[0], 0.7); };
  check(fit(one, 1), -1.2200235536979349, std::sqrt(2.8340491557994834));
  for (const Index d : {2, 3}) {
    // gamma variables one after the other, the later ones sheared
    const auto log_f = [d](const double* x) {
      double sum = 0;
      for (Index i = 0; i < d; ++i)
        sum += log_gamma_density(x[i] - (i > 0 ? 0.5 * x[i - 1] : 0), 3);
      return sum;
    };
    check(fit(log_f, d), 0.92278433509846713, std::sqrt(0.39493406684822643));
  }
}

TEST_CASE("lattice: tails that fall like exp(-|x|)", "[lattice]") {
  for (const Index d : {1, 2, 3}) {
    const auto log_f = [d](const double* x) {
      double sum = 0;
      for (Index i = 0; i < d; ++i) sum += logistic_density(x[i] + (i > 0 ? 0.6 * x[0] : 0));
      return sum;
    };
    check(fit(log_f, d), 0, pi / std::sqrt(3.0));
  }
}

TEST_CASE("lattice: where to stop, and what is not resolved, are said", "[lattice]") {
  const auto spike = [](const double* x) {
    return LatticeValue{-0.5 * x[0] * x[0] - 0.5 * x[1] * x[1], -HUGE_VAL};
  };
  const Mode mode = find_mode(spike, VectorXd::Constant(2, 0.3));
  CHECK(mode.at.norm() < 1e-2);
  CHECK((mode.curvature - MatrixXd::Identity(2, 2)).norm() < 1e-3);
  const LatticeFit few = fit_lattice(spike, {mode}, {2.5e-4, 20, 30});
  CHECK(few.rule.exhausted);
  CHECK_FALSE(few.settled);
}

TEST_CASE("lattice: two modes are both filled", "[lattice]") {
  const auto log_f = [](const double* x) {
    const auto part = [](double u) { return std::exp(-0.5 * u * u) / std::sqrt(2 * pi); };
    return LatticeValue{std::log(0.3 * part(x[0] + 6) + 0.7 * part(x[0] - 6)), -HUGE_VAL};
  };
  std::vector<Mode> modes;
  for (const double start : {5.0, -5.0})
    modes.push_back(find_mode(log_f, VectorXd::Constant(1, start)));
  const LatticeFit found = fit_lattice(log_f, modes, {2.5e-4, 20, 400000});
  REQUIRE(found.settled);
  CHECK(std::abs(found.rule.log_total) < std::max(found.error, 1e-8));
  CHECK(std::abs(moments(found.rule).mean(0) - 2.4) < 1e-6);
}

TEST_CASE("steps: what only several directions together leave unresolved refines them all",
          "[lattice]") {
  // s: 1, 2, 1 and 2, 3, 1 and 3, 2 and 3, all
  StepChoice choice(3, 2.5e-4);
  const Eigen::Vector3d step(0.5, 0.5, 0.5);
  const std::vector<double> pattern = {1, 5e-6, 2e-5, 3e-6, 1e-5, 2e-6, 3e-3, 6e-5};
  const VectorXd next = choice.next(step, pattern);
  CHECK(next(0) == 0.5);
  CHECK(next(1) < 0.45);
  CHECK(next(2) == next(1));
}

TEST_CASE("steps: how fast the pattern falls is learnt", "[lattice]") {
  // exp(-c / step^n) at two steps; the third is where it is 0.7 of the tolerance.
  for (const double n : {1.0, 1.5, 2.0}) {
    const auto pattern = [n](double step) {
      return std::vector<double>{1, std::exp(-1.5 / std::pow(step, n))};
    };
    StepChoice choice(1, 1e-6);
    choice.next(VectorXd::Constant(1, 1.0), pattern(1.0));
    const double found = choice.next(VectorXd::Constant(1, 0.6), pattern(0.6))(0);
    const double wanted = std::pow(-1.5 / std::log(0.7e-6), 1 / n);
    CHECK(close_to(found, std::max(wanted, 0.45 * 0.6), 1e-12));
  }
}

TEST_CASE("bulk: a sublattice that the pattern allows has the mean and spread of the lattice",
          "[lattice]") {
  const LogDensity normal = [](const double* x) {
    return -0.5 * (x[0] * x[0] + x[1] * x[1] + x[2] * x[2]) - 1.5 * std::log(2 * pi);
  };
  const LatticeRule rule = fit(normal, 3).rule;
  const auto check = [&rule](double tolerance, double least, double most, double error) {
    const std::vector<ChosenNode> chosen = rule.bulk(0, tolerance);
    const double share =
        static_cast<double>(chosen.size()) / static_cast<double>(rule.nodes.size());
    CHECK(share > least);
    CHECK(share < most);
    VectorXd x(3), mean = VectorXd::Zero(3);
    MatrixXd square = MatrixXd::Zero(3, 3);
    double total = 0;
    for (const ChosenNode& node : chosen) {
      rule.map.point(rule.nodes[node.index].k, x.data());
      total += node.weight;
      mean += node.weight * x;
      square += node.weight * x * x.transpose();
    }
    CHECK(close_to(total, 1, 1e-12));
    CHECK(mean.norm() < error);
    CHECK((square - MatrixXd::Identity(3, 3)).norm() < error);
  };
  const std::vector<double>& p = rule.pattern;
  const double pairs = std::max({p[3], p[5], p[6]});
  REQUIRE(p[7] < std::min({p[3], p[5], p[6]}));
  REQUIRE(pairs < std::min({p[1], p[2], p[4]}));
  check(0, 0.999, 1.001, 1e-6);
  check(1.01 * p[7], 0.45, 0.55, 1e-6 + 20 * p[7]);
  check(1.01 * pairs, 0.2, 0.3, 1e-6 + 60 * pairs);
}
