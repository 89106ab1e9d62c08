// Data in residual columns, made fit for priors that know some of the coefficients.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "core/model/grouped_data.hpp"

namespace bayespool {

// The sum of squares of `count` values that are rounding errors of that size.
inline double squares_of_rounding(double size, double count) { return count * 16 * size * size; }

// Residual columns suit the least-squares fit, and with it the posterior, unless priors ask for something else. Where a prior
// knows a coefficient better than the data, or is so far from the fit that no data would bring the coefficient there, the
// response loses what fits best at the prior mean. Coefficients that the prior knows get a column of their own: a basis that
// mixes them with others would hide that they are known. Columns that are nothing but rounding become zero.
class PureColumns {
 public:
  GroupedData data;
  std::vector<Index> tight;  // coefficients that their priors know
  bool at_fit = true;        // whether the response lost the least-squares fit

  PureColumns(const GroupedData& given, const CoefficientPriors& priors)
      : data(given), p_(priors.mean.size()) {
    for (Index k = 0; k < p_; ++k) {
      const double rounding = squares_of_rounding(data.rounding(k), data.size.sum());
      if (data.within(k, k) > rounding) continue;
      data.within.row(k).setZero();
      data.within.col(k).setZero();
      if (between(k) > rounding || data.direction == k) continue;
      data.projection.col(k).setZero();
      data.rounding(k) = 0;
    }
    find_tight(priors);
    std::vector<Index> at_prior = tight;
    do {
      move_response(at_prior, priors);
    } while (find_farthest(priors, at_prior));
    at_fit = at_prior.empty();
    for (Index k : tight) give_back(k);
  }

 private:
  double between(Index k) const {
    return (data.projection.col(k).array().square() * data.size.array()).sum();
  }

  void find_tight(const CoefficientPriors& priors) {
    const double degrees = data.observations - static_cast<double>(data.size.size());
    const double sigma = degrees > 0 ? std::sqrt(std::max(data.within(p_, p_), 0.0) / degrees) : 0;
    for (Index k = 0; k < p_; ++k)
      if (priors.sd(k) * std::sqrt(data.within(k, k) + between(k)) <= sigma) tight.push_back(k);
  }

  // Adds one that no data would bring from its prior mean to where it fits best beside those: the prior density falls by more
  // than the likelihood can rise in any but absurd units. False if there is none.
  bool find_farthest(const CoefficientPriors& priors, std::vector<Index>& at_prior) const {
    double farthest = std::max(40 * data.observations, 1e4);
    std::optional<Index> found;
    for (Index k = 0; k < p_; ++k) {
      const double deviation = (priors.mean(k) + data.basis(k, p_)) / priors.sd(k);
      const bool among_them = std::find(at_prior.begin(), at_prior.end(), k) != at_prior.end();
      if (among_them || !(deviation * deviation > farthest)) continue;
      farthest = deviation * deviation;
      found = k;
    }
    if (found) at_prior.push_back(*found);
    return found.has_value();
  }

  // The coefficients of the columns nearest to zero, in terms of what the response then changes, that give some their prior
  // means: one condition after the other. Changes between groups hardly count, for effects of the groups may take them; where
  // these cannot, sigma is as large.
  void move_response(const std::vector<Index>& at_prior, const CoefficientPriors& priors) {
    const MatrixXd to_model = data.basis.topLeftCorner(p_, p_);
    VectorXd squares(p_);
    for (Index k = 0; k < p_; ++k) squares(k) = data.within(k, k) + weight_between * between(k);
    const Eigen::ArrayXd freedom = squares.array().max(1e-30 * squares.maxCoeff()).inverse();
    std::vector<VectorXd> directions;
    VectorXd change = VectorXd::Zero(p_);
    for (Index k : at_prior) {
      const VectorXd row = to_model.row(k).transpose();
      VectorXd direction = row;
      for (const VectorXd& before : directions)
        direction -= before * ((row.array() * freedom * before.array()).sum() /
                               (before.array().square() * freedom).sum());
      const double wanted = priors.mean(k) + data.basis(k, p_) - row.dot(change);
      change += wanted / (direction.array().square() * freedom).sum() *
                (freedom * direction.array()).matrix();
      directions.push_back(direction);
    }
    data.projection.col(p_) -= data.projection.leftCols(p_) * change;
    MatrixXd map = MatrixXd::Identity(p_ + 1, p_ + 1);
    map.topRightCorner(p_, 1) = -change;
    data.within = map.transpose() * data.within * map;
    data.basis.col(p_).head(p_) -= to_model * change;
    data.rounding(p_) += data.rounding.head(p_).dot(change.cwiseAbs());
  }

  // Column k stands alone for coefficient k.
  void give_back(Index k) {
    for (Index i = k + 1; i < p_; ++i) {
      const double share = data.basis(k, i);
      data.projection.col(i) -= share * data.projection.col(k);
      data.within.col(i) -= share * data.within.col(k);
      data.within.row(i) -= share * data.within.row(k);
      data.basis.col(i) -= share * data.basis.col(k);
      data.rounding(i) += std::abs(share) * data.rounding(k);
    }
  }

  static constexpr double weight_between = 1e-9;

  Index p_;  // number of coefficients
};

}  // namespace bayespool
