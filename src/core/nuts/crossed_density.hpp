// The joint log density of all parameters with two grouping factors, and its gradient: what HierarchicalDensity is for one.
// Nothing is integrated out; the collapsed posterior is not used.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "core/model/crossed_design.hpp"
#include "core/nuts/normal_likelihood.hpp"
#include "core/nuts/sampled_coordinate.hpp"
#include "core/nuts/sampled_density.hpp"
#include "core/nuts/sampled_effects.hpp"
#include "core/nuts/sampled_locations.hpp"
#include "core/nuts/sampled_scale.hpp"

namespace bayespool {

// Cells are the groups of the likelihood: theta of a cell is the population's mean and the effects of its levels.
class CrossedDensity final : public SampledDensity {
 public:
  CrossedDensity(const EffectData& cells, const CellLevels& levels,
                 const CoefficientPriors& coefficients, const EffectPriors& priors,
                 Parameterization form, EffectColumns columns)
      : CrossedDensity(cells_as_groups(cells), levels, coefficients, priors, form,
                       std::move(columns)) {}

  std::unique_ptr<SampledDensity> copy() const override {
    return std::make_unique<CrossedDensity>(*this);
  }

  double operator()(const Eigen::Ref<const VectorXd>& q, Eigen::Ref<VectorXd> gradient) override {
    read(q);
    theta_.setConstant(locations_.population());
    for (const SampledEffects& factor : factors_) factor.add_to_cells(theta_);
    const SampledScale::Point sigma = sigma_.at(q);
    double log_density =
        likelihood_(theta_, locations_.slopes(), sigma.value, sigma.log_value) + sigma.log_density;
    const VectorXd& of_cells = likelihood_.group_gradient();
    locations_.add_prior(
        q, of_cells.sum(), [&](Index s) { return likelihood_.slope_gradient()(s); }, log_density,
        gradient);
    for (SampledEffects& factor : factors_)
      log_density += factor.log_density(q, of_cells, gradient);
    sigma_.put_gradient(sigma, likelihood_.sigma_gradient(), gradient);
    return log_density;
  }

  void store(const Eigen::Ref<const VectorXd>& q, double* row, Index stride) override {
    const auto put = [&](Index column, double value) { row[column * stride] = value; };
    read(q);
    for (Index k = 0; k < locations_.count(); ++k)
      put(columns_.coefficients[static_cast<std::size_t>(k)], locations_.coefficient(k));
    for (std::size_t k = 0; k < factors_.size(); ++k) {
      const SampledEffects& factor = factors_[k];
      for (Index j = 0; j < factor.count(); ++j)
        put(columns_.first_group[k] + j, factor.effects()(j));
      put(columns_.tau[k], factor.tau());
    }
    put(*columns_.sigma, sigma_.value(q));
  }

 private:
  CrossedDensity(const GroupedData& cells, const CellLevels& levels,
                 const CoefficientPriors& coefficients, const EffectPriors& priors,
                 Parameterization form, EffectColumns columns)
      : likelihood_(cells),
        locations_(coefficients, cells.direction),
        sigma_(priors.sigma),
        columns_(std::move(columns)),
        theta_(likelihood_.groups()) {
    for (std::size_t k = 0; k < levels.of_cell.size(); ++k)
      factors_.emplace_back(priors.tau[k], levels.of_cell[k], levels.count[k], form);
    choose_coordinates();
    choose_start();
  }

  void read(const Eigen::Ref<const VectorXd>& q) {
    locations_.read(q);
    for (SampledEffects& factor : factors_) factor.read(q);
  }

  // In order: the coefficients that are not fixed; the effects, factor by factor; sigma and the taus, unless fixed.
  void choose_coordinates() {
    locations_.place(coordinates_);
    Index first = 0;
    for (SampledEffects& factor : factors_) {
      factor.place_effects(first, coordinates_);
      first += factor.count();
    }
    sigma_.place(SampledCoordinate::Kind::sigma, 0, coordinates_);
    for (std::size_t k = 0; k < factors_.size(); ++k)
      factors_[k].place_tau(static_cast<Index>(k), coordinates_);
  }

  void choose_start() {
    const bool informed = likelihood_.informed();
    double spread = likelihood_.response_sd();
    double noise = spread * std::sqrt(likelihood_.average_weight());  // of weight 1
    if (!(spread > 0)) spread = noise = sigma_.typical_value();
    centre_ = VectorXd::Zero(dimension());
    unit_ = VectorXd::Ones(dimension());
    VectorXd count = VectorXd::Ones(dimension());
    // The population's mean is known as well as the fewest effects tell.
    double fewest = likelihood_.observations();
    for (const SampledEffects& factor : factors_) {
      if (factor.vary()) fewest = std::min(fewest, static_cast<double>(factor.count()));
      factor.choose_start(informed ? spread : 0,
                          likelihood_.group_sizes() / likelihood_.average_weight(), centre_, unit_,
                          count);
    }
    locations_.choose_start(likelihood_, spread, centre_, unit_);
    locations_.choose_counts(fewest, likelihood_.observations(), count);
    sigma_.choose_start(informed ? noise : sigma_.typical_value(), likelihood_.observations(),
                        centre_, count);
    scale_ = unit_;
    if (informed) scale_.array() /= count.array().sqrt();
  }

  NormalLikelihood likelihood_;
  SampledLocations locations_;
  SampledScale sigma_;
  std::vector<SampledEffects> factors_;
  EffectColumns columns_;
  VectorXd theta_;  // work space: one copy of the density serves one chain
};

}  // namespace bayespool
