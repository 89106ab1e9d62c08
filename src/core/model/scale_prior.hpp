// Prior distributions of the standard deviations: log densities on the natural scale.
#pragma once

#include <boost/math/constants/constants.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace bayespool {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double log_two_pi = 1.8378770664093454836;

enum class ScaleFamily {
  exponential,    // rate
  gamma,          // shape, rate
  inverse_gamma,  // shape, scale: density ~ x^-(shape+1) exp(-scale / x)
  lognormal,      // mean and sd of the logarithm
  uniform,        // lower, upper
  flat,           // density 1 on (0, inf), improper
  normal,         // location, scale; truncated to (0, inf)
  student_t,      // location, scale, df; truncated to (0, inf)
  cauchy,         // location, scale; truncated to (0, inf)
  degenerate      // a known value
};

// Prior of one standard deviation; `a`, `b`, `c` are the parameters in the order above.
class ScalePrior {
 public:
  ScalePrior(ScaleFamily family, double a, double b = 0, double c = 0)
      : family_(family), a_(a), b_(b), c_(c), log_normaliser_(compute_log_normaliser()) {}

  // Log density at x > 0, natural scale, normalised on (0, inf) (flat: 0 everywhere).
  double log_density(double x) const {
    switch (family_) {
      case ScaleFamily::exponential:
        return log_normaliser_ - a_ * x;
      case ScaleFamily::gamma:
        return log_normaliser_ + (a_ - 1) * std::log(x) - b_ * x;
      case ScaleFamily::inverse_gamma:
        return log_normaliser_ - (a_ + 1) * std::log(x) - b_ / x;
      case ScaleFamily::lognormal: {
        const double log_x = std::log(x), z = (log_x - a_) / b_;
        return log_normaliser_ - log_x - 0.5 * z * z;
      }
      case ScaleFamily::normal: {
        const double z = (x - a_) / b_;
        return log_normaliser_ - 0.5 * z * z;
      }
      case ScaleFamily::student_t: {
        const double z = (x - a_) / b_;
        return log_normaliser_ - 0.5 * (c_ + 1) * log1p_square(z, c_);
      }
      case ScaleFamily::cauchy:
        return log_normaliser_ - log1p_square((x - a_) / b_, 1);
      default:
        return log_normaliser_;
    }
  }

  // d log_density / d x, natural scale.
  double slope(double x) const {
    const double z = (x - a_) / b_;
    switch (family_) {
      case ScaleFamily::exponential:
        return -a_;
      case ScaleFamily::gamma:
        return (a_ - 1) / x - b_;
      case ScaleFamily::inverse_gamma:
        return (b_ / x - (a_ + 1)) / x;
      case ScaleFamily::lognormal:
        return -(1 + (std::log(x) - a_) / (b_ * b_)) / x;
      case ScaleFamily::normal:
        return -z / b_;
      case ScaleFamily::student_t:
        return -(c_ + 1) * z / (b_ * (c_ + z * z));
      case ScaleFamily::cauchy:
        return -2 * z / (b_ * (1 + z * z));
      default:
        return 0;
    }
  }

  bool is_fixed() const { return family_ == ScaleFamily::degenerate; }
  double fixed_value() const { return a_; }

  // Ends of the support: (0, inf) unless uniform.
  double lower() const { return family_ == ScaleFamily::uniform ? a_ : 0; }
  double upper() const { return family_ == ScaleFamily::uniform ? b_ : infinity; }

  // A point near the mode of the density of log x, where a search for a peak may start.
  double typical_value() const {
    switch (family_) {
      case ScaleFamily::exponential:
        return 1 / a_;
      case ScaleFamily::gamma:
        return a_ / b_;
      case ScaleFamily::inverse_gamma:
        return b_ / a_;
      case ScaleFamily::lognormal:
        return std::exp(a_);
      case ScaleFamily::uniform:
        return 0.5 * (a_ + b_);
      case ScaleFamily::flat:
        return 1;
      default:
        return a_ > b_ ? a_ : b_ / (1 + std::max(0.0, -a_ / b_));
    }
  }

 private:
  // log(1 + z^2 / df), also where z^2 overflows.
  static double log1p_square(double z, double df) {
    const double size = std::abs(z);
    return size < 1e100 ? std::log1p(size * size / df) : 2 * std::log(size) - std::log(df);
  }

  double compute_log_normaliser() const {
    namespace constants = boost::math::constants;
    switch (family_) {
      case ScaleFamily::exponential:
        return std::log(a_);
      case ScaleFamily::gamma:
      case ScaleFamily::inverse_gamma:
        return a_ * std::log(b_) - boost::math::lgamma(a_);
      case ScaleFamily::lognormal:
        return -std::log(b_) - 0.5 * log_two_pi;
      case ScaleFamily::uniform:
        return -std::log(b_ - a_);
      case ScaleFamily::normal:
        return -std::log(b_) - 0.5 * log_two_pi -
               std::log(0.5 * std::erfc(-a_ / b_ * constants::one_div_root_two<double>()));
      case ScaleFamily::student_t:
        return boost::math::lgamma(0.5 * (c_ + 1)) - boost::math::lgamma(0.5 * c_) -
               0.5 * std::log(c_ * constants::pi<double>()) - std::log(b_) -
               std::log(boost::math::cdf(boost::math::students_t(c_), a_ / b_));
      case ScaleFamily::cauchy:
        return -std::log(b_) - std::log(std::atan2(b_, -a_));  // pi cancels
      default:
        return 0;
    }
  }

  ScaleFamily family_;
  double a_, b_, c_;
  double log_normaliser_;
};

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
