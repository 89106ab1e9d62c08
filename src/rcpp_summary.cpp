// R's entry point to summaries by quadrature. `orders` and `record`: those of cpp_fit(), and what it
// returned, or numeric() to integrate anew.
#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "core/exact/group_summary.hpp"
#include "core/exact/posterior_summary.hpp"
#include "exact.h"
#include "parallel.h"

using namespace bayespool;

// One row a variable in the order of the draws (then the icc, where there is one): mean, sd, quantiles, and the ends of the
// shortest interval that holds `shortest`, if that is not 0. Only the `chosen` rows are computed, the others are NaN. `deviations`:
// of the group means from the population part, in the place of the group means. `memory`: bytes for what is kept at the nodes.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_summary(const Rcpp::List& problem, const Rcpp::NumericMatrix& orders,
                                const Rcpp::NumericVector& record,
                                const std::vector<double>& probabilities, double shortest,
                                const std::vector<bool>& chosen, bool deviations, double memory) {
  const Problem parsed(problem, orders);
  const std::function<void()> check_interrupt = interrupt_check();
  SummaryColumns wanted;
  for (double p : probabilities) wanted.probabilities.push_back({p, 1 - p});
  wanted.shortest = shortest;
  Quadratures quadratures(parsed, record);
  Rcpp::NumericMatrix out(static_cast<int>(chosen.size()), 2 + static_cast<int>(wanted.count()));
  Eigen::Map<MatrixXd> table(out.begin(), out.nrow(), out.ncol());
  table.setConstant(std::numeric_limits<double>::quiet_NaN());
  const auto is_chosen = [&](Index variable) { return chosen[static_cast<std::size_t>(variable)]; };
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
    for (std::size_t k = 0; k < columns.coefficients.size(); ++k) {
      const std::optional<Index>& variable = columns.coefficients[k];
      if (variable && is_chosen(*variable))
        table.row(*variable) = summary.coefficient(static_cast<Index>(k));
    }
    if (columns.first_group) {
      const auto first = chosen.begin() + *columns.first_group;
      const std::vector<bool> groups(first, first + design.groups);
      if (std::find(groups.begin(), groups.end(), true) != groups.end())
        table.middleRows(*columns.first_group, design.groups) =
            GroupSummary(design, quadrature, summary,
                         deviations ? GroupQuantity::deviations : GroupQuantity::means)
                .table(groups);
    }
    if (columns.sigma && is_chosen(*columns.sigma)) table.row(*columns.sigma) = summary.sigma();
    if (columns.tau && is_chosen(*columns.tau)) table.row(*columns.tau) = summary.tau();
    if (chosen.size() > static_cast<std::size_t>(parsed.variables) && chosen.back())
      table.row(parsed.variables) = summary.icc();
  }
  return out;
}
