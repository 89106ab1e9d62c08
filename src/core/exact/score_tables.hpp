// Quantiles of the variance parameters as tables: what independent draws and few-node rules interpolate.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "core/exact/quadrature.hpp"
#include "core/numerics/normal_score.hpp"

namespace bayespool {

// For quadratures with single peaks; the quadrature must outlive the object.
class ScoreTables {
 public:
  explicit ScoreTables(const Quadrature& quadrature) : quadrature_(&quadrature) {
    if (!quadrature.sigma_known())
      sigma_ = std::make_unique<NormalScoreTable>(LineDistribution(quadrature.outer()).table());
    if (!quadrature.tau_known())
      for (const Quadrature::Column& column : quadrature.columns())
        tau_.push_back(column.distribution().table());
  }

  // (sigma, tau) at normal scores: of sigma, and of tau given sigma. Between columns quantiles of tau are cubic in the outer
  // rule's coordinate.
  VariancePoint at(double z_sigma, double z_tau) const {
    VariancePoint at = quadrature_->known();
    double position = 0;
    if (sigma_) {
      const double x = (*sigma_)(z_sigma);
      at.sigma = quadrature_->sigma_at(x);
      if (!tau_.empty())
        position = quadrature_->outer().node_position(quadrature_->outer().map().s(x));
    }
    if (tau_.empty()) return at;
    const CubicWeights in_z = NormalScoreTable::weights(z_tau);
    if (tau_.size() == 1) {
      at.tau = quadrature_->tau_at(in_z.apply(tau_[0].values()));
      return at;
    }
    const CubicWeights in_s(position, static_cast<int>(tau_.size()));
    double x = 0, low = HUGE_VAL, high = -HUGE_VAL;
    for (int i = 0; i < 4; ++i) {
      const double q = in_z.apply(tau_[static_cast<std::size_t>(in_s.first + i)].values());
      x += in_s.weight[static_cast<std::size_t>(i)] * q;
      low = std::min(low, q);
      high = std::max(high, q);
    }
    at.tau = quadrature_->tau_at(std::min(std::max(x, low), high));
    return at;
  }

 private:
  const Quadrature* quadrature_;
  std::unique_ptr<NormalScoreTable> sigma_;
  std::vector<NormalScoreTable> tau_;  // by column
};

}  // namespace bayespool
