// The likelihood of one count: k successes of n trials, or k events in an exposure n, as a function of theta.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/numerics/constants.hpp"
#include "core/numerics/log_densities.hpp"

namespace bayespool {

enum class CountFamily {
  binomial,  // k ~ Binomial(n, p), logit p = theta
  poisson    // k ~ Poisson(n exp(theta))
};

// log(1 + exp(t))
inline double softplus(double t) {
  return t > 0 ? t + std::log1p(std::exp(-t)) : std::log1p(std::exp(t));
}

// log L(theta + step) - log L(theta) as a function of the step: where n is 1e6 the two logarithms agree in the digits that matter.
//   Poisson, with the mean m at theta:    k step - m (exp(step) - 1)
//   binomial, with p at theta:            k step - n log(1 + p (exp(step) - 1))
// For p > 1/2 failures take the place of successes, and -step that of the step.
class LikelihoodStep {
 public:
  LikelihoodStep(CountFamily family, double k, double n, double theta)
      : poisson_(family == CountFamily::poisson), k_(k), n_(n) {
    if (poisson_) {
      rate_ = n > 0 ? n * std::exp(theta) : 0;
      return;
    }
    const double e = std::exp(-std::abs(theta));
    rate_ = e / (1 + e);
    if (theta > 0) {
      sign_ = -1;
      k_ = n - k;
    }
  }

  double operator()(double step) const {
    step *= sign_;
    if (poisson_) return k_ * step - (rate_ > 0 ? rate_ * std::expm1(step) : 0);
    const double growth = step < farthest ? std::log1p(rate_ * std::expm1(step))
                                          : std::max(0.0, step + std::log(rate_));
    return k_ * step - n_ * growth;
  }

 private:
  static constexpr double farthest = 600;  // exp(step) must not overflow

  bool poisson_;
  double k_, n_, rate_ = 0, sign_ = 1;
};

// L(theta) = p(k | theta) is log-concave; its supremum is at k / n, which is at an infinite theta for k = 0 and k = n. Without data,
// n = 0, it is 1.
class CountLikelihood {
 public:
  CountLikelihood(CountFamily family, double k, double n)
      : family_(family),
        k_(k),
        n_(n),
        poisson_(family == CountFamily::poisson),
        mode_(k == 0     ? -HUGE_VAL
              : poisson_ ? std::log(k / n)
                         : std::log(k / (n - k))),
        from_mode_(family, k, n, std::isfinite(mode_) ? mode_ : 0) {
    // x log x - x - log x!
    const auto peak = [](double x) { return x > 0 ? log_gamma_kernel(x, x) - std::log(x) : 0; };
    log_supremum_ = poisson_ ? peak(k) : peak(k) + peak(n - k) - peak(n);
    if (is_empty()) {
      mode_ = centre_ = 0;
    } else {
      centre_ = poisson_ ? std::log((k + 0.5) / n) : std::log((k + 0.5) / (n - k + 0.5));
    }
  }

  CountFamily family() const { return family_; }
  double k() const { return k_; }
  double n() const { return n_; }
  bool is_empty() const { return n_ == 0; }
  double log_supremum() const { return log_supremum_; }

  // log L(theta), and the same without the supremum
  double log_value(double theta) const { return log_supremum_ + log_relative(theta); }
  double log_relative(double theta) const {
    if (is_empty()) return 0;
    if (k_ == 0) return poisson_ ? -n_ * std::exp(theta) : -n_ * softplus(theta);
    if (!poisson_ && k_ == n_) return -n_ * softplus(-theta);
    return from_mode_(theta - mode_);
  }

  // E k, and minus the second derivative of log L; the first derivative is k - E k.
  double mean(double theta) const {
    if (is_empty()) return 0;
    if (poisson_) return n_ * std::exp(theta);
    const double e = std::exp(-std::abs(theta));
    return n_ * (theta > 0 ? 1 : e) / (1 + e);
  }
  double curvature(double theta) const {
    if (is_empty()) return 0;
    if (poisson_) return n_ * std::exp(theta);
    const double e = std::exp(-std::abs(theta));
    return n_ * e / ((1 + e) * (1 + e));
  }

  double mode() const { return mode_; }
  // About the mode, and finite: with half a success and half a failure more. And about its variance, as an estimate of theta.
  double centre() const { return centre_; }
  double centre_variance() const {
    const double successes = 1 / (k_ + 0.5);
    return poisson_ ? successes : successes + 1 / (n_ - k_ + 0.5);
  }

  // Whether L goes to 0 at -infinity, and at infinity.
  bool falls_below() const { return k_ > 0; }
  bool falls_above() const { return poisson_ ? n_ > 0 : k_ < n_; }

  LikelihoodStep step_from(double theta) const { return {family_, k_, n_, theta}; }

 private:
  CountFamily family_;
  double k_, n_;
  bool poisson_;
  double mode_, centre_, log_supremum_;
  LikelihoodStep from_mode_;
};

}  // namespace bayespool
