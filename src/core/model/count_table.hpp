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

// Lattices theta = step * m with steps h, h / sqrt(2), h / 2, ...: of each the likelihood of a class is computed once, where it is first
// needed, the prior once for all classes. An integral is then a sum of products. Where that does not have all digits, or the lattice
// would be much finer than the likelihood, ThetaRule integrates.
class CountTable {
 public:
  // The classes must outlive the object.
  explicit CountTable(const CountClasses& classes)
      : classes_(&classes),
        of_class_(static_cast<std::size_t>(classes.count())),
        plan_(static_cast<std::size_t>(classes.count())),
        sum_(classes.count()),
        base_(classes.count()) {
    for (std::size_t c = 0; c < of_class_.size(); ++c)
      of_class_[c] = prepare(classes.likelihood[c]);
  }

  // log Z of all classes, where those of stratum s have the prior N(eta(s), tau^2).
  void log_integrals(const Eigen::ArrayXd& eta, double tau, Eigen::ArrayXd& log_z) {
    for (std::size_t s = 0; s < classes_->strata.size(); ++s)
      integrate(classes_->strata[s], {eta(static_cast<Index>(s)), tau});
    log_z = sum_.log() + base_;
  }

 private:
  static constexpr int steps = 18;
  static constexpr double longest = ThetaRule::longest_step, fraction = ThetaRule::step_in_sds;
  // L is kept where it is above exp(-row_drop) of its supremum, and used where at its centre the prior's log density is at most
  // prior_drop below its maximum: what is left out is below exp(-25) of what is not. It is the same for the prior's tail.
  static constexpr double row_drop = 34, prior_drop = 9;
  static constexpr double flat_side = 12;  // of L for k = 0 or k = n: the reach of its rows
  static constexpr double longest_row = 400;

  // What of a class the choice of a lattice needs: bounds of the curvature of log L, and the step below which rows are too long.
  struct OfClass {
    double centre, curvature, most_curvature, finest;
    bool falls_below, falls_above, is_empty;
  };

  struct Row {
    int first = 0;
    Eigen::ArrayXd value;  // L over its supremum at first, first + 1, ...
  };

  // Of the row of a class the `count` values from `first` on; level -1: none.
  struct Plan {
    int level, first, count;
    const double* value;
  };

  double step(int level) const { return step_[static_cast<std::size_t>(level)]; }

  static OfClass prepare(const CountLikelihood& likelihood) {
    const bool binomial = likelihood.family() == CountFamily::binomial;
    const double k = likelihood.k(), n = likelihood.n(), centre = likelihood.centre();
    // L is above exp(-row_drop) for about sqrt(2 * row_drop) sds to each side, or has a flat one.
    const double sides = likelihood.is_empty() ? 0
                                               : 2 * std::sqrt(2 * row_drop) /
                                                     std::sqrt(likelihood.curvature(centre));
    const bool flat = !likelihood.falls_below() || !likelihood.falls_above();
    return {centre,
            0.5 + (binomial ? std::min(k, n - k) : k),
            binomial ? 0.25 * n : HUGE_VAL,
            (flat ? flat_side : sides) / longest_row,
            likelihood.falls_below(),
            likelihood.falls_above(),
            likelihood.is_empty()};
  }

  void integrate(const CountClasses::Stratum& stratum, const ThetaPrior& prior) {
    const double w = prior.precision(), reach = prior.tau * std::sqrt(2 * row_drop);
    std::array<int, steps> low, high;  // of all plans
    low.fill(1 << 30);
    high.fill(-(1 << 30));
    const Index end = stratum.first + stratum.count;
    const bool finite = reach < HUGE_VAL && reach > 0;
    if (finite) limit(prior.eta, reach);
    for (Index c = stratum.first; c < end; ++c) {
      Plan& plan = plan_[static_cast<std::size_t>(c)];
      plan = finite ? choose(c, prior.eta, w) : Plan{-1, 0, 0, nullptr};
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
    for (Index c = stratum.first; c < end; ++c) {
      const Plan& plan = plan_[static_cast<std::size_t>(c)];
      const CountLikelihood& likelihood = classes_->likelihood[static_cast<std::size_t>(c)];
      if (plan.level < 0) {
        rule_.fill(likelihood, prior);
        sum_(c) = rule_.total;
        base_(c) = rule_.log_scale;
        continue;
      }
      const std::size_t level = static_cast<std::size_t>(plan.level);
      sum_(c) = Eigen::Map<const VectorXd>(plan.value, plan.count)
                    .dot(prior_[level].matrix().segment(plan.first - low[level], plan.count));
      base_(c) = likelihood.log_supremum() + log_factor;
    }
  }

  // How far the prior reaches, by level.
  void limit(double eta, double reach) {
    for (std::size_t level = 0; level < steps; ++level) {
      const double scale = 1 / step_[level];
      const auto bounded = [](double m) {
        return static_cast<int>(std::min(std::max(m, -1e9), 1e9));
      };
      first_[level] = bounded(std::floor((eta - reach) * scale));
      last_[level] = bounded(std::ceil((eta + reach) * scale));
    }
  }

  // At the maximum of the product E k = k + (eta - theta) / tau^2, and the curvature of log L is at most E k, for a binomial n - E k and
  // n / 4, too: that bounds the sd there, and so the step, from below.
  Plan choose(Index c, double eta, double w) {
    constexpr Plan none{-1, 0, 0, nullptr};
    const OfClass& own = of_class_[static_cast<std::size_t>(c)];
    const double distance = std::abs(eta - own.centre);
    if (own.is_empty || !(0.5 * distance * distance * w < prior_drop)) return none;
    const double curvature = std::min(own.curvature + distance * w, own.most_curvature);
    // The least level with step^2 <= fraction^2 / (curvature + w).
    const double needed = (curvature + w) * (longest * longest) / (fraction * fraction);
    int level = 0;
    if (needed > 1) std::frexp(needed, &level);
    if (level >= steps || step(level) < own.finest) return none;
    const Row& row = row_of(c, level);
    const int last_of_row = row.first + static_cast<int>(row.value.size()) - 1;
    const int first = std::max(row.first, first_[static_cast<std::size_t>(level)]);
    const int last = std::min(last_of_row, last_[static_cast<std::size_t>(level)]);
    // Where L does not fall the prior must.
    if ((!own.falls_below && first == row.first) || (!own.falls_above && last == last_of_row))
      return none;
    return {level, first, last - first + 1, row.value.data() + (first - row.first)};
  }

  const Row& row_of(Index c, int level) {
    std::vector<Row>& rows = rows_[static_cast<std::size_t>(level)];
    if (rows.empty()) rows.resize(of_class_.size());
    Row& row = rows[static_cast<std::size_t>(c)];
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
  std::vector<OfClass> of_class_;
  std::array<std::vector<Row>, steps> rows_;  // by class
  std::vector<Plan> plan_;
  std::array<Eigen::ArrayXd, steps> prior_;
  std::array<int, steps> first_{}, last_{};
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
