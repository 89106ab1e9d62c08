// A continuous distribution as a table of its quantiles at regular normal scores z: a standard
// normal z goes to quantile(Phi(z)). Serves for inversion and for interpolation.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace bayespool {

constexpr double inverse_root_two = 0.70710678118654752440;

inline double normal_cdf(double z) { return 0.5 * std::erfc(-z * inverse_root_two); }

constexpr double inverse_root_two_pi = 0.39894228040143267794;

inline double normal_density(double z) { return inverse_root_two_pi * std::exp(-0.5 * z * z); }

// The normal score of a probability given from below and from above, accurate in both tails. Defined in `src/normal_score.cpp`.
double normal_score(double lower, double upper);

// The four equidistant points around a position and their weights in cubic interpolation.
struct CubicWeights {
  int first;
  std::array<double, 4> weight;

  CubicWeights(double position, int count) {
    first =
        std::min(std::max(static_cast<int>(std::floor(position)) - 1, 0), std::max(count - 4, 0));
    const double t = position - first;
    weight = {-(t - 1) * (t - 2) * (t - 3) / 6, t * (t - 2) * (t - 3) / 2,
              -t * (t - 1) * (t - 3) / 2, t * (t - 1) * (t - 2) / 6};
  }

  double apply(const double* values) const {
    values += first;
    return weight[0] * values[0] + weight[1] * values[1] + weight[2] * values[2] +
           weight[3] * values[3];
  }
};

class NormalScoreTable {
 public:
  static constexpr double z_max = 7;  // mass outside: 2.6e-12
  static constexpr double z_step = 0.0625;
  static constexpr int size = 2 * static_cast<int>(z_max / z_step) + 1;

  // Knots: increasing normal scores z, values and d value / d z; at least two, with z[0] < -z_max and
  // z.back() > z_max. Between knots the interpolation matches values and slopes at four of them.
  NormalScoreTable(const std::vector<double>& z, const std::vector<double>& value,
                   const std::vector<double>& slope)
      : values_(size) {
    const int knots = static_cast<int>(z.size()), window = std::min(4, knots);
    int right = 1;
    HermitePolynomial polynomial;
    int first = -1;
    for (int i = 0; i < size; ++i) {
      const double target = -z_max + i * z_step;
      while (right < knots - 1 && z[right] < target) ++right;
      const int needed = std::min(std::max(right - window / 2, 0), knots - window);
      if (needed != first)
        polynomial = HermitePolynomial(&z[needed], &value[needed], &slope[needed], window);
      first = needed;
      // Between knots far apart, as across a gap between two modes, the polynomial may overshoot.
      values_[i] = std::min(std::max(polynomial(target), value[right - 1]), value[right]);
    }
    for (int i = 1; i < size; ++i) values_[i] = std::max(values_[i], values_[i - 1]);
  }

  static CubicWeights weights(double z) { return CubicWeights((z + z_max) / z_step, size); }

  const double* values() const { return values_.data(); }

  double operator()(double z) const { return weights(z).apply(values_.data()); }

 private:
  // Newton's divided differences on doubled knots: degree 2 * count - 1.
  struct HermitePolynomial {
    std::array<double, 8> knot, difference;
    int size = 0;

    HermitePolynomial() = default;
    HermitePolynomial(const double* z, const double* value, const double* slope, int count)
        : size(2 * count) {
      for (int i = 0; i < size; ++i) {
        knot[i] = z[i / 2];
        difference[i] = value[i / 2];
      }
      for (int order = 1; order < size; ++order)
        for (int i = size - 1; i >= order; --i) {
          const double gap = knot[i] - knot[i - order];
          difference[i] = gap == 0 ? slope[i / 2] : (difference[i] - difference[i - 1]) / gap;
        }
    }

    double operator()(double target) const {
      double result = difference[size - 1];
      for (int i = size - 2; i >= 0; --i) result = result * (target - knot[i]) + difference[i];
      return result;
    }
  };

  std::vector<double> values_;
};

}  // namespace bayespool
