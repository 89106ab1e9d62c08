// What groups with several effects contribute to the collapsed posterior at a covariance of these relative to sigma^2.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/model/effect_data.hpp"

namespace bayespool {

// With b_j ~ N(0, sigma^2 Lambda Lambda') and K_j = I + R_j Lambda Lambda' R_j':
//   log|V|  = sum_j log|K_j|
//   A       = W + sum_j c_j'K_j^-1 c_j
// Groups with the same R_j enter as sums of c_a c_b' over pairs (a, b) of rows, so that all of A is one product of a matrix
// with the entries of the K^-1.
class EffectSystem {
 public:
  explicit EffectSystem(const EffectDesign& design)
      : effects_(design.effects()),
        width_(design.free_count() + 1),
        within_(packed(design.within)) {
    for (const EffectClass& c : design.classes) {
      first_pair_.push_back(pairs_);
      pairs_ += c.r.rows() * (c.r.rows() + 1) / 2;
      classes_.push_back(c);
    }
    products_ = MatrixXd::Zero(within_.size(), pairs_);
    inverse_.resize(pairs_);
    for (Index j = 0; j < design.groups(); ++j) {
      const std::size_t group = static_cast<std::size_t>(j);
      const MatrixXd& c = design.projections[group];
      Index pair = first_pair_[design.class_of[group]];
      for (Index a = 0; a < c.rows(); ++a)
        for (Index b = 0; b <= a; ++b, ++pair)
          for (Index k = 0, i = 0; k < width_; ++k)
            for (Index l = 0; l <= k; ++l, ++i)
              products_(i, pair) +=
                  a == b ? c(a, k) * c(a, l) : c(a, k) * c(b, l) + c(b, k) * c(a, l);
    }
  }

  Index length() const { return within_.size(); }

  // Writes the packed lower triangle of A, by rows; returns log|V|. `lambda`: q x q, any square root of the relative covariance.
  double evaluate(const MatrixXd& lambda, VectorXd& a) {
    double log_determinant = 0, product = 1;
    for (std::size_t i = 0; i < classes_.size(); ++i) {
      const double determinant = invert(classes_[i].r, lambda, inverse_.data() + first_pair_[i]);
      if (classes_[i].count == 1) {
        product *= determinant;
        if (product > 1e100) {
          log_determinant += std::log(product);
          product = 1;
        }
      } else {
        log_determinant += classes_[i].count * std::log(determinant);
      }
    }
    a = within_;
    a.noalias() += products_ * inverse_;
    return log_determinant + std::log(product);
  }

 private:
  static VectorXd packed(const MatrixXd& a) {
    VectorXd lower(a.rows() * (a.rows() + 1) / 2);
    for (Index i = 0, k = 0; i < a.rows(); ++i)
      for (Index j = 0; j <= i; ++j) lower(k++) = a(i, j);
    return lower;
  }

  // Writes the packed K^-1 and returns |K|, with K = I + BB', B = R Lambda.
  double invert(const MatrixXd& r, const MatrixXd& lambda, double* inverse) {
    const Index rows = r.rows();
    if (rows == 0) return 1;
    if (effects_ == 1) {
      const double b = r(0, 0) * lambda(0, 0), k = 1 + b * b;
      *inverse = 1 / k;
      return k;
    }
    if (effects_ == 2) return invert_two(r, lambda, inverse);
    b_.noalias() = r * lambda;
    k_ = MatrixXd::Identity(rows, rows);
    k_.noalias() += b_ * b_.transpose();
    // L, then L^-1 in its place, then L^-T L^-1
    double determinant = 1;
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j <= i; ++j) {
        double sum = k_(i, j);
        for (Index l = 0; l < j; ++l) sum -= k_(i, l) * k_(j, l);
        k_(i, j) = i == j ? std::sqrt(std::max(sum, 1.0)) : sum / k_(j, j);
      }
    for (Index i = 0; i < rows; ++i) {
      determinant *= k_(i, i) * k_(i, i);
      for (Index j = 0; j < i; ++j) {
        double sum = 0;
        for (Index l = j; l < i; ++l) sum -= k_(i, l) * k_(l, j);
        k_(i, j) = sum / k_(i, i);
      }
      k_(i, i) = 1 / k_(i, i);
    }
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j <= i; ++j) {
        double sum = 0;
        for (Index l = i; l < rows; ++l) sum += k_(l, i) * k_(l, j);
        *inverse++ = sum;
      }
    return determinant;
  }

  // |K| = 1 + tr(BB') + |B|^2, without cancellation.
  static double invert_two(const MatrixXd& r, const MatrixXd& lambda, double* inverse) {
    const double b00 = r(0, 0) * lambda(0, 0) + r(0, 1) * lambda(1, 0),
                 b01 = r(0, 0) * lambda(0, 1) + r(0, 1) * lambda(1, 1);
    const double x = b00 * b00 + b01 * b01;
    if (r.rows() == 1) {
      *inverse = 1 / (1 + x);
      return 1 + x;
    }
    const double b10 = r(1, 0) * lambda(0, 0) + r(1, 1) * lambda(1, 0),
                 b11 = r(1, 0) * lambda(0, 1) + r(1, 1) * lambda(1, 1);
    const double y = b00 * b10 + b01 * b11, z = b10 * b10 + b11 * b11,
                 minor = b00 * b11 - b01 * b10, determinant = 1 + x + z + minor * minor;
    inverse[0] = (1 + z) / determinant;
    inverse[1] = -y / determinant;
    inverse[2] = (1 + x) / determinant;
    return determinant;
  }

  Index effects_, width_, pairs_ = 0;
  VectorXd within_;
  std::vector<EffectClass> classes_;
  std::vector<Index> first_pair_;
  MatrixXd products_;  // packed A x pairs
  VectorXd inverse_;   // pairs: entries of the K^-1
  MatrixXd b_, k_;     // work space
};

}  // namespace bayespool
