// The density that NUTS samples with two grouping factors: against sums over the rows, gradients against differences, its coordinates.
#include <catch.h>

#include <array>
#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/nuts/crossed_density.hpp"
#include "gradients.hpp"

using namespace bayespool;

namespace {

using Kind = SampledCoordinate::Kind;
using Scale = SampledCoordinate::Scale;

constexpr double log_root_two_pi = 0.918938533204672742;

double log_normal(double x, double mean, double sd) {
  const double z = (x - mean) / sd;
  return -log_root_two_pi - std::log(sd) - 0.5 * z * z;
}

struct Row {
  Index cell;
  double x, y;
};

// Levels 3 x 2; the pair (1, 0) does not occur, and two cells have one row.
const CellLevels levels{{std::vector<Index>{0, 0, 1, 2, 2}, std::vector<Index>{0, 1, 1, 0, 1}},
                        {3, 2}};
const std::vector<Row> rows = {{0, 0.5, 1},  {0, -1, 2.5}, {0, 2, 0.25}, {1, 1, 3}, {2, 0.75, -1},
                               {2, -0.5, 2}, {3, 1.5, 4},  {4, 0, 1.5},  {4, 3, 2}, {4, -2, 0.5}};

// Moments of the cells of x and y, about their means.
EffectData cells() {
  EffectData data{VectorXd::Zero(5),    VectorXd::Zero(5), MatrixXd::Zero(5, 2),
                  MatrixXd::Zero(5, 3), {{}, 0},           {{}, {}}};
  for (const Row& row : rows) {
    data.rows(row.cell) += 1;
    data.mean.row(row.cell) += Eigen::RowVector2d(row.x, row.y);
  }
  data.size = data.rows;
  data.mean.array().colwise() /= data.size.array();
  for (const Row& row : rows) {
    const double x = row.x - data.mean(row.cell, 0), y = row.y - data.mean(row.cell, 1);
    data.within.row(row.cell) += Eigen::RowVector3d(x * x, x * y, y * y);
  }
  return data;
}

const ScalePrior exponential("exponential", {0.5}), uniform("uniform", {0.1, 4}),
    known("degenerate", {0.7}), no_spread("degenerate", {0});

CoefficientPriors priors(double slope_sd) {
  return {Eigen::Vector2d(2, 0.25), Eigen::Vector2d(1.5, slope_sd)};
}

CrossedDensity density(const ScalePrior& sigma, const ScalePrior& first, const ScalePrior& second,
                       Parameterization form, double slope_sd = 3) {
  return CrossedDensity(cells(), levels, priors(slope_sd), {sigma, {first, second}, std::nullopt},
                        form, {{0, 1}, {2, 5}, {{}, {}}, 7, {8, 9}, {}});
}

constexpr std::array<Parameterization, 2> forms = {Parameterization::noncentered,
                                                   Parameterization::centered};

}  // namespace

TEST_CASE("two factors: the density is that of the rows and of all priors", "[crossed_density]") {
  for (const Parameterization form : forms) {
    const bool centered = form == Parameterization::centered;
    CrossedDensity f = density(exponential, exponential, exponential, form);
    REQUIRE(f.dimension() == 10);
    VectorXd q(10), gradient(10);  // beta_0, beta, 3 + 2 effects, log sigma and log taus
    q << 1.2, -0.4, 0.7, -1.1, 0.3, 0.9, -0.6, 0.2, -0.5, 0.4;
    const double sigma = std::exp(q(7));
    const std::array<double, 2> tau = {std::exp(q(8)), std::exp(q(9))};
    double expected = log_normal(q(0), 2, 1.5) + log_normal(q(1), 0.25, 3);
    for (Index k = 7; k < 10; ++k) expected += std::log(0.5) - 0.5 * std::exp(q(k)) + q(k);
    VectorXd effect = q.segment(2, 5);
    for (Index j = 0; j < 5; ++j) {
      const double own = tau[j < 3 ? 0 : 1];
      expected += log_normal(effect(j), 0, centered ? own : 1);
      if (!centered) effect(j) *= own;
    }
    for (const Row& row : rows) {
      const std::size_t cell = static_cast<std::size_t>(row.cell);
      const double mean = q(0) + q(1) * row.x + effect(levels.of_cell[0][cell]) +
                          effect(3 + levels.of_cell[1][cell]);
      expected += log_normal(row.y, mean, sigma);
    }
    CHECK(close_to(f(q, gradient), expected, 1e-13));
  }
}

TEST_CASE("two factors: gradients are derivatives", "[crossed_density]") {
  for (const Parameterization form : forms)
    for (const ScalePrior& sigma : {exponential, uniform, known}) {
      check_gradient(density(sigma, exponential, uniform, form));
      check_gradient(density(sigma, known, exponential, form, infinity));
      check_gradient(density(sigma, exponential, no_spread, form, 0));
      check_gradient(density(sigma, no_spread, uniform, form));
      check_gradient(density(sigma, no_spread, no_spread, form));
    }
}

TEST_CASE("two factors: the order of coordinates, and what is fixed has none",
          "[crossed_density]") {
  const CrossedDensity all =
      density(exponential, uniform, exponential, Parameterization::noncentered);
  const std::vector<Kind> kinds = {Kind::coefficient, Kind::coefficient, Kind::group, Kind::group,
                                   Kind::group,       Kind::group,       Kind::group, Kind::sigma,
                                   Kind::tau,         Kind::tau};
  const std::vector<Index> indices = {0, 1, 0, 1, 2, 3, 4, 0, 0, 1};
  REQUIRE(all.coordinates().size() == 10);
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(all.coordinates()[i].kind == kinds[i]);
    CHECK(all.coordinates()[i].index == indices[i]);
  }
  CHECK(all.coordinates()[6].scale == Scale::standardised);
  CHECK(all.coordinates()[8].scale == Scale::logit);
  CHECK(all.coordinates()[9].scale == Scale::log);
  const CrossedDensity few = density(known, no_spread, known, Parameterization::centered, 0);
  REQUIRE(few.dimension() == 3);
  CHECK(few.coordinates()[1].index == 3);
  CHECK(few.coordinates()[1].scale == Scale::natural);
}

TEST_CASE("two factors: draws are stored on the natural scale, fixed values too",
          "[crossed_density]") {
  CrossedDensity f = density(exponential, known, no_spread, Parameterization::noncentered, 0);
  VectorXd q(5);  // beta_0, z of the first factor, log sigma
  q << 2, -1, 0, 1, std::log(3.0);
  std::vector<double> row(20, -99);
  f.store(q, row.data(), 2);
  const std::vector<double> expected = {2, 0.25, -0.7, 0, 0.7, 0, 0, 3, 0.7, 0};
  for (std::size_t k = 0; k < 10; ++k) {
    CHECK(close_to(row[2 * k], expected[k]));
    CHECK(row[2 * k + 1] == -99);
  }
}
