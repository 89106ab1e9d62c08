// The rule on a line against integrals in closed form: one peak, heavy tails, several peaks of very different width.
#include <catch.h>

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/errors.hpp"
#include "core/numerics/constants.hpp"
#include "core/numerics/line_rule.hpp"

using namespace bayespool;

namespace {

double log_normal_density(double x, double mean, double sd) {
  const double z = (x - mean) / sd;
  return -0.5 * (z * z + log_two_pi) - std::log(sd);
}

double log_sum(double a, double b) {
  const double top = std::max(a, b);
  return top + std::log(std::exp(a - top) + std::exp(b - top));
}

// exp(order * x): the moment of a quantity whose logarithm is x.
struct LogMoment {
  double order = 0;
  double operator()(double x) const { return order * x; }
};

// A rule on the peaks that are seen from `points`.
template <class LogFunction>
LineRule rule_for(LogFunction log_f, const std::vector<double>& points, double order = 0,
                  double max_spacing = HUGE_VAL) {
  std::vector<Peak> peaks;
  for (double x : points) peaks.push_back(climb(log_f, x, 0.5));
  return LineRule(log_f, significant_peaks(peaks), Reach{points.front(), points.back()},
                  max_spacing, LogMoment{order});
}

template <class Quantity>
double expectation(const LineRule& rule, Quantity quantity) {
  double sum = 0;
  for (int i = 0; i < rule.count(); ++i) sum += rule.weight(i) * quantity(rule.x(i));
  return sum;
}

}  // namespace

TEST_CASE("line rule: normal densities of any place and width", "[line_rule]") {
  for (const double mean : {-150.0, 0.0, 0.3, 200.0})
    for (const double sd : {1e-8, 1e-3, 0.3, 1.7}) {
      INFO("mean = " << mean << ", sd = " << sd);
      const LineRule rule =
          rule_for([=](double x) { return log_normal_density(x, mean, sd); }, {mean + 0.4 * sd});
      // Where x has few digits for its width, so has the density.
      const double tolerance = 1e-12 + 1e-15 * std::abs(mean) / sd;
      CHECK(std::abs(rule.log_total()) < tolerance);
      CHECK(std::abs(expectation(rule, [=](double x) { return (x - mean) / sd; })) <
            1e-9 + tolerance);
      const double variance =
          expectation(rule, [=](double x) { return (x - mean) * (x - mean) / (sd * sd); });
      CHECK(close_to(variance, 1, 1e-9 + tolerance));
      CHECK(rule.edge_mass() < 1e-15);
      CHECK(rule.count() < 100);
    }
}

TEST_CASE("line rule: the logarithm of a gamma variable, which falls exponentially",
          "[line_rule]") {
  for (const double shape : {0.2, 1.0, 30.0}) {
    CAPTURE(shape);
    const LineRule rule =
        rule_for([=](double x) { return shape * x - std::exp(x); }, {std::log(shape)}, 2);
    CHECK(close_to(rule.log_total(), boost::math::lgamma(shape), 1e-12));
    CHECK(close_to(expectation(rule, [](double x) { return std::exp(x); }), shape, 1e-9));
    CHECK(close_to(expectation(rule, [](double x) { return std::exp(2 * x); }), shape * (shape + 1),
                   1e-9));
  }
}

TEST_CASE("line rule: heavy tails are followed as far as the wanted moments need", "[line_rule]") {
  // log |t| for Student's t with 1 and with 5 degrees of freedom
  const LineRule cauchy =
      rule_for([](double x) { return -std::log(M_PI) - std::log(std::cosh(x)); }, {0.7});
  INFO("error " << cauchy.log_total());
  CHECK(std::abs(cauchy.log_total()) < 1e-10);
  // 2 Gamma(3) / (sqrt(5 pi) Gamma(5 / 2))
  const double log_constant = std::log(4 / std::sqrt(5 * M_PI)) - boost::math::lgamma(2.5);
  const auto student = [=](double x) {
    return x + log_constant - 3 * std::log1p(std::exp(2 * x) / 5);
  };
  const LineRule bulk = rule_for(student, {0}), far = rule_for(student, {0}, 4);
  CHECK(std::abs(bulk.log_total()) < 1e-10);
  CHECK(std::abs(far.log_total()) < 1e-10);
  CHECK(close_to(expectation(far, [](double x) { return std::exp(2 * x); }), 5.0 / 3, 1e-9));
  CHECK(close_to(expectation(far, [](double x) { return std::exp(4 * x); }), 25, 1e-9));
  CHECK(far.x(far.count() - 1) > bulk.x(bulk.count() - 1));
}

TEST_CASE("line rule: peaks of any distance and width share the mass", "[line_rule]") {
  for (const double distance : {3.0, 10.0, 50.0, 250.0})
    for (const double sd : {1e-5, 1e-2, 1.0})
      for (const double share : {0.3, 1e-6}) {
        INFO("distance = " << distance << ", sd = " << sd << ", share = " << share);
        const auto log_f = [=](double x) {
          return log_sum(std::log(share) + log_normal_density(x, distance, sd),
                         std::log1p(-share) + log_normal_density(x, 0, 1));
        };
        const LineRule rule(log_f, {{0, 1, log_f(0)}, {distance, sd, log_f(distance)}},
                            Reach{0, distance}, HUGE_VAL, LogMoment{0});
        // The map gives places to 14 digits.
        const double tolerance = 1e-12 + 1e-14 * distance / sd;
        INFO("error " << rule.log_total());
        CHECK(std::abs(rule.log_total()) < tolerance);
        CHECK(close_to(expectation(rule, [](double x) { return x; }), share * distance,
                       1e-9 + tolerance));
        if (distance < 50) continue;
        const double right =
            expectation(rule, [=](double x) { return x > 0.5 * distance ? 1.0 : 0.0; });
        CHECK(close_to(right / share, 1, 1e-9 + tolerance));
      }
}

TEST_CASE("line rule: refining halves the step and keeps the nodes", "[line_rule]") {
  const auto log_f = [](double x) { return 2 * x - std::exp(x); };
  LineRule rule = rule_for(log_f, {0.7});
  const LineRule before = rule;
  rule.refine(log_f);
  REQUIRE(rule.count() == 2 * before.count() - 1);
  CHECK(rule.step() == 0.5 * before.step());
  CHECK(close_to(rule.log_total(), before.log_total(), 1e-12));
  for (int i = 0; i < before.count(); ++i) {
    CHECK(rule.x(2 * i) == before.x(i));
    CHECK(rule.log_mass()[static_cast<std::size_t>(2 * i)] ==
          before.log_mass()[static_cast<std::size_t>(i)]);
  }
}

TEST_CASE("line rule: nodes with weight are as close as is asked for", "[line_rule]") {
  const auto log_f = [](double x) { return log_normal_density(x, 0, 1.5); };
  const LineRule wide = rule_for(log_f, {0}), close = rule_for(log_f, {0}, 0, 0.1);
  const auto widest = [](const LineRule& rule) {
    double spacing = 0;
    for (int i = 1; i < rule.count(); ++i)
      if (rule.weight(i) > 1e-8) spacing = std::max(spacing, rule.x(i) - rule.x(i - 1));
    return spacing;
  };
  CHECK(widest(wide) > 0.1);
  CHECK(widest(close) <= 0.1);
  CHECK(std::abs(close.log_total()) < 1e-12);
}

TEST_CASE("line rule: the density between nodes is linear and integrates to one", "[line_rule]") {
  const LineRule rule = rule_for([](double x) { return log_normal_density(x, 1, 0.5); }, {1});
  for (int i = 1; i + 1 < rule.count(); ++i)
    CHECK(close_to(rule.linear_density(rule.x(i)),
                   rule.weight(i) / rule.step() * rule.map().density(rule.x(i)), 1e-9));
  CHECK(rule.linear_density(rule.x(0) - 1) == 0);
  double total = 0;
  for (double x = -4; x < 6; x += 1e-3) total += 1e-3 * rule.linear_density(x);
  CHECK(close_to(total, 1, 1e-5));
}

TEST_CASE("line rule: the map and its inverse", "[line_rule]") {
  const LineMap map({{-40, 1e-6, 0}, {2, 0.1, 1}, {90, 2, -3}});
  for (double s = -60; s < 60; s += 0.37) CHECK(close_to(map.s(map.x(s)), s, 1e-8));
  CHECK(close_to(map.x(0), map.highest().center, 1e-12));
  for (const double x : {-41.0, -39.0, 1.9, 30.0, 100.0}) {
    const double h = 1e-4;
    CHECK(close_to(map.density(x), (map.s(x + h) - map.s(x - h)) / (2 * h), 1e-5));
  }
}

TEST_CASE("line rule: tails that fall by powers", "[line_rule]") {
  // Student's t, not normalised: its total is sqrt(df) scale B(df / 2, 1 / 2).
  const auto of_student = [](double df, double scale) {
    return rule_for(
        [=](double x) {
          const double z = (x - 0.3) / scale;
          return -0.5 * (df + 1) * std::log1p(z * z / df);
        },
        {0.3});
  };
  for (const double scale : {0.3, 1.0, 1.5}) {
    const LineRule rule = of_student(5, scale);
    const double expected = std::log(std::sqrt(5.0) * scale * boost::math::beta(2.5, 0.5));
    CHECK(close_to(rule.log_total(), expected, 1e-9));
    // P(|t| > q) is about 2 * 9.49 / q^5. The rule ends beyond coordinate_limit by at most one and a half of the first steps,
    // each of which is exp(0.125) there.
    const double beyond = 2 * 9.49 * std::pow(scale / coordinate_limit, 5);
    CHECK(rule.edge_mass() < 1.1 * beyond);
    CHECK(rule.edge_mass() > std::exp(-5 * 1.5 * 0.125) * beyond);
  }
  CHECK_THROWS_AS(of_student(3, 1), UnreachableMass);
}

TEST_CASE("line rule: a tail without an end, and a jump, are errors", "[line_rule]") {
  CHECK_THROWS_AS(rule_for([](double x) { return -1e-3 * std::abs(x); }, {0.3}), UnreachableMass);
  CHECK_THROWS_AS(rule_for([](double x) { return -0.5 * x * x - (x > 0.31 ? 5 : 0); }, {0}),
                  NotConverged);
}
