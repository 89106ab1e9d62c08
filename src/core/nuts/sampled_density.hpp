// What NUTS samples: a log density with its gradient, its coordinates, and where chains may start.
#pragma once

#include <Eigen/Core>
#include <memory>
#include <vector>

#include "core/nuts/sampled_coordinate.hpp"

namespace bayespool {

class SampledDensity {
 public:
  virtual ~SampledDensity() = default;

  // One copy serves one chain: densities have work space.
  virtual std::unique_ptr<SampledDensity> copy() const = 0;

  // The log density at q with its normalising constants, and its gradient.
  virtual double operator()(const Eigen::Ref<const Eigen::VectorXd>& q,
                            Eigen::Ref<Eigen::VectorXd> gradient) = 0;

  // Writes the parameters at q as a row of draws; `stride` is the distance between columns.
  virtual void store(const Eigen::Ref<const Eigen::VectorXd>& q, double* row,
                     Eigen::Index stride) = 0;

  // In the order of q, which the density decides and nobody else.
  const std::vector<SampledCoordinate>& coordinates() const { return coordinates_; }
  Eigen::Index dimension() const { return static_cast<Eigen::Index>(coordinates_.size()); }

  // Where chains may start, and a size for their steps: the mean and spread of the response (without data, of the
  // priors); 1 for eta and for standard deviations on their coordinate.
  const Eigen::VectorXd& centre() const { return centre_; }
  const Eigen::VectorXd& unit() const { return unit_; }

  // A guess of the posterior sds: a unit / sqrt(number of observations or groups that bear on the coordinate).
  const Eigen::VectorXd& scale() const { return scale_; }

 protected:
  std::vector<SampledCoordinate> coordinates_;
  Eigen::VectorXd centre_, unit_, scale_;
};

}  // namespace bayespool
