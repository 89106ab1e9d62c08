// Conversion between R lists and the structures of the core; interrupts.
#pragma once

#include <RcppEigen.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "core/collapsed_posterior.hpp"
#include "core/inversion_sampler.hpp"
#include "core/quadrature.hpp"

namespace bayespool {

inline ScalePrior scale_prior_from(const Rcpp::List& prior) {
  static const std::map<std::string, ScaleFamily> families = {
      {"exponential", ScaleFamily::exponential},
      {"gamma", ScaleFamily::gamma},
      {"inverse_gamma", ScaleFamily::inverse_gamma},
      {"lognormal", ScaleFamily::lognormal},
      {"uniform", ScaleFamily::uniform},
      {"flat", ScaleFamily::flat},
      {"normal", ScaleFamily::normal},
      {"student_t", ScaleFamily::student_t},
      {"cauchy", ScaleFamily::cauchy},
      {"degenerate", ScaleFamily::degenerate}};
  const ScaleFamily family = families.at(Rcpp::as<std::string>(prior["family"]));
  const Rcpp::NumericVector par = prior["par"];
  if (family == ScaleFamily::flat) return ScalePrior(family, 0);
  if (family == ScaleFamily::student_t) return ScalePrior(family, par[1], par[2], par[0]);
  return ScalePrior(family, par[0], par.size() > 1 ? par[1] : 0);
}

inline GroupedData grouped_data_from(const Rcpp::List& problem) {
  GroupedData data;
  data.size = Rcpp::as<VectorXd>(problem["size"]);
  data.projection = Rcpp::as<MatrixXd>(problem["projection"]);
  data.within = Rcpp::as<MatrixXd>(problem["within"]);
  data.observations = data.size.sum();
  data.direction_column = Rcpp::as<int>(problem["direction_column"]);
  return data;
}

inline CoefficientPriors coefficient_priors_from(const Rcpp::List& problem) {
  return {Rcpp::as<VectorXd>(problem["coefficient_mean"]),
          Rcpp::as<VectorXd>(problem["coefficient_sd"])};
}

inline MomentOrders moment_orders_from(const Rcpp::List& problem) {
  return {Rcpp::as<double>(problem["sigma_order"]), Rcpp::as<double>(problem["tau_order"])};
}

inline DrawColumns draw_columns_from(const Rcpp::List& columns) {
  DrawColumns result;
  result.coefficients = Rcpp::as<std::vector<int>>(columns["coefficients"]);
  result.first_group = Rcpp::as<int>(columns["first_group"]);
  result.sigma = Rcpp::as<int>(columns["sigma"]);
  result.tau = Rcpp::as<int>(columns["tau"]);
  return result;
}

// Asks R for a pending interrupt at most ten times a second: asking is slower than a quadrature node.
inline std::function<void()> interrupt_check() {
  auto last = std::chrono::steady_clock::now();
  return [last]() mutable {
    const auto now = std::chrono::steady_clock::now();
    if (now - last < std::chrono::milliseconds(100)) return;
    last = now;
    Rcpp::checkUserInterrupt();
  };
}

}  // namespace bayespool
