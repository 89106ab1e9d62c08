// Distributions of functions of the variance parameters: the definitions of core/exact/effect_marginals.hpp.
#include "core/exact/effect_marginals.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <map>

#include "core/errors.hpp"

namespace bayespool {

namespace {

constexpr double pi = 3.14159265358979323846;

Eigen::ArrayXd array_of(const std::vector<double>& values) {
  return Eigen::Map<const Eigen::ArrayXd>(values.data(), static_cast<Index>(values.size()));
}

}  // namespace

EffectMarginals::EffectMarginals(const EffectQuadrature& quadrature) : map_(quadrature.rule().map) {
  EffectPosterior posterior = quadrature.posterior();
  const LatticeRule& rule = quadrature.rule();
  const Index d = posterior.dimension();
  if (posterior.sigma_on_line()) line_spacing_ = posterior.line_step();
  EffectPosterior::Line line;
  std::vector<double> z, lattice_weight, weight, log_sigma, position;
  std::map<int, double> whole_line;
  VectorXd x(d);
  for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
    if (i % 64 == 0) quadrature.check_interrupt()();
    const double own = rule.weight[i];
    if (own < negligible) continue;
    map_.point(rule.nodes[i].k, x.data());
    posterior.move(x.data());
    lambda_.push_back(posterior.lambda());
    lattice_weight.push_back(own);
    first_.push_back(static_cast<Index>(weight.size()));
    for (Index a = 0; a < d; ++a) {
      double place = 0;
      for (Index b = 0; b < d; ++b)
        place += map_.generator(a, b) * rule.nodes[i].k[static_cast<std::size_t>(b)];
      z.push_back(place);
    }
    if (line_spacing_ == 0) {
      weight.push_back(own);
      log_sigma.push_back(std::log(posterior.given_sigma()));
      position.push_back(0);
      continue;
    }
    posterior.fill_line_beside_others(line);
    double total = 0;
    for (std::size_t m = 0; m < line.log_f.size(); ++m) {
      line.log_f[m] = std::exp(line.log_f[m] - line.top);
      total += line.log_f[m];
    }
    for (std::size_t m = 0; m < line.log_f.size(); ++m) {
      const int place = line.first + static_cast<int>(m);
      const double w = own * line.log_f[m];
      whole_line[place] += w / total;
      if (w < negligible * total) continue;
      weight.push_back(w / total);
      log_sigma.push_back(posterior.log_sigma_on_line(place));
      position.push_back(posterior.line_step() * place);
    }
  }
  first_.push_back(static_cast<Index>(weight.size()));
  lattice_weight_ = array_of(lattice_weight);
  lattice_weight_ /= lattice_weight_.sum();
  weight_ = array_of(weight);
  weight_ /= weight_.sum();
  log_sigma_ = array_of(log_sigma);
  line_ = array_of(position);
  z_ = Eigen::Map<MatrixXd>(z.data(), d, static_cast<Index>(lambda_.size()));
  weight.clear();
  log_sigma.clear();
  for (const auto& [place, w] : whole_line) {
    weight.push_back(w);
    log_sigma.push_back(posterior.log_sigma_on_line(place));
  }
  whole_line_weight_ = array_of(weight);
  if (!weight.empty()) whole_line_weight_ /= whole_line_weight_.sum();
  whole_line_log_sigma_ = array_of(log_sigma);

  const Index all = d + (line_spacing_ > 0 ? 1 : 0);
  mean_ = VectorXd::Zero(all);
  covariance_ = MatrixXd::Zero(all, all);
  mean_.head(d) = z_ * lattice_weight_.matrix();
  const MatrixXd deviation = z_.colwise() - mean_.head(d);
  covariance_.topLeftCorner(d, d) =
      deviation * lattice_weight_.matrix().asDiagonal() * deviation.transpose();
  if (line_spacing_ == 0) return;
  mean_(d) = (weight_ * line_).sum();
  covariance_(d, d) = (weight_ * (line_ - mean_(d)).square()).sum();
  for (Index t = 0; t < z_.cols(); ++t) {
    double moment = 0;
    for (Index k = first_[static_cast<std::size_t>(t)]; k < first_[static_cast<std::size_t>(t) + 1];
         ++k)
      moment += weight_(k) * (line_(k) - mean_(d));
    covariance_.col(d).head(d) += moment * deviation.col(t);
  }
  covariance_.row(d).head(d) = covariance_.col(d).head(d).transpose();
}

SummaryPoints EffectMarginals::of_lattice(const VarianceFunction& function) const {
  SummaryPoints points{Eigen::ArrayXd(lattice_weight_.size()), lattice_weight_, 0};
  for (Index t = 0; t < points.f.size(); ++t)
    points.f(t) = function.of_lambda(lambda_[static_cast<std::size_t>(t)]);
  const Index d = z_.rows();
  VectorXd v = VectorXd::Zero(mean_.size());
  const double mean = (points.weight * points.f).sum();
  v.head(d) = (z_.colwise() - mean_.head(d)) * (points.weight * (points.f - mean)).matrix();
  points.bandwidth = bandwidth(v);
  return points;
}

SummaryPoints EffectMarginals::of_line(const VarianceFunction& function) const {
  const double sd = std::sqrt(
      (whole_line_weight_ *
       (whole_line_log_sigma_ - (whole_line_weight_ * whole_line_log_sigma_).sum()).square())
          .sum());
  const double spread = std::sqrt(covariance_(covariance_.rows() - 1, covariance_.rows() - 1));
  const double scale =
      std::abs(function.of_log_sigma) * sd / spread;  // of the function in its coordinate
  return {function.of_log_sigma * whole_line_log_sigma_, whole_line_weight_,
          pi / (scale * line_spacing_), regular};
}

SummaryPoints EffectMarginals::of_both(const VarianceFunction& function) const {
  SummaryPoints points{function.of_log_sigma * log_sigma_, weight_, 0};
  const Index d = z_.rows();
  for (Index t = 0; t < z_.cols(); ++t) {
    const std::size_t own = static_cast<std::size_t>(t);
    const double part = function.of_lambda ? function.of_lambda(lambda_[own]) : 0;
    for (Index k = first_[own]; k < first_[own + 1]; ++k) points.f(k) += part;
  }
  const double mean = (weight_ * points.f).sum();
  VectorXd v = VectorXd::Zero(mean_.size());
  for (Index t = 0; t < z_.cols(); ++t) {
    const std::size_t own = static_cast<std::size_t>(t);
    const Index count = first_[own + 1] - first_[own];
    const Eigen::ArrayXd part =
        weight_.segment(first_[own], count) * (points.f.segment(first_[own], count) - mean);
    v.head(d) += part.sum() * (z_.col(t) - mean_.head(d));
    if (line_spacing_ > 0) v(d) += (part * (line_.segment(first_[own], count) - mean_(d))).sum();
  }
  points.bandwidth = bandwidth(v);
  return points;
}

Eigen::RowVectorXd EffectMarginals::row(const VarianceFunction& function,
                                        const SummaryColumns& wanted) const {
  const SummaryPoints points = function.of_log_sigma == 0                 ? of_lattice(function)
                               : !function.of_lambda && line_spacing_ > 0 ? of_line(function)
                                                                          : of_both(function);
  const Eigen::ArrayXd& f = points.f;
  const bool known_to_be_0 = (f == -HUGE_VAL).all();
  if (!known_to_be_0 && !f.allFinite())
    throw UnreachableMass("standard deviations or correlations are beyond the range of numbers");
  return PointSummary(points).row(function.value, wanted);
}

double EffectMarginals::bandwidth(const VectorXd& v) const {
  const Index d = mean_.size(), lattice = z_.rows();
  MatrixXd dual = MatrixXd::Zero(d, d);
  if (lattice > 0)
    dual.topLeftCorner(lattice, lattice) = 2 * pi * map_.generator.inverse().transpose();
  if (line_spacing_ > 0) dual(lattice, lattice) = 2 * pi / line_spacing_;
  return lattice_bandwidth(dual, covariance_, v);
}

}  // namespace bayespool
