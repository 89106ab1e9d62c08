// Conversion between R lists and the structures of the core.
#pragma once

#include <RcppEigen.h>

#include <string>
#include <vector>

#include "core/exact/quadrature.hpp"
#include "core/model/grouped_data.hpp"
#include "core/model/scale_prior.hpp"

namespace bayespool {

inline ScalePrior scale_prior_from(const Rcpp::List& prior) {
  return ScalePrior(Rcpp::as<std::string>(prior["family"]),
                    Rcpp::as<std::vector<double>>(prior["par"]));
}

inline GroupedData grouped_data_from(const Rcpp::List& problem) {
  GroupedData data;
  data.size = Rcpp::as<VectorXd>(problem["size"]);
  data.projection = Rcpp::as<MatrixXd>(problem["projection"]);
  data.within = Rcpp::as<MatrixXd>(problem["within"]);
  data.observations = data.size.sum();
  data.direction_column = Rcpp::as<int>(problem["direction_column"]);
  return data;
}

inline CoefficientPriors coefficient_priors_from(const Rcpp::List& problem) {
  return {Rcpp::as<VectorXd>(problem["coefficient_mean"]),
          Rcpp::as<VectorXd>(problem["coefficient_sd"])};
}

inline MomentOrders moment_orders_from(const Rcpp::List& problem) {
  return {Rcpp::as<double>(problem["sigma_order"]), Rcpp::as<double>(problem["tau_order"])};
}

inline DrawColumns draw_columns_from(const Rcpp::List& columns) {
  DrawColumns result;
  result.coefficients = Rcpp::as<std::vector<int>>(columns["coefficients"]);
  result.first_group = Rcpp::as<int>(columns["first_group"]);
  result.sigma = Rcpp::as<int>(columns["sigma"]);
  result.tau = Rcpp::as<int>(columns["tau"]);
  return result;
}

// A problem with `separate` groups is one complete-pooling problem for each of them.
inline std::vector<GroupedData> split_problem(const Rcpp::List& problem) {
  const GroupedData data = grouped_data_from(problem);
  if (!Rcpp::as<bool>(problem["separate"])) return {data};
  const VectorXd squares = Rcpp::as<VectorXd>(problem["group_squares"]);
  std::vector<GroupedData> parts;
  for (Index j = 0; j < data.size.size(); ++j) {
    GroupedData part;
    part.direction_column = 0;
    part.size = data.size.segment(j, 1);
    part.projection = data.projection.row(j);
    part.within = MatrixXd::Zero(2, 2);
    part.within(1, 1) = squares(j);
    part.observations = data.size(j);
    parts.push_back(part);
  }
  return parts;
}

// Part j of a separated problem writes its mean and its sd to columns j and J + j.
inline DrawColumns columns_of_part(const Rcpp::List& problem, int part) {
  DrawColumns columns = draw_columns_from(problem["columns"]);
  if (Rcpp::as<bool>(problem["separate"])) {
    columns.coefficients[0] += part;
    columns.sigma += part;
  }
  return columns;
}

}  // namespace bayespool
