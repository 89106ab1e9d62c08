// A normal outcome around its linear predictor: expected values, draws, log densities.
#pragma once

#include <Eigen/Core>
#include <cmath>

#include "core/numerics/constants.hpp"
#include "core/numerics/streams.hpp"

namespace bayespool {

// What Predictive asks of an outcome. For one row: `predictor` and `sigma` hold a number for each draw, and so does what
// is written. `noise`: what is known of the row's outcome; here what multiplies sigma.
struct NormalOutcome {
  using Draws = Eigen::ArrayXd;

  // The linear predictor as the user knows it, and the mean given it.
  static void linear(const Draws& predictor, double, double* out) {
    Eigen::Map<Draws>(out, predictor.size()) = predictor;
  }
  static void expected(const Draws& predictor, double, double* out) {
    Eigen::Map<Draws>(out, predictor.size()) = predictor;
  }

  static void draw(const Draws& predictor, const Draws& sigma, double noise, RandomStream& random,
                   double* out) {
    for (Eigen::Index d = 0; d < predictor.size(); ++d)
      out[d] = predictor(d) + noise * sigma(d) * random.normal();
  }

  // log N(y | predictor, (noise sigma)^2), for rows that share sigma.
  class LogDensity {
   public:
    void set_sigma(const Draws& sigma) {
      constant_ = -0.5 * log_two_pi - sigma.log();
      precision_ = sigma.inverse();
    }
    void operator()(double y, const Draws& predictor, double noise, double* out) const {
      Eigen::Map<Draws>(out, predictor.size()) =
          constant_ - std::log(noise) - 0.5 * ((y - predictor) * precision_ / noise).square();
    }

   private:
    Draws constant_, precision_;
  };
};

}  // namespace bayespool
