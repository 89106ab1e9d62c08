// R's entry points to NUTS: chains, their convergence, and the log density for tests of its gradient.
#include "convert.h"

#include "core/numerics/convergence.hpp"
#include "core/nuts/hierarchical_density.hpp"
#include "core/nuts/nuts_chain.hpp"
#include "parallel.h"

using namespace bayespool;

namespace {

// Streams of NUTS differ from those of independent draws, whose purpose is a group's position.
constexpr std::uint64_t nuts_purpose = std::uint64_t{1} << 63;

std::vector<HierarchicalDensity> densities_from(const Rcpp::List& problem, bool centered) {
  const CoefficientPriors priors = coefficient_priors_from(problem);
  const ScalePrior sigma_prior = scale_prior_from(problem["sigma_prior"]),
                   tau_prior = scale_prior_from(problem["tau_prior"]);
  const Parameterization form =
      centered ? Parameterization::centered : Parameterization::noncentered;
  std::vector<HierarchicalDensity> parts;
  for (const GroupedData& data : split_problem(problem))
    parts.emplace_back(data, priors, sigma_prior, tau_prior, form,
                       columns_of_part(problem, static_cast<int>(parts.size())));
  return parts;
}

// Calls `f` with the density of the problem, whichever class it has.
template <class F>
Rcpp::List with_density(const Rcpp::List& problem, bool centered, F f) {
  std::vector<HierarchicalDensity> parts = densities_from(problem, centered);
  return Rcpp::as<bool>(problem["separate"]) ? f(SeparateDensity(std::move(parts))) : f(parts[0]);
}

template <class Density>
Rcpp::List run_chains(const Density& density, const Rcpp::List& problem, const NutsOptions& options,
                      bool save_warmup, int chains, double seed, int cores, bool progress) {
  const int iterations = options.warmup + options.sampling;
  const int skipped = save_warmup ? 0 : options.warmup, kept = iterations - skipped;
  const Index rows = static_cast<Index>(kept) * chains;
  Rcpp::NumericMatrix draws(Rcpp::no_init(rows, Rcpp::as<int>(problem["parameters"])));
  Rcpp::NumericMatrix diagnostics(Rcpp::no_init(rows, 7));
  Rcpp::NumericVector step_size(chains);
  Rcpp::NumericMatrix inverse_metric(Rcpp::no_init(density.dimension(), chains));
  double *const first_draw = draws.begin(), *const first_diagnostic = diagnostics.begin(),
                *const steps = step_size.begin(), *const metrics = inverse_metric.begin();

  // Shows itself after a second; its last step is left to the end, so that short runs show nothing.
  RcppThread::ProgressBar bar(static_cast<std::size_t>(iterations) * chains + 1, 1);
  const auto start = std::chrono::steady_clock::now();
  const auto run = [&](int chain, const std::function<void()>& check_interrupt) {
    Density own = density;
    RandomStream random(static_cast<std::uint64_t>(seed), nuts_purpose, chain);
    const auto record = [&](int iteration, const VectorXd& position, const Transition& transition) {
      if (progress) ++bar;
      if (iteration < skipped) return;
      const Index row = static_cast<Index>(chain) * kept + iteration - skipped;
      own.store(position, first_draw + row, rows);
      const double values[] = {transition.accept_stat,
                               transition.step_size,
                               static_cast<double>(transition.treedepth),
                               static_cast<double>(transition.n_leapfrog),
                               static_cast<double>(transition.divergent),
                               transition.energy,
                               transition.log_density};
      for (int k = 0; k < 7; ++k) first_diagnostic[row + k * rows] = values[k];
    };
    const NutsAdaptation adapted = run_chain(own, own.centre(), own.unit(), own.scale(), options,
                                             random, check_interrupt, record);
    steps[chain] = adapted.step_size;
    std::copy_n(adapted.inverse_metric.data(), density.dimension(),
                metrics + chain * density.dimension());
  };
  run_in_parallel(chains, cores, run);
  if (progress && std::chrono::steady_clock::now() - start > std::chrono::seconds(1)) ++bar;
  return Rcpp::List::create(Rcpp::_["draws"] = draws, Rcpp::_["diagnostics"] = diagnostics,
                            Rcpp::_["step_size"] = step_size,
                            Rcpp::_["inverse_metric"] = inverse_metric);
}

}  // namespace

// Chains one after the other: `draws` (one column a parameter) and `diagnostics` (bayesplot's six, then the log
// density); `step_size` and `inverse_metric` (one column a chain).
// [[Rcpp::export]]
Rcpp::List cpp_nuts(const Rcpp::List& problem, const Rcpp::List& control, int chains,
                    int iter_warmup, int iter_sampling, double seed, int cores, bool progress) {
  NutsOptions options;
  options.warmup = iter_warmup;
  options.sampling = iter_sampling;
  options.adapt_delta = Rcpp::as<double>(control["adapt_delta"]);
  options.max_treedepth = Rcpp::as<int>(control["max_treedepth"]);
  const bool save_warmup = Rcpp::as<bool>(control["save_warmup"]);
  return with_density(problem, Rcpp::as<bool>(control["centered"]), [&](const auto& density) {
    return run_chains(density, problem, options, save_warmup, chains, seed, cores, progress);
  });
}

// For each variable of an array iterations x chains x variables: R-hat, bulk and tail effective sample size.
// [[Rcpp::export]]
Rcpp::List cpp_convergence(const Rcpp::NumericVector& draws, int iterations, int chains) {
  const R_xlen_t size = static_cast<R_xlen_t>(iterations) * chains, variables = draws.size() / size;
  Rcpp::NumericVector rhat(variables), ess_bulk(variables), ess_tail(variables);
  ConvergenceMeasures measure(iterations, chains);
  const std::function<void()> check_interrupt = interrupt_check();
  for (R_xlen_t k = 0; k < variables; ++k) {
    check_interrupt();
    const Convergence convergence = measure(draws.begin() + k * size);
    rhat[k] = convergence.rhat;
    ess_bulk[k] = convergence.ess_bulk;
    ess_tail[k] = convergence.ess_tail;
  }
  return Rcpp::List::create(Rcpp::_["rhat"] = rhat, Rcpp::_["ess_bulk"] = ess_bulk,
                            Rcpp::_["ess_tail"] = ess_tail);
}

// The log density of the coordinates that NUTS samples, its gradient, and where chains start and with which metric.
// [[Rcpp::export]]
Rcpp::List cpp_log_density(const Rcpp::List& problem, bool centered, const Eigen::VectorXd& q) {
  return with_density(problem, centered, [&](auto density) {
    VectorXd gradient(q.size());
    const double log_density = density(q, gradient);
    return Rcpp::List::create(Rcpp::_["log_density"] = log_density, Rcpp::_["gradient"] = gradient,
                              Rcpp::_["centre"] = density.centre(),
                              Rcpp::_["unit"] = density.unit(), Rcpp::_["scale"] = density.scale());
  });
}
