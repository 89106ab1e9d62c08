// What group effects are given the variance parameters: weights and variances of one group.
#pragma once

#include <cmath>

#include "core/model/grouped_data.hpp"

namespace bayespool {

// kappa_j = n_j tau^2 / (sigma^2 + n_j tau^2): the weight of a group's own data.
inline double shrinkage_weight(double size, VariancePoint at) {
  if (std::isinf(at.tau)) return 1;
  const double ratio = at.ratio();
  return size * ratio * ratio / (1 + size * ratio * ratio);
}

// 1 - kappa_j: the weight of the population.
inline double pooling_weight(double size, VariancePoint at) {
  if (std::isinf(at.tau)) return 0;
  const double ratio = at.ratio();
  return 1 / (1 + size * ratio * ratio);
}

// Var(b_j | beta, sigma, tau, y) = 1 / (n_j / sigma^2 + 1 / tau^2)
inline double group_variance(double size, VariancePoint at) {
  if (std::isinf(at.tau)) return at.sigma * at.sigma / size;
  const double ratio = at.ratio();
  return at.tau * at.tau / (1 + size * ratio * ratio);
}

// tau^2 / (tau^2 + sigma^2), the intraclass correlation
inline double variance_share(double ratio) {
  return std::isinf(ratio) ? 1 : ratio * ratio / (1 + ratio * ratio);
}

}  // namespace bayespool
