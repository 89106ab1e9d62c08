// The normal distributions of the coefficients given (sigma, tau), at all nodes of a quadrature.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "core/model/collapsed_posterior.hpp"
#include "core/model/shrinkage.hpp"

namespace bayespool {

// Memory for the nodes in bytes, and what asks for a pending interrupt.
struct NodeLimits {
  double memory;
  std::function<void()> check_interrupt;
};

// K nodes, and gamma | sigma, tau, y ~ N(gamma, Q^-1) at each. Nodes are rows, so that one entry of Q^-1 is next to
// itself at the following node.
class ConditionalNodes {
 public:
  Eigen::ArrayXd sigma, tau, weight;  // K
  MatrixXd gamma;                     // K x F

  ConditionalNodes() = default;
  ConditionalNodes(CollapsedPosterior posterior, Index free_count,
                   const std::vector<PosteriorNode>& nodes, const NodeLimits& limits)
      : sigma(static_cast<Index>(nodes.size())),
        tau(sigma.size()),
        weight(sigma.size()),
        gamma(sigma.size(), free_count) {
    const double pairs = 0.5 * gamma.cols() * (gamma.cols() + 1), bytes = 8 * pairs * count();
    if (bytes > limits.memory) throw NodesTooLarge(std::to_string(bytes));
    covariance_.resize(count(), static_cast<Index>(pairs));
    VectorXd gamma_hat(free_count);
    for (Index k = 0; k < count(); ++k) {
      if (k % 64 == 0) limits.check_interrupt();  // asking costs as much as a node
      const PosteriorNode& node = nodes[static_cast<std::size_t>(k)];
      sigma(k) = node.at.sigma;
      tau(k) = node.at.tau;
      weight(k) = node.weight;
      if (gamma.cols() == 0) continue;
      posterior.condition(node.at);
      posterior.gamma_hat(gamma_hat);
      gamma.row(k) = gamma_hat.transpose();
      posterior.invert(&covariance_(k, 0), count());
    }
  }

  // Some of them, with other weights.
  ConditionalNodes(const ConditionalNodes& all, const std::vector<ChosenNode>& chosen)
      : sigma(static_cast<Index>(chosen.size())),
        tau(sigma.size()),
        weight(sigma.size()),
        gamma(sigma.size(), all.gamma.cols()),
        covariance_(sigma.size(), all.covariance_.cols()) {
    for (Index k = 0; k < count(); ++k) {
      const ChosenNode& node = chosen[static_cast<std::size_t>(k)];
      const Index from = static_cast<Index>(node.index);
      sigma(k) = all.sigma(from);
      tau(k) = all.tau(from);
      weight(k) = node.weight;
      if (gamma.cols() == 0) continue;
      gamma.row(k) = all.gamma.row(from);
      covariance_.row(k) = all.covariance_.row(from);
    }
  }

  Index count() const { return weight.size(); }

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

  // a'Q^-1 a at each node
  Eigen::ArrayXd quadratic_form(const VectorXd& a) const {
    Eigen::ArrayXd form = Eigen::ArrayXd::Zero(count());
    for (Index j = 0; j < a.size(); ++j)
      for (Index i = 0; i <= j; ++i) {
        const double factor = (i == j ? 1 : 2) * a(i) * a(j);
        if (factor != 0) form += factor * covariance_.col(position(i, j)).array();
      }
    return form;
  }

  // (a + delta u)'Q^-1 (a + delta u) at each node
  Eigen::ArrayXd quadratic_form(const VectorXd& a, const VectorXd& u,
                                const Eigen::ArrayXd& delta) const {
    return quadratic_forms((delta.matrix() * u.transpose()).rowwise() + a.transpose());
  }

  // The same of vectors that each node has as a row.
  Eigen::ArrayXd quadratic_forms(const MatrixXd& vectors) const {
    Eigen::ArrayXd form = Eigen::ArrayXd::Zero(count());
    for (Index j = 0; j < vectors.cols(); ++j)
      for (Index i = 0; i <= j; ++i)
        form += (i == j ? 1 : 2) * covariance_.col(position(i, j)).array() *
                vectors.col(i).array() * vectors.col(j).array();
    return form;
  }

  // sum_k factor_k Q_k^-1, F x F
  MatrixXd sum_of_covariances(const Eigen::ArrayXd& factor) const {
    const VectorXd total = covariance_.transpose() * factor.matrix();
    MatrixXd sum(gamma.cols(), gamma.cols());
    for (Index j = 0; j < sum.cols(); ++j)
      for (Index i = 0; i <= j; ++i) sum(i, j) = sum(j, i) = total(position(i, j));
    return sum;
  }

 private:
  static Index position(Index i, Index j) { return j * (j + 1) / 2 + i; }  // i <= j

  MatrixXd covariance_;  // K x F (F + 1) / 2: upper triangles of Q^-1 by columns
};

}  // namespace bayespool
