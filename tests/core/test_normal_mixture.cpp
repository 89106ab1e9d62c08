// Quantiles of mixtures of normal distributions against bisection.
#include <catch.h>

#include <cmath>
#include <random>
#include <vector>

#include "close_to.hpp"
#include "core/numerics/normal_mixture.hpp"

using namespace bayespool;

namespace {

struct Component {
  double weight, mean, sd;
};

NormalMixture mixture_of(const std::vector<Component>& components) {
  NormalMixture mixture(static_cast<Eigen::Index>(components.size()));
  double total = 0;
  for (const Component& c : components) total += c.weight;
  for (std::size_t k = 0; k < components.size(); ++k) {
    mixture.weight(static_cast<Eigen::Index>(k)) = components[k].weight / total;
    mixture.mean(static_cast<Eigen::Index>(k)) = components[k].mean;
    mixture.inverse_sd(static_cast<Eigen::Index>(k)) = 1 / components[k].sd;
  }
  return mixture;
}

// P(X <= q), or P(X > q), term by term.
double tail(const NormalMixture& m, double q, bool below) {
  double sum = 0;
  for (Eigen::Index k = 0; k < m.weight.size(); ++k) {
    const double z = (q - m.mean(k)) * m.inverse_sd(k);
    sum += m.weight(k) * normal_cdf(below ? z : -z);
  }
  return sum;
}

double bisect(const NormalMixture& m, Tails p) {
  const bool lower = p.below < p.above;
  double low = -1e3, high = 1e3;
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (low + high);
    const bool too_far = lower ? tail(m, middle, true) > p.below : tail(m, middle, false) < p.above;
    (too_far ? high : low) = middle;
  }
  return 0.5 * (low + high);
}

// As the summaries call it: from the normal approximation.
double quantile(const NormalMixture& m, Tails p) {
  const double mean = (m.weight * m.mean).sum();
  const double sd =
      std::sqrt((m.weight * ((m.mean - mean).square() + m.inverse_sd.square().inverse())).sum());
  return m.quantile(p, mean + sd * normal_score(p.below, p.above), sd);
}

const std::vector<Tails> probabilities = {
    {1e-10, 1 - 1e-10}, {1e-6, 1 - 1e-6}, {0.01, 0.99},   {0.25, 0.75},     {0.4999, 0.5001},
    {0.5, 0.5},         {0.7, 0.3},       {0.975, 0.025}, {1 - 1e-4, 1e-4}, {1 - 1e-10, 1e-10}};

// The probability at the quantile, relative, but for what rounding of a place among components so narrow explains.
void check_quantiles(const NormalMixture& m) {
  for (const Tails p : probabilities) {
    const double q = quantile(m, p), expected = bisect(m, p);
    const NormalMixture::Value at = m.evaluate(expected);
    const double wanted = std::min(p.below, p.above);
    const double rounding = 1e-15 * std::abs(expected) * at.density / wanted;
    const double error = (q - expected) * at.density / wanted;
    if (!(std::abs(error) < 1e-7 + rounding)) {
      INFO("p.below = " << p.below << ", p.above = " << p.above << ", q = " << q
                        << ", expected = " << expected << ", m.weight = " << m.weight.transpose()
                        << ", m.mean = " << m.mean.transpose()
                        << ", m.inverse_sd = " << m.inverse_sd.transpose());
      CHECK(std::abs(error) < 1e-7 + rounding);
    }
  }
}

}  // namespace

TEST_CASE("normal mixture: one component", "[normal_mixture]") {
  const NormalMixture m = mixture_of({{1, 3, 0.2}});
  for (const Tails p : probabilities)
    CHECK(close_to(quantile(m, p), 3 + 0.2 * normal_score(p.below, p.above), 1e-9));
  CHECK(m.robust_center() == 3);
  CHECK(close_to(m.robust_scale(), 0.2));
}

TEST_CASE("normal mixture: values are sums over the components", "[normal_mixture]") {
  const NormalMixture m = mixture_of({{0.3, 0, 1}, {0.7, 2, 0.5}});
  for (const double q : {-9.0, -1.0, 0.0, 1.3, 2.0, 7.0}) {
    const NormalMixture::Value at = m.evaluate(q);
    CHECK(std::abs(at.tails.below / tail(m, q, true) - 1) < 1e-13);
    CHECK(std::abs(at.tails.above / tail(m, q, false) - 1) < 1e-13);
    CHECK(close_to(m.density(q), at.density, 1e-14));
    const double h = 1e-5;
    CHECK(close_to(at.density, (tail(m, q + h, true) - tail(m, q - h, true)) / (2 * h), 1e-9));
    CHECK(close_to(at.derivative, (m.evaluate(q + h).density - m.evaluate(q - h).density) / (2 * h),
                   1e-8));
  }
}

TEST_CASE("normal mixture: separated components, narrow ones among wide ones", "[normal_mixture]") {
  for (const double narrow : {1e-8, 1e-5, 1e-3, 1.0})
    for (const double share : {0.43, 1e-3}) {
      check_quantiles(mixture_of({{1 - share, 0, 1}, {share, 5, narrow}}));
      check_quantiles(mixture_of({{1 - share, 0, 1}, {share, 0, narrow}}));
      check_quantiles(mixture_of({{1, -20, 1}, {share, 0, narrow}, {1, 20, 1}}));
    }
}

TEST_CASE("normal mixture: sds over eight orders of magnitude around one place",
          "[normal_mixture]") {
  std::vector<Component> components;
  for (int k = 0; k <= 80; ++k) components.push_back({1, 0.3, std::pow(10, -0.1 * k)});
  check_quantiles(mixture_of(components));
  for (std::size_t k = 0; k < components.size(); ++k) components[k].mean += components[k].sd;
  check_quantiles(mixture_of(components));
}

TEST_CASE("normal mixture: many drawn at random", "[normal_mixture]") {
  std::mt19937 random(1);
  const auto uniform = [&] { return static_cast<double>(random()) / 4294967296.0; };
  for (int trial = 0; trial < 400; ++trial) {
    std::vector<Component> components;
    const int count = 1 + static_cast<int>(5 * uniform());
    for (int k = 0; k < count; ++k)
      components.push_back({std::pow(10, -4 * uniform()), std::round(20 * uniform() - 10) / 2,
                            std::pow(10, -8 * uniform())});
    check_quantiles(mixture_of(components));
  }
}

TEST_CASE("normal mixture: where it tells that the density exceeds a level, it does",
          "[normal_mixture]") {
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  int told = 0;
  for (int repetition = 0; repetition < 300; ++repetition) {
    std::vector<Component> components;
    for (int k = 0; k < 5; ++k)
      components.push_back({std::exp(normal(random)), normal(random), std::exp(normal(random))});
    const NormalMixture m = mixture_of(components);
    // From the left end to the point right of all peaks where the density is the same.
    const double lower = -1 - std::abs(2 * normal(random)), level = m.evaluate(lower).density;
    double near = m.mean.maxCoeff(), far = 100;
    if (m.evaluate(near).density < level) continue;
    for (int i = 0; i < 100; ++i)
      (m.evaluate(0.5 * (near + far)).density > level ? near : far) = 0.5 * (near + far);
    if (!m.exceeds_between(lower, near, level)) continue;
    ++told;
    bool exceeds = true;
    for (int i = -500; i <= 1500; ++i) {
      const double x = lower + i * 1e-3 * (near - lower), density = m.evaluate(x).density;
      const bool inside = i >= 0 && i <= 1000;
      exceeds = exceeds && (inside ? density >= level * (1 - 1e-9) : density <= level * (1 + 1e-9));
    }
    CHECK(exceeds);
  }
  CHECK(told > 50);
}

TEST_CASE(
    "normal mixture: a spike at one side of wide components exceeds their level, a dip does not",
    "[normal_mixture]") {
  const NormalMixture spike = mixture_of({{0.2, 0, 1e-12}, {0.8, 0.1, 1}});
  const double level = spike.evaluate(-1.5).density;
  CHECK_FALSE(spike.one_peak());
  CHECK(spike.exceeds_between(-1.5, 1.7, level));
  CHECK_FALSE(spike.exceeds_between(0.05, 1.7, level));  // the spike is outside
  CHECK_FALSE(mixture_of({{0.5, 0, 1}, {0.5, 8, 1}}).exceeds_between(-2, 10, 0.0270));
}
