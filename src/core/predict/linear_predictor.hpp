// Draws of the linear predictor of rows, known or new, with what else their outcome depends on.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "core/numerics/streams.hpp"

namespace bayespool {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;

// Draws of the parameters, one column of `total` numbers each; null where the model has no such parameter. The standard
// deviations are not logarithms.
struct ParameterDraws {
  Index total = 0;
  const double* population = nullptr;  // mean or intercept; null stands for 0
  const double* slopes = nullptr;      // S columns
  const double* groups = nullptr;      // J columns
  const double* sigma = nullptr;       // one column, or J where each group has its own
  const double* tau = nullptr;
  bool separate = false;
  std::vector<Index> chosen;  // the draws to use, in order; empty: all of them
};

// n rows: predictors (n x S) and groups from 0. Groups from J on are new: drawn from the population, one draw a group. A
// negative group stands for the population itself.
struct PredictionRows {
  Eigen::Map<const MatrixXd> x;
  std::vector<Index> group;
  Index known_groups = 0;  // J
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
  // Each new group has a stream of `group_purpose`.
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
    if (parameters_.tau) tau_ = column(parameters_.tau);
    if (!parameters_.separate) sigma_ = column(parameters_.sigma);
    slopes_.resize(draws_, rows_.x.cols());
    for (Index k = 0; k < slopes_.cols(); ++k)
      slopes_.col(k) = column(parameters_.slopes + k * parameters_.total).matrix();
  }

  Index draws() const { return draws_; }
  Index rows() const { return static_cast<Index>(by_group_.size()); }

  // For the rows at positions first, ..., last - 1 in the order of their groups, calls f(row, predictor, sigma, whether
  // sigma is another than in the call before).
  template <class F>
  void visit(Index first, Index last, F f) const {
    ArrayXd group_mean, own_sigma, predictor;
    for (Index position = first; position < last; ++position) {
      const Index row = by_group_[position], group = rows_.group[row];
      const bool new_group = position == first || group != rows_.group[by_group_[position - 1]];
      if (new_group) {
        group_mean = mean_of(group);
        if (parameters_.separate) own_sigma = column(parameters_.sigma + group * parameters_.total);
      }
      predictor = group_mean;
      if (slopes_.cols() > 0)
        predictor.matrix().noalias() += slopes_ * rows_.x.row(row).transpose();
      f(row, predictor, parameters_.separate ? own_sigma : sigma_,
        position == first || (new_group && parameters_.separate));
    }
  }

 private:
  // The mean of a group where all predictors are 0.
  ArrayXd mean_of(Index group) const {
    if (group < 0) return population_;
    if (group < rows_.known_groups) return column(parameters_.groups + group * parameters_.total);
    RandomStream random(seed_, group_purpose_,
                        static_cast<std::uint64_t>(group - rows_.known_groups));
    ArrayXd mean = population_;
    for (Index d = 0; d < draws_; ++d) mean(d) += tau_(d) * random.normal();
    return mean;
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
  ArrayXd population_, tau_, sigma_;
  MatrixXd slopes_;
};

}  // namespace bayespool
