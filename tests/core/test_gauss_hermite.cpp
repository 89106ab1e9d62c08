// Gauss's rule for the standard normal distribution against its moments.
#include <catch.h>

#include <cmath>

#include "close_to.hpp"
#include "core/numerics/gauss_hermite.hpp"

using namespace bayespool;

TEST_CASE("Gauss-Hermite: moments up to degree 2 n - 1, and not beyond", "[gauss_hermite]") {
  for (const int points : {1, 3, 6, 12}) {
    const GaussHermite rule(points);
    double moment = 1;  // E z^k: 1, 0, 1, 0, 3, 0, 15, ...
    for (int k = 0; k <= 2 * points; ++k) {
      if (k > 1) moment *= k % 2 == 0 ? k - 1 : 1;
      double sum = 0;
      for (std::size_t i = 0; i < rule.node.size(); ++i)
        sum += rule.weight[i] * std::pow(rule.node[i], k);
      INFO(points << " points, degree " << k);
      const double expected = k % 2 == 0 ? moment : 0;
      if (k < 2 * points)
        CHECK(std::abs(sum - expected) < 1e-12 * moment);
      else
        CHECK(sum < 0.999 * expected);
    }
  }
}

TEST_CASE("Gauss-Hermite: three points", "[gauss_hermite]") {
  const GaussHermite rule(3);
  CHECK(close_to(rule.node[0], std::sqrt(3.0)));
  CHECK(close_to(rule.node[1], 0));
  CHECK(close_to(rule.node[2], -std::sqrt(3.0)));
  CHECK(close_to(rule.weight[0], 1.0 / 6));
  CHECK(close_to(rule.weight[1], 2.0 / 3));
}
