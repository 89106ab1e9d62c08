// R's entry points to what follows from the variance parameters alone. `orders` and `record` as in cpp_summary().
#include <map>

#include "core/exact/variance_components.hpp"
#include "core/model/shrinkage.hpp"
#include "exact.h"
#include "parallel.h"

using namespace bayespool;

// Rows tau^2, sigma^2 and tau^2 / (tau^2 + sigma^2): mean, sd, ends of the interval that holds `probability`, the shortest or
// the central one.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_variance_components(const Rcpp::List& problem,
                                            const Rcpp::NumericMatrix& orders,
                                            const Rcpp::NumericVector& record, double probability,
                                            bool shortest) {
  const Problem parsed(problem, orders);
  const Design design(parsed.parts[0].data, parsed.coefficients);
  const Quadrature quadrature = Quadratures(parsed, record).next(design, interrupt_check());
  const VarianceComponents components(quadrature, {probability, shortest});
  Rcpp::NumericMatrix out(3, 4);
  Eigen::Map<MatrixXd> table(out.begin(), 3, 4);
  table.row(0) = components.between();
  table.row(1) = components.within();
  table.row(2) = components.share_between();
  return out;
}

// One row for each size of a group: of the population's weight in the group's mean, 1 - kappa, what cpp_variance_components()
// gives of the variances.
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_pooling_weights(const Rcpp::List& problem,
                                        const Rcpp::NumericMatrix& orders,
                                        const Rcpp::NumericVector& record,
                                        const Rcpp::NumericVector& sizes, double probability,
                                        bool shortest) {
  const Problem parsed(problem, orders);
  const Design design(parsed.parts[0].data, parsed.coefficients);
  const std::function<void()> check_interrupt = interrupt_check();
  const Quadrature quadrature = Quadratures(parsed, record).next(design, check_interrupt);
  const VarianceComponents components(quadrature, {probability, shortest});
  Rcpp::NumericMatrix out(static_cast<int>(sizes.size()), 4);
  Eigen::Map<MatrixXd> table(out.begin(), out.nrow(), 4);
  std::map<double, Eigen::RowVector4d> row_of_size;
  for (Index j = 0; j < table.rows(); ++j) {
    check_interrupt();
    const auto found = row_of_size.emplace(sizes[j], Eigen::RowVector4d());
    if (found.second) found.first->second = components.pooling(sizes[j]);
    table.row(j) = found.first->second;
  }
  return out;
}
