// The joint log density of all parameters and its gradient, a hierarchical prior over a likelihood: what NUTS samples.
// Nothing is integrated out; the collapsed posterior is not used.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "core/model/grouped_data.hpp"
#include "core/model/scale_prior.hpp"
#include "core/numerics/constants.hpp"
#include "core/nuts/sampled_coordinate.hpp"
#include "core/nuts/sampled_density.hpp"
#include "core/nuts/sampled_locations.hpp"
#include "core/nuts/sampled_scale.hpp"

namespace bayespool {

// theta_j ~ N(beta_0, tau^2), with priors on the coefficients, sigma and tau. beta_0 is the coefficient of the column that
// equals the group direction (without one, 0). tau = 0: every theta_j is beta_0. tau = inf: a flat prior on each theta_j.
//
// `Likelihood`: see NormalLikelihood. Where it says that predictors are those of groups (see GroupCountsLikelihood), it is one of theta
// alone, and theta_j ~ N(beta_0 + x_j'beta, tau^2). Where it has no sigma, that is known to be 1.
template <class Likelihood>
class HierarchicalDensity final : public SampledDensity {
 public:
  HierarchicalDensity(Likelihood likelihood, const CoefficientPriors& priors,
                      std::optional<Index> direction, const ScalePrior& sigma,
                      const ScalePrior& tau, Parameterization form, DrawColumns columns)
      : likelihood_(std::move(likelihood)),
        locations_(priors, direction),
        sigma_(sigma),
        tau_(tau),
        form_(form),
        columns_(std::move(columns)),
        theta_(likelihood_.groups()),
        offset_(VectorXd::Zero(likelihood_.groups())) {
    choose_coordinates();
    choose_start();
  }

  std::unique_ptr<SampledDensity> copy() const override {
    return std::make_unique<HierarchicalDensity>(*this);
  }

  double operator()(const Eigen::Ref<const VectorXd>& q, Eigen::Ref<VectorXd> gradient) override {
    const SampledScale::Point sigma = sigma_.at(q), tau = tau_.at(q);
    read_locations(q, tau.value);
    double log_density = likelihood_(theta_, locations_.slopes(), sigma.value, sigma.log_value);
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
        deviation_ = (theta_.array() - offset_.array() - locations_.population()) / tau.value;
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
    locations_.add_prior(q, mean_gradient->sum() / mean_scale, slope_gradient, log_density,
                         gradient);
    sigma_.put_gradient(sigma, likelihood_.sigma_gradient(), gradient);
    tau_.put_gradient(tau, tau_gradient, gradient);
    return log_density + sigma.log_density + tau.log_density;
  }

  void store(const Eigen::Ref<const VectorXd>& q, double* row, Index stride) override {
    const double tau = tau_.value(q);
    read_locations(q, tau);
    const auto put = [&](std::optional<Index> column, double value) {
      if (column) row[*column * stride] = value;
    };
    for (Index k = 0; k < locations_.count(); ++k)
      put(columns_.coefficients[k], locations_.coefficient(k));
    if (columns_.first_group)
      for (Index j = 0; j < theta_.size(); ++j)
        put(*columns_.first_group + j, theta_(j) - offset_(j));
    put(columns_.sigma, sigma_.value(q));
    put(columns_.tau, tau);
  }

 private:
  using Kind = SampledCoordinate::Kind;
  using Scale = SampledCoordinate::Scale;

  // In order: the coefficients that are not fixed; the groups, unless tau is fixed at 0; sigma and tau, unless fixed.
  void choose_coordinates() {
    locations_.place(coordinates_);
    first_group_ = dimension();
    group_count_ = tau_.is_zero() ? 0 : likelihood_.groups();
    const bool noncentered = form_ == Parameterization::noncentered;
    for (Index j = 0; j < group_count_; ++j)
      coordinates_.push_back({Kind::group, noncentered ? Scale::standardised : Scale::natural, j});
    sigma_.place(Kind::sigma, 0, coordinates_);
    tau_.place(Kind::tau, 0, coordinates_);
  }

  // Fills `locations_`, `offset_` and `theta_` from q.
  void read_locations(const Eigen::Ref<const VectorXd>& q, double tau) {
    locations_.read(q);
    const double population = locations_.population();
    if constexpr (Likelihood::predictors_of_groups)
      offset_.noalias() = likelihood_.predictors() * locations_.slopes();
    const auto groups = q.segment(first_group_, group_count_);
    if (group_count_ == 0) {
      theta_ = offset_.array() + population;
    } else if (form_ == Parameterization::noncentered) {
      theta_ = offset_.array() + population + tau * groups.array();
    } else {
      theta_ = groups;
    }
  }

  void choose_start() {
    const bool informed = likelihood_.informed();
    double spread = likelihood_.response_sd();
    double noise = spread * std::sqrt(likelihood_.average_weight());  // of weight 1
    if (!(spread > 0)) spread = noise = sigma_.typical_value();
    const VectorXd& size = likelihood_.group_sizes();
    const double total = likelihood_.observations(), groups = static_cast<double>(size.size());

    centre_ = VectorXd::Zero(dimension());
    unit_ = VectorXd::Ones(dimension());
    VectorXd count = VectorXd::Ones(dimension());  // observations or groups that bear on it
    locations_.choose_start(likelihood_, spread, centre_, unit_);
    const double of_population = group_count_ > 0 ? groups : total;
    locations_.choose_counts(of_population,
                             Likelihood::predictors_of_groups ? of_population : total, count);
    if (form_ == Parameterization::centered) {
      const auto of_groups = [&](VectorXd& values) {
        return values.segment(first_group_, group_count_);
      };
      of_groups(centre_).setConstant(informed ? likelihood_.response_mean()
                                              : locations_.population());
      of_groups(unit_).setConstant(informed ? spread : tau_.typical_value());
      if (group_count_ > 0) of_groups(count) = 1 + size.array() / likelihood_.average_weight();
    }
    sigma_.choose_start(informed ? noise : sigma_.typical_value(), total, centre_, count);
    tau_.choose_start(informed ? spread : tau_.typical_value(), groups, centre_, count);
    scale_ = unit_;
    if (informed) scale_.array() /= count.array().sqrt();
  }

  Likelihood likelihood_;
  SampledLocations locations_;
  SampledScale sigma_, tau_;
  Parameterization form_;
  DrawColumns columns_;
  Index first_group_ = 0, group_count_ = 0;
  // Work space: one copy of the density serves one chain.
  VectorXd theta_;
  VectorXd offset_;  // x_j'beta where predictors are those of groups, else 0
  VectorXd deviation_;
};

}  // namespace bayespool
