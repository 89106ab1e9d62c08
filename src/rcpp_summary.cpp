// R's entry point to summaries by quadrature. `orders` and `record`: those of cpp_fit(), and what it
// returned, or numeric() to integrate anew.
#include "core/exact/group_summary.hpp"
#include "core/exact/posterior_summary.hpp"
#include "exact.h"
#include "parallel.h"

using namespace bayespool;

// One row a variable in the order of the draws (then the icc, where there is one): mean, sd, quantiles, and the ends of the
// shortest interval that holds `shortest`, if that is not 0. `deviations`:
// of the group means from the population part, in the place of the group means. `memory`: bytes for what is kept at the nodes.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_summary(const Rcpp::List& problem, const Rcpp::NumericMatrix& orders,
                                const Rcpp::NumericVector& record,
                                const std::vector<double>& probabilities, double shortest, bool icc,
                                bool deviations, double memory) {
  const Problem parsed(problem, orders);
  const std::function<void()> check_interrupt = interrupt_check();
  SummaryColumns wanted;
  for (double p : probabilities) wanted.probabilities.push_back({p, 1 - p});
  wanted.shortest = shortest;
  Quadratures quadratures(parsed, record);
  Rcpp::NumericMatrix out(parsed.variables + icc, 2 + static_cast<int>(wanted.count()));
  Eigen::Map<MatrixXd> table(out.begin(), out.nrow(), out.ncol());
  for (const Part& part : parsed.parts) {
    const Design design(part.data, parsed.coefficients);
    // Deviations are as narrow as tau is small, and their quantiles want nodes for that.
    const Quadrature quadrature =
        deviations && wanted.any()
            ? Quadrature(design, parsed.scales, part.orders, Quadrature::Purpose::distributions,
                         true, check_interrupt)
            : quadratures.next(design, check_interrupt);
    const PosteriorSummary summary(design, quadrature, wanted, {memory, check_interrupt});
    const DrawColumns& columns = part.columns;
    const MatrixXd coefficients = summary.coefficients();
    for (std::size_t k = 0; k < columns.coefficients.size(); ++k)
      if (columns.coefficients[k])
        table.row(*columns.coefficients[k]) = coefficients.row(static_cast<Index>(k));
    if (columns.first_group)
      table.middleRows(*columns.first_group, design.groups) =
          GroupSummary(design, quadrature, summary,
                       deviations ? GroupQuantity::deviations : GroupQuantity::means)
              .table();
    if (columns.sigma) table.row(*columns.sigma) = summary.sigma();
    if (columns.tau) table.row(*columns.tau) = summary.tau();
    if (icc) table.row(parsed.variables) = summary.icc();
  }
  return out;
}
