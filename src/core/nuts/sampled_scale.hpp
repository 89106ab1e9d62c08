// A standard deviation as NUTS samples it: on its unbounded coordinate (the logarithm, as a rule), or known.
#pragma once

#include <cmath>

#include "core/model/coordinate.hpp"
#include "core/model/scale_prior.hpp"

namespace bayespool {

class SampledScale {
 public:
  struct Point {
    double value, log_value;
    double jacobian;            // derivative of the value with respect to the coordinate
    double log_density, slope;  // of the coordinate under the prior, and the derivative
  };

  explicit SampledScale(const ScalePrior& prior) : prior_(prior), coordinate_(prior) {}

  bool is_fixed() const { return prior_.is_fixed(); }
  bool bounded() const { return coordinate_.bounded(); }

  double value(double x) const { return is_fixed() ? prior_.fixed_value() : coordinate_.value(x); }

  Point at(double x) const {
    if (is_fixed()) return {prior_.fixed_value(), std::log(prior_.fixed_value()), 0, 0, 0};
    const double value = coordinate_.value(x), log_jacobian = coordinate_.log_jacobian(x);
    const double log_value = bounded() ? std::log(value) : x;
    const double jacobian = bounded() ? std::exp(log_jacobian) : value;
    return {value, log_value, jacobian, prior_.log_density(value) + log_jacobian,
            prior_.slope(value) * jacobian + coordinate_.log_jacobian_slope(x)};
  }

  double typical_value() const { return prior_.typical_value(); }
  double coordinate(double value) const { return coordinate_.coordinate(value); }

 private:
  ScalePrior prior_;
  Coordinate coordinate_;
};

}  // namespace bayespool
