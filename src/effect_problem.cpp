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

std::optional<CellLevels> levels_from(const Rcpp::List& problem) {
  if (!problem.containsElementNamed("levels")) return std::nullopt;
  const Rcpp::IntegerMatrix of_cell = problem["levels"];
  const Rcpp::IntegerVector count = problem["level_counts"];
  CellLevels levels;
  for (int factor = 0; factor < 2; ++factor) {
    const Rcpp::IntegerMatrix::ConstColumn column = of_cell.column(factor);
    levels.of_cell[static_cast<std::size_t>(factor)].assign(column.begin(), column.end());
    levels.count[static_cast<std::size_t>(factor)] = count[factor];
  }
  return levels;
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
      levels(levels_from(problem)),
      coefficients{vector_from(problem["coefficient_mean"]),
                   vector_from(problem["coefficient_sd"])},
      priors{scale_prior_from(problem["sigma_prior"]), tau_priors(problem["tau_priors"]),
             eta_from(problem["eta"])},
      columns(columns_from(problem["columns"])),
      variables(Rcpp::as<int>(problem["variables"])) {}

std::unique_ptr<const MixedDesign> EffectProblem::design() const {
  if (levels) return std::make_unique<CrossedDesign>(data, *levels, coefficients);
  return std::make_unique<EffectDesign>(data, coefficients);
}

RowEffects::RowEffects(const Rcpp::NumericMatrix& z, const Rcpp::IntegerMatrix& group)
    : z(matrix_from(z)) {
  for (int factor = 0; factor < group.ncol(); ++factor) {
    const Rcpp::IntegerMatrix::ConstColumn column = group.column(factor);
    group_by_factor.emplace_back(column.begin(), column.end());
  }
}

std::vector<EffectOfGroup> RowEffects::of_row(Index i) const {
  const bool one = group_by_factor.size() == 1;
  std::vector<EffectOfGroup> effects;
  for (std::size_t factor = 0; factor < group_by_factor.size(); ++factor) {
    const int own = group_by_factor[factor][static_cast<std::size_t>(i)];
    if (own == NA_INTEGER) continue;
    const Index k = static_cast<Index>(factor);
    const VectorXd direction =
        one ? VectorXd(z.row(i).transpose()) : VectorXd(z(i, k) * VectorXd::Unit(z.cols(), k));
    effects.push_back({direction, own < 0 ? std::nullopt : std::optional<Index>(own)});
  }
  return effects;
}

EffectOrders effect_orders(const Rcpp::NumericVector& orders) {
  return {orders[0], {orders.begin() + 1, orders.end()}};
}

EffectQuadrature effect_quadrature(const MixedDesign& design, const EffectProblem& problem,
                                   const Rcpp::NumericVector& orders,
                                   const Rcpp::NumericVector& record,
                                   const std::function<void()>& check_interrupt) {
  if (record.size() == 0)
    return EffectQuadrature(design, problem.priors, effect_orders(orders), check_interrupt);
  RecordReader reader({record.begin(), record.end()});
  return EffectQuadrature(design, problem.priors, effect_orders(orders), reader, check_interrupt);
}

}  // namespace bayespool
