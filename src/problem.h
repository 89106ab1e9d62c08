// The numerical problem of a fit, from the list that R makes of it.
#pragma once

// RcppEigen's own header brings all of Eigen and seconds of compiling to each file.
#include <Rcpp.h>
#include <Eigen/Core>

#include <optional>
#include <string>
#include <vector>

#include "core/model/grouped_data.hpp"
#include "core/model/scale_prior.hpp"

namespace bayespool {

inline VectorXd vector_from(const Rcpp::NumericVector& values) {
  return Eigen::Map<const VectorXd>(values.begin(), values.size());
}

inline MatrixXd matrix_from(const Rcpp::NumericMatrix& values) {
  return Eigen::Map<const MatrixXd>(values.begin(), values.nrow(), values.ncol());
}

inline Rcpp::NumericVector to_r(const VectorXd& values) {
  return {values.data(), values.data() + values.size()};
}

inline ScalePrior scale_prior_from(const Rcpp::List& prior) {
  return ScalePrior(Rcpp::as<std::string>(prior["family"]),
                    Rcpp::as<std::vector<double>>(prior["par"]));
}

// Data of its own, and where its parameters go among the draws.
struct Part {
  GroupedData data;
  DrawColumns columns;
  MomentOrders orders;
};

// Groups that share nothing are parts of their own.
struct Problem {
  std::vector<Part> parts;
  CoefficientPriors coefficients;
  ScalePriors scales;
  int variables;  // number of them in the draws

  explicit Problem(const Rcpp::List& problem)
      : coefficients{vector_from(problem["coefficient_mean"]),
                     vector_from(problem["coefficient_sd"])},
        scales{scale_prior_from(problem["sigma_prior"]), scale_prior_from(problem["tau_prior"])},
        variables(Rcpp::as<int>(problem["variables"])) {
    Part whole{data_from(problem), columns_from(problem["columns"]), {0, 0}};
    if (!Rcpp::as<bool>(problem["separate"])) {
      parts.push_back(std::move(whole));
      return;
    }
    const VectorXd squares = vector_from(problem["group_squares"]);
    const VectorXd rows = vector_from(problem["rows"]),
                   log_weight = vector_from(problem["log_weight"]);
    for (Index j = 0; j < whole.data.size.size(); ++j) {
      parts.push_back(part_of(whole, j, squares(j)));
      parts.back().data.observations = rows(j);
      parts.back().data.log_weight = log_weight(j);
    }
  }

  // `orders`: of sigma and tau, one row a part.
  Problem(const Rcpp::List& problem, const Rcpp::NumericMatrix& orders) : Problem(problem) {
    for (std::size_t part = 0; part < parts.size(); ++part) {
      const int row = static_cast<int>(part);
      parts[part].orders = {orders(row, 0), orders(row, 1)};
    }
  }

 private:
  static GroupedData data_from(const Rcpp::List& problem) {
    GroupedData data;
    data.size = vector_from(problem["size"]);
    data.projection = matrix_from(problem["projection"]);
    data.within = matrix_from(problem["within"]);
    data.basis = matrix_from(problem["basis"]);
    data.rounding = vector_from(problem["rounding"]);
    data.observations = vector_from(problem["rows"]).sum();
    data.log_weight = vector_from(problem["log_weight"]).sum();
    if (Rcpp::as<bool>(problem["direction"])) data.direction = 0;
    return data;
  }

  // NA: not stored.
  static std::optional<Index> position_from(int position) {
    return position == NA_INTEGER ? std::nullopt : std::optional<Index>(position);
  }

  static DrawColumns columns_from(const Rcpp::List& columns) {
    DrawColumns result;
    for (int position : Rcpp::as<std::vector<int>>(columns["coefficients"]))
      result.coefficients.push_back(position_from(position));
    result.first_group = position_from(Rcpp::as<int>(columns["first_group"]));
    result.sigma = position_from(Rcpp::as<int>(columns["sigma"]));
    result.tau = position_from(Rcpp::as<int>(columns["tau"]));
    return result;
  }

  // Group j alone: its mean and its sd are j columns further on.
  static Part part_of(const Part& whole, Index j, double squares) {
    Part part{{}, whole.columns, whole.orders};
    part.data.direction = 0;
    part.data.size = whole.data.size.segment(j, 1);
    part.data.projection = whole.data.projection.row(j);
    part.data.within = MatrixXd::Zero(2, 2);
    part.data.within(1, 1) = squares;
    part.data.basis = whole.data.basis;
    part.data.rounding = whole.data.rounding;
    part.columns.coefficients[0] = *whole.columns.coefficients[0] + j;
    part.columns.sigma = *whole.columns.sigma + j;
    return part;
  }
};

}  // namespace bayespool
