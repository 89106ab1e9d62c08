// Predictive probabilities of counts given all others: of groups, and of parts of a group's count.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <limits>
#include <vector>

#include "core/exact/count_nodes.hpp"
#include "core/exact/count_quadrature.hpp"

namespace bayespool {

// Part of a group's count: k successes of n trials, or k events in an exposure n.
struct CountPart {
  double k, n;
};

// With Z(k, n) = integral of exp(k theta - n A(theta)) N(theta; eta, tau^2), A = log(1 + exp) or exp, at a node,
//   p(part | rest) = constant / sum_t w_t Z_t(k - k_part, n - n_part) / Z_t(k, n).
// The quadrature must outlive the object.
class CountLeaveOneOut {
 public:
  explicit CountLeaveOneOut(const CountQuadrature& quadrature)
      : posterior_(quadrature.posterior()),
        nodes_(quadrature, true),
        parities_(std::size_t{1} << posterior_.dimension()),
        end_(end_weight * nodes_.weight.maxCoeff()) {}

  // log p(all of the count | the other groups) for a group of class c, or NaN where the nodes do not resolve it.
  double group(Index c) const {
    const CountLikelihood& all = likelihood(c);
    return log_probability(c, {all.k(), all.n()});
  }

  // log p(part | all others, and the rest of the count) for a group of class c, or NaN. A single trial: n = 1.
  double part(Index c, const CountPart& part) const { return log_probability(c, part); }

 private:
  const CountLikelihood& likelihood(Index c) const {
    return posterior_.classes().likelihood[static_cast<std::size_t>(c)];
  }

  double log_probability(Index c, const CountPart& part) const {
    const CountLikelihood& all = likelihood(c);
    const double k = all.k() - part.k, n = all.n() - part.n;
    const CountFamily family = all.family();
    const CountLikelihood rest(family, k, n);
    const VectorXd& x = posterior_.classes()
                            .strata[static_cast<std::size_t>(
                                posterior_.classes().stratum_of[static_cast<std::size_t>(c)])]
                            .x;
    const Index count = nodes_.count();
    Eigen::ArrayXd exponent(count);
    ThetaRule rule;
    for (Index t = 0; t < count; ++t) {
      double log_rest = 0;
      if (n > 0) {
        rule.fill(rest, {x.dot(nodes_.beta.col(t)), nodes_.tau(t)});
        log_rest = rule.log_integral() - log_constant(family, k, n);
      }
      exponent(t) = std::log(nodes_.weight(t)) + log_rest - nodes_.log_z(c, t);
    }
    const double top = exponent.maxCoeff();
    const Eigen::ArrayXd terms = (exponent - top).exp();
    return log_constant(family, part.k, part.n) - log_constant(family, all.k(), all.n()) - top -
           std::log(resolved_sum(terms));
  }

  // L(theta) is exp(k theta - n A(theta)) times the exponential of this.
  static double log_constant(CountFamily family, double k, double n) {
    if (family == CountFamily::poisson) return (k > 0 ? k * std::log(n) : 0) - std::lgamma(k + 1);
    return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
  }

  // The sum of terms over all nodes; NaN where the lattice is too coarse for them (see LatticeRule::pattern) or does not reach far
  // enough.
  double resolved_sum(const Eigen::ArrayXd& terms) const {
    double total = 0, ends = 0;
    std::vector<double> sums(parities_, 0.0);
    for (Index t = 0; t < terms.size(); ++t) {
      total += terms(t);
      sums[nodes_.parity[static_cast<std::size_t>(t)]] += terms(t);
      if (nodes_.weight(t) < end_) ends += terms(t);
    }
    double worst = 0;
    for (std::size_t s = 1; s < sums.size(); ++s) {
      double coefficient = 0;
      for (std::size_t parity = 0; parity < sums.size(); ++parity)
        coefficient += (__builtin_popcountll(s & parity) % 2 ? -1 : 1) * sums[parity];
      worst = std::max(worst, std::abs(coefficient));
    }
    if (total > 0 && worst < coarse_tolerance * total && ends < end_tolerance * total) return total;
    return std::numeric_limits<double>::quiet_NaN();
  }

  // Errors are about the square of the first, and the second.
  static constexpr double coarse_tolerance = 1e-3, end_weight = 1e-8, end_tolerance = 3e-5;

  CountPosterior posterior_;
  CountNodes nodes_;
  std::size_t parities_;
  double end_;  // weights of nodes near the end of the lattice are below
};

}  // namespace bayespool
