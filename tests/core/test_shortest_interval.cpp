#include "core/numerics/shortest_interval.hpp"

#include <array>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/normal.hpp>
#include <vector>

#include <catch.h>

using namespace bayespool;

namespace {

NormalMixture mixture_of(const std::vector<std::array<double, 3>>& parts) {  // weight, mean, sd
  NormalMixture mixture(static_cast<Eigen::Index>(parts.size()));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Eigen::Index k = static_cast<Eigen::Index>(i);
    mixture.weight(k) = parts[i][0];
    mixture.mean(k) = parts[i][1];
    mixture.inverse_sd(k) = 1 / parts[i][2];
  }
  return mixture;
}

double inside(const NormalMixture& mixture, Interval at) {
  return 1 - mixture.evaluate(at.lower).tails.below - mixture.evaluate(at.upper).tails.above;
}

}  // namespace

TEST_CASE("shortest interval: of a distribution by its quantiles", "[shortest_interval]") {
  // A falling density: from its left end on. The lower end has a probability below of 1e-11.
  const auto exponential = [](Tails p) {
    return p.below < p.above ? -std::log1p(-p.below) : -std::log(p.above);
  };
  for (double probability : {0.1, 0.5, 0.94, 0.999}) {
    const Interval at = shortest_interval(exponential, probability);
    CHECK(std::abs(at.lower) < 1e-6);
    CHECK(std::abs(at.upper + std::log1p(-probability)) < 1e-5);
  }
  const boost::math::gamma_distribution<> gamma(3, 1);
  const auto of_gamma = [&](Tails p) {
    return p.below < p.above ? quantile(gamma, p.below) : quantile(complement(gamma, p.above));
  };
  const Interval at = shortest_interval(of_gamma, 0.9);
  CHECK(std::abs(cdf(gamma, at.upper) - cdf(gamma, at.lower) - 0.9) < 1e-10);
  CHECK(std::abs(pdf(gamma, at.upper) / pdf(gamma, at.lower) - 1) < 1e-4);
}

TEST_CASE("shortest interval: of mixtures with one mode", "[shortest_interval]") {
  const boost::math::normal normal;
  for (double probability : {0.05, 0.5, 0.94, 0.9999}) {
    const double z = quantile(normal, 0.5 * (1 + probability));
    const NormalMixture one = mixture_of({{1, 3, 2}});
    for (double shift : {-1.0, 0.0, 2.0}) {
      const Interval at = ShortestOfMixture(one, probability, 2).from({shift, 5 + shift});
      CHECK(std::abs(at.lower - (3 - 2 * z)) < 1e-9);
      CHECK(std::abs(at.upper - (3 + 2 * z)) < 1e-9);
    }
    const NormalMixture skewed = mixture_of({{0.5, 0, 1}, {0.3, 1, 1.5}, {0.2, 2, 3}});
    const Interval at = ShortestOfMixture(skewed, probability, 1.8).from({-2, 5});
    CHECK(std::abs(inside(skewed, at) - probability) < 1e-11);
    CHECK(std::abs(skewed.evaluate(at.lower).density - skewed.evaluate(at.upper).density) < 1e-10);
    const auto quantile_of = [&](Tails p) { return skewed.quantile(p, 0, 1.8); };
    CHECK(at.length() < shortest_interval(quantile_of, probability).length() + 1e-7);
    CHECK(std::abs(at.length() - shortest_interval(quantile_of, probability).length()) < 1e-6);
  }
}

TEST_CASE("shortest interval: of mixtures with two modes", "[shortest_interval]") {
  // From the middle Newton's method finds equal densities around both; the narrow part alone is shorter.
  const NormalMixture apart = mixture_of({{0.6, 0, 0.1}, {0.4, 10, 1}});
  const Interval half = ShortestOfMixture(apart, 0.5, 5).from({-1, 11});
  CHECK(half.upper < 1);
  CHECK(std::abs(inside(apart, half) - 0.5) < 1e-8);
  // Most of it needs both.
  const Interval most = ShortestOfMixture(apart, 0.94, 5).from({-1, 11});
  CHECK(std::abs(inside(apart, most) - 0.94) < 1e-8);
  for (double below = 0.0005; below < 0.06; below += 0.0005) {
    const double lower = apart.quantile({below, 1 - below}, 0, 5),
                 upper = apart.quantile({0.94 + below, 0.06 - below}, 10, 5);
    CHECK(most.length() < upper - lower + 1e-6);
  }
}
