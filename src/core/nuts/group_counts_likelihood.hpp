// The likelihood of counts of groups, and its derivatives: for HierarchicalDensity, as NormalLikelihood is.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <optional>
#include <vector>

#include "core/model/count_data.hpp"

namespace bayespool {

// Group j has the log odds or the log rate theta_j. There is no standard deviation within groups.
class GroupCountsLikelihood {
 public:
  static constexpr bool predictors_of_groups = true;  // the density has them in the means of theta

  // `intercept`: the column of ones. `log_constant`: what the likelihood of the rows has beside that of their sums.
  GroupCountsLikelihood(const CountData& data, std::optional<Index> intercept, double log_constant)
      : log_constant_(log_constant),
        response_mean_(CountLikelihood(data.family, data.k.sum(), data.n.sum()).centre()),
        informed_(data.n.sum() > 0),
        information_(data.k.size()),
        predictors_(data.x.rows(), data.x.cols() - (intercept ? 1 : 0)),
        group_gradient_(VectorXd::Zero(data.k.size())) {
    for (Index j = 0; j < groups(); ++j) {
      likelihood_.emplace_back(data.family, data.k(j), data.n(j));
      information_(j) = 1 / likelihood_.back().centre_variance();
    }
    for (Index k = 0, s = 0; k < data.x.cols(); ++k)
      if (k != intercept) predictors_.col(s++) = data.x.col(k);
  }

  // log p(k | theta), with its normalising constant. Afterwards its derivatives can be had.
  double operator()(const VectorXd& theta, const VectorXd&, double, double) {
    double log_density = log_constant_;
    for (Index j = 0; j < groups(); ++j) {
      const CountLikelihood& own = likelihood_[static_cast<std::size_t>(j)];
      if (own.n() == 0) continue;  // under the prior alone exp(theta) may be infinite
      log_density += own.log_value(theta(j));
      group_gradient_(j) = own.k() - own.mean(theta(j));
    }
    return log_density;
  }

  const VectorXd& group_gradient() const { return group_gradient_; }
  double sigma_gradient() const { return 0; }

  Index groups() const { return information_.size(); }
  Index slopes() const { return predictors_.cols(); }
  // Without the column of ones, whose coefficient is beta_0.
  const MatrixXd& predictors() const { return predictors_; }

  // What the data say about where to start. Log odds and log rates have no unit, so that their spread is 1; a group counts as many
  // observations with this standard deviation as would say as much about theta.
  bool informed() const { return informed_; }
  double observations() const { return information_.sum(); }
  const VectorXd& group_sizes() const { return information_; }
  double response_mean() const { return response_mean_; }
  double response_sd() const { return 1; }
  double average_weight() const { return 1; }
  double predictor_sd(Index k) const {
    const auto x = predictors_.col(k).array();
    return groups() > 1
               ? std::sqrt((x - x.mean()).square().sum() / static_cast<double>(groups() - 1))
               : 0;
  }

 private:
  std::vector<CountLikelihood> likelihood_;
  double log_constant_, response_mean_;
  bool informed_;
  VectorXd information_;  // J
  MatrixXd predictors_;   // J x s
  VectorXd group_gradient_;
};

}  // namespace bayespool
