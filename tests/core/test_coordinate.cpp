// The unbounded coordinates of standard deviations.
#include <catch.h>

#include <cmath>

#include "close_to.hpp"
#include "core/model/coordinate.hpp"

using namespace bayespool;

namespace {

const Coordinate unbounded(ScalePrior("exponential", {1})),
    bounded(ScalePrior("uniform", {0.5, 4}));

double difference(const Coordinate& coordinate, double x) {
  const double h = 1e-5;
  return (coordinate.value(x + h) - coordinate.value(x - h)) / (2 * h);
}

}  // namespace

TEST_CASE("coordinates: there and back", "[coordinate]") {
  for (const double x : {-5.0, -0.2, 0.0, 1.0, 6.0}) {
    CHECK(close_to(unbounded.coordinate(unbounded.value(x)), x, 1e-14));
    CHECK(close_to(unbounded.exact_coordinate(unbounded.value(x)), x, 1e-14));
    CHECK(close_to(bounded.exact_coordinate(bounded.value(x)), x, 1e-12));
  }
  CHECK(close_to(unbounded.value(2), std::exp(2)));
  CHECK(close_to(bounded.value(0), 2.25));
  CHECK(bounded.value(-800) == 0.5);
  CHECK(bounded.value(800) == 4);
}

TEST_CASE("coordinates: Jacobians are derivatives", "[coordinate]") {
  for (const Coordinate& coordinate : {unbounded, bounded})
    for (const double x : {-4.0, -0.3, 0.0, 2.0}) {
      CHECK(close_to(std::exp(coordinate.log_jacobian(x)), difference(coordinate, x), 1e-8));
      const double h = 1e-5;
      const double slope =
          (coordinate.log_jacobian(x + h) - coordinate.log_jacobian(x - h)) / (2 * h);
      CHECK(close_to(coordinate.log_jacobian_slope(x), x == 0 && coordinate.bounded() ? 0 : slope,
                     1e-8));
    }
}

TEST_CASE("coordinates: at and beyond the ends of the support", "[coordinate]") {
  CHECK(bounded.exact_coordinate(0.5) == -infinity);
  CHECK(bounded.exact_coordinate(4) == infinity);
  CHECK(bounded.exact_coordinate(9) == infinity);
  CHECK(unbounded.exact_coordinate(0) == -infinity);
  // Where a chain or a search starts it is moved just inside.
  CHECK(std::isfinite(bounded.coordinate(0)));
  CHECK(bounded.value(bounded.coordinate(0)) > 0.5);
  CHECK(bounded.value(bounded.coordinate(9)) < 4);
}
