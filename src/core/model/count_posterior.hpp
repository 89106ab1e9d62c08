// The posterior of the coefficients and of tau where groups are counts: their thetas are integrated out one by one.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>
#include <map>
#include <memory>
#include <vector>

#include "core/model/coordinate.hpp"
#include "core/model/count_data.hpp"
#include "core/model/count_integral.hpp"
#include "core/model/count_table.hpp"
#include "core/model/grouped_data.hpp"
#include "core/model/scale_prior.hpp"
#include "core/numerics/lattice.hpp"

namespace bayespool {

// tau known to be 0: complete pooling; known and not 0, with all coefficients known: groups that are independent (inf: flat priors).
struct CountPriors {
  CoefficientPriors coefficients;  // P
  ScalePrior tau;
};

// theta_j ~ N(x_j'beta, tau^2). Coordinates: gamma, in which a normal approximation of the posterior of the coefficients that are not known,
// given tau, is about N(0, I), as wide as tau asks; then that of tau, if it is not known. beta = base_origin + base delta, with one base for
// all tau, so that columns may be nearly collinear, and delta = origin + transform gamma, which depend on tau.
class CountPosterior {
 public:
  CountPosterior(const CountData& data, CountPriors priors)
      : priors_(std::move(priors)),
        classes_(std::make_shared<CountClasses>(data)),
        table_(*classes_),
        coordinate_(priors_.tau),
        beta_(priors_.coefficients.mean),
        eta_(static_cast<Index>(classes_->strata.size())) {
    for (Index k = 0; k < beta_.size(); ++k)
      if (priors_.coefficients.sd(k) > 0) free_.push_back(k);
    find_base();
    summarise();
    if (priors_.tau.is_fixed()) approximate(priors_.tau.fixed_value());
    if (dimension() == 0) move(nullptr);
  }

  Index dimension() const { return free_count() + (priors_.tau.is_fixed() ? 0 : 1); }
  Index free_count() const { return static_cast<Index>(free_.size()); }
  const CountClasses& classes() const { return *classes_; }
  const CountPriors& priors() const { return priors_; }
  const Coordinate& tau_coordinate() const { return coordinate_; }

  // Moves to x.
  void move(const double* x) {
    const Index f = free_count();
    tau_ = priors_.tau.is_fixed() ? priors_.tau.fixed_value() : coordinate_.value(x[f]);
    if (!priors_.tau.is_fixed()) approximate(tau_);
    log_prior_ = log_base_ + log_transform_;
    if (f > 0) {
      const VectorXd delta = origin_ + transform_ * Eigen::Map<const VectorXd>(x, f),
                     moved = base_ * delta;
      for (Index i = 0; i < f; ++i) {
        const Index k = free_[static_cast<std::size_t>(i)];
        const double mean = priors_.coefficients.mean(k), sd = priors_.coefficients.sd(k);
        beta_(k) = base_origin_(i) + moved(i);
        if (std::isinf(sd)) continue;
        const double z = (beta_(k) - mean) / sd;
        log_prior_ -= 0.5 * (z * z + log_two_pi) + std::log(sd);
      }
    }
    if (!priors_.tau.is_fixed())
      log_prior_ += priors_.tau.log_density(tau_) + coordinate_.log_jacobian(x[f]);
    for (Index s = 0; s < eta_.size(); ++s)
      eta_(s) = classes_->strata[static_cast<std::size_t>(s)].x.dot(beta_);
  }

  // There: the parameters, the prior of a class's theta, and log Z by class.
  const VectorXd& beta() const { return beta_; }
  double tau() const { return tau_; }
  ThetaPrior prior_of_class(Index c) const {
    return {eta_(classes_->stratum_of[static_cast<std::size_t>(c)]), tau_};
  }
  const Eigen::ArrayXd& log_integrals() {
    table_.log_integrals(eta_, tau_, log_z_);
    return log_z_;
  }

  // log of the joint density of the data and x.
  double log_density() {
    const double log_f = log_prior_ + (classes_->groups * log_integrals()).sum();
    return std::isnan(log_f) ? -HUGE_VAL : log_f;
  }

  // Where the data would have it, and where the prior of tau.
  std::vector<VectorXd> starts() const {
    std::vector<VectorXd> all;
    if (priors_.tau.is_fixed()) return {VectorXd::Zero(dimension())};
    for (const double tau : {tau_start_, priors_.tau.typical_value()}) {
      VectorXd x = VectorXd::Zero(dimension());
      x(free_count()) = coordinate_.coordinate(tau);
      all.push_back(x);
    }
    return all;
  }

 private:
  // Groups whose empirical logits or log rates y have about the same variance: sums over them of z z' and of z (y - x'beta at the base's
  // origin), where z'delta is the rest of x'beta.
  struct Alike {
    double variance;
    MatrixXd squares;
    VectorXd with_y;
  };

  // The row of x of class c that belongs to the coefficients that are not known, and y less what is known of x'beta.
  struct Equation {
    VectorXd x;
    double y;
  };

  Equation equation(Index c) const {
    const VectorXd& all = classes_->x_of_class(c);
    Equation result{VectorXd(free_count()),
                    classes_->likelihood[static_cast<std::size_t>(c)].centre()};
    for (Index k = 0, i = 0; k < all.size(); ++k) {
      if (i < free_count() && free_[static_cast<std::size_t>(i)] == k) {
        result.x(i++) = all(k);
      } else {
        result.y -= all(k) * priors_.coefficients.mean(k);
      }
    }
    return result;
  }

  // Precisions and means of the priors of the coefficients that are not known.
  VectorXd prior_precision() const {
    VectorXd precision(free_count());
    for (Index i = 0; i < free_count(); ++i) {
      const double sd = priors_.coefficients.sd(free_[static_cast<std::size_t>(i)]);
      precision(i) = std::isinf(sd) ? 0 : 1 / (sd * sd);
    }
    return precision;
  }
  VectorXd prior_mean() const {
    VectorXd mean(free_count());
    for (Index i = 0; i < free_count(); ++i)
      mean(i) = priors_.coefficients.mean(free_[static_cast<std::size_t>(i)]);
    return mean;
  }

  // Where tau starts: from the spread of the y that their variances, about 1 / (k + 1/2) + 1 / (n - k + 1/2) or 1 / (k + 1/2), do not
  // explain. Then weighted least squares with that tau. Groups without data say nothing.
  void find_base() {
    double total = 0, sum = 0, square = 0, noise = 0;
    for (Index c = 0; c < classes_->count(); ++c) {
      const CountLikelihood& likelihood = classes_->likelihood[static_cast<std::size_t>(c)];
      if (likelihood.is_empty()) continue;
      const double m = classes_->groups(c), y = likelihood.centre();
      total += m;
      sum += m * y;
      square += m * y * y;
      noise += m * likelihood.centre_variance();
    }
    if (total > 0) {
      const double variance = square / total - sum / total * (sum / total);
      tau_start_ = std::sqrt(std::max(variance - noise / total, 0.05 * noise / total));
    } else {
      tau_start_ = priors_.tau.typical_value();
    }
    const Index f = free_count();
    if (f == 0) return;
    MatrixXd precision = prior_precision().asDiagonal();
    VectorXd right = prior_precision().cwiseProduct(prior_mean());
    for (Index c = 0; c < classes_->count(); ++c) {
      const CountLikelihood& likelihood = classes_->likelihood[static_cast<std::size_t>(c)];
      if (likelihood.is_empty()) continue;
      const Equation own = equation(c);
      const double weight =
          classes_->groups(c) / (likelihood.centre_variance() + tau_start_ * tau_start_);
      precision.noalias() += weight * own.x * own.x.transpose();
      right += weight * own.y * own.x;
    }
    const Eigen::LLT<MatrixXd> factor(precision);
    base_origin_ = factor.solve(right);
    base_ = factor.matrixU().solve(MatrixXd::Identity(f, f));
    log_base_ = base_.diagonal().array().log().sum();
  }

  void summarise() {
    const Index f = free_count();
    if (f == 0) return;
    const VectorXd of_prior = prior_precision();
    prior_squares_ = base_.transpose() * of_prior.asDiagonal() * base_;
    prior_with_mean_ = base_.transpose() * of_prior.cwiseProduct(prior_mean() - base_origin_);
    std::map<int, Alike> alike;
    for (Index c = 0; c < classes_->count(); ++c) {
      const CountLikelihood& likelihood = classes_->likelihood[static_cast<std::size_t>(c)];
      if (likelihood.is_empty()) continue;
      const Equation own = equation(c);
      const VectorXd z = base_.transpose() * own.x;
      const double m = classes_->groups(c), variance = likelihood.centre_variance(),
                   y = own.y - own.x.dot(base_origin_);
      const int key = static_cast<int>(std::floor(2 * std::log2(variance)));
      Alike& sums = alike.try_emplace(key, Alike{variance, MatrixXd::Zero(f, f), VectorXd::Zero(f)})
                        .first->second;
      sums.squares.noalias() += m * z * z.transpose();
      sums.with_y += m * y * z;
    }
    for (auto& [key, sums] : alike) alike_.push_back(std::move(sums));
  }

  // Weighted least squares of y given tau, with the coefficients' priors.
  void approximate(double tau) {
    const Index f = free_count();
    if (f == 0) return;
    MatrixXd precision = prior_squares_;
    VectorXd right = prior_with_mean_;
    for (const Alike& sums : alike_) {
      const double weight = 1 / (sums.variance + tau * tau);
      precision += weight * sums.squares;
      right += weight * sums.with_y;
    }
    const Eigen::LLT<MatrixXd> factor(precision);
    origin_ = factor.solve(right);
    transform_ = factor.matrixU().solve(MatrixXd::Identity(f, f));
    log_transform_ = transform_.diagonal().array().log().sum();
  }

  CountPriors priors_;
  std::shared_ptr<const CountClasses> classes_;  // which copies share
  CountTable table_;
  Coordinate coordinate_;
  std::vector<Index> free_;  // positions in beta of the F coefficients that are not known
  double tau_start_ = 1;
  VectorXd base_origin_, prior_with_mean_;  // F
  MatrixXd base_, prior_squares_;           // F x F
  std::vector<Alike> alike_;
  VectorXd origin_;     // F
  MatrixXd transform_;  // F x F
  double log_base_ = 0, log_transform_ = 0;
  VectorXd beta_;
  Eigen::ArrayXd eta_, log_z_;  // by stratum, by class
  double tau_ = 0, log_prior_ = 0;
};

}  // namespace bayespool
