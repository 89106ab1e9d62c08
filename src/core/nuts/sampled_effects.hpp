// The effects of a grouping factor as NUTS samples them: what its groups differ by from the population.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <utility>
#include <vector>

#include "core/numerics/constants.hpp"
#include "core/numerics/linear_algebra.hpp"
#include "core/nuts/sampled_coordinate.hpp"
#include "core/nuts/sampled_scale.hpp"

namespace bayespool {

// a_j ~ N(0, tau^2). Centered: the coordinates are the a_j. Non-centered: they are z_j, a_j = tau z_j. With tau known to be 0 there are none.
class SampledEffects {
 public:
  // `level`: which effect each cell has; there are `count` of them.
  SampledEffects(const ScalePrior& tau, std::vector<Index> level, Index count,
                 Parameterization form)
      : tau_(tau),
        level_(std::move(level)),
        form_(form),
        effects_(VectorXd::Zero(count)),
        gradient_(count) {}

  Index count() const { return effects_.size(); }
  bool vary() const { return !tau_.is_zero(); }

  // Takes the next places among the coordinates: the effects, which are the groups from `index`, and tau, which is that of factor k.
  void place_effects(Index index, std::vector<SampledCoordinate>& coordinates) {
    using Scale = SampledCoordinate::Scale;
    first_ = static_cast<Index>(coordinates.size());
    for (Index j = 0; j < sampled_count(); ++j)
      coordinates.push_back({SampledCoordinate::Kind::group,
                             centered() ? Scale::natural : Scale::standardised, index + j});
  }
  void place_tau(Index k, std::vector<SampledCoordinate>& coordinates) {
    tau_.place(SampledCoordinate::Kind::tau, k, coordinates);
  }

  // Fills tau and the effects.
  void read(const Eigen::Ref<const VectorXd>& q) {
    point_ = tau_.at(q);
    if (vary()) effects_ = (centered() ? 1 : point_.value) * coordinates_of(q);
  }
  double tau() const { return point_.value; }
  const VectorXd& effects() const { return effects_; }

  void add_to_cells(VectorXd& cells) const {
    for (std::size_t c = 0; c < level_.size(); ++c)
      cells(static_cast<Index>(c)) += effects_(level_[c]);
  }

  // The log density of tau and of the effects. Writes the gradient, given the derivative of all else with respect to the sums in the cells.
  double log_density(const Eigen::Ref<const VectorXd>& q, const VectorXd& of_cells,
                     Eigen::Ref<VectorXd> gradient) {
    if (!vary()) return 0;
    gradient_.setZero();
    for (std::size_t c = 0; c < level_.size(); ++c)
      gradient_(level_[c]) += of_cells(static_cast<Index>(c));
    const double number = static_cast<double>(count()), tau = point_.value;
    const auto own = coordinates_of(q);
    auto groups = gradient.segment(first_, count());
    double of_tau, squares;
    if (centered()) {
      squares = (own / tau).squaredNorm();
      of_tau = (squares - number) / tau;
      groups = gradient_ - own / tau / tau;
    } else {
      squares = own.squaredNorm();
      of_tau = gradient_.dot(own);
      groups = tau * gradient_ - own;
    }
    tau_.put_gradient(point_, of_tau, gradient);
    return point_.log_density - 0.5 * (number * log_two_pi + squares) -
           (centered() ? number * point_.log_value : 0);
  }

  // `spread`: of the response, or 0 without data; `sizes`: of the cells, in observations.
  void choose_start(double spread, const VectorXd& sizes, VectorXd& centre, VectorXd& unit,
                    VectorXd& counts) const {
    const double typical = spread > 0 ? spread : tau_.typical_value();
    tau_.choose_start(typical, static_cast<double>(count()), centre, counts);
    if (!centered()) return;
    unit.segment(first_, sampled_count()).setConstant(typical);
    for (std::size_t c = 0; c < level_.size() && vary(); ++c)
      counts(first_ + level_[c]) += sizes(static_cast<Index>(c));
  }

 private:
  bool centered() const { return form_ == Parameterization::centered; }
  Index sampled_count() const { return vary() ? count() : 0; }
  Eigen::VectorBlock<const Eigen::Ref<const VectorXd>> coordinates_of(
      const Eigen::Ref<const VectorXd>& q) const {
    return q.segment(first_, count());
  }

  SampledScale tau_;
  std::vector<Index> level_;
  Parameterization form_;
  Index first_ = 0;  // of the coordinates
  // Work space: one copy serves one chain.
  SampledScale::Point point_{};
  VectorXd effects_, gradient_;
};

}  // namespace bayespool
