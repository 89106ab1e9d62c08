// R's entry points to summaries by quadrature of a model of counts. `order`: see count_quadrature(); `record`: what cpp_counts_fit()
// returned, or numeric() to integrate anew.
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/exact/count_marginals.hpp"
#include "count_problem.h"
#include "parallel.h"

using namespace bayespool;

namespace {

double exponential(double x) { return std::exp(x); }
SummaryColumns columns_of(const std::vector<double>& probabilities, double shortest) {
  SummaryColumns wanted;
  for (double p : probabilities) wanted.probabilities.push_back({p, 1 - p});
  wanted.shortest = shortest;
  return wanted;
}

SummaryColumns interval_of(double probability, bool shortest) {
  const double outside = 0.5 * (1 - probability);
  return shortest ? columns_of({}, probability) : columns_of({outside, 1 - outside}, 0);
}

}  // namespace

// One row a variable in the order of the draws, then that of the intraclass correlation, where it is `chosen`: mean, sd, quantiles, and the
// ends of the shortest interval that holds `shortest`, if that is not 0. `scale`: "link"; "deviation", of the groups from x'beta; or
// "response": probabilities or rates, and odds or rate ratios of what is no intercept.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_counts_summary(const Rcpp::List& problem, double order,
                                       const Rcpp::NumericVector& record,
                                       const std::vector<double>& probabilities, double shortest,
                                       const std::vector<bool>& chosen, const std::string& scale,
                                       int cores) {
  const CountProblem parsed(problem);
  const CountQuadrature quadrature = count_quadrature(parsed, order, record, interrupt_check());
  const CountMarginals marginals(quadrature);
  const SummaryColumns wanted = columns_of(probabilities, shortest);
  Rcpp::NumericMatrix out(static_cast<int>(chosen.size()), 2 + static_cast<int>(wanted.count()));
  std::fill(out.begin(), out.end(), R_NaN);
  Eigen::Map<MatrixXd> table(out.begin(), out.nrow(), out.ncol());
  const CountColumns& columns = parsed.columns;
  const auto is_chosen = [&](Index row) { return chosen[static_cast<std::size_t>(row)]; };
  const bool response = scale == "response";

  const Index coefficients = static_cast<Index>(columns.coefficients.size());
  for (Index k = 0; k < coefficients; ++k) {
    const std::optional<Index>& row = columns.coefficients[static_cast<std::size_t>(k)];
    if (!row || !is_chosen(*row)) continue;
    const VectorXd x = VectorXd::Unit(coefficients, k);
    if (response && columns.less(k) > 0) {
      table.row(*row) = marginals.linear(x, exponential, wanted);
    } else {
      const CountRows rows = marginals.linear(x, wanted);
      table.row(*row) = response ? rows.response : rows.link;
    }
  }
  if (columns.tau && is_chosen(*columns.tau)) table.row(*columns.tau) = marginals.tau(wanted);
  if (static_cast<int>(chosen.size()) > parsed.variables && chosen.back())
    table.row(parsed.variables) = marginals.intraclass_correlation(wanted);
  if (!columns.first_group) return out;

  // Groups that are alike have the same row.
  const CountClasses& classes = quadrature.posterior().classes();
  std::vector<std::vector<Index>> members(static_cast<std::size_t>(classes.count()));
  for (std::size_t j = 0; j < classes.class_of.size(); ++j) {
    const Index row = *columns.first_group + static_cast<Index>(j);
    if (is_chosen(row)) members[static_cast<std::size_t>(classes.class_of[j])].push_back(row);
  }
  run_in_parallel(
      static_cast<int>(classes.count()), cores, [&](int c, const std::function<void()>& check) {
        const std::vector<Index>& own = members[static_cast<std::size_t>(c)];
        if (own.empty()) return;
        check();
        Eigen::RowVectorXd row;
        if (response) {
          row = marginals.theta(c, wanted).response;
        } else {
          const VectorXd& x = classes.x_of_class(c);
          const VectorXd less = scale == "deviation" ? x : VectorXd(x.cwiseProduct(columns.less));
          row = less.isZero(0) ? marginals.theta(c, wanted).link
                               : marginals.theta_less(c, less, wanted).link;
        }
        for (Index i : own) table.row(i) = row;
      });
  return out;
}

// Rows tau^2, and for binomial outcomes the intraclass correlation on the scale of log odds: mean, sd, lower, upper.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_counts_variances(const Rcpp::List& problem, double order,
                                         const Rcpp::NumericVector& record, double probability,
                                         bool shortest) {
  const CountProblem parsed(problem);
  const CountQuadrature quadrature = count_quadrature(parsed, order, record, interrupt_check());
  const CountMarginals marginals(quadrature);
  const SummaryColumns wanted = interval_of(probability, shortest);
  Rcpp::NumericMatrix out(2, 4);
  Eigen::Map<MatrixXd> table(out.begin(), 2, 4);
  table.row(0) = marginals.variance(wanted);
  table.row(1) = marginals.intraclass_correlation(wanted);
  return out;
}

// For each row of `x`: theta there, or with `response` the probability or rate; mean, sd, lower, upper. `group` from 0, -1 for a new one,
// -2 for the population's theta, x'beta.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_counts_rows(const Rcpp::List& problem, double order,
                                    const Rcpp::NumericVector& record, const Rcpp::NumericMatrix& x,
                                    const std::vector<int>& group, bool response,
                                    double probability, bool shortest, int cores) {
  const CountProblem parsed(problem);
  const CountQuadrature quadrature = count_quadrature(parsed, order, record, interrupt_check());
  const CountMarginals marginals(quadrature);
  const CountClasses& classes = quadrature.posterior().classes();
  const SummaryColumns wanted = interval_of(probability, shortest);
  const MatrixXd predictors = matrix_from(x);
  Rcpp::NumericMatrix out(static_cast<int>(predictors.rows()), 4);
  Eigen::Map<MatrixXd> table(out.begin(), predictors.rows(), 4);
  run_in_parallel(out.nrow(), cores, [&](int i, const std::function<void()>& check) {
    check();
    const VectorXd row = predictors.row(i).transpose();
    const int code = group[static_cast<std::size_t>(i)];
    CountRows found;
    if (code == -2) {
      found = marginals.linear(row, wanted);
    } else if (code == -1) {
      found = marginals.new_theta(row, wanted);
    } else {
      const Index c = classes.class_of[static_cast<std::size_t>(code)];
      const VectorXd less = classes.x_of_class(c) - row;
      found = less.isZero(0) ? marginals.theta(c, wanted) : marginals.theta_less(c, less, wanted);
    }
    table.row(i) = response ? found.response : found.link;
  });
  return out;
}
