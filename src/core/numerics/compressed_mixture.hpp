// A mixture of many normal distributions as one of few.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/numerics/local_interpolation.hpp"
#include "core/numerics/mixture_summary.hpp"
#include "core/numerics/normal_mixture.hpp"

namespace bayespool {

// A normal density or distribution function is an analytic function of its mean and the log of its sd. So each component can give its
// weight to points of a regular grid in these two, with the weights of interpolation, some of them negative: what the mixture says of
// probabilities changes by less than 1e-6, with these steps. Where the grid would not have fewer points the mixture stays as it is.
inline NormalMixture compressed(const WeightedNormals& all) {
  constexpr int window = LocalInterpolation::window, before = LocalInterpolation::before;
  constexpr double mean_step = 0.2, log_sd_step = 0.08, negligible = 1e-10;  // the first in sds
  constexpr double least_intervals = 12;
  const Eigen::ArrayXd log_sd = 0.5 * all.variance.log();
  const double lowest_mean = all.mean.minCoeff(), lowest_sd = log_sd.minCoeff();
  const double mean_range = all.mean.maxCoeff() - lowest_mean,
               sd_range = log_sd.maxCoeff() - lowest_sd;
  if (!(std::isfinite(lowest_sd) && std::isfinite(mean_range))) return all.mixture();
  const auto step_of = [=](double range, double greatest) {
    // Not so fine that positions would be rounding errors.
    return range > 1e-6 * greatest ? std::min(greatest, range / least_intervals) : greatest;
  };
  const double by_mean = step_of(mean_range, mean_step * std::exp(lowest_sd)),
               by_sd = step_of(sd_range, log_sd_step);
  const double rows = mean_range / by_mean + window + 2, columns = sd_range / by_sd + window + 2;
  if (rows * columns > 0.3 * static_cast<double>(all.weight.size())) return all.mixture();
  Eigen::ArrayXXd mass =
      Eigen::ArrayXXd::Zero(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
  const double first_mean = lowest_mean - before * by_mean, first_sd = lowest_sd - before * by_sd;
  for (Eigen::Index k = 0; k < all.weight.size(); ++k) {
    // From the lowest, not from the grid's first point: rounding must not take the lowest out of the grid.
    const LocalInterpolation mean((all.mean(k) - lowest_mean) / by_mean + before),
        sd((log_sd(k) - lowest_sd) / by_sd + before);
    for (int j = 0; j < window; ++j)
      mass.col(sd.first + j).segment<window>(mean.first) +=
          (all.weight(k) * sd.weight(j)) * mean.weight;
  }
  std::vector<double> weight, centre, inverse_sd;
  for (Eigen::Index j = 0; j < mass.cols(); ++j)
    for (Eigen::Index i = 0; i < mass.rows(); ++i) {
      if (std::abs(mass(i, j)) < negligible) continue;
      weight.push_back(mass(i, j));
      centre.push_back(first_mean + by_mean * static_cast<double>(i));
      inverse_sd.push_back(std::exp(-(first_sd + by_sd * static_cast<double>(j))));
    }
  NormalMixture result(static_cast<Eigen::Index>(weight.size()));
  result.weight = Eigen::Map<Eigen::ArrayXd>(weight.data(), result.weight.size());
  result.mean = Eigen::Map<Eigen::ArrayXd>(centre.data(), result.mean.size());
  result.inverse_sd = Eigen::Map<Eigen::ArrayXd>(inverse_sd.data(), result.inverse_sd.size());
  return result;
}

}  // namespace bayespool
