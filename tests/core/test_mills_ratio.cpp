// Mills' ratio against the normal distribution's own functions and against bounds of its tail.
#include <catch.h>

#include <cmath>

#include "core/numerics/mills_ratio.hpp"

using namespace bayespool;

TEST_CASE("Mills' ratio: the tail over the density", "[mills_ratio]") {
  const MillsRatio ratio;
  CHECK(ratio(0) == Approx(std::sqrt(std::acos(-1.0) / 2)).epsilon(1e-15));
  for (int i = 0; i <= 30000; ++i) {
    const double t = 1e-3 * i, expected = normal_cdf(-t) / normal_density(t);
    if (!(std::abs(ratio(t) / expected - 1) < 1e-12)) {
      INFO("t = " << t << ": " << ratio(t) << ", expected " << expected);
      CHECK(std::abs(ratio(t) / expected - 1) < 1e-12);
    }
  }
  // 2 / (t + sqrt(t^2 + 4)) < M(t) < 4 / (3 t + sqrt(t^2 + 8)), which close in on each other (Birnbaum 1942, Sampford 1953)
  for (double t = 20; t < MillsRatio::largest; t += 0.37) {
    CHECK(ratio(t) > 2 / (t + std::sqrt(t * t + 4)) * (1 - 1e-8));
    CHECK(ratio(t) < 4 / (3 * t + std::sqrt(t * t + 8)) * (1 + 1e-8));
  }
}
