// Bytes of the fuzzer -> rows, groups, priors and settings such as R hands to the core after its own checks.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/model/group_moments.hpp"
#include "core/model/grouped_data.hpp"
#include "core/model/residual_columns.hpp"
#include "core/model/scale_prior.hpp"

namespace fuzz {

using namespace bayespool;

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}

  bool flip() { return bytes_.ConsumeBool(); }
  int integer(int low, int high) { return bytes_.ConsumeIntegralInRange<int>(low, high); }

  // A finite number: small and whole as a rule, so that there are ties and constant groups; or any size that double
  // precision has.
  double number() {
    switch (integer(0, 5)) {
      case 0:
      case 1:
        return integer(-4, 4);
      case 2:
        return integer(-128, 127) / 16.0;
      case 3:
        return integer(-99, 99) * std::pow(10.0, integer(-6, 6));
      case 4:
        return integer(-99, 99) * std::pow(10.0, integer(-60, 60));
      default: {
        const double any = bytes_.ConsumeFloatingPoint<double>();
        return std::isfinite(any) ? any : 1;
      }
    }
  }

  double positive() {
    const double x = std::abs(number());
    return x > 0 ? x : 1;
  }

  // What R takes for a parameter of a prior that is not 0.
  double parameter() { return std::min(std::max(positive(), 1e-100), 1e100); }

  double probability() { return integer(0, 1000) / 1000.0; }

 private:
  FuzzedDataProvider bytes_;
};

struct Prior {
  ScalePrior density;
  bool heavy = false;  // whether moments may not exist
  bool flat = false;
};

// R refuses a prior without mass above 0.
inline std::pair<double, double> location_and_scale(Input& input) {
  const double scale = input.parameter();
  const double location = input.flip()   ? 0
                          : input.flip() ? input.parameter()
                                         : std::max(-input.parameter(), -scale);
  return {location, scale};
}

// A prior that R lets through: see read_parameters() and read_scale() in R/prior-read.R.
inline Prior scale_prior(Input& input, bool may_be_zero) {
  switch (input.integer(0, 10)) {
    case 0: {
      const double lower = input.flip() ? 0 : input.parameter(), upper = input.parameter();
      return {ScalePrior("uniform", {lower < upper ? lower : 0, upper})};
    }
    case 1:
      return {ScalePrior("flat", {}), true, true};
    case 2: {
      const double mean = (input.flip() ? 1 : -1) * input.parameter();
      return {ScalePrior("lognormal", {mean, input.parameter()})};
    }
    case 3: {
      const auto [location, scale] = location_and_scale(input);
      return {ScalePrior("normal", {location, scale})};
    }
    case 4: {
      const auto [location, scale] = location_and_scale(input);
      return {ScalePrior("student_t", {input.parameter(), location, scale}), true};
    }
    case 5: {
      const auto [location, scale] = location_and_scale(input);
      return {ScalePrior("cauchy", {location, scale}), true};
    }
    case 6:
      return {ScalePrior("degenerate", {may_be_zero && input.flip() ? 0 : input.parameter()})};
    case 7:
      return {ScalePrior("exponential", {input.parameter()})};
    case 8: {
      const double shape = input.parameter();
      return {ScalePrior("gamma", {shape, input.parameter()})};
    }
    case 9: {
      const double df = input.parameter(), mean = (input.flip() ? 1 : -1) * input.parameter();
      return {ScalePrior("log_student_t", {df, mean, input.parameter()}), true};
    }
    default: {
      const double shape = input.parameter();
      return {ScalePrior("inverse_gamma", {shape, input.parameter()}), true};
    }
  }
}

struct Rows {
  std::vector<std::vector<double>> columns;  // response last
  std::vector<int> group;                    // codes from 1
  int groups = 1;

  GroupedRows view(Index first, Index last) const {
    GroupedRows rows;
    for (const std::vector<double>& column : columns) rows.columns.push_back(column.data() + first);
    rows.group = group.data() + first;
    rows.first_code = 1;
    rows.rows = last - first;
    rows.groups = groups;
    return rows;
  }
  Index size() const { return static_cast<Index>(group.size()); }
};

inline Rows make_rows(Input& input) {
  Rows rows;
  const int n = input.integer(1, 24), columns = input.integer(1, 5);
  rows.groups = input.integer(1, 6);
  for (int i = 0; i < n; ++i) rows.group.push_back(input.integer(1, rows.groups));
  const double offset = input.flip() ? 0 : input.number();
  for (int c = 0; c < columns; ++c) {
    rows.columns.emplace_back();
    for (int i = 0; i < n; ++i) {
      const double value = input.number() + offset;
      rows.columns.back().push_back(std::isfinite(value) ? value : offset);
    }
  }
  return rows;
}

inline MatrixXd unpack(const Eigen::RowVectorXd& packed, Index d) {
  MatrixXd full(d, d);
  for (Index b = 0, ab = 0; b < d; ++b)
    for (Index a = 0; a <= b; ++a, ++ab) full(a, b) = full(b, a) = packed(ab);
  return full;
}

// As new_problem() in R/model-problem.R: an intercept before the columns or none; `prior_only` leaves the data out.
inline GroupedData grouped_data(const GroupMoments& moments, bool intercept, bool prior_only) {
  std::vector<Index> present;
  for (Index j = 0; j < moments.size.size(); ++j)
    if (moments.size(j) > 0) present.push_back(j);
  const Index groups = static_cast<Index>(present.size()), d = moments.mean.cols();
  GroupedData data;
  data.size.resize(groups);
  data.projection = MatrixXd::Ones(groups, d + intercept);
  for (Index j = 0; j < groups; ++j) {
    data.size(j) = moments.size(present[j]);
    data.projection.row(j).tail(d) = moments.mean.row(present[j]);
  }
  data.within = MatrixXd::Zero(d + intercept, d + intercept);
  data.within.bottomRightCorner(d, d) = unpack(moments.within.colwise().sum(), d);
  if (intercept) data.direction = 0;
  if (prior_only) {
    data.size.setZero();
    data.projection.setZero();
    data.within.setZero();
  }
  data.observations = data.size.sum();
  return data;
}

// As R/data-residuals.R, with one pass: rows of the columns that `residual` describes, and the basis of their moments.
inline Rows residual_rows(const Rows& rows, const ResidualColumns& residual) {
  Rows result = rows;
  const VectorXd constant = residual.combination.transpose() * residual.centre;
  for (std::size_t k = 0; k < rows.columns.size(); ++k)
    for (std::size_t i = 0; i < rows.group.size(); ++i) {
      long double sum = -static_cast<long double>(constant(static_cast<Index>(k)));
      for (std::size_t j = 0; j <= k; ++j)
        sum += static_cast<long double>(rows.columns[j][i]) *
               residual.combination(static_cast<Index>(j), static_cast<Index>(k));
      result.columns[k][i] = static_cast<double>(sum);
    }
  return result;
}

inline void set_basis(GroupedData& data, const Rows& rows, const ResidualColumns& residual) {
  const Index d = residual.combination.cols(),
              p = data.projection.cols() - d;  // p: 1 with an intercept
  data.basis = MatrixXd::Identity(d + p, d + p);
  data.basis.bottomRightCorner(d, d) = residual.combination;
  if (p > 0) data.basis.topRightCorner(1, d) = -residual.centre.transpose() * residual.combination;
  VectorXd largest(d);
  for (Index k = 0; k < d; ++k) {
    const std::vector<double>& column = rows.columns[static_cast<std::size_t>(k)];
    largest(k) = Eigen::Map<const VectorXd>(column.data(), static_cast<Index>(column.size()))
                     .cwiseAbs()
                     .maxCoeff();
  }
  data.rounding = VectorXd::Zero(d + p);
  data.rounding.tail(d) = std::numeric_limits<double>::epsilon() *
                          (residual.combination.cwiseAbs().transpose() * largest);
}

}  // namespace fuzz
