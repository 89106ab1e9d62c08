// Distributions of functions of the variance parameters where groups have several effects (defined in src/effect_marginals.cpp).
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <functional>
#include <vector>

#include "core/exact/effect_quadrature.hpp"
#include "core/exact/mixture_columns.hpp"

namespace bayespool {

// All nodes in the lattice's coordinates and, where it has a line, in that of sigma.
class EffectMarginals {
 public:
  using Function = std::function<double(const MatrixXd& lambda, double sigma)>;
  using Value = std::function<double(double)>;

  explicit EffectMarginals(const EffectQuadrature& quadrature);

  // Mean, sd, and the wanted columns of value(f(Lambda, sigma)): f is smooth and without bounds, `value` increasing.
  Eigen::RowVectorXd row(const Function& function, const Value& value,
                         const SummaryColumns& wanted) const;

 private:
  static constexpr double negligible = 1e-13, line_drop = 23;

  // Coordinates of node k: z, then that of sigma's line.
  VectorXd coordinates(std::size_t t, Index k) const;

  void find_spread();

  // With v the covariance of the function with the coordinates and Sigma that of the coordinates, the function is about
  // v'Sigma^-1 times them. Its characteristic function at omega is known up to the spectrum at the distance of that frequency from those
  // at which the lattice repeats it: q = 2 pi B^-T n. It is nearer to 0 as long as omega < q'Sigma q / (2 |v'q|).
  double bandwidth(const Eigen::ArrayXd& f) const;

  LatticeMap map_;
  double line_step_ = 0;
  std::vector<MatrixXd> lambda_;  // T
  std::vector<Index> first_;      // T + 1
  std::vector<double> sigma_, line_position_;
  Eigen::ArrayXd weight_;
  MatrixXd z_;  // d x T
  VectorXd mean_;
  MatrixXd covariance_;
};

}  // namespace bayespool
