// Sums with twice the digits of a double.
#pragma once

namespace bayespool {

// A number as the sum of two doubles, of which `low` is what `high` has lost by rounding.
struct DoubleSum {
  double high, low;
};

// a + b without error (Knuth 1969). Compilers keep it as it is unless -ffast-math lets them take sums apart.
inline DoubleSum two_sum(double a, double b) {
  const double high = a + b;
  const double of_b = high - a;
  return {high, (a - (high - of_b)) + (b - of_b)};
}

// The sum so far and one more number.
inline void add_to(DoubleSum& sum, double x) {
  const DoubleSum exact = two_sum(sum.high, x);
  sum = two_sum(exact.high, sum.low + exact.low);
}

}  // namespace bayespool
