// The numerical problem of a model whose groups have several effects, or that has two grouping factors, from the list that R makes of it.
#pragma once

#include <Rcpp.h>
#include <Eigen/Core>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/exact/effect_sampler.hpp"
#include "core/model/crossed_design.hpp"
#include "problem.h"

namespace bayespool {

struct EffectProblem {
  EffectData data;                   // with two factors of cells
  std::optional<CellLevels> levels;  // where there are two factors
  CoefficientPriors coefficients;
  EffectPriors priors;
  EffectColumns columns;
  int variables;  // number of them in the draws

  explicit EffectProblem(const Rcpp::List& problem);

  std::unique_ptr<const MixedDesign> design() const;
};

// Groups of rows, one column for each factor: from 0, -1 for a new one, NA for none. `z`: what multiplies the effects.
struct RowEffects {
  MatrixXd z;  // n x q
  std::vector<std::vector<int>> group_by_factor;

  RowEffects(const Rcpp::NumericMatrix& z, const Rcpp::IntegerMatrix& group);

  std::vector<EffectOfGroup> of_row(Index i) const;
};

// `orders`: the highest moments of sigma and of each tau that exist and are wanted, sigma first.
EffectOrders effect_orders(const Rcpp::NumericVector& orders);

// As a fit recorded it, or new where the record is empty.
EffectQuadrature effect_quadrature(const MixedDesign& design, const EffectProblem& problem,
                                   const Rcpp::NumericVector& orders,
                                   const Rcpp::NumericVector& record,
                                   const std::function<void()>& check_interrupt);

}  // namespace bayespool
