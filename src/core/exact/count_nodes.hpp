// What is known of a model of counts at the nodes of its quadrature.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/exact/count_quadrature.hpp"

namespace bayespool {

// Nodes whose weight is negligible are left out, but where `all` are wanted.
struct CountNodes {
  Eigen::ArrayXd weight, tau;       // T
  MatrixXd beta;                    // P x T
  MatrixXd z;                       // d x T: places in the lattice
  MatrixXd log_z;                   // C x T: the integrals of classes
  std::vector<std::size_t> parity;  // T: LatticeRule::parity_of()

  CountNodes(const CountQuadrature& quadrature, bool all) {
    constexpr double negligible = 1e-13;
    CountPosterior posterior = quadrature.posterior();
    const LatticeRule& rule = quadrature.rule();
    const Index d = posterior.dimension();
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < rule.nodes.size(); ++i)
      if (all || rule.weight[i] >= negligible) kept.push_back(i);
    const Index count = static_cast<Index>(kept.size());
    weight.resize(count);
    tau.resize(count);
    beta.resize(posterior.beta().size(), count);
    z.resize(d, count);
    log_z.resize(posterior.classes().count(), count);
    VectorXd x(d);
    for (Index t = 0; t < count; ++t) {
      if (t % 256 == 0) quadrature.check_interrupt()();
      const std::size_t i = kept[static_cast<std::size_t>(t)];
      const LatticePoint& k = rule.nodes[i].k;
      rule.map.point(k, x.data());
      for (Index a = 0; a < d; ++a) {
        z(a, t) = 0;
        for (Index b = 0; b < d; ++b)
          z(a, t) += rule.map.generator(a, b) * k[static_cast<std::size_t>(b)];
      }
      posterior.move(x.data());
      weight(t) = rule.weight[i];
      tau(t) = posterior.tau();
      beta.col(t) = posterior.beta();
      log_z.col(t) = posterior.log_integrals().matrix();
      parity.push_back(LatticeRule::parity_of(k));
    }
    weight /= weight.sum();
  }

  Index count() const { return weight.size(); }

  // The sum of terms over all nodes; NaN where the lattice is too coarse for them (see LatticeRule::pattern), with errors of about the square
  // of `coarse_tolerance`, or does not reach far enough: more than the share `end_tolerance` is near its end.
  double resolved_sum(const Eigen::ArrayXd& terms, double end_tolerance = 1e-6) const {
    constexpr double coarse_tolerance = 1e-3, end_weight = 1e-8;
    const double end = end_weight * weight.maxCoeff();  // weights of nodes near the end are below
    double total = 0, ends = 0;
    std::vector<double> sums(std::size_t{1} << z.rows(), 0.0);
    for (Index t = 0; t < terms.size(); ++t) {
      total += terms(t);
      sums[parity[static_cast<std::size_t>(t)]] += terms(t);
      if (weight(t) < end) ends += terms(t);
    }
    double worst = 0;
    for (std::size_t s = 1; s < sums.size(); ++s) {
      double coefficient = 0;
      for (std::size_t p = 0; p < sums.size(); ++p)
        coefficient += (__builtin_popcountll(s & p) % 2 ? -1 : 1) * sums[p];
      worst = std::max(worst, std::abs(coefficient));
    }
    if (total > 0 && worst < coarse_tolerance * total && ends < end_tolerance * total) return total;
    return std::numeric_limits<double>::quiet_NaN();
  }
};

}  // namespace bayespool
