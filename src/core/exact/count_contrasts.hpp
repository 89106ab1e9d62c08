// Differences between two groups of a model of counts (defined in src/count_contrasts.cpp).
#pragma once

#include <Eigen/Core>
#include <optional>
#include <utility>
#include <vector>

#include "core/exact/count_bandwidth.hpp"
#include "core/exact/count_nodes.hpp"
#include "core/numerics/band_limited.hpp"
#include "core/numerics/shortest_interval.hpp"

namespace bayespool {

// A distribution on a regular grid, with the density at its points: in between by local interpolation.
class GridDistribution {
 public:
  // `mass`: of each point, step times the density, which is negligible at both ends. They sum to one.
  GridDistribution(double first, double step, const Eigen::ArrayXd& mass);

  double below(double x) const { return interpolate(below_, x, 1); }
  double density(double x) const { return interpolate(mass_, x, 0) / step_; }
  double mean() const { return mean_; }
  double variance() const { return variance_; }
  double step() const { return step_; }
  double at(Eigen::Index i) const { return first_ + step_ * static_cast<double>(i); }
  const Eigen::ArrayXd& mass() const { return mass_; }
  void move(double shift) {
    first_ += shift;
    mean_ += shift;
  }

 private:
  double interpolate(const Eigen::ArrayXd& values, double x, double beyond) const;

  double first_, step_, mean_ = 0, variance_ = 0;
  Eigen::ArrayXd mass_, below_;
};

// Given beta and tau two groups are independent, so that the difference of their thetas has a convolution as its density: a sum of such
// over the nodes.
class ContrastMixture {
 public:
  void add(double weight, GridDistribution part) { parts_.emplace_back(weight, std::move(part)); }
  // Nodes whose densities do not overlap: a comb of points, known up to a frequency, see CountMixture.
  void add_comb(double weight, BandLimitedDistribution comb) {
    comb_weight_ = weight;
    comb_.emplace(std::move(comb));
  }

  struct Evaluation {
    Tails tails;
    double density, derivative;
  };

  double below(double x) const;
  double density(double x) const;
  Evaluation evaluate(double x) const;
  double quantile(Tails p, double start, double scale) const;
  // A bound that would prove that the density is nowhere lower than `level` there: there is none.
  bool exceeds_between(double, double, double) const { return false; }

 private:
  std::vector<std::pair<double, GridDistribution>> parts_;
  double comb_weight_ = 0;
  std::optional<BandLimitedDistribution> comb_;
};

struct CountContrast {
  double mean, sd, lower, upper, above;  // above: probability that the difference is positive
};

// The quadrature must outlive the object.
class CountContrasts {
 public:
  explicit CountContrasts(const CountQuadrature& quadrature)
      : posterior_(quadrature.posterior()),
        nodes_(quadrature, false),
        bandwidth_(quadrature, nodes_),
        heaviest_(nodes_.weight.maxCoeff()) {}

  // theta - (x less)'beta of a group of class a, minus that of another of class b; `less`: one a coefficient.
  CountContrast difference(Index a, Index b, const VectorXd& less, IntervalKind kind) const;

 private:
  // What is known of one of the two at each node.
  struct Side {
    const CountLikelihood* likelihood;
    Eigen::ArrayXd eta, at, sd;
    VectorXd with_eta;  // covariance of eta with the lattice
  };

  Side side(Index c) const;
  GridDistribution convolution(const Side& a, const Side& b, Index t) const;

  CountPosterior posterior_;
  CountNodes nodes_;
  CountBandwidth bandwidth_;
  double heaviest_;
};

}  // namespace bayespool
