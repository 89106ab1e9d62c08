// The posterior of the variance parameters of a model whose groups have several effects, or that has two grouping factors.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <variant>
#include <vector>

#include "core/errors.hpp"
#include "core/model/coordinate.hpp"
#include "core/model/correlation.hpp"
#include "core/model/crossed_system.hpp"
#include "core/model/effect_data.hpp"
#include "core/model/effect_system.hpp"
#include "core/model/mixed_design.hpp"
#include "core/model/scale_prior.hpp"
#include "core/numerics/bordered_factor.hpp"
#include "core/numerics/lattice.hpp"

namespace bayespool {

// Coordinates x, in this order: that of sigma, where it is not integrated on a line of its own; one for each tau_k that is
// not known, log(tau_k / sigma), or, where its prior is bounded, as Coordinate has it; atanh of the partial correlations.
//
// For each x, sigma is either given or has a line of nodes at `origin + step * m` in its coordinate, the same for all x:
// all that is expensive depends on x alone.
class EffectPosterior {
 public:
  // The design must outlive the object.
  EffectPosterior(const MixedDesign& design, const EffectPriors& priors)
      : design_(&design),
        priors_(priors),
        system_(design.system()),
        effects_(design.effects()),
        free_(design.free_count()),
        correlation_(design.effects()),
        sigma_coordinate_(priors.sigma),
        a_((free_ + 1) * (free_ + 2) / 2),
        factor_(free_),
        prior_(a_.size()),
        lambda_(MatrixXd::Zero(effects_, effects_)),
        theta_(VectorXd::Zero(effects_)) {
    for (Index i = 0, k = 0; i <= free_; ++i)
      for (Index j = 0; j <= i; ++j) prior_(k++) = design.pooled().prior_cross_products(i, j);
    log_constant_ = design.pooled().log_constant - 0.5 * design.observations() * log_two_pi;
    if (correlated()) log_constant_ -= Correlation::log_normaliser(effects_, *priors.eta);
    bool line = true;
    for (const ScalePrior& tau : priors.tau) {
      coordinates_.emplace_back(tau);
      line = line && (tau.is_fixed() ? tau.fixed_value() == 0 : !coordinates_.back().bounded());
    }
    sigma_on_line_ = line && !priors.sigma.is_fixed();
    for (Index k = 0; k < effects_; ++k) unbounded_ += on_log_scale(k) ? 1 : 0;
  }

  Index dimension() const {
    Index d = sigma_is_coordinate() ? 1 : 0;
    for (const ScalePrior& tau : priors_.tau) d += tau.is_fixed() ? 0 : 1;
    return d + (correlated() ? Correlation::coordinate_count(effects_) : 0);
  }

  bool correlated() const { return priors_.eta && effects_ > 1; }
  bool sigma_on_line() const { return sigma_on_line_; }
  bool sigma_known() const { return priors_.sigma.is_fixed(); }
  bool sigma_is_coordinate() const { return !sigma_known() && !sigma_on_line_; }
  const Coordinate& sigma_coordinate() const { return sigma_coordinate_; }

  // The line of sigma; forgets what was on another.
  void set_line(double origin, double step) {
    origin_ = origin;
    step_ = step;
    highest_ = -HUGE_VAL;
    points_[0].clear();
    points_[1].clear();
  }
  double line_origin() const { return origin_; }
  double line_step() const { return step_; }

  // Moves to x.
  void move(const double* x) {
    double sigma = sigma_known() ? priors_.sigma.fixed_value() : 0;
    log_base_ = log_constant_;
    if (sigma_is_coordinate()) {
      sigma = sigma_coordinate_.value(*x);
      log_base_ += priors_.sigma.log_density(sigma) + sigma_coordinate_.log_jacobian(*x);
      ++x;
    }
    sigma_ = sigma;
    VectorXd& scale = theta_;
    for (Index k = 0; k < effects_; ++k) {
      const ScalePrior& prior = priors_.tau[index(k)];
      const Coordinate& coordinate = coordinates_[index(k)];
      if (prior.is_fixed()) {
        scale(k) = prior.fixed_value() == 0 ? 0 : prior.fixed_value() / sigma;
      } else if (coordinate.bounded()) {
        const double tau = coordinate.value(*x);
        log_base_ += prior.log_density(tau) + coordinate.log_jacobian(*x++);
        scale(k) = tau / sigma;
      } else {
        log_base_ += *x;
        scale(k) = std::exp(*x++);
      }
    }
    if (correlated()) {
      correlation_.set(x);
      lambda_.noalias() = scale.asDiagonal() * correlation_.factor();
      log_base_ +=
          correlation_.log_jacobian() + (*priors_.eta - 1) * correlation_.log_determinant();
    } else {
      lambda_ = scale.asDiagonal();
    }
    log_base_ -=
        0.5 * std::visit([&](auto& system) { return system.evaluate(lambda_, a_); }, system_);
  }

  // At x: log of the joint density of the data, x and, where it has a line, the coordinate of sigma, here with the value u.
  double log_density() const { return log_density(at(sigma_)); }
  double log_density(double u) const { return log_density(on_line(u)); }

  struct Line {
    int first = 0;
    std::vector<double> log_f;  // at first, first + 1, ...
    double top = 0;             // the greatest of these
  };

  static constexpr double line_drop = 23;

  // The nodes of the line at x where log f is within `drop` of its greatest there.
  void fill_line(Line& line, double drop = line_drop) const { fill_line(line, drop, -HUGE_VAL, 0); }

  // The same without what is nothing beside all lines filled so since set_line(); with nodes where, after multiplication by
  // sigma^order, log f is near its greatest.
  void fill_line_beside_others(Line& line, double order = 0) {
    fill_line(line, line_drop, highest_ - line_floor, order);
    highest_ = std::max(highest_, line.top);
  }

  double sigma_on_line(int m) const { return point(m).sigma; }
  double log_sigma_on_line(int m) const { return point(m).log_sigma; }

  double log_density_at(int m) const { return log_density(point(m)); }

  // At x, the distribution of gamma given sigma: from here on.
  BorderedFactor& condition(double sigma) {
    factorise(1 / (sigma * sigma));
    return factor_;
  }

  double given_sigma() const { return sigma_; }       // where it has no line
  const MatrixXd& lambda() const { return lambda_; }  // q x q: b ~ N(0, sigma^2 Lambda Lambda')
  const VectorXd& theta() const { return theta_; }    // sds of the effects relative to sigma
  const Correlation& correlation() const { return correlation_; }

 private:
  static constexpr int farthest = 100000;
  static constexpr double line_floor = 25;
  static constexpr std::size_t most_line_nodes = 4000;  // on each side

  void fill_line(Line& line, double drop, double floor, double order) const {
    int top = static_cast<int>(std::lround((typical_coordinate() - origin_) / step_));
    top = std::min(std::max(top, -farthest), farthest);
    double best = log_density_at(top);
    climb(1, top, best);
    for (int direction = -1; climb(direction, top, best);) direction = -direction;
    up_.clear();
    down_.clear();
    const double least = std::max(best - drop, floor);
    fill_side(top, 1, least, drop, order, up_);
    fill_side(top, -1, least, drop, 0, down_);
    line.first = top - static_cast<int>(down_.size());
    line.log_f.assign(down_.rbegin(), down_.rend());
    line.log_f.push_back(best);
    line.log_f.insert(line.log_f.end(), up_.begin(), up_.end());
    line.top = *std::max_element(line.log_f.begin(), line.log_f.end());
  }

  // What depends on sigma alone.
  struct Point {
    double sigma, log_sigma, precision;
    double log_density;  // of sigma and of the data's constant part
  };

  Point at(double sigma) const {
    const double log_sigma = std::log(sigma);
    return {sigma, log_sigma, 1 / (sigma * sigma),
            unbounded_ * log_sigma - design_->observations() * log_sigma};
  }

  Point on_line(double u) const {
    Point point = at(sigma_coordinate_.value(u));
    point.log_density += priors_.sigma.log_density(point.sigma) + sigma_coordinate_.log_jacobian(u);
    return point;
  }

  const Point& point(int m) const {
    std::vector<Point>& points = points_[m < 0];
    const std::size_t place = static_cast<std::size_t>(std::abs(m));
    while (points.size() <= place) {
      const double next = static_cast<double>(points.size());
      points.push_back(on_line(origin_ + step_ * (m < 0 ? -next : next)));
    }
    return points[place];
  }

  double log_density(const Point& point) const {
    double log_f = log_base_ + point.log_density + log_given(point.precision);
    for (Index k = 0; k < effects_; ++k) {
      const ScalePrior& prior = priors_.tau[index(k)];
      if (on_log_scale(k)) log_f += prior.log_density(theta_(k) * point.sigma);
    }
    return log_f;
  }

  // Whether the coordinate of tau_k is log(tau_k / sigma).
  bool on_log_scale(Index k) const {
    return !priors_.tau[index(k)].is_fixed() && !coordinates_[index(k)].bounded();
  }

  static std::size_t index(Index i) { return static_cast<std::size_t>(i); }

  // The coordinate of what the residuals alone say of sigma, or the middle of the line.
  double typical_coordinate() const {
    const double n = design_->observations();
    if (!(n > 0)) return origin_;
    const double middle = sigma_coordinate_.value(origin_);
    factorise(1 / (middle * middle));
    const double sigma = middle * std::sqrt(std::max(factor_.rest(), 1e-300) / n);
    return sigma > 0 && std::isfinite(sigma) ? sigma_coordinate_.coordinate(sigma) : origin_;
  }

  // Uphill from `top`, in longer and longer steps while it helps; false where it did not. Long steps may go beyond the peak.
  bool climb(int direction, int& top, double& best) const {
    bool moved = false;
    for (int stride = 1; stride > 0;) {
      const int next = top + direction * stride;
      const double value = std::abs(next) > farthest ? -HUGE_VAL : log_density_at(next);
      if (value > best) {
        best = value;
        top = next;
        stride *= 2;
        moved = true;
      } else {
        stride /= 2;
      }
    }
    return moved;
  }

  void fill_side(int top, int direction, double least, double drop, double order,
                 std::vector<double>& values) const {
    double lifted_best = -HUGE_VAL;
    for (int m = top + direction; std::abs(m) < 2 * farthest; m += direction) {
      const double value = log_density_at(m);
      values.push_back(value);
      bool small = value < least;
      if (order > 0) {
        const double lifted = value + order * log_sigma_on_line(m);
        lifted_best = std::max(lifted_best, lifted);
        small = small && lifted < lifted_best - drop;
      }
      if (small) return;
      if (values.size() > most_line_nodes) throw UnreachableMass("sigma has no definite scale");
    }
  }

  void factorise(double precision) const {
    Eigen::Map<VectorXd>(factor_.data(), a_.size()) = precision * a_ + prior_;
    factor_.factorise();
  }

  // -log|L| - (c - r'Q^-1 r) / 2
  double log_given(double precision) const {
    factorise(precision);
    return -factor_.log_pivots() - 0.5 * factor_.rest();
  }

  const MixedDesign* design_;
  EffectPriors priors_;
  CollapsedSystem system_;
  Index effects_, free_;
  Correlation correlation_;
  Coordinate sigma_coordinate_;
  std::vector<Coordinate> coordinates_;
  VectorXd a_;
  mutable BorderedFactor factor_;
  VectorXd prior_;
  MatrixXd lambda_;
  VectorXd theta_;
  bool sigma_on_line_ = false;
  double log_constant_ = 0, log_base_ = 0, sigma_ = 0;
  double origin_ = 0, step_ = 1, unbounded_ = 0;
  double highest_ = -HUGE_VAL;                        // of log f on lines
  mutable std::array<std::vector<Point>, 2> points_;  // of the line at m >= 0 and at m <= 0
  mutable std::vector<double> up_, down_;             // work space
};

}  // namespace bayespool
