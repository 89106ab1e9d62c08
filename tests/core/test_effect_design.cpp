// Data of groups with several effects, and their collapsed system: from moments against rows, and against dense algebra.
#include <catch.h>

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/exact/effect_nodes.hpp"
#include "core/model/effect_system.hpp"

using namespace bayespool;

namespace {

// Rows of an intercept, two predictors and a response.
struct Rows {
  std::vector<Index> group;
  MatrixXd values;  // N x 3: x, w, y
};

// Groups smaller than their effects, one with x constant, one with w a multiple of x.
Rows some_rows() {
  const std::vector<Index> sizes = {1, 2, 3, 6, 4, 9, 5};
  Rows rows;
  for (std::size_t j = 0; j < sizes.size(); ++j)
    rows.group.insert(rows.group.end(), static_cast<std::size_t>(sizes[j]), static_cast<Index>(j));
  const Index n = static_cast<Index>(rows.group.size());
  rows.values.resize(n, 3);
  for (Index i = 0; i < n; ++i) {
    const double t = static_cast<double>(i + 1);
    rows.values.row(i) << std::sin(1.7 * t * t), 2 + std::cos(3.1 * t * t + t),
        std::sin(5.3 * t * t + 2);
    if (rows.group[static_cast<std::size_t>(i)] == 3) rows.values(i, 0) = 1.25;
    if (rows.group[static_cast<std::size_t>(i)] == 4) rows.values(i, 1) = -2 * rows.values(i, 0);
  }
  return rows;
}

EffectData moments(const Rows& rows, Index effects) {
  const Index groups = rows.group.back() + 1;
  EffectData data{VectorXd::Zero(groups),
                  VectorXd::Zero(groups),
                  MatrixXd::Zero(groups, 3),
                  MatrixXd::Zero(groups, 6),
                  {{}, 0, 1},
                  {}};
  for (Index k = 0; k < effects; ++k)
    data.directions.push_back(k == 0 ? std::nullopt : std::optional<Index>(k - 1));
  for (Index i = 0; i < rows.values.rows(); ++i) {
    const Index j = rows.group[static_cast<std::size_t>(i)];
    data.size(j) += 1;
    data.mean.row(j) += rows.values.row(i);
  }
  data.rows = data.size;
  for (Index j = 0; j < groups; ++j) data.mean.row(j) /= data.size(j);
  for (Index i = 0; i < rows.values.rows(); ++i) {
    const Index j = rows.group[static_cast<std::size_t>(i)];
    const Eigen::RowVectorXd left = rows.values.row(i) - data.mean.row(j);
    for (Index a = 0, k = 0; a < 3; ++a)
      for (Index b = 0; b <= a; ++b) data.within(j, k++) += left(a) * left(b);
  }
  return data;
}

const CoefficientPriors priors{VectorXd::Constant(3, 0.4), Eigen::Vector3d(3, 2, 5)};

// The rows of group j: (1, x, w, y) and their directions.
MatrixXd of_group(const Rows& rows, Index j) {
  const Index count = std::count(rows.group.begin(), rows.group.end(), j);
  const Index first = std::find(rows.group.begin(), rows.group.end(), j) - rows.group.begin();
  MatrixXd own(count, 4);
  own << VectorXd::Ones(count), rows.values.middleRows(first, count);
  return own;
}

MatrixXd some_lambda(Index effects) {
  MatrixXd lambda(effects, effects);
  for (Index i = 0; i < effects; ++i)
    for (Index j = 0; j < effects; ++j)
      lambda(i, j) = std::sin(1.0 + static_cast<double>(i + 3 * j));
  return lambda;
}

// Rows of the data in the columns of the design, (u, ytilde).
MatrixXd in_columns(const EffectDesign& design, const MatrixXd& own) {
  return own * design.pooled().from_columns;
}

}  // namespace

TEST_CASE("effect design: projections and what is left agree with Householder's QR of the rows",
          "[effect_design]") {
  const Rows rows = some_rows();
  for (const Index effects : {1, 2, 3}) {
    const EffectDesign design(moments(rows, effects), priors);
    MatrixXd left = MatrixXd::Zero(design.free_count() + 1, design.free_count() + 1);
    MatrixXd directions = MatrixXd::Zero(effects, effects);
    for (Index j = 0; j < design.groups(); ++j) {
      const MatrixXd own = of_group(rows, j), z = own.leftCols(effects),
                     v = in_columns(design, own);
      Eigen::ColPivHouseholderQR<MatrixXd> qr(z);
      qr.setThreshold(1e-9);
      const MatrixXd u =
          (qr.householderQ() * MatrixXd::Identity(z.rows(), z.rows())).leftCols(qr.rank());
      const EffectClass& found = design.class_of_group(j);
      const MatrixXd& c = design.projections[static_cast<std::size_t>(j)];
      REQUIRE(found.r.rows() == qr.rank());
      // Whatever the basis: R'R, R'c and c'c.
      CHECK((found.r.transpose() * found.r - z.transpose() * z).norm() < 1e-10);
      CHECK((found.r.transpose() * c - z.transpose() * v).norm() < 1e-10);
      CHECK((c.transpose() * c - v.transpose() * u * u.transpose() * v).norm() < 1e-10);
      left += v.transpose() * v - v.transpose() * u * u.transpose() * v;
      directions += z.transpose() * z;
    }
    CHECK((design.within - left).norm() < 1e-10 * left.norm());
    CHECK((design.cross_products - directions).norm() < 1e-10 * directions.norm());
    CHECK(design.observations() == rows.values.rows());
  }
}

TEST_CASE("effect design: groups with the same rows of predictors share a class",
          "[effect_design]") {
  Rows rows;
  rows.group = {0, 0, 0, 1, 1, 1, 2, 2};
  rows.values.resize(8, 3);
  rows.values << 0, 1, 2, 1, 5, 3, 2, 3, 1, 0, 1, 7, 1, 5, 2, 2, 3, 4, 0, 2, 1, 2, 8, 3;
  const EffectDesign design(moments(rows, 2), priors);
  CHECK(design.classes.size() == 2);
  CHECK(design.class_of[0] == design.class_of[1]);
  CHECK(design.class_of_group(0).count == 2);
}

TEST_CASE("effect system: log|V| and A agree with dense algebra", "[effect_system]") {
  const Rows rows = some_rows();
  for (const Index effects : {1, 2, 3}) {
    const EffectDesign design(moments(rows, effects), priors);
    EffectSystem system(design);
    VectorXd a(system.length());
    for (const double scale : {0.0, 1e-6, 1.0, 1e3}) {
      const MatrixXd lambda = scale * some_lambda(effects);
      const double log_determinant = system.evaluate(lambda, a);
      double expected = 0;
      const Index width = design.free_count() + 1;
      MatrixXd products = MatrixXd::Zero(width, width);
      for (Index j = 0; j < design.groups(); ++j) {
        const MatrixXd own = of_group(rows, j), v = in_columns(design, own),
                       b = own.leftCols(effects) * lambda;
        const MatrixXd covariance = MatrixXd::Identity(own.rows(), own.rows()) + b * b.transpose();
        const Eigen::LLT<MatrixXd> factor(covariance);
        expected += 2 * MatrixXd(factor.matrixL()).diagonal().array().log().sum();
        products += v.transpose() * factor.solve(v);
      }
      // The dense matrices themselves have lost scale^2 of their digits.
      const double tolerance = scale > 10 ? 1e-8 : 1e-11;
      CHECK(close_to(log_determinant, expected, tolerance));
      for (Index i = 0, k = 0; i < width; ++i)
        for (Index l = 0; l <= i; ++l, ++k)
          CHECK(std::abs(a(k) - products(i, l)) < tolerance * products.norm());
    }
  }
}

TEST_CASE("effect nodes: normals of coefficients, effects and contrasts agree with dense algebra",
          "[effect_nodes]") {
  const Rows rows = some_rows();
  constexpr Index effects = 2;
  const EffectDesign design(moments(rows, effects), priors);
  // Known standard deviations leave one node.
  constexpr double sigma = 0.8;
  const EffectPriors known{ScalePrior("degenerate", {sigma}),
                           {ScalePrior("degenerate", {1.3}), ScalePrior("degenerate", {0.6})},
                           std::nullopt};
  const EffectQuadrature quadrature(design, known, {0, {0, 0}}, [] {});
  const EffectNodes nodes(quadrature, EffectNodes::Choice::all, HUGE_VAL);
  REQUIRE(nodes.count() == 1);

  const Index n = rows.values.rows(), groups = design.groups();
  // theta = (beta, b of all groups and of a new one)
  const Index size = 3 + effects * (groups + 1);
  MatrixXd full = MatrixXd::Zero(n, size);
  VectorXd prior_precision(size), prior_mean = VectorXd::Zero(size);
  prior_mean.head(3) = priors.mean;
  prior_precision.head(3) = priors.sd.array().square().inverse();
  for (Index j = 0; j <= groups; ++j)
    prior_precision.segment(3 + effects * j, effects) << 1 / (1.3 * 1.3), 1 / (0.6 * 0.6);
  for (Index i = 0; i < n; ++i) {
    const Index j = rows.group[static_cast<std::size_t>(i)];
    full.row(i).head(3) << 1, rows.values(i, 0), rows.values(i, 1);
    full.row(i).segment(3 + effects * j, effects) << 1, rows.values(i, 0);
  }
  MatrixXd precision = full.transpose() * full / (sigma * sigma);
  precision.diagonal() += prior_precision;
  const MatrixXd covariance = precision.inverse();
  const VectorXd mean = covariance * (full.transpose() * rows.values.col(2) / (sigma * sigma) +
                                      prior_precision.cwiseProduct(prior_mean));

  const Design& pooled = design.pooled();
  const auto check = [&](const Eigen::Vector3d& beta, const std::vector<EffectOfGroup>& own,
                         double noise) {
    VectorXd weight = VectorXd::Zero(size);
    weight.head(3) = beta;
    for (const EffectOfGroup& effect : own)
      weight.segment(3 + effects * effect.group.value_or(groups), effects) += effect.z;
    const WeightedNormals found =
        nodes.normals({beta.dot(pooled.origin), pooled.transform.transpose() * beta, own, noise});
    CHECK(close_to(found.mean(0), weight.dot(mean), 1e-10));
    CHECK(close_to(found.variance(0), weight.dot(covariance * weight) + noise * sigma * sigma,
                   1e-10));
  };
  check({1, 0, 0}, {}, 0);
  check({0, 0, 1}, {}, 0);
  const VectorXd z = Eigen::Vector2d(1, -0.7), slope = Eigen::Vector2d(0, 1);
  for (Index j = 0; j < groups; ++j) check({1, -0.7, 2}, {{z, j}}, 0);
  check({1, -0.7, 2}, {{z, 4}}, 1);
  check({1, -0.7, 2}, {{z, std::nullopt}}, 1);
  check({0, 0, 0}, {{slope, 5}, {-slope, 2}}, 0);
}

TEST_CASE(
    "effect posterior: a line of sigma reaches just beyond what matters, from wherever its search "
    "starts",
    "[effect_posterior]") {
  const EffectDesign design(moments(some_rows(), 2), priors);
  EffectPosterior posterior(design,
                            {ScalePrior("exponential", {1}),
                             {ScalePrior("exponential", {0.7}), ScalePrior("normal", {0, 2})},
                             1.5});
  REQUIRE(posterior.sigma_on_line());
  REQUIRE(posterior.dimension() == 3);
  EffectPosterior::Line line;
  for (const double origin : {-3.0, 0.0, 4.0})
    for (const double step : {0.45, 1e-2})
      for (const double log_theta : {-8.0, 0.0, 7.0}) {
        const double x[] = {log_theta, 0.5 * log_theta, 0.3};
        posterior.set_line(origin, step);
        posterior.move(x);
        posterior.fill_line(line);
        const auto& log_f = line.log_f;
        REQUIRE(log_f.size() >= 3);
        const double least = line.top - EffectPosterior::line_drop;
        CHECK(log_f.front() < least);
        CHECK(log_f.back() < least);
        CHECK(*std::min_element(log_f.begin() + 1, log_f.end() - 1) >= least);
        for (std::size_t i = 0; i < log_f.size(); i += 7)
          CHECK(log_f[i] == posterior.log_density_at(line.first + static_cast<int>(i)));
      }
}
