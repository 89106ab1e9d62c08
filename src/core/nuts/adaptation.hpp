// What warmup learns: the step size by dual averaging, the metric from the variances of the draws, in windows
// that double (Hoffman & Gelman 2014, section 3.2; Stan reference manual, chapter on HMC).
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <vector>

namespace bayespool {

// Moves log(step size) until the mean acceptance statistic is `target`.
class DualAveraging {
 public:
  explicit DualAveraging(double target) : target_(target) {}

  void restart(double step) {
    centre_ = std::log(10 * step);
    count_ = error_ = log_average_ = 0;
  }

  // The step size to try next.
  double update(double accept_stat) {
    constexpr double gamma = 0.05, t0 = 10, kappa = 0.75;
    ++count_;
    const double weight = 1 / (count_ + t0);
    error_ = (1 - weight) * error_ + weight * (target_ - std::min(accept_stat, 1.0));
    const double log_step = centre_ - error_ * std::sqrt(count_) / gamma;
    const double average_weight = std::pow(count_, -kappa);
    log_average_ = (1 - average_weight) * log_average_ + average_weight * log_step;
    return std::exp(log_step);
  }

  // The averaged step size, for the time after warmup.
  double adapted() const { return std::exp(log_average_); }

 private:
  double target_;
  double centre_ = 0, count_ = 0, error_ = 0, log_average_ = 0;
};

// Running variances (Welford).
class RunningVariance {
 public:
  explicit RunningVariance(Eigen::Index size) : mean_(size), squares_(size) { restart(); }

  void restart() {
    count_ = 0;
    mean_.setZero();
    squares_.setZero();
  }

  void add(const Eigen::VectorXd& x) {
    ++count_;
    const Eigen::ArrayXd deviation = x.array() - mean_;
    mean_ += deviation / count_;
    squares_ += deviation * (x.array() - mean_);
  }

  // Sample variances, shrunk a little towards 1e-3 scale^2, as if five more draws had said so.
  Eigen::VectorXd regularised(const Eigen::VectorXd& scale) const {
    return (count_ / (count_ + 5)) * squares_ / (count_ - 1) +
           1e-3 * (5 / (count_ + 5)) * scale.array().square();
  }

 private:
  double count_ = 0;
  Eigen::ArrayXd mean_, squares_;
};

// Three phases: `first` iterations for the step size alone; windows for the metric, each twice as long as the
// one before; a last phase for the step size. `ends` are the iterations, counted from 1, that close a window.
struct WarmupSchedule {
  int first = 0;
  std::vector<int> ends;

  explicit WarmupSchedule(int warmup) {
    if (warmup < 20) {  // too short for a metric
      first = warmup;
      return;
    }
    const bool enough = warmup >= 150;
    first = enough ? 75 : static_cast<int>(0.15 * warmup);
    const int last = warmup - (enough ? 50 : static_cast<int>(0.1 * warmup));
    int size = enough ? 25 : last - first;
    for (int start = first; start < last; size *= 2) {
      const bool next_would_fit = start + 3 * size <= last;
      start = next_would_fit ? start + size : last;
      ends.push_back(start);
    }
  }
};

}  // namespace bayespool
