// Groups without data: their likelihood is 1, and where all are, the posterior is the prior.
#include <catch.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/exact/count_leave_one_out.hpp"
#include "core/exact/count_marginals.hpp"
#include "core/exact/count_sampler.hpp"
#include "count_examples.hpp"

using namespace bayespool;

namespace {

constexpr double pi = 3.14159265358979323846;

const ScalePrior exponential("exponential", {1});
const auto no_check = [] {};

SummaryColumns quantiles() {
  SummaryColumns columns;
  columns.probabilities = {{0.05, 0.95}, {0.5, 0.5}, {0.9, 0.1}};
  columns.shortest = 0.8;
  return columns;
}

VectorXd one() { return VectorXd::Ones(1); }

CountData no_data(CountFamily family, std::size_t groups) {
  return counts(family, std::vector<double>(groups, 0), std::vector<double>(groups, 0));
}

}  // namespace

TEST_CASE("count integral: without data it is that of the prior", "[counts]") {
  for (const CountFamily family : {CountFamily::binomial, CountFamily::poisson}) {
    const CountLikelihood none(family, 0, 0);
    for (const double theta : {-800.0, 0.0, 3.0, 800.0}) {
      CHECK(none.log_value(theta) == 0);
      CHECK(none.mean(theta) == 0);
      CHECK(none.curvature(theta) == 0);
      CHECK(none.step_from(theta)(5) == 0);
    }
    CHECK_FALSE(none.falls_below());
    CHECK_FALSE(none.falls_above());
    CHECK(std::isfinite(none.centre()));
    ThetaRule rule;
    for (const double tau : {0.0, 1e-5, 0.4, 3.5, 1e4}) {
      const ThetaPeak peak = theta_peak(none, {-2, tau});
      CHECK(peak.at == -2);
      CHECK(peak.sd == tau);
      rule.fill(none, {-2, tau});
      CHECK(std::abs(rule.log_integral()) < 1e-13);
      double mean = 0, square = 0;
      for (std::size_t i = 0; i < rule.theta.size(); ++i) {
        mean += rule.weight[i] / rule.total * rule.theta[i];
        square += rule.weight[i] / rule.total * std::pow(rule.theta[i] + 2, 2);
      }
      CHECK(std::abs(mean + 2) < 1e-12 * (1 + tau));
      CHECK(close_to(std::sqrt(square), tau, 1e-11));
    }
  }
}

TEST_CASE("counts: without data the posterior is the prior", "[counts]") {
  // One without mass at 0 and one with; tau has all moments.
  for (const ScalePrior& tau_prior : {exponential, ScalePrior("gamma", {3, 2})})
    for (const CountFamily family : {CountFamily::binomial, CountFamily::poisson}) {
      const CountData data = no_data(family, 3);
      const CountPriors priors = intercept_priors(-1, 1.5, tau_prior);
      const CountQuadrature found(data, priors, 2, no_check);
      CHECK(std::abs(found.log_evidence()) < 1e-8);
      const CountMarginals marginals(found);
      const CountRows mu = marginals.linear(one(), quantiles());
      CHECK(std::abs(mu.link(0) + 1) < 1e-7);
      CHECK(close_to(mu.link(1), 1.5, 1e-7));
      const std::vector<double> p = {0.05, 0.5, 0.9};
      for (std::size_t i = 0; i < 3; ++i)
        CHECK(std::abs(normal_cdf((mu.link(2 + static_cast<Index>(i)) + 1) / 1.5) - p[i]) < 1e-7);

      const bool is_exponential = tau_prior.log_density(1) == -1;
      const Eigen::RowVectorXd tau = marginals.tau(quantiles());
      const double mean = is_exponential ? 1 : 1.5, square = is_exponential ? 2 : 3;
      CHECK(close_to(tau(0), mean, 1e-6));
      CHECK(close_to(tau(1), std::sqrt(square - mean * mean), 1e-6));
      const auto below = [&](double t) {
        return is_exponential ? 1 - std::exp(-t) : 1 - std::exp(-2 * t) * (1 + 2 * t + 2 * t * t);
      };
      for (std::size_t i = 0; i < 3; ++i)
        CHECK(std::abs(below(tau(2 + static_cast<Index>(i))) - p[i]) < 1e-6);

      // theta = mu + tau z, of known groups and of a new one
      for (const CountRows& theta :
           {marginals.theta(0, quantiles()), marginals.new_theta(one(), quantiles())}) {
        CHECK(std::abs(theta.link(0) + 1) < 1e-6);
        CHECK(close_to(theta.link(1), std::sqrt(1.5 * 1.5 + square), 1e-6));
        CHECK(std::abs(theta.link(3) + 1) < 1e-6);
        double above = 0;  // P(theta > q_0.9), by the midpoint rule over log tau
        for (double x = -20; x < 6; x += 1e-3) {
          const double t = std::exp(x);
          above += 1e-3 * std::exp(tau_prior.log_density(t) + x) *
                   normal_cdf(-(theta.link(4) + 1) / std::hypot(1.5, t));
        }
        CHECK(std::abs(above - 0.1) < 1e-6);
      }

      const Index draws = 20032;
      const CountSampler sampler(found, {{Index{0}}, Index{1}, Index{2}, VectorXd::Zero(1)}, 7);
      MatrixXd drawn(draws, 5);
      constexpr double bound = 8;
      for (Index chunk = 0; chunk < CountSampler::chunk_count(draws); ++chunk)
        CHECK(sampler.draw_chunk(chunk, draws, bound, drawn.data()) <= bound);
      const Eigen::ArrayXd z = (drawn.col(2).array() - drawn.col(0).array()) / drawn.col(1).array();
      const double error = 5 / std::sqrt(draws);
      CHECK(std::abs((drawn.col(0).array() + 1).mean()) < 1.5 * error);
      CHECK(std::abs(drawn.col(1).mean() - mean) < std::sqrt(square - mean * mean) * error);
      CHECK(std::abs(z.mean()) < error);
      CHECK(std::abs(z.square().mean() - 1) < std::sqrt(2) * error);
      CHECK(std::abs((z < -1).cast<double>().mean() - normal_cdf(-1)) < 0.4 * error);

      CHECK(std::abs(CountLeaveOneOut(found).group(0)) < 1e-9);
    }
}

TEST_CASE("counts: groups without data change nothing", "[counts]") {
  const CountData some = batters();
  std::vector<double> k(some.k.data(), some.k.data() + 18), n(18, 45);
  k.insert(k.end(), {0, 0});
  n.insert(n.end(), {0, 0});
  const CountPriors priors = intercept_priors(0, 1.5, exponential);
  const CountQuadrature without(some, priors, 2, no_check),
      with(counts(CountFamily::binomial, k, n), priors, 2, no_check);
  CHECK(close_to(with.log_evidence(), without.log_evidence(), 1e-9));
  const CountMarginals a(without), b(with);
  const CountRows expected = a.new_theta(one(), quantiles()),
                  found = b.theta(with.posterior().classes().class_of[19], quantiles());
  for (Index i = 0; i < 7; ++i) CHECK(std::abs(found.link(i) - expected.link(i)) < 1e-6);
}

TEST_CASE("counts: increasing functions of tau", "[counts]") {
  const CountQuadrature found(batters(), intercept_priors(0, 1.5, exponential), 2, no_check);
  const CountMarginals marginals(found);
  const Eigen::RowVectorXd tau = marginals.tau(quantiles()),
                           variance = marginals.variance(quantiles()),
                           correlation = marginals.intraclass_correlation(quantiles());
  // Moments beside the grid, quantiles as functions of tau's.
  const DenseGrid grid(batters(), intercept_priors(0, 1.5, exponential), -1.8, -0.3, 240, 1e-4, 40,
                       150);
  const auto share = [](double t) { return t * t / (t * t + pi * pi / 3); };
  const auto check = [&](const Eigen::RowVectorXd& row, const std::function<double(double)>& f) {
    const double mean = grid.mean([&](const DenseGrid::Node& node) { return f(node.tau); });
    const double square =
        grid.mean([&](const DenseGrid::Node& node) { return std::pow(f(node.tau) - mean, 2); });
    CHECK(std::abs(row(0) - mean) < 2e-6 * std::sqrt(square));
    CHECK(close_to(row(1), std::sqrt(square), 5e-6));
    for (Index i = 2; i < 5; ++i) CHECK(close_to(row(i), f(tau(i)), 1e-12));
    CHECK(row(5) >= 0);
    CHECK(row(6) > row(5));
  };
  check(variance, [](double t) { return t * t; });
  check(correlation, share);
  CHECK(close_to(variance(0), tau(0) * tau(0) + tau(1) * tau(1), 1e-12));
  // A known tau.
  const CountQuadrature known(batters(), intercept_priors(0, 1.5, ScalePrior("degenerate", {2})), 2,
                              no_check);
  const CountMarginals sure(known);
  for (const double value : {sure.variance(quantiles())(0), sure.variance(quantiles())(3)})
    CHECK(close_to(value, 4, 1e-15));
  CHECK(close_to(sure.intraclass_correlation(quantiles())(4), share(2), 1e-15));
  const CountQuadrature pooled(batters(), intercept_priors(0, 1.5, ScalePrior("degenerate", {0})),
                               2, no_check);
  CHECK(CountMarginals(pooled).intraclass_correlation(quantiles())(2) == 0);
}
