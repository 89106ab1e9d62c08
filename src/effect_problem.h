// The numerical problem of a model whose groups have several effects, from the list that R makes of it.
#pragma once

#include <Rcpp.h>
#include <Eigen/Core>

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "core/exact/effect_sampler.hpp"
#include "problem.h"

namespace bayespool {

struct EffectProblem {
  EffectData data;
  CoefficientPriors coefficients;
  EffectPriors priors;
  EffectColumns columns;
  int variables;  // number of them in the draws

  explicit EffectProblem(const Rcpp::List& problem)
      : data{vector_from(problem["size"]), matrix_from(problem["mean"]),
             matrix_from(problem["within"]), positions(problem["predictors"]),
             positions(problem["directions"])},
        coefficients{vector_from(problem["coefficient_mean"]),
                     vector_from(problem["coefficient_sd"])},
        priors{scale_prior_from(problem["sigma_prior"]), tau_priors(problem["tau_priors"]),
               eta_from(problem["eta"])},
        columns(columns_from(problem["columns"])),
        variables(Rcpp::as<int>(problem["variables"])) {}

  Index effects() const { return static_cast<Index>(data.directions.size()); }

 private:
  // NA: none.
  static std::vector<std::optional<Index>> positions(const Rcpp::IntegerVector& values) {
    std::vector<std::optional<Index>> result;
    for (int value : values)
      result.push_back(value == NA_INTEGER ? std::nullopt : std::optional<Index>(value));
    return result;
  }

  static std::vector<Index> all_positions(const Rcpp::IntegerVector& values) {
    return {values.begin(), values.end()};
  }

  static std::vector<ScalePrior> tau_priors(const Rcpp::List& priors) {
    std::vector<ScalePrior> result;
    for (R_xlen_t k = 0; k < priors.size(); ++k) result.push_back(scale_prior_from(priors[k]));
    return result;
  }

  static std::optional<double> eta_from(double eta) {
    return Rcpp::NumericVector::is_na(eta) ? std::nullopt : std::optional<double>(eta);
  }

  static EffectColumns columns_from(const Rcpp::List& columns) {
    return {all_positions(columns["coefficients"]),
            all_positions(columns["first_group"]),
            positions(columns["coefficient_of_direction"]),
            Rcpp::as<Index>(columns["sigma"]),
            all_positions(columns["tau"]),
            all_positions(columns["rho"])};
  }
};

// `orders`: the highest moments of sigma and of each tau that exist and are wanted, sigma first.
inline EffectOrders effect_orders(const Rcpp::NumericVector& orders) {
  return {orders[0], {orders.begin() + 1, orders.end()}};
}

// As a fit recorded it, or new where the record is empty.
inline EffectQuadrature effect_quadrature(const EffectDesign& design, const EffectProblem& problem,
                                          const Rcpp::NumericVector& orders,
                                          const Rcpp::NumericVector& record,
                                          const std::function<void()>& check_interrupt) {
  if (record.size() == 0)
    return EffectQuadrature(design, problem.priors, effect_orders(orders), check_interrupt);
  RecordReader reader({record.begin(), record.end()});
  return EffectQuadrature(design, problem.priors, effect_orders(orders), reader, check_interrupt);
}

}  // namespace bayespool
