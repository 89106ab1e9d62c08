// R's entry points for what is known before there is a posterior.
#include "core/model/design.hpp"
#include "problem.h"

using namespace bayespool;

// Rank, collinear columns and exact fits, from which R decides whether the posterior exists.
// [[Rcpp::export]]
Rcpp::List cpp_check_design(const Rcpp::List& problem) {
  const Problem parsed(problem);
  Rcpp::List result;
  for (const Part& part : parsed.parts) {
    const Design design(part.data, parsed.coefficients);
    Rcpp::LogicalVector aliased(parsed.coefficients.mean.size(), false);
    for (Index i = 0; i < design.free_count(); ++i)
      aliased[design.free[static_cast<std::size_t>(i)]] = design.total_fit.aliased(i);
    result.push_back(Rcpp::List::create(
        Rcpp::_["rank"] = static_cast<int>(design.total_fit.rank), Rcpp::_["aliased"] = aliased,
        Rcpp::_["exact_fit"] = design.total_fit.exact_fit,
        Rcpp::_["within_rank"] = static_cast<int>(design.within_fit.rank),
        Rcpp::_["within_exact_fit"] = design.within_fit.exact_fit));
  }
  return result;
}

// The log density of the prior of a standard deviation at `values`, normalised on (0, inf).
// [[Rcpp::export]]
Rcpp::NumericVector cpp_log_scale_prior(const Rcpp::List& prior, Rcpp::NumericVector values) {
  const ScalePrior density = scale_prior_from(prior);
  Rcpp::NumericVector out(Rcpp::no_init(values.size()));
  std::transform(values.begin(), values.end(), out.begin(),
                 [&](double value) { return density.log_density(value); });
  return out;
}
