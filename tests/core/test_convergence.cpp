// R-hat and effective sample sizes of chains made by hand.
#include <catch.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/numerics/convergence.hpp"

using namespace bayespool;

namespace {

// Four chains of 20: sin(1), sin(4), sin(9), ..., the last chain shifted.
std::vector<double> chains(double shift = 0) {
  std::vector<double> x;
  for (int i = 1; i <= 80; ++i) x.push_back(std::sin(i * i) + (i > 60 ? shift : 0));
  return x;
}

Convergence measure(const std::vector<double>& x, int iterations = 20) {
  return ConvergenceMeasures(iterations,
                             static_cast<Eigen::Index>(x.size()) / iterations)(x.data());
}

}  // namespace

TEST_CASE("convergence: the numbers of the R package posterior", "[convergence]") {
  // rhat(), ess_bulk() and ess_tail() of matrix(sin((1:80)^2), 20) and of the same with the last column + 0.8
  const Convergence mixed = measure(chains()), shifted = measure(chains(0.8));
  CHECK(close_to(mixed.rhat, 1.0132361337675466, 1e-12));
  CHECK(close_to(mixed.ess_bulk, 98.6681155813427040, 1e-12));
  CHECK(close_to(mixed.ess_tail, 101.9011406844106489, 1e-12));
  CHECK(close_to(shifted.rhat, 1.1744505916049444, 1e-12));
  CHECK(close_to(shifted.ess_bulk, 25.3037135341916688, 1e-12));
  CHECK(close_to(shifted.ess_tail, 59.9412340842311409, 1e-12));
}

TEST_CASE("convergence: ranks decide, not values", "[convergence]") {
  std::vector<double> x = chains(), larger = x;
  for (double& value : larger) value = std::exp(3 * value);
  CHECK(measure(larger).ess_bulk == measure(x).ess_bulk);
  CHECK(measure(larger).ess_tail == measure(x).ess_tail);
}

TEST_CASE("convergence: the order of the chains does not matter", "[convergence]") {
  std::vector<double> x = chains(0.8), other = x;
  std::rotate(other.begin(), other.begin() + 40, other.end());
  CHECK(close_to(measure(other).rhat, measure(x).rhat));
  CHECK(close_to(measure(other).ess_bulk, measure(x).ess_bulk));
}

TEST_CASE("convergence: chains at different places, and one that jumps to and fro",
          "[convergence]") {
  CHECK(measure(chains(10)).rhat > 1.5);
  std::vector<double> alternating;
  for (int i = 0; i < 200; ++i)
    alternating.push_back((i % 2 == 0 ? 1 : -1) * (2 + std::sin(i * i)));
  CHECK(measure(alternating, 200).ess_bulk > 200);
}

TEST_CASE("convergence: no number for constant draws, draws that are not finite, too few",
          "[convergence]") {
  std::vector<double> infinite = chains();
  infinite[7] = HUGE_VAL;
  for (const Convergence& found :
       {measure(std::vector<double>(40, 0.3)), measure(infinite), measure({1, 2, 3}, 3)}) {
    CHECK(std::isnan(found.rhat));
    CHECK(std::isnan(found.ess_bulk));
    CHECK(std::isnan(found.ess_tail));
  }
}
