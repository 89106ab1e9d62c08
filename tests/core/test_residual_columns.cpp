// Residual columns, and what they become for priors that know coefficients, against least squares by hand.
#include <catch.h>

#include <cmath>
#include <random>

#include "close_to.hpp"
#include "core/model/pure_columns.hpp"
#include "core/model/residual_columns.hpp"

using namespace bayespool;

namespace {

// Rows of columns (x, z, y) in groups of 4.
struct Rows {
  MatrixXd values;
  std::vector<Index> group;

  explicit Rows(double distance) : values(24, 3) {
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    for (Index i = 0; i < values.rows(); ++i) {
      group.push_back(i / 4);
      const double x = normal(random), z = x + distance * normal(random);
      values.row(i) << x, z, 2 * x - z + distance * normal(random);
    }
  }

  GroupedData moments(const MatrixXd& columns) const {
    const Index d = columns.cols();
    GroupedData data;
    data.size = VectorXd::Constant(6, 4);
    data.projection = MatrixXd::Zero(6, d);
    for (Index i = 0; i < columns.rows(); ++i) data.projection.row(group[i]) += columns.row(i) / 4;
    data.within = MatrixXd::Zero(d, d);
    for (Index i = 0; i < columns.rows(); ++i) {
      const VectorXd deviation = (columns.row(i) - data.projection.row(group[i])).transpose();
      data.within += deviation * deviation.transpose();
    }
    data.observations = 24;
    return data;
  }
};

}  // namespace

TEST_CASE("residual columns: orthogonal within groups, unit upper triangular", "[residual]") {
  const Rows rows(0.1);
  const GroupedData data = rows.moments(rows.values);
  const ResidualColumns residual(data.observations, data.size, data.projection, data.within, true);
  const MatrixXd& c = residual.combination;
  for (Index i = 0; i < 3; ++i) {
    CHECK(c(i, i) == 1);
    for (Index j = 0; j < i; ++j) CHECK(c(i, j) == 0);
  }
  const MatrixXd products = c.transpose() * data.within * c;
  CHECK(std::abs(products(0, 1)) < 1e-12);
  CHECK(close_to(residual.predictors_keep, products(1, 1) / data.within(1, 1), 1e-10));
  CHECK(residual.varies_within(0));
  CHECK(residual.varies_within(1));
  CHECK(close_to(residual.centre(0), data.projection.col(0).mean()));
}

TEST_CASE("residual columns: what is a sum of others varies nowhere", "[residual]") {
  Rows rows(1);
  rows.values.col(1) = 3 * rows.values.col(0);
  const GroupedData data = rows.moments(rows.values);
  const ResidualColumns residual(data.observations, data.size, data.projection, data.within, false);
  CHECK_FALSE(residual.varies_within(1));
  CHECK_FALSE(residual.varies_between(1));
  CHECK(residual.predictors_keep < 1e-14);
  CHECK(residual.centre.isZero(0));
}

TEST_CASE("residual columns: a predictor of the groups is freed between them", "[residual]") {
  Rows rows(1);
  for (Index i = 0; i < 24; ++i) rows.values(i, 1) = 5 + std::sin(rows.group[i]);
  const GroupedData data = rows.moments(rows.values);
  const ResidualColumns residual(data.observations, data.size, data.projection, data.within, true);
  CHECK(residual.varies_within(0));
  CHECK_FALSE(residual.varies_within(1));
  CHECK(residual.varies_between(1));
}

TEST_CASE("pure columns: known coefficients have a column of their own and the response lost them",
          "[residual]") {
  const Rows rows(1e-3);
  const GroupedData plain = rows.moments(rows.values);
  const ResidualColumns residual(plain.observations, plain.size, plain.projection, plain.within,
                                 false);
  GroupedData data = rows.moments(rows.values * residual.combination);
  data.basis = residual.combination;
  data.rounding = VectorXd::Constant(3, 1e-16);
  CoefficientPriors priors{VectorXd::Constant(2, 0.7), VectorXd::Constant(2, 1e3)};

  const PureColumns loose(data, priors);
  CHECK(loose.at_fit);
  CHECK(loose.tight.empty());
  CHECK((loose.data.basis - data.basis).isZero(0));

  priors.sd(0) = 0;
  const PureColumns fixed(data, priors);
  CHECK(fixed.tight == std::vector<Index>{0});
  CHECK_FALSE(fixed.at_fit);
  CHECK(fixed.data.basis(0, 1) == 0);
  CHECK(close_to(-fixed.data.basis(0, 2), 0.7, 1e-9));
  // The same columns from the rows.
  const GroupedData expected = rows.moments(rows.values * fixed.data.basis);
  CHECK((fixed.data.within - expected.within).norm() < 1e-9 * expected.within.norm());
  CHECK((fixed.data.projection - expected.projection).norm() < 1e-9);
  // With x known, z fits best near y - 0.7 x = slope z.
  const VectorXd y = rows.values.col(2) - 0.7 * rows.values.col(0), z = rows.values.col(1);
  CHECK(close_to(-fixed.data.basis(1, 2), z.dot(y) / z.squaredNorm(), 1e-2));
}

TEST_CASE("pure columns: a prior that no data would leave pulls the response to it", "[residual]") {
  const Rows rows(1e-3);
  GroupedData data = rows.moments(rows.values);
  data.basis = MatrixXd::Identity(3, 3);
  data.rounding = VectorXd::Constant(3, 1e-16);
  CoefficientPriors priors{VectorXd::Zero(2), VectorXd::Constant(2, 10)};
  priors.mean(1) = 1e5;
  const PureColumns pure(data, priors);
  CHECK(pure.tight.empty());
  CHECK_FALSE(pure.at_fit);
  CHECK(close_to(-pure.data.basis(1, 2), 1e5));
}

TEST_CASE("pure columns: rounding is no information", "[residual]") {
  const Rows rows(1);
  GroupedData data = rows.moments(rows.values);
  data.within.row(1) *= 1e-17;
  data.within.col(1) *= 1e-17;
  data.projection.col(1) *= 1e-17;
  data.basis = MatrixXd::Identity(3, 3);
  data.rounding = VectorXd::Constant(3, 1e-16);
  const PureColumns pure(data, {VectorXd::Zero(2), VectorXd::Ones(2)});
  CHECK(pure.data.within.col(1).isZero(0));
  CHECK(pure.data.projection.col(1).isZero(0));
}

TEST_CASE("residual columns: what rounding leaves of a redundant predictor explains nothing",
          "[residual]") {
  // Columns (x, f, w, b, z, y), where b is f again.
  const std::vector<Index> group{0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3};
  const Index n = static_cast<Index>(group.size());
  VectorXd size(4);
  size << 2, 9, 6, 4;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    MatrixXd rows(n, 6), mean = MatrixXd::Zero(4, 6), within = MatrixXd::Zero(6, 6);
    for (Index i = 0; i < n; ++i) {
      const double f = i % 3 == 1, w = i % 3 == 2;
      rows.row(i) << normal(random), f, w, f, normal(random), normal(random);
      mean.row(group[i]) += rows.row(i) / size(group[i]);
    }
    for (Index i = 0; i < n; ++i) {
      const VectorXd deviation = (rows.row(i) - mean.row(group[i])).transpose();
      within += deviation * deviation.transpose();
    }
    const ResidualColumns residual(static_cast<double>(n), size, mean, within, true);
    INFO("seed " << seed);
    CHECK(residual.predictors_keep < 1e-14);
    CHECK(!residual.varies_within(3));
    CHECK(!residual.varies_between(3));
    CHECK(residual.varies_within(4));
    CHECK(residual.combination.cwiseAbs().maxCoeff() < 100);
  }
}
