// R's entry points to a fit of a model of counts: quadrature, evidence, draws. `order`: see count_quadrature().
#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "count_problem.h"
#include "parallel.h"

using namespace bayespool;

// `log_evidence`; `error`, about that of means in sds and of the evidence; `nodes` and `edge`; `record`, what the quadrature found, for the
// functions that take it; `draws` (a matrix, one column a variable).
// [[Rcpp::export]]
Rcpp::List cpp_counts_fit(const Rcpp::List& problem, double order, int draws, double seed,
                          int cores) {
  const CountProblem parsed(problem);
  const CountQuadrature quadrature(parsed.data, parsed.priors, order, interrupt_check());
  Rcpp::NumericMatrix out(Rcpp::no_init(draws, parsed.variables));
  if (draws > 0) {
    const CountSampler sampler(quadrature, parsed.columns, static_cast<std::uint64_t>(seed));
    const int chunks = static_cast<int>(CountSampler::chunk_count(draws));
    std::vector<double> greatest(static_cast<std::size_t>(chunks));
    for (double bound = CountSampler::first_bound;;) {
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
      Rcpp::_["log_evidence"] = quadrature.log_evidence() + parsed.log_constant,
      Rcpp::_["error"] = quadrature.error(),
      Rcpp::_["nodes"] = static_cast<double>(quadrature.rule().nodes.size()),
      Rcpp::_["edge"] = quadrature.rule().edge, Rcpp::_["record"] = Rcpp::wrap(record.numbers()),
      Rcpp::_["draws"] = out);
}

// The log evidence alone.
// [[Rcpp::export]]
double cpp_counts_evidence(const Rcpp::List& problem, double order) {
  const CountProblem parsed(problem);
  return CountQuadrature(parsed.data, parsed.priors, order, interrupt_check()).log_evidence() +
         parsed.log_constant;
}
