// The quadrature of a model of counts: nodes in the coefficients and tau (defined in src/count_quadrature.cpp).
#pragma once

#include <cstddef>
#include <functional>

#include "core/exact/record.hpp"
#include "core/model/count_posterior.hpp"
#include "core/numerics/lattice.hpp"

namespace bayespool {

class CountQuadrature {
 public:
  // `tau_order`: the highest moment of tau that exists and is wanted.
  CountQuadrature(const CountData& data, const CountPriors& priors, double tau_order,
                  std::function<void()> check_interrupt);

  // As a fit recorded it.
  CountQuadrature(const CountData& data, const CountPriors& priors, double tau_order,
                  RecordReader& record, std::function<void()> check_interrupt);

  void write(RecordWriter& record) const;

  double log_evidence() const { return rule_.log_total; }
  double error() const { return error_; }  // about that of log_evidence() and of means in sds
  bool finite_variance() const { return tau_order_ >= 2; }  // of tau
  const LatticeRule& rule() const { return rule_; }
  const CountPosterior& posterior() const { return posterior_; }
  const std::function<void()>& check_interrupt() const { return check_interrupt_; }
  std::size_t evaluations() const { return evaluations_; }

 private:
  LatticeValue value(const double* x);

  CountPosterior posterior_;
  double tau_order_;
  std::function<void()> check_interrupt_;
  LatticeRule rule_;
  double error_ = 0;
  std::size_t evaluations_ = 0;
};

}  // namespace bayespool
