// A normal outcome around its linear predictor: expected values, draws, log densities.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <memory>

#include "core/numerics/constants.hpp"
#include "core/numerics/streams.hpp"
#include "core/predict/outcome.hpp"

namespace bayespool {

// `noise` is what multiplies sigma.
class NormalOutcome final : public Outcome {
 public:
  void linear(const Draws& predictor, double, double* out) const override {
    Eigen::Map<Draws>(out, predictor.size()) = predictor;
  }
  void expected(const Draws& predictor, double, double* out) const override {
    Eigen::Map<Draws>(out, predictor.size()) = predictor;
  }

  void draw(const Draws& predictor, const Draws& sigma, double noise, RandomStream& random,
            double* out) const override {
    for (Eigen::Index d = 0; d < predictor.size(); ++d)
      out[d] = predictor(d) + noise * sigma(d) * random.normal();
  }

  std::unique_ptr<Outcome::LogDensity> log_density() const override {
    return std::make_unique<LogDensity>();
  }

 private:
  // log N(y | predictor, (noise sigma)^2)
  class LogDensity final : public Outcome::LogDensity {
   public:
    void set_sigma(const Draws& sigma) override {
      constant_ = -0.5 * log_two_pi - sigma.log();
      precision_ = sigma.inverse();
    }
    void operator()(double y, const Draws& predictor, double noise, double* out) const override {
      Eigen::Map<Draws>(out, predictor.size()) =
          constant_ - std::log(noise) - 0.5 * ((y - predictor) * precision_ / noise).square();
    }

   private:
    Draws constant_, precision_;
  };
};

}  // namespace bayespool
