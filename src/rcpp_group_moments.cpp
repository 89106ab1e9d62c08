// R's door to the group moments.
#include <RcppEigen.h>

#include "core/model/group_moments.hpp"
#include "core/model/moment_lines.hpp"
#include "core/model/residual_columns.hpp"

namespace {

Rcpp::List moments_to_list(const bayespool::GroupMoments& moments) {
  return Rcpp::List::create(
      Rcpp::Named("n") =
          Rcpp::NumericVector(moments.size.data(), moments.size.data() + moments.size.size()),
      Rcpp::Named("mean") = moments.mean, Rcpp::Named("mean_low") = moments.mean_low,
      Rcpp::Named("within") = moments.within);
}

bayespool::GroupMoments list_to_moments(const Rcpp::List& moments) {
  return {Rcpp::as<Eigen::VectorXd>(moments["size"]), Rcpp::as<Eigen::MatrixXd>(moments["mean"]),
          Rcpp::as<Eigen::MatrixXd>(moments["mean_low"]),
          Rcpp::as<Eigen::MatrixXd>(moments["within"])};
}

}  // namespace

// `columns`: double vectors, or matrices whose columns count one by one, all with `rows` rows. `group`: the codes
// first_code, first_code + 1, ..., or of length 0 for one group. `weight`: above 0 and finite, or of length 0; with them `weight`
// and `log_weight` are sums of the weights and of their logs by group. `bad`: the first column and row (from 1) that hold a value that
// is not finite, or NULL.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_group_moments(Rcpp::List columns, double rows, Rcpp::IntegerVector group,
                             int first_code, int groups, Rcpp::NumericVector weight, bool pooled) {
  bayespool::GroupedRows data;
  data.rows = static_cast<Eigen::Index>(rows);
  data.groups = groups;
  data.first_code = first_code;
  if (group.size() > 0) {
    if (group.size() != data.rows) Rcpp::stop("one group code a row");
    data.group = group.begin();
  }
  if (weight.size() > 0) {
    if (weight.size() != data.rows) Rcpp::stop("one weight a row");
    data.weight = weight.begin();
  }
  for (R_xlen_t a = 0; a < columns.size(); ++a) {
    if (TYPEOF(columns[a]) != REALSXP) Rcpp::stop("columns must be double");
    const double* values = REAL(columns[a]);
    const R_xlen_t length = Rf_xlength(columns[a]);
    if (data.rows == 0 || length % data.rows != 0) Rcpp::stop("columns differ in length");
    for (R_xlen_t start = 0; start < length; start += data.rows)
      data.columns.push_back(values + start);
  }
  const bayespool::GroupMoments moments =
      bayespool::compute_group_moments(data, pooled, [] { Rcpp::checkUserInterrupt(); });
  Rcpp::List result = moments_to_list(moments);
  if (data.weight) {
    const bayespool::WeightedRows weighted = bayespool::count_weighted_rows(data);
    result["weight"] = result["n"];
    result["n"] = Rcpp::wrap(weighted.count);
    result["log_weight"] = Rcpp::wrap(weighted.log_weight);
  }
  for (Eigen::Index j = 0; j < moments.mean.rows(); ++j) {
    if (moments.size[j] > 0 && !moments.mean.row(j).allFinite()) {
      const bayespool::NonFinite bad = bayespool::find_non_finite(data);
      if (bad.found) result["bad"] = Rcpp::NumericVector::create(bad.column + 1, bad.row + 1);
      break;
    }
  }
  return result;
}

// `size`: of the groups, in weights where there are some; `within`: summed over the groups, packed. See ResidualColumns.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_residual_columns(double observations, const Eigen::Map<Eigen::VectorXd>& size,
                                const Eigen::Map<Eigen::MatrixXd>& mean,
                                const Rcpp::NumericVector& within, bool intercept) {
  Eigen::MatrixXd products(mean.cols(), mean.cols());
  const double* packed = within.begin();
  for (Eigen::Index k = 0; k < products.cols(); ++k)
    for (Eigen::Index i = 0; i <= k; ++i) products(i, k) = products(k, i) = *packed++;
  const bayespool::ResidualColumns columns(observations, size, mean, products, intercept);
  return Rcpp::List::create(Rcpp::Named("centre") = columns.centre,
                            Rcpp::Named("combination") = columns.combination,
                            Rcpp::Named("predictors_keep") = columns.predictors_keep,
                            Rcpp::Named("response_keeps") = columns.response_keeps,
                            Rcpp::Named("spread") = columns.spread);
}

// columns * combination - constant for an upper triangular combination, with more digits than the columns have where the machine
// has such numbers.
// [[Rcpp::export(rng = false)]]
Rcpp::NumericMatrix cpp_residual_rows(const Rcpp::NumericMatrix& columns,
                                      const Rcpp::NumericMatrix& combination,
                                      const Rcpp::NumericVector& constant) {
  const int rows = columns.nrow(), count = columns.ncol();
  Rcpp::NumericMatrix result(Rcpp::no_init(rows, count));
  for (int k = 0; k < count; ++k) {
    Rcpp::checkUserInterrupt();
    for (int i = 0; i < rows; ++i) {
      long double sum = static_cast<long double>(columns(i, k)) - constant[k];
      for (int j = 0; j < k; ++j)
        sum += static_cast<long double>(columns(i, j)) * combination(j, k);
      result(i, k) = static_cast<double>(sum);
    }
  }
  return result;
}

// The smallest and largest of the codes; the smallest is NA where one of them is.
// [[Rcpp::export(rng = false)]]
Rcpp::IntegerVector cpp_integer_range(Rcpp::IntegerVector codes) {
  const std::pair<int, int> range = bayespool::code_range(codes.begin(), codes.size());
  return Rcpp::IntegerVector::create(range.first, range.second);
}

// Doubles as integers, or NULL where one of them is none.
// [[Rcpp::export(rng = false)]]
Rcpp::RObject cpp_whole_numbers(Rcpp::NumericVector values) {
  Rcpp::IntegerVector integers(Rcpp::no_init(values.size()));
  if (!bayespool::to_integers(values.begin(), values.size(), integers.begin())) return R_NilValue;
  return integers;
}

// `lines`: list of size, mean, mean_low and within; `code`: their groups, from 1. See merge_lines().
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_merge_lines(Rcpp::List lines, Rcpp::IntegerVector code, int groups) {
  std::vector<int> from_zero(code.begin(), code.end());
  for (int& j : from_zero) --j;
  return moments_to_list(bayespool::merge_lines(list_to_moments(lines), from_zero, groups));
}

// `lines`: likewise. The moments of the columns constant + map' z.
// [[Rcpp::export(rng = false)]]
Rcpp::List cpp_recode_columns(Rcpp::List lines, const Eigen::Map<Eigen::VectorXd>& constant,
                              const Eigen::Map<Eigen::MatrixXd>& map) {
  return moments_to_list(
      bayespool::recode_columns(list_to_moments(lines), constant.transpose(), map));
}
