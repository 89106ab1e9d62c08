// Convergence of chains: R-hat and effective sample sizes of rank-normalised draws of split chains (Vehtari, Gelman,
// Simpson, Carpenter & Buerkner 2021), as the R package posterior computes them from 12 iterations on.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/numerics/normal_score.hpp"

namespace bayespool {

struct Convergence {
  double rhat, ess_bulk, ess_tail;  // not a number where the draws are constant or not finite
};

// Of one variable at a time; the object keeps the work space and the normal scores of the ranks.
class ConvergenceMeasures {
 public:
  ConvergenceMeasures(Eigen::Index iterations, Eigen::Index chains)
      : half_(iterations / 2), values_(iterations, chains), halves_(half_, 2 * chains) {
    const double ranked = static_cast<double>(halves_.size()), total = ranked + 0.25;
    for (double rank = 1; rank <= ranked; rank += 0.5)
      score_.push_back(normal_score((rank - 0.375) / total, (total - rank + 0.375) / total));
  }

  // `draws`: iterations x chains, by column.
  Convergence operator()(const double* draws) {
    const Eigen::Map<const Eigen::MatrixXd> x(draws, values_.rows(), values_.cols());
    if (half_ < 2 || !x.allFinite()) return {nan_, nan_, nan_};
    sort(draws);
    const double lower = quantile(0.05), median = quantile(0.5), upper = quantile(0.95);
    leave_middle_out();

    Convergence result;
    normalise_ranks();
    result.rhat = rhat();
    result.ess_bulk = effective_size();
    values_ = (x.array() <= lower).cast<double>();
    split();
    result.ess_tail = effective_size();
    values_ = (x.array() <= upper).cast<double>();
    split();
    result.ess_tail = smaller(result.ess_tail, effective_size());
    fold(median);
    normalise_ranks();
    result.rhat = -smaller(-result.rhat, -rhat());
    return result;
  }

 private:
  static constexpr double nan_ = std::numeric_limits<double>::quiet_NaN();

  using Draw = std::pair<double, std::size_t>;  // value and position

  static double smaller(double a, double b) { return std::isnan(a) || a < b ? a : b; }

  void sort(const double* draws) {
    sorted_.resize(static_cast<std::size_t>(values_.size()));
    for (std::size_t i = 0; i < sorted_.size(); ++i) sorted_[i] = {draws[i], i};
    std::sort(sorted_.begin(), sorted_.end());
  }

  // Of an odd number of iterations the middle one is in neither half and has no rank.
  void leave_middle_out() {
    if (values_.rows() == 2 * half_) return;
    const auto in_the_middle = [&](const Draw& draw) {
      return static_cast<Eigen::Index>(draw.second) % values_.rows() == half_;
    };
    sorted_.erase(std::remove_if(sorted_.begin(), sorted_.end(), in_the_middle), sorted_.end());
  }

  // Of the sorted draws, as R's quantile() has it by default.
  double quantile(double probability) const {
    const double position = static_cast<double>(sorted_.size() - 1) * probability;
    const std::size_t below = static_cast<std::size_t>(position);
    const double weight = position - static_cast<double>(below);
    const double value = sorted_[below].first;
    return weight > 0 ? (1 - weight) * value + weight * sorted_[below + 1].first : value;
  }

  // The sorted draws become sorted distances from the median.
  void fold(double median) {
    const auto middle = std::lower_bound(sorted_.begin(), sorted_.end(), Draw(median, 0));
    for (Draw& draw : sorted_) draw.first = std::abs(draw.first - median);
    std::reverse(sorted_.begin(), middle);
    std::inplace_merge(sorted_.begin(), middle, sorted_.end(),
                       [](const Draw& a, const Draw& b) { return a.first < b.first; });
  }

  // Fills `halves_` with the normal scores of the ranks; tied draws share the mean of theirs. If all are tied, the
  // scores are exactly 0.
  void normalise_ranks() {
    for (std::size_t first = 0, end; first < sorted_.size(); first = end) {
      for (end = first + 1; end < sorted_.size() && !(sorted_[first].first < sorted_[end].first);)
        ++end;
      for (std::size_t i = first; i < end; ++i)
        values_.data()[sorted_[i].second] = score_[first + end - 1];
    }
    split();
  }

  // Each chain becomes two.
  void split() {
    halves_.leftCols(values_.cols()) = values_.topRows(half_);
    halves_.rightCols(values_.cols()) = values_.bottomRows(half_);
    mean_ = halves_.colwise().mean();
    halves_.rowwise() -= mean_;
  }

  // From here on `halves_` is n x m, without the means of its columns. The variance between the means:
  double between() const {
    return (mean_.array() - mean_.mean()).square().sum() / static_cast<double>(mean_.size() - 1);
  }

  // Mean over the columns of their autocovariances, with divisor n.
  double autocovariance(Eigen::Index lag) const {
    const Eigen::Index rows = half_ - lag;
    return halves_.topRows(rows).cwiseProduct(halves_.bottomRows(rows)).sum() /
           static_cast<double>(halves_.size());
  }

  double rhat() const {
    const double n = static_cast<double>(half_), within = autocovariance(0) * n / (n - 1);
    return within + between() > 0 ? std::sqrt(between() / within + (n - 1) / n) : nan_;
  }

  // m n / tau, with tau = 1 + 2 (rho_1 + rho_2 + ...) cut off by Geyer's initial monotone sequence: sums of pairs are
  // positive and do not increase. Lag by lag, as the sequence is short where chains mix.
  double effective_size() const {
    const double n = static_cast<double>(half_), variance = autocovariance(0);
    const double total = variance + between(), within = variance * n / (n - 1);
    if (half_ < 3 || !(total > 0)) return nan_;
    const auto rho = [&](Eigen::Index lag) { return 1 - (within - autocovariance(lag)) / total; };
    double even = 1, pair = 1 + rho(1), smallest = pair, tau = -1;
    for (Eigen::Index lag = 2; lag < half_ - 3 && pair > 0; lag += 2) {
      smallest = std::min(smallest, pair);
      tau += 2 * smallest;
      even = rho(lag);
      pair = even + rho(lag + 1);
    }
    const double size = static_cast<double>(halves_.size());
    if (pair >= 0 || even > 0) tau += even;
    return size / std::max(tau, 1 / std::log10(size));
  }

  Eigen::Index half_;
  std::vector<double> score_;  // of the ranks 1, 1.5, 2, ...
  std::vector<Draw> sorted_;
  Eigen::MatrixXd values_, halves_;
  Eigen::RowVectorXd mean_;
};

}  // namespace bayespool
