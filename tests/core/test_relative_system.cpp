// log|V| and the cross-products of groups: interpolated against direct sums, and two groups by hand.
#include <catch.h>

#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/model/relative_system.hpp"

using namespace bayespool;

namespace {

// Groups of different sizes, without any within-group information but that of the response; an intercept and a predictor.
Design groups_of_sizes(int count) {
  GroupedData data;
  data.size.resize(count);
  data.projection.resize(count, 3);
  for (int j = 0; j < count; ++j) {
    data.size(j) = 1 + j + (j % 7) * count;
    data.projection.row(j) << 1, std::sin(1.7 * j), 3 + std::cos(2.9 * j);
  }
  data.within = MatrixXd::Zero(3, 3);
  data.within.bottomRightCorner(2, 2) << 4, 1, 1, 9;
  data.observations = data.size.sum();
  data.direction = 0;
  return Design(data, {VectorXd::Zero(2), VectorXd::Constant(2, 10)});
}

struct System {
  long double log_determinant = 0;
  std::vector<long double> b, largest;  // and the sum of the terms' sizes
};

System direct(const Design& design, double theta) {
  const Index d = design.projections.cols();
  const long double theta2 = static_cast<long double>(theta) * theta;
  System sum;
  sum.b.resize(static_cast<std::size_t>(d * (d + 1) / 2));
  sum.largest = sum.b;
  for (Index j = 0; j < design.groups; ++j) {
    const long double size = design.size_classes[design.class_of[static_cast<std::size_t>(j)]].size;
    sum.log_determinant += std::log1p(size * theta2);
    std::size_t k = 0;
    for (Index a = 0; a < d; ++a)
      for (Index b = 0; b <= a; ++b, ++k) {
        const long double term =
            size / (1 + size * theta2) * design.projections(j, a) * design.projections(j, b);
        sum.b[k] += term;
        sum.largest[k] += std::abs(term);
      }
  }
  return sum;
}

}  // namespace

TEST_CASE("relative system: what is interpolated agrees with a sum over the groups",
          "[relative_system]") {
  for (const int count : {5, 40, 200, 1000}) {
    const Design design = groups_of_sizes(count);
    RelativeSystem system(design);
    std::vector<double> found(system.length());
    double worst = 0;
    for (double log_theta = std::log(1e-8); log_theta < std::log(1e8); log_theta += 0.0613) {
      const double theta = std::exp(log_theta);
      const System expected = direct(design, theta);
      const double log_determinant = system.evaluate(theta, found.data());
      const double size = std::max(1.0, static_cast<double>(expected.log_determinant));
      worst = std::max(
          worst, std::abs(static_cast<double>(log_determinant - expected.log_determinant)) / size);
      for (std::size_t k = 0; k < found.size(); ++k)
        worst = std::max(
            worst, static_cast<double>(std::abs(found[k] - expected.b[k]) / expected.largest[k]));
    }
    INFO(count << " groups: relative error " << worst);
    CHECK(worst < 1e-13);
    // 600 places; 16 passes serve 49 intervals.
    if (count >= 40)
      CHECK(system.passes() <= 16 * 51);
    else
      CHECK(system.passes() > 500);
  }
}

TEST_CASE("relative system: two groups by hand", "[relative_system]") {
  GroupedData data;
  data.size.resize(2);
  data.size << 2, 3;
  data.projection.resize(2, 1);
  data.projection << 1, -2;
  data.within = MatrixXd::Zero(1, 1);
  data.observations = 5;
  const Design design(data, {VectorXd(0), VectorXd(0)});
  RelativeSystem system(design);
  double b = -1;
  // theta^2 = 2: log 5 + log 7 and 2 / 5 * 1 + 3 / 7 * 4
  CHECK(close_to(system.evaluate(std::sqrt(2.0), &b), std::log(35.0)));
  CHECK(close_to(b, 0.4 + 12.0 / 7));
  CHECK(system.evaluate(0, &b) == 0);
  CHECK(close_to(b, 14));
}

TEST_CASE("relative system: copies give the same numbers, however they came to them",
          "[relative_system]") {
  const Design design = groups_of_sizes(100);
  RelativeSystem a(design);
  std::vector<double> first(a.length()), second(a.length());
  a.evaluate(0.3, first.data());
  RelativeSystem b = a, fresh(design);
  for (const double theta : {0.3, 0.31, 5.0, 1e-5}) {
    const double expected = a.evaluate(theta, first.data());
    CHECK(b.evaluate(theta, second.data()) == expected);
    CHECK(first == second);
    CHECK(fresh.evaluate(theta, second.data()) == expected);
    CHECK(first == second);
  }
}
