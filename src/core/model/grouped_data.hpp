// What the models see of the data: sizes, means and cross-products of groups; where their parameters go.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <optional>
#include <vector>

#include "core/numerics/chosen_node.hpp"

namespace bayespool {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// y = X beta + Z b + e for J groups. A group has a direction z_j (a column of ones for a varying
// intercept): `size` holds z_j'z_j, `projection` the rows z_j'(X, y) / z_j'z_j (for ones: the group
// size and the group means), `within` the cross-products of (X, y) that are left within groups.
// Where Var(e_i) = sigma^2 / w_i all are sums with the weights w_i: the size is the sum of the weights, the means are weighted.
struct GroupedData {
  VectorXd size;            // J
  MatrixXd projection;      // J x (P + 1), response last
  MatrixXd within;          // (P + 1) x (P + 1)
  double observations = 0;  // N; 0 stands for the prior alone
  double log_weight = 0;    // the sum of log w_i
  std::optional<Index>
      direction;  // the column of X that equals the group direction (the intercept)

  // Where moments of (X, y) would cancel, projection and within are those of the columns (X, y) basis instead: unit upper
  // triangular, so that y = X beta becomes y~ = X~ gamma with (beta, -1) = basis (gamma, -1). Empty: the columns as they are.
  MatrixXd basis;     // (P + 1) x (P + 1)
  VectorXd rounding;  // P + 1: the size of rounding errors of these columns' values

  bool has_basis() const { return basis.size() > 0; }
};

// beta[k] ~ N(mean[k], sd[k]^2); sd 0 fixes the coefficient, sd inf is a flat prior.
struct CoefficientPriors {
  VectorXd mean, sd;  // P
};

// Where each parameter stands in the matrix of draws, from 0; nothing where it is not stored.
struct DrawColumns {
  std::vector<std::optional<Index>> coefficients;  // one per coefficient
  std::optional<Index> first_group;                // group means stand side by side
  std::optional<Index> sigma, tau;
};

// All variance parameters at one point: the sd within groups, and that of the group effects (0: there are none;
// inf: their prior is flat).
struct VariancePoint {
  double sigma, tau;

  double ratio() const { return tau / sigma; }  // tau relative to sigma
};

struct PosteriorNode {
  VariancePoint at;
  double weight;  // those of all nodes sum to one
};

}  // namespace bayespool
