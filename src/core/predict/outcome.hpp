// What is predicted: the distribution of an outcome around its linear predictor.
#pragma once

#include <Eigen/Core>
#include <memory>

#include "core/numerics/streams.hpp"

namespace bayespool {

// For one row: `predictor` and `sigma` hold a number for each draw, and so does what is written. `noise`: what is known of the
// row's outcome.
class Outcome {
 public:
  using Draws = Eigen::ArrayXd;

  virtual ~Outcome() = default;

  // The linear predictor as the user knows it, and the mean given it.
  virtual void linear(const Draws& predictor, double noise, double* out) const = 0;
  virtual void expected(const Draws& predictor, double noise, double* out) const = 0;

  virtual void draw(const Draws& predictor, const Draws& sigma, double noise, RandomStream& random,
                    double* out) const = 0;

  // Of y, for rows that share sigma.
  class LogDensity {
   public:
    virtual ~LogDensity() = default;
    virtual void set_sigma(const Draws& sigma) = 0;
    virtual void operator()(double y, const Draws& predictor, double noise, double* out) const = 0;
  };
  virtual std::unique_ptr<LogDensity> log_density() const = 0;
};

}  // namespace bayespool
