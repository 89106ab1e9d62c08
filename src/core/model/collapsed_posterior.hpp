// The likelihood of the variance parameters with beta and the group effects integrated out, and the conditional normal
// distribution of beta.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <vector>

#include "core/model/design.hpp"
#include "core/model/relative_system.hpp"
#include "core/numerics/linear_algebra.hpp"

namespace bayespool {

// The bordered matrix [Q r; r' c] = A(tau / sigma) / sigma^2 + prior and the Cholesky factor of Q with L^-1 r and
// c - r'Q^-1 r below it, as packed lower triangles by rows. Keeps its workspace, so each thread needs one of its own.
class CollapsedPosterior {
 public:
  explicit CollapsedPosterior(const Design& design)
      : free_count_(design.free_count()),
        groups_(static_cast<double>(design.groups)),
        system_(design),
        within_(packed(design.within)),
        prior_(packed(design.prior_cross_products)),
        factor_(within_.size()),
        between_(within_.size()) {
    const double squares = within_.back();
    degrees_ = design.observations - groups_;
    if (degrees_ > 0 && squares > 0) {
      reference_ = std::sqrt(squares / degrees_);
      within_.back() = 0;
      log_reference_ = -0.5 * degrees_ * (2 * std::log(reference_) + 1);
    }
    log_reference_ += design.log_constant - 0.5 * design.observations * log_two_pi;
    flat_group_term_ = -groups_ * log_two_pi;
    for (const SizeClass& c : design.size_classes) flat_group_term_ += c.count * std::log(c.size);
  }

  // log p(y | sigma, tau) is log_reference() + log_within(sigma) + log_between(at). With tau = inf the group
  // means have flat priors of density 1.
  //
  // The second is -1/2 [(N - J) log sigma^2 + W_yy / sigma^2], written around its maximum, where with many
  // observations its two terms are large and nearly cancel. Far from there it is so large that its rounding errors
  // would hide how the sum varies with tau: hence the third apart.
  double log_within(double sigma) const {
    if (!(reference_ > 0)) return -degrees_ * std::log(sigma);
    const double u = 2 * std::log(sigma / reference_);
    return -0.5 * degrees_ * (u + std::expm1(-u));
  }

  double log_between(VariancePoint at) {
    const double log_groups = factorise(at, true);
    double product = 1, log_pivots = 0;
    for (Index k = 0; k < free_count_; ++k) {
      product *= factor(k, k);
      if (!(product > 1e-100 && product < 1e100)) {
        log_pivots += std::log(product);
        product = 1;
      }
    }
    log_pivots += std::log(product);
    return -0.5 * (log_groups + factor(free_count_, free_count_)) - log_pivots;
  }

  double log_reference() const { return log_reference_; }

  // gamma | sigma, tau, y ~ N(gamma_hat, (L L')^-1), from here on or as log_between() left it. Vectors have length F.
  void condition(VariancePoint at) { factorise(at, false); }

  void gamma_hat(VectorXd& gamma) const {
    for (Index k = 0; k < free_count_; ++k) gamma(k) = factor(free_count_, k);
    solve_transposed(gamma);
  }

  // Standard normals become a draw of gamma: gamma_hat + L^-T x = L^-T (L^-1 r + x).
  void draw(VectorXd& x) const {
    for (Index k = 0; k < free_count_; ++k) x(k) += factor(free_count_, k);
    solve_transposed(x);
  }

  // x := L^-T x
  void solve_transposed(VectorXd& x) const {
    for (Index j = free_count_ - 1; j >= 0; --j) {
      double sum = x(j);
      for (Index i = j + 1; i < free_count_; ++i) sum -= factor(i, j) * x(i);
      x(j) = sum / factor(j, j);
    }
  }

  // Writes the upper triangle of Q^-1 by columns, F (F + 1) / 2 numbers `stride` apart. Keeps no factor.
  void invert(double* out, Index stride) {
    inverse_row_.resize(static_cast<std::size_t>(free_count_));
    inverse_.assign(static_cast<std::size_t>(free_count_ * (free_count_ + 1) / 2), 0.0);
    double* const row = inverse_row_.data();
    for (Index i = 0; i < free_count_; ++i) {
      // Row i of L^-1 from those above it, in the place of that of L; then its part of L^-T L^-1. Both run along rows.
      double* const own = &factor_[static_cast<std::size_t>(i * (i + 1) / 2)];
      const double scale = 1 / own[i];
      for (Index j = 0; j < i; ++j) row[j] = 0;
      for (Index k = 0; k < i; ++k) {
        const double* const above = &factor_[static_cast<std::size_t>(k * (k + 1) / 2)];
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

  // How often the groups were gone through.
  std::size_t passes() const { return system_.passes(); }

 private:
  static std::vector<double> packed(const MatrixXd& a) {
    std::vector<double> lower;
    for (Index i = 0; i < a.rows(); ++i)
      for (Index j = 0; j <= i; ++j) lower.push_back(a(i, j));
    return lower;
  }

  double factor(Index i, Index j) const {
    return factor_[static_cast<std::size_t>(i * (i + 1) / 2 + j)];
  }

  // Factorises the bordered matrix; returns sum_j log(sigma^2 + n_j tau^2) where the `determinant` is wanted.
  double factorise(VariancePoint at, bool determinant) {
    const double precision = 1 / (at.sigma * at.sigma);
    double log_groups = flat_group_term_;
    if (std::isfinite(at.tau)) {
      log_groups = system_.evaluate(at.ratio(), between_.data(), determinant);
      if (determinant) log_groups += 2 * groups_ * std::log(at.sigma);
      for (std::size_t i = 0; i < factor_.size(); ++i)
        factor_[i] = precision * (within_[i] + between_[i]) + prior_[i];
    } else {
      for (std::size_t i = 0; i < factor_.size(); ++i)
        factor_[i] = precision * within_[i] + prior_[i];
    }
    bordered_cholesky(factor_.data(), free_count_ + 1);
    return log_groups;
  }

  Index free_count_;
  double groups_;
  RelativeSystem system_;
  std::vector<double> within_, prior_, factor_, between_;
  std::vector<double> inverse_, inverse_row_;  // work space
  double flat_group_term_;
  double degrees_, reference_ = 0, log_reference_ = 0;  // N - J; sqrt(W_yy / (N - J))
};

}  // namespace bayespool
