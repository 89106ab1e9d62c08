// The Cholesky factor of a bordered matrix, and the normal distribution that it stands for.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <vector>

#include "core/numerics/linear_algebra.hpp"

namespace bayespool {

// Of [Q r; r' c] with Q of size F: gamma ~ N(gamma_hat, Q^-1), gamma_hat = Q^-1 r. Kept as the packed lower triangle by rows of
// [L; (L^-1 r)' c - r'Q^-1 r], Q = LL'.
class BorderedFactor {
 public:
  explicit BorderedFactor(Index free_count)
      : free_count_(free_count),
        packed_(static_cast<std::size_t>((free_count + 1) * (free_count + 2) / 2)) {}

  Index free_count() const { return free_count_; }
  std::size_t length() const { return packed_.size(); }

  // The packed bordered matrix goes here; factorise() replaces it.
  double* data() { return packed_.data(); }
  void factorise() { bordered_cholesky(packed_.data(), free_count_ + 1); }

  double operator()(Index i, Index j) const {
    return packed_[static_cast<std::size_t>(i * (i + 1) / 2 + j)];
  }

  // log|L|
  double log_pivots() const {
    double product = 1, sum = 0;
    for (Index k = 0; k < free_count_; ++k) {
      product *= (*this)(k, k);
      if (!(product > 1e-100 && product < 1e100)) {
        sum += std::log(product);
        product = 1;
      }
    }
    return sum + std::log(product);
  }

  // c - r'Q^-1 r
  double rest() const { return (*this)(free_count_, free_count_); }

  void gamma_hat(VectorXd& gamma) const {
    for (Index k = 0; k < free_count_; ++k) gamma(k) = (*this)(free_count_, k);
    solve_transposed(gamma);
  }

  // Standard normals become a draw of gamma: gamma_hat + L^-T x = L^-T (L^-1 r + x).
  void draw(VectorXd& x) const {
    for (Index k = 0; k < free_count_; ++k) x(k) += (*this)(free_count_, k);
    solve_transposed(x);
  }

  // x := L^-T x
  void solve_transposed(VectorXd& x) const {
    for (Index j = free_count_ - 1; j >= 0; --j) {
      double sum = x(j);
      for (Index i = j + 1; i < free_count_; ++i) sum -= (*this)(i, j) * x(i);
      x(j) = sum / (*this)(j, j);
    }
  }

  // Writes the upper triangle of Q^-1 by columns, F (F + 1) / 2 numbers `stride` apart. Keeps no factor.
  void invert(double* out, Index stride) {
    inverse_row_.resize(static_cast<std::size_t>(free_count_));
    inverse_.assign(static_cast<std::size_t>(free_count_ * (free_count_ + 1) / 2), 0.0);
    double* const row = inverse_row_.data();
    for (Index i = 0; i < free_count_; ++i) {
      // Row i of L^-1 from those above it, in the place of that of L; then its part of L^-T L^-1. Both run along rows.
      double* const own = &packed_[static_cast<std::size_t>(i * (i + 1) / 2)];
      const double scale = 1 / own[i];
      for (Index j = 0; j < i; ++j) row[j] = 0;
      for (Index k = 0; k < i; ++k) {
        const double* const above = &packed_[static_cast<std::size_t>(k * (k + 1) / 2)];
        const double weight = -scale * own[k];
        for (Index j = 0; j <= k; ++j) row[j] += weight * above[j];
      }
      row[i] = scale;
      for (Index j = 0; j <= i; ++j) own[j] = row[j];
      double* to = inverse_.data();
      for (Index j = 0; j <= i; ++j)
        for (Index k = 0; k <= j; ++k) *to++ += row[j] * row[k];
    }
    for (double value : inverse_) {
      *out = value;
      out += stride;
    }
  }

 private:
  Index free_count_;
  std::vector<double> packed_;
  std::vector<double> inverse_, inverse_row_;  // work space
};

}  // namespace bayespool
