// The joint log density of all parameters and its gradient, a hierarchical prior over a likelihood: what NUTS samples.
// Nothing is integrated out; the collapsed posterior is not used.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "core/model/grouped_data.hpp"
#include "core/model/scale_prior.hpp"
#include "core/numerics/constants.hpp"
#include "core/nuts/sampled_coefficients.hpp"
#include "core/nuts/sampled_coordinate.hpp"
#include "core/nuts/sampled_scale.hpp"

namespace bayespool {

// theta_j ~ N(beta_0, tau^2), with priors on the coefficients, sigma and tau. beta_0 is the coefficient of the column that
// equals the group direction (without one, 0). tau = 0: every theta_j is beta_0. tau = inf: a flat prior on each theta_j.
//
// `Likelihood`: see NormalLikelihood. Where it says that predictors are those of groups (see GroupCountsLikelihood), it is one of theta
// alone, and theta_j ~ N(beta_0 + x_j'beta, tau^2). Where it has no sigma, that is known to be 1.
template <class Likelihood>
class HierarchicalDensity {
 public:
  HierarchicalDensity(Likelihood likelihood, const CoefficientPriors& priors,
                      std::optional<Index> direction, const ScalePrior& sigma,
                      const ScalePrior& tau, Parameterization form, DrawColumns columns)
      : likelihood_(std::move(likelihood)),
        coefficients_(priors),
        sigma_(sigma),
        tau_(tau),
        form_(form),
        columns_(std::move(columns)),
        direction_(direction),
        theta_(likelihood_.groups()),
        offset_(VectorXd::Zero(likelihood_.groups())),
        slopes_(likelihood_.slopes()) {
    for (Index k = 0, s = 0; k < coefficients_.count(); ++k) {
      slope_of_.push_back(k == direction_ ? -1 : s++);
      if (k != direction_)
        slopes_(slope_of_[k]) = coefficients_.mean(k);  // for good where it is fixed
    }
    choose_coordinates();
    choose_start();
  }

  // The order of the coordinates q, which is decided nowhere else.
  const std::vector<SampledCoordinate>& coordinates() const { return coordinates_; }
  Index dimension() const { return static_cast<Index>(coordinates_.size()); }

  // Where chains may start, and a size for their steps: the mean and spread of the response (without data, of the
  // priors); 1 for eta and for standard deviations on their coordinate.
  const VectorXd& centre() const { return centre_; }
  const VectorXd& unit() const { return unit_; }

  // A guess of the posterior sds: a unit / sqrt(number of observations or groups that bear on the coordinate).
  const VectorXd& scale() const { return scale_; }

  // The log density at q with its normalising constants, and its gradient.
  double operator()(const Eigen::Ref<const VectorXd>& q, Eigen::Ref<VectorXd> gradient) {
    const SampledScale::Point sigma = sigma_.at(coordinate_at(q, sigma_position_));
    const SampledScale::Point tau = tau_.at(coordinate_at(q, tau_position_));
    const double population = read_locations(q, tau.value);
    double log_density = likelihood_(theta_, slopes_, sigma.value, sigma.log_value);
    const VectorXd& group_gradient = likelihood_.group_gradient();

    // log N(theta | mean, tau), or log N(eta | 0, 1). The derivative by the groups' means is mean_gradient / mean_scale.
    const VectorXd* mean_gradient = &group_gradient;
    double mean_scale = 1, tau_gradient = 0;
    auto groups = gradient.segment(first_group_, group_count_);
    if (group_count_ > 0 && form_ == Parameterization::noncentered) {
      const auto eta = q.segment(first_group_, group_count_);
      log_density -= 0.5 * (group_count_ * log_two_pi + eta.squaredNorm());
      tau_gradient = group_gradient.dot(eta);
      groups = tau.value * group_gradient - eta;
    } else if (group_count_ > 0) {
      mean_scale = tau.value;
      groups = group_gradient;
      if (tau.value < infinity) {
        deviation_ = (theta_.array() - offset_.array() - population) / tau.value;
        const double squares = deviation_.squaredNorm(), count = static_cast<double>(group_count_);
        log_density -= count * (0.5 * log_two_pi + tau.log_value) + 0.5 * squares;
        mean_gradient = &deviation_;
        tau_gradient = (squares - count) / tau.value;
        groups -= deviation_ / tau.value;
      }
    }
    const auto slope_gradient = [&](Index s) {
      if constexpr (Likelihood::predictors_of_groups) {
        return likelihood_.predictors().col(s).dot(*mean_gradient) / mean_scale;
      } else {
        return likelihood_.slope_gradient()(s);
      }
    };

    // Priors of the coefficients and of the standard deviations
    for (Index i = 0; i < first_group_; ++i) {
      const Index k = coordinates_[i].index;
      gradient(i) =
          k == direction_ ? mean_gradient->sum() / mean_scale : slope_gradient(slope_of_[k]);
      log_density += coefficients_.log_density(k, q(i), gradient(i));
    }
    if (sigma_position_ >= 0)
      gradient(sigma_position_) = likelihood_.sigma_gradient() * sigma.jacobian + sigma.slope;
    if (tau_position_ >= 0) gradient(tau_position_) = tau_gradient * tau.jacobian + tau.slope;
    return log_density + sigma.log_density + tau.log_density;
  }

  // Writes the parameters at q as a row of draws; `stride` is the distance between columns.
  void store(const Eigen::Ref<const VectorXd>& q, double* row, Index stride) {
    const double tau = tau_.value(coordinate_at(q, tau_position_));
    const double population = read_locations(q, tau);
    const auto put = [&](std::optional<Index> column, double value) {
      if (column) row[*column * stride] = value;
    };
    for (Index k = 0; k < coefficients_.count(); ++k)
      put(columns_.coefficients[k], k == direction_ ? population : slopes_(slope_of_[k]));
    if (columns_.first_group)
      for (Index j = 0; j < theta_.size(); ++j)
        put(*columns_.first_group + j, theta_(j) - offset_(j));
    put(columns_.sigma, sigma_.value(coordinate_at(q, sigma_position_)));
    put(columns_.tau, tau);
  }

 private:
  using Kind = SampledCoordinate::Kind;
  using Scale = SampledCoordinate::Scale;

  static double coordinate_at(const Eigen::Ref<const VectorXd>& q, Index position) {
    return position >= 0 ? q(position) : 0;
  }

  // In order: the coefficients that are not fixed; the groups, unless tau is fixed at 0; sigma and tau, unless fixed.
  void choose_coordinates() {
    for (Index k = 0; k < coefficients_.count(); ++k)
      if (!coefficients_.is_fixed(k))
        coordinates_.push_back({Kind::coefficient, Scale::natural, k});
    first_group_ = dimension();
    const bool no_spread = tau_.is_fixed() && tau_.typical_value() == 0;
    group_count_ = no_spread ? 0 : likelihood_.groups();
    const bool noncentered = form_ == Parameterization::noncentered;
    for (Index j = 0; j < group_count_; ++j)
      coordinates_.push_back({Kind::group, noncentered ? Scale::standardised : Scale::natural, j});
    const auto add_scale = [&](const SampledScale& scale, Kind kind) -> Index {
      if (scale.is_fixed()) return -1;
      coordinates_.push_back({kind, scale.bounded() ? Scale::logit : Scale::log});
      return dimension() - 1;
    };
    sigma_position_ = add_scale(sigma_, Kind::sigma);
    tau_position_ = add_scale(tau_, Kind::tau);
  }

  // Fills `slopes_`, `offset_` and `theta_` from q; returns beta_0.
  double read_locations(const Eigen::Ref<const VectorXd>& q, double tau) {
    double population = direction_ ? coefficients_.mean(*direction_) : 0;
    for (Index i = 0; i < first_group_; ++i) {
      const Index k = coordinates_[i].index;
      (k == direction_ ? population : slopes_(slope_of_[k])) = q(i);
    }
    if constexpr (Likelihood::predictors_of_groups)
      offset_.noalias() = likelihood_.predictors() * slopes_;
    const auto groups = q.segment(first_group_, group_count_);
    if (group_count_ == 0) {
      theta_ = offset_.array() + population;
    } else if (form_ == Parameterization::noncentered) {
      theta_ = offset_.array() + population + tau * groups.array();
    } else {
      theta_ = groups;
    }
    return population;
  }

  void choose_start() {
    const bool informed = likelihood_.informed();
    const double mean = likelihood_.response_mean();
    double spread = likelihood_.response_sd();
    double noise = spread * std::sqrt(likelihood_.average_weight());  // of weight 1
    if (!(spread > 0)) spread = noise = sigma_.typical_value();

    centre_ = VectorXd::Zero(dimension());
    unit_ = VectorXd::Ones(dimension());
    double group_centre = mean, group_unit = spread;
    for (Index i = 0; i < first_group_; ++i) {
      const Index k = coordinates_[i].index;
      if (!informed) {
        centre_(i) = coefficients_.mean(k);
        unit_(i) = coefficients_.sd(k);
      } else if (k == direction_) {
        centre_(i) = mean;
        unit_(i) = spread;
      } else {
        const double sd = likelihood_.predictor_sd(slope_of_[k]);
        unit_(i) = sd > 0 ? spread / sd : spread;
      }
    }
    if (!informed) {
      group_centre = direction_ ? coefficients_.mean(*direction_) : 0;
      group_unit = tau_.typical_value();
    }
    const bool centered = form_ == Parameterization::centered;
    if (centered) {
      centre_.segment(first_group_, group_count_).setConstant(group_centre);
      unit_.segment(first_group_, group_count_).setConstant(group_unit);
    }
    const auto start_scale = [&](const SampledScale& scale, Index position, double value) {
      if (position >= 0)
        centre_(position) = scale.coordinate(informed ? value : scale.typical_value());
    };
    start_scale(sigma_, sigma_position_, noise);
    start_scale(tau_, tau_position_, spread);

    scale_ = unit_;
    if (!informed) return;
    const VectorXd& size = likelihood_.group_sizes();
    const double total = likelihood_.observations(), groups = static_cast<double>(size.size());
    for (Index i = 0; i < first_group_; ++i) {
      const bool of_groups = group_count_ > 0 && (Likelihood::predictors_of_groups ||
                                                  coordinates_[i].index == direction_);
      scale_(i) /= std::sqrt(of_groups ? groups : total);
    }
    if (centered && group_count_ > 0)
      scale_.segment(first_group_, group_count_).array() /=
          (1 + size.array() / likelihood_.average_weight()).sqrt();
    if (sigma_position_ >= 0) scale_(sigma_position_) /= std::sqrt(total);
    if (tau_position_ >= 0) scale_(tau_position_) /= std::sqrt(groups);
  }

  Likelihood likelihood_;
  SampledCoefficients coefficients_;
  SampledScale sigma_, tau_;
  Parameterization form_;
  DrawColumns columns_;
  std::optional<Index> direction_;
  std::vector<Index> slope_of_;  // position of a coefficient among the slopes; -1 for beta_0
  std::vector<SampledCoordinate> coordinates_;
  Index first_group_ = 0, group_count_ = 0, sigma_position_ = -1, tau_position_ = -1;
  VectorXd centre_, unit_, scale_;
  // Work space: one copy of the density serves one chain.
  VectorXd theta_;
  VectorXd offset_;  // x_j'beta where predictors are those of groups, else 0
  VectorXd slopes_, deviation_;
};

}  // namespace bayespool
