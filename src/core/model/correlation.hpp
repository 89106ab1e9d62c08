// Correlation matrices by unbounded coordinates, and their LKJ distribution.
#pragma once

#include <Eigen/Core>
#include <cmath>

#include "core/numerics/constants.hpp"
#include "core/numerics/log_densities.hpp"

namespace bayespool {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Of q variables. The coordinates are y = atanh(z) for the q (q - 1) / 2 canonical partial correlations z, by rows of the lower
// triangle (Lewandowski, Kurowicka & Joe 2009): z_ij is the correlation of i and j given 0, ..., j - 1.
class Correlation {
 public:
  explicit Correlation(Index size) : size_(size), factor_(MatrixXd::Identity(size, size)) {}

  static Index coordinate_count(Index size) { return size * (size - 1) / 2; }

  // y of length q (q - 1) / 2
  void set(const double* y) {
    log_determinant_ = log_jacobian_ = 0;
    for (Index i = 0; i < size_; ++i) {
      double log_rest = 0;  // of the part of row i that is left
      for (Index j = 0; j < i; ++j, ++y) {
        const double half_log_rest = log_sech(*y);  // log sqrt(1 - z^2)
        factor_(i, j) = std::tanh(*y) * std::exp(log_rest);
        log_rest += half_log_rest;
        log_jacobian_ += static_cast<double>(size_ - j) * half_log_rest;
      }
      factor_(i, i) = std::exp(log_rest);
      log_determinant_ += 2 * log_rest;
    }
  }

  const MatrixXd& factor() const { return factor_; }           // lower triangular, q x q
  double log_determinant() const { return log_determinant_; }  // of the correlation matrix

  // log |d (correlations) / d y|: dz/dy = 1 - z^2, and the correlations change with z_ij as (1 - z_ij^2)^((q - 2 - j) / 2).
  double log_jacobian() const { return log_jacobian_; }

  // log of the normalising constant c of the LKJ density det(R)^(eta - 1) / c over the correlations of q variables: a product of
  // 2^(2 alpha - 1) B(alpha, alpha), alpha = eta + (q - 2 - j) / 2, over the pairs.
  static double log_normaliser(Index size, double eta) {
    double sum = 0;
    for (Index j = 0; j + 1 < size; ++j) {
      const double alpha = eta + 0.5 * static_cast<double>(size - 2 - j);
      sum += static_cast<double>(size - 1 - j) *
             ((2 * alpha - 1) * log_two + 2 * log_gamma(alpha) - log_gamma(2 * alpha));
    }
    return sum;
  }

 private:
  static constexpr double log_two = 0.69314718055994530942;

  // log(1 / cosh(y))
  static double log_sech(double y) {
    const double t = std::abs(y);
    return log_two - t - std::log1p(std::exp(-2 * t));
  }

  Index size_;
  MatrixXd factor_;
  double log_determinant_ = 0, log_jacobian_ = 0;
};

}  // namespace bayespool
