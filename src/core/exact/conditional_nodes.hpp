// The normal distributions of the coefficients given (sigma, tau), at all nodes of a quadrature.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "core/exact/coefficient_nodes.hpp"
#include "core/model/collapsed_posterior.hpp"
#include "core/model/shrinkage.hpp"

namespace bayespool {

// Memory for the nodes in bytes, and what asks for a pending interrupt.
struct NodeLimits {
  double memory;
  std::function<void()> check_interrupt;
};

// gamma | sigma, tau, y at each node.
class ConditionalNodes : public CoefficientNodes {
 public:
  Eigen::ArrayXd sigma, tau;  // K

  ConditionalNodes() = default;
  ConditionalNodes(CollapsedPosterior posterior, Index free_count,
                   const std::vector<PosteriorNode>& nodes, const NodeLimits& limits)
      : CoefficientNodes(checked(static_cast<Index>(nodes.size()), free_count, limits), free_count),
        sigma(count()),
        tau(count()) {
    VectorXd gamma_hat(free_count);
    for (Index k = 0; k < count(); ++k) {
      if (k % 64 == 0) limits.check_interrupt();  // asking costs as much as a node
      const PosteriorNode& node = nodes[static_cast<std::size_t>(k)];
      sigma(k) = node.at.sigma;
      tau(k) = node.at.tau;
      weight(k) = node.weight;
      if (free_count == 0) continue;
      posterior.condition(node.at);
      posterior.gamma_hat(gamma_hat);
      gamma.row(k) = gamma_hat.transpose();
      posterior.invert(covariance(k), count());
    }
  }

  // Some of them, with other weights.
  ConditionalNodes(const ConditionalNodes& all, const std::vector<ChosenNode>& chosen)
      : CoefficientNodes(static_cast<Index>(chosen.size()), all.gamma.cols()),
        sigma(count()),
        tau(count()) {
    for (Index k = 0; k < count(); ++k) {
      const ChosenNode& node = chosen[static_cast<std::size_t>(k)];
      const Index from = static_cast<Index>(node.index);
      sigma(k) = all.sigma(from);
      tau(k) = all.tau(from);
      weight(k) = node.weight;
      copy(k, all, from);
    }
  }

  VariancePoint at(Index k) const { return {sigma(k), tau(k)}; }

  // kappa_j, 1 - kappa_j and Var(b_j | beta, sigma, tau, y) at each node, for a group of that size
  Eigen::ArrayXd shrinkage_weights(double size) const {
    Eigen::ArrayXd kappa(count());
    for (Index k = 0; k < count(); ++k) kappa(k) = shrinkage_weight(size, at(k));
    return kappa;
  }
  Eigen::ArrayXd pooling_weights(double size) const {
    Eigen::ArrayXd delta(count());
    for (Index k = 0; k < count(); ++k) delta(k) = pooling_weight(size, at(k));
    return delta;
  }
  Eigen::ArrayXd group_variances(double size) const {
    Eigen::ArrayXd variance(count());
    for (Index k = 0; k < count(); ++k) variance(k) = group_variance(size, at(k));
    return variance;
  }

 private:
  static Index checked(Index count, Index free_count, const NodeLimits& limits) {
    const double bytes = CoefficientNodes::bytes(count, free_count);
    if (bytes > limits.memory) throw NodesTooLarge(std::to_string(bytes));
    return count;
  }
};

}  // namespace bayespool
