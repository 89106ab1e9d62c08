// A standard deviation as NUTS samples it: on its unbounded coordinate (the logarithm, as a rule), or known.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <vector>

#include "core/model/coordinate.hpp"
#include "core/model/scale_prior.hpp"
#include "core/nuts/sampled_coordinate.hpp"

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
  bool is_zero() const { return is_fixed() && prior_.fixed_value() == 0; }
  double typical_value() const { return prior_.typical_value(); }

  // Takes the next place among the coordinates, unless it is known.
  void place(SampledCoordinate::Kind kind, Eigen::Index index,
             std::vector<SampledCoordinate>& coordinates) {
    if (is_fixed()) return;
    using Scale = SampledCoordinate::Scale;
    position_ = static_cast<Eigen::Index>(coordinates.size());
    coordinates.push_back({kind, coordinate_.bounded() ? Scale::logit : Scale::log, index});
  }

  double value(const Eigen::Ref<const Eigen::VectorXd>& q) const {
    return is_fixed() ? prior_.fixed_value() : coordinate_.value(q(position_));
  }

  Point at(const Eigen::Ref<const Eigen::VectorXd>& q) const {
    if (is_fixed()) return {prior_.fixed_value(), std::log(prior_.fixed_value()), 0, 0, 0};
    const double x = q(position_);
    const double value = coordinate_.value(x), log_jacobian = coordinate_.log_jacobian(x);
    const double log_value = coordinate_.bounded() ? std::log(value) : x;
    const double jacobian = coordinate_.bounded() ? std::exp(log_jacobian) : value;
    return {value, log_value, jacobian, prior_.log_density(value) + log_jacobian,
            prior_.slope(value) * jacobian + coordinate_.log_jacobian_slope(x)};
  }

  // `of_value`: the derivative of all but the prior with respect to the value.
  void put_gradient(const Point& point, double of_value,
                    Eigen::Ref<Eigen::VectorXd> gradient) const {
    if (!is_fixed()) gradient(position_) = of_value * point.jacobian + point.slope;
  }

  // Where chains may start, and how many observations or groups bear on it.
  void choose_start(double value, double count, Eigen::VectorXd& centres,
                    Eigen::VectorXd& counts) const {
    if (is_fixed()) return;
    centres(position_) = coordinate_.coordinate(value);
    counts(position_) = count;
  }

 private:
  ScalePrior prior_;
  Coordinate coordinate_;
  Eigen::Index position_ = -1;
};

}  // namespace bayespool
