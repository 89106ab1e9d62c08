// The density that NUTS samples where groups are counts: beside a plain formula, gradients beside differences.
#include <catch.h>

#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/nuts/group_counts_likelihood.hpp"
#include "core/nuts/hierarchical_density.hpp"
#include "count_examples.hpp"

using namespace bayespool;

namespace {

using Density = HierarchicalDensity<GroupCountsLikelihood>;
using Kind = SampledCoordinate::Kind;
using Scale = SampledCoordinate::Scale;

constexpr double log_constant = -1.25;
const ScalePrior exponential("exponential", {0.5}), uniform("uniform", {0.1, 4}),
    known("degenerate", {0.7}), no_spread("degenerate", {0}), flat("degenerate", {infinity}),
    no_sigma("degenerate", {1});

// With groups at both edges: no events, and nothing but successes.
CountData four_groups(CountFamily family, bool predictor, bool intercept = true) {
  const bool binomial = family == CountFamily::binomial;
  CountData data = counts(family, {3, 0, 7, 12}, {20, 5, 7, binomial ? 30 : 2.5});
  data.x.resize(4, (intercept ? 1 : 0) + (predictor ? 1 : 0));
  if (intercept) data.x.col(0).setOnes();
  if (predictor) data.x.rightCols<1>() << 0.5, -1, 2, 0.25;
  return data;
}

CoefficientPriors priors(Index count, double last_sd) {
  CoefficientPriors result{VectorXd::Constant(count, 0.4), VectorXd::Constant(count, 1.5)};
  result.mean(count - 1) = -0.3;
  result.sd(count - 1) = last_sd;
  return result;
}

struct Model {
  CountData data;
  std::optional<Index> intercept;
  CoefficientPriors coefficients;
  ScalePrior tau;
  Parameterization form;

  Density density() const {
    const Index p = coefficients.mean.size();
    DrawColumns columns;
    for (Index k = 0; k < p; ++k) columns.coefficients.push_back(k);
    columns.first_group = p;
    columns.tau = p + data.k.size();
    return Density(GroupCountsLikelihood(data, intercept, log_constant), coefficients, intercept,
                   no_sigma, tau, form, columns);
  }

  double log_likelihood(Index j, double theta) const {
    const double k = data.k(j), n = data.n(j);
    const auto log_factorial = [](double x) { return boost::math::lgamma(x + 1); };
    if (data.family == CountFamily::poisson)
      return k * (std::log(n) + theta) - n * std::exp(theta) - log_factorial(k);
    return log_factorial(n) - log_factorial(k) - log_factorial(n - k) + k * theta -
           n * std::log1p(std::exp(theta));
  }

  // The density in the order of the coordinates: coefficients, groups, tau.
  double plain(const VectorXd& q) const {
    const auto log_normal = [](double x, double mean, double sd) {
      return -0.5 * (log_two_pi + std::pow((x - mean) / sd, 2)) - std::log(sd);
    };
    double total = log_constant;
    Index at = 0;
    VectorXd beta = coefficients.mean;
    for (Index k = 0; k < beta.size(); ++k) {
      const double sd = coefficients.sd(k);
      if (sd == 0) continue;
      beta(k) = q(at++);
      if (sd < infinity) total += log_normal(beta(k), coefficients.mean(k), sd);
    }
    double spread = tau.is_fixed() ? tau.fixed_value() : 0;
    if (!tau.is_fixed()) {
      const double x = q(q.size() - 1), low = tau.lower(), high = tau.upper();
      const bool bounded = high < infinity;
      const double p = 1 / (1 + std::exp(-x));
      spread = bounded ? low + (high - low) * p : std::exp(x);
      total += tau.log_density(spread) + (bounded ? std::log((high - low) * p * (1 - p)) : x);
    }
    for (Index j = 0; j < data.k.size(); ++j) {
      const double mean = data.x.row(j).dot(beta);
      double theta = mean;
      if (spread > 0 && form == Parameterization::noncentered) {
        theta += spread * q(at + j);
        total += log_normal(q(at + j), 0, 1);
      } else if (spread > 0) {
        theta = q(at + j);
        if (spread < infinity) total += log_normal(theta, mean, spread);
      }
      total += log_likelihood(j, theta);
    }
    return total;
  }
};

void check(const Model& model) {
  Density f = model.density();
  VectorXd q(f.dimension()), gradient(f.dimension());
  for (Index i = 0; i < q.size(); ++i) q(i) = std::sin(3.0 + 2 * static_cast<double>(i));
  CHECK(close_to(f(q, gradient), model.plain(q)));
  for (Index i = 0; i < q.size(); ++i) {
    const auto at = [&](double step) {
      VectorXd moved = q;
      moved(i) += step;
      return model.plain(moved);
    };
    const double h = 1e-3;
    const double expected = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    CAPTURE(i);
    CHECK(close_to(gradient(i), expected, 1e-8));
  }
}

constexpr CountFamily families[] = {CountFamily::binomial, CountFamily::poisson};
constexpr Parameterization forms[] = {Parameterization::noncentered, Parameterization::centered};

}  // namespace

TEST_CASE("the density of groups from a population is that of a plain formula", "[counts]") {
  for (const CountFamily family : families)
    for (const Parameterization form : forms)
      for (const ScalePrior& tau : {exponential, uniform, known}) {
        check({four_groups(family, false), 0, priors(1, 2), tau, form});
        for (const double sd : {2.0, infinity, 0.0}) {
          check({four_groups(family, true), 0, priors(2, sd), tau, form});
          check({four_groups(family, true, false), std::nullopt, priors(1, sd), tau, form});
        }
      }
}

TEST_CASE("the density is right where groups are equal, and where they are independent",
          "[counts]") {
  for (const CountFamily family : families) {
    for (const Parameterization form : forms) {
      check({four_groups(family, false), 0, priors(1, 2), no_spread, form});
      check({four_groups(family, true), 0, priors(2, infinity), no_spread, form});
    }
    for (const ScalePrior& tau : {known, flat})
      check({four_groups(family, false), 0, priors(1, 0), tau, Parameterization::centered});
  }
}

TEST_CASE("the density integrates to the evidence of the quadrature", "[counts]") {
  // One group, tau known: the density of (mu, theta) on a grid, which the trapezoidal rule integrates to rounding errors.
  for (const CountFamily family : families) {
    const CountData data = counts(family, {3}, {20});
    const CountPriors prior = intercept_priors(-0.5, 1.2, known);
    const CountQuadrature exact(data, prior, 0, [] {});
    Model model{data, 0, prior.coefficients, known, Parameterization::centered};
    Density f = model.density();
    VectorXd q(2), gradient(2);
    double total = 0;
    const double step = 0.05;
    for (q(0) = -11; q(0) < 10; q(0) += step)
      for (q(1) = -13; q(1) < 10; q(1) += step) total += std::exp(f(q, gradient) - log_constant);
    CHECK(std::abs(std::log(total * step * step) - exact.log_evidence()) < 1e-8);
  }
}

TEST_CASE("without data the density is that of the prior, however far away", "[counts]") {
  for (const CountFamily family : families) {
    CountData data = four_groups(family, true);
    data.k.setZero();
    data.n.setZero();
    Density f(GroupCountsLikelihood(data, 0, 0), priors(2, 2), 0, no_sigma, known,
              Parameterization::noncentered, {{0, 1}, 2, std::nullopt, 6});
    // exp(theta) is infinite.
    VectorXd q(6), gradient(6);
    q << 1e3, -2, 1, -1, 0.5, 0;
    const double eta = 0.5 * (1 + 1 + 0.25) + 2 * log_two_pi;
    const double beta = 0.5 * (std::pow(999.6 / 1.5, 2) + std::pow(1.7 / 2, 2)) + log_two_pi +
                        std::log(1.5) + std::log(2);
    CHECK(close_to(f(q, gradient), -eta - beta));
    CHECK(close_to(gradient(0), -999.6 / 2.25));
    CHECK(gradient.tail(4) == -q.tail(4));
    // Chains start by the priors.
    CHECK(f.centre() == (VectorXd(6) << 0.4, -0.3, 0, 0, 0, 0).finished());
    CHECK(f.unit() == (VectorXd(6) << 1.5, 2, 1, 1, 1, 1).finished());
    CHECK(f.scale() == f.unit());
  }
}

TEST_CASE("differences of log densities keep their digits with a billion trials", "[counts]") {
  // Terms of 1e9 cancel to what the curvature leaves, half a standard error from the mode.
  for (const CountFamily family : families) {
    const CountData data = counts(family, {3e8}, {1e9});
    GroupCountsLikelihood likelihood(data, 0, 0);
    const CountLikelihood own(family, 3e8, 1e9);
    const double sd = 1 / std::sqrt(own.curvature(own.mode()));
    const auto at = [&](double z) {
      return likelihood(VectorXd::Constant(1, own.mode() + z * sd), VectorXd(0), 1, 0);
    };
    CHECK(std::abs(at(0.5) - at(0) + 0.125) < 1e-5);
    CHECK(std::abs(likelihood.group_gradient()(0)) < 1e-6 / sd);
  }
}

TEST_CASE("coordinates of counts: no sigma, and groups have the scale of the form", "[counts]") {
  for (const Parameterization form : forms) {
    const Density f =
        Model{four_groups(CountFamily::binomial, true), 0, priors(2, 2), uniform, form}.density();
    const std::vector<SampledCoordinate>& found = f.coordinates();
    REQUIRE(found.size() == 7);
    const bool centered = form == Parameterization::centered;
    for (std::size_t i = 0; i < 7; ++i) {
      CHECK(found[i].kind == (i < 2 ? Kind::coefficient : i < 6 ? Kind::group : Kind::tau));
      CHECK(found[i].scale == (i == 6                         ? Scale::logit
                               : i < 2 || (i < 6 && centered) ? Scale::natural
                                                              : Scale::standardised));
      CHECK(found[i].index == static_cast<Index>(i < 2 ? i : i < 6 ? i - 2 : 0));
    }
  }
}

TEST_CASE("draws of groups are without what their predictors explain", "[counts]") {
  const CountData data = four_groups(CountFamily::poisson, true);
  for (const Parameterization form : forms) {
    Density f = Model{data, 0, priors(2, 2), known, form}.density();
    VectorXd q(6);  // beta_0, beta, groups
    q << 0.2, -1.5, 1, -1, 0.5, 2;
    std::vector<double> row(7, -99);
    f.store(q, row.data(), 1);
    CHECK(row[0] == 0.2);
    CHECK(row[1] == -1.5);
    for (Index j = 0; j < 4; ++j) {
      const double own =
          form == Parameterization::centered ? q(2 + j) + 1.5 * data.x(j, 1) : 0.2 + 0.7 * q(2 + j);
      CHECK(close_to(row[static_cast<std::size_t>(2 + j)], own));
    }
    CHECK(row[6] == 0.7);
  }
}

TEST_CASE("chains start by the log odds of all, and the metric knows what groups say", "[counts]") {
  const CountData data = four_groups(CountFamily::binomial, true);
  const Density f = Model{data, 0, priors(2, 2), exponential, Parameterization::centered}.density();
  const double centre = std::log(22.5 / 40.5);
  CHECK(close_to(f.centre()(0), centre));
  CHECK(f.centre()(1) == 0);
  const VectorXd x = data.x.col(1);
  const double sd = std::sqrt((x.array() - x.mean()).square().sum() / 3);
  CHECK(close_to(f.unit()(1), 1 / sd));
  CHECK(close_to(f.scale()(0), 0.5));
  CHECK(close_to(f.scale()(1), 0.5 / sd));
  for (Index j = 0; j < 4; ++j) {
    CHECK(close_to(f.centre()(2 + j), centre));
    const double variance = 1 / (data.k(j) + 0.5) + 1 / (data.n(j) - data.k(j) + 0.5);
    CHECK(close_to(f.scale()(2 + j), 1 / std::sqrt(1 + 1 / variance)));
  }
  CHECK(close_to(f.centre()(6), 0));
}
