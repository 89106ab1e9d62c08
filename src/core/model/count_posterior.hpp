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

// theta_j ~ N(x_j'beta, tau^2). Coordinates: gamma, with beta = origin + transform gamma for the coefficients that are not known, in
// which a normal approximation of their posterior given tau is about N(0, I), as wide as tau asks; then that of tau, if it is not known.
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
    log_prior_ = log_transform_;
    if (f > 0) {
      const VectorXd moved = transform_ * Eigen::Map<const VectorXd>(x, f);
      for (Index i = 0; i < f; ++i) {
        const Index k = free_[static_cast<std::size_t>(i)];
        const double mean = priors_.coefficients.mean(k), sd = priors_.coefficients.sd(k);
        beta_(k) = origin_(i) + moved(i);
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
  // Groups whose empirical logits or log rates y have about the same variance: sums of x x' and of x (y - what is known of x'beta), over
  // the coefficients that are not known.
  struct Alike {
    double variance;
    MatrixXd squares;
    VectorXd with_y;
  };

  // These variances are about 1 / (k + 1/2) + 1 / (n - k + 1/2) or 1 / (k + 1/2); where tau starts: from what they do not explain. Groups
  // without data say nothing.
  void summarise() {
    const Index f = free_count();
    double total = 0, sum = 0, square = 0, noise = 0;
    std::map<int, Alike> alike;
    VectorXd x(f);
    for (Index c = 0; c < classes_->count(); ++c) {
      const CountLikelihood& likelihood = classes_->likelihood[static_cast<std::size_t>(c)];
      if (likelihood.is_empty()) continue;
      const double m = classes_->groups(c), variance = likelihood.centre_variance();
      double y = likelihood.centre();
      total += m;
      sum += m * y;
      square += m * y * y;
      noise += m * variance;
      const VectorXd& all = classes_->x_of_class(c);
      for (Index k = 0, i = 0; k < all.size(); ++k) {
        if (i < f && free_[static_cast<std::size_t>(i)] == k) {
          x(i++) = all(k);
        } else {
          y -= all(k) * priors_.coefficients.mean(k);
        }
      }
      const int key = static_cast<int>(std::floor(2 * std::log2(variance)));
      Alike& own = alike.try_emplace(key, Alike{variance, MatrixXd::Zero(f, f), VectorXd::Zero(f)})
                       .first->second;
      own.squares.noalias() += m * x * x.transpose();
      own.with_y += m * y * x;
    }
    for (auto& [key, own] : alike) alike_.push_back(std::move(own));
    if (total > 0) {
      const double variance = square / total - sum / total * (sum / total);
      tau_start_ = std::sqrt(std::max(variance - noise / total, 0.05 * noise / total));
    } else {
      tau_start_ = priors_.tau.typical_value();
    }
  }

  // Weighted least squares of y given tau, with the coefficients' priors.
  void approximate(double tau) {
    const Index f = free_count();
    if (f == 0) return;
    MatrixXd precision = MatrixXd::Zero(f, f);
    VectorXd right = VectorXd::Zero(f);
    for (Index i = 0; i < f; ++i) {
      const Index k = free_[static_cast<std::size_t>(i)];
      const double sd = priors_.coefficients.sd(k);
      precision(i, i) = std::isinf(sd) ? 0 : 1 / (sd * sd);
      right(i) = precision(i, i) * priors_.coefficients.mean(k);
    }
    for (const Alike& own : alike_) {
      const double weight = 1 / (own.variance + tau * tau);
      precision += weight * own.squares;
      right += weight * own.with_y;
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
  std::vector<Alike> alike_;
  VectorXd origin_;     // F
  MatrixXd transform_;  // F x F
  double log_transform_ = 0, tau_start_ = 1;
  VectorXd beta_;
  Eigen::ArrayXd eta_, log_z_;  // by stratum, by class
  double tau_ = 0, log_prior_ = 0;
};

}  // namespace bayespool
