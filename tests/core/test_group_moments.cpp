// Moments of groups, against sums by hand.
#include <catch.h>

#include <climits>
#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/model/group_moments.hpp"

using namespace bayespool;

namespace {

const auto no_interrupt = [] {};

// Two groups of two rows and two columns, in turns.
struct Rows {
  std::vector<double> x = {1, 10, 3, 20}, y = {2, 5, 8, 7};
  std::vector<int> group = {1, 2, 1, 2};

  GroupedRows view() const {
    GroupedRows rows;
    rows.columns = {x.data(), y.data()};
    rows.group = group.data();
    rows.first_code = 1;
    rows.rows = static_cast<Eigen::Index>(x.size());
    rows.groups = 2;
    return rows;
  }
};

void check_row(const Eigen::MatrixXd& found, Eigen::Index row,
               const std::vector<double>& expected) {
  REQUIRE(found.cols() == static_cast<Eigen::Index>(expected.size()));
  for (Eigen::Index k = 0; k < found.cols(); ++k)
    CHECK(close_to(found(row, k), expected[static_cast<std::size_t>(k)]));
}

}  // namespace

TEST_CASE("group moments of two groups of two rows", "[group_moments]") {
  const Rows rows;
  const GroupMoments moments = compute_group_moments(rows.view(), false, no_interrupt);
  CHECK(moments.size(0) == 2);
  CHECK(moments.size(1) == 2);
  check_row(moments.mean, 0, {2, 5});
  check_row(moments.mean, 1, {15, 6});
  check_row(moments.within, 0, {2, 6, 18});  // xx, xy, yy
  check_row(moments.within, 1, {50, 10, 2});
  const GroupMoments pooled = compute_group_moments(rows.view(), true, no_interrupt);
  check_row(pooled.within, 0, {52, 16, 20});
}

TEST_CASE("group moments: any number of columns gives the same products", "[group_moments]") {
  const Rows rows;
  for (std::size_t d = 1; d <= 7; ++d) {
    GroupedRows view = rows.view();
    view.columns.assign(d, rows.y.data());
    const GroupMoments moments = compute_group_moments(view, false, no_interrupt);
    for (Eigen::Index k = 0; k < packed_size(static_cast<Eigen::Index>(d)); ++k) {
      CHECK(close_to(moments.within(0, k), 18));
      CHECK(close_to(moments.within(1, k), 2));
    }
  }
}

TEST_CASE("group moments keep their digits far from zero and after an outlier", "[group_moments]") {
  std::vector<double> x(1 << 12);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 1e9 + (i % 2 == 0 ? 0.5 : -0.5);
  GroupedRows rows;
  rows.columns = {x.data()};
  rows.rows = static_cast<Eigen::Index>(x.size());
  CHECK(close_to(compute_group_moments(rows, false, no_interrupt).within(0, 0), x.size() / 4.0));
  x[0] = -1e9;
  const double n = static_cast<double>(x.size());
  const double mean_of_rest = 1e9 - 0.5 / (n - 1);
  const double rest = (n - 1) * 0.25 - 0.25 / (n - 1);
  const double expected = rest + (n - 1) / n * std::pow(-1e9 - mean_of_rest, 2);
  CHECK(close_to(compute_group_moments(rows, false, no_interrupt).within(0, 0) / expected, 1));
}

TEST_CASE("group moments: means have twice the digits", "[group_moments]") {
  // 1e9 + k / 1024, whose mean needs more digits than a double has.
  std::vector<double> x;
  for (int i = 0; i < 1001; ++i) x.push_back(1e9 + (i * 7919 % 5003) / 1024.0);
  double sum = 0;
  for (const double value : x) sum += (value - 1e9) * 1024;
  const double expected = sum / 1024 / static_cast<double>(x.size());
  GroupedRows rows;
  rows.columns = {x.data()};
  rows.rows = static_cast<Eigen::Index>(x.size());
  std::vector<double> weight(x.size(), 0.5);
  for (const bool weighted : {false, true}) {
    rows.weight = weighted ? weight.data() : nullptr;
    const GroupMoments moments = compute_group_moments(rows, false, no_interrupt);
    CHECK(moments.mean(0, 0) == 1e9 + expected);
    CHECK(close_to(((moments.mean(0, 0) - 1e9) + moments.mean_low(0, 0)) / expected, 1, 1e-14));
  }
}

TEST_CASE("group moments: groups without rows and values that are not finite", "[group_moments]") {
  Rows rows;
  GroupedRows view = rows.view();
  view.groups = 3;
  GroupMoments moments = compute_group_moments(view, false, no_interrupt);
  CHECK(moments.size(2) == 0);
  CHECK(std::isnan(moments.mean(2, 0)));
  CHECK(moments.within(2, 0) == 0);
  CHECK_FALSE(find_non_finite(view).found);
  rows.y[2] = HUGE_VAL;
  moments = compute_group_moments(rows.view(), false, no_interrupt);
  CHECK_FALSE(std::isfinite(moments.mean(0, 1)));
  const NonFinite bad = find_non_finite(rows.view());
  CHECK(bad.found);
  CHECK(bad.column == 1);
  CHECK(bad.row == 2);
}

TEST_CASE("group moments: bad calls are refused by class", "[group_moments]") {
  Rows rows;
  rows.group[3] = 3;
  CHECK_THROWS_AS(compute_group_moments(rows.view(), false, no_interrupt), InvalidInput);
  rows.group[3] = 0;
  CHECK_THROWS_AS(compute_group_moments(rows.view(), false, no_interrupt), InvalidInput);
  CHECK_THROWS_AS(compute_group_moments(GroupedRows(), false, no_interrupt), InvalidInput);
}

TEST_CASE("codes: their range, and doubles that are whole numbers", "[group_moments]") {
  const std::vector<int> codes = {4, INT_MIN, 9};
  CHECK(code_range(codes.data(), 3) == std::make_pair(INT_MIN, 9));
  std::vector<int> integers(2);
  const std::vector<double> whole = {-3, 2147483647.0}, half = {1, 1.5}, large = {1, 2147483648.0},
                            missing = {1, std::nan("")};
  CHECK(to_integers(whole.data(), 2, integers.data()));
  CHECK(integers == std::vector<int>({-3, 2147483647}));
  for (const std::vector<double>& values : {half, large, missing})
    CHECK_FALSE(to_integers(values.data(), 2, integers.data()));
}
