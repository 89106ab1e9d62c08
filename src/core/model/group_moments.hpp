// Group moments in one pass over the rows: size, mean and within-group cross-products of each group.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/errors.hpp"
#include "core/numerics/double_sum.hpp"

namespace bayespool {

// Cross-products of d columns are stored as the upper triangle by columns: (1,1), (1,2), (2,2), (1,3), ...
constexpr Eigen::Index packed_size(Eigen::Index d) { return d * (d + 1) / 2; }

struct GroupMoments {
  Eigen::VectorXd size;  // J: numbers of rows, or sums of their weights
  Eigen::MatrixXd mean;  // J x d
  Eigen::MatrixXd
      mean_low;  // J x d: what means have lost by rounding; means near 1e9 are only right to 1e-7 without
  Eigen::MatrixXd within;  // J x d(d+1)/2, or 1 x d(d+1)/2 when summed over the groups
};

// Rows that somebody else owns. Row i belongs to group `group[i] - first_code`; a null `group` means one group.
struct GroupedRows {
  std::vector<const double*> columns;  // d columns of `rows` values
  const int* group = nullptr;
  const double* weight = nullptr;  // above 0 and finite; null: 1
  int first_code = 0;
  Eigen::Index rows = 0;
  Eigen::Index groups = 1;
};

// Smallest and largest of `size` > 0 codes: in R a missing one is the smallest integer there is.
inline std::pair<int, int> code_range(const int* codes, Eigen::Index size) {
  int low = codes[0];
  int high = codes[0];
  for (Eigen::Index i = 1; i < size; ++i) {
    low = std::min(low, codes[i]);
    high = std::max(high, codes[i]);
  }
  return {low, high};
}

// False where a value is no integer that an int holds (the smallest int, R's missing value, is left out).
inline bool to_integers(const double* values, Eigen::Index size, int* integers) {
  for (Eigen::Index i = 0; i < size; ++i) {
    if (!(std::fabs(values[i]) <= 2147483647.0)) return false;
    integers[i] = static_cast<int>(values[i]);
    if (integers[i] != values[i]) return false;
  }
  return true;
}

// Row and column (from 0) of the first value that is NaN or infinite; `found` is false when there is none.
struct NonFinite {
  bool found = false;
  Eigen::Index column = 0;
  Eigen::Index row = 0;
};

inline NonFinite find_non_finite(const GroupedRows& data) {
  for (std::size_t a = 0; a < data.columns.size(); ++a) {
    for (Eigen::Index i = 0; i < data.rows; ++i) {
      if (!std::isfinite(data.columns[a][i])) return {true, static_cast<Eigen::Index>(a), i};
    }
  }
  return {};
}

// Sums of each group about a shift c that is near its data (its first observation at the start), so that neither a
// large offset nor a constant group costs accuracy: s = sum (z - c), S = sum (z - c)(z - c)'. A group is one record
// n | c | s | S, contiguous because rows arrive in random group order and every row touches one record.
// `Columns` fixes d at compile time; 0 leaves it to run time, and knows weights: then n = sum w, and s and S are sums times w.
template <int Columns>
class MomentAccumulator {
 public:
  MomentAccumulator(Eigen::Index columns, Eigen::Index groups)
      : run_time_columns_(static_cast<int>(columns)),
        groups_(groups),
        storage_(static_cast<std::size_t>(groups * stride()) + cache_line_doubles) {
    void* start = storage_.data();
    std::size_t space = storage_.size() * sizeof(double);
    records_ = static_cast<double*>(
        std::align(cache_line_doubles * sizeof(double), sizeof(double), start, space));
  }

  void add(const GroupedRows& data, const std::function<void()>& check_interrupt) {
    // Blocks double in size. Where they are large for the number of groups, shifts move to the mean so far after each: it
    // costs little, and a group of a million rows whose first one is an outlier keeps its digits.
    Eigen::Index block = first_block;
    for (Eigen::Index begin = 0; begin < data.rows;
         begin += block, block = std::min(2 * block, last_block)) {
      check_interrupt();
      add_block(data, begin, std::min(begin + block, data.rows));
      if (groups_ <= block / 16) recentre();
    }
  }

  // mean = c + s / n and W = S - s s' / n, by group or (when `pooled`) with W summed over the groups.
  GroupMoments finish(bool pooled) const {
    const int d = column_count();
    GroupMoments result;
    result.size.resize(groups_);
    result.mean.resize(groups_, d);
    result.mean_low.setZero(groups_, d);
    result.within.setZero(pooled ? 1 : groups_, packed_size(d));
    std::vector<DoubleSum> all(pooled ? static_cast<std::size_t>(packed_size(d)) : 0);
    for (Eigen::Index j = 0; j < groups_; ++j) {
      const double* shift = record(j) + 1;
      const double* sum = shift + d;
      const double* products = sum + d;
      const double n = record(j)[0];
      result.size[j] = n;
      if (n == 0) {
        result.mean.row(j).setConstant(std::nan(""));
        continue;
      }
      for (int b = 0, ab = 0; b < d; ++b) {
        const double offset = sum[b] / n;
        const DoubleSum mean = two_sum(shift[b], offset);
        result.mean(j, b) = mean.high;
        result.mean_low(j, b) = mean.low;
        for (int a = 0; a <= b; ++a, ++ab) {
          double product = products[ab] - sum[a] * offset;
          if (a == b && product < 0) product = 0;  // rounding, never a negative square
          if (pooled)
            add_to(all[ab], product);
          else
            result.within(j, ab) = product;
        }
      }
    }
    for (std::size_t ab = 0; ab < all.size(); ++ab)
      result.within(0, ab) = all[ab].high + all[ab].low;
    return result;
  }

 private:
  static constexpr Eigen::Index first_block = 1 << 6;
  static constexpr Eigen::Index last_block = 1 << 16;
  static constexpr std::size_t cache_line_doubles = 8;

  int column_count() const { return Columns > 0 ? Columns : run_time_columns_; }
  Eigen::Index stride() const { return 1 + 2 * column_count() + packed_size(column_count()); }
  const double* record(Eigen::Index j) const { return records_ + j * stride(); }

  void add_block(const GroupedRows& data, Eigen::Index begin, Eigen::Index end) {
    const int d = column_count();
    const double* const* columns = data.columns.data();
    const std::uint32_t first_code = static_cast<std::uint32_t>(data.first_code);
    for (Eigen::Index i = begin; i < end; ++i) {
      const std::uint32_t j =
          data.group ? static_cast<std::uint32_t>(data.group[i]) - first_code : 0;
      if (j >= groups_) throw InvalidInput("a group code is out of range");
      double* group = records_ + j * stride();
      if (group[0] == 0) {
        for (int b = 0; b < d; ++b) group[1 + b] = columns[b][i];
      }
      if constexpr (Columns > 0) {
        group[0] += 1;
        add_row(group + 1, columns, i, std::make_index_sequence<Columns>());
      } else {
        const double weight = data.weight ? data.weight[i] : 1;
        group[0] += weight;
        add_row(group + 1, columns, i, weight);
      }
    }
  }

  void add_row(double* shift, const double* const* columns, Eigen::Index i, double weight) {
    const int d = column_count();
    double* sum = shift + d;
    double* products = sum + d;
    for (int b = 0, ab = 0; b < d; ++b) {
      const double difference = weight * (columns[b][i] - shift[b]);
      sum[b] += difference;
      for (int a = 0; a <= b; ++a, ++ab) products[ab] += difference * (columns[a][i] - shift[a]);
    }
  }

  // The same for known d, written out by the compiler: twice as fast as its loops at -O2.
  template <std::size_t... B>
  void add_row(double* shift, const double* const* columns, Eigen::Index i,
               std::index_sequence<B...>) {
    const double difference[] = {(columns[B][i] - shift[B])...};
    double* sum = shift + Columns;
    ((sum[B] += difference[B]), ...);
    (add_products(sum + Columns + packed_size(B), difference, difference[B],
                  std::make_index_sequence<B + 1>()),
     ...);
  }

  template <std::size_t... A>
  void add_products(double* products, const double* difference, double factor,
                    std::index_sequence<A...>) {
    ((products[A] += difference[A] * factor), ...);
  }

  // With delta = new c - c: s becomes s - n delta, and S becomes S - delta s' - (s - n delta) delta'.
  void recentre() {
    const int d = column_count();
    std::vector<double> delta(d), new_sum(d);
    for (Eigen::Index j = 0; j < groups_; ++j) {
      double* group = records_ + j * stride();
      double* shift = group + 1;
      double* sum = shift + d;
      double* products = sum + d;
      if (group[0] == 0) continue;
      for (int b = 0; b < d; ++b) {
        const double centre = shift[b] + sum[b] / group[0];
        delta[b] = centre - shift[b];
        shift[b] = centre;
        new_sum[b] = sum[b] - group[0] * delta[b];
      }
      for (int b = 0, ab = 0; b < d; ++b) {
        for (int a = 0; a <= b; ++a, ++ab)
          products[ab] -= delta[a] * sum[b] + new_sum[a] * delta[b];
      }
      std::copy(new_sum.begin(), new_sum.end(), sum);
    }
  }

  int run_time_columns_;
  Eigen::Index groups_;
  std::vector<double> storage_;
  double* records_;
};

template <int Columns>
GroupMoments accumulate_moments(const GroupedRows& data, bool pooled,
                                const std::function<void()>& check_interrupt) {
  MomentAccumulator<Columns> accumulator(static_cast<Eigen::Index>(data.columns.size()),
                                         data.groups);
  accumulator.add(data, check_interrupt);
  return accumulator.finish(pooled);
}

// `check_interrupt` is called every 2^16 rows or sooner and stops the work by throwing. A group without rows has size 0 and mean
// NaN. A value that is not finite shows as a mean that is not: find_non_finite() then says where it is.
inline GroupMoments compute_group_moments(const GroupedRows& data, bool pooled,
                                          const std::function<void()>& check_interrupt) {
  if (data.columns.empty()) throw InvalidInput("group moments need at least one column");
  if (data.weight) return accumulate_moments<0>(data, pooled, check_interrupt);
  switch (data.columns.size()) {
    case 1:
      return accumulate_moments<1>(data, pooled, check_interrupt);
    case 2:
      return accumulate_moments<2>(data, pooled, check_interrupt);
    case 3:
      return accumulate_moments<3>(data, pooled, check_interrupt);
    case 4:
      return accumulate_moments<4>(data, pooled, check_interrupt);
    default:
      return accumulate_moments<0>(data, pooled, check_interrupt);
  }
}

// What weights add to the moments of each group: how many rows there are, and the sum of the logs of their weights.
struct WeightedRows {
  Eigen::VectorXd count, log_weight;  // J
};

inline WeightedRows count_weighted_rows(const GroupedRows& data) {
  WeightedRows rows{Eigen::VectorXd::Zero(data.groups), Eigen::VectorXd::Zero(data.groups)};
  for (Eigen::Index i = 0; i < data.rows; ++i) {
    const Eigen::Index j = data.group ? data.group[i] - data.first_code : 0;
    rows.count(j) += 1;
    rows.log_weight(j) += std::log(data.weight[i]);
  }
  return rows;
}

}  // namespace bayespool
