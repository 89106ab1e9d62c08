// Hamiltonian dynamics of a log density with a diagonal metric: energy, momenta, leapfrog steps.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "core/numerics/streams.hpp"

namespace bayespool {

// A point of phase space; `gradient` is that of the log density at `position`.
struct PhasePoint {
  Eigen::VectorXd position, momentum, gradient;
  double log_density = 0;
};

// The log density at q; writes its gradient, which has the size of q.
using LogDensity = std::function<double(const Eigen::VectorXd& q, Eigen::VectorXd& gradient)>;

// H(q, p) = -log pi(q) + p' M^-1 p / 2, with M^-1 = diag(inverse_metric), an estimate of the variances of q.
class Hamiltonian {
 public:
  Hamiltonian(LogDensity density, Eigen::VectorXd inverse_metric)
      : inverse_metric(std::move(inverse_metric)), density_(std::move(density)) {}

  Eigen::VectorXd inverse_metric;

  // Log density and gradient at z.position. Where they are not numbers the density counts as zero.
  void evaluate(PhasePoint& z) {
    z.gradient.resize(z.position.size());
    z.log_density = density_(z.position, z.gradient);
    if (!std::isfinite(z.log_density + z.gradient.sum()))
      z.log_density = -std::numeric_limits<double>::infinity();
  }

  double energy(const PhasePoint& z) const {
    return 0.5 * z.momentum.dot(inverse_metric.cwiseProduct(z.momentum)) - z.log_density;
  }

  // p ~ N(0, M)
  void draw_momentum(PhasePoint& z, RandomStream& random) const {
    z.momentum.resize(z.position.size());
    for (Eigen::Index i = 0; i < z.momentum.size(); ++i)
      z.momentum(i) = random.normal() / std::sqrt(inverse_metric(i));
  }

  void leapfrog(PhasePoint& z, double step) {
    z.momentum += 0.5 * step * z.gradient;
    z.position += step * inverse_metric.cwiseProduct(z.momentum);
    evaluate(z);
    z.momentum += 0.5 * step * z.gradient;
  }

 private:
  LogDensity density_;
};

}  // namespace bayespool
