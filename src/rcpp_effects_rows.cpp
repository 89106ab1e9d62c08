// R's entry points to rows and contrasts by quadrature where groups have several effects. `orders`,
// `record`, `memory`: see rcpp_effects_summary.cpp.
#include "core/exact/effect_nodes.hpp"
#include "core/numerics/compressed_mixture.hpp"
#include "effect_mixtures.h"
#include "effect_problem.h"

using namespace bayespool;

namespace {

// With the interval of the mixture as compressed() has it.
Eigen::RowVector4d summary_of(const WeightedNormals& normals, IntervalKind kind,
                              bool finite_variance) {
  return summarise(
      normals, normals.variance.maxCoeff() > 0, [&normals] { return compressed(normals); }, kind,
      finite_variance);
}

}  // namespace

// Rows of combinations x'beta + z'b + e, e ~ N(0, noise * sigma^2): `x` (n x P), `z` (n x q), and the groups of b in `group` (see
// RowEffects). Mean, sd, lower, upper.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_effects_combinations(
    const Rcpp::List& problem, const Rcpp::NumericVector& orders, const Rcpp::NumericVector& record,
    const Rcpp::NumericMatrix& x, const Rcpp::NumericMatrix& z, const Rcpp::IntegerMatrix& group,
    const Rcpp::NumericVector& noise, double probability, bool shortest, int cores, double memory) {
  const EffectProblem parsed(problem);
  const std::unique_ptr<const MixedDesign> design = parsed.design();
  const EffectQuadrature quadrature =
      effect_quadrature(*design, parsed, orders, record, interrupt_check());
  const EffectNodes nodes(quadrature, EffectNodes::Choice::bulk, memory);
  const Design& pooled = design->pooled();
  const MatrixXd coefficients = matrix_from(x);
  const RowEffects effects(z, group);
  std::vector<EffectCombination> combinations;
  for (Index i = 0; i < coefficients.rows(); ++i)
    combinations.push_back({coefficients.row(i).dot(pooled.origin),
                            pooled.transform.transpose() * coefficients.row(i).transpose(),
                            effects.of_row(i), noise[i]});
  Rcpp::NumericMatrix out(Rcpp::no_init(static_cast<int>(combinations.size()), 4));
  Eigen::Map<MatrixXd> table(out.begin(), out.nrow(), 4);
  for_each_mixture(nodes, combinations, cores, [&](Index i, const WeightedNormals& normals) {
    table.row(i) = summary_of(normals, {probability, shortest}, quadrature.finite_variance());
  });
  return out;
}

// Coefficients z'b (and their means) of groups `first` less those of groups `second` (from 0): mean, sd, lower, upper, and the probability
// that the difference is positive.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_effects_contrasts(
    const Rcpp::List& problem, const Rcpp::NumericVector& orders, const Rcpp::NumericVector& record,
    const Rcpp::NumericVector& z, const std::vector<int>& first, const std::vector<int>& second,
    double probability, bool shortest, int cores, double memory) {
  const EffectProblem parsed(problem);
  const std::unique_ptr<const MixedDesign> design = parsed.design();
  const EffectQuadrature quadrature =
      effect_quadrature(*design, parsed, orders, record, interrupt_check());
  const EffectNodes nodes(quadrature, EffectNodes::Choice::bulk, memory);
  const VectorXd direction = vector_from(z);
  std::vector<EffectCombination> combinations;
  for (std::size_t i = 0; i < first.size(); ++i)
    combinations.push_back({0,
                            VectorXd::Zero(design->free_count()),
                            {{direction, first[i]}, {-direction, second[i]}},
                            0});
  Rcpp::NumericMatrix out(Rcpp::no_init(static_cast<int>(combinations.size()), 5));
  Eigen::Map<MatrixXd> table(out.begin(), out.nrow(), 5);
  for_each_mixture(nodes, combinations, cores, [&](Index i, const WeightedNormals& normals) {
    table.row(i).head(4) =
        summary_of(normals, {probability, shortest}, quadrature.finite_variance());
    table(i, 4) = normals.variance.maxCoeff() > 0 ? normals.mixture().evaluate(0).tails.above : 0.5;
  });
  return out;
}

// The sum of `coefficient` times the coefficients of the population and of z'b of the groups of `group` (from 0; rows of z), different
// ones: as cpp_combination().
// [[Rcpp::export]]
Rcpp::NumericVector cpp_effects_combination(
    const Rcpp::List& problem, const Rcpp::NumericVector& orders, const Rcpp::NumericVector& record,
    const Rcpp::NumericVector& coefficient, const Rcpp::NumericMatrix& z,
    const std::vector<int>& group, const Rcpp::NumericVector& at, double probability, bool shortest,
    double memory) {
  const EffectProblem parsed(problem);
  const std::unique_ptr<const MixedDesign> design = parsed.design();
  const EffectQuadrature quadrature =
      effect_quadrature(*design, parsed, orders, record, interrupt_check());
  const EffectNodes nodes(quadrature, EffectNodes::Choice::bulk, memory);
  const VectorXd c = vector_from(coefficient);
  const MatrixXd directions = matrix_from(z);
  EffectCombination sum{0, design->pooled().transform.transpose() * c, {}, 0};
  for (std::size_t j = 0; j < group.size(); ++j)
    sum.effects.push_back({directions.row(static_cast<Index>(j)).transpose(), group[j]});
  const WeightedNormals normals = nodes.normals(sum);
  return to_r(described(normals, normals, c.dot(design->pooled().origin), vector_from(at),
                        {probability, shortest}, quadrature.finite_variance()));
}
