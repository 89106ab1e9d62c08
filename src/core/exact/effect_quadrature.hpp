// The quadrature of a model whose groups have several effects: nodes in all variance parameters (defined in
// src/effect_quadrature.cpp).
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

#include "core/exact/record.hpp"
#include "core/model/effect_posterior.hpp"
#include "core/numerics/lattice.hpp"

namespace bayespool {

// The highest moments of sigma and of each tau that exist and are wanted.
struct EffectOrders {
  double sigma;
  std::vector<double> tau;
};

class EffectQuadrature {
 public:
  // The design must outlive the object.
  EffectQuadrature(const MixedDesign& design, const EffectPriors& priors, EffectOrders orders,
                   std::function<void()> check_interrupt);

  // As a fit recorded it.
  EffectQuadrature(const MixedDesign& design, const EffectPriors& priors, EffectOrders orders,
                   RecordReader& record, std::function<void()> check_interrupt);

  void write(RecordWriter& record) const;

  double log_evidence() const { return log_evidence_; }
  // log of the joint density of the data and x, where a posterior has moved to x.
  double log_mass_at(const EffectPosterior& posterior) const;

  const MixedDesign& design() const { return *design_; }
  const std::function<void()>& check_interrupt() const { return check_interrupt_; }

  // Whether means and sds that the rule gives of coefficients and effects are those of their distributions.
  bool finite_variance() const;
  double error() const { return error_; }
  const LatticeRule& rule() const { return rule_; }
  const EffectPosterior& posterior() const { return posterior_; }
  std::size_t evaluations() const { return evaluations_; }

 private:
  void integrate();

  // Where the priors would have it, and where the data.
  std::vector<VectorXd> starts();

  LatticeValue value(const double* x);

  double lift(double log_square, double of_sigma) const;

  // The share by which even and odd nodes of lines differ, where the posterior is highest.
  double line_error();

  // The line about where sigma is at x: by parabolas through three points.
  void set_line(const VectorXd& x);

  static constexpr double line_tolerance = 2.5e-4;  // of line_error()
  // Of a line, in sds of sigma's coordinate: finer where there are few lines.
  static double line_step(Index dimension) {
    return dimension < 2 ? 0.35 : dimension == 2 ? 0.45 : 0.6;
  }

  const MixedDesign* design_;
  EffectPriors priors_;
  EffectOrders orders_;
  std::function<void()> check_interrupt_;
  EffectPosterior posterior_;
  LatticeRule rule_;
  EffectPosterior::Line line_;
  double log_evidence_ = 0, error_ = 0, sigma_start_ = 0, parity_ = 0;
  std::size_t evaluations_ = 0;
};

}  // namespace bayespool
