// What a coordinate is in which NUTS moves: enough to name it.
#pragma once

#include <Eigen/Core>

namespace bayespool {

// Coordinates of the group means: theta_j itself, or eta_j with theta_j = population mean + tau * eta_j.
enum class Parameterization { noncentered, centered };

struct SampledCoordinate {
  enum class Kind { coefficient, group, sigma, tau, correlation };
  // The last two: of a correlation, or of the partial correlation given earlier effects.
  enum class Scale { natural, standardised, log, logit, atanh, atanh_partial };

  Kind kind;
  Scale scale;
  Eigen::Index index = 0;  // position among those of its kind in its part
  Eigen::Index part = 0;   // which of the problems that are sampled together
};

}  // namespace bayespool
