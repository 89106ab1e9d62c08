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

// Calls f(i, distribution of the row) for all rows i: those of one mixture share that, and are one job. A mixture has a row of `x` and a
// `group` (from 0, -1 for a new one, -2 for the population).
template <class F>
void for_mixtures(const CountProblem& problem, const CountQuadrature& quadrature,
                  const Rcpp::NumericMatrix& x, const std::vector<int>& group,
                  const std::vector<int>& mixture, int cores, F f) {
  const CountMarginals marginals(quadrature);
  const CountClasses& classes = quadrature.posterior().classes();
  const MatrixXd predictors = matrix_from(x);
  std::vector<std::vector<std::size_t>> rows(group.size());
  for (std::size_t i = 0; i < mixture.size(); ++i)
    rows[static_cast<std::size_t>(mixture[i])].push_back(i);
  run_in_parallel(
      static_cast<int>(group.size()), cores, [&](int m, const std::function<void()>& check) {
        const int code = group[static_cast<std::size_t>(m)];
        const Index of = code < 0 ? code : classes.class_of[static_cast<std::size_t>(code)];
        CountPredictive predictive = predictive_of(
            marginals.mixture({predictors.row(m).transpose(), of}), problem.data.family);
        for (const std::size_t i : rows[static_cast<std::size_t>(m)]) {
          check();
          f(i, predictive);
        }
      });
}

}  // namespace

// The count of another observation with each `size`, trials or exposure, in a row of its `mixture` (see for_mixtures()): mean, sd, lower,
// upper.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_counts_predictions(
    const Rcpp::List& problem, double order, const Rcpp::NumericVector& record,
    const Rcpp::NumericMatrix& x, const std::vector<int>& group, const std::vector<int>& mixture,
    const std::vector<double>& size, double probability, bool shortest, int cores) {
  const CountProblem parsed(problem);
  const CountQuadrature quadrature = count_quadrature(parsed, order, record, interrupt_check());
  Rcpp::NumericMatrix out(static_cast<int>(size.size()), 4);
  Eigen::Map<MatrixXd> table(out.begin(), out.nrow(), 4);
  const bool poisson = parsed.data.family == CountFamily::poisson;
  for_mixtures(parsed, quadrature, x, group, mixture, cores,
               [&](std::size_t i, CountPredictive& predictive) {
                 table.row(static_cast<Index>(i)) =
                     row_of(predictive, size[i], poisson, {probability, shortest});
               });
  return out;
}

// log P(count) of another observation, given all data; `size` is that of an observation among these.
// [[Rcpp::export]]
Rcpp::NumericVector cpp_counts_log_predictive(
    const Rcpp::List& problem, double order, const Rcpp::NumericVector& record,
    const Rcpp::NumericMatrix& x, const std::vector<int>& group, const std::vector<int>& mixture,
    const std::vector<double>& events, const std::vector<double>& size, int cores) {
  const CountProblem parsed(problem);
  const CountQuadrature quadrature = count_quadrature(parsed, order, record, interrupt_check());
  Rcpp::NumericVector out(static_cast<R_xlen_t>(size.size()));
  double* const values = out.begin();
  for_mixtures(parsed, quadrature, x, group, mixture, cores,
               [&](std::size_t i, const CountPredictive& predictive) {
                 values[i] = predictive.log_probability(events[i], size[i]);
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
