// Draws for rows, known or new: their expected values, predictions, log densities, intervals.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
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

// The quantile at probability p: between the two order statistics around position p (D - 1). Reorders `values`.
inline double sample_quantile(ArrayXd& values, double p) {
  const double position = p * static_cast<double>(values.size() - 1);
  const Index below = static_cast<Index>(position);
  double* const at = values.data() + below;
  double* const end = values.data() + values.size();
  std::nth_element(values.data(), at, end);
  const double fraction = position - static_cast<double>(below);
  return fraction > 0 ? *at + fraction * (*std::min_element(at + 1, end) - *at) : *at;
}

class Predictive {
 public:
  // Each new group has a stream of `group_purpose`, the noise of each row one of `noise_purpose`.
  Predictive(ParameterDraws parameters, PredictionRows rows, std::uint64_t seed,
             std::uint64_t group_purpose, std::uint64_t noise_purpose)
      : parameters_(std::move(parameters)),
        rows_(std::move(rows)),
        seed_(seed),
        group_purpose_(group_purpose),
        noise_purpose_(noise_purpose),
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

  Index rows() const { return static_cast<Index>(by_group_.size()); }

  // Rows that make a task worth a thread. The functions below do the rows of positions first, ..., last - 1 in the order
  // of their groups; `out` has a column of draws for each row, at the row's own place.
  Index rows_a_task() const { return std::max<Index>(1, (Index{1} << 16) / draws_); }

  void expected(Index first, Index last, double* out) const {
    visit(first, last, [&](Index row, const ArrayXd& mean, const ArrayXd&, bool) {
      std::copy_n(mean.data(), draws_, out + row * draws_);
    });
  }

  void predict(Index first, Index last, double* out) const {
    visit(first, last, [&](Index row, const ArrayXd& mean, const ArrayXd& sigma, bool) {
      draw(row, mean, sigma, out + row * draws_);
    });
  }

  // y - prediction
  void error(Index first, Index last, const double* y, double* out) const {
    visit(first, last, [&](Index row, const ArrayXd& mean, const ArrayXd& sigma, bool) {
      Eigen::Map<ArrayXd> to(out + row * draws_, draws_);
      draw(row, mean, sigma, to.data());
      to = y[row] - to;
    });
  }

  // log N(y | mean, sigma^2)
  void log_density(Index first, Index last, const double* y, double* out) const {
    ArrayXd constant, precision;
    visit(first, last, [&](Index row, const ArrayXd& mean, const ArrayXd& sigma, bool new_sigma) {
      if (new_sigma) {
        constant = -0.91893853320467274178 - sigma.log();  // log sqrt(2 pi)
        precision = sigma.inverse();
      }
      Eigen::Map<ArrayXd>(out + row * draws_, draws_) =
          constant - 0.5 * ((y[row] - mean) * precision).square();
    });
  }

  // Quantiles of predictions: `out` has one row a row, one column a probability.
  void quantiles(Index first, Index last, const std::vector<double>& probabilities,
                 double* out) const {
    ArrayXd values(draws_);
    visit(first, last, [&](Index row, const ArrayXd& mean, const ArrayXd& sigma, bool) {
      draw(row, mean, sigma, values.data());
      for (std::size_t k = 0; k < probabilities.size(); ++k)
        out[row + static_cast<Index>(k) * rows()] = sample_quantile(values, probabilities[k]);
    });
  }

 private:
  // Calls f(row, mean, sigma, whether sigma is another than in the call before).
  template <class F>
  void visit(Index first, Index last, F f) const {
    ArrayXd group_mean, own_sigma, mean;
    for (Index position = first; position < last; ++position) {
      const Index row = by_group_[position], group = rows_.group[row];
      const bool new_group = position == first || group != rows_.group[by_group_[position - 1]];
      if (new_group) {
        group_mean = mean_of(group);
        if (parameters_.separate) own_sigma = column(parameters_.sigma + group * parameters_.total);
      }
      mean = group_mean;
      if (slopes_.cols() > 0) mean.matrix().noalias() += slopes_ * rows_.x.row(row).transpose();
      f(row, mean, parameters_.separate ? own_sigma : sigma_,
        position == first || (new_group && parameters_.separate));
    }
  }

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

  void draw(Index row, const ArrayXd& mean, const ArrayXd& sigma, double* out) const {
    RandomStream random(seed_, noise_purpose_, static_cast<std::uint64_t>(row));
    for (Index d = 0; d < draws_; ++d) out[d] = mean(d) + sigma(d) * random.normal();
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
  std::uint64_t seed_, group_purpose_, noise_purpose_;
  Index draws_;
  std::vector<Index> by_group_;
  ArrayXd population_, tau_, sigma_;
  MatrixXd slopes_;
};

}  // namespace bayespool
