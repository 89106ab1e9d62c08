// Counts around their linear predictor: expected values, draws, log probabilities.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <memory>

#include "core/model/count_likelihood.hpp"
#include "core/numerics/streams.hpp"
#include "core/predict/outcome.hpp"

namespace bayespool {

// There is no sigma, and what is known of a row is its size: trials, or exposure.
class CountOutcome final : public Outcome {
 public:
  explicit CountOutcome(CountFamily family) : family_(family) {}

  // With the offset, the logarithm of the exposure.
  void linear(const Draws& predictor, double size, double* out) const override {
    Eigen::Map<Draws> result(out, predictor.size());
    result = predictor;
    if (poisson()) result += std::log(size);
  }

  void expected(const Draws& predictor, double size, double* out) const override {
    for (Eigen::Index d = 0; d < predictor.size(); ++d) {
      const double rare = rarer(predictor(d));
      out[d] = size * (poisson() ? std::exp(predictor(d)) : predictor(d) > 0 ? 1 - rare : rare);
    }
  }

  void draw(const Draws& predictor, const Draws&, double size, RandomStream& random,
            double* out) const override {
    for (Eigen::Index d = 0; d < predictor.size(); ++d) {
      if (poisson()) {
        out[d] = random.poisson(size * std::exp(predictor(d)));
      } else {
        const double rare = random.binomial(size, rarer(predictor(d)));
        out[d] = predictor(d) > 0 ? size - rare : rare;
      }
    }
  }

  std::unique_ptr<Outcome::LogDensity> log_density() const override {
    return std::make_unique<LogDensity>(family_);
  }

 private:
  class LogDensity final : public Outcome::LogDensity {
   public:
    explicit LogDensity(CountFamily family) : family_(family) {}

    void set_sigma(const Draws&) override {}
    void operator()(double k, const Draws& predictor, double size, double* out) const override {
      const CountLikelihood likelihood(family_, k, size);
      for (Eigen::Index d = 0; d < predictor.size(); ++d)
        out[d] = likelihood.log_value(predictor(d));
    }

   private:
    CountFamily family_;
  };

  bool poisson() const { return family_ == CountFamily::poisson; }

  // The probability of success or of failure, whichever is less.
  static double rarer(double theta) {
    const double e = std::exp(-std::abs(theta));
    return e / (1 + e);
  }

  CountFamily family_;
};

}  // namespace bayespool
