// What is computed once of data of groups with several effects: the definitions of core/model/effect_data.hpp, in a file of their
// own for the time that they take to compile.
#include "core/model/effect_data.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/model/pure_columns.hpp"

namespace bayespool {

MatrixXd variables_to_columns(const EffectData& data, const Design& pooled) {
  const Index variables = data.mean.cols(), p = static_cast<Index>(data.predictors.size());
  MatrixXd map = MatrixXd::Zero(variables + 1, pooled.free_count() + 1);
  for (Index k = 0; k < p; ++k)
    map.row(data.predictors[static_cast<std::size_t>(k)].value_or(variables)) +=
        pooled.from_columns.row(k);
  map.row(variables - 1) += pooled.from_columns.row(p);
  return map;
}

double rounding_of_column(const EffectData& data, const Design& pooled, Index k) {
  const bool is_response = k == pooled.free_count();
  const double mean = pooled.projections(0, k);
  const double total = pooled.within(k, k) + pooled.total_size * mean * mean;
  const double rounding = (is_response ? exact_fit_tolerance : rank_tolerance) * total;
  if (!is_response) return rounding;
  const double largest = data.mean.rightCols<1>().cwiseAbs().maxCoeff();
  return std::max(rounding, squares_of_rounding(std::numeric_limits<double>::epsilon() * largest,
                                                pooled.total_size));
}

EffectDesign::EffectDesign(const EffectData& data, const CoefficientPriors& priors)
    : MixedDesign(Design(rows_as_one_group(data), priors),
                  static_cast<Index>(data.directions.size())),
      directions_(data.directions),
      cross_products(MatrixXd::Zero(effects(), effects())),
      within(MatrixXd::Zero(free_count() + 1, free_count() + 1)) {
  // Variables and the constant become (z, v).
  const Index variables = data.mean.cols();
  MatrixXd map = MatrixXd::Zero(variables + 1, effects() + free_count() + 1);
  for (Index k = 0; k < effects(); ++k) map(data.directions[index(k)].value_or(variables), k) = 1;
  map.rightCols(free_count() + 1) = variables_to_columns(data, pooled());
  reduce(data, map);
  remove_rounding(data);
}

void EffectDesign::remove_rounding(const EffectData& data) {
  for (Index k = 0; k <= free_count(); ++k) {
    if (within(k, k) > rounding_of_column(data, pooled(), k)) continue;
    within.row(k).setZero();
    within.col(k).setZero();
  }
}

GroupedData rows_as_one_group(const EffectData& data) {
  const Index p = static_cast<Index>(data.predictors.size()), last = data.mean.cols() - 1;
  std::vector<std::optional<Index>> columns = data.predictors;
  columns.push_back(last);
  GroupedData all;
  all.observations = data.rows.sum();
  all.size = VectorXd::Constant(1, data.size.sum());
  all.log_weight = data.log_weight;
  all.projection = MatrixXd::Zero(1, p + 1);
  all.within = MatrixXd::Zero(p + 1, p + 1);
  const auto column = [&](Index k) { return columns[static_cast<std::size_t>(k)]; };
  for (Index k = 0; k < p; ++k)
    if (!column(k)) all.direction = k;
  if (all.observations == 0) {
    if (all.direction) all.projection(0, *all.direction) = 0;
    return all;
  }
  const VectorXd mean = (data.mean.transpose() * data.size) / all.size(0);
  for (Index a = 0; a <= p; ++a) all.projection(0, a) = column(a) ? mean(*column(a)) : 1;
  for (Index a = 0; a <= p; ++a)
    for (Index b = 0; b <= a; ++b) {
      if (!column(a) || !column(b)) continue;
      const Index i = *column(a), k = *column(b);
      double sum = 0;
      for (Index j = 0; j < data.size.size(); ++j)
        sum += cross_product(data, j, i, k) +
               data.size(j) * (data.mean(j, i) - mean(i)) * (data.mean(j, k) - mean(k));
      all.within(a, b) = all.within(b, a) = sum;
    }
  return all;
}

GroupedData cells_as_groups(const EffectData& data) {
  const Index p = static_cast<Index>(data.predictors.size()), last = data.mean.cols() - 1;
  const auto column = [&](Index k) {
    return k < p ? data.predictors[static_cast<std::size_t>(k)] : std::optional<Index>(last);
  };
  GroupedData groups;
  groups.observations = data.rows.sum();
  groups.size = data.size;
  groups.log_weight = data.log_weight;
  groups.projection = MatrixXd::Ones(data.size.size(), p + 1);
  groups.within = MatrixXd::Zero(p + 1, p + 1);
  for (Index a = 0; a <= p; ++a) {
    if (!column(a)) {
      groups.direction = a;
      continue;
    }
    groups.projection.col(a) = data.mean.col(*column(a));
    for (Index b = 0; b <= p; ++b)
      for (Index j = 0; column(b) && j < data.size.size(); ++j)
        groups.within(a, b) += cross_product(data, j, *column(a), *column(b));
  }
  return groups;
}

void EffectDesign::reduce(const EffectData& data, const MatrixXd& map) {
  const Index variables = data.mean.cols(), width = map.cols(), v = width - effects();
  std::map<std::vector<double>, std::size_t> known;
  MatrixXd products(variables, variables);
  for (Index j = 0; j < data.size.size(); ++j) {
    const double n = data.size(j);
    MatrixXd rows = MatrixXd::Zero(1 + effects(), width);
    if (n > 0) {
      for (Index a = 0; a < variables; ++a)
        for (Index b = 0; b < variables; ++b) products(a, b) = cross_product(data, j, a, b);
      const auto varying = map.topRows(variables);
      MatrixXd left = varying.transpose() * products * varying;
      rows.row(0) = std::sqrt(n) * (data.mean.row(j) * varying + map.row(variables));
      for (Index k = 0; k < effects(); ++k) {
        const double own = products_of(data, j, k);
        if (!(left(k, k) > rank_tolerance * own) || own <= negligible * rows(0, k) * rows(0, k)) {
          left.row(k).setZero();
          left.col(k).setZero();
          continue;
        }
        rows.row(1 + k) = left.row(k) / std::sqrt(left(k, k));
        rows.row(1 + k).head(k).setZero();
        left -= rows.row(1 + k).transpose() * rows.row(1 + k);
      }
      within += left.bottomRightCorner(v, v);
    }
    make_triangular(rows);
    add_group(rows, known);
  }
}

double EffectDesign::products_of(const EffectData& data, Index j, Index k) const {
  const std::optional<Index>& column = directions_[index(k)];
  return column ? cross_product(data, j, *column, *column) : 0;
}

void EffectDesign::make_triangular(MatrixXd& rows) const {
  for (Index k = 0; k < effects(); ++k)
    for (Index i = rows.rows() - 1; i > k; --i) {
      if (rows(i, k) == 0) continue;
      const double length = std::hypot(rows(k, k), rows(i, k));
      const double c = rows(k, k) / length, s = rows(i, k) / length;
      const Eigen::RowVectorXd upper = c * rows.row(k) + s * rows.row(i);
      rows.row(i) = c * rows.row(i) - s * rows.row(k);
      rows.row(k) = upper;
      rows(i, k) = 0;
    }
}

void EffectDesign::add_group(const MatrixXd& rows,
                             std::map<std::vector<double>, std::size_t>& known) {
  const Index v = rows.cols() - effects();
  std::vector<Index> used;
  for (Index i = 0; i < rows.rows(); ++i)
    if ((rows.row(i).head(effects()).array() != 0).any())
      used.push_back(i);
    else
      within += rows.row(i).tail(v).transpose() * rows.row(i).tail(v);
  const Index r = static_cast<Index>(used.size());
  MatrixXd factor(r, effects()), projection(r, v);
  std::vector<double> key;
  for (Index i = 0; i < r; ++i) {
    const double sign = rows(used[index(i)], first_nonzero(rows, used[index(i)])) < 0 ? -1 : 1;
    factor.row(i) = sign * rows.row(used[index(i)]).head(effects());
    projection.row(i) = sign * rows.row(used[index(i)]).tail(v);
    for (Index k = 0; k < effects(); ++k) key.push_back(shortened(factor(i, k)));
  }
  const auto found = known.emplace(std::move(key), classes.size());
  if (found.second) classes.push_back({factor, 0});
  classes[found.first->second].count += 1;
  class_of.push_back(found.first->second);
  cross_products += factor.transpose() * factor;
  projections.push_back(std::move(projection));
}

Index EffectDesign::first_nonzero(const MatrixXd& rows, Index i) const {
  Index k = 0;
  while (k + 1 < effects() && rows(i, k) == 0) ++k;
  return k;
}

double EffectDesign::shortened(double x) {
  if (x == 0) return 0;
  const double unit = std::pow(2.0, std::ilogb(x) - 40);
  return std::round(x / unit) * unit;
}

}  // namespace bayespool
