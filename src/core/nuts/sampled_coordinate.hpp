// What a coordinate is in which NUTS moves: enough to name it.
#pragma once

#include <Eigen/Core>

namespace bayespool {

struct SampledCoordinate {
  enum class Kind { coefficient, group, sigma, tau };
  enum class Scale { natural, standardised, log, logit };

  Kind kind;
  Scale scale;
  Eigen::Index index = 0;  // position among the coefficients or groups of its part
  Eigen::Index part = 0;   // which of the problems that are sampled together
};

}  // namespace bayespool
