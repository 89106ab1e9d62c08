// Mean, standard deviation and interval of a finite mixture of normal distributions.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <optional>

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

  // Enough for the density to have one peak: it is concave between the outermost means, since each part is concave within
  // one sd of its own, and monotone beyond them.
  bool one_peak() const {
    const double spread = mean.maxCoeff() - mean.minCoeff();
    return spread * spread <= variance.minCoeff();
  }

  // Where the narrowest peak can be.
  double narrowest() const {
    Eigen::Index part;
    variance.minCoeff(&part);
    return mean(part);
  }
};

struct IntervalKind {
  double probability;
  bool shortest;  // or central
};

// Mean, sd, lower and upper end. The interval is that of `bulk`, which has the parts of `all` that matter for it; where `all`
// has no finite variance (`finite_variance`) its first two numbers have no meaning.
inline Eigen::RowVector4d summarise(const WeightedNormals& all, const WeightedNormals& bulk,
                                    IntervalKind kind, bool finite_variance) {
  const double mean = (all.weight * all.mean).sum();
  const double sd = std::sqrt((all.weight * ((all.mean - mean).square() + all.variance)).sum());
  if (!(bulk.variance.maxCoeff() > 0)) return {mean, sd, mean, mean};
  const NormalMixture mixture = bulk.mixture();
  ShortestInterval<NormalMixture> interval(mixture, kind.probability,
                                           finite_variance ? mean : mixture.robust_center(),
                                           finite_variance ? sd : mixture.robust_scale());
  std::optional<double> other_peak;
  if (!bulk.one_peak()) other_peak = bulk.narrowest();
  const Interval ends = kind.shortest ? interval.shortest(other_peak) : interval.central();
  return {mean, sd, ends.lower, ends.upper};
}

}  // namespace bayespool
