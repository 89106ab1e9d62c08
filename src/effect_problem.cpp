// From R's lists to a problem of groups with several effects: the definitions of effect_problem.h.
#include "effect_problem.h"

namespace bayespool {

namespace {

// NA: none.
std::vector<std::optional<Index>> positions(const Rcpp::IntegerVector& values) {
  std::vector<std::optional<Index>> result;
  for (int value : values)
    result.push_back(value == NA_INTEGER ? std::nullopt : std::optional<Index>(value));
  return result;
}

std::vector<Index> all_positions(const Rcpp::IntegerVector& values) {
  return {values.begin(), values.end()};
}

std::vector<ScalePrior> tau_priors(const Rcpp::List& priors) {
  std::vector<ScalePrior> result;
  for (R_xlen_t k = 0; k < priors.size(); ++k) result.push_back(scale_prior_from(priors[k]));
  return result;
}

std::optional<double> eta_from(double eta) {
  return Rcpp::NumericVector::is_na(eta) ? std::nullopt : std::optional<double>(eta);
}

EffectColumns columns_from(const Rcpp::List& columns) {
  return {all_positions(columns["coefficients"]),
          all_positions(columns["first_group"]),
          positions(columns["coefficient_of_direction"]),
          positions(columns["sigma"])[0],
          all_positions(columns["tau"]),
          all_positions(columns["rho"])};
}

}  // namespace

EffectProblem::EffectProblem(const Rcpp::List& problem)
    : data{vector_from(problem["rows"]),
           vector_from(problem["size"]),
           matrix_from(problem["mean"]),
           matrix_from(problem["within"]),
           positions(problem["predictors"]),
           positions(problem["directions"]),
           vector_from(problem["log_weight"]).sum()},
      coefficients{vector_from(problem["coefficient_mean"]),
                   vector_from(problem["coefficient_sd"])},
      priors{scale_prior_from(problem["sigma_prior"]), tau_priors(problem["tau_priors"]),
             eta_from(problem["eta"])},
      columns(columns_from(problem["columns"])),
      variables(Rcpp::as<int>(problem["variables"])) {}

EffectOrders effect_orders(const Rcpp::NumericVector& orders) {
  return {orders[0], {orders.begin() + 1, orders.end()}};
}

EffectQuadrature effect_quadrature(const EffectDesign& design, const EffectProblem& problem,
                                   const Rcpp::NumericVector& orders,
                                   const Rcpp::NumericVector& record,
                                   const std::function<void()>& check_interrupt) {
  if (record.size() == 0)
    return EffectQuadrature(design, problem.priors, effect_orders(orders), check_interrupt);
  RecordReader reader({record.begin(), record.end()});
  return EffectQuadrature(design, problem.priors, effect_orders(orders), reader, check_interrupt);
}

}  // namespace bayespool
