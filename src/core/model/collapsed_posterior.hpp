// The likelihood of (sigma, tau) with beta and the group effects integrated out, and their
// conditional normal distributions, from group moments.
#pragma once

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <cmath>
#include <map>
#include <vector>

#include "core/model/grouped_data.hpp"
#include "core/numerics/linear_algebra.hpp"
#include "core/model/scale_prior.hpp"

namespace bayespool {

// Groups of one size share lambda and kappa.
struct SizeClass {
  double size;
  double count;
  MatrixXd cross_products;  // sum of v_j v_j' over its groups, (F + 1) x (F + 1)
};

// Linear algebra that depends on the data alone. The F coefficients that are not fixed are written
// beta = origin + transform * gamma, around the least-squares fit and in centred, scaled columns, so
// that nothing large cancels; v_j = (u_j, ytilde_j) is group j's projection in these columns.
class Design {
 public:
  Design(const GroupedData& data, const CoefficientPriors& priors)
      : observations(data.observations), groups(data.size.size()) {
    const Index p = priors.mean.size();
    for (Index k = 0; k < p; ++k)
      if (priors.sd(k) > 0) free.push_back(k);
    const Index f = static_cast<Index>(free.size());

    const double total_size = data.size.sum();
    centre_and_scale(data, priors, total_size);
    const double largest = groups > 0 ? data.projection.col(p).cwiseAbs().maxCoeff() : 0;
    const double rounding = 4 * std::numeric_limits<double>::epsilon() * largest;
    const double noise = observations * rounding * rounding;
    total_fit = LeastSquares(within + cross_products_of_groups(data.size), noise);
    within_fit = LeastSquares(within, noise);

    // Without residuals within groups the origin is the fit within groups, so that what is left there
    // is exactly zero and not rounding error, which would count as spread when sigma is small.
    const bool exact_within = within_fit.exact_fit && !total_fit.exact_fit && within(f, f) > 0;
    VectorXd shift = exact_within ? within_fit.coefficients : total_fit.coefficients;
    if (observations == 0)
      for (Index k = 0; k < f; ++k) shift(k) = priors.mean(free[k]);
    move_origin(shift);
    if (within_fit.exact_fit) {
      within.row(f).setZero();
      within.col(f).setZero();
    }
    if (total_fit.exact_fit) rows.col(f).setZero();
    if (f - within_fit.rank > (data.direction_column >= 0 ? 1 : 0))
      separate_null_directions(data.size);
    add_priors(priors);
    collect_size_classes(data.size);
    group_effect = VectorXd::Zero(f);
    group_effect_origin = 0;
    if (data.direction_column >= 0) {
      group_effect = transform.row(data.direction_column).transpose();
      group_effect_origin = origin(data.direction_column);
    }
  }

  Index free_count() const { return static_cast<Index>(free.size()); }

  double observations;
  Index groups;
  std::vector<Index> free;  // positions in beta of the F free coefficients
  VectorXd origin;          // P
  MatrixXd transform;       // P x F
  MatrixXd rows;            // J x (F + 1): v_j
  MatrixXd within;          // (F + 1) x (F + 1)
  MatrixXd
      prior_cross_products;  // (F + 1) x (F + 1): sum of squares of standardised prior deviations
  std::vector<SizeClass> size_classes;
  std::vector<Index> class_of;     // J: position of a group's class
  VectorXd group_effect;           // F: coefficients of gamma in the population part of mu_j
  double group_effect_origin = 0;  // and its value at gamma = 0
  // Leaves the population part out: group means become their deviations from it.
  void summarise_deviations() {
    group_effect.setZero();
    group_effect_origin = 0;
    deviations_ = true;
  }

  // Whether group means have vanishing conditional sds as sigma or tau go to 0.
  bool narrow_limits() const { return free.empty() || within_fit.exact_fit || deviations_; }

  double log_constant = 0;  // prior normalisers, flat coefficients and |det transform|
  LeastSquares total_fit{MatrixXd::Zero(1, 1)};   // of y on the free columns
  LeastSquares within_fit{MatrixXd::Zero(1, 1)};  // the same within groups

 private:
  void centre_and_scale(const GroupedData& data, const CoefficientPriors& priors,
                        double total_size) {
    const Index p = priors.mean.size(), f = free_count();
    const Index direction = data.direction_column;
    bool centred = false;
    for (Index k : free) centred = centred || k == direction;
    centred = centred && observations > 0;

    origin = VectorXd::Zero(p);
    transform = MatrixXd::Zero(p, f);
    rows.resize(groups, f + 1);
    MatrixXd map = MatrixXd::Zero(p + 1, f + 1);  // (x, y) -> (u, ytilde)
    map(p, f) = 1;
    VectorXd response = data.projection.col(p);
    for (Index k = 0; k < p; ++k) {
      if (priors.sd(k) > 0) continue;
      origin(k) = priors.mean(k);
      map(k, f) = -priors.mean(k);
      response -= priors.mean(k) * data.projection.col(k);
    }
    if (centred) {
      const double mean = response.dot(data.size) / total_size;
      response.array() -= mean;
      origin(direction) = mean;
      map(direction, f) = -mean;
    }
    rows.col(f) = response;
    for (Index i = 0; i < f; ++i) {
      const Index k = free[i];
      VectorXd column = data.projection.col(k);
      double scale = 1;
      if (k != direction && observations > 0) {
        const double mean = centred ? column.dot(data.size) / total_size : 0;
        column.array() -= mean;
        const double squares =
            data.within(k, k) + (column.array().square() * data.size.array()).sum();
        if (squares > 0) scale = std::sqrt(squares / observations);
        if (centred) map(direction, i) = transform(direction, i) = -mean / scale;
      }
      map(k, i) = transform(k, i) = 1 / scale;
      rows.col(i) = column / scale;
      log_constant -= std::log(scale);
    }
    within = map.transpose() * data.within * map;
  }

  MatrixXd cross_products_of_groups(const VectorXd& size) const {
    return rows.transpose() * size.asDiagonal() * rows;
  }

  // gamma -> gamma + shift: the response becomes its residual from the shift.
  void move_origin(const VectorXd& shift) {
    const Index f = free_count();
    if (f == 0) return;
    origin += transform * shift;
    rows.col(f) -= rows.leftCols(f) * shift;
    MatrixXd map = MatrixXd::Identity(f + 1, f + 1);
    map.topRightCorner(f, 1) = -shift;
    within = map.transpose() * within * map;
  }

  // Rotates gamma so that directions without any spread within groups, and those without any at all, come
  // last and have cross-products that are exactly zero: rounding error would count as information
  // when sigma is small.
  void separate_null_directions(const VectorXd& size) {
    const Index f = free_count();
    const Index in_null = rotate_null_last(within.topLeftCorner(f, f), 0);
    within.bottomRows(in_null + 1).topRows(in_null).setZero();
    within.middleCols(f - in_null, in_null).setZero();
    const MatrixXd between = cross_products_of_groups(size).topLeftCorner(f, f);
    const Index nowhere =
        rotate_null_last(between.bottomRightCorner(in_null, in_null), f - in_null);
    rows.middleCols(f - nowhere, nowhere).setZero();
  }

  // Rotates the columns from `first` on to the eigenvectors of `cross_products`, the largest eigenvalue first;
  // returns the number of zero eigenvalues.
  Index rotate_null_last(const MatrixXd& cross_products, Index first) {
    const Index count = cross_products.rows();
    if (count == 0) return 0;
    const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(cross_products);
    const MatrixXd rotation = solver.eigenvectors().rowwise().reverse();
    transform.middleCols(first, count) = (transform.middleCols(first, count) * rotation).eval();
    rows.middleCols(first, count) = (rows.middleCols(first, count) * rotation).eval();
    within.middleCols(first, count) = (within.middleCols(first, count) * rotation).eval();
    within.middleRows(first, count) =
        (rotation.transpose() * within.middleRows(first, count)).eval();
    const double largest = solver.eigenvalues()(count - 1);
    return (solver.eigenvalues().array() <= rank_tolerance * largest).count();
  }

  void add_priors(const CoefficientPriors& priors) {
    const Index f = free_count();
    prior_cross_products = MatrixXd::Zero(f + 1, f + 1);
    for (Index k : free) {
      if (std::isinf(priors.sd(k))) {
        log_constant += 0.5 * log_two_pi;
        continue;
      }
      VectorXd deviation(f + 1);
      deviation.head(f) = transform.row(k).transpose() / priors.sd(k);
      deviation(f) = (priors.mean(k) - origin(k)) / priors.sd(k);
      prior_cross_products += deviation * deviation.transpose();
      log_constant -= std::log(priors.sd(k));
    }
  }

  void collect_size_classes(const VectorXd& size) {
    std::map<double, Index> position;
    class_of.resize(groups);
    for (Index j = 0; j < groups; ++j) {
      const auto found = position.emplace(size(j), static_cast<Index>(size_classes.size()));
      if (found.second)
        size_classes.push_back({size(j), 0, MatrixXd::Zero(rows.cols(), rows.cols())});
      SizeClass& members = size_classes[found.first->second];
      members.count += 1;
      for (Index a = 0; a < rows.cols(); ++a)
        for (Index b = 0; b < rows.cols(); ++b)
          members.cross_products(a, b) += rows(j, a) * rows(j, b);
      class_of[j] = found.first->second;
    }
  }

  bool deviations_ = false;
};

// kappa_j = n_j tau^2 / (sigma^2 + n_j tau^2): the weight of a group's own data.
inline double shrinkage_weight(double size, double sigma, double tau) {
  if (std::isinf(tau)) return 1;
  const double ratio = tau / sigma;
  return size * ratio * ratio / (1 + size * ratio * ratio);
}

// 1 - kappa_j: the weight of the population.
inline double pooling_weight(double size, double sigma, double tau) {
  if (std::isinf(tau)) return 0;
  const double ratio = tau / sigma;
  return 1 / (1 + size * ratio * ratio);
}

// Var(b_j | beta, sigma, tau, y) = 1 / (n_j / sigma^2 + 1 / tau^2)
inline double group_variance(double size, double sigma, double tau) {
  if (std::isinf(tau)) return sigma * sigma / size;
  const double ratio = tau / sigma;
  return tau * tau / (1 + size * ratio * ratio);
}

// The bordered matrix [Q r; r' c] at (sigma, tau) and the Cholesky factor of Q with L^-1 r and c - r'Q^-1 r
// below it, as packed lower triangles by rows. Keeps its workspace, so each thread needs one of its own.
class CollapsedPosterior {
 public:
  explicit CollapsedPosterior(const Design& design)
      : design_(&design),
        within_(packed(design.within)),
        prior_(packed(design.prior_cross_products)),
        factor_(within_.size()) {
    const double squares = within_.back();
    const double degrees = design.observations - static_cast<double>(design.groups);
    if (degrees > 0 && squares > 0) {
      reference_ = std::sqrt(squares / degrees);
      within_.back() = 0;
      log_reference_ = -0.5 * degrees * (2 * std::log(reference_) + 1);
    }
    log_reference_ += design.log_constant - 0.5 * design.observations * log_two_pi;
    degrees_ = degrees;
    double log_sizes = 0;
    for (const SizeClass& c : design.size_classes) {
      log_sizes += c.count * std::log(c.size);
      const std::vector<double> products = packed(c.cross_products);
      cross_products_.insert(cross_products_.end(), products.begin(), products.end());
    }
    flat_group_term_ = log_sizes - static_cast<double>(design.groups) * log_two_pi;
  }

  // log p(y | sigma, tau) is log_reference() + log_within(sigma) + log_between(sigma, tau). With tau = inf the group
  // means have flat priors of density 1.
  //
  // The second is -1/2 [(N - J) log sigma^2 + W_yy / sigma^2], written around its maximum, where with many
  // observations its two terms are large and nearly cancel. Far from there it is so large that its rounding errors
  // would hide how the sum varies with tau: hence the third apart.
  double log_within(double sigma) const {
    if (!(reference_ > 0)) return -degrees_ * std::log(sigma);
    const double u = 2 * std::log(sigma / reference_);
    return -0.5 * degrees_ * (u + std::expm1(-u));
  }

  double log_between(double sigma, double tau) {
    const double log_groups = factorise(sigma, tau);
    const Index f = design_->free_count();
    double log_determinant = 0;
    for (Index k = 0; k < f; ++k) log_determinant += 2 * std::log(factor(k, k));
    return -0.5 * (log_groups + log_determinant + factor(f, f));
  }

  double log_reference() const { return log_reference_; }

  // gamma | sigma, tau, y ~ N(gamma_hat, (L L')^-1)
  void condition(double sigma, double tau) {
    factorise(sigma, tau);
    const Index f = design_->free_count();
    gamma_hat.resize(f);
    for (Index k = 0; k < f; ++k) gamma_hat(k) = factor(f, k);
    solve_transposed(gamma_hat);
  }

  // x := L^-T x for a vector of length F.
  void solve_transposed(VectorXd& x) const {
    for (Index j = design_->free_count() - 1; j >= 0; --j) {
      double sum = x(j);
      for (Index i = j + 1; i < design_->free_count(); ++i) sum -= factor(i, j) * x(i);
      x(j) = sum / factor(j, j);
    }
  }

  // Q^-1, F x F
  MatrixXd inverse() const {
    const Index f = design_->free_count();
    MatrixXd lower(f, f), inverse_factor = MatrixXd::Identity(f, f);
    for (Index i = 0; i < f; ++i)
      for (Index j = 0; j <= i; ++j) lower(i, j) = factor(i, j);
    lower.triangularView<Eigen::Lower>().solveInPlace(inverse_factor);
    MatrixXd inverse = MatrixXd::Zero(f, f);
    inverse.selfadjointView<Eigen::Upper>().rankUpdate(inverse_factor.transpose());
    return inverse.selfadjointView<Eigen::Upper>();
  }

  VectorXd gamma_hat;  // F, set by condition()

 private:
  static std::vector<double> packed(const MatrixXd& a) {
    std::vector<double> lower;
    for (Index i = 0; i < a.rows(); ++i)
      for (Index j = 0; j <= i; ++j) lower.push_back(a(i, j));
    return lower;
  }

  double factor(Index i, Index j) const { return factor_[i * (i + 1) / 2 + j]; }

  // Factorises the bordered matrix; returns sum_j log(sigma^2 + n_j tau^2).
  double factorise(double sigma, double tau) {
    const std::size_t length = factor_.size();
    const double precision = 1 / (sigma * sigma);
    for (std::size_t i = 0; i < length; ++i) factor_[i] = precision * within_[i] + prior_[i];
    double log_groups = flat_group_term_;
    if (std::isfinite(tau)) log_groups = add_groups(sigma, tau);
    bordered_cholesky(factor_.data(), design_->free_count() + 1);
    return log_groups;
  }

  // Adds lambda_j zbar_j zbar_j' of all groups. The logarithms of variance ratios 1 + n_j tau^2 / sigma^2 are
  // taken of products, as far as these do not overflow.
  double add_groups(double sigma, double tau) {
    const double sigma2 = sigma * sigma, ratio2 = tau * tau / sigma2;
    double log_ratios = 0, product = 1;
    const double* products = cross_products_.data();
    for (const SizeClass& c : design_->size_classes) {
      const double ratio = 1 + c.size * ratio2;
      const double lambda = c.size / (sigma2 * ratio);
      for (double& entry : factor_) entry += lambda * *products++;
      if (c.count == 1) {
        product *= ratio;
        if (product > 1e20) {
          log_ratios += std::log(product);
          product = 1;
        }
      } else {
        log_ratios += c.count * std::log(ratio);
      }
    }
    return 2 * static_cast<double>(design_->groups) * std::log(sigma) + log_ratios +
           std::log(product);
  }

  const Design* design_;
  std::vector<double> within_, prior_, cross_products_, factor_;
  double flat_group_term_;
  double degrees_, reference_ = 0, log_reference_ = 0;  // N - J; sqrt(W_yy / (N - J))
};

}  // namespace bayespool
