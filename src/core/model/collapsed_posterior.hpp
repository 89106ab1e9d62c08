// The likelihood of the variance parameters with beta and the group effects integrated out, and the conditional normal
// distribution of beta.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <vector>

#include "core/model/design.hpp"
#include "core/model/relative_system.hpp"
#include "core/numerics/bordered_factor.hpp"

namespace bayespool {

// The bordered matrix [Q r; r' c] = A(tau / sigma) / sigma^2 + prior and its factor (see BorderedFactor). Keeps its workspace, so each thread needs one of its own.
class CollapsedPosterior {
 public:
  explicit CollapsedPosterior(const Design& design)
      : groups_(static_cast<double>(design.groups)),
        system_(design),
        within_(packed(design.within)),
        prior_(packed(design.prior_cross_products)),
        between_(within_.size()),
        factor_(design.free_count()) {
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
    return -0.5 * (log_groups + factor_.rest()) - factor_.log_pivots();
  }

  double log_reference() const { return log_reference_; }

  // gamma | sigma, tau, y ~ N(gamma_hat, (L L')^-1), from here on or as log_between() left it. Vectors have length F.
  void condition(VariancePoint at) { factorise(at, false); }

  void gamma_hat(VectorXd& gamma) const { factor_.gamma_hat(gamma); }
  void draw(VectorXd& x) const { factor_.draw(x); }
  void solve_transposed(VectorXd& x) const { factor_.solve_transposed(x); }
  void invert(double* out, Index stride) { factor_.invert(out, stride); }

  // How often the groups were gone through.
  std::size_t passes() const { return system_.passes(); }

 private:
  static std::vector<double> packed(const MatrixXd& a) {
    std::vector<double> lower;
    for (Index i = 0; i < a.rows(); ++i)
      for (Index j = 0; j <= i; ++j) lower.push_back(a(i, j));
    return lower;
  }

  // Factorises the bordered matrix; returns sum_j log(sigma^2 + n_j tau^2) where the `determinant` is wanted.
  double factorise(VariancePoint at, bool determinant) {
    const double precision = 1 / (at.sigma * at.sigma);
    double* const bordered = factor_.data();
    double log_groups = flat_group_term_;
    if (std::isfinite(at.tau)) {
      log_groups = system_.evaluate(at.ratio(), between_.data(), determinant);
      if (determinant) log_groups += 2 * groups_ * std::log(at.sigma);
      for (std::size_t i = 0; i < within_.size(); ++i)
        bordered[i] = precision * (within_[i] + between_[i]) + prior_[i];
    } else {
      for (std::size_t i = 0; i < within_.size(); ++i)
        bordered[i] = precision * within_[i] + prior_[i];
    }
    factor_.factorise();
    return log_groups;
  }

  double groups_;
  RelativeSystem system_;
  std::vector<double> within_, prior_, between_;
  BorderedFactor factor_;
  double flat_group_term_;
  double degrees_, reference_ = 0, log_reference_ = 0;  // N - J; sqrt(W_yy / (N - J))
};

}  // namespace bayespool
