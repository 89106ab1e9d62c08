// R's entry points to rows and contrasts by quadrature where groups have several effects. `orders`,
// `record`, `memory`: see rcpp_effects_summary.cpp.
#include "core/exact/effect_nodes.hpp"
#include "core/numerics/compressed_mixture.hpp"
#include "effect_problem.h"
#include "parallel.h"

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

// Rows of combinations x'beta + z'b + e, e ~ N(0, noise * sigma^2): `x` (n x P), `z` (n x q), and the group of b in `group` (from 0; -1:
// a new one; NA: without b). Mean, sd, lower, upper.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_effects_combinations(
    const Rcpp::List& problem, const Rcpp::NumericVector& orders, const Rcpp::NumericVector& record,
    const Rcpp::NumericMatrix& x, const Rcpp::NumericMatrix& z, const Rcpp::IntegerVector& group,
    const Rcpp::NumericVector& noise, double probability, bool shortest, int cores, double memory) {
  const EffectProblem parsed(problem);
  const EffectDesign design(parsed.data, parsed.coefficients);
  const EffectQuadrature quadrature =
      effect_quadrature(design, parsed, orders, record, interrupt_check());
  const EffectNodes nodes(quadrature, EffectNodes::Choice::bulk, memory);
  const Design& pooled = design.pooled();
  const MatrixXd coefficients = matrix_from(x), directions = matrix_from(z);
  const std::vector<int> groups(group.begin(), group.end());
  const VectorXd noises = vector_from(noise);
  const Index rows = coefficients.rows();
  Rcpp::NumericMatrix out(Rcpp::no_init(static_cast<int>(rows), 4));
  Eigen::Map<MatrixXd> table(out.begin(), rows, 4);
  run_in_parallel(static_cast<int>(rows), cores, [&](int i, const std::function<void()>& check) {
    check();
    EffectCombination combination{coefficients.row(i).dot(pooled.origin),
                                  pooled.transform.transpose() * coefficients.row(i).transpose(),
                                  {},
                                  noises(i)};
    const int own = groups[static_cast<std::size_t>(i)];
    if (own != NA_INTEGER)
      combination.effects.push_back(
          {directions.row(i).transpose(), own < 0 ? std::nullopt : std::optional<Index>(own)});
    table.row(i) = summary_of(nodes.normals(combination), {probability, shortest},
                              quadrature.finite_variance());
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
  const EffectDesign design(parsed.data, parsed.coefficients);
  const EffectQuadrature quadrature =
      effect_quadrature(design, parsed, orders, record, interrupt_check());
  const EffectNodes nodes(quadrature, EffectNodes::Choice::bulk, memory);
  const VectorXd direction = vector_from(z);
  const Index rows = static_cast<Index>(first.size());
  Rcpp::NumericMatrix out(Rcpp::no_init(static_cast<int>(rows), 5));
  Eigen::Map<MatrixXd> table(out.begin(), rows, 5);
  run_in_parallel(static_cast<int>(rows), cores, [&](int i, const std::function<void()>& check) {
    check();
    const std::size_t row = static_cast<std::size_t>(i);
    const WeightedNormals normals =
        nodes.normals({0,
                       VectorXd::Zero(design.free_count()),
                       {{direction, first[row]}, {-direction, second[row]}},
                       0});
    table.row(i).head(4) =
        summary_of(normals, {probability, shortest}, quadrature.finite_variance());
    table(i, 4) = normals.variance.maxCoeff() > 0 ? normals.mixture().evaluate(0).tails.above : 0.5;
  });
  return out;
}
