// The mean of a population and the slopes as NUTS samples them: first among the coordinates.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <optional>
#include <vector>

#include "core/nuts/sampled_coefficients.hpp"
#include "core/nuts/sampled_coordinate.hpp"

namespace bayespool {

// `direction`: which coefficient is the population's mean; without one that is 0. The others are the slopes, in their order.
class SampledLocations {
 public:
  SampledLocations(const CoefficientPriors& priors, std::optional<Index> direction)
      : coefficients_(priors), direction_(direction), slopes_(coefficients_.count()) {
    Index slopes = 0;
    for (Index k = 0; k < coefficients_.count(); ++k) {
      slope_of_.push_back(k == direction_ ? -1 : slopes++);
      value(k) = coefficients_.mean(k);  // for good where it is fixed
    }
    slopes_.conservativeResize(slopes);
  }

  // Those that are not fixed are the first coordinates.
  void place(std::vector<SampledCoordinate>& coordinates) {
    for (Index k = 0; k < coefficients_.count(); ++k) {
      if (coefficients_.is_fixed(k)) continue;
      sampled_.push_back(k);
      coordinates.push_back(
          {SampledCoordinate::Kind::coefficient, SampledCoordinate::Scale::natural, k});
    }
  }

  void read(const Eigen::Ref<const VectorXd>& q) {
    for (Index i = 0; i < sampled_count(); ++i) value(sampled(i)) = q(i);
  }

  double population() const { return population_; }
  const VectorXd& slopes() const { return slopes_; }
  double coefficient(Index k) const { return k == direction_ ? population_ : slopes_(slope_of(k)); }
  Index count() const { return coefficients_.count(); }

  // Adds the log density of the prior. Writes the gradient, given the derivatives of all else: with respect to the population's mean,
  // and to slope s, slope_gradient(s).
  template <class F>
  void add_prior(const Eigen::Ref<const VectorXd>& q, double population_gradient, F slope_gradient,
                 double& log_density, Eigen::Ref<VectorXd> gradient) const {
    for (Index i = 0; i < sampled_count(); ++i) {
      const Index k = sampled(i);
      gradient(i) = k == direction_ ? population_gradient : slope_gradient(slope_of(k));
      log_density += coefficients_.log_density(k, q(i), gradient(i));
    }
  }

  // Where there are data: by their mean and the spreads of the columns; without: by the priors. `spread`: of the response.
  template <class Likelihood>
  void choose_start(const Likelihood& likelihood, double spread, VectorXd& centre,
                    VectorXd& unit) const {
    for (Index i = 0; i < sampled_count(); ++i) {
      const Index k = sampled(i);
      if (!likelihood.informed()) {
        centre(i) = coefficients_.mean(k);
        unit(i) = coefficients_.sd(k);
      } else if (k == direction_) {
        centre(i) = likelihood.response_mean();
        unit(i) = spread;
      } else {
        const double sd = likelihood.predictor_sd(slope_of(k));
        unit(i) = sd > 0 ? spread / sd : spread;
      }
    }
  }

  // How many observations or groups bear on each.
  void choose_counts(double of_population, double of_slopes, VectorXd& count) const {
    for (Index i = 0; i < sampled_count(); ++i)
      count(i) = sampled(i) == direction_ ? of_population : of_slopes;
  }

 private:
  Index sampled_count() const { return static_cast<Index>(sampled_.size()); }
  Index sampled(Index i) const { return sampled_[static_cast<std::size_t>(i)]; }
  Index slope_of(Index k) const { return slope_of_[static_cast<std::size_t>(k)]; }
  double& value(Index k) { return k == direction_ ? population_ : slopes_(slope_of(k)); }

  SampledCoefficients coefficients_;
  std::optional<Index> direction_;
  std::vector<Index> slope_of_;  // position of a coefficient among the slopes; -1 for the mean
  std::vector<Index> sampled_;   // which coefficient a coordinate is
  double population_ = 0;
  VectorXd slopes_;
};

}  // namespace bayespool
