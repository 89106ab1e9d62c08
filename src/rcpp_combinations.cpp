// R's entry point to combinations of coefficients and group effects by quadrature. `orders` and `record` as in cpp_summary().
#include "core/exact/combination_summary.hpp"
#include "core/exact/posterior_summary.hpp"
#include "exact.h"
#include "parallel.h"

using namespace bayespool;

// One row for each of `combinations` (rows, of all coefficients of a problem of one part): mean, sd, ends of the interval. `group`: whose
// effect is added, from 0; NA: none.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_combinations(const Rcpp::List& problem, const Rcpp::NumericMatrix& orders,
                                     const Rcpp::NumericVector& record,
                                     const Rcpp::NumericMatrix& combinations,
                                     const Rcpp::IntegerVector& group, double probability,
                                     bool shortest, double memory) {
  const Problem parsed(problem, orders);
  const std::function<void()> check_interrupt = interrupt_check();
  const IntervalKind kind{probability, shortest};
  Quadratures quadratures(parsed, record);
  const Design design(parsed.parts.at(0).data, parsed.coefficients);
  const Quadrature quadrature = quadratures.next(design, check_interrupt);
  const PosteriorSummary summary(design, quadrature, {{}, probability}, {memory, check_interrupt});
  const CombinationSummary combined(design, quadrature, summary);
  const MatrixXd rows = matrix_from(combinations);
  Rcpp::NumericMatrix out(combinations.nrow(), 4);
  Eigen::Map<MatrixXd> table(out.begin(), out.nrow(), out.ncol());
  for (Index i = 0; i < rows.rows(); ++i) {
    check_interrupt();
    table.row(i) =
        combined.row(rows.row(i).transpose(),
                     group[i] == NA_INTEGER ? std::nullopt : std::optional<Index>(group[i]), kind);
  }
  return out;
}
