// Quantiles of a sample.
#pragma once

#include <Eigen/Core>
#include <algorithm>

namespace bayespool {

// The quantile at probability p: between the two order statistics around position p (D - 1). Reorders `values`.
inline double sample_quantile(Eigen::ArrayXd& values, double p) {
  const double position = p * static_cast<double>(values.size() - 1);
  const Eigen::Index below = static_cast<Eigen::Index>(position);
  double* const at = values.data() + below;
  double* const end = values.data() + values.size();
  std::nth_element(values.data(), at, end);
  const double fraction = position - static_cast<double>(below);
  return fraction > 0 ? *at + fraction * (*std::min_element(at + 1, end) - *at) : *at;
}

}  // namespace bayespool
