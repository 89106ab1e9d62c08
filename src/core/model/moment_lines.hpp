// Lines of moments: many lines a group merged into one, and the same rows in other columns.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/errors.hpp"
#include "core/model/group_moments.hpp"
#include "core/numerics/double_sum.hpp"

namespace bayespool {

// Merges `lines` into `groups` groups as if their rows had been together: line i belongs to group code[i] from 0. Cross-products
// are by line, or, where there is one group, may have been summed over the lines already (one row). Lines of size 0 are ignored. A
// group without lines has size 0 and mean NaN.
//
// With n = sum n_i over a group's lines, m = sum (n_i / n) m_i and d_i = m_i - m:  W = sum (W_i + n_i d_i d_i').  The mean comes
// first, so that d_i are small where the lines' means are close, whatever their order; it is a sum of differences from the group's
// first line. What rounding leaves of it, r = sum (n_i / n) d_i, is added to it and taken from W as n r r'.
inline GroupMoments merge_lines(const GroupMoments& lines, const std::vector<int>& code,
                                Eigen::Index groups) {
  const Eigen::Index count = lines.size.size(), d = lines.mean.cols(), products = packed_size(d);
  const bool summed = groups == 1 && lines.within.rows() == 1;
  if (lines.mean.rows() != count || lines.mean_low.rows() != count || lines.mean_low.cols() != d ||
      static_cast<Eigen::Index>(code.size()) != count || lines.within.cols() != products ||
      (!summed && lines.within.rows() != count)) {
    throw InvalidInput("lines to be merged need means, cross-products and a code each");
  }
  GroupMoments all{Eigen::VectorXd::Zero(groups),
                   Eigen::MatrixXd::Constant(groups, d, std::nan("")),
                   Eigen::MatrixXd::Zero(groups, d), Eigen::MatrixXd::Zero(groups, products)};
  for (Eigen::Index i = 0; i < count; ++i) {
    const Eigen::Index j = code[i];
    if (j < 0 || j >= groups) throw InvalidInput("a code of a line is out of range");
    if (lines.size(i) == 0) continue;
    if (all.size(j) == 0) {
      all.mean.row(j) = lines.mean.row(i);
      all.mean_low.row(j) = lines.mean_low.row(i);
    }
    all.size(j) += lines.size(i);
  }
  const auto difference = [&](Eigen::Index i, Eigen::Index j, Eigen::Index b) {
    return (lines.mean(i, b) - all.mean(j, b)) + (lines.mean_low(i, b) - all.mean_low(j, b));
  };
  const auto move_means = [&](const Eigen::MatrixXd& step) {
    for (Eigen::Index b = 0; b < d; ++b)
      for (Eigen::Index j = 0; j < groups; ++j) {
        if (all.size(j) == 0) continue;
        DoubleSum mean{all.mean(j, b), all.mean_low(j, b)};
        add_to(mean, step(j, b));
        all.mean(j, b) = mean.high;
        all.mean_low(j, b) = mean.low;
      }
  };
  Eigen::MatrixXd step = Eigen::MatrixXd::Zero(groups, d);
  for (Eigen::Index i = 0; i < count; ++i) {
    if (lines.size(i) == 0) continue;
    const Eigen::Index j = code[i];
    const double share = lines.size(i) / all.size(j);
    for (Eigen::Index b = 0; b < d; ++b) step(j, b) += share * difference(i, j, b);
  }
  move_means(step);

  step.setZero();
  Eigen::MatrixXd low = Eigen::MatrixXd::Zero(groups, products);
  const auto add_product = [&](Eigen::Index j, Eigen::Index ab, double product) {
    const DoubleSum sum = two_sum(all.within(j, ab), product);
    all.within(j, ab) = sum.high;
    low(j, ab) += sum.low;
  };
  std::vector<double> from_mean(static_cast<std::size_t>(d));
  for (Eigen::Index i = 0; i < count; ++i) {
    if (lines.size(i) == 0) continue;
    const Eigen::Index j = code[i];
    for (Eigen::Index b = 0, ab = 0; b < d; ++b) {
      from_mean[b] = difference(i, j, b);
      step(j, b) += lines.size(i) / all.size(j) * from_mean[b];
      const double factor = lines.size(i) * from_mean[b];
      for (Eigen::Index a = 0; a <= b; ++a, ++ab) {
        if (!summed) add_product(j, ab, lines.within(i, ab));
        add_product(j, ab, factor * from_mean[a]);
      }
    }
  }
  if (summed)
    for (Eigen::Index ab = 0; ab < products; ++ab) add_product(0, ab, lines.within(0, ab));
  move_means(step);
  for (Eigen::Index j = 0; j < groups; ++j)
    for (Eigen::Index b = 0, ab = 0; b < d; ++b) {
      for (Eigen::Index a = 0; a <= b; ++a, ++ab)
        all.within(j, ab) += low(j, ab) - all.size(j) * step(j, a) * step(j, b);
      all.within(j, ab - 1) = std::max(all.within(j, ab - 1), 0.0);
    }
  return all;
}

// The moments of the columns z' = constant + map' z, with `map` of old by new columns. Zeros and ones in `map` cost no digits, and
// a column that these make constant has products of exactly 0.
inline GroupMoments recode_columns(const GroupMoments& lines, const Eigen::RowVectorXd& constant,
                                   const Eigen::MatrixXd& map) {
  const Eigen::Index count = lines.size.size(), d = map.rows(), columns = map.cols();
  if (lines.mean.cols() != d || lines.mean_low.cols() != d || constant.size() != columns ||
      lines.within.rows() != count) {
    throw InvalidInput("columns to be recoded need a row of the map each, and products by line");
  }
  GroupMoments recoded{lines.size, Eigen::MatrixXd(count, columns), Eigen::MatrixXd(count, columns),
                       Eigen::MatrixXd::Zero(count, packed_size(columns))};
  const auto packed = [](Eigen::Index a, Eigen::Index b) {
    return packed_size(std::max(a, b)) + std::min(a, b);
  };
  Eigen::MatrixXd half(d, columns);  // W map
  for (Eigen::Index i = 0; i < count; ++i) {
    half.setZero();
    for (Eigen::Index b = 0; b < columns; ++b) {
      DoubleSum mean{constant(b), 0};
      for (Eigen::Index k = 0; k < d; ++k) {
        const double factor = map(k, b);
        if (factor == 0) continue;
        const double product = factor * lines.mean(i, k);
        add_to(mean, product);
        add_to(mean, std::fma(factor, lines.mean(i, k), -product) + factor * lines.mean_low(i, k));
        for (Eigen::Index a = 0; a < d; ++a) half(a, b) += lines.within(i, packed(a, k)) * factor;
      }
      recoded.mean(i, b) = mean.high;
      recoded.mean_low(i, b) = mean.low;
    }
    for (Eigen::Index b = 0, ab = 0; b < columns; ++b) {
      for (Eigen::Index a = 0; a <= b; ++a, ++ab)
        for (Eigen::Index k = 0; k < d; ++k)
          if (map(k, a) != 0) recoded.within(i, ab) += map(k, a) * half(k, b);
      recoded.within(i, ab - 1) = std::max(recoded.within(i, ab - 1), 0.0);
    }
  }
  return recoded;
}

}  // namespace bayespool
