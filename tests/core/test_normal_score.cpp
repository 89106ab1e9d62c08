// Normal scores, cubic interpolation and tables of quantiles.
#include <catch.h>

#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/numerics/normal_score.hpp"

using namespace bayespool;

namespace {

// The table of a distribution from its CDF, tail and density at values `x`: a knot for each.
template <class Lower, class Upper, class Density>
NormalScoreTable table_at(const std::vector<double>& x, Lower lower, Upper upper, Density density) {
  std::vector<double> z, slope;
  for (const double value : x) {
    z.push_back(normal_score(lower(value), upper(value)));
    slope.push_back(normal_density(z.back()) / density(value));
  }
  return NormalScoreTable(z, x, slope);
}

std::vector<double> regular(double from, double to, int count) {
  std::vector<double> x;
  for (int i = 0; i < count; ++i) x.push_back(from + (to - from) * i / (count - 1));
  return x;
}

}  // namespace

TEST_CASE("normal scores are right in the far tails", "[normal_score]") {
  CHECK(close_to(normal_score(1e-20, 1), -9.2623400897984052, 1e-13));
  for (const double z : {-37.0, -20.0, -8.0, -1.0, 0.0, 0.3, 5.0, 9.0, 36.0})
    CHECK(close_to(normal_score(normal_cdf(z), normal_cdf(-z)), z, 1e-14));
}

TEST_CASE("the score of a probability changes sign with the tail", "[normal_score]") {
  for (const double p : {1e-300, 1e-10, 0.2})
    CHECK(normal_score(p, 1 - p) == -normal_score(1 - p, p));
}

TEST_CASE("cubic weights reproduce cubics, also at the ends", "[normal_score]") {
  std::vector<double> values;
  const auto cubic = [](double x) { return 1 + x * (2 - x * (0.5 - 0.1 * x)); };
  for (int i = 0; i < 9; ++i) values.push_back(cubic(i));
  for (const double x : {0.0, 0.4, 1.0, 3.7, 7.9, 8.0})
    CHECK(close_to(CubicWeights(x, 9).apply(values.data()), cubic(x), 1e-14));
}

TEST_CASE("the table of a normal distribution is a line", "[normal_score]") {
  const NormalScoreTable table({-8, 8}, {-13, 19}, {2, 2});
  for (const double z : {-6.9, -3.3, 0.0, 1.01, 6.9}) {
    CHECK(close_to(table(z), 3 + 2 * z, 1e-14));
  }
}

TEST_CASE("the table of an exponential distribution has its quantiles", "[normal_score]") {
  // Knots at regular logarithms, from below the table's first score to beyond its last.
  std::vector<double> x;
  for (const double log_x : regular(-33, 3.6, 300)) x.push_back(std::exp(log_x));
  const NormalScoreTable table = table_at(
      x, [](double x) { return -std::expm1(-x); }, [](double x) { return std::exp(-x); },
      [](double x) { return std::exp(-x); });
  for (const double z : {-3.0, -1.03, 0.0, 0.5, 2.22, 4.0, 6.5}) {
    const double quantile = -std::log(normal_cdf(-z));
    CHECK(close_to(table(z), quantile, 1e-6));
  }
}

TEST_CASE("a table with a gap between two modes is increasing and right at both",
          "[normal_score]") {
  const auto cdf = [](double x) { return 0.5 * (normal_cdf(x + 8) + normal_cdf(x - 8)); };
  const auto density = [](double x) {
    return 0.5 * (normal_density(x + 8) + normal_density(x - 8));
  };
  const NormalScoreTable table = table_at(
      regular(-17, 17, 400), cdf, [&](double x) { return cdf(-x); }, density);
  for (int i = 1; i < NormalScoreTable::size; ++i)
    CHECK(table.values()[i] >= table.values()[i - 1]);
  for (const double x : {-10.0, -9.0, -8.5, 9.0, 10.0})
    CHECK(close_to(table(normal_score(cdf(x), cdf(-x))), x, 1e-5));
}
