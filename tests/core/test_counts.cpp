// Models of counts: nodes, marginal distributions, leave-one-out and draws, beside dense grids and closed forms.
#include <catch.h>

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <random>
#include <vector>

#include "close_to.hpp"
#include "core/exact/count_leave_one_out.hpp"
#include "core/exact/count_marginals.hpp"
#include "core/exact/count_sampler.hpp"
#include "count_examples.hpp"

using namespace bayespool;

namespace {

const ScalePrior exponential("exponential", {1}), none("degenerate", {0});
const auto no_check = [] {};

SummaryColumns quantiles() {
  SummaryColumns columns;
  columns.probabilities = {{0.05, 0.95}, {0.5, 0.5}, {0.9, 0.1}};
  columns.shortest = 0.8;
  return columns;
}

CountQuadrature quadrature(const CountData& data, const CountPriors& priors, double order = 2) {
  return CountQuadrature(data, priors, order, no_check);
}

double same(double x) { return x; }

VectorXd one() { return VectorXd::Ones(1); }

struct Example {
  CountData data;
  CountPriors priors;
  double low, high;  // of mu
  int count;         // of mu's nodes in the dense grid
  Index group;
};

// Evidence and moments agree to the grid's own error, which the fall of the density at its ends leaves at about 1e-6.
void check(const Example& example, const char* name) {
  INFO(name);
  const CountQuadrature found = quadrature(example.data, example.priors);
  const DenseGrid grid(example.data, example.priors, example.low, example.high, example.count, 1e-4,
                       40, 150);
  CHECK(std::abs(found.log_evidence() - grid.log_evidence) < 2e-6);
  const CountMarginals marginals(found);
  const CountRows mu = marginals.linear(one(), quantiles());
  const Eigen::RowVectorXd tau = marginals.tau(same, quantiles());
  const auto moments = [&](const std::function<double(const DenseGrid::Node&)>& f, double mean,
                           double sd) {
    const double wanted = grid.mean(f);
    const double spread = std::sqrt(
        grid.mean([&](const DenseGrid::Node& node) { return std::pow(f(node) - wanted, 2); }));
    CHECK(std::abs(mean - wanted) < 2e-6 * spread);
    CHECK(std::abs(sd / spread - 1) < 5e-6);
  };
  moments([](const DenseGrid::Node& node) { return node.mu; }, mu.link(0), mu.link(1));
  moments([](const DenseGrid::Node& node) { return node.tau; }, tau(0), tau(1));

  const Index c = found.posterior().classes().class_of[static_cast<std::size_t>(example.group)];
  const CountLikelihood& likelihood =
      found.posterior().classes().likelihood[static_cast<std::size_t>(c)];
  const CountRows theta = marginals.theta(c, quantiles());
  const auto response = [&](double t) {
    return likelihood.family() == CountFamily::poisson ? std::exp(t) : 1 / (1 + std::exp(-t));
  };
  const std::vector<double> wanted = {0.05, 0.5, 0.9};
  for (Index i = 0; i < 3; ++i) {
    const double q = theta.link(2 + i);
    const DenseGrid::Theta link = grid.theta(
        likelihood, [](double t) { return t; }, q);
    CHECK(std::abs(link.below - wanted[static_cast<std::size_t>(i)]) < 3e-6);
    CHECK(close_to(theta.response(2 + i), response(q), 1e-12));
    if (i > 0) continue;
    CHECK(std::abs(theta.link(0) - link.mean) < 2e-6 * link.sd);
    CHECK(std::abs(theta.link(1) / link.sd - 1) < 5e-6);
    const DenseGrid::Theta natural = grid.theta(likelihood, response, q);
    CHECK(std::abs(theta.response(0) - natural.mean) < 2e-6 * natural.sd);
    CHECK(std::abs(theta.response(1) / natural.sd - 1) < 5e-6);
  }

  const double group = std::log(grid.mean([&](const DenseGrid::Node& node) {
    return std::exp(-node.log_z[static_cast<std::size_t>(example.group)]);
  }));
  CHECK(std::abs(CountLeaveOneOut(found).group(c) + group) < 1e-5);
}

}  // namespace

TEST_CASE("counts: beside dense grids", "[counts]") {
  check({batters(), intercept_priors(0, 1.5, exponential), -1.8, -0.3, 240, 17}, "batters");
  check({pumps(), intercept_priors(0, 2, exponential), -9, 7, 320, 0}, "pumps");
  check({counts(CountFamily::binomial, {0, 0, 0, 0, 3, 0, 0, 1, 0, 0},
                {20, 35, 50, 10, 60, 80, 20, 30, 40, 50}),
         intercept_priors(0, 2, exponential), -14, 6, 600, 0},
        "rare events");
  check({counts(CountFamily::binomial, {1, 0, 1, 1, 0, 1, 1, 0}, std::vector<double>(8, 1)),
         intercept_priors(0, 1.5, exponential), -9, 9, 400, 0},
        "one trial a group");
}

TEST_CASE("counts: a million trials a group are normal observations", "[counts]") {
  const CountData data =
      counts(CountFamily::binomial, {300000, 310000, 280000, 350000}, std::vector<double>(4, 1e6));
  const CountQuadrature found = quadrature(data, intercept_priors(0, 1.5, exponential));
  const CountMarginals marginals(found);
  for (Index j = 0; j < 4; ++j) {
    const CountRows theta = marginals.theta(
        found.posterior().classes().class_of[static_cast<std::size_t>(j)], quantiles());
    const double p = data.k(j) / 1e6, s = 1 / std::sqrt(1e6 * p * (1 - p));
    // The prior shifts and shrinks by a share of s^2 / tau^2, tau being about 0.1.
    CHECK(std::abs(theta.link(0) - std::log(p / (1 - p))) < 0.1 * s);
    CHECK(std::abs(theta.link(1) / s - 1) < 0.01);
    CHECK(std::abs((theta.link(3) - theta.link(0)) / s) < 0.01);
    CHECK(std::abs((theta.link(4) - theta.link(0)) / theta.link(1) - 1.2815515655446004) < 2e-3);
  }
}

TEST_CASE("counts: complete pooling and independent groups in closed form", "[counts]") {
  // theta = mu with a flat prior: p ~ Beta(K, N - K), a rate ~ Gamma(K, N).
  const CoefficientPriors flat{VectorXd::Zero(1), VectorXd::Constant(1, infinity)};
  const CountData hits = batters();
  const double k = hits.k.sum(), n = hits.n.sum();
  const CountQuadrature pooled = quadrature(hits, {flat, none}, 0);
  double constant = 0;
  for (Index j = 0; j < hits.k.size(); ++j)
    constant += std::lgamma(46) - std::lgamma(hits.k(j) + 1) - std::lgamma(46 - hits.k(j));
  CHECK(close_to(pooled.log_evidence(),
                 constant + std::lgamma(k) + std::lgamma(n - k) - std::lgamma(n), 1e-8));
  const CountMarginals marginals(pooled);
  for (const CountRows& rows :
       {marginals.linear(one(), quantiles()), marginals.theta(3, quantiles()),
        marginals.new_theta(one(), quantiles())}) {
    CHECK(close_to(rows.response(0), k / n, 1e-8));
    CHECK(close_to(rows.response(1), std::sqrt(k * (n - k) / (n * n * (n + 1))), 1e-8));
    CHECK(close_to(boost::math::ibeta(k, n - k, rows.response(2)), 0.05, 1e-7));
    CHECK(close_to(boost::math::ibeta(k, n - k, rows.response(4)), 0.9, 1e-7));
    const double lower = rows.response(5), upper = rows.response(6);
    CHECK(close_to(boost::math::ibeta(k, n - k, upper) - boost::math::ibeta(k, n - k, lower), 0.8,
                   1e-7));
    const double below = boost::math::ibeta(k, n - k, lower);
    for (const double shift : {-0.005, 0.005})
      CHECK(upper - lower < boost::math::ibeta_inv(k, n - k, below + shift + 0.8) -
                                boost::math::ibeta_inv(k, n - k, below + shift));
  }
  // Each alone.
  const CoefficientPriors known{VectorXd::Zero(1), VectorXd::Zero(1)};
  const CountData failures = pumps();
  const CountQuadrature alone =
      quadrature(failures, {known, ScalePrior("degenerate", {infinity})}, 0);
  const CountMarginals each(alone);
  for (Index j = 0; j < failures.k.size(); ++j) {
    const Index c = alone.posterior().classes().class_of[static_cast<std::size_t>(j)];
    const CountRows rows = each.theta(c, quantiles());
    const double shape = failures.k(j), rate = failures.n(j);
    CHECK(close_to(rows.response(0), shape / rate, 1e-7));
    CHECK(close_to(rows.response(1), std::sqrt(shape) / rate, 1e-7));
    CHECK(close_to(boost::math::gamma_p(shape, rate * rows.response(2)), 0.05, 1e-7));
    CHECK(close_to(boost::math::gamma_p(shape, rate * rows.response(4)), 0.9, 1e-7));
  }
}

TEST_CASE("counts: many groups at once have the integrals of each alone", "[counts]") {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform;
  for (const CountFamily family : {CountFamily::binomial, CountFamily::poisson}) {
    CountData data{family, VectorXd(300), VectorXd(300), MatrixXd::Ones(300, 1)};
    for (Index j = 0; j < 300; ++j) {
      data.n(j) = std::floor(std::pow(10, 5 * uniform(random)));
      data.k(j) = std::floor((data.n(j) + 1) * std::pow(uniform(random), 3));
      if (j % 4 == 0) data.k(j) = 0;
      if (j % 9 == 0) data.k(j) = data.n(j);
    }
    const CountClasses classes(data);
    CountTable table(classes);
    Eigen::ArrayXd found;
    ThetaRule rule;
    double worst = 0;
    for (int trial = 0; trial < 40; ++trial) {
      const double tau = std::pow(10, -4 + 6 * uniform(random)), eta = 8 * (uniform(random) - 0.7);
      table.log_integrals(Eigen::ArrayXd::Constant(1, eta), tau, found);
      for (Index c = 0; c < classes.count(); ++c) {
        rule.fill(classes.likelihood[static_cast<std::size_t>(c)], {eta, tau});
        const double wanted = rule.log_integral();
        worst =
            std::max(worst, std::abs(found(c) - wanted) / std::max(1.0, 1e-4 * std::abs(wanted)));
      }
    }
    CHECK(worst < 2e-10);
  }
}

TEST_CASE("counts: covariates, on any scale", "[counts]") {
  CountData data = batters();
  data.x.resize(18, 2);
  for (Index j = 0; j < 18; ++j) data.x.row(j) << 1, std::cos(static_cast<double>(j));
  const VectorXd flat = VectorXd::Constant(2, infinity);
  const CountQuadrature plain = quadrature(data, {{VectorXd::Zero(2), flat}, exponential});
  CHECK(plain.posterior().dimension() == 3);
  CountData scaled = data;
  scaled.x.col(1) = 1000 + 1e-3 * data.x.col(1).array();
  const CountQuadrature moved = quadrature(scaled, {{VectorXd::Zero(2), flat}, exponential});
  // beta becomes 1000 times as large: so does its flat prior's volume.
  CHECK(close_to(moved.log_evidence(), plain.log_evidence() + std::log(1000), 1e-7));
  const CountMarginals a(plain), b(moved);
  const VectorXd slope = Eigen::Vector2d(0, 1);
  const CountRows before = a.linear(slope, quantiles()), after = b.linear(slope, quantiles());
  for (Index i = 0; i < 5; ++i) CHECK(close_to(after.link(i) / 1000, before.link(i), 1e-5));
  // A known slope of 0 is none.
  VectorXd known = flat;
  known(1) = 0;
  const CountQuadrature without = quadrature(data, {{VectorXd::Zero(2), known}, exponential});
  const CountQuadrature fewer =
      quadrature(batters(), {{VectorXd::Zero(1), VectorXd::Constant(1, infinity)}, exponential});
  CHECK(close_to(without.log_evidence(), fewer.log_evidence(), 1e-7));
}

TEST_CASE("counts: parts of a count given the rest", "[counts]") {
  const CountQuadrature found = quadrature(batters(), intercept_priors(0, 1.5, exponential));
  const CountLeaveOneOut leave_out(found);
  const CountClasses& classes = found.posterior().classes();
  // With a success less, and the evidence of the two: p(success | rest) = p(all) / p(rest), but for the number of orders.
  for (const std::size_t j : {0, 17}) {
    for (const double k : {1.0, 0.0}) {
      CountData fewer = batters();
      const Index own = static_cast<Index>(j);
      const double orders =
          k > 0 ? fewer.n(own) / fewer.k(own) : fewer.n(own) / (fewer.n(own) - fewer.k(own));
      fewer.k(own) -= k;
      fewer.n(own) -= 1;
      const double wanted =
          found.log_evidence() -
          quadrature(fewer, intercept_priors(0, 1.5, exponential)).log_evidence() -
          std::log(orders);
      CHECK(close_to(leave_out.part(classes.class_of[j], {k, 1}), wanted, 1e-6));
    }
    CountData others = batters();
    std::vector<double> k, n;
    for (std::size_t i = 0; i < 18; ++i)
      if (i != j) {
        k.push_back(others.k(static_cast<Index>(i)));
        n.push_back(45);
      }
    const double rest =
        quadrature(counts(CountFamily::binomial, k, n), intercept_priors(0, 1.5, exponential))
            .log_evidence();
    CHECK(close_to(leave_out.group(classes.class_of[j]), found.log_evidence() - rest, 1e-6));
  }
}

TEST_CASE("counts: draws have the marginal distributions, whatever the order of chunks",
          "[counts]") {
  const Index draws = 20032;
  for (const CountData& data : {batters(), pumps()}) {
    const CountQuadrature found = quadrature(data, intercept_priors(0, 1.5, exponential));
    const Index groups = data.k.size();
    const CountSampler sampler(found, {{Index{0}}, Index{1}, Index{2}, VectorXd::Zero(1)}, 11);
    MatrixXd first(draws, 2 + groups), second(draws, 2 + groups);
    double greatest = 0;
    const Index chunks = CountSampler::chunk_count(draws);
    for (Index c = 0; c < chunks; ++c)
      greatest =
          std::max(greatest, sampler.draw_chunk(c, draws, CountSampler::first_bound, first.data()));
    CHECK(greatest <= CountSampler::first_bound);
    for (Index c = chunks - 1; c >= 0; --c)
      sampler.draw_chunk(c, draws, CountSampler::first_bound, second.data());
    CHECK(first == second);
    const CountMarginals marginals(found);
    std::vector<Eigen::RowVectorXd> rows = {marginals.linear(one(), quantiles()).link,
                                            marginals.tau(same, quantiles())};
    for (Index c : found.posterior().classes().class_of)
      rows.push_back(marginals.theta(c, quantiles()).link);
    for (Index i = 0; i < 2 + groups; ++i) {
      const Eigen::RowVectorXd& row = rows[static_cast<std::size_t>(i)];
      CHECK(std::abs(first.col(i).mean() - row(0)) < 5 * row(1) / std::sqrt(draws));
      const std::vector<double> p = {0.05, 0.5, 0.9};
      for (std::size_t q = 0; q < 3; ++q) {
        const double share =
            (first.col(i).array() <= row(2 + static_cast<Index>(q))).cast<double>().mean();
        CHECK(std::abs(share - p[q]) < 5 * std::sqrt(p[q] * (1 - p[q]) / draws));
      }
    }
  }
}

TEST_CASE("counts: a quadrature that is read has the nodes of the one that was written",
          "[counts]") {
  for (const CountPriors& priors :
       {intercept_priors(0, 1.5, exponential), intercept_priors(0, 1.5, none),
        intercept_priors(0, 0, ScalePrior("degenerate", {1.5}))}) {
    const CountQuadrature made = quadrature(batters(), priors);
    RecordWriter writer;
    made.write(writer);
    RecordReader reader(writer.numbers());
    const CountQuadrature read(batters(), priors, 2, reader, no_check);
    CHECK_THROWS_AS(reader.number(), InvalidInput);
    CHECK(read.log_evidence() == made.log_evidence());
    CHECK(read.error() == made.error());
    CHECK(CountMarginals(read).theta(2, quantiles()).link ==
          CountMarginals(made).theta(2, quantiles()).link);
  }
}
