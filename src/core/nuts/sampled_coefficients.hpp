// Coefficients as NUTS samples them: as they are, with normal or flat priors, or known.
#pragma once

#include <Eigen/Core>

#include "core/model/grouped_data.hpp"
#include "core/numerics/constants.hpp"

namespace bayespool {

class SampledCoefficients {
 public:
  explicit SampledCoefficients(const CoefficientPriors& priors)
      : priors_(priors), log_sd_(priors.sd.array().log()) {}

  Index count() const { return priors_.mean.size(); }
  bool is_fixed(Index k) const { return priors_.sd(k) == 0; }
  double mean(Index k) const { return priors_.mean(k); }
  double sd(Index k) const { return priors_.sd(k); }

  // The log density of coefficient k at x; its derivative is added to `slope`.
  double log_density(Index k, double x, double& slope) const {
    if (priors_.sd(k) == infinity) return 0;
    const double deviation = (x - priors_.mean(k)) / priors_.sd(k);
    slope -= deviation / priors_.sd(k);
    return -(0.5 * (log_two_pi + deviation * deviation) + log_sd_(k));
  }

 private:
  CoefficientPriors priors_;
  VectorXd log_sd_;
};

}  // namespace bayespool
