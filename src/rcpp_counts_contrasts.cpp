// R's entry points to comparisons of groups of a model of counts. `order`, `record`: see rcpp_counts_summary.cpp.
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "core/exact/count_contrasts.hpp"
#include "core/exact/count_shrinkage.hpp"
#include "count_problem.h"
#include "parallel.h"

using namespace bayespool;

// Coefficients of groups `first` minus those of groups `second` (from 0), on the scale of the link: mean, sd, lower, upper, and the
// probability that the difference is positive.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_counts_contrasts(const Rcpp::List& problem, double order,
                                         const Rcpp::NumericVector& record,
                                         const std::vector<int>& first,
                                         const std::vector<int>& second, double probability,
                                         bool shortest, int cores) {
  const CountProblem parsed(problem);
  const CountQuadrature quadrature = count_quadrature(parsed, order, record, interrupt_check());
  const CountContrasts contrasts(quadrature);
  const std::vector<Index>& class_of = quadrature.posterior().classes().class_of;
  // Pairs of groups that are alike have the same row.
  std::map<std::pair<Index, Index>, std::vector<int>> rows;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const auto of = [&](int group) { return class_of[static_cast<std::size_t>(group)]; };
    rows[{of(first[i]), of(second[i])}].push_back(static_cast<int>(i));
  }
  const std::vector<std::pair<std::pair<Index, Index>, std::vector<int>>> pairs(rows.begin(),
                                                                                rows.end());
  Rcpp::NumericMatrix out(static_cast<int>(first.size()), 5);
  Eigen::Map<MatrixXd> table(out.begin(), out.nrow(), 5);
  run_in_parallel(
      static_cast<int>(pairs.size()), cores, [&](int i, const std::function<void()>& check) {
        check();
        const auto& [classes, own] = pairs[static_cast<std::size_t>(i)];
        const CountContrast found = contrasts.difference(
            classes.first, classes.second, parsed.columns.less, {probability, shortest});
        for (int row : own)
          table.row(row) << found.mean, found.sd, found.lower, found.upper, found.above;
      });
  return out;
}

// The shrinkage of each group (see CountShrinkage): mean, sd, lower, upper.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_counts_shrinkage(const Rcpp::List& problem, double order,
                                         const Rcpp::NumericVector& record, double probability,
                                         bool shortest, int cores) {
  const CountProblem parsed(problem);
  const CountQuadrature quadrature = count_quadrature(parsed, order, record, interrupt_check());
  const CountShrinkage shrinkage(quadrature);
  const CountClasses& classes = quadrature.posterior().classes();
  SummaryColumns wanted;
  const double outside = 0.5 * (1 - probability);
  if (shortest)
    wanted.shortest = probability;
  else
    wanted.probabilities = {{outside, 1 - outside}, {1 - outside, outside}};
  MatrixXd by_class(classes.count(), 4);
  run_in_parallel(static_cast<int>(classes.count()), cores,
                  [&](int c, const std::function<void()>& check) {
                    check();
                    by_class.row(c) = shrinkage.row(c, wanted);
                  });
  const int groups = static_cast<int>(classes.class_of.size());
  Rcpp::NumericMatrix out(groups, 4);
  Eigen::Map<MatrixXd> table(out.begin(), groups, 4);
  for (int j = 0; j < groups; ++j)
    table.row(j) = by_class.row(classes.class_of[static_cast<std::size_t>(j)]);
  return out;
}
