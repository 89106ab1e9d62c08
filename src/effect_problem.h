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

  explicit EffectProblem(const Rcpp::List& problem);

  Index effects() const { return static_cast<Index>(data.directions.size()); }
};

// `orders`: the highest moments of sigma and of each tau that exist and are wanted, sigma first.
EffectOrders effect_orders(const Rcpp::NumericVector& orders);

// As a fit recorded it, or new where the record is empty.
EffectQuadrature effect_quadrature(const EffectDesign& design, const EffectProblem& problem,
                                   const Rcpp::NumericVector& orders,
                                   const Rcpp::NumericVector& record,
                                   const std::function<void()>& check_interrupt);

}  // namespace bayespool
