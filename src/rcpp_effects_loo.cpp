// R's entry point to leave-one-out by quadrature where groups have several effects. `orders`, `record`, `memory`: see
// rcpp_effects_summary.cpp.
#include "core/exact/effect_leave_one_out.hpp"
#include "effect_problem.h"
#include "parallel.h"

using namespace bayespool;

// Rows of the data: `x` (N x (P + 1), the response last), `z` (N x q), `weight`, `group` (from 0). N x 3: see EffectLeaveOneOut.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_effects_leave_one_out(
    const Rcpp::List& problem, const Rcpp::NumericVector& orders, const Rcpp::NumericVector& record,
    const Rcpp::NumericMatrix& x, const Rcpp::NumericMatrix& z, const Rcpp::NumericVector& weight,
    const std::vector<int>& group, int cores, double memory) {
  const EffectProblem parsed(problem);
  const EffectDesign design(parsed.data, parsed.coefficients);
  const EffectQuadrature quadrature =
      effect_quadrature(design, parsed, orders, record, interrupt_check());
  const EffectNodes nodes(quadrature, EffectNodes::Choice::all, memory);
  const EffectLeaveOneOut leave_one_out(design, nodes);
  const MatrixXd columns = matrix_from(x), directions = matrix_from(z);
  const VectorXd weights = vector_from(weight);
  const Index rows = columns.rows();
  Rcpp::NumericMatrix out(Rcpp::no_init(static_cast<int>(rows), 3));
  Eigen::Map<MatrixXd> table(out.begin(), rows, 3);
  run_in_parallel(static_cast<int>(rows), cores, [&](int i, const std::function<void()>& check) {
    check();
    table.row(i) = leave_one_out.row(columns.row(i).transpose(), directions.row(i).transpose(),
                                     weights(i), group[static_cast<std::size_t>(i)]);
  });
  return out;
}
