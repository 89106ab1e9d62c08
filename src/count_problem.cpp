// From R's lists to a problem of counts: the definitions of count_problem.h.
#include "count_problem.h"

#include <optional>
#include <string>
#include <vector>

namespace bayespool {

namespace {

CountFamily family_from(const std::string& name) {
  return name == "poisson" ? CountFamily::poisson : CountFamily::binomial;
}

// NA: none.
std::optional<Index> position_from(int value) {
  return value == NA_INTEGER ? std::nullopt : std::optional<Index>(value);
}

CountColumns columns_from(const Rcpp::List& columns, const VectorXd& less) {
  CountColumns result;
  for (int value : Rcpp::IntegerVector(columns["coefficients"]))
    result.coefficients.push_back(position_from(value));
  result.tau = position_from(Rcpp::as<int>(columns["tau"]));
  result.first_group = position_from(Rcpp::as<int>(columns["first_group"]));
  result.less = less;
  return result;
}

}  // namespace

CountProblem::CountProblem(const Rcpp::List& problem)
    : data{family_from(Rcpp::as<std::string>(problem["family"])), vector_from(problem["events"]),
           vector_from(problem["size"]), matrix_from(problem["x"])},
      priors{{vector_from(problem["coefficient_mean"]), vector_from(problem["coefficient_sd"])},
             scale_prior_from(problem["tau_prior"])},
      log_constant(Rcpp::as<double>(problem["log_constant"])),
      columns(columns_from(problem["columns"], vector_from(problem["less"]))),
      variables(Rcpp::as<int>(problem["variables"])) {}

std::optional<Index> CountProblem::intercept() const {
  for (Index k = 0; k < columns.less.size(); ++k)
    if (columns.less(k) == 0) return k;
  return std::nullopt;
}

CountQuadrature count_quadrature(const CountProblem& problem, double order,
                                 const Rcpp::NumericVector& record,
                                 const std::function<void()>& check_interrupt) {
  if (record.size() == 0)
    return CountQuadrature(problem.data, problem.priors, order, check_interrupt);
  RecordReader reader({record.begin(), record.end()});
  return CountQuadrature(problem.data, problem.priors, order, reader, check_interrupt);
}

}  // namespace bayespool
