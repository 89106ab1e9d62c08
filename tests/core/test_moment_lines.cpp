// Merging lines of moments and recoding their columns, against all rows at once and against integers.
#include <catch.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "close_to.hpp"
#include "core/model/moment_lines.hpp"

using namespace bayespool;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::RowVectorXd;
using Eigen::VectorXd;

namespace {

constexpr double offset = 1e9, unit = 1.0 / 1024;

// The sum of 1000 rows of a group in one pass may be off by 1000 half units of rounding, 1e-13; merging adds next to nothing.
constexpr std::size_t all_rows = 3000;

// Rows offset + k / 1024 of two columns in three groups, whose moments are known from the integers k.
struct Rows {
  std::vector<std::int64_t> k, l;
  std::vector<int> group;
  std::vector<double> x, y;

  explicit Rows(std::size_t rows) {
    std::mt19937 generator(1);
    for (std::size_t i = 0; i < rows; ++i) {
      k.push_back(static_cast<std::int64_t>(generator() % 4096));
      l.push_back(static_cast<std::int64_t>(generator() % 4096) + k[i]);
      group.push_back(static_cast<int>(generator() % 3));
      x.push_back(offset + static_cast<double>(k[i]) * unit);
      y.push_back(-offset + static_cast<double>(l[i]) * unit);
    }
  }

  // The rows of one part, every `parts`-th.
  GroupMoments part(std::size_t first, std::size_t parts) const {
    std::vector<double> own_x, own_y;
    std::vector<int> own_group;
    for (std::size_t i = first; i < x.size(); i += parts) {
      own_x.push_back(x[i]);
      own_y.push_back(y[i]);
      own_group.push_back(group[i]);
    }
    GroupedRows rows;
    rows.columns = {own_x.data(), own_y.data()};
    rows.group = own_group.data();
    rows.rows = static_cast<Index>(own_x.size());
    rows.groups = 3;
    return compute_group_moments(rows, false, [] {});
  }

  // `group` -1: all rows.
  void check(const GroupMoments& found, Index row, int wanted) const {
    std::int64_t n = 0, sums[2] = {0, 0}, products[3] = {0, 0, 0};
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (wanted >= 0 && group[i] != wanted) continue;
      ++n;
      sums[0] += k[i];
      sums[1] += l[i];
      products[0] += k[i] * k[i];
      products[1] += k[i] * l[i];
      products[2] += l[i] * l[i];
    }
    const double size = static_cast<double>(n);
    CHECK(found.size(row) == size);
    const double offsets[] = {offset, -offset};
    for (int b = 0; b < 2; ++b) {
      const double expected = static_cast<double>(sums[b]) * unit / size;
      const double mean = (found.mean(row, b) - offsets[b]) + found.mean_low(row, b);
      CHECK(close_to(mean / expected, 1, 1e-14));
    }
    for (int b = 0, ab = 0; b < 2; ++b)
      for (int a = 0; a <= b; ++a, ++ab) {
        const std::int64_t exact = n * products[ab] - sums[a] * sums[b];
        CHECK(close_to(found.within(row, ab) * size / (static_cast<double>(exact) * unit * unit), 1,
                       1e-13));
      }
  }
};

GroupMoments stack(const std::vector<GroupMoments>& parts, std::vector<int>& code) {
  Index lines = 0;
  for (const GroupMoments& part : parts) lines += part.size.size();
  const Index d = parts[0].mean.cols();
  GroupMoments all{VectorXd(lines), MatrixXd(lines, d), MatrixXd(lines, d),
                   MatrixXd(lines, packed_size(d))};
  code.clear();
  Index next = 0;
  for (const GroupMoments& part : parts) {
    const Index own = part.size.size();
    all.size.segment(next, own) = part.size;
    all.mean.middleRows(next, own) = part.mean;
    all.mean_low.middleRows(next, own) = part.mean_low;
    all.within.middleRows(next, own) = part.within;
    for (Index j = 0; j < own; ++j) code.push_back(static_cast<int>(j));
    next += own;
  }
  return all;
}

GroupMoments merge(const std::vector<GroupMoments>& parts) {
  std::vector<int> code;
  const GroupMoments lines = stack(parts, code);
  return merge_lines(lines, code, parts[0].size.size());
}

}  // namespace

TEST_CASE("parts of the rows merge to the whole far from zero, in any number", "[moment_lines]") {
  const Rows rows(all_rows);
  for (const std::size_t count :
       {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{1000}, all_rows}) {
    std::vector<GroupMoments> parts;
    for (std::size_t p = 0; p < count; ++p) parts.push_back(rows.part(p, count));
    const GroupMoments merged = merge(parts);
    for (int j = 0; j < 3; ++j) rows.check(merged, j, j);
  }
}

TEST_CASE("merging may be in any order and in steps", "[moment_lines]") {
  const Rows rows(all_rows);
  std::vector<GroupMoments> parts;
  for (std::size_t p = 0; p < 4; ++p) parts.push_back(rows.part(p, 4));
  std::vector<GroupMoments> results = {
      merge({parts[3], parts[1], parts[0], parts[2]}),
      merge({parts[0], merge({parts[1], merge({parts[2], parts[3]})})}),
      merge({merge({merge({parts[0], parts[1]}), parts[2]}), parts[3]})};
  for (const GroupMoments& merged : results)
    for (int j = 0; j < 3; ++j) rows.check(merged, j, j);
  // One row after the other.
  GroupMoments one_by_one = rows.part(0, all_rows);
  for (std::size_t i = 1; i < all_rows; ++i)
    one_by_one = merge({one_by_one, rows.part(i, all_rows)});
  for (int j = 0; j < 3; ++j) rows.check(one_by_one, j, j);
}

TEST_CASE("all groups as one, with products by group or summed", "[moment_lines]") {
  const Rows rows(all_rows);
  GroupMoments groups = rows.part(0, 1);
  const std::vector<int> code(3, 0);
  rows.check(merge_lines(groups, code, 1), 0, -1);
  groups.within = MatrixXd(groups.within.colwise().sum());
  rows.check(merge_lines(groups, code, 1), 0, -1);
}

TEST_CASE("an outlier as the first line costs no digits", "[moment_lines]") {
  // One observation of -1e9 and a thousand of 1e9 + 0 and 1e9 + 1 in turns.
  const Index n = 1001;
  GroupMoments lines{VectorXd::Ones(n), MatrixXd::Constant(n, 1, offset), MatrixXd::Zero(n, 1),
                     MatrixXd::Zero(n, 1)};
  lines.mean(0, 0) = -offset;
  for (Index i = 1; i < n; i += 2) lines.mean(i, 0) += 1;
  const GroupMoments merged = merge_lines(lines, std::vector<int>(n, 0), 1);
  const double distance = 2e9 + 0.5, expected = 250 + 1000.0 / 1001 * distance * distance;
  CHECK(close_to(merged.within(0, 0) / expected, 1, 1e-15));
  const double mean = (merged.mean(0, 0) - offset) + merged.mean_low(0, 0);
  CHECK(close_to(mean / (0.5 - distance / 1001), 1, 1e-14));
}

TEST_CASE("constant lines have products of exactly zero", "[moment_lines]") {
  for (const double value : {0.1, 1e9 + 0.1, 1e-9, 1e300}) {
    GroupMoments lines{VectorXd::LinSpaced(50, 1, 50), MatrixXd::Constant(50, 1, value),
                       MatrixXd::Zero(50, 1), MatrixXd::Zero(50, 1)};
    const GroupMoments merged = merge_lines(lines, std::vector<int>(50, 0), 1);
    CHECK(merged.within(0, 0) == 0);
    CHECK(merged.mean(0, 0) == value);
    CHECK(merged.mean_low(0, 0) == 0);
  }
}

TEST_CASE("a group with one line keeps it, lines of size 0 and groups without lines are empty",
          "[moment_lines]") {
  GroupMoments lines{VectorXd::Zero(3), MatrixXd::Constant(3, 1, std::nan("")),
                     MatrixXd::Zero(3, 1), MatrixXd::Zero(3, 1)};
  lines.size(1) = 4;
  lines.mean(1, 0) = 1e9;
  lines.mean_low(1, 0) = 1e-8;
  lines.within(1, 0) = 3;
  const GroupMoments merged = merge_lines(lines, {2, 2, 1}, 3);
  CHECK(merged.size(2) == 4);
  CHECK(merged.mean(2, 0) == 1e9);
  CHECK(merged.mean_low(2, 0) == 1e-8);
  CHECK(merged.within(2, 0) == 3);
  for (const Index j : {0, 1}) {
    CHECK(merged.size(j) == 0);
    CHECK(std::isnan(merged.mean(j, 0)));
    CHECK(merged.mean_low(j, 0) == 0);
    CHECK(merged.within(j, 0) == 0);
  }
}

TEST_CASE("lines: bad calls are refused by class", "[moment_lines]") {
  const Rows rows(100);
  GroupMoments lines = rows.part(0, 1);
  CHECK_THROWS_AS(merge_lines(lines, {0, 1}, 3), InvalidInput);
  CHECK_THROWS_AS(merge_lines(lines, {0, 1, 3}, 3), InvalidInput);
  CHECK_THROWS_AS(merge_lines(lines, {0, 1, -1}, 3), InvalidInput);
  CHECK_THROWS_AS(recode_columns(lines, RowVectorXd::Zero(2), MatrixXd::Zero(3, 2)), InvalidInput);
  lines.within = MatrixXd(lines.within.topRows(1));
  CHECK_THROWS_AS(merge_lines(lines, {0, 1, 2}, 3), InvalidInput);
}

TEST_CASE("recoded columns have the moments of their rows", "[moment_lines]") {
  // Columns x, y become y, 5, x + y - 3, x / 2.
  const Rows rows(all_rows);
  RowVectorXd constant(4);
  constant << 0, 5, -3, 0;
  MatrixXd map(2, 4);
  map << 0, 0, 1, 0.5, 1, 0, 1, 0;
  std::vector<double> five(rows.x.size(), 5), sum, half;
  for (std::size_t i = 0; i < rows.x.size(); ++i) {
    sum.push_back(rows.x[i] + rows.y[i] - 3);
    half.push_back(rows.x[i] / 2);
  }
  GroupedRows view;
  view.columns = {rows.y.data(), five.data(), sum.data(), half.data()};
  view.group = rows.group.data();
  view.rows = static_cast<Index>(sum.size());
  view.groups = 3;
  const GroupMoments expected = compute_group_moments(view, false, [] {}),
                     found = recode_columns(rows.part(0, 1), constant, map);
  for (Index j = 0; j < 3; ++j) {
    CHECK(found.size(j) == expected.size(j));
    for (Index b = 0; b < 4; ++b) {
      const double difference = (found.mean(j, b) - expected.mean(j, b)) +
                                (found.mean_low(j, b) - expected.mean_low(j, b));
      CHECK(std::fabs(difference) < 1e-14);
    }
    for (Index c = 0; c < 10; ++c) CHECK(close_to(found.within(j, c), expected.within(j, c), 1e-8));
    CHECK(found.mean(j, 1) == 5);
    CHECK(found.mean_low(j, 1) == 0);
    for (const Index c : {1, 2, 4, 7}) CHECK(found.within(j, c) == 0);
  }
  // What cancels is exactly 0.
  MatrixXd difference(2, 1);
  difference << 1, -1;
  GroupMoments same = rows.part(0, 1);
  same.mean.col(1) = same.mean.col(0);
  same.mean_low.col(1) = same.mean_low.col(0);
  same.within.col(1) = same.within.col(2) = same.within.col(0);
  const GroupMoments none = recode_columns(same, RowVectorXd::Zero(1), difference);
  CHECK(none.mean.isZero(0));
  CHECK(none.mean_low.isZero(0));
  CHECK(none.within.isZero(0));
}

TEST_CASE("a sum of two doubles is exact", "[moment_lines]") {
  const double small = std::ldexp(1, -60);
  const DoubleSum sum = two_sum(small, 1);
  CHECK(sum.high == 1);
  CHECK(sum.low == small);
  DoubleSum total{1, 0};
  for (int i = 0; i < 1024; ++i) add_to(total, small);
  CHECK((total.high - 1) + total.low == std::ldexp(1, -50));
}
