// Priors of standard deviations: densities against values from 60-digit arithmetic, against their definition as
// densities, and slopes against differences.
#include <catch.h>

#include <string>
#include <vector>

#include "close_to.hpp"
#include "core/model/coordinate.hpp"
#include "core/model/scale_prior.hpp"

using namespace bayespool;

namespace {

struct Reference {
  std::string name;
  ScaleParameters parameters;
  double x, log_density;
};

// One of each family that has a density to be normalised, and extremes.
const std::vector<ScalePrior> proper_priors = {{"exponential", {0.4}},
                                               {"gamma", {2.5, 0.7}},
                                               {"gamma", {50, 8}},
                                               {"inverse_gamma", {3, 5}},
                                               {"inverse_gamma", {40, 90}},
                                               {"lognormal", {0.3, 0.6}},
                                               {"log_student_t", {12, 0.3, 0.6}},
                                               {"uniform", {2, 7}},
                                               {"normal", {0, 2}},
                                               {"normal", {4, 1.5}},
                                               {"normal", {-8, 2}},
                                               {"normal", {-40, 1}},
                                               {"student_t", {5, 0, 2}},
                                               {"student_t", {4, 3, 1}},
                                               {"student_t", {7, -9, 1.5}},
                                               {"student_t", {1e6, -40, 1}},
                                               {"cauchy", {0, 1.5}},
                                               {"cauchy", {2, 0.5}},
                                               {"cauchy", {-20, 0.5}}};

// The integral of the density over its support, by the trapezoidal rule on the unbounded coordinate.
double total_mass(const ScalePrior& prior) {
  const Coordinate coordinate(prior);
  const double step = 1.0 / 64;
  double sum = 0;
  for (double x = -60; x <= 60; x += step)
    sum += std::exp(prior.log_density(coordinate.value(x)) + coordinate.log_jacobian(x));
  return sum * step;
}

}  // namespace

TEST_CASE("log densities have their digits, also at extreme parameters", "[scale_prior]") {
  const std::vector<Reference> references = {
      {"normal", {-40, 1}, 0.3, -8.3554965194508841},
      {"normal", {-40, 1}, 2, -78.310496519450885},
      {"normal", {-4.9, 1}, 1, -3.7727558438493622},
      {"normal", {-5.1, 1}, 1, -3.9354514413332049},
      {"normal", {-1e5, 1}, 1e-4, 1.5129254600702279},
      {"normal", {3, 2}, 1, -2.0429422581523841},
      {"normal", {1e5, 3}, 1e5, -2.0175508218727824},
      {"student_t", {3, -40, 1}, 0.3, -2.6215981798622283},
      {"student_t", {3, 2, 1}, 2, -0.92868047363924196},
      {"student_t", {1e6, -40, 1}, 0.5, -16.40456306034247},
      {"student_t", {30, -2.9, 1}, 0.5, -0.31285282872224092},
      {"student_t", {30, -3.1, 1}, 0.5, -0.32336853268419127},
      {"student_t", {1e4, -2.9, 1}, 0.5, -0.41432004094592196},
      {"student_t", {0.1, -1e6, 1}, 0.5, -16.118096200958235},
      {"gamma", {19.9, 20}, 1, 0.57198366248821028},
      {"gamma", {20.1, 20}, 1, 0.57702619479828059},
      {"gamma", {1e8, 1e8}, 1.0009765625, -39.362268702145283},
      {"gamma", {1e3, 1e3}, 0.1, -1397.7476521280957},
      {"gamma", {0.5, 2}, 0.001, 3.2260862868463411},
      {"inverse_gamma", {1e3, 1e3}, 0.5, -303.62481648653891},
      {"inverse_gamma", {0.01, 0.01}, 3, -5.7584633247900267},
      {"log_student_t", {5, -1.72, 1.295}, 0.3, -0.11694618834567925},
      {"log_student_t", {5, -1.72, 1.295}, 0x1p-400, 248.69841623916296},
      {"log_student_t", {5, 0, 1}, 0x1p400, -307.14908295688485},
      {"log_student_t", {1.5, 2, 0.25}, 1, -4.4110872168783025},
      {"log_student_t", {1e6, -1, 0.5}, 0.5, 0.27903811946472481}};
  for (const Reference& reference : references) {
    CAPTURE(reference.name);
    CAPTURE(reference.parameters[0]);
    CAPTURE(reference.x);
    const double found = ScalePrior(reference.name, reference.parameters).log_density(reference.x);
    CAPTURE(found - reference.log_density);
    CHECK(close_to(found, reference.log_density, 5e-14));
  }
}

TEST_CASE("log densities agree with R's log tails", "[scale_prior]") {
  // pnorm(-40, log.p = TRUE) and pt(-40, 3, log.p = TRUE)
  const double z = 40.3, normal = -0.5 * (z * z + log_two_pi) + 804.6084420137538;
  CHECK(close_to(ScalePrior("normal", {-40, 1}).log_density(0.3), normal, 1e-12));
  // The density of t with 3 degrees of freedom is 2 / (sqrt(3) pi (1 + t^2 / 3)^2).
  const double t = -2 * std::log1p(z * z / 3) + std::log(2 / (std::sqrt(3.0) * std::acos(-1.0)));
  CHECK(close_to(ScalePrior("student_t", {3, -40, 1}).log_density(0.3), t + 10.971162936870325));
}

TEST_CASE("densities have mass 1", "[scale_prior]") {
  for (const ScalePrior& prior : proper_priors) {
    CAPTURE(prior.typical_value());
    CHECK(close_to(total_mass(prior), 1, 1e-11));
  }
}

TEST_CASE("slopes are derivatives of log densities", "[scale_prior]") {
  for (const ScalePrior& prior : proper_priors) {
    const Coordinate coordinate(prior);
    for (const double at : {-2.0, -0.1, 1.0}) {
      const double x = coordinate.value(coordinate.coordinate(prior.typical_value()) + at);
      // Central differences of the second and fourth order.
      const double h = 1e-3 * x;
      const auto difference = [&](double step) {
        return (prior.log_density(x + step) - prior.log_density(x - step)) / (2 * step);
      };
      const double expected = (4 * difference(h) - difference(2 * h)) / 3;
      CAPTURE(x);
      CHECK(close_to(prior.slope(x) * x, expected * x, 1e-8));
    }
  }
}

TEST_CASE("supports and known values", "[scale_prior]") {
  CHECK(ScalePrior("uniform", {2, 7}).lower() == 2);
  CHECK(ScalePrior("uniform", {2, 7}).upper() == 7);
  CHECK(ScalePrior("gamma", {2, 7}).lower() == 0);
  CHECK(ScalePrior("gamma", {2, 7}).upper() == infinity);
  CHECK(ScalePrior("flat", {}).log_density(3) == 0);
  CHECK_FALSE(ScalePrior("flat", {}).is_fixed());
  CHECK(ScalePrior("degenerate", {0.25}).is_fixed());
  CHECK(ScalePrior("degenerate", {0.25}).fixed_value() == 0.25);
}

TEST_CASE("the Cauchy distribution is Student's with one degree of freedom", "[scale_prior]") {
  for (const double location : {-20.0, -2.0, 0.0, 3.0}) {
    const double scale = 0.5, x = 1.7, z = (x - location) / scale;
    const double above_zero = 0.5 + std::atan(location / scale) / std::acos(-1.0);
    const double expected = -std::log(std::acos(-1.0) * scale * above_zero * (1 + z * z));
    CHECK(close_to(ScalePrior("cauchy", {location, scale}).log_density(x), expected, 1e-13));
  }
}

TEST_CASE("densities far out are 0, not NaN", "[scale_prior]") {
  for (const ScalePrior& prior : proper_priors)
    for (const double x : {1e-200, 1e-150, 1e150, 1e300})
      CHECK_FALSE(std::isnan(prior.log_density(x)));
  CHECK(close_to(ScalePrior("cauchy", {0, 1}).log_density(1e200),
                 -400 * std::log(10.0) + std::log(2 / std::acos(-1.0))));
}

TEST_CASE("unknown names and wrong parameters are refused by class", "[scale_prior]") {
  CHECK_THROWS_AS(ScalePrior("weibull", {1, 1}), UnknownName);
  CHECK_THROWS_AS(ScalePrior("", {}), UnknownName);
  CHECK_THROWS_AS(ScalePrior("gamma", {1}), InvalidInput);
  CHECK_THROWS_AS(ScalePrior("flat", {1}), InvalidInput);
}
