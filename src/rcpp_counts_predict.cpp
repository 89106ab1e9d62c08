// R's entry points to predictions of counts: their distributions by quadrature, or over draws of theta. `order`, `record`: see
// rcpp_counts_summary.cpp.
#include <cmath>
#include <functional>
#include <vector>

#include "core/exact/count_marginals.hpp"
#include "core/exact/count_predictive.hpp"
#include "core/numerics/whole_interval.hpp"
#include "count_problem.h"
#include "parallel.h"

using namespace bayespool;

namespace {

double poisson_below(double k, double exposure, double theta) {
  return R::ppois(k, exposure * std::exp(theta), 1, 0);
}

// Of the rarer of success and failure.
double binomial_below(double k, double trials, double theta) {
  const double e = std::exp(-std::abs(theta)), rare = e / (1 + e);
  return theta > 0 ? R::pbinom(trials - k - 1, trials, rare, 0, 0)
                   : R::pbinom(k, trials, rare, 1, 0);
}

CountPredictive predictive_of(ThetaMixture mixture, CountFamily family) {
  return {std::move(mixture), family,
          family == CountFamily::poisson ? poisson_below : binomial_below};
}

// mean, sd, lower, upper of a count.
Eigen::RowVector4d row_of(CountPredictive& predictive, double size, bool poisson,
                          IntervalKind kind) {
  const auto below = [&](double k) { return predictive.below(k, size); };
  WholeNumbers<decltype(below)> counts(below, poisson && size > 0 ? HUGE_VAL : size);
  const Interval ends = counts.interval(kind);
  return {predictive.mean(size), predictive.sd(size), ends.lower, ends.upper};
}

// `group` from 0, -1 for a new one, -2 for the population.
CountRow count_row(const MatrixXd& x, int i, int group, const CountClasses& classes) {
  return {x.row(i).transpose(),
          group < 0 ? group : classes.class_of[static_cast<std::size_t>(group)]};
}

}  // namespace

// For each row of `x` the count of another observation there with this `size`, trials or exposure: mean, sd, lower, upper. `group`: see
// count_row().
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_counts_predictions(
    const Rcpp::List& problem, double order, const Rcpp::NumericVector& record,
    const Rcpp::NumericMatrix& x, const std::vector<int>& group, const std::vector<double>& size,
    double probability, bool shortest, int cores) {
  const CountProblem parsed(problem);
  const CountQuadrature quadrature = count_quadrature(parsed, order, record, interrupt_check());
  const CountMarginals marginals(quadrature);
  const CountClasses& classes = quadrature.posterior().classes();
  const MatrixXd predictors = matrix_from(x);
  Rcpp::NumericMatrix out(static_cast<int>(predictors.rows()), 4);
  Eigen::Map<MatrixXd> table(out.begin(), predictors.rows(), 4);
  const CountFamily family = parsed.data.family;
  run_in_parallel(out.nrow(), cores, [&](int i, const std::function<void()>& check) {
    check();
    const std::size_t row = static_cast<std::size_t>(i);
    CountPredictive predictive = predictive_of(
        marginals.mixture(count_row(predictors, i, group[row], classes)), family);
    table.row(i) =
        row_of(predictive, size[row], family == CountFamily::poisson, {probability, shortest});
  });
  return out;
}

// log P(count = k) of another observation in each row, given all data; `size` is that of an observation among these.
// [[Rcpp::export]]
Rcpp::NumericVector cpp_counts_log_predictive(const Rcpp::List& problem, double order,
                                              const Rcpp::NumericVector& record,
                                              const Rcpp::NumericMatrix& x,
                                              const std::vector<int>& group,
                                              const std::vector<double>& events,
                                              const std::vector<double>& size, int cores) {
  const CountProblem parsed(problem);
  const CountQuadrature quadrature = count_quadrature(parsed, order, record, interrupt_check());
  const CountMarginals marginals(quadrature);
  const CountClasses& classes = quadrature.posterior().classes();
  const MatrixXd predictors = matrix_from(x);
  Rcpp::NumericVector out(static_cast<R_xlen_t>(group.size()));
  double* const values = out.begin();
  run_in_parallel(static_cast<int>(group.size()), cores,
                  [&](int i, const std::function<void()>& check) {
                    check();
                    const std::size_t row = static_cast<std::size_t>(i);
                    values[i] = predictive_of(marginals.mixture(count_row(predictors, i, group[row],
                                                                          classes)),
                                              parsed.data.family)
                                    .log_probability(events[row], size[row]);
                  });
  return out;
}

// The same as cpp_counts_predictions() over draws of theta (draws x rows).
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix cpp_counts_predictions_of_draws(const Rcpp::NumericMatrix& theta,
                                                    const std::vector<double>& size, bool poisson,
                                                    double probability, bool shortest) {
  Rcpp::NumericMatrix out(theta.ncol(), 4);
  Eigen::Map<MatrixXd> table(out.begin(), out.nrow(), 4);
  const MatrixXd draws = matrix_from(theta);
  const std::function<void()> check = interrupt_check();
  for (int i = 0; i < theta.ncol(); ++i) {
    check();
    const Eigen::ArrayXd weight =
        Eigen::ArrayXd::Constant(draws.rows(), 1 / static_cast<double>(draws.rows()));
    CountPredictive predictive =
        predictive_of({{draws.col(i).array(), weight, HUGE_VAL}},
                      poisson ? CountFamily::poisson : CountFamily::binomial);
    table.row(i) =
        row_of(predictive, size[static_cast<std::size_t>(i)], poisson, {probability, shortest});
  }
  return out;
}
