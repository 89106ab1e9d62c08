// The joint log density of all parameters where groups have several effects, and its gradient: what HierarchicalDensity is for one.
// Nothing is integrated out; the collapsed posterior is not used.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/model/effect_data.hpp"
#include "core/numerics/constants.hpp"
#include "core/nuts/effect_likelihood.hpp"
#include "core/nuts/sampled_coefficients.hpp"
#include "core/nuts/sampled_coordinate.hpp"
#include "core/nuts/sampled_correlation.hpp"
#include "core/nuts/sampled_density.hpp"
#include "core/nuts/sampled_scale.hpp"

namespace bayespool {

// Group j has q coefficients theta_j = m + T u_j, u_j = C eta_j, eta_j ~ N(0, I), where m are those of the population (0 in a
// direction that it does not have), T = diag(tau), and CC' is the correlation matrix. Centered: the coordinates are the theta_j, with
// the density N(m, T CC' T). Non-centered: they are the eta_j.
//
// A direction with tau known to be 0 has no coordinates: its coefficients are the population's. Such directions come last, so that
// the `a` others have the first rows of C; the LKJ distribution is the same for any order.
class EffectDensity final : public SampledDensity {
 public:
  EffectDensity(const EffectData& data, const CoefficientPriors& coefficients,
                const EffectPriors& priors, Parameterization form, EffectColumns columns)
      : directions_(directions_of(priors, columns)),
        direction_of_(data.predictors.size(), -1),
        slope_of_(data.predictors.size(), -1),
        likelihood_(likelihood_of(data)),
        coefficients_(coefficients),
        sigma_(priors.sigma),
        correlation_(static_cast<Index>(directions_.size()), priors.eta),
        form_(form),
        columns_(std::move(columns)) {
    choose_coordinates();
    make_work_space();
    choose_start();
  }

  std::unique_ptr<SampledDensity> copy() const override {
    return std::make_unique<EffectDensity>(*this);
  }

  double operator()(const Eigen::Ref<const VectorXd>& q, Eigen::Ref<VectorXd> gradient) override {
    read_parameters(q);
    const SampledScale::Point sigma = sigma_.at(q);
    double log_density = sigma.log_density, log_taus = 0;
    for (Index k = 0; k < varying_; ++k) {
      log_density += points_[index(k)].log_density;
      log_taus += points_[index(k)].log_value;
    }
    log_density += correlation_.log_density();
    log_density += likelihood_(theta_, slopes_, sigma.value, sigma.log_value);
    const MatrixXd& theta_gradient = likelihood_.group_gradient();

    // log N(eta | 0, I), or log N(theta | m, T CC' T); from here on with theta, u and eta as rows
    const double count = static_cast<double>(likelihood_.groups());
    log_density -= 0.5 * (count * static_cast<double>(varying_) * log_two_pi + eta_.squaredNorm());
    population_gradient_ = theta_gradient.colwise().sum();
    const auto inverse_tau = tau_.head(varying_).cwiseInverse();
    auto groups = matrix_at(gradient);
    auto of_factor = factor_gradient_.topLeftCorner(varying_, varying_);
    if (form_ == Parameterization::noncentered) {
      const auto of_theta = theta_gradient.leftCols(varying_);
      tau_gradient_ = of_theta.cwiseProduct(u_).colwise().sum();
      scaled_.noalias() = of_theta * tau_.head(varying_).asDiagonal();
      groups.noalias() = scaled_ * factor_ - eta_;
      of_factor.noalias() = scaled_.transpose() * eta_;
    } else {
      log_density -= count * (log_taus + factor_.diagonal().array().log().sum());
      scaled_ = eta_;  // C^-T eta, the derivative of |eta|^2 / 2 with respect to u
      factor_.triangularView<Eigen::Lower>().solveInPlace<Eigen::OnTheRight>(scaled_);
      tau_gradient_ = (scaled_.cwiseProduct(u_).colwise().sum().transpose().array() - count) *
                      inverse_tau.array();
      of_factor.noalias() = scaled_.transpose() * eta_;
      of_factor.diagonal() -= count * factor_.diagonal().cwiseInverse();
      scaled_ = scaled_ * inverse_tau.asDiagonal();
      population_gradient_.head(varying_) = scaled_.colwise().sum();
      groups = theta_gradient.leftCols(varying_) - scaled_;
    }

    // Priors of the coefficients, of the standard deviations and of the correlations
    for (Index i = 0; i < first_group_; ++i) {
      const Index k = coordinates_[index(i)].index, direction = direction_of_[index(k)];
      gradient(i) = direction >= 0 ? population_gradient_(direction)
                                   : likelihood_.slope_gradient()(slope_of_[index(k)]);
      log_density += coefficients_.log_density(k, q(i), gradient(i));
    }
    sigma_.put_gradient(sigma, likelihood_.sigma_gradient(), gradient);
    for (Index k = 0; k < varying_; ++k)
      directions_[index(k)].tau.put_gradient(points_[index(k)], tau_gradient_(k), gradient);
    correlation_.gradient(q.tail(correlation_.coordinate_count()), factor_gradient_,
                          gradient.tail(correlation_.coordinate_count()));
    return log_density;
  }

  void store(const Eigen::Ref<const VectorXd>& q, double* row, Index stride) override {
    const auto put = [&](Index column, double value) { row[column * stride] = value; };
    read_parameters(q);
    for (Index k = 0; k < coefficients_.count(); ++k)
      put(columns_.coefficients[index(k)], direction_of_[index(k)] >= 0
                                               ? population_(direction_of_[index(k)])
                                               : slopes_(slope_of_[index(k)]));
    for (Index k = 0; k < effects(); ++k) {
      const Index own = directions_[index(k)].index;
      for (Index j = 0; j < theta_.rows(); ++j)
        put(columns_.first_group[index(own)] + j, theta_(j, k));
      put(columns_.tau[index(own)], tau_(k));
    }
    if (columns_.sigma) put(*columns_.sigma, sigma_.value(q));
    for (Index i = 1; i < effects() && !columns_.rho.empty(); ++i)
      for (Index j = 0; j < i; ++j)
        put(columns_.rho[index(pair_of(i, j))],
            correlation_.factor().row(i).dot(correlation_.factor().row(j)));
  }

 private:
  using Kind = SampledCoordinate::Kind;
  using Scale = SampledCoordinate::Scale;

  struct Direction {
    Index index;                       // among those of the model
    std::optional<Index> coefficient;  // the population's
    SampledScale tau;

    bool varies() const { return !tau.is_zero(); }
  };

  static std::size_t index(Index i) { return static_cast<std::size_t>(i); }
  Index effects() const { return static_cast<Index>(directions_.size()); }

  // The groups' coordinates, J x a.
  Eigen::Map<const MatrixXd> matrix_at(const Eigen::Ref<const VectorXd>& q) const {
    return {q.data() + first_group_, likelihood_.groups(), varying_};
  }
  Eigen::Map<MatrixXd> matrix_at(Eigen::Ref<VectorXd>& gradient) const {
    return {gradient.data() + first_group_, likelihood_.groups(), varying_};
  }

  // Which of the model's correlations is that of directions i and j of ours.
  Index pair_of(Index i, Index j) const {
    const auto [less, more] =
        std::minmax({directions_[index(i)].index, directions_[index(j)].index});
    return more * (more - 1) / 2 + less;
  }

  static std::vector<Direction> directions_of(const EffectPriors& priors,
                                              const EffectColumns& columns) {
    std::vector<Direction> directions;
    for (std::size_t k = 0; k < priors.tau.size(); ++k)
      directions.push_back({static_cast<Index>(k), columns.coefficient_of_direction[k],
                            SampledScale(priors.tau[k])});
    std::stable_partition(directions.begin(), directions.end(),
                          [](const Direction& direction) { return direction.varies(); });
    return directions;
  }

  // Also finds out which coefficients belong to directions, and which to other predictors.
  EffectLikelihood likelihood_of(const EffectData& data) {
    std::vector<std::optional<Index>> predictors, directions;
    for (Index k = 0; k < effects(); ++k) {
      const Direction& direction = directions_[index(k)];
      directions.push_back(data.directions[index(direction.index)]);
      if (direction.coefficient) direction_of_[index(*direction.coefficient)] = k;
    }
    for (std::size_t k = 0; k < data.predictors.size(); ++k) {
      if (direction_of_[k] >= 0) continue;
      slope_of_[k] = static_cast<Index>(predictors.size());
      predictors.push_back(data.predictors[k]);
    }
    return EffectLikelihood(data, predictors, directions);
  }

  // In order: the coefficients that are not fixed; the groups, direction by direction; sigma and the taus, unless fixed; the
  // correlations.
  void choose_coordinates() {
    for (Index k = 0; k < coefficients_.count(); ++k)
      if (!coefficients_.is_fixed(k))
        coordinates_.push_back({Kind::coefficient, Scale::natural, k});
    first_group_ = dimension();
    const Scale group_scale =
        form_ == Parameterization::noncentered ? Scale::standardised : Scale::natural;
    for (const Direction& direction : directions_) {
      if (!direction.varies()) continue;
      ++varying_;
      for (Index j = 0; j < likelihood_.groups(); ++j)
        coordinates_.push_back(
            {Kind::group, group_scale, direction.index * likelihood_.groups() + j});
    }
    sigma_.place(Kind::sigma, 0, coordinates_);
    for (Direction& direction : directions_)
      direction.tau.place(Kind::tau, direction.index, coordinates_);
    if (correlation_.coordinate_count() == 0) return;
    for (Index i = 1; i < effects(); ++i)
      for (Index j = 0; j < i; ++j)
        coordinates_.push_back(
            {Kind::correlation, j == 0 ? Scale::atanh : Scale::atanh_partial, pair_of(i, j)});
  }

  void make_work_space() {
    const Index groups = likelihood_.groups();
    points_.resize(directions_.size());
    tau_.resize(effects());
    population_ = VectorXd::Zero(effects());
    slopes_.resize(coefficients_.count());
    Index slopes = 0;
    for (Index k = 0; k < coefficients_.count(); ++k)  // for good where they are fixed
      if (direction_of_[index(k)] >= 0)
        population_(direction_of_[index(k)]) = coefficients_.mean(k);
      else
        slopes_(slopes++) = coefficients_.mean(k);
    slopes_.conservativeResize(slopes);
    theta_.resize(groups, effects());
    u_.resize(groups, varying_);
    factor_gradient_ = MatrixXd::Zero(effects(), effects());
  }

  // Fills tau, C, the coefficients, eta, u and theta from q.
  void read_parameters(const Eigen::Ref<const VectorXd>& q) {
    for (Index k = 0; k < effects(); ++k) {
      const Direction& direction = directions_[index(k)];
      points_[index(k)] = direction.tau.at(q);
      tau_(k) = points_[index(k)].value;
    }
    correlation_.move(q.tail(correlation_.coordinate_count()));
    factor_ = correlation_.factor().topLeftCorner(varying_, varying_);
    for (Index i = 0; i < first_group_; ++i) {
      const Index k = coordinates_[index(i)].index, direction = direction_of_[index(k)];
      (direction >= 0 ? population_(direction) : slopes_(slope_of_[index(k)])) = q(i);
    }
    theta_.rowwise() = population_.transpose();
    const auto tau = tau_.head(varying_).asDiagonal();
    auto varying = theta_.leftCols(varying_);
    if (form_ == Parameterization::noncentered) {
      eta_ = matrix_at(q);
      u_.noalias() = eta_ * factor_.transpose();
      varying += u_ * tau;
    } else {
      u_ = (matrix_at(q) - varying) * tau.inverse();
      varying = matrix_at(q);
      eta_ = u_;
      factor_.transpose().triangularView<Eigen::Upper>().solveInPlace<Eigen::OnTheRight>(eta_);
    }
  }

  // With data: by the mean and the sds of the columns; without: by the priors.
  void choose_start() {
    const bool informed = likelihood_.informed();
    double spread = likelihood_.response_sd();
    double noise = spread * std::sqrt(likelihood_.average_weight());  // of weight 1
    if (!(spread > 0)) spread = noise = sigma_.typical_value();
    const double total = likelihood_.observations();
    const double groups = static_cast<double>(likelihood_.groups());

    centre_ = VectorXd::Zero(dimension());
    unit_ = VectorXd::Ones(dimension());
    VectorXd count = VectorXd::Ones(dimension());  // observations or groups that bear on it
    for (Index i = 0; i < first_group_; ++i) {
      const Index k = coordinates_[index(i)].index, direction = direction_of_[index(k)];
      const EffectLikelihood::Guess& guess = direction >= 0
                                                 ? likelihood_.direction_guess(direction)
                                                 : likelihood_.predictor_guess(slope_of_[index(k)]);
      centre_(i) = informed ? guess.centre : coefficients_.mean(k);
      unit_(i) = informed ? guess.unit * spread : coefficients_.sd(k);
      count(i) = direction >= 0 && direction < varying_ ? groups : total;
    }
    if (form_ == Parameterization::centered)
      for (Index k = 0; k < varying_; ++k) {
        const std::optional<Index>& own = directions_[index(k)].coefficient;
        const EffectLikelihood::Guess& guess = likelihood_.direction_guess(k);
        const Index first = first_group_ + k * likelihood_.groups();
        const auto of_groups = [&](VectorXd & values) -> auto{
          return values.segment(first, likelihood_.groups());
        };
        of_groups(centre_).setConstant(informed ? guess.centre
                                       : own    ? coefficients_.mean(*own)
                                                : 0);
        of_groups(unit_).setConstant(informed ? guess.unit * spread
                                              : directions_[index(k)].tau.typical_value());
        of_groups(count) = likelihood_.group_sizes().array() / likelihood_.average_weight() + 1;
      }
    sigma_.choose_start(informed ? noise : sigma_.typical_value(), total, centre_, count);
    for (Index k = 0; k < varying_; ++k) {
      const SampledScale& tau = directions_[index(k)].tau;
      const double unit = likelihood_.direction_guess(k).unit;
      tau.choose_start(informed ? unit * spread : tau.typical_value(), groups, centre_, count);
    }
    count.tail(correlation_.coordinate_count()).setConstant(groups);
    scale_ = unit_;
    if (informed) scale_.array() /= count.array().sqrt();
  }

  std::vector<Direction> directions_;
  std::vector<Index> direction_of_, slope_of_;  // of the coefficients; -1: none
  EffectLikelihood likelihood_;
  SampledCoefficients coefficients_;
  SampledScale sigma_;
  SampledCorrelation correlation_;
  Parameterization form_;
  EffectColumns columns_;
  Index first_group_ = 0, varying_ = 0;  // varying_: a
  // Work space: one copy of the density serves one chain.
  std::vector<SampledScale::Point> points_;  // of the taus
  VectorXd tau_, population_, slopes_;
  MatrixXd factor_, eta_, u_, theta_, scaled_;
  VectorXd population_gradient_, tau_gradient_;
  MatrixXd factor_gradient_;
};

}  // namespace bayespool
