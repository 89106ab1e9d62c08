// Distributions of functions of the variance parameters: the definitions of core/exact/effect_marginals.hpp.
#include "core/exact/effect_marginals.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "core/numerics/band_limited.hpp"
#include "core/numerics/shortest_interval.hpp"

namespace bayespool {

EffectMarginals::EffectMarginals(const EffectQuadrature& quadrature) : map_(quadrature.rule().map) {
  EffectPosterior posterior = quadrature.posterior();
  const LatticeRule& rule = quadrature.rule();
  const Index d = posterior.dimension();
  line_step_ = posterior.sigma_on_line() ? posterior.line_step() : 0;
  VectorXd x(d);
  EffectPosterior::Line line;
  std::vector<double> z, weights;
  for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
    if (i % 64 == 0) quadrature.check_interrupt()();
    if (rule.weight[i] < negligible) continue;
    map_.point(rule.nodes[i].k, x.data());
    posterior.move(x.data());
    lambda_.push_back(posterior.lambda());
    first_.push_back(static_cast<Index>(weights.size()));
    for (Index a = 0; a < d; ++a) {
      double own = 0;
      for (Index b = 0; b < d; ++b)
        own += map_.generator(a, b) * rule.nodes[i].k[static_cast<std::size_t>(b)];
      z.push_back(own);
    }
    if (line_step_ == 0) {
      sigma_.push_back(posterior.given_sigma());
      line_position_.push_back(0);
      weights.push_back(rule.weight[i]);
      continue;
    }
    posterior.fill_line(line_drop, 0, line);
    const double top = *std::max_element(line.log_f.begin(), line.log_f.end());
    double total = 0;
    for (double value : line.log_f) total += std::exp(value - top);
    for (std::size_t m = 0; m < line.log_f.size(); ++m) {
      const double w = std::exp(line.log_f[m] - top) / total;
      if (w < negligible) continue;
      const int position = line.first + static_cast<int>(m);
      sigma_.push_back(posterior.sigma_on_line(position));
      line_position_.push_back(line_step_ * position);
      weights.push_back(rule.weight[i] * w);
    }
  }
  first_.push_back(static_cast<Index>(weights.size()));
  weight_ = Eigen::Map<Eigen::ArrayXd>(weights.data(), static_cast<Index>(weights.size()));
  weight_ /= weight_.sum();
  z_ = Eigen::Map<MatrixXd>(z.data(), d, static_cast<Index>(lambda_.size()));
  find_spread();
}

Eigen::RowVectorXd EffectMarginals::row(const Function& function, const Value& value,
                                        const SummaryColumns& wanted) const {
  Eigen::ArrayXd f(weight_.size());
  for (std::size_t t = 0; t < lambda_.size(); ++t)
    for (Index k = first_[t]; k < first_[t + 1]; ++k)
      f(k) = function(lambda_[t], sigma_[static_cast<std::size_t>(k)]);
  Eigen::RowVectorXd row(2 + wanted.count());
  Eigen::ArrayXd natural(f.size());
  for (Index k = 0; k < f.size(); ++k) natural(k) = value(f(k));
  row(0) = (weight_ * natural).sum();
  // Under the square, so that the fourth power of a far node does not overflow.
  row(1) = std::sqrt((weight_.sqrt() * (natural - row(0))).square().sum());
  if (!wanted.any()) return row;
  const double centre = (weight_ * f).sum(),
               spread = std::sqrt((weight_ * (f - centre).square()).sum());
  if (!(spread > 1e-13 * std::abs(centre))) {
    row.tail(wanted.count()).setConstant(row(0));
    return row;
  }
  // As in the lattice's map, so that nodes are as dense in the tails.
  const double stretch = 3 * spread;
  const Eigen::ArrayXd position =
      ((f - centre) / stretch).unaryExpr([](double t) { return std::asinh(t); }) * stretch;
  const BandLimitedDistribution distribution(position, weight_, bandwidth(position));
  const auto quantile = [&](Tails p) {
    return value(centre + stretch * std::sinh(distribution.quantile(p) / stretch));
  };
  for (std::size_t i = 0; i < wanted.probabilities.size(); ++i)
    row(2 + static_cast<Index>(i)) = quantile(wanted.probabilities[i]);
  if (wanted.shortest > 0) {
    const Interval found = shortest_interval(quantile, wanted.shortest);
    row.tail<2>() << found.lower, found.upper;
  }
  return row;
}

VectorXd EffectMarginals::coordinates(std::size_t t, Index k) const {
  VectorXd all(z_.rows() + (line_step_ > 0 ? 1 : 0));
  all.head(z_.rows()) = z_.col(static_cast<Index>(t));
  if (line_step_ > 0) all(z_.rows()) = line_position_[static_cast<std::size_t>(k)];
  return all;
}

void EffectMarginals::find_spread() {
  const Index d = z_.rows() + (line_step_ > 0 ? 1 : 0);
  mean_ = VectorXd::Zero(d);
  covariance_ = MatrixXd::Zero(d, d);
  for (std::size_t t = 0; t < lambda_.size(); ++t)
    for (Index k = first_[t]; k < first_[t + 1]; ++k) mean_ += weight_(k) * coordinates(t, k);
  for (std::size_t t = 0; t < lambda_.size(); ++t)
    for (Index k = first_[t]; k < first_[t + 1]; ++k) {
      const VectorXd deviation = coordinates(t, k) - mean_;
      covariance_ += weight_(k) * deviation * deviation.transpose();
    }
}

double EffectMarginals::bandwidth(const Eigen::ArrayXd& f) const {
  const Index d = mean_.size(), lattice = z_.rows();
  VectorXd v = VectorXd::Zero(d);
  const double mean = (weight_ * f).sum();
  for (std::size_t t = 0; t < lambda_.size(); ++t)
    for (Index k = first_[t]; k < first_[t + 1]; ++k)
      v += weight_(k) * (f(k) - mean) * (coordinates(t, k) - mean_);
  const double pi = 3.14159265358979323846;
  MatrixXd dual = MatrixXd::Zero(d, d);
  if (lattice > 0)
    dual.topLeftCorner(lattice, lattice) = 2 * pi * map_.generator.inverse().transpose();
  if (line_step_ > 0) dual(lattice, lattice) = 2 * pi / line_step_;
  double widest = HUGE_VAL;
  Index combinations = 1;
  for (Index i = 0; i < d; ++i) combinations *= 3;
  for (Index c = 0; c < combinations; ++c) {
    VectorXd n(d);
    for (Index i = 0, rest = c; i < d; ++i, rest /= 3) n(i) = static_cast<double>(rest % 3 - 1);
    if (n.isZero(0)) continue;
    const VectorXd q = dual * n;
    const double along = std::abs(v.dot(q));
    if (along > 0) widest = std::min(widest, q.dot(covariance_ * q) / (2 * along));
  }
  return widest;
}

}  // namespace bayespool
