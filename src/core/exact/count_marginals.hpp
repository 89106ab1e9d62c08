// Distributions of the parameters of a model of counts (defined in src/count_marginals.cpp).
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <functional>
#include <optional>
#include <vector>

#include "core/exact/count_mixture.hpp"
#include "core/exact/count_nodes.hpp"
#include "core/exact/count_predictive.hpp"
#include "core/exact/count_quadrature.hpp"
#include "core/exact/point_summary.hpp"

namespace bayespool {

// A quantity on the scale of theta, and on that of the probability or rate: means, sds and the wanted columns (see SummaryColumns).
struct CountRows {
  Eigen::RowVectorXd link, response;
};

// A row of data: its predictors, and the class of its group, or one of the others.
struct CountRow {
  static constexpr Index new_group = -1, population = -2;

  VectorXd x;
  Index of;
};

// The quadrature must outlive the object.
class CountMarginals {
 public:
  explicit CountMarginals(const CountQuadrature& quadrature);

  // x'beta, such as a single coefficient or a population's theta; an increasing function of it, such as an odds ratio.
  CountRows linear(const VectorXd& x, const SummaryColumns& wanted) const;
  Eigen::RowVectorXd linear(const VectorXd& x, const std::function<double(double)>& value,
                            const SummaryColumns& wanted) const;

  // tau, or an increasing function of it.
  Eigen::RowVectorXd tau(const SummaryColumns& wanted) const;
  Eigen::RowVectorXd tau(const std::function<double(double)>& value,
                         const SummaryColumns& wanted) const;

  // The variance of theta between groups, tau^2; its share of the variance of a trial's latent outcome, which is positive with probability
  // logit^-1(theta): tau^2 / (tau^2 + pi^2 / 3), the intraclass correlation.
  Eigen::RowVectorXd variance(const SummaryColumns& wanted) const;
  Eigen::RowVectorXd intraclass_correlation(const SummaryColumns& wanted) const;

  // theta of the groups of class c, and of a new group. The mean and sd of the rate of a group without data, exp(theta), rest on the tail
  // of tau, as exp(tau^2 / 2) does: they are infinite where the prior of tau falls too slowly, and NaN where the nodes do not tell them.
  CountRows theta(Index c, const SummaryColumns& wanted) const;
  CountRows new_theta(const VectorXd& x, const SummaryColumns& wanted) const;

  // theta - less'beta of the groups of class c, such as their deviations from x'beta (defined in src/count_deviations.cpp).
  CountRows theta_less(Index c, const VectorXd& less, const SummaryColumns& wanted) const;

  // theta of a row (defined in src/count_predictive.cpp).
  ThetaMixture mixture(const CountRow& row) const;

 private:
  CountRows rows(const ThetaMixture& mixture, const SummaryColumns& wanted) const;

  bool pooled() const;  // theta is x'beta
  std::function<double(double)> response() const;

  // The frequency up to which the lattice tells the distribution of a quantity that is known at the nodes.
  double bandwidth(const Eigen::ArrayXd& f) const;

  ThetaMixture deviation_points(const Eigen::ArrayXd& eta, const CountLikelihood& likelihood,
                                const Eigen::ArrayXd& less) const;
  VectorXd covariance_with(const Eigen::ArrayXd& f) const;  // of the places in the lattice
  CountMixture mixture_at(const VectorXd& x) const;
  ThetaMixture new_mixture(const VectorXd& x, bool fine) const;  // of a group without data

  // E exp(order theta) of a group without data.
  double exponential_moment(const VectorXd& x, double order) const;
  double share_of_flat(const VectorXd& x) const;

  const CountQuadrature* quadrature_;
  CountNodes nodes_;
  VectorXd mean_;        // of the places in the lattice
  MatrixXd covariance_;  // the same
  MatrixXd dual_;        // frequencies at which the lattice repeats the spectrum
  std::vector<std::optional<CountMixture>> mixtures_;  // by stratum, where several classes share it
};

}  // namespace bayespool
