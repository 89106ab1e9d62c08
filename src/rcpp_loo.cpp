// R's entry points for comparing models.
#include <map>

#include "convert.h"
#include "core/exact/leave_one_out.hpp"
#include "parallel.h"

using namespace bayespool;

// E(1 - kappa_j | y), the posterior mean of the population's weight in a group mean, for groups of the given sizes.
// [[Rcpp::export]]
Rcpp::NumericVector cpp_pooling_weights(const Rcpp::List& problem,
                                        const Rcpp::NumericVector& sizes) {
  const std::function<void()> check_interrupt = interrupt_check();
  const Design design(grouped_data_from(problem), coefficient_priors_from(problem));
  const Quadrature quadrature(design, scale_prior_from(problem["sigma_prior"]),
                              scale_prior_from(problem["tau_prior"]), moment_orders_from(problem),
                              true, check_interrupt);
  std::map<double, double> mean_of_size;
  Rcpp::NumericVector result(sizes.size());
  for (R_xlen_t j = 0; j < sizes.size(); ++j) {
    const auto found = mean_of_size.emplace(sizes[j], 0);
    double& mean = found.first->second;
    if (found.second)
      for (const PosteriorNode& node : quadrature.nodes())
        mean += node.weight * pooling_weight(sizes[j], node.sigma, node.tau);
    result[j] = mean;
  }
  return result;
}

namespace {

// Rows first, ..., last - 1 belong to one group.
struct Task {
  Index first, last;
};

// Runs of at most 64 rows of one group among rows first, ..., last - 1.
std::vector<Task> runs_of_groups(const std::vector<int>& group, Index first, Index last) {
  std::vector<Task> tasks;
  for (Index i = first; i < last; ++i) {
    const bool goes_on = !tasks.empty() && group[i] == group[i - 1] && i - tasks.back().first < 64;
    if (!goes_on) tasks.push_back({i, i});
    tasks.back().last = i + 1;
  }
  return tasks;
}

}  // namespace

// `x` (N x S), `y` and `group` (from 0): the rows, group by group. N x 3: see LeaveOneOut::group(). `memory`: bytes for what
// is kept at the nodes, as in cpp_summary().
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_leave_one_out(const Rcpp::List& problem, const Eigen::MatrixXd& x,
                                      const Eigen::VectorXd& y, const std::vector<int>& group,
                                      int cores, double memory) {
  const CoefficientPriors priors = coefficient_priors_from(problem);
  const ScalePrior sigma_prior = scale_prior_from(problem["sigma_prior"]),
                   tau_prior = scale_prior_from(problem["tau_prior"]);
  const std::function<void()> check_interrupt = interrupt_check();
  const std::vector<GroupedData> parts = split_problem(problem);
  Rcpp::NumericMatrix out(Rcpp::no_init(static_cast<int>(y.size()), 3));
  Eigen::Map<MatrixXd> result(out.begin(), y.size(), 3);
  Index first = 0;
  for (std::size_t part = 0; part < parts.size(); ++part) {
    const bool separate = parts.size() > 1;
    Index last = separate ? first : y.size();
    while (last < y.size() && group[last] == static_cast<int>(part)) ++last;
    const GroupedData& data = parts[part];
    const Design design(data, priors);
    const Quadrature quadrature(design, sigma_prior, tau_prior, moment_orders_from(problem), true,
                                check_interrupt);
    const LeaveOneOut leave_one_out(design, quadrature, {memory, check_interrupt});
    const std::vector<Task> tasks = runs_of_groups(group, first, last);
    run_in_parallel(
        static_cast<int>(tasks.size()), cores, [&](int t, const std::function<void()>& check) {
          const Index start = tasks[t].first, rows = tasks[t].last - start;
          const Index j = separate ? 0 : group[start];
          MatrixXd deviation = MatrixXd::Zero(rows, data.projection.cols());
          deviation.rightCols(x.cols() + 1) << x.middleRows(start, rows), y.segment(start, rows);
          deviation.rightCols(x.cols() + 1).rowwise() -= data.projection.row(j).tail(x.cols() + 1);
          result.middleRows(start, rows) = leave_one_out.group(j, deviation, check);
        });
    first = last;
  }
  return out;
}
