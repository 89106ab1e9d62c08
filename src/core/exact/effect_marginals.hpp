// Distributions of functions of the variance parameters where groups have several effects (defined in src/effect_marginals.cpp).
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <functional>
#include <vector>

#include "core/exact/effect_quadrature.hpp"
#include "core/exact/point_summary.hpp"

namespace bayespool {

// f = of_lambda(Lambda) + of_log_sigma * log(sigma), which is smooth and without bounds, on the scale of value(f), an increasing
// function.
struct VarianceFunction {
  std::function<double(const EffectMatrix& lambda)> of_lambda;
  double of_log_sigma;
  std::function<double(double)> value;
};

// A function's mean and sd are sums over nodes. Its distribution is that of a sum over the lattice, which is smooth where the lattice resolves it (see
// BandLimitedDistribution).
class EffectMarginals {
 public:
  explicit EffectMarginals(const EffectQuadrature& quadrature);

  // Mean, sd, and the wanted columns.
  Eigen::RowVectorXd row(const VarianceFunction& function, const SummaryColumns& wanted) const;

 private:
  static constexpr double negligible = 1e-13;

  static constexpr double regular = 1e6;  // the stretch of values that are as dense everywhere

  SummaryPoints of_lattice(const VarianceFunction& function) const;
  SummaryPoints of_line(const VarianceFunction& function) const;
  SummaryPoints of_both(const VarianceFunction& function) const;

  // See lattice_bandwidth(); v: the covariance of a function with the coordinates, z and then that of sigma.
  double bandwidth(const VectorXd& v) const;

  // The nodes of the lattice: T of them, with z (d x T) and weight; then the nodes of sigma's line at each.
  LatticeMap map_;
  std::vector<EffectMatrix> lambda_;
  Eigen::ArrayXd lattice_weight_;
  MatrixXd z_;
  std::vector<Index> first_;  // T + 1
  Eigen::ArrayXd weight_, log_sigma_, line_;
  double line_spacing_ = 0;  // of these; 0: sigma is not on a line
  // All nodes of the line, whatever the place in the lattice.
  Eigen::ArrayXd whole_line_weight_, whole_line_log_sigma_;
  VectorXd mean_;  // of the coordinates
  MatrixXd covariance_;
};

}  // namespace bayespool
