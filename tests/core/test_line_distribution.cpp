// Distribution functions and quantiles between the nodes of a line rule, against closed forms in both tails.
#include <catch.h>

#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "close_to.hpp"
#include "core/numerics/line_distribution.hpp"
#include "core/numerics/normal_score.hpp"

using namespace bayespool;

namespace {

// The distribution of a quantity on the line, with what is known of it in closed form.
struct Known {
  const char* name;
  std::function<double(double)> log_density;
  std::vector<Peak> peaks;
  std::function<Tails(double)> tails;
};

LineRule rule_for(const Known& known) {
  std::vector<Peak> peaks = known.peaks;
  for (Peak& peak : peaks) peak.log_value = known.log_density(peak.center);
  return LineRule(known.log_density, peaks, Reach{peaks.front().center, peaks.back().center},
                  HUGE_VAL, [](double) { return 0.0; });
}

// log of a standard exponential variable
const Known exponential{"exponential",
                        [](double x) { return x - std::exp(x); },
                        {{0.05, 0.9, 0}},
                        [](double x) {
                          return Tails{-std::expm1(-std::exp(x)), std::exp(-std::exp(x))};
                        }};

Known mixture(const char* name, double share, double distance, double sd) {
  const auto tails = [=](double x) {
    const double z = (x - distance) / sd;
    return Tails{(1 - share) * normal_cdf(x) + share * normal_cdf(z),
                 (1 - share) * normal_cdf(-x) + share * normal_cdf(-z)};
  };
  const auto log_density = [=](double x) {
    const double z = (x - distance) / sd;
    const double a = std::log1p(-share) - 0.5 * x * x, b = std::log(share / sd) - 0.5 * z * z;
    return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b))) - 0.91893853320467274178;
  };
  if (share == 0)
    return {name,
            [](double x) { return -0.5 * x * x - 0.91893853320467274178; },
            {{0.05, 1, 0}},
            tails};
  return {name, log_density, {{0, 1, 0}, {distance, sd, 0}}, tails};
}

std::vector<Known> with_peaks_apart() {
  return {mixture("normal", 0, 0, 1), exponential, mixture("one narrow peak", 0.1, 30, 1e-3)};
}

// Between these the logarithm of the density is hard to interpolate.
std::vector<Known> with_peaks_that_touch() {
  return {mixture("two peaks", 0.4, 6, 0.5), mixture("two that touch", 0.5, 2.5, 0.8)};
}

std::vector<Known> all_known() {
  std::vector<Known> all = with_peaks_apart();
  for (const Known& known : with_peaks_that_touch()) all.push_back(known);
  return all;
}

// The largest error of a tail; and relative to itself, of those above 1e-6 and of those above 1e-9. Of a rule that is fine
// enough, as those are from which quantiles come.
void check_tails(const Known& known, double greatest) {
  LineRule rule = rule_for(known);
  LineDistribution::resolve(rule, known.log_density);
  const LineDistribution distribution(rule);
  double absolute = 0, relative = 0, far = 0;
  for (int i = 0; i < 40 * (rule.count() - 1); ++i) {
    const double x = rule.map().x(rule.s(0) + rule.step() * (i + 0.3) / 40);
    const Tails expected = known.tails(x), found = distribution.tails(x);
    for (const auto& [right, seen] :
         {std::pair<double, double>{expected.below, found.below}, {expected.above, found.above}}) {
      absolute = std::max(absolute, std::abs(seen - right));
      if (right > 1e-6) relative = std::max(relative, std::abs(seen / right - 1));
      if (right > 1e-9) far = std::max(far, std::abs(seen / right - 1));
    }
  }
  INFO(known.name << ": absolute " << absolute << ", relative " << relative << ", total "
                  << distribution.error());
  CHECK(distribution.error() < 1e-9);
  CHECK(absolute < greatest);
  CHECK(relative < 1e-3);
  CHECK(far < 1e-3);
}

// The place of a probability by root finding in the closed form.
double place_of(const Known& known, Tails p) {
  std::uintmax_t iterations = 500;
  const auto excess = [&](double x) {
    const Tails at = known.tails(x);
    return p.below < p.above ? at.below / p.below - 1 : 1 - at.above / p.above;
  };
  const auto bracket = boost::math::tools::toms748_solve(
      excess, -40.0, 40.0, boost::math::tools::eps_tolerance<double>(52), iterations);
  return 0.5 * (bracket.first + bracket.second);
}

const std::vector<Tails> probabilities = {{1e-9, 1 - 1e-9}, {1e-6, 1 - 1e-6}, {1e-3, 0.999},
                                          {0.05, 0.95},     {0.3, 0.7},       {0.5, 0.5},
                                          {0.61, 0.39},     {0.91, 0.09},     {0.975, 0.025},
                                          {1 - 1e-4, 1e-4}, {1 - 1e-9, 1e-9}};

}  // namespace

TEST_CASE("line distribution: tails are right, and small ones to a thousandth of themselves",
          "[line_distribution]") {
  for (const Known& known : with_peaks_apart()) check_tails(known, 1e-10);
  for (const Known& known : with_peaks_that_touch()) check_tails(known, 1e-7);
}

TEST_CASE("line distribution: tails are monotone and sum to one", "[line_distribution]") {
  for (const Known& known : all_known()) {
    const LineRule rule = rule_for(known);
    const LineDistribution distribution(rule);
    Tails last{0, 1};
    bool monotone = true, whole = true;
    for (int i = -50; i < 50 * rule.count(); ++i) {
      const Tails at = distribution.tails(rule.map().x(rule.s(0) + rule.step() * i / 50));
      monotone = monotone && at.below >= last.below - 1e-15 && at.above <= last.above + 1e-15;
      whole = whole && std::abs(at.below + at.above - 1) < 1e-13;
      last = at;
    }
    CHECK(monotone);
    CHECK(whole);
    CHECK(last.below == 1);
    CHECK(last.above == 0);
  }
}

TEST_CASE("line distribution: quantiles have their probabilities and are where they should be",
          "[line_distribution]") {
  for (const Known& known : with_peaks_apart()) {
    const LineRule rule = rule_for(known);
    const LineDistribution distribution(rule);
    double last = -HUGE_VAL;
    for (const Tails p : probabilities) {
      const double q = distribution.quantile(p);
      INFO(known.name << ", p.below = " << p.below << ", p.above = " << p.above << ", q = " << q);
      const Tails there = known.tails(q), back = distribution.tails(q);
      CHECK(std::abs(there.below - p.below) < 1e-10);
      const bool lower = p.below < p.above;
      if (std::min(p.below, p.above) >= 1e-6)
        CHECK(std::abs(lower ? there.below / p.below - 1 : there.above / p.above - 1) < 1e-6);
      CHECK(std::abs(lower ? back.below / p.below - 1 : back.above / p.above - 1) < 1e-9);
      CHECK(q > last);
      CHECK(close_to(q, place_of(known, p), 1e-5));
      last = q;
    }
  }
}

TEST_CASE("line distribution: quantiles go back to their probabilities between peaks that touch",
          "[line_distribution]") {
  for (const Known& known : with_peaks_that_touch()) {
    const LineRule rule = rule_for(known);
    const LineDistribution distribution(rule);
    double last = -HUGE_VAL;
    for (const Tails p : probabilities) {
      const double q = distribution.quantile(p);
      const Tails back = distribution.tails(q);
      const bool lower = p.below < p.above;
      INFO(known.name << ", p.below = " << p.below << ", q = " << q);
      CHECK(std::abs(lower ? back.below / p.below - 1 : back.above / p.above - 1) < 1e-9);
      CHECK(q > last);
      last = q;
    }
  }
}

TEST_CASE("line distribution: its density is that of the function, scaled to one",
          "[line_distribution]") {
  for (const Known& known : with_peaks_apart()) {
    const LineRule rule = rule_for(known);
    const LineDistribution distribution(rule);
    for (const Tails p : probabilities) {
      const double x = distribution.quantile(p);
      CHECK(distribution.density(x) == Approx(std::exp(known.log_density(x))).epsilon(1e-6));
    }
    CHECK(distribution.density(rule.x(0) - 1) == 0);
  }
}
