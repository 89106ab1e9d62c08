// The density that NUTS samples: gradients against differences, its coordinates, problems side by side.
#include <catch.h>

#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/nuts/hierarchical_density.hpp"
#include "core/nuts/joint_density.hpp"
#include "core/nuts/normal_likelihood.hpp"
#include "gradients.hpp"

using namespace bayespool;

namespace {

using Density = HierarchicalDensity<NormalLikelihood>;
using Kind = SampledCoordinate::Kind;
using Scale = SampledCoordinate::Scale;

// Three groups, an intercept and one slope.
GroupedData three_groups() {
  GroupedData data;
  data.size.resize(3);
  data.size << 2, 3, 1;
  data.projection.resize(3, 3);
  data.projection << 1, 0.5, 2, 1, -1, 3, 1, 2, 2.5;
  data.within = MatrixXd::Zero(3, 3);
  data.within.bottomRightCorner(2, 2) << 4, 1, 1, 3;
  data.observations = 6;
  data.direction = 0;
  return data;
}

CoefficientPriors priors(double slope_sd) {
  CoefficientPriors result{VectorXd(2), VectorXd(2)};
  result.mean << 2, 0.25;
  result.sd << 1.5, slope_sd;
  return result;
}

const ScalePrior exponential("exponential", {0.5}), uniform("uniform", {0.1, 4}),
    known("degenerate", {0.7}), no_spread("degenerate", {0}), no_pooling("degenerate", {infinity});

Density density(const ScalePrior& sigma, const ScalePrior& tau, Parameterization form,
                double slope_sd = 3) {
  return Density(NormalLikelihood(three_groups()), priors(slope_sd), 0, sigma, tau, form,
                 {{0, 1}, 2, 5, 6});
}

}  // namespace

TEST_CASE("gradients are derivatives", "[density]") {
  for (const Parameterization form : {Parameterization::noncentered, Parameterization::centered})
    for (const ScalePrior& sigma : {exponential, uniform, known}) {
      check_gradient(density(sigma, exponential, form));
      check_gradient(density(sigma, uniform, form, infinity));
      check_gradient(density(sigma, known, form, 0));
    }
  check_gradient(density(exponential, no_spread, Parameterization::centered));
  check_gradient(density(exponential, no_pooling, Parameterization::centered));
}

TEST_CASE("the likelihood is the normal density of the rows", "[density]") {
  // One group with rows y = 1, 4: theta = 2, sigma = 1.5.
  GroupedData data;
  data.size = VectorXd::Constant(1, 2);
  data.projection.resize(1, 2);
  data.projection << 1, 2.5;
  data.within = MatrixXd::Zero(2, 2);
  data.within(1, 1) = 4.5;
  data.observations = 2;
  data.direction = 0;
  NormalLikelihood likelihood(data);
  const double found = likelihood(VectorXd::Constant(1, 2), VectorXd(0), 1.5, std::log(1.5));
  const double expected = -log_two_pi - 2 * std::log(1.5) - 0.5 * (1 + 4) / 2.25;
  CHECK(close_to(found, expected));
  CHECK(close_to(likelihood.group_gradient()(0), (-1 + 2) / 2.25));
  CHECK(close_to(likelihood.sigma_gradient(), (5 / 2.25 - 2) / 1.5));
}

TEST_CASE("centered and non-centered densities differ by the Jacobian tau^J", "[density]") {
  Density centered = density(exponential, exponential, Parameterization::centered),
          noncentered = density(exponential, exponential, Parameterization::noncentered);
  VectorXd q(7), gradient(7);  // beta_0, beta, eta, log sigma, log tau
  q << 1.7, 0.4, -1, 0.3, 2, 0.1, -0.6;
  const double at_eta = noncentered(q, gradient), tau = std::exp(q(6));
  q.segment(2, 3) = q(0) + tau * q.segment(2, 3).array();
  CHECK(close_to(centered(q, gradient) + 3 * q(6), at_eta));
}

TEST_CASE("coordinates: the order, and what is fixed has none", "[density]") {
  const Density all = density(exponential, uniform, Parameterization::noncentered);
  const std::vector<SampledCoordinate>& found = all.coordinates();
  REQUIRE(found.size() == 7);
  const std::vector<Kind> kinds = {Kind::coefficient, Kind::coefficient, Kind::group, Kind::group,
                                   Kind::group,       Kind::sigma,       Kind::tau};
  const std::vector<Scale> scales = {Scale::natural,      Scale::natural,      Scale::standardised,
                                     Scale::standardised, Scale::standardised, Scale::log,
                                     Scale::logit};
  const std::vector<Index> indices = {0, 1, 0, 1, 2, 0, 0};
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(found[i].kind == kinds[i]);
    CHECK(found[i].scale == scales[i]);
    CHECK(found[i].index == indices[i]);
  }
  const Density few = density(known, no_spread, Parameterization::centered, 0);
  REQUIRE(few.dimension() == 1);
  CHECK(few.coordinates()[0].kind == Kind::coefficient);
}

TEST_CASE("draws are stored on the natural scale, fixed values too", "[density]") {
  Density f = density(exponential, known, Parameterization::noncentered, 0);
  VectorXd q(5);  // beta_0, eta, log sigma
  q << 2, -1, 0, 1, std::log(3.0);
  std::vector<double> row(14, -99);
  f.store(q, row.data(), 2);
  const std::vector<double> expected = {2, 0.25, 2 - 0.7, 2, 2 + 0.7, 3, 0.7};
  for (std::size_t k = 0; k < 7; ++k) {
    CHECK(close_to(row[2 * k], expected[k]));
    CHECK(row[2 * k + 1] == -99);
  }
}

TEST_CASE("problems side by side: densities add up, each with its own coordinates", "[density]") {
  Density a = density(exponential, exponential, Parameterization::noncentered),
          b = density(uniform, no_spread, Parameterization::centered);
  JointDensity<Density> both({a, b});
  REQUIRE(both.dimension() == a.dimension() + b.dimension());
  const Index n = a.dimension(), m = b.dimension();
  VectorXd q(n + m), gradient(n + m), first(n), second(m);
  for (Index i = 0; i < q.size(); ++i) q(i) = std::cos(static_cast<double>(i));
  const double expected = a(q.head(n), first) + b(q.tail(m), second);
  CHECK(close_to(both(q, gradient), expected));
  CHECK(gradient.head(n) == first);
  CHECK(gradient.tail(m) == second);
  CHECK(both.centre().tail(m) == b.centre());
  CHECK(both.coordinates().back().part == 1);
  CHECK(both.coordinates().front().part == 0);
}
