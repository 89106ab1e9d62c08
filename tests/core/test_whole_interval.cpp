// Quantiles and intervals of whole numbers against enumeration.
#include <catch.h>

#include <cmath>
#include <vector>

#include "core/numerics/whole_interval.hpp"

using namespace bayespool;

namespace {

// P(X <= k) of probabilities in proportion to these.
std::vector<double> cumulative(std::vector<double> mass) {
  double total = 0, sum = 0;
  for (double m : mass) total += m;
  for (double& m : mass) m = sum += m / total;
  return mass;
}

struct Found {
  double length, mass;
};

// The least length with which consecutive numbers hold enough, and the most that such hold.
Found shortest(const std::vector<double>& below, double probability) {
  Found best{HUGE_VAL, 0};
  const std::size_t size = below.size();
  for (std::size_t lower = 0, upper = 0; lower < size; ++lower) {
    const double outside = lower > 0 ? below[lower - 1] : 0;
    while (upper < size && below[upper] - outside < probability - 1e-10) ++upper;
    if (upper == size) break;
    const double length = static_cast<double>(upper - lower), mass = below[upper] - outside;
    if (length < best.length || (length == best.length && mass > best.mass)) best = {length, mass};
  }
  return best;
}

void check(const std::vector<double>& below, bool bounded) {
  const double most = static_cast<double>(below.size()) - 1;
  const auto cdf = [&](double k) { return k >= most ? 1 : below[static_cast<std::size_t>(k)]; };
  WholeNumbers<decltype(cdf)> numbers(cdf, bounded ? most : HUGE_VAL);
  for (double p : {0.001, 0.03, 0.5, 0.97, 0.999}) {
    std::size_t k = 0;
    while (below[k] < p - 1e-10) ++k;
    CHECK(numbers.quantile(p) == static_cast<double>(k));
  }
  for (double probability : {0.1, 0.5, 0.94, 0.999}) {
    const Interval found = numbers.interval({probability, true});
    const Found truth = shortest(below, probability);
    CAPTURE(below.size());
    CAPTURE(probability);
    CHECK(found.length() == truth.length);
    const double outside = found.lower > 0 ? cdf(found.lower - 1) : 0;
    CHECK(cdf(found.upper) - outside == Approx(truth.mass).margin(1e-6));
    const Interval central = numbers.interval({probability, false});
    CHECK(central.lower == numbers.quantile(0.5 - 0.5 * probability));
    CHECK(central.upper == numbers.quantile(0.5 + 0.5 * probability));
  }
}

}  // namespace

TEST_CASE("intervals of few numbers: one peak, two, none inside, a single one",
          "[whole_interval]") {
  std::vector<double> peak, two, edges, falling;
  for (int k = 0; k <= 60; ++k) {
    peak.push_back(std::exp(-0.01 * (k - 20) * (k - 20)));
    two.push_back(peak.back() + 2 * std::exp(-0.5 * (k - 50) * (k - 50)));
    edges.push_back(1 / std::sqrt((k + 0.5) * (60.5 - k)));
    falling.push_back(std::exp(-0.1 * k));
  }
  for (const auto& mass : {peak, two, edges, falling, {1.0}, {0.2, 0.8}})
    for (bool bounded : {true, false}) check(cumulative(mass), bounded);
}

TEST_CASE("intervals of many numbers are those of enumeration", "[whole_interval]") {
  std::vector<double> skew, edges;
  for (int k = 0; k <= 60000; ++k) {
    const double x = k / 5000.0;
    skew.push_back(x * x * std::exp(-1.7 * x));
    edges.push_back(1 / std::sqrt((k + 1.0) * (60001.0 - k)) + 1e-5);
  }
  check(cumulative(skew), true);
  check(cumulative(skew), false);
  check(cumulative(edges), true);
}
