// Counts at the ends of what there is: four dimensions, heavy tails, no events, no failures, groups far from the others.
#include <catch.h>

#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/exact/count_leave_one_out.hpp"
#include "core/exact/count_marginals.hpp"
#include "count_examples.hpp"

using namespace bayespool;

namespace {

const ScalePrior exponential("exponential", {1}), half_cauchy("cauchy", {0, 1});
const auto no_check = [] {};

VectorXd one() { return VectorXd::Ones(1); }

// The last arguments are of DenseGrid.
void check(const char* name, const CountData& data, const CountPriors& priors, double low,
           double high, int count, double low_tau, double high_tau, int tau_count) {
  INFO(name);
  const CountQuadrature found(data, priors, 2, no_check);
  const DenseGrid grid(data, priors, low, high, count, low_tau, high_tau, tau_count);
  CHECK(std::abs(found.log_evidence() - grid.log_evidence) < 1e-6);
  const CountMarginals marginals(found);
  const auto agrees = [&](const std::function<double(const DenseGrid::Node&)>& f, double mean) {
    const double wanted = grid.mean(f);
    const double spread = std::sqrt(
        grid.mean([&](const DenseGrid::Node& node) { return std::pow(f(node) - wanted, 2); }));
    CHECK(std::abs(mean - wanted) < 2e-6 * spread);
  };
  agrees([](const DenseGrid::Node& node) { return node.mu; }, marginals.linear(one(), {}).link(0));
  agrees([](const DenseGrid::Node& node) { return node.tau; }, marginals.tau({})(0));
  for (Index c = 0; c < found.posterior().classes().count(); ++c) {
    const DenseGrid::Theta wanted = grid.theta(
        found.posterior().classes().likelihood[static_cast<std::size_t>(c)],
        [](double t) { return t; }, 0);
    const CountRows theta = marginals.theta(c, {});
    CHECK(std::abs(theta.link(0) - wanted.mean) < 2e-6 * wanted.sd);
    CHECK(close_to(theta.link(1), wanted.sd, 5e-6));
  }
}

// What the likelihood has in the place of a binomial coefficient, and the same for rates.
double log_constant(CountFamily family, double k, double n) {
  if (family == CountFamily::poisson) return (k > 0 ? k * std::log(n) : 0) - std::lgamma(k + 1);
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

}  // namespace

TEST_CASE("counts: extremes beside dense grids", "[counts]") {
  const std::vector<double> tens(8, 10);
  check("a prior of tau with a heavy tail", batters(), intercept_priors(0, 1.5, half_cauchy), -1.8,
        -0.3, 240, 1e-4, 60, 160);
  check("a heavy tail, rates", pumps(), intercept_priors(0, 2, half_cauchy), -11, 9, 360, 1e-4, 200,
        170);
  check("all but two groups without events",
        counts(CountFamily::poisson, {0, 0, 0, 0, 3, 0, 0, 1}, {20, 35, 50, 10, 60, 80, 20, 30}),
        intercept_priors(0, 2, exponential), -16, 8, 480, 1e-4, 40, 150);
  check("no successes", counts(CountFamily::binomial, std::vector<double>(8, 0), tens),
        intercept_priors(0, 1.5, exponential), -13, 9, 400, 1e-4, 40, 150);
  check("no failures", counts(CountFamily::binomial, tens, tens),
        intercept_priors(0, 1.5, exponential), -9, 13, 400, 1e-4, 40, 150);
  check("one trial a group, all successes",
        counts(CountFamily::binomial, std::vector<double>(6, 1), std::vector<double>(6, 1)),
        intercept_priors(0, 1.5, exponential), -10, 12, 400, 1e-4, 40, 150);
  check(
      "a million trials",
      counts(CountFamily::binomial, {300000, 310000, 280000, 350000}, std::vector<double>(4, 1e6)),
      intercept_priors(0, 1.5, exponential), -8, 8, 1600, 1e-2, 40, 200);
}

// An intercept and two columns with three distinct rows: the thetas of three populations, whose prior is normal, are the coefficients. By sums
// over dense grids of these and log tau.
TEST_CASE("counts: four dimensions beside a dense grid", "[counts]") {
  CountData data =
      counts(CountFamily::binomial, {3, 9, 6, 12, 15, 8, 2, 5, 4}, std::vector<double>(9, 20));
  data.x = MatrixXd::Zero(9, 3);
  data.x.col(0).setOnes();
  data.x.col(1).segment(3, 3).setOnes();
  data.x.col(2).tail(3).setOnes();
  const CountPriors priors{{VectorXd::Zero(3), VectorXd::Ones(3)}, exponential};
  const CountQuadrature found(data, priors, 2, no_check);
  CHECK(found.posterior().dimension() == 4);

  const int count = 120, tau_count = 90;
  const double low = -8, step = 15.0 / count, low_tau = std::log(1e-4),
               tau_step = std::log(2e5) / tau_count;
  // The integrals of the three groups of a population, by place and tau.
  std::vector<MatrixXd> groups(3, MatrixXd(count, tau_count));
  ThetaRule rule;
  for (int s = 0; s < 3; ++s)
    for (int i = 0; i < count; ++i)
      for (int l = 0; l < tau_count; ++l) {
        double sum = 0;
        for (int j = 3 * s; j < 3 * s + 3; ++j) {
          rule.fill(CountLikelihood(data.family, data.k(j), data.n(j)),
                    {low + (i + 0.5) * step, std::exp(low_tau + (l + 0.5) * tau_step)});
          sum += rule.log_integral();
        }
        groups[static_cast<std::size_t>(s)](i, l) = std::exp(sum);
      }
  const auto density = [](double z) { return normal_density(z); };
  double total = 0, slope = 0, tau_mean = 0;
  for (int l = 0; l < tau_count; ++l) {
    const double tau = std::exp(low_tau + (l + 0.5) * tau_step);
    // What lies below, too, as in DenseGrid.
    const double of_tau = std::exp(exponential.log_density(tau)) * tau * tau_step /
                          (l == 0 ? 1 - std::exp(-tau_step) : 1);
    double sum = 0, first = 0;
    for (int a = 0; a < count; ++a) {
      const double intercept = low + (a + 0.5) * step;
      // Given the intercept the two slopes are independent.
      double with[2] = {0, 0}, mean = 0;
      for (int b = 0; b < count; ++b) {
        const double move = low + (b + 0.5) * step - intercept, prior = density(move) * step;
        with[0] += prior * groups[1](b, l);
        with[1] += prior * groups[2](b, l);
        mean += prior * groups[1](b, l) * move;
      }
      const double outer = density(intercept) * step * groups[0](a, l);
      sum += outer * with[0] * with[1];
      first += outer * mean * with[1];
    }
    total += of_tau * sum;
    slope += of_tau * first;
    tau_mean += of_tau * sum * tau;
  }
  CHECK(std::abs(found.log_evidence() - std::log(total)) < 1e-6);
  const CountMarginals marginals(found);
  const CountRows row = marginals.linear(Eigen::Vector3d(0, 1, 0), {});
  CHECK(std::abs(row.link(0) - slope / total) < 1e-6 * row.link(1));
  const Eigen::RowVectorXd tau = marginals.tau({});
  CHECK(std::abs(tau(0) - tau_mean / total) < 1e-6 * tau(1));
}

TEST_CASE("counts: leaving out a group that is far from the others", "[counts]") {
  const CountData data = pumps();
  const CountPriors priors = intercept_priors(0, 2, exponential);
  const CountQuadrature found(data, priors, 2, no_check);
  const CountLeaveOneOut leave_out(found);
  const auto evidence = [&](const CountData& some) {
    return DenseGrid(some, priors, -12, 10, 300, 1e-4, 60, 120).log_evidence;
  };
  const double all = evidence(data);
  for (const Index j : {9, 5, 0}) {
    CountData rest = data;
    rest.k(j) = rest.n(j) = 0;
    const Index c = found.posterior().classes().class_of[static_cast<std::size_t>(j)];
    CHECK(std::abs(leave_out.group(c) - (all - evidence(rest))) < 1e-6);
  }
}

TEST_CASE("counts: a part of a count beside dense grids", "[counts]") {
  const CountPriors priors = intercept_priors(0, 2, exponential);
  struct Case {
    CountData data;
    Index group;
    CountPart part;
  };
  // A trial that succeeded and one that did not; an event in part of the exposure, none in another, most of what there is.
  const std::vector<Case> cases = {{batters(), 0, {1, 1}}, {batters(), 0, {0, 1}},
                                   {pumps(), 4, {1, 0.5}}, {pumps(), 4, {0, 0.5}},
                                   {pumps(), 9, {1, 1}},   {pumps(), 9, {21, 10}}};
  for (const Case& one_case : cases) {
    const Index j = one_case.group;
    CountData rest = one_case.data;
    rest.k(j) -= one_case.part.k;
    rest.n(j) -= one_case.part.n;
    const CountFamily family = rest.family;
    const auto evidence = [&](const CountData& some) {
      return family == CountFamily::binomial
                 ? DenseGrid(some, priors, -2.2, 0.1, 150, 1e-4, 40, 120).log_evidence
                 : DenseGrid(some, priors, -12, 10, 300, 1e-4, 60, 120).log_evidence;
    };
    const double wanted = evidence(one_case.data) - evidence(rest) +
                          log_constant(family, one_case.part.k, one_case.part.n) +
                          log_constant(family, rest.k(j), rest.n(j)) -
                          log_constant(family, one_case.data.k(j), one_case.data.n(j));
    const CountQuadrature found(one_case.data, priors, 2, no_check);
    const Index c = found.posterior().classes().class_of[static_cast<std::size_t>(j)];
    CHECK(std::abs(CountLeaveOneOut(found).part(c, one_case.part) - wanted) < 1e-6);
  }
}

TEST_CASE("counts: the rate of a new group, as far as it has a mean and an sd", "[counts]") {
  const auto rate = [](const CountPriors& priors) {
    const CountQuadrature found(pumps(), priors, 2, no_check);
    return CountMarginals(found).new_theta(one(), {}).response;
  };
  const CountPriors narrow = intercept_priors(0, 2, ScalePrior("normal", {0, 0.3}));
  const DenseGrid grid(pumps(), narrow, -9, 6, 400, 1e-4, 6, 200);
  const auto moment = [&](double m) {
    return grid.mean([m](const DenseGrid::Node& node) {
      return std::exp(m * node.mu + 0.5 * m * m * node.tau * node.tau);
    });
  };
  const Eigen::RowVectorXd found = rate(narrow);
  CHECK(close_to(found(0), moment(1), 1e-6));
  CHECK(close_to(found(1), std::sqrt(moment(2) - moment(1) * moment(1)), 1e-5));
  // E exp(2 theta) needs an sd below 1 / 2.
  const Eigen::RowVectorXd wider = rate(intercept_priors(0, 2, ScalePrior("normal", {0, 0.6})));
  CHECK(std::isfinite(wider(0)));
  CHECK(wider(1) == infinity);
  // A flat mean is as uncertain as tau is large: 0.98^2 (1 + 1 / 10) > 1.
  CHECK_FALSE(rate(intercept_priors(0, 2, ScalePrior("normal", {0, 0.98})))(0) == infinity);
  CHECK(rate(intercept_priors(0, infinity, ScalePrior("normal", {0, 0.98})))(0) == infinity);
  for (const ScalePrior& tau : {exponential, half_cauchy, ScalePrior("normal", {0, 2})}) {
    CHECK(rate(intercept_priors(0, 2, tau))(0) == infinity);
    CHECK(rate(intercept_priors(0, 2, tau))(1) == infinity);
  }
  // A known tau.
  const CountQuadrature known(pumps(), intercept_priors(0, 2, ScalePrior("degenerate", {0.5})), 2,
                              no_check);
  const CountMarginals marginals(known);
  const double factor = std::exp(0.125);
  CHECK(close_to(marginals.new_theta(one(), {}).response(0),
                 factor * marginals.linear(one(), {}).response(0), 1e-8));
}
