// The integrals of many groups with one normal prior of theta, from the likelihoods on lattices that do not depend on the prior.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/model/count_data.hpp"
#include "core/model/count_integral.hpp"

namespace bayespool {

// Lattices theta = step * m with steps 0.3, 0.3 / sqrt(2), 0.15, ...: of each the likelihood of a class is computed once, where it is first needed, the
// prior once for all classes. An integral is then a sum of products. Where that does not have all digits, ThetaRule integrates.
class CountTable {
 public:
  // The classes must outlive the object.
  explicit CountTable(const CountClasses& classes)
      : classes_(&classes),
        rows_(static_cast<std::size_t>(classes.count())),
        plan_(static_cast<std::size_t>(classes.count())),
        sum_(classes.count()),
        base_(classes.count()) {}

  // log Z of all classes, where those of stratum s have the prior N(eta(s), tau^2).
  void log_integrals(const Eigen::ArrayXd& eta, double tau, Eigen::ArrayXd& log_z) {
    for (std::size_t s = 0; s < classes_->strata.size(); ++s)
      integrate(classes_->strata[s], {eta(static_cast<Index>(s)), tau});
    log_z = sum_.log() + base_;
  }

 private:
  static constexpr int steps = 18;
  static constexpr double longest = 0.3, fraction = 0.55;  // as ThetaRule::longest_step()
  // L is kept where it is above exp(-row_drop) of its supremum, and used where at its centre the prior's log density is at most
  // prior_drop below its maximum: what is left out is below exp(-25) of what is not. It is the same for the prior's tail.
  static constexpr double row_drop = 34, prior_drop = 9;
  static constexpr double flat_side = 12;  // of L for k = 0 or k = n: the reach of its rows

  struct Row {
    int first = 0;
    Eigen::ArrayXd value;  // L over its supremum at first, first + 1, ...
  };

  struct Plan {
    int level, first, count;  // level -1: none
  };

  double step(int level) const { return step_[static_cast<std::size_t>(level)]; }

  void integrate(const CountClasses::Stratum& stratum, const ThetaPrior& prior) {
    const double w = prior.precision(), reach = prior.tau * std::sqrt(2 * row_drop);
    std::array<int, steps> low, high;
    low.fill(1 << 30);
    high.fill(-(1 << 30));
    for (Index c = stratum.first; c < stratum.first + stratum.count; ++c) {
      Plan& plan = plan_[static_cast<std::size_t>(c)];
      plan = choose(c, prior.eta, w, reach);
      if (plan.level < 0) continue;
      const std::size_t level = static_cast<std::size_t>(plan.level);
      low[level] = std::min(low[level], plan.first);
      high[level] = std::max(high[level], plan.first + plan.count);
    }
    for (std::size_t level = 0; level < steps; ++level) {
      if (low[level] >= high[level]) continue;
      const double h = step(static_cast<int>(level));
      const Eigen::ArrayXd at =
          Eigen::ArrayXd::LinSpaced(high[level] - low[level], low[level], high[level] - 1);
      prior_[level] = h * (-0.5 * w * (h * at - prior.eta).square()).exp();
    }
    const double log_factor = prior.log_factor();
    for (Index c = stratum.first; c < stratum.first + stratum.count; ++c) {
      const Plan& plan = plan_[static_cast<std::size_t>(c)];
      const CountLikelihood& likelihood = classes_->likelihood[static_cast<std::size_t>(c)];
      if (plan.level < 0) {
        rule_.fill(likelihood, prior);
        sum_(c) = rule_.total;
        base_(c) = rule_.log_scale;
        continue;
      }
      const std::size_t level = static_cast<std::size_t>(plan.level);
      const Row& row = rows_[static_cast<std::size_t>(c)][level];
      sum_(c) = (row.value.segment(plan.first - row.first, plan.count) *
                 prior_[level].segment(plan.first - low[level], plan.count))
                    .sum();
      base_(c) = likelihood.log_supremum() + log_factor;
    }
  }

  // At the maximum of the product E k = k + (eta - theta) / tau^2, and the curvature of log L is at most E k, for a binomial n - E k and
  // n / 4, too: that bounds the sd there, and so the step, from below.
  Plan choose(Index c, double eta, double w, double reach) {
    const CountLikelihood& likelihood = classes_->likelihood[static_cast<std::size_t>(c)];
    const bool binomial = likelihood.family() == CountFamily::binomial;
    const double distance = std::abs(eta - likelihood.centre());
    if (likelihood.is_empty() || !(0.5 * distance * distance * w < prior_drop) ||
        !(reach < HUGE_VAL))
      return {-1, 0, 0};
    double curvature =
        binomial ? std::min(likelihood.k(), likelihood.n() - likelihood.k()) : likelihood.k();
    curvature += 0.5 + distance * w;
    if (binomial) curvature = std::min(curvature, 0.25 * likelihood.n());
    double needed = (curvature + w) * (longest * longest) / (fraction * fraction);
    int level = 0;
    for (; needed > 1; needed *= 0.5)
      if (++level == steps) return {-1, 0, 0};
    const Row& row = row_of(c, level);
    const double scale = 1 / step(level);
    const int last_of_row = row.first + static_cast<int>(row.value.size()) - 1;
    const int first = std::max(row.first, static_cast<int>(std::floor((eta - reach) * scale)));
    const int last = std::min(last_of_row, static_cast<int>(std::ceil((eta + reach) * scale)));
    // Where L does not fall the prior must.
    if ((!likelihood.falls_below() && first == row.first) ||
        (!likelihood.falls_above() && last == last_of_row))
      return {-1, 0, 0};
    return {level, first, last - first + 1};
  }

  const Row& row_of(Index c, int level) {
    Row& row = rows_[static_cast<std::size_t>(c)][static_cast<std::size_t>(level)];
    if (row.value.size() > 0) return row;
    const CountLikelihood& likelihood = classes_->likelihood[static_cast<std::size_t>(c)];
    const double h = step(level), centre = likelihood.centre();
    const int middle = static_cast<int>(std::round(centre / h));
    std::vector<double> below, above;
    const auto extend = [&](int direction, bool falls, std::vector<double>& side) {
      for (int i = direction > 0 ? 0 : 1;; ++i) {
        const double at = h * (middle + direction * i);
        const double log_value = likelihood.log_relative(at);
        side.push_back(std::exp(log_value));
        if (falls ? log_value < -row_drop : std::abs(at - centre) > flat_side) return;
      }
    };
    extend(-1, likelihood.falls_below(), below);
    extend(1, likelihood.falls_above(), above);
    row.first = middle - static_cast<int>(below.size());
    row.value.resize(static_cast<Index>(below.size() + above.size()));
    Index i = 0;
    for (auto value = below.rbegin(); value != below.rend(); ++value) row.value(i++) = *value;
    for (double value : above) row.value(i++) = value;
    return row;
  }

  const CountClasses* classes_;
  std::vector<std::array<Row, steps>> rows_;  // by class
  std::vector<Plan> plan_;
  std::array<Eigen::ArrayXd, steps> prior_;
  std::array<double, steps> step_ = [] {
    std::array<double, steps> all;
    for (std::size_t level = 0; level < steps; ++level)
      all[level] = longest * std::pow(2, -0.5 * static_cast<double>(level));
    return all;
  }();
  ThetaRule rule_;
  Eigen::ArrayXd sum_, base_;  // Z = sum exp(base), by class
};

}  // namespace bayespool
