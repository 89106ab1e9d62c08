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
  explicit NormalLikelihood(const GroupedData& data)
      : observations_(data.observations),
        size_(data.size),
        response_(data.projection.col(data.projection.cols() - 1)) {
    const Index p = data.projection.cols() - 1;
    std::vector<Index> kept;
    for (Index k = 0; k <= p; ++k)
      if (k != data.direction) kept.push_back(k);
    const Index s = static_cast<Index>(kept.size()) - 1;
    predictors_.resize(size_.size(), s);
    within_.resize(s + 1, s + 1);
    for (Index a = 0; a <= s; ++a) {
      if (a < s) predictors_.col(a) = data.projection.col(kept[a]);
      for (Index b = 0; b <= s; ++b) within_(a, b) = data.within(kept[a], kept[b]);
    }
    // W = R'R, so that the sum of squares within groups is |R (-beta, 1)|^2, never a difference.
    const Eigen::LDLT<MatrixXd> factor(within_);
    const MatrixXd root =
        factor.vectorD().cwiseMax(0).cwiseSqrt().asDiagonal() * MatrixXd(factor.matrixU());
    // R = root P; Eigen applies transpositions from the right in the wrong order.
    within_root_ = MatrixXd(factor.transpositionsP().transpose() * root.transpose()).transpose();
    contrast_ = VectorXd::Ones(s + 1);
  }

  // log N(y | theta, beta, sigma), with its normalising constant. Afterwards its derivatives with respect to theta (J),
  // beta (s) and sigma can be had.
  double operator()(const VectorXd& theta, const VectorXd& beta, double sigma, double log_sigma) {
    const Index s = beta.size();
    residual_.noalias() = response_ - theta;
    if (s > 0) {
      contrast_.head(s) = -beta;
      residual_.noalias() += predictors_ * contrast_.head(s);
    }
    within_residual_.noalias() = within_root_ * contrast_;
    const double precision = 1 / (sigma * sigma);
    group_gradient_.noalias() = precision * size_.cwiseProduct(residual_);
    const double error =
        precision * within_residual_.squaredNorm() + group_gradient_.dot(residual_);
    if (s > 0) {
      slope_gradient_.noalias() =
          precision * within_root_.leftCols(s).transpose() * within_residual_;
      slope_gradient_.noalias() += predictors_.transpose() * group_gradient_;
    }
    sigma_gradient_ = (error - observations_) / sigma;
    return -observations_ * (0.5 * log_two_pi + log_sigma) - 0.5 * error;
  }

  const VectorXd& group_gradient() const { return group_gradient_; }
  const VectorXd& slope_gradient() const { return slope_gradient_; }
  double sigma_gradient() const { return sigma_gradient_; }

  Index groups() const { return size_.size(); }
  Index slopes() const { return predictors_.cols(); }

  // What the data say about where to start; zero without data.
  bool informed() const { return observations_ > 0; }
  const VectorXd& group_sizes() const { return size_; }
  double response_mean() const { return mean_of(response_); }
  double response_sd() const { return sd_of(response_, slopes()); }
  double predictor_sd(Index k) const { return sd_of(predictors_.col(k), k); }

 private:
  double mean_of(const VectorXd& column) const {
    return informed() ? column.dot(size_) / size_.sum() : 0;
  }

  double sd_of(const VectorXd& column, Index k) const {
    const double total = size_.sum();
    const double between = (column.array() - mean_of(column)).square().matrix().dot(size_);
    return total > 1 ? std::sqrt((within_(k, k) + between) / (total - 1)) : 0;
  }

  double observations_;
  VectorXd size_, response_;  // J: group sizes and means
  MatrixXd predictors_;       // J x s: group means of the predictors
  MatrixXd within_;           // W: cross-products within groups, response last
  MatrixXd within_root_;      // R: (s + 1) x (s + 1)
  VectorXd contrast_;         // (-beta, 1)
  VectorXd residual_, within_residual_, group_gradient_, slope_gradient_;
  double sigma_gradient_ = 0;
};

}  // namespace bayespool
