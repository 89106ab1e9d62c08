// R's entry point to leave-one-out.
#include <algorithm>
#include <string>

#include "core/exact/leave_one_out.hpp"
#include "exact.h"
#include "left_out_question.h"
#include "parallel.h"

using namespace bayespool;

namespace {

// Rows first, ..., last - 1 belong to one group.
struct Task {
  Index first, last;
};

// Runs of at most 64 rows of one group among rows first, ..., last - 1.
std::vector<Task> runs_of_groups(const std::vector<int>& group, Index first, Index last) {
  std::vector<Task> tasks;
  for (Index i = first; i < last; ++i) {
    const bool goes_on =
        !tasks.empty() &&
        group[static_cast<std::size_t>(i)] == group[static_cast<std::size_t>(i) - 1] &&
        i - tasks.back().first < 64;
    if (!goes_on) tasks.push_back({i, i});
    tasks.back().last = i + 1;
  }
  return tasks;
}

}  // namespace

// `columns` (predictors and response, those of the problem's moments without an intercept's), `weight` and `group` (from 0, -1 for a new
// one): the rows, group by group. N x 2 or 4: see LeaveOneOut::group(); `about` (see question_about()) says what, `probability` is the
// interval's. `record` and `memory` as in cpp_summary().
// [[Rcpp::export]]
Rcpp::NumericMatrix cpp_leave_one_out(const Rcpp::List& problem, const Rcpp::NumericMatrix& orders,
                                      const Rcpp::NumericVector& record,
                                      const Rcpp::NumericMatrix& columns,
                                      const Rcpp::NumericVector& weight,
                                      const std::vector<int>& group, const std::string& about,
                                      double probability, int cores, double memory) {
  const Problem parsed(problem, orders);
  const MatrixXd all_rows = matrix_from(columns);
  const VectorXd weights = vector_from(weight);
  const Index row_count = all_rows.rows();
  const std::function<void()> check_interrupt = interrupt_check();
  Quadratures quadratures(parsed, record);
  const LeftOutQuestion question{question_about(about), probability};
  Rcpp::NumericMatrix out(
      Rcpp::no_init(static_cast<int>(row_count), static_cast<int>(question.answers())));
  Eigen::Map<MatrixXd> result(out.begin(), row_count, question.answers());
  const bool separate = parsed.parts.size() > 1;
  Index first = 0;
  for (std::size_t part = 0; part < parsed.parts.size(); ++part) {
    Index last = separate ? first : row_count;
    while (last < row_count && group[static_cast<std::size_t>(last)] == static_cast<int>(part))
      ++last;
    const GroupedData& data = parsed.parts[part].data;
    const Design design(data, parsed.coefficients);
    const Quadrature quadrature = quadratures.next(design, check_interrupt);
    const LeaveOneOut leave_one_out(design, quadrature, {memory, check_interrupt});
    const std::vector<Task> tasks = runs_of_groups(group, first, last);
    run_in_parallel(
        static_cast<int>(tasks.size()), cores, [&](int t, const std::function<void()>& check) {
          const Task& task = tasks[static_cast<std::size_t>(t)];
          const Index start = task.first, rows = task.last - start;
          const Index j = separate ? 0 : group[static_cast<std::size_t>(start)];
          MatrixXd deviation = MatrixXd::Zero(rows, data.projection.cols());
          deviation.rightCols(all_rows.cols()) =
              all_rows.middleRows(start, rows).rowwise() -
              data.projection.row(std::max<Index>(j, 0)).tail(all_rows.cols());
          result.middleRows(start, rows) =
              leave_one_out.group(j, deviation, weights.segment(start, rows), question, check);
        });
    first = last;
  }
  return out;
}
