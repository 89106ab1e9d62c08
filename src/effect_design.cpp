// What is computed once of data of groups with several effects: the definitions of core/model/effect_data.hpp, in a file of their
// own for the time that they take to compile.
#include "core/model/effect_data.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/model/pure_columns.hpp"

namespace bayespool {

EffectDesign::EffectDesign(const EffectData& data, const CoefficientPriors& priors)
    : pooled_(pooled(data), priors),
      effects_(static_cast<Index>(data.directions.size())),
      directions_(data.directions),
      cross_products(MatrixXd::Zero(effects_, effects_)),
      within(MatrixXd::Zero(pooled_.free_count() + 1, pooled_.free_count() + 1)) {
  // Variables and the constant become (z, v).
  const Index variables = data.mean.cols(), width = effects_ + pooled_.free_count() + 1;
  const Index p = static_cast<Index>(data.predictors.size());
  MatrixXd map = MatrixXd::Zero(variables + 1, width);
  for (Index k = 0; k < effects_; ++k) map(position(data.directions[index(k)], variables), k) = 1;
  for (Index k = 0; k < p; ++k)
    map.row(position(data.predictors[index(k)], variables)).tail(width - effects_) +=
        pooled_.from_columns.row(k);
  map.row(variables - 1).tail(width - effects_) += pooled_.from_columns.row(p);
  reduce(data, map);
  remove_rounding(data);
}

void EffectDesign::remove_rounding(const EffectData& data) {
  const Index f = pooled_.free_count();
  for (Index k = 0; k <= f; ++k) {
    const double mean = pooled_.projections(0, k);
    const double total = pooled_.within(k, k) + pooled_.total_size * mean * mean;
    double rounding = (k < f ? rank_tolerance : exact_fit_tolerance) * total;
    if (k == f)
      rounding =
          std::max(rounding, squares_of_rounding(std::numeric_limits<double>::epsilon() *
                                                     data.mean.rightCols<1>().cwiseAbs().maxCoeff(),
                                                 pooled_.total_size));
    if (within(k, k) > rounding) continue;
    within.row(k).setZero();
    within.col(k).setZero();
  }
}

GroupedData EffectDesign::pooled(const EffectData& data) {
  const Index p = static_cast<Index>(data.predictors.size()), last = data.mean.cols() - 1;
  std::vector<std::optional<Index>> columns = data.predictors;
  columns.push_back(last);
  GroupedData all;
  all.observations = data.rows.sum();
  all.size = VectorXd::Constant(1, data.size.sum());
  all.log_weight = data.log_weight;
  all.projection = MatrixXd::Zero(1, p + 1);
  all.within = MatrixXd::Zero(p + 1, p + 1);
  for (Index k = 0; k < p; ++k)
    if (!columns[index(k)]) all.direction = k;
  if (all.observations == 0) {
    if (all.direction) all.projection(0, *all.direction) = 0;
    return all;
  }
  const VectorXd mean = (data.mean.transpose() * data.size) / all.size(0);
  for (Index a = 0; a <= p; ++a)
    all.projection(0, a) = columns[index(a)] ? mean(*columns[index(a)]) : 1;
  for (Index a = 0; a <= p; ++a)
    for (Index b = 0; b <= a; ++b) {
      if (!columns[index(a)] || !columns[index(b)]) continue;
      const Index i = *columns[index(a)], k = *columns[index(b)];
      double sum = 0;
      for (Index j = 0; j < data.size.size(); ++j)
        sum += packed(data, j, i, k) +
               data.size(j) * (data.mean(j, i) - mean(i)) * (data.mean(j, k) - mean(k));
      all.within(a, b) = all.within(b, a) = sum;
    }
  return all;
}

void EffectDesign::reduce(const EffectData& data, const MatrixXd& map) {
  const Index variables = data.mean.cols(), width = map.cols(), v = width - effects_;
  std::map<std::vector<double>, std::size_t> known;
  MatrixXd products(variables, variables);
  for (Index j = 0; j < data.size.size(); ++j) {
    const double n = data.size(j);
    MatrixXd rows = MatrixXd::Zero(1 + effects_, width);
    if (n > 0) {
      for (Index a = 0; a < variables; ++a)
        for (Index b = 0; b < variables; ++b) products(a, b) = packed(data, j, a, b);
      const auto varying = map.topRows(variables);
      MatrixXd left = varying.transpose() * products * varying;
      rows.row(0) = std::sqrt(n) * (data.mean.row(j) * varying + map.row(variables));
      for (Index k = 0; k < effects_; ++k) {
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
  return column ? packed(data, j, *column, *column) : 0;
}

void EffectDesign::make_triangular(MatrixXd& rows) const {
  for (Index k = 0; k < effects_; ++k)
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
  const Index v = rows.cols() - effects_;
  std::vector<Index> used;
  for (Index i = 0; i < rows.rows(); ++i)
    if ((rows.row(i).head(effects_).array() != 0).any())
      used.push_back(i);
    else
      within += rows.row(i).tail(v).transpose() * rows.row(i).tail(v);
  const Index r = static_cast<Index>(used.size());
  MatrixXd factor(r, effects_), projection(r, v);
  std::vector<double> key;
  for (Index i = 0; i < r; ++i) {
    const double sign = rows(used[index(i)], first_nonzero(rows, used[index(i)])) < 0 ? -1 : 1;
    factor.row(i) = sign * rows.row(used[index(i)]).head(effects_);
    projection.row(i) = sign * rows.row(used[index(i)]).tail(v);
    for (Index k = 0; k < effects_; ++k) key.push_back(shortened(factor(i, k)));
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
  while (k + 1 < effects_ && rows(i, k) == 0) ++k;
  return k;
}

double EffectDesign::shortened(double x) {
  if (x == 0) return 0;
  const double unit = std::pow(2.0, std::ilogb(x) - 40);
  return std::round(x / unit) * unit;
}

}  // namespace bayespool
