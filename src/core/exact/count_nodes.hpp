// What is known of a model of counts at the nodes of its quadrature.
#pragma once

#include <Eigen/Core>
#include <cmath>
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
};

}  // namespace bayespool
