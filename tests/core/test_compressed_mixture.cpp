// Mixtures with few components in the place of many: probabilities and quantiles beside those of all components.
#include <catch.h>

#include <cmath>

#include "close_to.hpp"
#include "core/numerics/compressed_mixture.hpp"

using namespace bayespool;

namespace {

// Means and log sds on two regular spirals around 0, of these reaches.
WeightedNormals many_normals(Eigen::Index count, double means, double log_sds) {
  WeightedNormals all{Eigen::ArrayXd(count), Eigen::ArrayXd(count), Eigen::ArrayXd(count)};
  for (Eigen::Index k = 0; k < count; ++k) {
    const double part = (static_cast<double>(k) + 0.5) / static_cast<double>(count);
    all.weight(k) = 1 + std::sin(7 * part);
    all.mean(k) = 40 + means * part * std::sin(1.9 * static_cast<double>(k));
    all.variance(k) = std::exp(2 * log_sds * part * std::cos(2.3 * static_cast<double>(k)));
  }
  all.weight /= all.weight.sum();
  return all;
}

}  // namespace

TEST_CASE("compressed mixture: probabilities are those of all components", "[compressed_mixture]") {
  for (const double means : {0.0, 1e-13, 1e-5, 0.3, 4.0})
    for (const double log_sds : {0.0, 1e-15, 1e-4, 0.4}) {
      const WeightedNormals all = many_normals(40000, means, log_sds);
      const NormalMixture few = compressed(all), whole = all.mixture();
      REQUIRE(few.weight.size() < whole.weight.size() / 3);
      CHECK(close_to(few.weight.sum(), 1, 1e-12));
      for (const double x : {35.0, 38.0, 39.2, 40.0, 41.5, 44.0, 47.0}) {
        const NormalMixture::Value a = few.evaluate(x), b = whole.evaluate(x);
        CHECK(std::abs(a.tails.below - b.tails.below) < 1e-6);
        CHECK(std::abs(a.density - b.density) < 1e-5);
      }
    }
}

TEST_CASE("compressed mixture: few components stay as they are", "[compressed_mixture]") {
  const WeightedNormals all = many_normals(50, 4, 0.4);
  CHECK(compressed(all).weight.size() == 50);
}
