// What groups contribute to the collapsed posterior at a sd of their effects relative to sigma: log|V| and
// cross-products, both without sigma.
#pragma once

#include <array>
#include <boost/math/constants/constants.hpp>
#include <cmath>
#include <unordered_map>
#include <vector>

#include "core/model/design.hpp"

namespace bayespool {

// At theta = tau / sigma: log|V(theta)| = sum_j log(1 + n_j theta^2) and the packed lower triangle of
// B(theta) = sum_j n_j / (1 + n_j theta^2) v_j v_j', so that A(theta) = W + B(theta).
//
// With many different group sizes a pass over them costs more than all else. Both are analytic in log theta, with no
// singularity nearer than pi / 2, so pieces of them are kept as Chebyshev interpolants: 16 passes serve an interval of
// log theta, to about 1e-15. Each thread needs an object of its own; copies give the same numbers.
class RelativeSystem {
 public:
  explicit RelativeSystem(const Design& design)
      : length_(design.projections.cols() * (design.projections.cols() + 1) / 2) {
    for (const SizeClass& c : design.size_classes) {
      classes_.push_back({c.size, c.count});
      for (Index i = 0; i < c.cross_products.rows(); ++i)
        for (Index j = 0; j <= i; ++j) products_.push_back(c.cross_products(i, j));
    }
  }

  std::size_t length() const { return static_cast<std::size_t>(length_); }
  std::size_t passes() const { return passes_; }

  // Writes B(theta), and returns log|V(theta)|, or 0 where that is not wanted. `theta` is finite.
  double evaluate(double theta, double* b, bool determinant = true) {
    if (classes_.size() < few || !(theta > 1e-100)) return pass(theta, b, determinant);
    const double position = std::log(theta) / interval;
    const double cell = std::floor(position);
    return interpolate(piece(static_cast<int>(cell)), 2 * (position - cell) - 1, b);
  }

 private:
  static constexpr int degree = 16;         // points of a piece
  static constexpr double interval = 0.75;  // of log theta
  static constexpr std::size_t few = 32;    // so many sizes cost as much as an interpolation

  struct Class {
    double size, count;
  };

  // The logarithms are taken of products, as far as these do not overflow.
  double pass(double theta, double* b, bool determinant = true) {
    ++passes_;
    const double theta2 = theta * theta;
    double log_ratios = 0, product = 1;
    for (Index i = 0; i < length_; ++i) b[i] = 0;
    const double* products = products_.data();
    for (const Class& c : classes_) {
      const double ratio = 1 + c.size * theta2, lambda = c.size / ratio;
      for (Index i = 0; i < length_; ++i) b[i] += lambda * *products++;
      if (!determinant) continue;
      if (c.count == 1) {
        product *= ratio;
        if (product > 1e20) {
          log_ratios += std::log(product);
          product = 1;
        }
      } else {
        log_ratios += c.count * std::log(ratio);
      }
    }
    return determinant ? log_ratios + std::log(product) : 0;
  }

  // log|V| and B at the Chebyshev points of an interval, one after the other.
  const std::vector<double>& piece(int cell) {
    std::vector<double>& values = pieces_[cell];
    if (!values.empty()) return values;
    values.resize(degree * (length() + 1));
    for (int k = 0; k < degree; ++k) {
      double* const to = &values[static_cast<std::size_t>(k) * (length() + 1)];
      const double log_theta = interval * (cell + 0.5 * (1 + points().at[k]));
      to[0] = pass(std::exp(log_theta), to + 1);
    }
    return values;
  }

  // By the barycentric formula, at t in [-1, 1].
  double interpolate(const std::vector<double>& values, double t, double* b) const {
    double weight[degree], total = 0;
    for (int k = 0; k < degree; ++k) {
      const double distance = t - points().at[k];
      if (distance == 0) {
        const double* const at = &values[static_cast<std::size_t>(k) * (length() + 1)];
        for (Index i = 0; i < length_; ++i) b[i] = at[1 + i];
        return at[0];
      }
      total += weight[k] = points().weight[k] / distance;
    }
    for (Index i = 0; i < length_; ++i) b[i] = 0;
    double log_determinant = 0;
    const double* at = values.data();
    for (int k = 0; k < degree; ++k) {
      const double w = weight[k] / total;
      log_determinant += w * *at++;
      for (Index i = 0; i < length_; ++i) b[i] += w * *at++;
    }
    return log_determinant;
  }

  struct Points {
    std::array<double, degree> at, weight;
    Points() {
      for (int k = 0; k < degree; ++k) {
        const double angle = boost::math::constants::pi<double>() * (2 * k + 1) / (2 * degree);
        at[k] = std::cos(angle);
        weight[k] = (k % 2 == 0 ? 1 : -1) * std::sin(angle);
      }
    }
  };
  static const Points& points() {
    static const Points chebyshev;
    return chebyshev;
  }

  Index length_;
  std::vector<Class> classes_;
  std::vector<double> products_;  // by class, packed
  std::unordered_map<int, std::vector<double>> pieces_;
  std::size_t passes_ = 0;
};

}  // namespace bayespool
