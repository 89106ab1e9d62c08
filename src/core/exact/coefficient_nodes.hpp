// Normal distributions of the coefficients, one at each node of a quadrature.
#pragma once

#include <Eigen/Core>

namespace bayespool {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// K nodes, and gamma ~ N(gamma, Q^-1) at each. Nodes are rows, so that one entry of Q^-1 is next to itself at the following
// node.
class CoefficientNodes {
 public:
  Eigen::ArrayXd weight;  // K
  MatrixXd gamma;         // K x F

  CoefficientNodes() = default;
  CoefficientNodes(Index count, Index free_count)
      : weight(count),
        gamma(count, free_count),
        covariance_(count, free_count * (free_count + 1) / 2) {}

  static double bytes(Index count, Index free_count) {
    return 8.0 * static_cast<double>(count) *
           static_cast<double>(free_count * (free_count + 1) / 2);
  }

  Index count() const { return weight.size(); }

  // Where the upper triangle of Q^-1 at node k starts; its entries, by columns, are count() apart.
  double* covariance(Index k) { return &covariance_(k, 0); }

  // As node k, node `from` of others.
  void copy(Index k, const CoefficientNodes& others, Index from) {
    if (gamma.cols() == 0) return;
    gamma.row(k) = others.gamma.row(from);
    covariance_.row(k) = others.covariance_.row(from);
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

  // a'Q^-1 a at node k
  double quadratic_form(const VectorXd& a, Index k) const {
    double form = 0;
    for (Index j = 0; j < a.size(); ++j)
      for (Index i = 0; i <= j; ++i)
        form += (i == j ? 1 : 2) * a(i) * a(j) * covariance_(k, position(i, j));
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
