// R's entry points to predictions: matrices with one row a draw and one column a row of data, or quantiles of them.
#include <Rcpp.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/predict/count_outcome.hpp"
#include "core/predict/linear_predictor.hpp"
#include "core/predict/normal_outcome.hpp"
#include "core/predict/outcome.hpp"
#include "core/predict/predictive.hpp"
#include "parallel.h"

using namespace bayespool;

namespace {

// Streams of predictions, apart from those of the draws of a fit.
constexpr std::uint64_t prediction_purpose = std::uint64_t{1} << 62;
constexpr std::uint64_t noise_purpose = prediction_purpose,
                        new_group_purpose = prediction_purpose + 1,
                        chosen_purpose = prediction_purpose + 2;

// As R counts groups, from 1 and NA for the population, or as the core does.
template <class Codes>
std::vector<Index> groups_from(const Codes& codes) {
  std::vector<Index> groups;
  groups.reserve(static_cast<std::size_t>(codes.size()));
  for (const int code : codes) groups.push_back(code == NA_INTEGER ? -1 : code - 1);
  return groups;
}

std::unique_ptr<const Outcome> outcome_from(const std::string& family) {
  if (family == "binomial") return std::make_unique<CountOutcome>(CountFamily::binomial);
  if (family == "poisson") return std::make_unique<CountOutcome>(CountFamily::poisson);
  return std::make_unique<NormalOutcome>();
}

// See prediction_task() in R.
Predictive predictive_from(const Rcpp::List& task) {
  const std::uint64_t seed = static_cast<std::uint64_t>(Rcpp::as<double>(task["seed"]));
  const Rcpp::NumericVector draws = task["draws"];
  ParameterDraws parameters;
  parameters.total = Rcpp::as<int>(task["draws_in_all"]);
  const auto column = [&](const char* name) -> const double* {
    const int position = Rcpp::as<int>(task[name]);
    return position == NA_INTEGER ? nullptr : draws.begin() + position * parameters.total;
  };
  parameters.population = column("population");
  parameters.slopes = column("slopes");
  parameters.sigma = column("sigma");
  parameters.known_sigma = Rcpp::as<double>(task["known_sigma"]);
  parameters.tau = column("tau");
  parameters.correlation = column("correlation");
  parameters.slope_count = Rcpp::as<int>(task["slope_count"]);
  parameters.directions.clear();
  for (const int position : Rcpp::IntegerVector(task["directions"]))
    parameters.directions.push_back(position == NA_INTEGER ? std::nullopt
                                                           : std::optional<Index>(position));
  parameters.separate = Rcpp::as<bool>(task["separate"]);
  const Index count = Rcpp::as<int>(task["draws_wanted"]);
  if (count < parameters.total)
    parameters.chosen = choose_draws(parameters.total, count, seed, chosen_purpose);

  const Rcpp::NumericMatrix x = task["x"];
  PredictionRows rows{Eigen::Map<const MatrixXd>(x.begin(), x.nrow(), x.ncol()),
                      groups_from(Rcpp::IntegerVector(task["group"])),
                      Rcpp::as<int>(task["known_groups"]),
                      Rcpp::as<std::vector<double>>(task["noise"])};
  const Rcpp::IntegerVector groups = task["groups"];
  const auto of_factor = [&](R_xlen_t factor) -> const double* {
    return groups[factor] == NA_INTEGER ? nullptr
                                        : draws.begin() + groups[factor] * parameters.total;
  };
  if (groups.size() == 1) {
    parameters.groups = of_factor(0);
  } else {
    const Rcpp::IntegerMatrix levels = task["levels"];
    for (int factor = 0; factor < levels.ncol(); ++factor) {
      parameters.deviations.push_back(of_factor(factor));
      rows.levels.push_back(groups_from(levels.column(factor)));
    }
    rows.known_levels = Rcpp::as<std::vector<Index>>(task["known_levels"]);
  }
  return Predictive(
      outcome_from(Rcpp::as<std::string>(task["family"])),
      LinearPredictor(std::move(parameters), std::move(rows), seed, new_group_purpose), seed,
      noise_purpose);
}

// What is written of the rows at positions first, ..., last - 1.
using RowTask = std::function<void(const Predictive& predictive, Index first, Index last)>;

// Of all rows, a few at a time.
void for_rows(const Rcpp::List& task, const RowTask& run) {
  const Predictive predictive = predictive_from(task);
  const Index size = predictive.rows_a_task(), rows = predictive.rows();
  run_in_parallel(static_cast<int>((rows + size - 1) / size), Rcpp::as<int>(task["cores"]),
                  [&](int i, const std::function<void()>& check_interrupt) {
                    check_interrupt();
                    run(predictive, i * size, std::min(rows, (i + 1) * size));
                  });
}

// Draws by rows: `fill` writes the columns of some rows.
using Fill =
    std::function<void(const Predictive& predictive, Index first, Index last, double* out)>;

Rcpp::NumericMatrix draws_by_rows(const Rcpp::List& task, const Fill& fill) {
  const Rcpp::IntegerVector group = task["group"];
  Rcpp::NumericMatrix out(
      Rcpp::no_init(Rcpp::as<int>(task["draws_wanted"]), static_cast<int>(group.size())));
  double* const to = out.begin();
  for_rows(task, [&](const Predictive& predictive, Index first, Index last) {
    fill(predictive, first, last, to);
  });
  return out;
}

}  // namespace

// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix cpp_posterior_linpred(const Rcpp::List& task) {
  return draws_by_rows(task, [](const Predictive& predictive, Index first, Index last,
                                double* out) { predictive.linear_predictor(first, last, out); });
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix cpp_posterior_epred(const Rcpp::List& task) {
  return draws_by_rows(task, [](const Predictive& predictive, Index first, Index last,
                                double* out) { predictive.expected(first, last, out); });
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix cpp_posterior_predict(const Rcpp::List& task) {
  return draws_by_rows(task, [](const Predictive& predictive, Index first, Index last,
                                double* out) { predictive.predict(first, last, out); });
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix cpp_predictive_error(const Rcpp::List& task, const Rcpp::NumericVector& y) {
  const double* const observed = y.begin();
  return draws_by_rows(task, [=](const Predictive& predictive, Index first, Index last,
                                 double* out) { predictive.error(first, last, observed, out); });
}

// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix cpp_log_lik(const Rcpp::List& task, const Rcpp::NumericVector& y) {
  const double* const observed = y.begin();
  return draws_by_rows(task,
                       [=](const Predictive& predictive, Index first, Index last, double* out) {
                         predictive.log_density(first, last, observed, out);
                       });
}

// Quantiles of predictions: one row a row of data, one column a probability.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix cpp_predictive_quantiles(const Rcpp::List& task,
                                             const std::vector<double>& probabilities) {
  const Rcpp::IntegerVector group = task["group"];
  Rcpp::NumericMatrix out(
      Rcpp::no_init(static_cast<int>(group.size()), static_cast<int>(probabilities.size())));
  double* const to = out.begin();
  for_rows(task, [&](const Predictive& predictive, Index first, Index last) {
    predictive.quantiles(first, last, probabilities, to);
  });
  return out;
}
