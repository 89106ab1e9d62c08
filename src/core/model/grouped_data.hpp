// What the models see of the data: sizes, means and cross-products of groups; where their parameters go.
#pragma once

#include <Eigen/Core>
#include <vector>

namespace bayespool {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// y = X beta + Z b + e for J groups. A group has a direction z_j (a column of ones for a varying
// intercept): `size` holds z_j'z_j, `projection` the rows z_j'(X, y) / z_j'z_j (for ones: the group
// size and the group means), `within` the cross-products of (X, y) that are left within groups.
struct GroupedData {
  VectorXd size;                // J
  MatrixXd projection;          // J x (P + 1), response last
  MatrixXd within;              // (P + 1) x (P + 1)
  double observations = 0;      // N; 0 stands for the prior alone
  Index direction_column = -1;  // column of X equal to the group direction (the intercept), or -1
};

// beta[k] ~ N(mean[k], sd[k]^2); sd 0 fixes the coefficient, sd inf is a flat prior.
struct CoefficientPriors {
  VectorXd mean, sd;  // P
};

// Where each parameter stands in the matrix of draws; -1 where it is not stored.
struct DrawColumns {
  std::vector<int> coefficients;                 // one per coefficient
  Index first_group = -1, sigma = -1, tau = -1;  // group means stand side by side
};

}  // namespace bayespool
