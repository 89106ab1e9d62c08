// How far a population pulls a group of a model of counts.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <vector>

#include "core/exact/count_bandwidth.hpp"
#include "core/exact/count_nodes.hpp"
#include "core/exact/point_summary.hpp"

namespace bayespool {

// Var(theta | data, beta, tau) / tau^2: what the data of a group have left of the variance in the population, 1 where they say nothing. Of a
// normal outcome this is sigma^2 / (sigma^2 + n tau^2), the weight of the population's mean. With m(theta) the expected count,
//   1 - Var(theta) / tau^2 = Cov(theta, m(theta)),
// which has its digits where tau is small.
class CountShrinkage {
 public:
  explicit CountShrinkage(const CountQuadrature& quadrature)
      : posterior_(quadrature.posterior()),
        nodes_(quadrature, false),
        bandwidth_(quadrature, nodes_) {}

  // Of the groups of class c: mean, sd, and the wanted columns.
  Eigen::RowVectorXd row(Index c, const SummaryColumns& wanted) const {
    constexpr double narrow = 1e-6;
    const CountLikelihood& likelihood =
        posterior_.classes().likelihood[static_cast<std::size_t>(c)];
    const VectorXd& x = posterior_.classes().x_of_class(c);
    if ((nodes_.tau == 0).any() || likelihood.n() == 0)
      return constant(1, wanted);  // tau is known to be 0, or there are no data
    if (nodes_.tau.isInf().any()) return constant(0, wanted);
    Eigen::ArrayXd log_odds(nodes_.count());
    ThetaRule rule;
    for (Index t = 0; t < nodes_.count(); ++t) {
      const double tau = nodes_.tau(t), eta = x.dot(nodes_.beta.col(t));
      if (tau < narrow * (1 + std::abs(eta))) {  // the limit: there theta has too few digits
        log_odds(t) = -std::log(tau * tau * likelihood.curvature(eta));
        continue;
      }
      rule.fill(likelihood, {eta, tau});
      const Index size = static_cast<Index>(rule.theta.size());
      const Eigen::ArrayXd weight =
          Eigen::Map<const Eigen::ArrayXd>(rule.weight.data(), size) / rule.total;
      Eigen::ArrayXd theta = Eigen::Map<const Eigen::ArrayXd>(rule.theta.data(), size);
      const Eigen::ArrayXd mean = theta.unaryExpr([&](double at) { return likelihood.mean(at); });
      theta -= (weight * theta).sum();
      log_odds(t) =
          std::log((weight * theta.square()).sum() / (tau * tau) / (weight * theta * mean).sum());
    }
    return PointSummary({log_odds, nodes_.weight, bandwidth_.of(log_odds)})
        .row([](double f) { return 1 / (1 + std::exp(-f)); }, wanted);
  }

 private:
  static Eigen::RowVectorXd constant(double value, const SummaryColumns& wanted) {
    Eigen::RowVectorXd row = Eigen::RowVectorXd::Constant(2 + wanted.count(), value);
    row(1) = 0;
    return row;
  }

  CountPosterior posterior_;
  CountNodes nodes_;
  CountBandwidth bandwidth_;
};

}  // namespace bayespool
