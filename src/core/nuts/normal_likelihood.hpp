// The likelihood of a normal response from group moments, and its derivatives.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>
#include <vector>

#include "core/model/grouped_data.hpp"
#include "core/numerics/constants.hpp"

namespace bayespool {

// y_ij = theta_j + x_ij'beta + e_ij, e_ij ~ N(0, sigma^2). X is here without the column that equals the group direction,
// whose coefficient is part of theta. A call costs O(J s + s^2) for J groups and s slopes.
class NormalLikelihood {
 public:
  static constexpr bool predictors_of_groups = false;  // those of rows, which are here

  explicit NormalLikelihood(const GroupedData& data)
      : observations_(data.observations),
        log_constant_(0.5 * data.log_weight - 0.5 * data.observations * log_two_pi),
        size_(data.size),
        response_(data.projection.rightCols<1>()) {
    const Index p = data.projection.cols() - 1;
    std::vector<Index> kept;
    for (Index k = 0; k <= p; ++k)
      if (k != data.direction) kept.push_back(k);
    const Index s = static_cast<Index>(kept.size()) - 1;
    predictors_.resize(size_.size(), s);
    within_.resize(s + 1, s + 1);
    if (data.has_basis()) basis_.resize(s + 1, s + 1);
    constants_ = VectorXd::Zero(s + 1);
    for (Index a = 0; a <= s; ++a) {
      if (a < s) predictors_.col(a) = data.projection.col(kept[a]);
      for (Index b = 0; b <= s; ++b) {
        within_(a, b) = data.within(kept[a], kept[b]);
        if (data.has_basis()) basis_(a, b) = data.basis(kept[a], kept[b]);
      }
      if (data.has_basis() && data.direction) constants_(a) = data.basis(*data.direction, kept[a]);
    }
    describe(data, kept);
    // W = R'R, so that the sum of squares within groups is |R (-beta, 1)|^2, never a difference.
    const Eigen::LDLT<MatrixXd> factor(within_);
    const MatrixXd root =
        factor.vectorD().cwiseMax(0).cwiseSqrt().asDiagonal() * MatrixXd(factor.matrixU());
    // R = root P; Eigen applies transpositions from the right in the wrong order.
    within_root_ = MatrixXd(factor.transpositionsP().transpose() * root.transpose()).transpose();
    contrast_.resize(s + 1);
  }

  // log N(y | theta, beta, sigma), with its normalising constant. Afterwards its derivatives with respect to theta (J),
  // beta (s) and sigma can be had.
  double operator()(const VectorXd& theta, const VectorXd& beta, double sigma, double log_sigma) {
    const Index s = beta.size();
    contrast_ << -beta, 1;
    if (has_basis()) {
      // (beta, -1) = basis (gamma, -1), where gamma are the coefficients of the data's columns
      basis_.triangularView<Eigen::UnitUpper>().solveInPlace(contrast_);
      // The response's constant may be as large as theta, and cancels.
      residual_ = response_.array() - (theta.array() + constants_(s)) -
                  constants_.head(s).dot(contrast_.head(s));
    } else {
      residual_.noalias() = response_ - theta;
    }
    if (s > 0) residual_.noalias() += predictors_ * contrast_.head(s);
    within_residual_.noalias() = within_root_ * contrast_;
    const double precision = 1 / (sigma * sigma);
    group_gradient_.noalias() = precision * size_.cwiseProduct(residual_);
    const double error =
        precision * within_residual_.squaredNorm() + group_gradient_.dot(residual_);
    if (s > 0) {
      slope_gradient_.noalias() =
          precision * within_root_.leftCols(s).transpose() * within_residual_;
      slope_gradient_.noalias() += predictors_.transpose() * group_gradient_;
      if (has_basis()) {
        slope_gradient_ -= group_gradient_.sum() * constants_.head(s);
        basis_.topLeftCorner(s, s).triangularView<Eigen::UnitUpper>().transpose().solveInPlace(
            slope_gradient_);
      }
    }
    sigma_gradient_ = (error - observations_) / sigma;
    return log_constant_ - observations_ * log_sigma - 0.5 * error;
  }

  const VectorXd& group_gradient() const { return group_gradient_; }
  const VectorXd& slope_gradient() const { return slope_gradient_; }
  double sigma_gradient() const { return sigma_gradient_; }

  Index groups() const { return size_.size(); }
  Index slopes() const { return predictors_.cols(); }

  // What the data say about where to start; zero without data.
  bool informed() const { return observations_ > 0; }
  double observations() const { return observations_; }
  const VectorXd& group_sizes() const { return size_; }
  double response_mean() const { return response_mean_; }
  double response_sd() const { return sd_(slopes()); }
  double average_weight() const { return average_weight_; }
  double predictor_sd(Index k) const { return sd_(k); }

 private:
  bool has_basis() const { return basis_.size() > 0; }

  // Mean and sds, in a row of average weight, of the columns as they are, from moments of whatever columns.
  void describe(const GroupedData& data, const std::vector<Index>& kept) {
    MatrixXd projection = data.projection, within = data.within;
    if (data.has_basis()) {
      const auto basis = data.basis.triangularView<Eigen::UnitUpper>();
      basis.solveInPlace<Eigen::OnTheRight>(projection);
      basis.solveInPlace<Eigen::OnTheRight>(within);
      basis.transpose().solveInPlace(within);
    }
    const double total = size_.sum();
    sd_ = VectorXd::Zero(static_cast<Index>(kept.size()));
    if (!informed()) return;
    average_weight_ = total / observations_;
    for (Index i = 0; i < sd_.size(); ++i) {
      const Index k = kept[static_cast<std::size_t>(i)];
      const double mean = projection.col(k).dot(size_) / total;
      const double between = (projection.col(k).array() - mean).square().matrix().dot(size_);
      if (observations_ > 1)
        sd_(i) = std::sqrt((within(k, k) + between) / average_weight_ / (observations_ - 1));
      response_mean_ = mean;  // of the last, which is the response
    }
  }

  double observations_, log_constant_;
  VectorXd size_, response_;  // J: group sizes and means
  MatrixXd predictors_;       // J x s: group means of the predictors
  MatrixXd within_;           // W: cross-products within groups, response last
  MatrixXd within_root_;      // R: (s + 1) x (s + 1)
  MatrixXd basis_;            // (s + 1) x (s + 1): see GroupedData; empty without
  VectorXd constants_;        // s + 1: what its columns hold of the group direction
  VectorXd contrast_;         // (-beta, 1), then (-gamma, 1)
  VectorXd sd_;               // s + 1: of the columns
  double response_mean_ = 0, average_weight_ = 1;
  VectorXd residual_, within_residual_, group_gradient_, slope_gradient_;
  double sigma_gradient_ = 0;
};

}  // namespace bayespool
