// R's entry points to NUTS: chains, their coordinates, and the log density for tests of its gradient.
#include <RcppThread.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/nuts/crossed_density.hpp"
#include "core/nuts/effect_density.hpp"
#include "core/nuts/group_counts_likelihood.hpp"
#include "core/nuts/hierarchical_density.hpp"
#include "core/nuts/joint_density.hpp"
#include "core/nuts/normal_likelihood.hpp"
#include "core/nuts/nuts_chain.hpp"
#include "core/nuts/sampled_density.hpp"
#include "count_problem.h"
#include "effect_problem.h"
#include "parallel.h"
#include "problem.h"

using namespace bayespool;

namespace {

// Streams of NUTS differ from those of independent draws, whose purpose is a group's position.
constexpr std::uint64_t nuts_purpose = std::uint64_t{1} << 63;

std::unique_ptr<SampledDensity> density_of(const Rcpp::List& problem, bool centered) {
  const Parameterization form =
      centered ? Parameterization::centered : Parameterization::noncentered;
  if (problem.inherits("effect_problem")) {
    const EffectProblem parsed(problem);
    if (parsed.levels)
      return std::make_unique<CrossedDensity>(parsed.data, *parsed.levels, parsed.coefficients,
                                              parsed.priors, form, parsed.columns);
    return std::make_unique<EffectDensity>(parsed.data, parsed.coefficients, parsed.priors, form,
                                           parsed.columns);
  }
  if (problem.inherits("count_problem")) {
    const CountProblem parsed(problem);
    const CountColumns& columns = parsed.columns;
    return std::make_unique<HierarchicalDensity<GroupCountsLikelihood>>(
        GroupCountsLikelihood(parsed.data, parsed.intercept(), parsed.log_constant),
        parsed.priors.coefficients, parsed.intercept(), ScalePrior("degenerate", {1}),
        parsed.priors.tau, form,
        DrawColumns{columns.coefficients, columns.first_group, std::nullopt, columns.tau});
  }
  const Problem parsed(problem);
  using PartDensity = HierarchicalDensity<NormalLikelihood>;
  std::vector<PartDensity> parts;
  for (const Part& part : parsed.parts)
    parts.emplace_back(NormalLikelihood(part.data), parsed.coefficients, part.data.direction,
                       parsed.scales.sigma, parsed.scales.tau, form, part.columns);
  return std::make_unique<JointDensity<PartDensity>>(std::move(parts));
}

const char* name_of(SampledCoordinate::Kind kind) {
  switch (kind) {
    case SampledCoordinate::Kind::coefficient:
      return "coefficient";
    case SampledCoordinate::Kind::group:
      return "group";
    case SampledCoordinate::Kind::sigma:
      return "sigma";
    case SampledCoordinate::Kind::tau:
      return "tau";
    default:
      return "correlation";
  }
}

const char* name_of(SampledCoordinate::Scale scale) {
  switch (scale) {
    case SampledCoordinate::Scale::natural:
      return "natural";
    case SampledCoordinate::Scale::standardised:
      return "standardised";
    case SampledCoordinate::Scale::log:
      return "log";
    case SampledCoordinate::Scale::logit:
      return "logit";
    case SampledCoordinate::Scale::atanh:
      return "atanh";
    default:
      return "atanh_partial";
  }
}

}  // namespace

// The coordinates in which NUTS moves, in their order, as columns: `kind` (coefficient, group, sigma, tau, correlation), `index` (which of
// that kind, from 1, groups by directions or factors), `scale` (natural, standardised, log, logit, atanh, atanh_partial), `part` (from 1: the
// group, where each is a problem of its own).
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_nuts_coordinates(const Rcpp::List& problem, bool centered) {
  const std::vector<SampledCoordinate> coordinates = density_of(problem, centered)->coordinates();
  const R_xlen_t size = static_cast<R_xlen_t>(coordinates.size());
  Rcpp::CharacterVector kind(size), scale(size);
  Rcpp::IntegerVector index(size), part(size);
  for (R_xlen_t i = 0; i < size; ++i) {
    const SampledCoordinate& coordinate = coordinates[static_cast<std::size_t>(i)];
    kind[i] = name_of(coordinate.kind);
    scale[i] = name_of(coordinate.scale);
    index[i] = static_cast<int>(coordinate.index) + 1;
    part[i] = static_cast<int>(coordinate.part) + 1;
  }
  return Rcpp::List::create(Rcpp::_["kind"] = kind, Rcpp::_["index"] = index,
                            Rcpp::_["scale"] = scale, Rcpp::_["part"] = part);
}

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
  const int iterations = options.warmup + options.sampling;
  const int skipped = save_warmup ? 0 : options.warmup, kept = iterations - skipped;
  const Index rows = static_cast<Index>(kept) * chains;
  Rcpp::NumericMatrix draws(Rcpp::no_init(rows, Rcpp::as<int>(problem["variables"])));
  Rcpp::NumericMatrix diagnostics(Rcpp::no_init(rows, static_cast<int>(Transition::names.size())));
  Rcpp::colnames(diagnostics) =
      Rcpp::CharacterVector(Transition::names.begin(), Transition::names.end());
  const std::unique_ptr<const SampledDensity> density =
      density_of(problem, Rcpp::as<bool>(control["centered"]));
  Rcpp::NumericVector step_size(chains);
  Rcpp::NumericMatrix inverse_metric(Rcpp::no_init(density->dimension(), chains));
  double *const first_draw = draws.begin(), *const first_diagnostic = diagnostics.begin(),
                *const steps = step_size.begin(), *const metrics = inverse_metric.begin();

  // Shows itself after a second; its last step is left to the end, so that short runs show nothing.
  RcppThread::ProgressBar bar(static_cast<std::size_t>(iterations) * chains + 1, 1);
  const auto start = std::chrono::steady_clock::now();
  run_in_parallel(chains, cores, [&](int chain, const std::function<void()>& check_interrupt) {
    const std::unique_ptr<SampledDensity> own = density->copy();
    RandomStream random(static_cast<std::uint64_t>(seed), nuts_purpose, chain);
    const auto record = [&](int iteration, const VectorXd& position, const Transition& transition) {
      if (progress) ++bar;
      if (iteration < skipped) return;
      const Index row = static_cast<Index>(chain) * kept + iteration - skipped;
      own->store(position, first_draw + row, rows);
      const auto values = transition.values();
      for (std::size_t k = 0; k < values.size(); ++k)
        first_diagnostic[row + static_cast<Index>(k) * rows] = values[k];
    };
    const NutsAdaptation adapted =
        run_chain(std::ref(*own), own->centre(), own->unit(), own->scale(), options, random,
                  check_interrupt, record);
    steps[chain] = adapted.step_size;
    std::copy_n(adapted.inverse_metric.data(), own->dimension(),
                metrics + chain * own->dimension());
  });
  if (progress && std::chrono::steady_clock::now() - start > std::chrono::seconds(1)) ++bar;
  return Rcpp::List::create(Rcpp::_["draws"] = draws, Rcpp::_["diagnostics"] = diagnostics,
                            Rcpp::_["step_size"] = step_size,
                            Rcpp::_["inverse_metric"] = inverse_metric);
}

// The log density of the coordinates that NUTS samples, its gradient, and where chains start and with which metric.
// [[Rcpp::export]]
Rcpp::List cpp_log_density(const Rcpp::List& problem, bool centered,
                           const Rcpp::NumericVector& coordinates) {
  const std::unique_ptr<SampledDensity> density = density_of(problem, centered);
  const VectorXd q = vector_from(coordinates);
  VectorXd gradient(q.size());
  const double log_density = (*density)(q, gradient);
  return Rcpp::List::create(
      Rcpp::_["log_density"] = log_density, Rcpp::_["gradient"] = to_r(gradient),
      Rcpp::_["centre"] = to_r(density->centre()), Rcpp::_["unit"] = to_r(density->unit()),
      Rcpp::_["scale"] = to_r(density->scale()));
}
