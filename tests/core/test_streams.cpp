// Random streams: the generator's published answers, and streams that do not depend on each other.
#include <catch.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/numerics/streams.hpp"

using namespace bayespool;

namespace {

std::vector<double> normals(std::uint64_t seed, std::uint64_t purpose, std::uint64_t index,
                            int count) {
  RandomStream random(seed, purpose, index);
  std::vector<double> x;
  for (int i = 0; i < count; ++i) x.push_back(random.normal());
  return x;
}

}  // namespace

TEST_CASE("Threefry has its published answers", "[streams]") {
  // threefry4x64 with 20 rounds, known answers of Random123 (Salmon, Moraes, Dror & Shaw 2011).
  sitmo::threefry_20_64 engine;
  engine.set_key(0, 0, 0, 0);
  engine.set_counter(0, 0, 0, 0);
  for (const std::uint64_t word :
       {0x09218ebde6c85537u, 0x55941f5266d86105u, 0x4bd25e16282434dcu, 0xee29ec846bd2e40bu})
    CHECK(engine() == word);
  const std::uint64_t ones = ~std::uint64_t{0};
  engine.set_key(ones, ones, ones, ones);
  engine.set_counter(ones, ones, ones, ones);
  for (const std::uint64_t word :
       {0x29c24097942bba1bu, 0x0371bbfb0f6f4e11u, 0x3c231ffa33f83a1cu, 0xcd29113fde32d168u})
    CHECK(engine() == word);
}

TEST_CASE("a stream is a function of seed, purpose and index", "[streams]") {
  const std::vector<double> alone = normals(1, 2, 3, 50);
  RandomStream first(1, 2, 3), second(1, 2, 4);
  for (int i = 0; i < 50; ++i) {
    CHECK(first.normal() == alone[static_cast<std::size_t>(i)]);
    second.uniform();
  }
  for (const auto& other : {normals(2, 2, 3, 50), normals(1, 3, 3, 50), normals(1, 2, 4, 50)})
    for (std::size_t i = 0; i < 50; ++i) CHECK(other[i] != alone[i]);
}

TEST_CASE("uniform numbers are on [0, 1), normal ones have mean 0 and variance 1", "[streams]") {
  const int count = 100000;
  RandomStream random(5, 0, 0);
  double sum = 0, squares = 0, low = 1, high = 0;
  for (int i = 0; i < count; ++i) {
    const double u = random.uniform(), z = random.normal();
    low = std::min(low, u);
    high = std::max(high, u);
    sum += z;
    squares += z * z;
  }
  CHECK(low >= 0);
  CHECK(high < 1);
  CHECK(low < 1e-3);
  CHECK(high > 1 - 1e-3);
  CHECK(std::abs(sum / count) < 5 / std::sqrt(count));
  CHECK(std::abs(squares / count - 1) < 5 * std::sqrt(2.0 / count));
}
