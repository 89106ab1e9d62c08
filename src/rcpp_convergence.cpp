// R's entry point to the convergence of chains.
#include <Rcpp.h>

#include "core/numerics/convergence.hpp"
#include "parallel.h"

using namespace bayespool;

// For each variable of an array iterations x chains x variables: R-hat, bulk and tail effective sample size.
// [[Rcpp::export]]
Rcpp::List cpp_convergence(const Rcpp::NumericVector& draws, int iterations, int chains) {
  const R_xlen_t size = static_cast<R_xlen_t>(iterations) * chains, variables = draws.size() / size;
  Rcpp::NumericVector rhat(variables), ess_bulk(variables), ess_tail(variables);
  ConvergenceMeasures measure(iterations, chains);
  const std::function<void()> check_interrupt = interrupt_check();
  for (R_xlen_t k = 0; k < variables; ++k) {
    check_interrupt();
    const Convergence convergence = measure(draws.begin() + k * size);
    rhat[k] = convergence.rhat;
    ess_bulk[k] = convergence.ess_bulk;
    ess_tail[k] = convergence.ess_tail;
  }
  return Rcpp::List::create(Rcpp::_["rhat"] = rhat, Rcpp::_["ess_bulk"] = ess_bulk,
                            Rcpp::_["ess_tail"] = ess_tail);
}
