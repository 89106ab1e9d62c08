// The distribution of another count: a mixture of binomial or Poisson ones over that of theta.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "core/exact/theta_mixture.hpp"
#include "core/model/count_integral.hpp"
#include "core/model/count_likelihood.hpp"

namespace bayespool {

// P(X <= k) for a size (trials or exposure) and theta.
using CountBelow = std::function<double(double k, double size, double theta)>;

class CountPredictive {
 public:
  CountPredictive(ThetaMixture mixture, CountFamily family, CountBelow count_below)
      : mixture_(std::move(mixture)),
        family_(family),
        count_below_(std::move(count_below)),
        summary_(mixture_.points),
        theta_(mixture_.points.f.unaryExpr([this](double f) { return mixture_.theta(f); })) {}

  double mean(double size) const { return size * (weight() * response()).sum(); }

  // The variance of a count about its expectation, and that of the expectation.
  double sd(double size) const {
    const Eigen::ArrayXd p = response();
    const double mean = (weight() * p).sum();
    const Eigen::ArrayXd about = family_ == CountFamily::poisson ? p : Eigen::ArrayXd(p * (1 - p));
    // Under the square, so that far points do not overflow. Weights may be negative.
    const Eigen::ArrayXd deviation = (p - mean) * weight().abs().sqrt();
    return std::sqrt(size * (weight() * about).sum() +
                     size * size * (deviation * deviation * weight().sign()).sum());
  }

  // P(X <= k). For fixed k and as a function of theta P(X <= k) falls from 1 to 0, as the distribution function of what -theta would be
  // with a flat prior and one more event (of one more trial). Where that is smooth between the points it is summed over these; where it
  // is steep, it is the other way round: the distribution function of theta over the density of the steep one.
  double below(double k, double size) {
    constexpr double of_sd = 8, of_strip = 20;  // see CountMixture
    const bool poisson = family_ == CountFamily::poisson;
    if (!poisson && k >= size) return 1;
    if (size == 0) return 1;
    const CountLikelihood steep(family_, k + 1, poisson ? size : size + 1);
    const double at = steep.mode(), sd = 1 / std::sqrt(steep.curvature(at));
    const double width = mixture_.place(at + 0.5 * sd) - mixture_.place(at - 0.5 * sd);
    if (summary_.is_certain() || std::max(of_sd / width, of_strip) <= bandwidth()) {
      double sum = 0;
      for (Index i = 0; i < theta_.size(); ++i)
        sum += weight()(i) * count_below_(k, size, theta_(i));
      return sum;
    }
    rule_.fill(steep, {0, HUGE_VAL}, bandwidth());
    double sum = 0;
    for (std::size_t i = 0; i < rule_.theta.size(); ++i)
      sum += rule_.weight[i] * summary_.below(mixture_.place(rule_.theta[i]));
    return std::min(std::max(sum / rule_.total, 0.0), 1.0);
  }

  // log P(X = k), for a size that says no more of theta than the data do.
  double log_probability(double k, double size) const {
    const CountLikelihood likelihood(family_, k, size);
    const Eigen::ArrayXd exponent =
        theta_.unaryExpr([&](double theta) { return likelihood.log_value(theta); });
    const double top = exponent.maxCoeff();
    return top + std::log((weight() * (exponent - top).exp()).sum());
  }

 private:
  // Up to which sums over the points are right.
  double bandwidth() const {
    const SummaryPoints& points = mixture_.points;
    return points.filtered > 0 ? std::min(points.bandwidth, points.filter) : points.bandwidth;
  }

  const Eigen::ArrayXd& weight() const { return mixture_.points.weight; }

  // Probabilities, or rates. Where there is no weight a rate may be infinite.
  Eigen::ArrayXd response() const {
    if (family_ == CountFamily::poisson) return (weight() > 0).select(theta_.exp(), 0);
    return theta_.unaryExpr([](double theta) {
      const double e = std::exp(-std::abs(theta));
      return (theta > 0 ? 1 : e) / (1 + e);
    });
  }

  ThetaMixture mixture_;
  CountFamily family_;
  CountBelow count_below_;
  PointSummary summary_;
  Eigen::ArrayXd theta_;
  ThetaRule rule_;
};

}  // namespace bayespool
