// R's entry point to random folds of the rows.
#include <Rcpp.h>

#include <cstdint>

#include "core/numerics/streams.hpp"

// A random number for each row, by whose order rows are assigned to folds.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericVector cpp_random_keys(int rows, double seed) {
  constexpr std::uint64_t folds_purpose = (std::uint64_t{1} << 62) + 3;
  bayespool::RandomStream random(static_cast<std::uint64_t>(seed), folds_purpose, 0);
  Rcpp::NumericVector keys(rows);
  for (double& key : keys) key = random.uniform();
  return keys;
}
