// The joint log density of all parameters and its gradient, from group moments: what NUTS samples. Nothing is
// integrated out; the collapsed posterior is not used.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>
#include <vector>

#include "core/model/grouped_data.hpp"
#include "core/model/scale_prior.hpp"

namespace bayespool {

// Coordinates of the group means: theta_j itself, or eta_j with theta_j = population mean + tau * eta_j.
enum class Parameterization { noncentered, centered };

// A standard deviation as sampled: on its unbounded coordinate (the logarithm, as a rule), or known.
class SampledScale {
 public:
  struct Point {
    double value, log_value;
    double jacobian;            // derivative of the value with respect to the coordinate
    double log_density, slope;  // of the coordinate under the prior, and the derivative
  };

  explicit SampledScale(const ScalePrior& prior) : prior_(prior), coordinate_(prior) {}

  bool is_fixed() const { return prior_.is_fixed(); }

  double value(double x) const { return is_fixed() ? prior_.fixed_value() : coordinate_.value(x); }

  Point at(double x) const {
    if (is_fixed()) return {prior_.fixed_value(), std::log(prior_.fixed_value()), 0, 0, 0};
    const bool bounded = coordinate_.bounded();
    const double value = coordinate_.value(x), log_jacobian = coordinate_.log_jacobian(x);
    const double log_value = bounded ? std::log(value) : x;
    const double jacobian = bounded ? std::exp(log_jacobian) : value;
    return {value, log_value, jacobian, prior_.log_density(value) + log_jacobian,
            prior_.slope(value) * jacobian + coordinate_.log_jacobian_slope(x)};
  }

  double typical_value() const {
    return is_fixed() ? prior_.fixed_value() : prior_.typical_value();
  }
  double coordinate(double value) const { return coordinate_.coordinate(value); }

 private:
  ScalePrior prior_;
  Coordinate coordinate_;
};

// y_ij = theta_j + x_ij'beta + e_ij, e_ij ~ N(0, sigma^2), theta_j ~ N(beta_0, tau^2). X is here without the column
// that equals the group direction, whose coefficient is beta_0 (without one, beta_0 = 0). tau = 0: every theta_j is
// beta_0. tau = inf: a flat prior on each theta_j.
//
// The coordinates q are, in order: the coefficients that are not fixed; J group coordinates (none if tau is fixed at
// 0); those of sigma and tau that are not fixed. A gradient costs O(J p + p^2).
class HierarchicalDensity {
 public:
  HierarchicalDensity(const GroupedData& data, const CoefficientPriors& priors,
                      const ScalePrior& sigma, const ScalePrior& tau, Parameterization form,
                      DrawColumns columns)
      : observations_(data.observations),
        size_(data.size),
        response_(data.projection.col(priors.mean.size())),
        priors_(priors),
        log_prior_sd_(priors.sd.array().log()),
        sigma_(sigma),
        tau_(tau),
        form_(form),
        columns_(std::move(columns)),
        direction_(data.direction_column) {
    const Index p = priors.mean.size(), groups = size_.size();
    for (Index k = 0; k < p; ++k) {
      if (k != direction_) slopes_.push_back(k);
      if (priors.sd(k) > 0) free_.push_back(k);
    }
    group_count_ = tau_.is_fixed() && tau_.typical_value() == 0 ? 0 : groups;
    first_group_ = static_cast<Index>(free_.size());
    dimension_ = first_group_ + group_count_;
    if (!sigma_.is_fixed()) sigma_position_ = dimension_++;
    if (!tau_.is_fixed()) tau_position_ = dimension_++;

    // W = R'R, so that the sum of squares within groups is |R (-beta, 1)|^2, never a difference.
    const Index s = static_cast<Index>(slopes_.size());
    predictors_.resize(groups, s);
    std::vector<Index> kept = slopes_;
    kept.push_back(p);
    MatrixXd within(s + 1, s + 1);
    for (Index a = 0; a <= s; ++a) {
      if (a < s) predictors_.col(a) = data.projection.col(kept[a]);
      for (Index b = 0; b <= s; ++b) within(a, b) = data.within(kept[a], kept[b]);
    }
    const Eigen::LDLT<MatrixXd> factor(within);
    const MatrixXd root =
        factor.vectorD().cwiseMax(0).cwiseSqrt().asDiagonal() * MatrixXd(factor.matrixU());
    // R = root P; Eigen applies transpositions from the right in the wrong order.
    within_root_ = MatrixXd(factor.transpositionsP().transpose() * root.transpose()).transpose();
    contrast_ = VectorXd::Ones(s + 1);
    for (Index a = 0; a < s; ++a) contrast_(a) = -priors.mean(slopes_[a]);  // where it is fixed
    within_residual_ = within_root_ * contrast_;
    theta_.resize(groups);
    choose_start(within);
  }

  Index dimension() const { return dimension_; }

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
    const Index s = predictors_.cols();

    // log N(y | theta, beta, sigma): its derivatives with respect to theta, (beta, -1) and sigma
    residual_.noalias() = response_ - theta_;
    if (s > 0) {
      residual_.noalias() += predictors_ * contrast_.head(s);
      within_residual_.noalias() = within_root_ * contrast_;
    }
    const double precision = 1 / (sigma.value * sigma.value);
    group_gradient_.noalias() = precision * size_.cwiseProduct(residual_);
    const double error =
        precision * within_residual_.squaredNorm() + group_gradient_.dot(residual_);
    if (s > 0) {
      slope_gradient_.noalias() =
          precision * within_root_.leftCols(s).transpose() * within_residual_;
      slope_gradient_.noalias() += predictors_.transpose() * group_gradient_;
    }
    const double sigma_gradient = (error - observations_) / sigma.value;
    double log_density = -observations_ * (0.5 * log_two_pi + sigma.log_value) - 0.5 * error;

    // log N(theta | beta_0, tau), or log N(eta | 0, 1)
    double population_gradient = 0, tau_gradient = 0;
    auto groups = gradient.segment(first_group_, group_count_);
    if (group_count_ == 0) {
      population_gradient = group_gradient_.sum();
    } else if (form_ == Parameterization::noncentered) {
      const auto eta = q.segment(first_group_, group_count_);
      log_density -= 0.5 * (group_count_ * log_two_pi + eta.squaredNorm());
      population_gradient = group_gradient_.sum();
      tau_gradient = group_gradient_.dot(eta);
      groups = tau.value * group_gradient_ - eta;
    } else if (tau.value < infinity) {
      deviation_ = (theta_.array() - population) / tau.value;
      const double squares = deviation_.squaredNorm(), count = static_cast<double>(group_count_);
      log_density -= count * (0.5 * log_two_pi + tau.log_value) + 0.5 * squares;
      population_gradient = deviation_.sum() / tau.value;
      tau_gradient = (squares - count) / tau.value;
      groups = group_gradient_ - deviation_ / tau.value;
    } else {
      groups = group_gradient_;
    }

    // Priors of the coefficients and of the standard deviations
    for (std::size_t i = 0; i < free_.size(); ++i) {
      const Index k = free_[i];
      double& slope = gradient(static_cast<Index>(i));
      slope = k == direction_ ? population_gradient : slope_gradient_(position_among_slopes(k));
      if (priors_.sd(k) == infinity) continue;
      const double deviation = (q(static_cast<Index>(i)) - priors_.mean(k)) / priors_.sd(k);
      log_density -= 0.5 * (log_two_pi + deviation * deviation) + log_prior_sd_(k);
      slope -= deviation / priors_.sd(k);
    }
    if (sigma_position_ >= 0)
      gradient(sigma_position_) = sigma_gradient * sigma.jacobian + sigma.slope;
    if (tau_position_ >= 0) gradient(tau_position_) = tau_gradient * tau.jacobian + tau.slope;
    return log_density + sigma.log_density + tau.log_density;
  }

  // Writes the parameters at q as a row of draws; `stride` is the distance between columns.
  void store(const Eigen::Ref<const VectorXd>& q, double* row, Index stride) {
    const double tau = tau_.value(coordinate_at(q, tau_position_));
    const double population = read_locations(q, tau);
    const auto put = [&](Index column, double value) {
      if (column >= 0) row[column * stride] = value;
    };
    for (Index k = 0; k < priors_.mean.size(); ++k)
      put(columns_.coefficients[k],
          k == direction_ ? population : -contrast_(position_among_slopes(k)));
    if (columns_.first_group >= 0)
      for (Index j = 0; j < theta_.size(); ++j) put(columns_.first_group + j, theta_(j));
    put(columns_.sigma, sigma_.value(coordinate_at(q, sigma_position_)));
    put(columns_.tau, tau);
  }

 private:
  static double coordinate_at(const Eigen::Ref<const VectorXd>& q, Index position) {
    return position >= 0 ? q(position) : 0;
  }

  Index position_among_slopes(Index k) const { return k - (direction_ >= 0 && k > direction_); }

  // Fills `contrast_`, (-beta, 1), and `theta_` from q; returns beta_0.
  double read_locations(const Eigen::Ref<const VectorXd>& q, double tau) {
    double population = direction_ >= 0 ? priors_.mean(direction_) : 0;
    for (std::size_t i = 0; i < free_.size(); ++i) {
      if (free_[i] == direction_) {
        population = q(static_cast<Index>(i));
      } else {
        contrast_(position_among_slopes(free_[i])) = -q(static_cast<Index>(i));
      }
    }
    const auto groups = q.segment(first_group_, group_count_);
    if (group_count_ == 0) {
      theta_.setConstant(population);
    } else if (form_ == Parameterization::noncentered) {
      theta_ = population + tau * groups.array();
    } else {
      theta_ = groups;
    }
    return population;
  }

  void choose_start(const MatrixXd& within) {
    const Index s = predictors_.cols();
    const bool informed = observations_ > 0;
    const double total = size_.sum();
    // The mean of a column, and its sd.
    const auto mean_of = [&](const auto& column) {
      return informed ? column.dot(size_) / total : 0;
    };
    const auto sd_of = [&](const auto& column, Index k) {
      const double between = (column.array() - mean_of(column)).square().matrix().dot(size_);
      return total > 1 ? std::sqrt((within(k, k) + between) / (total - 1)) : 0;
    };
    const double mean = mean_of(response_);
    double spread = sd_of(response_, s);
    if (!(spread > 0)) spread = sigma_.typical_value();

    centre_ = VectorXd::Zero(dimension_);
    unit_ = VectorXd::Ones(dimension_);
    double group_centre = mean, group_unit = spread;
    for (std::size_t i = 0; i < free_.size(); ++i) {
      const Index k = free_[i], position = static_cast<Index>(i);
      if (!informed) {
        centre_(position) = priors_.mean(k);
        unit_(position) = priors_.sd(k);
      } else if (k == direction_) {
        centre_(position) = mean;
        unit_(position) = spread;
      } else {
        const double sd =
            sd_of(predictors_.col(position_among_slopes(k)), position_among_slopes(k));
        unit_(position) = sd > 0 ? spread / sd : spread;
      }
    }
    if (!informed) {
      group_centre = direction_ >= 0 ? priors_.mean(direction_) : 0;
      group_unit = tau_.typical_value();
    }
    if (form_ == Parameterization::centered) {
      centre_.segment(first_group_, group_count_).setConstant(group_centre);
      unit_.segment(first_group_, group_count_).setConstant(group_unit);
    }
    const auto start_scale = [&](const SampledScale& scale, Index position) {
      if (position >= 0)
        centre_(position) = scale.coordinate(informed ? spread : scale.typical_value());
    };
    start_scale(sigma_, sigma_position_);
    start_scale(tau_, tau_position_);

    scale_ = unit_;
    if (!informed) return;
    const double groups = static_cast<double>(size_.size());
    for (std::size_t i = 0; i < free_.size(); ++i) {
      const bool of_groups = free_[i] == direction_ && group_count_ > 0;
      scale_(static_cast<Index>(i)) /= std::sqrt(of_groups ? groups : total);
    }
    if (form_ == Parameterization::centered && group_count_ > 0)
      scale_.segment(first_group_, group_count_).array() /= (1 + size_.array()).sqrt();
    if (sigma_position_ >= 0) scale_(sigma_position_) /= std::sqrt(total);
    if (tau_position_ >= 0) scale_(tau_position_) /= std::sqrt(groups);
  }

  double observations_;
  VectorXd size_, response_;  // J: group sizes and means
  MatrixXd predictors_;       // J x s: group means of the predictors
  MatrixXd within_root_;      // R: (s + 1) x (s + 1)
  CoefficientPriors priors_;
  VectorXd log_prior_sd_;
  SampledScale sigma_, tau_;
  Parameterization form_;
  DrawColumns columns_;
  Index direction_;
  std::vector<Index> slopes_, free_;  // columns of X with a slope; free coefficients
  Index dimension_ = 0, first_group_ = 0, group_count_ = 0;
  Index sigma_position_ = -1, tau_position_ = -1;
  VectorXd centre_, unit_, scale_;
  // Work space: one copy of the density serves one chain.
  VectorXd contrast_, theta_, residual_, group_gradient_, within_residual_, slope_gradient_,
      deviation_;
};

// Groups that share nothing: their log densities add up, and each has its own stretch of the coordinates.
class SeparateDensity {
 public:
  explicit SeparateDensity(std::vector<HierarchicalDensity> parts) : parts_(std::move(parts)) {
    for (const HierarchicalDensity& part : parts_) dimension_ += part.dimension();
    centre_.resize(dimension_);
    unit_.resize(dimension_);
    scale_.resize(dimension_);
    for_each_part([&](const HierarchicalDensity& part, Index first) {
      centre_.segment(first, part.dimension()) = part.centre();
      unit_.segment(first, part.dimension()) = part.unit();
      scale_.segment(first, part.dimension()) = part.scale();
    });
  }

  Index dimension() const { return dimension_; }
  const VectorXd& centre() const { return centre_; }
  const VectorXd& unit() const { return unit_; }
  const VectorXd& scale() const { return scale_; }

  double operator()(const VectorXd& q, VectorXd& gradient) {
    double log_density = 0;
    for_each_part([&](HierarchicalDensity& part, Index first) {
      const Index size = part.dimension();
      log_density += part(q.segment(first, size), gradient.segment(first, size));
    });
    return log_density;
  }

  void store(const VectorXd& q, double* row, Index stride) {
    for_each_part([&](HierarchicalDensity& part, Index first) {
      part.store(q.segment(first, part.dimension()), row, stride);
    });
  }

 private:
  template <class F>
  void for_each_part(F f) {
    Index first = 0;
    for (HierarchicalDensity& part : parts_) {
      f(part, first);
      first += part.dimension();
    }
  }

  std::vector<HierarchicalDensity> parts_;
  Index dimension_ = 0;
  VectorXd centre_, unit_, scale_;
};

}  // namespace bayespool
