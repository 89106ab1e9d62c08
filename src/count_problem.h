// The numerical problem of a model of counts, from the list that R makes of it.
#pragma once

#include <Rcpp.h>
#include <Eigen/Core>

#include <functional>
#include <optional>

#include "core/exact/count_quadrature.hpp"
#include "core/exact/count_sampler.hpp"
#include "problem.h"

namespace bayespool {

struct CountProblem {
  CountData data;
  CountPriors priors;
  double log_constant;  // what the likelihood of the rows has beside that of their sums
  CountColumns columns;
  int variables;  // number of them in the draws

  explicit CountProblem(const Rcpp::List& problem);

  // Which column of x is that of ones.
  std::optional<Index> intercept() const;
};

// As a fit recorded it, or new where the record is empty. `order`: the highest moment of tau that exists and is wanted.
CountQuadrature count_quadrature(const CountProblem& problem, double order,
                                 const Rcpp::NumericVector& record,
                                 const std::function<void()>& check_interrupt);

}  // namespace bayespool
