// R's entry points to the posterior: checks of the design, evidence, draws, summaries.
#include "convert.h"
#include "core/exact/inversion_sampler.hpp"
#include "core/exact/posterior_summary.hpp"
#include "core/exact/variance_components.hpp"
#include "parallel.h"

using namespace bayespool;

// Rank, collinear columns and exact fits, from which R decides whether the posterior exists.
// [[Rcpp::export]]
Rcpp::List cpp_check_design(const Rcpp::List& problem) {
  const CoefficientPriors priors = coefficient_priors_from(problem);
  Rcpp::List result;
  for (const GroupedData& data : split_problem(problem)) {
    const Design design(data, priors);
    Rcpp::LogicalVector aliased(priors.mean.size(), false);
    for (Index i = 0; i < design.free_count(); ++i)
      aliased[design.free[i]] = design.total_fit.aliased(i);
    result.push_back(Rcpp::List::create(
        Rcpp::_["rank"] = static_cast<int>(design.total_fit.rank), Rcpp::_["aliased"] = aliased,
        Rcpp::_["exact_fit"] = design.total_fit.exact_fit,
        Rcpp::_["within_rank"] = static_cast<int>(design.within_fit.rank),
        Rcpp::_["within_exact_fit"] = design.within_fit.exact_fit));
  }
  return result;
}

// The log evidence and `draws` draws (a matrix, one column a parameter).
// [[Rcpp::export]]
Rcpp::List cpp_sample(const Rcpp::List& problem, int draws, double seed, int cores) {
  const CoefficientPriors priors = coefficient_priors_from(problem);
  const ScalePrior sigma_prior = scale_prior_from(problem["sigma_prior"]),
                   tau_prior = scale_prior_from(problem["tau_prior"]);
  const MomentOrders orders = moment_orders_from(problem);
  const std::function<void()> check_interrupt = interrupt_check();
  Rcpp::NumericMatrix out(Rcpp::no_init(draws, Rcpp::as<int>(problem["parameters"])));
  double log_evidence = 0;
  int part = 0;
  for (const GroupedData& data : split_problem(problem)) {
    const Design design(data, priors);
    const Quadrature quadrature(design, sigma_prior, tau_prior, orders, draws == 0,
                                check_interrupt);
    log_evidence += quadrature.log_evidence();
    const InversionSampler sampler(design, quadrature, columns_of_part(problem, part),
                                   static_cast<std::uint64_t>(seed),
                                   static_cast<std::uint64_t>(part));
    const int chunks = static_cast<int>(InversionSampler::chunk_count(draws));
    double* const first = draws > 0 ? out.begin() : nullptr;
    run_in_parallel(chunks, cores, [&](int chunk, const std::function<void()>& check) {
      check();
      sampler.draw_chunk(chunk, draws, first);
    });
    ++part;
  }
  return Rcpp::List::create(Rcpp::_["log_evidence"] = log_evidence, Rcpp::_["draws"] = out);
}

// One row a parameter in the order of the draws (then the icc, where there is one): mean, sd, quantiles. `deviations`:
// of the group means from the population part, in the place of the group means. `memory`: bytes for what is kept at the nodes.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_summary(const Rcpp::List& problem, const std::vector<double>& probabilities,
                                bool icc, bool deviations, double memory) {
  const CoefficientPriors priors = coefficient_priors_from(problem);
  const ScalePrior sigma_prior = scale_prior_from(problem["sigma_prior"]),
                   tau_prior = scale_prior_from(problem["tau_prior"]);
  const std::function<void()> check_interrupt = interrupt_check();
  const int parameters = Rcpp::as<int>(problem["parameters"]);
  Rcpp::NumericMatrix out(parameters + icc, 2 + static_cast<int>(probabilities.size()));
  Eigen::Map<MatrixXd> table(out.begin(), out.nrow(), out.ncol());
  int part = 0;
  for (const GroupedData& data : split_problem(problem)) {
    Design design(data, priors);
    if (deviations) design.summarise_deviations();
    const Quadrature quadrature(design, sigma_prior, tau_prior, moment_orders_from(problem), false,
                                check_interrupt);
    const PosteriorSummary summary(design, quadrature, probabilities, {memory, check_interrupt});
    const DrawColumns columns = columns_of_part(problem, part++);
    const MatrixXd coefficients = summary.coefficients();
    for (std::size_t k = 0; k < columns.coefficients.size(); ++k)
      if (columns.coefficients[k] >= 0) table.row(columns.coefficients[k]) = coefficients.row(k);
    if (columns.first_group >= 0)
      table.middleRows(columns.first_group, design.groups) = summary.groups();
    if (columns.sigma >= 0) table.row(columns.sigma) = summary.sigma();
    if (columns.tau >= 0) table.row(columns.tau) = summary.tau();
    if (icc) table.row(parameters) = summary.icc();
  }
  return out;
}

// Rows tau^2, sigma^2 and tau^2 / (tau^2 + sigma^2): mean, sd, ends of the shortest interval that holds `probability`.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_variance_components(const Rcpp::List& problem, double probability) {
  const std::function<void()> check_interrupt = interrupt_check();
  const Design design(grouped_data_from(problem), coefficient_priors_from(problem));
  const Quadrature quadrature(design, scale_prior_from(problem["sigma_prior"]),
                              scale_prior_from(problem["tau_prior"]), moment_orders_from(problem),
                              false, check_interrupt);
  const VarianceComponents components(quadrature, probability);
  Rcpp::NumericMatrix out(3, 4);
  Eigen::Map<MatrixXd> table(out.begin(), 3, 4);
  table.row(0) = components.between();
  table.row(1) = components.within();
  table.row(2) = components.share_between();
  return out;
}

// The log density of the prior of a standard deviation at `values`, normalised on (0, inf).
// [[Rcpp::export]]
Rcpp::NumericVector cpp_log_scale_prior(const Rcpp::List& prior, Rcpp::NumericVector values) {
  const ScalePrior density = scale_prior_from(prior);
  Rcpp::NumericVector out(Rcpp::no_init(values.size()));
  std::transform(values.begin(), values.end(), out.begin(),
                 [&](double value) { return density.log_density(value); });
  return out;
}
