// Gauss's rule for the standard normal distribution.
#pragma once

#include <cmath>
#include <vector>

#include "core/numerics/linear_algebra.hpp"

namespace bayespool {

// Nodes and weights that integrate polynomials up to degree 2 points - 1: eigenvalues of the matrix of the
// recurrence of Hermite's polynomials, and squared first entries of its eigenvectors (Golub & Welsch, 1969).
struct GaussHermite {
  std::vector<double> node, weight;

  explicit GaussHermite(int points) {
    MatrixXd recurrence = MatrixXd::Zero(points, points);
    for (Index i = 1; i < points; ++i)
      recurrence(i, i - 1) = recurrence(i - 1, i) = std::sqrt(static_cast<double>(i));
    const SymmetricEigen eigen(recurrence);
    for (Index i = 0; i < points; ++i) {
      node.push_back(eigen.values(i));
      weight.push_back(eigen.vectors(0, i) * eigen.vectors(0, i));
    }
  }
};

}  // namespace bayespool
