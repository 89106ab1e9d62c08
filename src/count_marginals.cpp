// Distributions of the parameters of a model of counts: the definitions of core/exact/count_marginals.hpp.
#include "core/exact/count_marginals.hpp"

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace bayespool {

namespace {

constexpr double two_pi = 6.28318530717958647693;
constexpr Index few = 3;  // classes with one x, for which tables do not pay

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
  const CountClasses& classes = quadrature.posterior().classes();
  mixtures_.resize(classes.strata.size());
  if (pooled()) return;
  for (std::size_t s = 0; s < mixtures_.size(); ++s) {
    const CountClasses::Stratum& stratum = classes.strata[s];
    if (stratum.count < few) continue;
    mixtures_[s].emplace(mixture_at(stratum.x));
    // Of many classes some are enough: what they have no table for is computed.
    std::vector<const CountLikelihood*> some;
    const Index stride = 1 + stratum.count / 64;
    for (Index c = stratum.first; c < stratum.first + stratum.count; c += stride)
      some.push_back(&classes.likelihood[static_cast<std::size_t>(c)]);
    mixtures_[s]->tabulate(some);
  }
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
  const std::size_t own = static_cast<std::size_t>(c),
                    stratum = static_cast<std::size_t>(classes.stratum_of[own]);
  const VectorXd& x = classes.strata[stratum].x;
  if (pooled()) return linear(x, wanted);
  if (classes.likelihood[own].is_empty()) return new_theta(x, wanted);
  const Eigen::ArrayXd log_z = nodes_.log_z.row(c).transpose().array();
  const auto of = [&](const CountMixture& mixture) {
    return rows(mixture.of(mixture.points(classes.likelihood[own], log_z, wanted.any())), wanted);
  };
  return mixtures_[stratum] ? of(*mixtures_[stratum]) : of(mixture_at(x));
}

CountRows CountMarginals::new_theta(const VectorXd& x, const SummaryColumns& wanted) const {
  if (pooled()) return linear(x, wanted);
  const CountFamily family = quadrature_->posterior().classes().likelihood.front().family();
  CountRows result = rows(new_mixture(x, wanted.any()), wanted);
  if (family == CountFamily::poisson) {
    const double mean = exponential_moment(x, 1), square = exponential_moment(x, 2);
    result.response(0) = mean;
    result.response(1) = std::isinf(square) ? square : std::sqrt(square - mean * mean);
  }
  return result;
}

// E exp(m theta) is the mean of exp(m eta + m^2 tau^2 / 2). Where tau is large, and no prior says otherwise, eta is normal with variance
// tau^2 times a constant, the share: the mean is finite if the prior of tau falls as a normal density with an sd below
// 1 / (m sqrt(1 + share)), and infinite if it falls more slowly. With just that sd all depends on the data.
double CountMarginals::exponential_moment(const VectorXd& x, double order) const {
  const double slowest = 1 / (order * std::sqrt(1 + share_of_flat(x))),
               tail = quadrature_->posterior().priors().tau.normal_tail();
  if (tail > slowest) return HUGE_VAL;
  if (tail == slowest) return std::numeric_limits<double>::quiet_NaN();
  const Eigen::ArrayXd eta = (x.transpose() * nodes_.beta).transpose().array();
  const Eigen::ArrayXd exponent =
      nodes_.weight.log() + order * eta + 0.5 * order * order * nodes_.tau.square();
  const double top = exponent.maxCoeff();
  return std::exp(top) * nodes_.resolved_sum((exponent - top).exp(), 3e-5);  // tails are heavy
}

// The variance of eta over tau^2 where tau is large: of least squares with the coefficients whose prior is flat, since what a proper prior
// allows does not grow.
double CountMarginals::share_of_flat(const VectorXd& x) const {
  const CountPosterior& posterior = quadrature_->posterior();
  const Eigen::ArrayXd sd = posterior.priors().coefficients.sd.array();
  const VectorXd flat = sd.isInf().cast<double>();
  if (flat.isZero(0)) return 0;
  const CountClasses& classes = posterior.classes();
  MatrixXd square = MatrixXd((1 - flat.array()).matrix().asDiagonal());
  for (Index c = 0; c < classes.count(); ++c) {
    if (classes.likelihood[static_cast<std::size_t>(c)].is_empty()) continue;
    const VectorXd row = flat.cwiseProduct(
        classes.strata[static_cast<std::size_t>(classes.stratum_of[static_cast<std::size_t>(c)])]
            .x);
    square.noalias() += classes.groups(c) * row * row.transpose();
  }
  const VectorXd of_flat = flat.cwiseProduct(x);
  return of_flat.dot(square.ldlt().solve(of_flat));
}

CountRows CountMarginals::rows(const ThetaMixture& mixture, const SummaryColumns& wanted) const {
  PointSummary summary(mixture.points);
  const std::function<double(double)> value = response();
  return {summary.row([&](double f) { return mixture.theta(f); }, wanted),
          summary.row([&](double f) { return value(mixture.theta(f)); }, wanted)};
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

CountMixture CountMarginals::mixture_at(const VectorXd& x) const {
  const Eigen::ArrayXd eta = (x.transpose() * nodes_.beta).transpose().array();
  return CountMixture(nodes_.weight, eta, nodes_.tau, bandwidth(eta));
}

ThetaMixture CountMarginals::new_mixture(const VectorXd& x, bool fine) const {
  const CountFamily family = quadrature_->posterior().classes().likelihood.front().family();
  const CountMixture of_x = mixture_at(x);
  return of_x.of(
      of_x.points(CountLikelihood(family, 0, 0), Eigen::ArrayXd::Zero(nodes_.count()), fine));
}

}  // namespace bayespool
