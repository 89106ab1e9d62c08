// Families of prior distributions of a standard deviation x > 0. Each is one struct with
//   name               as R has it
//   parameter_count    how many parameters R gives; the constructor takes them in R's order
//   log_density(x)     natural scale, normalised on the support
//   slope(x)           d log_density / d x
//   lower(), upper()   ends of the support
//   typical_value()    a point near the mode of the density of log x, where a search for a peak may start
// A new family is a struct of this kind and a mention in `ScaleFamily` at the end.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <variant>
#include <vector>

#include "core/numerics/constants.hpp"
#include "core/numerics/log_densities.hpp"

namespace bayespool {

using ScaleParameters = std::vector<double>;

struct PositiveSupport {
  double lower() const { return 0; }
  double upper() const { return infinity; }
};

struct ExponentialScale : PositiveSupport {
  static constexpr const char* name = "exponential";
  static constexpr std::size_t parameter_count = 1;
  double rate, log_rate;

  explicit ExponentialScale(const ScaleParameters& par) : rate(par[0]), log_rate(std::log(rate)) {}

  double log_density(double x) const { return log_rate - rate * x; }
  double slope(double) const { return -rate; }
  double typical_value() const { return 1 / rate; }
};

struct GammaScale : PositiveSupport {
  static constexpr const char* name = "gamma";
  static constexpr std::size_t parameter_count = 2;
  double shape, rate;

  explicit GammaScale(const ScaleParameters& par) : shape(par[0]), rate(par[1]) {}

  double log_density(double x) const { return log_gamma_kernel(shape, rate * x) - std::log(x); }
  double slope(double x) const { return (shape - 1) / x - rate; }
  double typical_value() const { return shape / rate; }
};

// 1 / x ~ gamma(shape, rate = scale)
struct InverseGammaScale : PositiveSupport {
  static constexpr const char* name = "inverse_gamma";
  static constexpr std::size_t parameter_count = 2;
  double shape, scale;

  explicit InverseGammaScale(const ScaleParameters& par) : shape(par[0]), scale(par[1]) {}

  double log_density(double x) const { return log_gamma_kernel(shape, scale / x) - std::log(x); }
  double slope(double x) const { return (scale / x - (shape + 1)) / x; }
  double typical_value() const { return scale / shape; }
};

// log x ~ N(mean, sd^2)
struct LognormalScale : PositiveSupport {
  static constexpr const char* name = "lognormal";
  static constexpr std::size_t parameter_count = 2;
  double mean, sd, log_normaliser;

  explicit LognormalScale(const ScaleParameters& par)
      : mean(par[0]), sd(par[1]), log_normaliser(-std::log(sd) - 0.5 * log_two_pi) {}

  double log_density(double x) const {
    const double log_x = std::log(x), z = (log_x - mean) / sd;
    return log_normaliser - log_x - 0.5 * z * z;
  }
  double slope(double x) const { return -(1 + (std::log(x) - mean) / (sd * sd)) / x; }
  double typical_value() const { return std::exp(mean); }
};

// (log x - mean) / scale ~ Student-t with df degrees of freedom
struct LogStudentScale : PositiveSupport {
  static constexpr const char* name = "log_student_t";
  static constexpr std::size_t parameter_count = 3;  // df, mean, scale
  double df, mean, scale, log_normaliser;

  explicit LogStudentScale(const ScaleParameters& par)
      : df(par[0]),
        mean(par[1]),
        scale(par[2]),
        log_normaliser(std::log(truncated_student_peak(HUGE_VAL, df)) - std::log(scale)) {}

  double log_density(double x) const {
    const double log_x = std::log(x), z = (log_x - mean) / scale;
    return log_normaliser - log_x - 0.5 * (df + 1) * std::log1p(z * z / df);
  }
  double slope(double x) const {
    const double z = (std::log(x) - mean) / scale;
    return -(1 + (df + 1) * z / (scale * (df + z * z))) / x;
  }
  double typical_value() const { return std::exp(mean); }
};

struct UniformScale {
  static constexpr const char* name = "uniform";
  static constexpr std::size_t parameter_count = 2;
  double low, high, log_height;

  explicit UniformScale(const ScaleParameters& par)
      : low(par[0]), high(par[1]), log_height(-std::log(high - low)) {}

  double log_density(double) const { return log_height; }
  double slope(double) const { return 0; }
  double lower() const { return low; }
  double upper() const { return high; }
  double typical_value() const { return 0.5 * (low + high); }
};

// Density 1 on (0, inf), improper.
struct FlatScale : PositiveSupport {
  static constexpr const char* name = "flat";
  static constexpr std::size_t parameter_count = 0;

  explicit FlatScale(const ScaleParameters&) {}

  double log_density(double) const { return 0; }
  double slope(double) const { return 0; }
  double typical_value() const { return 1; }
};

// A distribution of z = (x - location) / scale, symmetric about 0 and with its mode there, truncated to x > 0. Densities
// are written as the fall from the mode, so that nothing large cancels where the location is far below 0.
struct TruncatedScale : PositiveSupport {
  double location, scale;

  TruncatedScale(double location, double scale) : location(location), scale(scale) {}

  double centre() const { return location / scale; }
  double z(double x) const { return (x - location) / scale; }
  // z^2 - z_mode^2
  double excess_square(double x) const {
    const double mode = std::max(location, 0.0);
    return (x - mode) / scale * ((x + mode - 2 * location) / scale);
  }
  double typical_value() const {
    return location > scale ? location : scale / (1 + std::max(0.0, -centre()));
  }
};

struct NormalScale : TruncatedScale {
  static constexpr const char* name = "normal";
  static constexpr std::size_t parameter_count = 2;
  double log_peak;

  explicit NormalScale(const ScaleParameters& par)
      : TruncatedScale(par[0], par[1]),
        log_peak(std::log(truncated_normal_peak(centre())) - std::log(scale)) {}

  double log_density(double x) const { return log_peak - 0.5 * excess_square(x); }
  double slope(double x) const { return -z(x) / scale; }
};

struct StudentScale : TruncatedScale {
  static constexpr const char* name = "student_t";
  static constexpr std::size_t parameter_count = 3;  // df, location, scale
  double df, log_peak;

  StudentScale(double df, double location, double scale)
      : TruncatedScale(location, scale),
        df(df),
        log_peak(std::log(truncated_student_peak(centre(), df)) - std::log(scale)) {}
  explicit StudentScale(const ScaleParameters& par) : StudentScale(par[0], par[1], par[2]) {}

  // (df + z^2) / (df + z_mode^2), also where z^2 overflows
  double log_ratio(double x) const {
    const double mode = std::min(centre(), 0.0), size = std::abs(z(x));
    if (size < 1e100) return std::log1p(excess_square(x) / (df + mode * mode));
    return 2 * (std::log(size) - std::log(std::hypot(std::sqrt(df), mode)));
  }
  double log_density(double x) const { return log_peak - 0.5 * (df + 1) * log_ratio(x); }
  double slope(double x) const { return -(df + 1) * z(x) / (scale * (df + z(x) * z(x))); }
};

struct CauchyScale : StudentScale {
  static constexpr const char* name = "cauchy";
  static constexpr std::size_t parameter_count = 2;

  explicit CauchyScale(const ScaleParameters& par) : StudentScale(1, par[0], par[1]) {}
};

// A known value: all mass at one point, in the place of a density.
struct KnownScale : PositiveSupport {
  static constexpr const char* name = "degenerate";
  static constexpr std::size_t parameter_count = 1;
  double value;

  explicit KnownScale(const ScaleParameters& par) : value(par[0]) {}

  double log_density(double) const { return 0; }
  double slope(double) const { return 0; }
  double typical_value() const { return value; }
};

using ScaleFamily =
    std::variant<ExponentialScale, GammaScale, InverseGammaScale, LognormalScale, LogStudentScale,
                 UniformScale, FlatScale, NormalScale, StudentScale, CauchyScale, KnownScale>;

}  // namespace bayespool
