// Distributions of the parameters of a model of counts: the definitions of core/exact/count_marginals.hpp.
#include "core/exact/count_marginals.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace bayespool {

namespace {

constexpr double two_pi = 6.28318530717958647693;

double inverse_logit(double theta) {
  const double e = std::exp(-std::abs(theta));
  return (theta > 0 ? 1 : e) / (1 + e);
}

}  // namespace

CountMarginals::CountMarginals(const CountQuadrature& quadrature)
    : quadrature_(&quadrature), nodes_(quadrature, false) {
  const Eigen::ArrayXd& w = nodes_.weight;
  mean_ = nodes_.z * w.matrix();
  const MatrixXd deviation = nodes_.z.colwise() - mean_;
  covariance_ = deviation * w.matrix().asDiagonal() * deviation.transpose();
  if (mean_.size() > 0) dual_ = two_pi * quadrature.rule().map.generator.inverse().transpose();
}

VectorXd CountMarginals::covariance_with(const Eigen::ArrayXd& f) const {
  const double mean = (nodes_.weight * f).sum();
  return (nodes_.z.colwise() - mean_) * (nodes_.weight * (f - mean)).matrix();
}

double CountMarginals::bandwidth(const Eigen::ArrayXd& f) const {
  return lattice_bandwidth(dual_, covariance_, covariance_with(f));
}

CountRows CountMarginals::linear(const VectorXd& x, const SummaryColumns& wanted) const {
  const Eigen::ArrayXd f = (x.transpose() * nodes_.beta).transpose().array();
  PointSummary summary({f, nodes_.weight, bandwidth(f)});
  return {summary.row([](double theta) { return theta; }, wanted), summary.row(response(), wanted)};
}

Eigen::RowVectorXd CountMarginals::linear(const VectorXd& x,
                                          const std::function<double(double)>& value,
                                          const SummaryColumns& wanted) const {
  const Eigen::ArrayXd f = (x.transpose() * nodes_.beta).transpose().array();
  return PointSummary({f, nodes_.weight, bandwidth(f)}).row(value, wanted);
}

Eigen::RowVectorXd CountMarginals::tau(const SummaryColumns& wanted) const {
  return tau([](double tau) { return tau; }, wanted);
}

Eigen::RowVectorXd CountMarginals::tau(const std::function<double(double)>& value,
                                       const SummaryColumns& wanted) const {
  const Coordinate& coordinate = quadrature_->posterior().tau_coordinate();
  if (quadrature_->posterior().priors().tau.is_fixed())
    return PointSummary({nodes_.tau, nodes_.weight, HUGE_VAL}).row(value, wanted);
  const Eigen::ArrayXd f =
      nodes_.tau.unaryExpr([&](double tau) { return coordinate.exact_coordinate(tau); });
  return PointSummary({f, nodes_.weight, bandwidth(f)})
      .row([&](double x) { return value(coordinate.value(x)); }, wanted);
}

Eigen::RowVectorXd CountMarginals::variance(const SummaryColumns& wanted) const {
  return tau([](double tau) { return tau * tau; }, wanted);
}

Eigen::RowVectorXd CountMarginals::intraclass_correlation(const SummaryColumns& wanted) const {
  constexpr double of_trial = two_pi * two_pi / 12;  // the variance of the logistic distribution
  // not tau^2 / (tau^2 + ...), which may overflow
  return tau([](double tau) { return 1 / (1 + of_trial / (tau * tau)); }, wanted);
}

CountRows CountMarginals::theta(Index c, const SummaryColumns& wanted) const {
  const CountClasses& classes = quadrature_->posterior().classes();
  const std::size_t own = static_cast<std::size_t>(c);
  const VectorXd& x = classes.strata[static_cast<std::size_t>(classes.stratum_of[own])].x;
  if (pooled()) return linear(x, wanted);
  return rows(points((x.transpose() * nodes_.beta).transpose().array(), &classes.likelihood[own],
                     nodes_.log_z.row(c).transpose().array()),
              wanted);
}

CountRows CountMarginals::new_theta(const VectorXd& x, const SummaryColumns& wanted) const {
  if (pooled()) return linear(x, wanted);
  CountRows result = rows(points((x.transpose() * nodes_.beta).transpose().array(), nullptr,
                                 Eigen::ArrayXd::Zero(nodes_.count())),
                          wanted);
  const CountPosterior& posterior = quadrature_->posterior();
  const bool bounded = posterior.priors().tau.is_fixed() || posterior.tau_coordinate().bounded();
  if (!bounded && posterior.classes().likelihood.front().family() == CountFamily::poisson)
    result.response.head(2).setConstant(std::numeric_limits<double>::quiet_NaN());
  return result;
}

CountRows CountMarginals::rows(const ThetaPoints& points, const SummaryColumns& wanted) const {
  PointSummary summary(points.points);
  const std::function<double(double)> value = response();
  return {summary.row([&](double f) { return points.theta(f); }, wanted),
          summary.row([&](double f) { return value(points.theta(f)); }, wanted)};
}

bool CountMarginals::pooled() const {
  const ScalePrior& tau = quadrature_->posterior().priors().tau;
  return tau.is_fixed() && tau.fixed_value() == 0;
}

std::function<double(double)> CountMarginals::response() const {
  if (quadrature_->posterior().classes().likelihood.front().family() == CountFamily::binomial)
    return inverse_logit;
  return [](double theta) { return std::exp(theta); };
}

// The density of theta is L(theta) sum_t w_t / Z_t N(theta; eta_t, tau_t^2): a sum over nodes, on a grid. Where tau is so small that the
// normal densities of neighbouring nodes do not overlap their sum is a comb, though the distribution has no teeth: its characteristic
// function is a sum of smooth functions of the nodes, and right up to the bandwidth of eta. Such nodes give points of their own, and the
// whole is low-pass filtered (see BandLimitedDistribution).
CountMarginals::ThetaPoints CountMarginals::points(const Eigen::ArrayXd& eta,
                                                   const CountLikelihood* likelihood,
                                                   const Eigen::ArrayXd& log_z) const {
  // Frequencies beyond which a density of this sd has nothing, and one that is analytic in a strip of half width pi / 2 only.
  constexpr double of_sd = 8, of_strip = 20;
  constexpr double negligible = 1e-9, most_range = 3000;
  const Index count = nodes_.count();
  const Eigen::ArrayXd &w = nodes_.weight, &tau = nodes_.tau;
  Eigen::ArrayXd centre = eta, sd = tau;
  for (Index t = 0; likelihood && t < count; ++t) {
    if (tau(t) == 0) continue;
    const ThetaPeak peak = theta_peak(*likelihood, {eta(t), tau(t)});
    centre(t) = peak.at;
    sd(t) = peak.sd;
  }
  ThetaPoints result;
  result.middle = (w * centre).sum();
  result.stretch =
      3 *
      std::exp(0.5 * (w * ((centre - result.middle).square() + sd.square() + 1e-300).log()).sum());
  const double stretch = result.stretch, middle = result.middle;
  const auto place = [=](double theta) { return stretch * std::asinh((theta - middle) / stretch); };
  // Which densities overlap: a node's centre moves by sd^2 / tau^2 as eta does. Of those that do the narrowest.
  double of_eta = bandwidth(eta);
  {  // beyond what eta has where tau is small nothing need be known
    const Eigen::ArrayXd small = w * (tau * of_eta < of_sd).cast<double>();
    const double total = small.sum(), mean = (small * eta).sum() / total;
    if (total > negligible)
      of_eta = std::min(of_eta, of_sd / std::sqrt((small * (eta - mean).square()).sum() / total));
  }
  std::vector<std::pair<double, double>> widths;  // in f, with their weights
  double lowest = HUGE_VAL, highest = -HUGE_VAL;
  double apart = 0;
  for (Index t = 0; t < count; ++t) {
    const double f = place(centre(t)), width = place(centre(t) + sd(t)) - f;
    if (w(t) > negligible) {
      lowest = std::min(lowest, f - 9 * width);
      highest = std::max(highest, f + 9 * width);
    }
    if (tau(t) > 0 && tau(t) * tau(t) * of_eta >= of_sd * sd(t)) {
      widths.emplace_back(width, w(t));
    } else {
      apart += w(t);
    }
  }
  std::sort(widths.begin(), widths.end());
  double frequency = 0, passed = 0;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    passed += widths[i].second;
    frequency = std::max(of_sd / widths[i].first, of_strip);
    if (passed > negligible) break;
  }
  if (apart > negligible) frequency = std::max(frequency, of_eta);
  frequency = std::min(frequency, most_range / (highest - lowest));
  // Each node gives its own points, or has a place among those that share a grid.
  std::vector<double> f, weight;
  std::vector<Index> shared;
  ThetaRule rule;
  for (Index t = 0; t < count; ++t) {
    if (tau(t) * tau(t) * of_eta >= of_sd * sd(t) &&
        (place(centre(t) + sd(t)) - place(centre(t))) * frequency >= of_sd) {
      shared.push_back(t);
      continue;
    }
    if (w(t) < 1e-12) continue;
    if (likelihood) {
      rule.fill(*likelihood, {eta(t), tau(t)}, frequency);
    } else {
      rule.fill_prior({eta(t), tau(t)}, frequency);
    }
    for (std::size_t i = 0; i < rule.theta.size(); ++i) {
      f.push_back(place(rule.theta[i]));
      weight.push_back(w(t) * rule.weight[i] / rule.total);
    }
  }
  if (!shared.empty()) {
    const Index size = static_cast<Index>(shared.size());
    Eigen::ArrayXd log_share(size), mean(size), precision(size);
    for (Index i = 0; i < size; ++i) {
      const Index t = shared[static_cast<std::size_t>(i)];
      const ThetaPrior prior{eta(t), tau(t)};
      log_share(i) = std::log(w(t)) - log_z(t) + prior.log_factor();
      mean(i) = eta(t);
      precision(i) = std::isinf(tau(t)) ? 0 : 0.5 * prior.precision();
    }
    const double step = 3 / frequency;
    double top = 0;
    for (const int direction : {-1, 1})
      for (int i = direction < 0 ? 1 : 0;; ++i) {
        const double at = direction * i * step, theta = result.theta(at);
        const double log_likelihood = likelihood ? likelihood->log_value(theta) : 0;
        const double mass =
            step * std::cosh(at / stretch) *
            (log_share + log_likelihood - precision * (theta - mean).square()).exp().sum();
        top = std::max(top, mass);
        f.push_back(at);
        weight.push_back(mass);
        if (mass < 1e-14 * top && (direction < 0 ? at < lowest : at > highest)) break;
      }
  }
  result.points.f = Eigen::Map<Eigen::ArrayXd>(f.data(), static_cast<Index>(f.size()));
  result.points.weight = Eigen::Map<Eigen::ArrayXd>(weight.data(), result.points.f.size());
  result.points.weight /= result.points.weight.sum();
  result.points.bandwidth = frequency;
  result.points.stretch = 1e6;  // they are already where they should be
  return result;
}

}  // namespace bayespool
