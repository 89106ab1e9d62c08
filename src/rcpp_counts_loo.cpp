// R's entry point to leave-one-out by quadrature of a model of counts. `order`, `record`: see rcpp_counts_summary.cpp.
#include <functional>
#include <vector>

#include "core/exact/count_leave_one_out.hpp"
#include "count_problem.h"
#include "parallel.h"

using namespace bayespool;

// log p(part | the rest) for parts of groups (from 0): `events` and `size` of each part, up to those of the group. NaN where the nodes do
// not resolve it. The same parts of groups that are alike are computed once by whoever calls.
// [[Rcpp::export]]
Rcpp::NumericVector cpp_counts_leave_one_out(const Rcpp::List& problem, double order,
                                             const Rcpp::NumericVector& record,
                                             const std::vector<int>& group,
                                             const std::vector<double>& events,
                                             const std::vector<double>& size, int cores) {
  const CountProblem parsed(problem);
  const CountQuadrature quadrature = count_quadrature(parsed, order, record, interrupt_check());
  const CountLeaveOneOut leave_one_out(quadrature);
  const CountClasses& classes = quadrature.posterior().classes();
  Rcpp::NumericVector out(static_cast<R_xlen_t>(group.size()));
  double* const values = out.begin();
  run_in_parallel(static_cast<int>(group.size()), cores,
                  [&](int i, const std::function<void()>& check) {
                    check();
                    const std::size_t row = static_cast<std::size_t>(i);
                    const Index c = classes.class_of[static_cast<std::size_t>(group[row])];
                    values[i] = leave_one_out.part(c, {events[row], size[row]});
                  });
  return out;
}
