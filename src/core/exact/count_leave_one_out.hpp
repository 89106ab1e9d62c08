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
// Where the nodes do not resolve that sum, as for a group that is far from the others, it is the ratio of the evidence of all data to
// that of what is left, by a quadrature of its own. The quadrature must outlive the object.
class CountLeaveOneOut {
 public:
  explicit CountLeaveOneOut(const CountQuadrature& quadrature)
      : quadrature_(&quadrature), posterior_(quadrature.posterior()), nodes_(quadrature, true) {}

  // log p(all of the count | the other groups) for a group of class c; NaN where no quadrature settles.
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
  const VectorXd& x(Index c) const {
    const CountClasses& classes = posterior_.classes();
    return classes.strata[static_cast<std::size_t>(classes.stratum_of[static_cast<std::size_t>(c)])]
        .x;
  }

  double log_probability(Index c, const CountPart& part) const {
    const CountLikelihood& all = likelihood(c);
    const CountFamily family = all.family();
    const CountPart rest{all.k() - part.k, all.n() - part.n};
    const double constant =
        log_constant(family, part.k, part.n) - log_constant(family, all.k(), all.n());
    const double log_ratio = log_ratio_by_nodes(c, rest);
    if (!std::isnan(log_ratio)) return constant - log_ratio;
    return constant + log_constant(family, rest.k, rest.n) + quadrature_->log_evidence() -
           log_evidence_with(c, rest);
  }

  // log of the sum of w_t Z_t(rest) / Z_t(all)
  double log_ratio_by_nodes(Index c, const CountPart& rest) const {
    const CountFamily family = likelihood(c).family();
    const CountLikelihood left(family, rest.k, rest.n);
    const double constant = log_constant(family, rest.k, rest.n);
    Eigen::ArrayXd exponent(nodes_.count());
    ThetaRule rule;
    for (Index t = 0; t < nodes_.count(); ++t) {
      double log_rest = 0;
      if (rest.n > 0) {
        rule.fill(left, {x(c).dot(nodes_.beta.col(t)), nodes_.tau(t)});
        log_rest = rule.log_integral() - constant;
      }
      exponent(t) = std::log(nodes_.weight(t)) + log_rest - nodes_.log_z(c, t);
    }
    // nodes_.log_z has the constant of all of the count, which the caller adds.
    const double top = exponent.maxCoeff();
    return top + std::log(nodes_.resolved_sum((exponent - top).exp()));
  }

  // log evidence of the data in which one group of class c has this count.
  double log_evidence_with(Index c, const CountPart& rest) const {
    const CountClasses& classes = posterior_.classes();
    const Index groups = static_cast<Index>(classes.class_of.size());
    CountData data{likelihood(c).family(), VectorXd(groups), VectorXd(groups),
                   MatrixXd(groups, x(c).size())};
    bool changed = false;
    for (Index j = 0; j < groups; ++j) {
      const Index own = classes.class_of[static_cast<std::size_t>(j)];
      const bool change = own == c && !changed;
      changed = changed || change;
      data.k(j) = change ? rest.k : likelihood(own).k();
      data.n(j) = change ? rest.n : likelihood(own).n();
      data.x.row(j) = x(own);
    }
    try {
      return CountQuadrature(data, posterior_.priors(), 0, quadrature_->check_interrupt())
          .log_evidence();
    } catch (const TooManyNodes&) {
    } catch (const NotConverged&) {
    }
    return std::numeric_limits<double>::quiet_NaN();
  }

  // L(theta) is exp(k theta - n A(theta)) times the exponential of this.
  static double log_constant(CountFamily family, double k, double n) {
    if (family == CountFamily::poisson) return (k > 0 ? k * std::log(n) : 0) - std::lgamma(k + 1);
    return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
  }

  const CountQuadrature* quadrature_;
  CountPosterior posterior_;
  CountNodes nodes_;
};

}  // namespace bayespool
