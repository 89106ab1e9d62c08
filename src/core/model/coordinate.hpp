// The unbounded coordinate of a standard deviation.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/model/scale_prior.hpp"
#include "core/numerics/constants.hpp"

namespace bayespool {

// The unbounded coordinate in which a standard deviation is integrated: log x on (0, inf),
// logit((x - lower) / (upper - lower)) on a bounded support.
class Coordinate {
 public:
  explicit Coordinate(const ScalePrior& prior) : lower_(prior.lower()), upper_(prior.upper()) {}

  bool bounded() const { return upper_ < infinity; }

  double value(double x) const {
    if (!bounded()) return std::exp(x);
    const double width = upper_ - lower_;
    return x < 0 ? lower_ + width * std::exp(x) / (1 + std::exp(x))
                 : upper_ - width / (1 + std::exp(x));
  }

  // log |d value / d x|
  double log_jacobian(double x) const {
    return bounded()
               ? std::log(upper_ - lower_) - std::abs(x) - 2 * std::log1p(std::exp(-std::abs(x)))
               : x;
  }

  // d log_jacobian / d x
  double log_jacobian_slope(double x) const { return bounded() ? -std::tanh(0.5 * x) : 1; }

  // The coordinate of a value; values outside the support are moved just inside.
  double coordinate(double value) const {
    if (!bounded()) return std::log(value);
    const double margin = 1e-3 * (upper_ - lower_);
    value = std::min(std::max(value, lower_ + margin), upper_ - margin);
    return std::log(value - lower_) - std::log(upper_ - value);
  }

  // The coordinate of a value inside the support, exactly; -inf and inf at and beyond its ends.
  double exact_coordinate(double value) const {
    if (value <= lower_) return -infinity;
    if (value >= upper_) return infinity;
    return bounded() ? std::log(value - lower_) - std::log(upper_ - value) : std::log(value);
  }

 private:
  double lower_, upper_;
};

}  // namespace bayespool
