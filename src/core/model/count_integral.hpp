// One group's count with a normal prior of theta: where the product is large, and the integral of it.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/errors.hpp"
#include "core/model/count_likelihood.hpp"
#include "core/numerics/constants.hpp"
#include "core/numerics/gauss_hermite.hpp"

namespace bayespool {

// theta ~ N(eta, tau^2); an infinite tau is a flat prior of density 1, tau = 0 a known value.
struct ThetaPrior {
  double eta, tau;

  double precision() const { return 1 / (tau * tau); }
  // log of the density's factor that theta does not enter
  double log_factor() const { return std::isinf(tau) ? 0 : -std::log(tau) - 0.5 * log_two_pi; }
};

// The maximum of log L(theta) - (theta - eta)^2 / (2 tau^2), to a fraction of the `sd` that its curvature there says.
struct ThetaPeak {
  double at, sd;
};

// By Newton's method from above, where for Poisson counts it does not overshoot; with a bracket, which binomial ones need.
inline ThetaPeak theta_peak(const CountLikelihood& likelihood, const ThetaPrior& prior) {
  constexpr double enough = 0.01;  // sds
  if (likelihood.is_empty()) return {prior.eta, prior.tau};
  const double k = likelihood.k(), n = likelihood.n(), w = prior.precision();
  const bool poisson = likelihood.family() == CountFamily::poisson;
  if (!poisson && prior.eta < likelihood.centre()) {
    const ThetaPeak mirrored =
        theta_peak(CountLikelihood(CountFamily::binomial, n - k, n), {-prior.eta, prior.tau});
    return {-mirrored.at, mirrored.sd};
  }
  double high;
  if (std::isinf(prior.tau)) {
    high = likelihood.mode();
  } else if (prior.eta >= likelihood.centre()) {
    // At the maximum E k = k + (eta - theta) / tau^2.
    const double mean = k + 0.5 + (prior.eta - likelihood.centre()) * w;
    high = poisson ? std::log(mean / n) : mean < n ? std::log(mean / (n - mean)) : prior.eta;
    high = std::min(high, prior.eta);
  } else {
    high = std::min(std::max(likelihood.mode(), prior.eta), prior.eta + k / w);
  }
  double low = -HUGE_VAL, at = high;
  high = HUGE_VAL;
  for (int iteration = 0; iteration < 300; ++iteration) {
    const double slope =
        k - likelihood.mean(at) - (std::isinf(prior.tau) ? 0 : (at - prior.eta) * w);
    const double sd = 1 / std::sqrt(likelihood.curvature(at) + w);
    const double move = slope * sd * sd;
    (slope > 0 ? low : high) = at;
    const double next = at + move;
    if (std::abs(move) < enough * sd || next == at || !(high - low > 1e-15 * std::abs(at)))
      return {at, sd};
    const bool enclosed = std::isfinite(low) && std::isfinite(high);
    at = enclosed && (!(next > low && next < high) || iteration % 8 == 7) ? 0.5 * (low + high)
                                                                          : next;
  }
  throw NotConverged("the maximum of a group's density was not found");
}

// Nodes theta and weights, which sum to `total`, of the density L(theta) N(theta; eta, tau^2):
//   integral = exp(log_scale) * total
class ThetaRule {
 public:
  std::vector<double> theta, weight;
  double log_scale = 0, total = 0;

  double log_integral() const { return log_scale + std::log(total); }

  // L is analytic in a strip about the real line only, of half width pi (binomial) or, where it is bounded, pi / 2 (Poisson): steps of
  // the trapezoidal rule are short in theta, too. With steps h the error is about the spectrum at 2 pi / h: for k events and a flat prior,
  // the worst case, 2 |Gamma(k + 2 pi i / h)| / Gamma(k), with these steps at most 1e-10.
  static constexpr double longest_step = 0.28, step_in_sds = 0.6;

  // `frequency`: up to which the nodes have the characteristic function of theta, too.
  void fill(const CountLikelihood& likelihood, const ThetaPrior& prior, double frequency = 0) {
    clear();
    if (prior.tau == 0) {
      log_scale = likelihood.log_value(prior.eta);
      put(prior.eta, 1);
      return;
    }
    if (likelihood.is_empty()) {
      fill_prior(prior, frequency);
      return;
    }
    if (is_wide(likelihood, prior)) {
      fill_wide(likelihood, prior);
    } else if (prior.tau * frequency > 1 || !fill_near(likelihood, prior)) {
      fill_peak(likelihood, prior, frequency);
    }
  }

  // Without a likelihood.
  void fill_prior(const ThetaPrior& prior, double frequency) {
    constexpr double longest = 0.55, reach = 8.25;
    const double step = std::min(longest, resolving(1, prior.tau * frequency));
    clear();
    for (double z = -reach; z <= reach; z += step)
      put(prior.eta + prior.tau * z, std::exp(-0.5 * z * z));
    log_scale = -std::log(total);
  }

 private:
  void clear() {
    theta.clear();
    weight.clear();
    total = 0;
  }

  // The step with which a density of this sd is repeated, in frequency, only where it has nothing left.
  static double resolving(double sd, double frequency) {
    return 6.28318530717958647693 / (frequency + 7 / sd);
  }

  static constexpr int most = 100000;     // steps
  static constexpr double least = 1e-14;  // of the largest term

  void put(double at, double mass) {
    theta.push_back(at);
    weight.push_back(mass);
    total += mass;
  }

  // Where L does not fall at one end, and the prior hardly does: there would be thousands of steps.
  static bool is_wide(const CountLikelihood& likelihood, const ThetaPrior& prior) {
    constexpr double wide = 3;
    if (prior.tau < wide) return false;
    const double slope = (prior.eta - likelihood.centre()) * prior.precision();
    if (!likelihood.falls_below()) return slope < 1;
    return !likelihood.falls_above() && slope > -1;
  }

  // A narrow prior, for which L is the exponential of nearly a parabola: the Gauss-Hermite rule about the maximum of that times the prior.
  // False where it is not.
  bool fill_near(const CountLikelihood& likelihood, const ThetaPrior& prior) {
    constexpr double narrow = 0.1, farthest = 3;
    if (!(prior.tau < narrow)) return false;
    const double slope = prior.tau * (likelihood.k() - likelihood.mean(prior.eta)),
                 curvature = prior.tau * prior.tau * likelihood.curvature(prior.eta);
    if (!(curvature < narrow && std::abs(slope) < farthest)) return false;
    static const GaussHermite rule(10);
    const LikelihoodStep from_prior = likelihood.step_from(prior.eta);
    const double centre = slope / (1 + curvature), sd = 1 / std::sqrt(1 + curvature);
    for (std::size_t i = 0; i < rule.node.size(); ++i) {
      const double u = rule.node[i], z = centre + sd * u;
      put(prior.eta + prior.tau * z,
          rule.weight[i] * std::exp(from_prior(prior.tau * z) - 0.5 * (z * z - u * u)));
    }
    log_scale = likelihood.log_value(prior.eta) + std::log(sd);
    return true;
  }

  void fill_peak(const CountLikelihood& likelihood, const ThetaPrior& prior, double frequency) {
    const ThetaPeak peak = theta_peak(likelihood, prior);
    const LikelihoodStep from_peak = likelihood.step_from(peak.at);
    const double step =
                     std::min({step_in_sds * peak.sd, longest_step, resolving(peak.sd, frequency)}),
                 w = prior.precision();
    const double distance = std::isinf(prior.tau) ? 0 : peak.at - prior.eta;
    for (const int direction : {-1, 1})
      for (int i = direction < 0 ? 1 : 0;; ++i) {
        const double move = direction * i * step;
        const double mass = std::exp(from_peak(move) - move * (distance + 0.5 * move) * w);
        put(peak.at + move, mass);
        if (!(mass > least)) break;
        if (i == most) throw NotConverged("a group's density has no end");
      }
    log_scale = likelihood.log_value(peak.at) - 0.5 * distance * distance * w + prior.log_factor() +
                std::log(step);
  }

  // L has an edge, beyond which it is constant and the prior on the scale of tau: theta = edge + side (1 + t - exp(-t)), which is regular
  // on the side of the edge where L falls, and reaches far on the other.
  void fill_wide(const CountLikelihood& likelihood, const ThetaPrior& prior) {
    constexpr double step = 0.17;
    const double edge = likelihood.centre(), side = likelihood.falls_above() ? 1 : -1;
    const double w = prior.precision();
    double top = -HUGE_VAL;
    for (const int direction : {-1, 1})
      for (int i = direction < 0 ? 1 : 0;; ++i) {
        const double t = direction * i * step, e = std::exp(-t);
        const double at = edge + side * (1 + t - e), distance = at - prior.eta;
        const double log_term =
            likelihood.log_relative(at) - 0.5 * distance * distance * w + std::log1p(e);
        if (std::isnan(log_term)) break;  // a tau beyond numbers, whose density has no end
        top = std::max(top, log_term);
        theta.push_back(at);
        weight.push_back(log_term);
        // From the edge the terms rise to where the prior is, and then fall.
        if (i * step > 2 && log_term < top - 40) break;
      }
    for (double& mass : weight) total += mass = std::exp(mass - top);
    log_scale = likelihood.log_supremum() + top + prior.log_factor() + std::log(step);
  }
};

}  // namespace bayespool
