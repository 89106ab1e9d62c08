// The correlations of a group's effects as NUTS samples them: by unbounded coordinates, or known to be zero.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <optional>

#include "core/model/correlation.hpp"

namespace bayespool {

// The coordinates are those of Correlation. `eta`: of the LKJ distribution; without one the effects are independent.
class SampledCorrelation {
 public:
  SampledCorrelation(Index size, std::optional<double> eta)
      : size_(size), eta_(eta), correlation_(size) {
    if (eta_) log_normaliser_ = Correlation::log_normaliser(size, *eta_);
  }

  Index coordinate_count() const { return eta_ ? Correlation::coordinate_count(size_) : 0; }

  // Moves to y; without coordinates C stays the identity.
  void move(const Eigen::Ref<const VectorXd>& y) {
    if (eta_) correlation_.set(y.data());
  }

  const MatrixXd& factor() const { return correlation_.factor(); }  // C, lower triangular: CC' = R

  // Of y under the prior.
  double log_density() const {
    if (!eta_) return 0;
    return correlation_.log_jacobian() + (*eta_ - 1) * correlation_.log_determinant() -
           log_normaliser_;
  }

  // The derivative of log_density() + f(C) with respect to y, given that of f with respect to the lower triangle of C.
  //
  // With t_j = tanh(y_ij) and s_j = sqrt(1 - t_j^2), row i of C is t_0, s_0 t_1, s_0 s_1 t_2, ..., s_0 ... s_(i-1):
  // y_ij moves c_ij by s_0 ... s_(j-1) s_j^2, and each c_im behind it by -t_j c_im. log_density() has log s_j with the
  // factor (q - j) from the Jacobian and 2 (eta - 1) from the determinant; the derivative of log s_j is -t_j.
  void gradient(const Eigen::Ref<const VectorXd>& y, const MatrixXd& of_factor,
                Eigen::Ref<VectorXd> out) const {
    if (!eta_) return;
    const MatrixXd& c = factor();
    for (Index i = 1, first = 0; i < size_; first += i++) {
      double rest = 1;  // s_0 ... s_(j-1)
      for (Index j = 0; j < i; ++j) {
        const double t = std::tanh(y(first + j)), s = 1 / std::cosh(y(first + j));
        double behind = 0;
        for (Index m = j + 1; m <= i; ++m) behind += of_factor(i, m) * c(i, m);
        const double power = static_cast<double>(size_ - j) + 2 * (*eta_ - 1);
        out(first + j) = of_factor(i, j) * rest * s * s - t * (behind + power);
        rest *= s;
      }
    }
  }

 private:
  Index size_;
  std::optional<double> eta_;
  Correlation correlation_;
  double log_normaliser_ = 0;
};

}  // namespace bayespool
