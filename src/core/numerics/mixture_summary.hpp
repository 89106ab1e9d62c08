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

// The same in a row for origin + the mixture, then of each of the values `at` the probability of more, then of each the density there. Where
// there is no spread the density is 0, or infinite.
inline Eigen::RowVectorXd described(const WeightedNormals& all, const WeightedNormals& bulk,
                                    double origin, const Eigen::VectorXd& at, IntervalKind kind,
                                    bool finite_variance) {
  Eigen::RowVectorXd row(4 + 2 * at.size());
  row.head<4>() = summarise(all, bulk, kind, finite_variance);
  for (Eigen::Index k : {0, 2, 3}) row(k) += origin;
  const bool has_spread = all.variance.maxCoeff() > 0;
  const NormalMixture mixture = all.mixture();
  for (Eigen::Index i = 0; i < at.size(); ++i) {
    const double less = at(i) - origin;
    const auto value = has_spread ? mixture.evaluate(less) : NormalMixture::Value();
    row(4 + i) = has_spread ? value.tails.above : (all.mean(0) > less ? 1 : 0);
    row(4 + at.size() + i) = has_spread || all.mean(0) != less ? value.density : HUGE_VAL;
  }
  return row;
}

}  // namespace bayespool
