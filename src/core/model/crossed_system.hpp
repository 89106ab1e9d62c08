// What two grouping factors contribute to the collapsed posterior at sds of their effects relative to sigma.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>

#include "core/model/crossed_design.hpp"

namespace bayespool {

// See CrossedDesign for what the letters stand for. The design must outlive the object.
class CrossedSystem {
 public:
  explicit CrossedSystem(const CrossedDesign& design)
      : design_(&design),
        left_(design.classes.size()),
        c_(MatrixXd::Zero(design.other_count(), design.free_count() + 1)),
        factor_(MatrixXd::Identity(1, 1)) {}

  // Writes the packed lower triangle of A, by rows; returns log|V|. `lambda`: diagonal.
  double evaluate(const MatrixXd& lambda, VectorXd& a) {
    const double log_determinant = move(lambda);
    const bool large = ratio_ * average_diagonal() > 1;
    const MatrixXd products = large ? from_fit() : from_means();
    for (Index i = 0, k = 0; i < products.rows(); ++i)
      for (Index j = 0; j <= i; ++j) a(k++) = products(i, j);
    return log_determinant;
  }

  // Moves to lambda: c, M and the factor of I + theta_2^2 M; log|V|.
  double move(const MatrixXd& lambda) {
    const auto square = [&](Index k) { return lambda(k, k) * lambda(k, k); };
    eliminated_ratio_ = square(design_->eliminated());
    ratio_ = square(design_->other());
    double log_determinant = 0;
    for (std::size_t i = 0; i < left_.size(); ++i) {
      const LevelClass& own = design_->classes[i];
      left_[i] = 1 / (1 + eliminated_ratio_ * own.size);
      log_determinant += own.count * std::log1p(eliminated_ratio_ * own.size);
    }
    find_sums();
    return log_determinant + (design_->nested() ? factor_diagonal() : factor_dense());
  }

  double left_of(Index level) const {  // v_i
    return left_[design_->class_of[static_cast<std::size_t>(level)]];
  }
  double eliminated_ratio() const { return eliminated_ratio_; }  // theta_1^2
  double ratio() const { return ratio_; }                        // theta_2^2
  const MatrixXd& sums() const { return c_; }                    // c, reflected

  // L^-1 x and L^-T x, L the factor of I + theta_2^2 M, for reflected x.
  template <class Matrix>
  void solve_lower(Matrix& x) const {
    if (design_->nested())
      x = root_.cwiseInverse().asDiagonal() * x;
    else
      factor_.matrixL().solveInPlace(x);
  }
  template <class Matrix>
  void solve_upper(Matrix& x) const {
    if (design_->nested())
      x = root_.cwiseInverse().asDiagonal() * x;
    else
      factor_.matrixU().solveInPlace(x);
  }

 private:
  // c; of M what is not L.
  void find_sums() {
    c_.setZero();
    if (design_->nested())
      diagonal_ = VectorXd::Zero(design_->other_count());
    else
      m_ = MatrixXd::Zero(design_->other_count(), design_->other_count());
    for (std::size_t i = 0; i < left_.size(); ++i) {
      const LevelClass& own = design_->classes[i];
      if (own.size == 0) continue;
      const double v = left_[i], of_pair = v * own.count / own.size;
      for (std::size_t a = 0; a < own.sizes.size(); ++a) {
        const auto [k, n] = own.sizes[a];
        c_.row(k) += v * n * own.mean_sum.transpose();
        if (design_->nested()) {
          diagonal_(k) += of_pair * n * n;
          continue;
        }
        double* const column = m_.col(k).data();
        for (std::size_t b = 0; b <= a; ++b)
          column[own.sizes[b].first] += of_pair * n * own.sizes[b].second;
      }
    }
    design_->reflect(c_);
    c_ += design_->sums;
  }

  double factor_diagonal() {
    root_ = (1 + ratio_ * diagonal_.array()).sqrt();
    return 2 * root_.array().log().sum();
  }

  double factor_dense() {
    m_.triangularView<Eigen::StrictlyLower>() = m_.transpose();
    design_->reflect(m_);
    m_.transposeInPlace();
    design_->reflect(m_);
    m_ += design_->laplacian;
    diagonal_ = m_.diagonal();
    k_ = ratio_ * m_;
    k_.diagonal().array() += 1;
    factor_.compute(k_);
    // Beyond the digits that there are: a point without probability.
    if (factor_.info() != Eigen::Success) return HUGE_VAL;
    return 2 * factor_.matrixLLT().diagonal().array().log().sum();
  }

  double average_diagonal() const { return diagonal_.size() > 0 ? diagonal_.mean() : 0; }

  MatrixXd from_means() const {
    MatrixXd a = design_->within;
    for (std::size_t i = 0; i < left_.size(); ++i) {
      const LevelClass& own = design_->classes[i];
      a += own.size * left_[i] * own.mean_squares;
    }
    MatrixXd s = c_;
    solve_lower(s);
    a.noalias() -= ratio_ * s.transpose() * s;
    return a;
  }

  MatrixXd from_fit() const {
    const double kappa = 1 / ratio_;
    double weight_of_alpha = 0;
    for (std::size_t i = 0; i < left_.size(); ++i)
      weight_of_alpha += design_->classes[i].count * design_->classes[i].size * left_[i];
    const bool in_beta = kappa * static_cast<double>(c_.rows()) < weight_of_alpha;
    const LevelFit& fit = in_beta ? design_->with_beta : design_->with_alpha;
    MatrixXd a = design_->rest() + kappa * fit.beta_squares;
    MatrixXd d = MatrixXd::Zero(c_.rows(), c_.cols());
    for (std::size_t i = 0; i < left_.size(); ++i) {
      const LevelClass& own = design_->classes[i];
      a += own.size * left_[i] * fit.alpha_squares[i];
      for (const auto& [k, n] : own.sizes) d.row(k) += left_[i] * n * fit.alpha_sum[i].transpose();
    }
    design_->reflect(d);
    d -= kappa * fit.beta;
    solve_lower(d);
    a.noalias() -= ratio_ * d.transpose() * d;
    return a;
  }

  const CrossedDesign* design_;
  double eliminated_ratio_ = 0, ratio_ = 0;
  std::vector<double> left_;  // v_i of each class
  MatrixXd c_, m_, k_;
  VectorXd diagonal_, root_;
  Eigen::LLT<MatrixXd> factor_;
};

}  // namespace bayespool
