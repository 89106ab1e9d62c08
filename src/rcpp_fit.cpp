// R's entry points to a fit: quadrature, evidence, draws.
#include <algorithm>

#include "core/exact/sampler.hpp"
#include "core/exact/second_look.hpp"
#include "exact.h"
#include "parallel.h"

using namespace bayespool;

namespace {

// All draws of one part, again with a larger bound where a ratio of densities was above it.
void draw_part(const PosteriorSampler& sampler, int draws, int cores, double* out) {
  const int chunks = static_cast<int>(PosteriorSampler::chunk_count(draws));
  std::vector<double> greatest(static_cast<std::size_t>(chunks));
  for (double bound = PosteriorSampler::first_bound;;) {
    run_in_parallel(chunks, cores, [&](int chunk, const std::function<void()>& check) {
      check();
      greatest[static_cast<std::size_t>(chunk)] = sampler.draw_chunk(chunk, draws, bound, out);
    });
    const double met = *std::max_element(greatest.begin(), greatest.end());
    if (!(met > bound)) return;
    bound = 1.1 * met;
  }
}

}  // namespace

// `orders`: the highest moments of sigma and tau that exist and are wanted. `log_evidence`; `missed`, the probability that a
// second look found beyond the nodes (0 where none was needed); `record`, what the quadrature found, for the functions that
// take it; `draws` (a matrix, one column a variable).
// [[Rcpp::export]]
Rcpp::List cpp_fit(const Rcpp::List& problem, const Rcpp::NumericMatrix& orders, int draws,
                   double seed, int cores) {
  const Problem parsed(problem, orders);
  const std::function<void()> check_interrupt = interrupt_check();
  Rcpp::NumericMatrix out(Rcpp::no_init(draws, parsed.variables));
  RecordWriter record;
  double log_evidence = 0, missed = 0;
  std::uint64_t purpose = 0;
  for (const Part& part : parsed.parts) {
    const Design design(part.data, parsed.coefficients);
    const Quadrature quadrature(design, parsed.scales, part.orders,
                                Quadrature::Purpose::distributions, false, check_interrupt);
    log_evidence += quadrature.log_evidence();
    if (quadrature.pieces_far_apart())
      missed = std::max(missed, SecondLook(quadrature).mass_beyond(check_interrupt));
    quadrature.write(record);
    if (draws > 0)
      draw_part(PosteriorSampler(design, quadrature, part.columns, static_cast<std::uint64_t>(seed),
                                 purpose),
                draws, cores, out.begin());
    ++purpose;
  }
  return Rcpp::List::create(Rcpp::_["log_evidence"] = log_evidence, Rcpp::_["missed"] = missed,
                            Rcpp::_["record"] = Rcpp::wrap(record.numbers()),
                            Rcpp::_["draws"] = out);
}

// The log evidence alone.
// [[Rcpp::export]]
double cpp_log_evidence(const Rcpp::List& problem, const Rcpp::NumericMatrix& orders) {
  const Problem parsed(problem, orders);
  const std::function<void()> check_interrupt = interrupt_check();
  double log_evidence = 0;
  for (const Part& part : parsed.parts) {
    const Design design(part.data, parsed.coefficients);
    log_evidence += Quadrature(design, parsed.scales, part.orders, Quadrature::Purpose::evidence,
                               false, check_interrupt)
                        .log_evidence();
  }
  return log_evidence;
}

// To judge a fit by: `log_evidence` and `record` of the same quadrature with half the step everywhere; of the one in `record`
// the number of nodes (`nodes`) and about the mass beyond its ends (`edge_mass`).
// [[Rcpp::export]]
Rcpp::List cpp_comparison(const Rcpp::List& problem, const Rcpp::NumericMatrix& orders,
                          const Rcpp::NumericVector& record) {
  const Problem parsed(problem, orders);
  const std::function<void()> check_interrupt = interrupt_check();
  Quadratures quadratures(parsed, record);
  RecordWriter finer;
  double log_evidence = 0, edge_mass = 0, nodes = 0;
  for (const Part& part : parsed.parts) {
    const Design design(part.data, parsed.coefficients);
    const Quadrature own = quadratures.next(design, check_interrupt);
    nodes += static_cast<double>(own.nodes().size());
    edge_mass = std::max(edge_mass, own.edge_mass() + SecondLook(own).mass_beyond(check_interrupt));
    const Quadrature half(design, parsed.scales, part.orders, Quadrature::Purpose::comparison,
                          false, check_interrupt);
    log_evidence += half.log_evidence();
    half.write(finer);
  }
  return Rcpp::List::create(Rcpp::_["log_evidence"] = log_evidence,
                            Rcpp::_["record"] = Rcpp::wrap(finer.numbers()),
                            Rcpp::_["nodes"] = nodes, Rcpp::_["edge_mass"] = edge_mass);
}
