// Quadrature of the sds: evidence and quantiles in closed form, modes far apart, and what is recorded of it.
#include <catch.h>

#include <boost/math/distributions/students_t.hpp>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "close_to.hpp"
#include "core/errors.hpp"
#include "core/exact/posterior_summary.hpp"
#include "core/exact/quadrature.hpp"
#include "core/exact/record.hpp"
#include "core/exact/second_look.hpp"

using namespace bayespool;

namespace {

const std::function<void()> no_check = [] {};

// One group.
GroupedData sample(double size, double mean, double squares) {
  GroupedData data;
  data.size = VectorXd::Constant(1, size);
  data.projection.resize(1, 2);
  data.projection << 1, mean;
  data.within = MatrixXd::Zero(2, 2);
  data.within(1, 1) = squares;
  data.observations = size;
  data.direction = 0;
  return data;
}

// Groups of one observation each.
GroupedData means(const std::vector<double>& y) {
  GroupedData data;
  const Index groups = static_cast<Index>(y.size());
  data.size = VectorXd::Ones(groups);
  data.projection = MatrixXd::Ones(groups, 2);
  for (Index j = 0; j < groups; ++j) data.projection(j, 1) = y[static_cast<std::size_t>(j)];
  data.within = MatrixXd::Zero(2, 2);
  data.observations = static_cast<double>(groups);
  data.direction = 0;
  return data;
}

CoefficientPriors prior(double mean, double sd) {
  return {VectorXd::Constant(1, mean), VectorXd::Constant(1, sd)};
}

const ScalePrior flat("flat", {}), none("degenerate", {0}), one("degenerate", {1});

// Over (0, inf), by pieces of its logarithm.
template <class LogFunction>
double log_integral(LogFunction log_f, const std::vector<double>& ends) {
  double sum = 0;
  const double top = log_f(ends[ends.size() / 2]);
  for (std::size_t i = 0; i + 1 < ends.size(); ++i)
    sum += boost::math::quadrature::gauss_kronrod<double, 61>::integrate(
        [&](double u) { return std::exp(log_f(std::exp(u)) + u - top); }, std::log(ends[i]),
        std::log(ends[i + 1]), 12, 1e-14);
  return top + std::log(sum);
}

}  // namespace

TEST_CASE("quadrature: flat priors give Student's t", "[quadrature]") {
  for (const double n : {4.0, 10.0, 1e4}) {
    const double mean = 3, squares = 0.04 * n;
    const Design design(sample(n, mean, squares), prior(0, infinity));
    const Quadrature quadrature(design, {flat, none}, {0, 0}, Quadrature::Purpose::distributions,
                                false, no_check);
    // The integral over mu leaves sigma^-(n-1) exp(-S / 2 sigma^2).
    const double power = 0.5 * (n - 2);
    const double expected = -0.5 * ((n - 1) * log_two_pi + std::log(n)) - std::log(2.0) +
                            std::lgamma(power) - power * std::log(0.5 * squares);
    INFO(n << " observations: off by " << quadrature.log_evidence() - expected);
    CHECK(std::abs(quadrature.log_evidence() - expected) <
          1e-10 * std::max(1.0, 1e-4 * std::abs(expected)));
    const std::vector<Tails> tails = {{1e-4, 1 - 1e-4}, {0.05, 0.95}, {0.5, 0.5}, {0.975, 0.025}};
    const Eigen::RowVectorXd row =
        PosteriorSummary(design, quadrature, {tails, 0}, {1e9, no_check}).coefficient(0);
    const boost::math::students_t student(n - 2);
    const double scale = std::sqrt(squares / (n * (n - 2)));
    for (std::size_t i = 0; i < tails.size(); ++i) {
      const double t = (row(2 + static_cast<Index>(i)) - mean) / scale;
      CHECK(std::abs(boost::math::cdf(student, t) - tails[i].below) < 1e-8);
    }
  }
}

TEST_CASE("quadrature: nodes have weights that sum to one, thinned ones, too", "[quadrature]") {
  const Design design(means({1, 2, 4, -1, 0.5}), prior(0, 10));
  const ScalePrior exponential("exponential", {0.5});
  const Quadrature quadrature(design, {one, exponential}, {2, 2},
                              Quadrature::Purpose::distributions, false, no_check);
  const std::vector<PosteriorNode> nodes = quadrature.nodes();
  const std::vector<ChosenNode> thinned = quadrature.thinned_nodes();
  double total = 0, mean = 0, thinned_total = 0, thinned_mean = 0;
  for (const PosteriorNode& node : nodes) {
    total += node.weight;
    mean += node.weight * node.at.tau;
    CHECK(node.at.sigma == 1);
  }
  for (const ChosenNode& node : thinned) {
    thinned_total += node.weight;
    thinned_mean += node.weight * nodes[node.index].at.tau;
  }
  CHECK(close_to(total, 1));
  CHECK(close_to(thinned_total, 1));
  CHECK(close_to(thinned_mean, mean, 1e-7));
}

TEST_CASE("quadrature: sigma has a mode at the data and one at the prior, far away",
          "[quadrature]") {
  // Known mean 0; the likelihood falls as sigma^-4 to a narrow prior at 1000.
  const double n = 4, squares = 4, location = 1000;
  for (const double scale : {1e-3, 1e-4}) {
    const ScalePrior sigma("cauchy", {location, scale});
    const Design design(sample(n, 0, squares), prior(0, 0));
    const Quadrature quadrature(design, {sigma, none}, {0, 0}, Quadrature::Purpose::distributions,
                                false, no_check);
    const auto log_f = [&](double s) {
      return -0.5 * n * log_two_pi - n * std::log(s) - 0.5 * squares / (s * s) +
             sigma.log_density(s);
    };
    const std::vector<double> below = {1e-3, 0.5, 1, 3, 30, 500};
    std::vector<double> above = {500};
    for (double out = 256; out > 0.1 * scale; out /= 4) above.push_back(location - out);
    const std::size_t side = above.size();
    for (std::size_t i = side; i-- > 1;) above.push_back(2 * location - above[i]);
    above.insert(above.end(), {2e3, 1e5, 1e8, 1e12});
    const double low = log_integral(log_f, below), high = log_integral(log_f, above);
    const double expected = std::max(low, high) + std::log1p(std::exp(-std::abs(low - high)));
    INFO("prior of width " << scale << ": log masses " << low << " and " << high << ", evidence "
                           << quadrature.log_evidence() << ", off by "
                           << quadrature.log_evidence() - expected);
    CHECK(std::abs(low - high) < 8);
    CHECK(close_to(quadrature.log_evidence(), expected, 1e-9));
    CHECK(SecondLook(quadrature).mass_beyond(no_check) < 1e-10);
    double right = 0;
    for (const PosteriorNode& node : quadrature.nodes())
      if (node.at.sigma > 500) right += node.weight;
    CHECK(right == Approx(std::exp(high - expected)).epsilon(1e-8));
  }
}

TEST_CASE("quadrature: tau has a mode at the data and one at the prior, far away", "[quadrature]") {
  const std::vector<double> y = {1, -2, 0.5, 2};
  const ScalePrior tau("cauchy", {300, 1e-2});
  const Design design(means(y), prior(0, 0));
  const Quadrature quadrature(design, {one, tau}, {0, 0}, Quadrature::Purpose::distributions, false,
                              no_check);
  double squares = 0;
  for (double value : y) squares += value * value;
  const auto log_f = [&](double t) {
    const double variance = 1 + t * t;
    return -2 * (log_two_pi + std::log(variance)) - 0.5 * squares / variance + tau.log_density(t);
  };
  std::vector<double> ends = {1e-12, 1e-6, 1e-3, 0.1, 1, 3, 10, 100};
  const std::size_t first = ends.size();
  for (double out = 128; out > 1e-3; out /= 4) ends.push_back(300 - out);
  for (std::size_t i = ends.size(); i-- > first;) ends.push_back(600 - ends[i]);
  ends.insert(ends.end(), {1e3, 1e5, 1e8});
  const double expected = log_integral(log_f, ends);
  INFO("off by " << quadrature.log_evidence() - expected);
  CHECK(close_to(quadrature.log_evidence(), expected, 1e-9));
}

TEST_CASE("quadrature: evidence of both sds does not depend on the purpose or the unit",
          "[quadrature]") {
  const ScalePrior exponential("exponential", {1}), by_thousand("exponential", {1e-3});
  GroupedData data = means({1, 2, 4, -1, 0.5});
  data.size.setConstant(3);
  data.observations = 15;
  data.within(1, 1) = 7;
  const auto evidence = [&](const GroupedData& of, const ScalePrior& scale, double sd,
                            Quadrature::Purpose purpose) {
    return Quadrature(Design(of, prior(0, sd)), {scale, scale}, {2, 2}, purpose, false, no_check)
        .log_evidence();
  };
  const double expected = evidence(data, exponential, 10, Quadrature::Purpose::distributions);
  CHECK(close_to(evidence(data, exponential, 10, Quadrature::Purpose::evidence), expected, 1e-9));
  data.projection.col(1) *= 1e3;
  data.within(1, 1) *= 1e6;
  CHECK(close_to(evidence(data, by_thousand, 1e4, Quadrature::Purpose::evidence),
                 expected - 15 * std::log(1e3), 1e-9));
}

TEST_CASE("quadrature: mass beyond all doubles is an error", "[quadrature]") {
  const Design design(sample(0, 0, 0), prior(0, 1));
  for (const double log_location : {-1e6, 1e6})
    CHECK_THROWS_AS(Quadrature(design, {ScalePrior("lognormal", {log_location, 1}), none}, {0, 0},
                               Quadrature::Purpose::evidence, false, no_check),
                    UnreachableMass);
}

TEST_CASE("a second look finds a mode that a quadrature misses", "[quadrature]") {
  // Far data and a wide mean: one mode where sigma explains them, one where the mean does. The rule has the one alone.
  const double n = 30, location = 500;
  const ScalePrior sigma("cauchy", {0, 1});
  const Design design(sample(n, 0, n), prior(location, 25));
  const Quadrature whole(design, {sigma, none}, {1, 0}, Quadrature::Purpose::evidence, false,
                         no_check);
  REQUIRE(whole.outer().map().peaks().size() == 2);
  CHECK(whole.pieces_far_apart());
  CHECK(SecondLook(whole).mass_beyond(no_check) < 1e-10);
  CollapsedPosterior posterior = whole.posterior();
  for (const Peak& peak : whole.outer().map().peaks()) {
    const LineRule part([&](double x) { return whole.log_density(posterior, x, 0); }, {peak},
                        Reach{peak.center, peak.center}, HUGE_VAL, [](double) { return 0.0; });
    RecordWriter writer;
    writer.number(whole.log_evidence() - posterior.log_reference() + part.log_total());
    writer.number(HUGE_VAL);
    writer.rule(part);
    RecordReader reader(writer.numbers());
    const Quadrature one_mode(design, {sigma, none}, {1, 0}, reader, no_check);
    const double held = std::exp(part.log_total());  // of the whole
    INFO("a mode that holds " << held);
    const double seen = SecondLook(one_mode).mass_beyond(no_check), missed = (1 - held) / held;
    CHECK(seen > 0.5 * missed);
    CHECK(seen < 2 * missed);
  }
}

TEST_CASE("a second look with two sds, and with known ones", "[quadrature]") {
  const ScalePrior exponential("exponential", {1}), known("degenerate", {0.7});
  for (const ScalePriors& priors : std::vector<ScalePriors>{{exponential, exponential},
                                                            {known, exponential},
                                                            {exponential, known},
                                                            {known, known}}) {
    const Design design(means({1, -2, 0.5, 2}), prior(0, 10));
    const Quadrature quadrature(design, priors, {2, 2}, Quadrature::Purpose::distributions, false,
                                no_check);
    CHECK_FALSE(quadrature.pieces_far_apart());
    CHECK(SecondLook(quadrature).mass_beyond(no_check) < 1e-9);
  }
}
