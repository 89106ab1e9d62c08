// R's entry points to a fit of a model whose groups have several effects: quadrature, evidence, draws.
#include <algorithm>

#include "effect_problem.h"
#include "parallel.h"

using namespace bayespool;

// `log_evidence`; `error`, about that of means in sds and of the evidence; `nodes`, `evaluations` and `edge`; `record`, what the quadrature
// found, for the functions that take it; `draws` (a matrix, one column a variable).
// [[Rcpp::export]]
Rcpp::List cpp_effects_fit(const Rcpp::List& problem, const Rcpp::NumericVector& orders, int draws,
                           double seed, int cores) {
  const EffectProblem parsed(problem);
  const std::unique_ptr<const MixedDesign> design = parsed.design();
  const EffectQuadrature quadrature(*design, parsed.priors, effect_orders(orders),
                                    interrupt_check());
  Rcpp::NumericMatrix out(Rcpp::no_init(draws, parsed.variables));
  if (draws > 0) {
    const EffectSampler sampler(quadrature, parsed.columns, static_cast<std::uint64_t>(seed));
    const int chunks = static_cast<int>(EffectSampler::chunk_count(draws));
    std::vector<double> greatest(static_cast<std::size_t>(chunks));
    for (double bound = EffectSampler::first_bound;;) {
      run_in_parallel(chunks, cores, [&](int chunk, const std::function<void()>& check) {
        check();
        greatest[static_cast<std::size_t>(chunk)] =
            sampler.draw_chunk(chunk, draws, bound, out.begin());
      });
      const double met = *std::max_element(greatest.begin(), greatest.end());
      if (!(met > bound)) break;
      bound = 1.1 * met;
    }
  }
  RecordWriter record;
  quadrature.write(record);
  return Rcpp::List::create(
      Rcpp::_["log_evidence"] = quadrature.log_evidence(), Rcpp::_["error"] = quadrature.error(),
      Rcpp::_["nodes"] = static_cast<double>(quadrature.rule().nodes.size()),
      Rcpp::_["edge"] = quadrature.rule().edge, Rcpp::_["record"] = Rcpp::wrap(record.numbers()),
      Rcpp::_["draws"] = out);
}

// The log evidence alone.
// [[Rcpp::export]]
double cpp_effects_evidence(const Rcpp::List& problem, const Rcpp::NumericVector& orders) {
  const EffectProblem parsed(problem);
  const std::unique_ptr<const MixedDesign> design = parsed.design();
  return EffectQuadrature(*design, parsed.priors, effect_orders(orders), interrupt_check())
      .log_evidence();
}

// log of the joint density of the data and the coordinates at `x` (and that of sigma, `u`, where it has a line; else NA), to be compared
// with other computations.
// [[Rcpp::export]]
double cpp_effects_log_density(const Rcpp::List& problem, const std::vector<double>& x, double u) {
  const EffectProblem parsed(problem);
  const std::unique_ptr<const MixedDesign> design = parsed.design();
  EffectPosterior posterior(*design, parsed.priors);
  posterior.move(x.data());
  return posterior.sigma_on_line() ? posterior.log_density(u) : posterior.log_density();
}

// What the data determine: `exact_fit`, `rank` and `aliased` (of the coefficients that are not fixed) of least squares on all rows;
// `within_exact_fit` and `within_rank` of what is left beside the directions of each group, or the levels of both factors; `effect_rank`,
// of these directions, summed over the groups, or of the levels; `full_rank`, whether all groups have information in all of them.
// [[Rcpp::export]]
Rcpp::List cpp_effects_check(const Rcpp::List& problem) {
  const EffectProblem parsed(problem);
  double rank = 0;
  bool full_rank = true;
  const auto result = [&](const LeastSquares& all, const LeastSquares& within) {
    return Rcpp::List::create(
        Rcpp::_["exact_fit"] = all.exact_fit, Rcpp::_["rank"] = static_cast<double>(all.rank),
        Rcpp::_["aliased"] =
            Rcpp::LogicalVector(all.aliased.data(), all.aliased.data() + all.aliased.size()),
        Rcpp::_["within_exact_fit"] = within.exact_fit,
        Rcpp::_["within_rank"] = static_cast<double>(within.rank), Rcpp::_["effect_rank"] = rank,
        Rcpp::_["full_rank"] = full_rank);
  };
  if (parsed.levels) {
    const CrossedDesign design(parsed.data, *parsed.levels, parsed.coefficients);
    rank = design.level_rank();
    return result(design.pooled().total_fit, LeastSquares(design.rest()));
  }
  const EffectDesign design(parsed.data, parsed.coefficients);
  for (const EffectClass& c : design.classes) {
    rank += c.count * static_cast<double>(c.r.rows());
    full_rank = full_rank && c.r.rows() == design.effects();
  }
  return result(design.pooled().total_fit, LeastSquares(design.within));
}
