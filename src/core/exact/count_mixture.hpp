// The distribution of theta of a group: a mixture over the nodes of a quadrature (defined in src/count_mixture.cpp).
#pragma once

#include <Eigen/Core>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "core/exact/theta_mixture.hpp"
#include "core/model/count_integral.hpp"

namespace bayespool {

// The density of theta is L(theta) sum_t w_t / Z_t N(theta; eta_t, tau_t^2), on lattices in f, theta = middle + stretch sinh(f / stretch).
// The normal densities there are the same for all groups with one x. Where tau is so small that those of neighbouring nodes do not overlap
// their sum is a comb, though the distribution has no teeth: its characteristic function is a sum of smooth functions of the nodes, and
// right up to the bandwidth of eta. Such nodes are `apart`: each has its own points, and the distribution of these is low-pass filtered
// (see BandLimitedDistribution).
class CountMixture {
 public:
  // At each node its weight, eta and tau; the frequency up to which the lattice tells the distribution of eta.
  CountMixture(const Eigen::ArrayXd& weight, const Eigen::ArrayXd& eta, const Eigen::ArrayXd& tau,
               double bandwidth);

  // Keeps the normal densities that these groups need.
  void tabulate(const std::vector<const CountLikelihood*>& likelihoods);

  // Points in f; `fine`: close enough for quantiles, not only for moments. log_z: of L at each node.
  SummaryPoints points(const CountLikelihood& likelihood, const Eigen::ArrayXd& log_z,
                       bool fine) const;

  ThetaMixture of(SummaryPoints points) const { return {std::move(points), middle_, stretch_}; }

 private:
  static constexpr int levels = 40;  // of lattices: steps fall by sqrt(2)

  // L over its supremum on a lattice from a position on, from where it is large to where it is not, or no prior reaches.
  struct Row {
    int first = 0;
    Eigen::ArrayXd value;
  };

  // Normal densities (without their factor) of the nodes that share a lattice, from a position on.
  struct Table {
    int first = 0;
    MatrixXd density;  // positions x nodes
  };

  // The nodes that are apart: of each its normal distribution, spread over the points of a grid in theta, which are the same for all.
  struct Apart {
    double start = 0, step = 1;
    Index count = 0;           // of the grid
    std::vector<Index> first;  // by node, of its masses
    std::vector<VectorXd> mass;

    double theta(Index i) const { return start + step * static_cast<double>(i); }
  };

  // How a group's nodes are treated, and what their product with L demands.
  struct Choice {
    std::vector<char> shared;
    Eigen::ArrayXd curvature;  // of -log L about the product's peak, at most
    Eigen::ArrayXd sharpness;  // square of one over the sd of the product in f, at most
    int level;                 // of the lattice; -1: none, or its row would be long
  };

  static double step(int level) {
    return ThetaRule::longest_step * std::pow(2, -0.5 * static_cast<double>(level));
  }
  static double step_in_sds(bool fine) { return fine ? 0.42 : ThetaRule::step_in_sds; }

  double theta(double f) const { return middle_ + stretch_ * std::sinh(f / stretch_); }
  double place(double theta) const { return stretch_ * std::asinh((theta - middle_) / stretch_); }

  void make_apart();
  Choice choose(const CountLikelihood& likelihood, bool fine) const;
  Row row(const CountLikelihood& likelihood, int level) const;
  MatrixXd densities(int level, int first, Index count) const;

  Index count_;        // of nodes, the largest tau first
  Index wide_ = 0;     // how many have a tau so large that the densities overlap
  Index columns_ = 0;  // how many are in tables
  std::vector<Index> order_;
  Eigen::ArrayXd weight_, eta_, tau_, precision_,
      log_factor_;  // of the weight times the normal density
  double middle_, stretch_, of_eta_;
  double lowest_, highest_;  // reach of theta
  Apart apart_;
  std::array<Table, levels> table_;
};

}  // namespace bayespool
