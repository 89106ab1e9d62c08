// What a summary shows of a distribution beside its mean and sd.
#pragma once

#include <Eigen/Core>
#include <utility>
#include <vector>

#include "core/numerics/normal_mixture.hpp"
#include "core/numerics/normal_score.hpp"
#include "core/numerics/shortest_interval.hpp"

namespace bayespool {

// Quantiles at some probabilities, then the ends of the shortest interval that holds `shortest` (0: none).
struct SummaryColumns {
  std::vector<Tails> probabilities;
  double shortest = 0;

  Eigen::Index count() const {
    return static_cast<Eigen::Index>(probabilities.size()) + (shortest > 0 ? 2 : 0);
  }
  bool any() const { return count() > 0; }

  // Normal scores of the probabilities and of the ends of the interval, were the distribution normal.
  std::vector<double> scores() const {
    std::vector<double> scores;
    for (const Tails& p : probabilities) scores.push_back(normal_score(p.below, p.above));
    if (shortest > 0) {
      const double below = 0.5 * (1 - shortest), score = normal_score(below, 1 - below);
      scores.insert(scores.end(), {score, -score});
    }
    return scores;
  }
};

// These columns for one mixture after the other, each from where they were in the one before, which is often like it.
class MixtureColumns {
 public:
  // `finite_variance`: whether means and sds that a quadrature gives are those of the distributions.
  MixtureColumns(const SummaryColumns& columns, bool finite_variance)
      : columns_(&columns), start_(columns.scores()), finite_variance_(finite_variance) {}

  // `row`: mean and sd of origin + mixture, then the columns.
  template <class Row>
  void fill(const NormalMixture& mixture, double origin, Row&& row) {
    if (!(row(1) > 0)) {
      row.tail(columns_->count()).setConstant(row(0));
      return;
    }
    const double center = finite_variance_ ? row(0) - origin : mixture.robust_center();
    const double scale = finite_variance_ ? row(1) : mixture.robust_scale();
    const std::size_t count = columns_->probabilities.size();
    for (std::size_t i = 0; i < count; ++i)
      start_[i] = (mixture.quantile(columns_->probabilities[i], center + scale * start_[i], scale) -
                   center) /
                  scale;
    if (columns_->shortest > 0) {
      const Interval near{center + scale * start_[count], center + scale * start_[count + 1]};
      const Interval found = interval(mixture, {columns_->shortest, true}, near, scale);
      start_[count] = (found.lower - center) / scale;
      start_[count + 1] = (found.upper - center) / scale;
    }
    for (std::size_t i = 0; i < start_.size(); ++i)
      row(2 + static_cast<Eigen::Index>(i)) = origin + center + scale * start_[i];
  }

 private:
  const SummaryColumns* columns_;
  std::vector<double> start_;  // standardised
  bool finite_variance_;
};

}  // namespace bayespool
