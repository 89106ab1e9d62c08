// Mean, standard deviation and interval of a finite mixture of normal distributions.
#pragma once

#include <Eigen/Core>
#include <cmath>

#include "core/numerics/normal_mixture.hpp"
#include "core/numerics/shortest_interval.hpp"

namespace bayespool {

struct WeightedNormals {
  Eigen::ArrayXd weight, mean, variance;  // weights sum to one

  NormalMixture mixture() const {
    NormalMixture result(weight.size());
    result.weight = weight;
    result.mean = mean;
    result.inverse_sd = variance.rsqrt();
    return result;
  }
};

// Mean, sd, lower and upper end. The interval is that of mixture(), which has the parts of `all` that matter for it, if it has a
// spread; where `all` has no finite variance (`finite_variance`) its first two numbers have no meaning.
template <class Mixture>
Eigen::RowVector4d summarise(const WeightedNormals& all, bool has_spread, Mixture&& make_mixture,
                             IntervalKind kind, bool finite_variance) {
  const double mean = (all.weight * all.mean).sum();
  const double sd = std::sqrt((all.weight * ((all.mean - mean).square() + all.variance)).sum());
  if (!has_spread) return {mean, sd, mean, mean};
  const NormalMixture mixture = make_mixture();
  const double center = finite_variance ? mean : mixture.robust_center(),
               scale = finite_variance ? sd : mixture.robust_scale();
  const Interval ends =
      interval(mixture, kind, normal_interval(kind.probability, center, scale), scale);
  return {mean, sd, ends.lower, ends.upper};
}

inline Eigen::RowVector4d summarise(const WeightedNormals& all, const WeightedNormals& bulk,
                                    IntervalKind kind, bool finite_variance) {
  return summarise(
      all, bulk.variance.maxCoeff() > 0, [&bulk] { return bulk.mixture(); }, kind, finite_variance);
}

}  // namespace bayespool
