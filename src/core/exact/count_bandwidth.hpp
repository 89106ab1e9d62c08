// How well the lattice of a model of counts tells the distribution of a quantity that is known at its nodes.
#pragma once

#include <Eigen/Core>
#include <Eigen/LU>

#include "core/exact/count_nodes.hpp"
#include "core/exact/point_summary.hpp"

namespace bayespool {

// The nodes must outlive the object.
class CountBandwidth {
 public:
  CountBandwidth(const CountQuadrature& quadrature, const CountNodes& nodes)
      : nodes_(&nodes), mean_(nodes.z * nodes.weight.matrix()) {
    constexpr double two_pi = 6.28318530717958647693;
    const MatrixXd deviation = nodes.z.colwise() - mean_;
    covariance_ = deviation * nodes.weight.matrix().asDiagonal() * deviation.transpose();
    if (mean_.size() > 0) dual_ = two_pi * quadrature.rule().map.generator.inverse().transpose();
  }

  // Of a quantity with the coordinates of the lattice.
  VectorXd covariance_with(const Eigen::ArrayXd& f) const {
    const double mean = (nodes_->weight * f).sum();
    return (nodes_->z.colwise() - mean_) * (nodes_->weight * (f - mean)).matrix();
  }

  // The frequency up to which its distribution is known; given that covariance.
  double of(const Eigen::ArrayXd& f) const { return along(covariance_with(f)); }
  double along(const VectorXd& covariance) const {
    return lattice_bandwidth(dual_, covariance_, covariance);
  }

 private:
  const CountNodes* nodes_;
  VectorXd mean_;        // of the coordinates
  MatrixXd covariance_;  // the same
  MatrixXd dual_;        // frequencies at which the lattice repeats the spectrum
};

}  // namespace bayespool
