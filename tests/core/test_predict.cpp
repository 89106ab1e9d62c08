// Quantiles of samples, chosen draws, and predictions of a normal outcome.
#include <catch.h>

#include <cmath>
#include <memory>
#include <optional>
#include <vector>

#include "close_to.hpp"
#include "core/numerics/sample_quantile.hpp"
#include "core/predict/linear_predictor.hpp"
#include "core/predict/normal_outcome.hpp"
#include "core/predict/predictive.hpp"

using namespace bayespool;

namespace {

// Three draws of a varying intercept with one slope and two groups.
const std::vector<double> population = {1, 2, 3}, slope = {0.5, 1, -1},
                          groups = {1.5, 2, 2, 0, 4, 3}, sigma = {1, 2, 0.5}, tau = {0.1, 0.2, 0.3};
const std::vector<double> x = {0, 2, 1, 1}, noise_of_row = {1, 0.5, 3, 1};

Predictive predictive(std::vector<Index> group) {
  ParameterDraws draws;
  draws.total = 3;
  draws.population = population.data();
  draws.slopes = slope.data();
  draws.slope_count = 1;
  draws.groups = groups.data();
  draws.sigma = sigma.data();
  draws.tau = tau.data();
  const Eigen::Map<const MatrixXd> predictors(x.data(), static_cast<Index>(group.size()), 1);
  return Predictive(std::make_unique<NormalOutcome>(),
                    LinearPredictor(draws, {predictors, std::move(group), 2, noise_of_row}, 8, 1),
                    8, 2);
}

}  // namespace

TEST_CASE("quantiles of a sample are R's", "[predict]") {
  const std::vector<std::pair<double, double>> expected = {
      {0, 1}, {0.1, 1}, {0.5, 3}, {0.9, 4.6}, {1, 5}};
  ArrayXd values(5);
  values << 3, 1, 4, 1, 5;
  for (const auto& [p, quantile] : expected) CHECK(close_to(sample_quantile(values, p), quantile));
}

TEST_CASE("chosen draws: as many as asked for, in order, each equally often", "[predict]") {
  std::vector<double> count(5, 0);
  const int repeats = 2000;
  for (int seed = 0; seed < repeats; ++seed) {
    const std::vector<Index> chosen = choose_draws(5, 2, static_cast<std::uint64_t>(seed), 0);
    REQUIRE(chosen.size() == 2);
    CHECK(chosen[0] < chosen[1]);
    for (const Index i : chosen) ++count[static_cast<std::size_t>(i)];
  }
  for (const double n : count) CHECK(std::abs(n / repeats - 0.4) < 5 * std::sqrt(0.24 / repeats));
}

TEST_CASE("linear predictors of known groups and of the population", "[predict]") {
  // Rows: group 2 at x = 0, the population at x = 2, group 1 at x = 1.
  const Predictive p = predictive({1, -1, 0});
  std::vector<double> found(9);
  p.linear_predictor(0, 3, found.data());
  const std::vector<double> expected = {0, 4, 3, 2, 4, 1, 2, 3, 1};
  for (std::size_t i = 0; i < 9; ++i) CHECK(close_to(found[i], expected[i]));
  std::vector<double> means(9);
  p.expected(0, 3, means.data());
  CHECK(means == found);
}

TEST_CASE("linear predictors where several effects vary", "[predict]") {
  // One draw: intercept 1, slope 2 of the first column; the second column varies without being a predictor, the intercept with it.
  // Groups: (1.5, 0.5) and (2, -1). New groups have tau = (0.1, 0.2) and a correlation of -1.
  const std::vector<double> of_groups = {1.5, 2, 0.5, -1}, scales = {0.1, 0.2}, correlation = {-1};
  const std::vector<double> columns = {1, 1, 1, 0, 1, 3, 3, 3, 0, 1};
  ParameterDraws draws;
  draws.total = 1;
  const double intercept = 1, slope_of_first = 2, noise = 1;
  draws.population = &intercept;
  draws.slopes = &slope_of_first;
  draws.slope_count = 1;
  draws.groups = of_groups.data();
  draws.sigma = &noise;
  draws.tau = scales.data();
  draws.correlation = correlation.data();
  draws.directions = {std::nullopt, 1};
  const LinearPredictor predictor(
      draws,
      {Eigen::Map<const MatrixXd>(columns.data(), 5, 2), {0, 1, -1, 2, 2}, 2, {1, 1, 1, 1, 1}}, 8,
      1);
  std::vector<double> found(5);
  predictor.visit(0, 5, [&](Index row, const ArrayXd& value, const ArrayXd&, bool) {
    found[static_cast<std::size_t>(row)] = value(0);
  });
  CHECK(close_to(found[0], 1.5 + 2 + 3 * 0.5));
  CHECK(close_to(found[1], 2 + 2 - 3 * 1));
  CHECK(close_to(found[2], 1 + 2));
  const double deviation = found[3] - 1;
  CHECK(close_to(found[4], 1 + deviation + 2 - 2 * deviation));
  CHECK(deviation != 0);
}

TEST_CASE("linear predictors with two grouping factors", "[predict]") {
  // Two draws; factors of two and of three levels. Each combination of known and new levels, and the population.
  const std::vector<double> intercept = {1, 2}, first = {0.5, -0.5, 1.5, -1},
                            scales = {1, 0.3, 0, 2}, second = {0.1, 0.2, -0.3, 0.4, 3, -4},
                            slopes = {1, -1};
  const std::vector<double> columns = {0, 1, 2, 0, 0, 1, 3, 0, 0};
  ParameterDraws draws;
  draws.total = 2;
  draws.population = intercept.data();
  draws.slopes = slopes.data();
  draws.slope_count = 1;
  draws.deviations = {first.data(), second.data()};
  draws.tau = scales.data();
  const double sigma = 1;
  draws.known_sigma = sigma;
  const std::vector<Index> cell = {0, 5, 6, 7, 8, 7, -1, 5, 9},
                           of_first = {1, 2, 0, 2, 3, 2, -1, 2, 3},
                           of_second = {2, 0, 3, 3, 4, 3, -1, 0, 0};
  PredictionRows rows{Eigen::Map<const MatrixXd>(columns.data(), 9, 1), cell, 5,
                      std::vector<double>(9, 1)};
  rows.levels = {of_first, of_second};
  rows.known_levels = {2, 3};
  const LinearPredictor predictor(draws, rows, 8, 1);
  MatrixXd found(2, 9);
  predictor.visit(0, 9, [&](Index row, const ArrayXd& value, const ArrayXd&, bool) {
    found.col(row) = value.matrix();
  });
  // New levels have a stream each, the first one of the second factor number 1.
  std::vector<std::vector<double>> of_new;
  for (std::uint64_t stream = 0; stream < 4; ++stream) {
    RandomStream random(8, 1, stream);
    of_new.emplace_back();
    for (std::size_t d = 0; d < 2; ++d)
      of_new.back().push_back(scales[2 * (stream % 2) + d] * random.normal());
  }
  const auto effect = [&](bool of_second_factor, Index level, std::size_t d) {
    const Index known = of_second_factor ? 3 : 2;
    if (level < 0) return 0.0;
    if (level >= known)
      return of_new[static_cast<std::size_t>(2 * (level - known)) + of_second_factor][d];
    return (of_second_factor ? second : first)[2 * static_cast<std::size_t>(level) + d];
  };
  for (std::size_t i = 0; i < 9; ++i)
    for (std::size_t d = 0; d < 2; ++d)
      CHECK(close_to(found(static_cast<Index>(d), static_cast<Index>(i)),
                     intercept[d] + slopes[d] * columns[i] + effect(false, of_first[i], d) +
                         effect(true, of_second[i], d)));
  CHECK(close_to(found(0, 3), found(0, 5) - slopes[0]));
  CHECK(of_new[0][0] != of_new[2][0]);
  CHECK(of_new[1][1] != of_new[3][1]);
}

TEST_CASE("log densities, errors and predictions of a normal outcome", "[predict]") {
  const Predictive p = predictive({1, -1, 0});
  const std::vector<double> y = {1, 2, 3};
  std::vector<double> mean(9), drawn(9), error(9), log_density(9), in_parts(9);
  p.expected(0, 3, mean.data());
  p.predict(0, 3, drawn.data());
  p.error(0, 3, y.data(), error.data());
  p.log_density(0, 3, y.data(), log_density.data());
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t d = 0; d < 3; ++d) {
      const std::size_t i = 3 * row + d;
      const double sd = noise_of_row[row] * sigma[d], z = (y[row] - mean[i]) / sd;
      CHECK(close_to(log_density[i], -0.5 * (log_two_pi + z * z) - std::log(sd)));
      CHECK(error[i] == y[row] - drawn[i]);
    }
  // The noise of a row is a stream of its own, whatever is computed beside it.
  RandomStream noise(8, 2, 1);
  for (std::size_t d = 0; d < 3; ++d)
    CHECK(close_to(drawn[3 + d], mean[3 + d] + noise_of_row[1] * sigma[d] * noise.normal()));
  for (Index i = 2; i >= 0; --i) p.predict(i, i + 1, in_parts.data());
  CHECK(in_parts == drawn);
}

TEST_CASE("a new group has one mean, drawn from the population, for all its rows", "[predict]") {
  const Predictive p = predictive({2, 3, 2, 2});
  std::vector<double> found(12);
  p.linear_predictor(0, 4, found.data());
  RandomStream random(8, 1, 0);
  for (std::size_t d = 0; d < 3; ++d) {
    const double mean = population[d] + tau[d] * random.normal();
    CHECK(close_to(found[d], mean));
    CHECK(close_to(found[6 + d], mean + slope[d]));
    CHECK(found[9 + d] == found[6 + d]);
    CHECK(found[3 + d] - 2 * slope[d] != mean);
  }
}
