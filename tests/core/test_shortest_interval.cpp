#include "core/numerics/shortest_interval.hpp"

#include <boost/math/distributions/gamma.hpp>

#include <catch.h>

using namespace bayespool;

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
