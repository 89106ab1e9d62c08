// R's entry points to what follows from the variance parameters alone. `orders` and `record` as in cpp_summary().
#include <map>

#include "core/exact/variance_components.hpp"
#include "core/model/shrinkage.hpp"
#include "exact.h"
#include "parallel.h"

using namespace bayespool;

// Rows tau^2, sigma^2 and tau^2 / (tau^2 + sigma^2): mean, sd, ends of the shortest interval that holds `probability`.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_variance_components(const Rcpp::List& problem,
                                            const Rcpp::NumericMatrix& orders,
                                            const Rcpp::NumericVector& record, double probability) {
  const Problem parsed(problem, orders);
  const Design design(parsed.parts[0].data, parsed.coefficients);
  const Quadrature quadrature = Quadratures(parsed, record).next(design, interrupt_check());
  const VarianceComponents components(quadrature, probability);
  Rcpp::NumericMatrix out(3, 4);
  Eigen::Map<MatrixXd> table(out.begin(), 3, 4);
  table.row(0) = components.between();
  table.row(1) = components.within();
  table.row(2) = components.share_between();
  return out;
}

// E(1 - kappa_j | y), the posterior mean of the population's weight in a group mean, for groups of the given sizes.
// [[Rcpp::export]]
Rcpp::NumericVector cpp_pooling_weights(const Rcpp::List& problem,
                                        const Rcpp::NumericMatrix& orders,
                                        const Rcpp::NumericVector& record,
                                        const Rcpp::NumericVector& sizes) {
  const Problem parsed(problem, orders);
  const Design design(parsed.parts[0].data, parsed.coefficients);
  const std::vector<PosteriorNode> nodes =
      Quadratures(parsed, record).next(design, interrupt_check()).nodes();
  std::map<double, double> mean_of_size;
  Rcpp::NumericVector result(sizes.size());
  for (R_xlen_t j = 0; j < sizes.size(); ++j) {
    const auto found = mean_of_size.emplace(sizes[j], 0);
    double& mean = found.first->second;
    if (found.second)
      for (const PosteriorNode& node : nodes)
        mean += node.weight * pooling_weight(sizes[j], node.at);
    result[j] = mean;
  }
  return result;
}
