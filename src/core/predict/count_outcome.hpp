// Counts around their linear predictor: expected values, draws, log probabilities.
#pragma once

#include <Eigen/Core>
#include <cmath>

#include "core/model/count_likelihood.hpp"
#include "core/numerics/streams.hpp"

namespace bayespool {

// See NormalOutcome; there is no sigma, and what is known of a row is its size: trials, or exposure.
template <CountFamily family>
struct CountOutcome {
  using Draws = Eigen::ArrayXd;
  static constexpr bool poisson = family == CountFamily::poisson;

  // With the offset, the logarithm of the exposure.
  static void linear(const Draws& predictor, double size, double* out) {
    Eigen::Map<Draws>(out, predictor.size()) = poisson ? predictor + std::log(size) : predictor;
  }

  static void expected(const Draws& predictor, double size, double* out) {
    for (Eigen::Index d = 0; d < predictor.size(); ++d) {
      const double rare = rarer(predictor(d));
      out[d] = size * (poisson ? std::exp(predictor(d)) : predictor(d) > 0 ? 1 - rare : rare);
    }
  }

  static void draw(const Draws& predictor, const Draws&, double size, RandomStream& random,
                   double* out) {
    for (Eigen::Index d = 0; d < predictor.size(); ++d) {
      if (poisson) {
        out[d] = random.poisson(size * std::exp(predictor(d)));
      } else {
        const double rare = random.binomial(size, rarer(predictor(d)));
        out[d] = predictor(d) > 0 ? size - rare : rare;
      }
    }
  }

  class LogDensity {
   public:
    void set_sigma(const Draws&) {}
    void operator()(double k, const Draws& predictor, double size, double* out) const {
      const CountLikelihood likelihood(family, k, size);
      for (Eigen::Index d = 0; d < predictor.size(); ++d)
        out[d] = likelihood.log_value(predictor(d));
    }
  };

 private:
  // The probability of success or of failure, whichever is less.
  static double rarer(double theta) {
    const double e = std::exp(-std::abs(theta));
    return e / (1 + e);
  }
};

}  // namespace bayespool
