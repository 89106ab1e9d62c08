// Shortest intervals of mixtures of normal distributions against a search over a fine grid.
#include <catch.h>

#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/numerics/compressed_mixture.hpp"
#include "core/numerics/mixture_summary.hpp"

using namespace bayespool;

namespace {

WeightedNormals normals(const std::vector<double>& weight, const std::vector<double>& mean,
                        const std::vector<double>& sd) {
  const auto as_array = [](const std::vector<double>& x) {
    return Eigen::ArrayXd(
        Eigen::Map<const Eigen::ArrayXd>(x.data(), static_cast<Eigen::Index>(x.size())));
  };
  return {as_array(weight), as_array(mean), as_array(sd).square()};
}

// P(X <= x), term by term.
double cdf(const WeightedNormals& x, double q) {
  double sum = 0;
  for (Eigen::Index k = 0; k < x.weight.size(); ++k)
    sum += x.weight(k) * normal_cdf((q - x.mean(k)) / std::sqrt(x.variance(k)));
  return sum;
}

double quantile(const WeightedNormals& x, double p) {
  double low = -1e3, high = 1e3;
  for (int i = 0; i < 100; ++i) (cdf(x, 0.5 * (low + high)) < p ? low : high) = 0.5 * (low + high);
  return 0.5 * (low + high);
}

Interval by_search(const WeightedNormals& x, double probability) {
  const int steps = 4000;
  Interval best{-HUGE_VAL, HUGE_VAL};
  for (int i = 1; i < steps; ++i) {
    const double below = (1 - probability) * i / steps;
    const Interval tried{quantile(x, below), quantile(x, below + probability)};
    if (tried.length() < best.length()) best = tried;
  }
  return best;
}

}  // namespace

TEST_CASE("a normal distribution: mean, sd and its quantiles") {
  const WeightedNormals normal = normals({1}, {3}, {2});
  for (bool shortest : {true, false}) {
    const Eigen::RowVector4d row = summarise(normal, normal, {0.95, shortest}, true);
    CHECK(close_to(row(0), 3));
    CHECK(close_to(row(1), 2));
    CHECK(close_to(row(2), 3 - 2 * 1.959963984540054, 1e-9));
    CHECK(close_to(row(3), 3 + 2 * 1.959963984540054, 1e-9));
  }
}

TEST_CASE(
    "shortest intervals are those of a search: one peak, two, a narrow one beside a wide one") {
  const std::vector<WeightedNormals> mixtures = {
      normals({0.5, 0.5}, {0, 0.5}, {1, 2}),
      normals({0.3, 0.7}, {0, 3}, {1, 4}),
      normals({0.5, 0.5}, {0, 6}, {1, 1.5}),
      normals({0.9, 0.1}, {0, 9}, {1, 1}),
      normals({0.1, 0.9}, {-4, 1}, {0.01, 1}),
      normals({0.6, 0.4}, {0, 2}, {0.001, 1}),
      normals({0.2, 0.3, 0.5}, {-3, 0, 5}, {0.5, 1, 2}),
  };
  for (const WeightedNormals& mixture : mixtures)
    for (double probability : {0.3, 0.5, 0.8, 0.94, 0.99}) {
      const Eigen::RowVector4d row = summarise(mixture, mixture, {probability, true}, true);
      const Interval searched = by_search(mixture, probability);
      INFO(probability << ": " << row(2) << " to " << row(3) << ", searched " << searched.lower
                       << " to " << searched.upper);
      CHECK(close_to(cdf(mixture, row(3)) - cdf(mixture, row(2)), probability, 1e-7));
      // The grid comes as near as the square of its spacing.
      CHECK(row(3) - row(2) < searched.length() * (1 + 1e-9));
      CHECK(row(3) - row(2) > searched.length() * (1 - 1e-3));
    }
}

// Rounding once put the lowest mean or sd of some of these outside of the grid.
TEST_CASE("compressed mixtures have all of the weight, wherever the lowest mean and sd are") {
  constexpr int count = 5000;
  for (int shift = 0; shift < 200; ++shift) {
    std::vector<double> weight(count, 1.0 / count), mean, sd;
    for (int k = 0; k < count; ++k) {
      mean.push_back(40 + 0.0137 * shift + (0.3 + 0.01 * shift) * std::sin(k));
      sd.push_back(0.5 + 0.001 * shift + 0.1 * std::sin(2.3 * k));
    }
    const WeightedNormals all = normals(weight, mean, sd);
    const NormalMixture few = compressed(all);
    INFO("shift " << shift);
    REQUIRE(few.weight.size() < count);
    CHECK(close_to(few.weight.sum(), 1, 1e-9));
    const double q = 40 + 0.0137 * shift, below = cdf(all, q);
    double sum = 0;
    for (Eigen::Index k = 0; k < few.weight.size(); ++k)
      sum += few.weight(k) * normal_cdf((q - few.mean(k)) * few.inverse_sd(k));
    CHECK(close_to(sum, below, 1e-6));
  }
}

TEST_CASE("what is known has no spread, and central intervals have equal tails") {
  const WeightedNormals known = normals({0.5, 0.5}, {2, 2}, {0, 0});
  CHECK(summarise(known, known, {0.9, true}, true) == Eigen::RowVector4d(2, 0, 2, 2));
  const WeightedNormals mixture = normals({0.3, 0.7}, {0, 3}, {1, 4});
  const Eigen::RowVector4d row = summarise(mixture, mixture, {0.9, false}, true);
  CHECK(close_to(cdf(mixture, row(2)), 0.05, 1e-9));
  CHECK(close_to(cdf(mixture, row(3)), 0.95, 1e-9));
}
