// R's entry point to leave-one-out by quadrature where groups have several effects. `orders`, `record`, `memory`: see
// rcpp_effects_summary.cpp.
#include "core/exact/effect_leave_one_out.hpp"
#include "effect_problem.h"
#include "left_out_question.h"
#include "parallel.h"

using namespace bayespool;

// Rows of the data: `x` (N x (P + 1), the response last), `z` (N x q), `weight`, `group` (N x factors, from 0, -1 for a new one). N x 2 or
// 4: see EffectLeaveOneOut; `about` and `probability` as in cpp_leave_one_out().
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_effects_leave_one_out(
    const Rcpp::List& problem, const Rcpp::NumericVector& orders, const Rcpp::NumericVector& record,
    const Rcpp::NumericMatrix& x, const Rcpp::NumericMatrix& z, const Rcpp::NumericVector& weight,
    const Rcpp::IntegerMatrix& group, const std::string& about, double probability, int cores,
    double memory) {
  const EffectProblem parsed(problem);
  const std::unique_ptr<const MixedDesign> design = parsed.design();
  const EffectQuadrature quadrature =
      effect_quadrature(*design, parsed, orders, record, interrupt_check());
  const EffectNodes nodes(quadrature, EffectNodes::Choice::all, memory);
  const EffectLeaveOneOut leave_one_out(*design, nodes);
  const MatrixXd columns = matrix_from(x);
  const RowEffects effects(z, group);
  const VectorXd weights = vector_from(weight);
  const Index rows = columns.rows();
  const LeftOutQuestion question{question_about(about), probability};
  Rcpp::NumericMatrix out(
      Rcpp::no_init(static_cast<int>(rows), static_cast<int>(question.answers())));
  Eigen::Map<MatrixXd> table(out.begin(), rows, question.answers());
  run_in_blocks(
      rows, nodes.weights_at_a_time(), cores, [&](Index first, Index count, const auto& check) {
        std::vector<EffectCombination> combinations;
        for (Index i = first; i < first + count; ++i)
          combinations.push_back(
              leave_one_out.combination(columns.row(i).transpose(), effects.of_row(i)));
        const std::vector<MatrixXd> at_nodes = nodes.weights(combinations, check);
        for (Index i = 0; i < count; ++i) {
          check();
          table.row(first + i) = leave_one_out.row(at_nodes, i, weights(first + i), question);
        }
      });
  return out;
}
