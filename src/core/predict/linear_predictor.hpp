// Draws of the linear predictor of rows, known or new, with what else their outcome depends on.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "core/numerics/streams.hpp"

namespace bayespool {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Draws of the parameters, one column of `total` numbers each; null where the model has no such parameter. The standard
// deviations are not logarithms.
struct ParameterDraws {
  Index total = 0;
  const double* population = nullptr;  // mean or intercept; null stands for 0
  const double* slopes = nullptr;      // S columns
  const double* groups = nullptr;      // q times J columns: the groups' coefficients by direction
  // Of two grouping factors in place of `groups`: the deviations of the levels of each from the population, one column a level.
  std::vector<const double*> deviations;
  const double* sigma = nullptr;  // one column, or J where each group has its own
  double known_sigma = 0;         // where there is none
  const double* tau = nullptr;    // q columns, or one a factor
  const double* correlation =
      nullptr;            // q (q - 1) / 2 columns: the lower triangle by rows; null: 0
  Index slope_count = 0;  // S
  // What varies between groups (q): a column of x, or the intercept (nothing).
  std::vector<std::optional<Index>> directions{std::nullopt};
  bool separate = false;
  std::vector<Index> chosen;  // the draws to use, in order; empty: all of them
};

// n rows: columns, of which the first S are predictors and all others directions alone, and groups from 0. Groups from J on are
// new: drawn from the population, one draw a group. A negative group stands for the population itself.
struct PredictionRows {
  Eigen::Map<const MatrixXd> x;
  std::vector<Index> group;
  Index known_groups = 0;  // J
  // n: of a normal outcome what multiplies sigma in each row, 1 / sqrt(w) for a weight w; of counts their trials or exposure.
  std::vector<double> noise;
  // Of two grouping factors: the levels of each (n), numbered as groups are, and how many are known. Groups are combinations of
  // levels then.
  std::vector<std::vector<Index>> levels{};
  std::vector<Index> known_levels{};
};

// `count` of the numbers 0, ..., total - 1, each subset equally likely, in increasing order (selection sampling).
inline std::vector<Index> choose_draws(Index total, Index count, std::uint64_t seed,
                                       std::uint64_t purpose) {
  RandomStream random(seed, purpose, 0);
  std::vector<Index> chosen;
  for (Index i = 0; static_cast<Index>(chosen.size()) < count; ++i) {
    const Index needed = count - static_cast<Index>(chosen.size());
    if (random.uniform() * static_cast<double>(total - i) < static_cast<double>(needed))
      chosen.push_back(i);
  }
  return chosen;
}

class LinearPredictor {
 public:
  // Each new group has a stream of `group_purpose`; with two factors each new level, in turn of the first and of the second.
  LinearPredictor(ParameterDraws parameters, PredictionRows rows, std::uint64_t seed,
                  std::uint64_t group_purpose)
      : parameters_(std::move(parameters)),
        rows_(std::move(rows)),
        seed_(seed),
        group_purpose_(group_purpose),
        draws_(parameters_.chosen.empty() ? parameters_.total
                                          : static_cast<Index>(parameters_.chosen.size())) {
    by_group_.resize(rows_.group.size());
    std::iota(by_group_.begin(), by_group_.end(), Index{0});
    std::stable_sort(by_group_.begin(), by_group_.end(),
                     [&](Index a, Index b) { return rows_.group[a] < rows_.group[b]; });
    population_ = parameters_.population ? column(parameters_.population) : ArrayXd::Zero(draws_);
    if (parameters_.tau) {
      const std::size_t factors = parameters_.deviations.size();
      tau_ = columns(parameters_.tau, factors > 0 ? static_cast<Index>(factors) : effects());
    }
    if (parameters_.correlation)
      correlation_ = columns(parameters_.correlation, effects() * (effects() - 1) / 2);
    if (!parameters_.sigma)
      sigma_ = ArrayXd::Constant(draws_, parameters_.known_sigma);
    else if (!parameters_.separate)
      sigma_ = column(parameters_.sigma);
    slopes_ = MatrixXd::Zero(draws_, rows_.x.cols());
    if (parameters_.slope_count > 0)
      slopes_.leftCols(parameters_.slope_count) =
          columns(parameters_.slopes, parameters_.slope_count);
    for (const std::optional<Index>& direction : parameters_.directions)
      if (direction) slopes_vary_ = true;
  }

  Index draws() const { return draws_; }
  Index rows() const { return static_cast<Index>(by_group_.size()); }

  double noise(Index row) const { return rows_.noise[static_cast<std::size_t>(row)]; }

  // For the rows at positions first, ..., last - 1 in the order of their groups, calls f(row, predictor, sigma, whether
  // sigma is another than in the call before).
  void visit(Index first, Index last,
             const std::function<void(Index row, const ArrayXd& predictor, const ArrayXd& sigma,
                                      bool new_sigma)>& f) const {
    ArrayXd intercept, own_sigma, predictor;
    MatrixXd own_slopes;
    if (slopes_vary_) own_slopes = slopes_;
    const MatrixXd& slopes = slopes_vary_ ? own_slopes : slopes_;
    for (Index position = first; position < last; ++position) {
      const Index row = by_group_[position], group = rows_.group[row];
      const bool new_group = position == first || group != rows_.group[by_group_[position - 1]];
      if (new_group) {
        if (rows_.levels.empty())
          find_coefficients(group, intercept, own_slopes);
        else
          add_level_effects(row, intercept);
        if (parameters_.separate) own_sigma = column(parameters_.sigma + group * parameters_.total);
      }
      predictor = intercept;
      if (slopes.cols() > 0) predictor.matrix().noalias() += slopes * rows_.x.row(row).transpose();
      f(row, predictor, parameters_.separate ? own_sigma : sigma_,
        position == first || (new_group && parameters_.separate));
    }
  }

 private:
  Index effects() const { return static_cast<Index>(parameters_.directions.size()); }

  // A group's intercept, and its slopes where these vary: the others stay as they are.
  void find_coefficients(Index group, ArrayXd& intercept, MatrixXd& slopes) const {
    const Index known = rows_.known_groups;
    intercept = population_;
    MatrixXd deviations;
    if (group >= known) deviations = draw_deviations(group - known);
    for (Index k = 0; k < effects(); ++k) {
      const std::optional<Index>& direction = parameters_.directions[static_cast<std::size_t>(k)];
      ArrayXd own = direction ? slopes_.col(*direction).array() : population_;
      if (group >= known)
        own += deviations.col(k).array();
      else if (group >= 0)
        own = column(parameters_.groups + (k * known + group) * parameters_.total);
      if (direction)
        slopes.col(*direction) = own.matrix();
      else
        intercept = own;
    }
  }

  // The population's intercept with the effects of a row's levels.
  void add_level_effects(Index row, ArrayXd& intercept) const {
    intercept = population_;
    for (std::size_t factor = 0; factor < rows_.levels.size(); ++factor) {
      const Index level = rows_.levels[factor][static_cast<std::size_t>(row)],
                  known = rows_.known_levels[factor];
      if (level >= known)
        intercept += draw_level_effect(factor, level - known);
      else if (level >= 0)
        intercept += column(parameters_.deviations[factor] + level * parameters_.total);
    }
  }

  ArrayXd draw_level_effect(std::size_t factor, Index new_level) const {
    const std::uint64_t stream =
        static_cast<std::uint64_t>(new_level) * rows_.levels.size() + factor;
    RandomStream random(seed_, group_purpose_, stream);
    ArrayXd effect = tau_.col(static_cast<Index>(factor)).array();
    for (Index d = 0; d < draws_; ++d) effect(d) *= random.normal();
    return effect;
  }

  // Of a new group's coefficients from the population's: draws x q.
  MatrixXd draw_deviations(Index new_group) const {
    RandomStream random(seed_, group_purpose_, static_cast<std::uint64_t>(new_group));
    const Index q = effects();
    MatrixXd deviations(draws_, q), factor = MatrixXd::Identity(q, q);
    VectorXd normal(q);
    for (Index d = 0; d < draws_; ++d) {
      if (parameters_.correlation) factor_correlation(d, factor);
      for (Index k = 0; k < q; ++k) {
        normal(k) = random.normal();
        deviations(d, k) = tau_(d, k) * factor.row(k).head(k + 1).dot(normal.head(k + 1));
      }
    }
    return deviations;
  }

  // Cholesky's factor of a draw's correlation matrix, which may be singular: correlations of 1.
  void factor_correlation(Index d, MatrixXd& factor) const {
    for (Index k = 0, pair = 0; k < factor.rows(); ++k) {
      for (Index l = 0; l < k; ++l, ++pair) {
        const double left =
            correlation_(d, pair) - factor.row(k).head(l).dot(factor.row(l).head(l));
        factor(k, l) = factor(l, l) > 0 ? left / factor(l, l) : 0;
      }
      factor(k, k) = std::sqrt(std::max(0.0, 1 - factor.row(k).head(k).squaredNorm()));
    }
  }

  // The chosen draws of `count` parameters.
  MatrixXd columns(const double* all, Index count) const {
    MatrixXd result(draws_, count);
    for (Index k = 0; k < count; ++k) result.col(k) = column(all + k * parameters_.total).matrix();
    return result;
  }

  // The chosen draws of a parameter.
  ArrayXd column(const double* all) const {
    ArrayXd result(draws_);
    if (parameters_.chosen.empty()) {
      std::copy_n(all, draws_, result.data());
    } else {
      for (Index d = 0; d < draws_; ++d) result(d) = all[parameters_.chosen[d]];
    }
    return result;
  }

  ParameterDraws parameters_;
  PredictionRows rows_;
  std::uint64_t seed_, group_purpose_;
  Index draws_;
  std::vector<Index> by_group_;
  ArrayXd population_, sigma_;
  MatrixXd slopes_, tau_, correlation_;
  bool slopes_vary_ = false;
};

}  // namespace bayespool
