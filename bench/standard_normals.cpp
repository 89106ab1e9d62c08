// The bare cost of standard normals from the generator of the core.
// [[Rcpp::plugins(cpp17)]]
#include <Rcpp.h>

#include <cstdint>

#include "core/numerics/streams.hpp"

// [[Rcpp::export]]
Rcpp::NumericMatrix standard_normals(int rows, int columns, double seed) {
  Rcpp::NumericMatrix out(Rcpp::no_init(rows, columns));
  bayespool::RandomStream random(static_cast<std::uint64_t>(seed), 0, 0);
  for (double& value : out) value = random.normal();
  return out;
}
