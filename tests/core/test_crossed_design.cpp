// Two grouping factors: the collapsed system, the effects given the rest, and draws, against dense algebra.
#include <catch.h>

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <cmath>
#include <vector>

#include "close_to.hpp"
#include "core/exact/effect_nodes.hpp"
#include "core/model/crossed_system.hpp"

using namespace bayespool;

namespace {

using LongMatrix = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
using LongVector = Eigen::Matrix<long double, Eigen::Dynamic, 1>;

struct Rows {
  std::vector<Index> first, second;
  MatrixXd values;  // N x 3: x, w (constant in the levels of the second factor), y
};

enum class Kind { crossed, sparse, balanced, nested, apart };

Rows some_rows(Kind kind, bool second_is_larger) {
  Rows rows;
  const auto add = [&](Index i, Index k, Index times) {
    for (Index t = 0; t < times; ++t) {
      rows.first.push_back(i);
      rows.second.push_back(k);
    }
  };
  for (Index i = 0; i < 9; ++i)
    for (Index k = 0; k < 4; ++k) {
      if (kind == Kind::balanced) add(i, k, 1);
      if (kind == Kind::crossed) add(i, k, (i * i + k) % 3);
      if (kind == Kind::sparse && (i == k || i == k + 1 || i > 6)) add(i, k, 1 + i % 2);
      if (kind == Kind::nested && i % 4 == k) add(i, k, 1 + i % 3);
      if (kind == Kind::apart && (i < 5) == (k < 2)) add(i, k, 1 + (i + k) % 2);
    }
  if (second_is_larger) std::swap(rows.first, rows.second);
  const Index n = static_cast<Index>(rows.first.size());
  rows.values.resize(n, 3);
  for (Index i = 0; i < n; ++i) {
    const double t = static_cast<double>(i + 1);
    const double level = static_cast<double>(rows.second[static_cast<std::size_t>(i)]);
    rows.values.row(i) << std::sin(1.7 * t * t), std::cos(3 * level * level),
        10 + std::sin(5.3 * t * t + 2) + std::sin(7 * level);
  }
  return rows;
}

// Each row is a cell: cells of one pair of levels need not be one.
EffectData cells(const Rows& rows) {
  const Index n = rows.values.rows();
  return {VectorXd::Ones(n),    VectorXd::Ones(n), rows.values,
          MatrixXd::Zero(n, 6), {{}, 0, 1},        {{}, {}}};
}

CellLevels levels(const Rows& rows) {
  const auto count = [](const std::vector<Index>& level) {
    return *std::max_element(level.begin(), level.end()) + 1;
  };
  return {{rows.first, rows.second}, {count(rows.first), count(rows.second)}};
}

const CoefficientPriors priors{VectorXd::Constant(3, 0.4), Eigen::Vector3d(3, 2, 5)};

LongMatrix indicators(const std::vector<Index>& level, Index count) {
  LongMatrix z = LongMatrix::Zero(static_cast<Index>(level.size()), count);
  for (std::size_t i = 0; i < level.size(); ++i) z(static_cast<Index>(i), level[i]) = 1;
  return z;
}

const std::vector<Kind> kinds = {Kind::crossed, Kind::sparse, Kind::balanced, Kind::nested,
                                 Kind::apart};

}  // namespace

TEST_CASE("crossed system: log|V| and A agree with dense algebra in long double",
          "[crossed_system]") {
  for (const Kind kind : kinds)
    for (const bool second_is_larger : {false, true}) {
      const Rows rows = some_rows(kind, second_is_larger);
      const CrossedDesign design(cells(rows), levels(rows), priors);
      CHECK(design.nested() == (kind == Kind::nested));
      CHECK(design.eliminated() == (second_is_larger ? 1 : 0));
      CrossedSystem system(design);
      const Index n = rows.values.rows(), width = design.free_count() + 1;
      VectorXd a(width * (width + 1) / 2);
      MatrixXd own(n, 4);
      own << VectorXd::Ones(n), rows.values;
      const LongMatrix v = (own * design.pooled().from_columns).cast<long double>();
      const LongMatrix first = indicators(rows.first, design.groups(0)),
                       second = indicators(rows.second, design.groups(1));
      for (const double one : {0.0, 1e-5, 0.3, 2.0, 1e3, 1e6})
        for (const double two : {0.0, 1e-5, 0.3, 2.0, 1e3, 1e6}) {
          MatrixXd lambda = MatrixXd::Zero(2, 2);
          lambda.diagonal() << one, two;
          const double log_determinant = system.evaluate(lambda, a);
          const long double s = static_cast<long double>(one) * one,
                            t = static_cast<long double>(two) * two;
          const LongMatrix covariance = LongMatrix::Identity(n, n) + s * first * first.transpose() +
                                        t * second * second.transpose();
          const Eigen::LLT<LongMatrix> factor(covariance);
          const LongMatrix products = v.transpose() * factor.solve(v);
          const long double expected =
              2 * LongMatrix(factor.matrixL()).diagonal().array().log().sum();
          // The dense matrices have lost theta^2 of their 19 digits.
          const double lost = 1e-18 * std::max({1.0, one * one, two * two});
          const double tolerance = std::max(1e-12, 10 * lost);
          CHECK(close_to(log_determinant, static_cast<double>(expected), tolerance));
          for (Index i = 0, k = 0; i < width; ++i)
            for (Index l = 0; l <= i; ++l, ++k) {
              const double scale = static_cast<double>(std::sqrt(products(i, i) * products(l, l)));
              INFO(static_cast<int>(kind)
                   << " " << one << " " << two << " " << i << " " << l << " " << a(k) << " "
                   << std::abs(a(k) - static_cast<double>(products(i, l))) / scale << " "
                   << tolerance);
              CHECK(std::abs(a(k) - static_cast<double>(products(i, l))) < tolerance * scale);
            }
        }
    }
}

TEST_CASE("crossed design: rank of the levels and what least squares on them leaves",
          "[crossed_design]") {
  const std::vector<double> ranks = {12, 10, 12, 9, 11};
  for (std::size_t i = 0; i < kinds.size(); ++i)
    for (const bool second_is_larger : {false, true}) {
      const Rows rows = some_rows(kinds[i], second_is_larger);
      const CrossedDesign design(cells(rows), levels(rows), priors);
      CHECK(design.level_rank() == ranks[i]);
      const Index n = rows.values.rows();
      MatrixXd own(n, 4), z(n, design.groups(0) + design.groups(1));
      own << VectorXd::Ones(n), rows.values;
      z << indicators(rows.first, design.groups(0)).cast<double>(),
          indicators(rows.second, design.groups(1)).cast<double>();
      const MatrixXd v = own * design.pooled().from_columns;
      Eigen::FullPivLU<MatrixXd> products(z.transpose() * z);
      products.setThreshold(1e-9);
      CHECK(products.rank() == static_cast<Index>(ranks[i]));
      const MatrixXd left = v - z * products.solve(z.transpose() * v);
      const MatrixXd expected = left.transpose() * left;
      CHECK((design.rest() - expected).norm() < 1e-11 * (1 + expected.norm()));
      CHECK(design.rest()(0, 0) == 0);  // the constant
    }
}

TEST_CASE(
    "crossed design: coefficients, effects, contrasts and new levels agree with dense algebra",
    "[crossed_design]") {
  constexpr double sigma = 0.8, one = 1.3, two = 0.6;
  for (const Kind kind : kinds)
    for (const bool second_is_larger : {false, true}) {
      const Rows rows = some_rows(kind, second_is_larger);
      const CrossedDesign design(cells(rows), levels(rows), priors);
      // Known standard deviations leave one node.
      const EffectPriors known{ScalePrior("degenerate", {sigma}),
                               {ScalePrior("degenerate", {one}), ScalePrior("degenerate", {two})},
                               std::nullopt};
      const EffectQuadrature quadrature(design, known, {0, {0, 0}}, [] {});
      const EffectNodes nodes(quadrature, EffectNodes::Choice::all, HUGE_VAL);
      REQUIRE(nodes.count() == 1);
      // theta = (beta, b of the first factor and of a new level, b of the second and of a new level)
      const Index n = rows.values.rows(), n1 = design.groups(0), n2 = design.groups(1);
      const Index size = 3 + n1 + 1 + n2 + 1;
      MatrixXd full = MatrixXd::Zero(n, size);
      full.leftCols(3) << VectorXd::Ones(n), rows.values.leftCols(2);
      full.middleCols(3, n1) = indicators(rows.first, n1).cast<double>();
      full.middleCols(4 + n1, n2) = indicators(rows.second, n2).cast<double>();
      VectorXd prior_precision(size), prior_mean = VectorXd::Zero(size);
      prior_mean.head(3) = priors.mean;
      prior_precision << priors.sd.array().square().inverse(),
          VectorXd::Constant(n1 + 1, 1 / (one * one)), VectorXd::Constant(n2 + 1, 1 / (two * two));
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
        for (const EffectOfGroup& effect : own) {
          if (effect.z(0) != 0) weight(3 + effect.group.value_or(n1)) += effect.z(0);
          if (effect.z(1) != 0) weight(4 + n1 + effect.group.value_or(n2)) += effect.z(1);
        }
        const WeightedNormals found = nodes.normals(
            {beta.dot(pooled.origin), pooled.transform.transpose() * beta, own, noise});
        CHECK(close_to(found.mean(0), weight.dot(mean), 1e-10));
        CHECK(close_to(found.variance(0), weight.dot(covariance * weight) + noise * sigma * sigma,
                       1e-10));
      };
      const VectorXd of_first = Eigen::Vector2d(1, 0), of_second = Eigen::Vector2d(0, 1);
      check({1, 0, 0}, {}, 0);
      check({0, 0, 1}, {}, 1);
      for (Index i = 0; i < n1; ++i) check({0, 0, 0}, {{of_first, i}}, 0);
      for (Index k = 0; k < n2; ++k) check({0, 0, 0}, {{of_second, k}}, 0);
      for (Index i = 0; i < n1; ++i)
        for (Index k = 0; k < n2; ++k) check({1, 0.3, -2}, {{of_first, i}, {of_second, k}}, 1);
      check({0, 0, 0}, {{of_first, 0}, {-of_first, n1 - 1}}, 0);
      check({0, 0, 0}, {{of_second, 1}, {-of_second, 0}}, 0);
      check({1, 0, 0}, {{of_first, std::nullopt}, {of_second, 1}}, 0);
      check({1, 0, 0}, {{of_first, std::nullopt}, {of_second, std::nullopt}}, 1);
    }
}

TEST_CASE("crossed design: draws of the effects have the moments of their distribution",
          "[crossed_design]") {
  MatrixXd lambda = MatrixXd::Zero(2, 2);
  lambda.diagonal() << 0.7, 1.9;
  constexpr double sigma = 0.5;
  constexpr int draws = 40000;
  for (const Kind kind : {Kind::crossed, Kind::nested}) {
    const Rows rows = some_rows(kind, true);
    const CrossedDesign design(cells(rows), levels(rows), priors);
    const Index n1 = design.groups(0), size = n1 + design.groups(1), f = design.free_count();
    VectorXd contrast(f + 1);
    contrast << VectorXd::Constant(f, -0.3), 1;
    std::vector<EffectCombination> each;
    for (Index k = 0; k < 2; ++k)
      for (Index j = 0; j < design.groups(k); ++j)
        each.push_back({0, VectorXd::Zero(f), {{VectorXd::Unit(2, k), j}}, 0});
    MatrixXd expected = design.weights(lambda, each);
    VectorXd sum = VectorXd::Zero(size), squares = VectorXd::Zero(size), own(size);
    RandomStream random(7, 0, 0);
    // Of the sum of all effects, too, which depends on their covariances.
    EffectCombination all{0, VectorXd::Zero(f), {}, 0};
    for (const EffectCombination& one : each) all.effects.push_back(one.effects.front());
    const MatrixXd of_all = design.weights(lambda, {all});
    double total = 0, total_square = 0;
    for (int i = 0; i < draws; ++i) {
      design.draw(random, lambda, sigma, contrast,
                  [&](Index k, Index j, double value) { own(k * n1 + j) = value; });
      sum += own;
      squares += own.cwiseProduct(own);
      total += own.sum();
      total_square += own.sum() * own.sum();
    }
    const auto check = [&](double s, double s2, const VectorXd& weights) {
      const double mean = weights(f) + weights.head(f).dot(-contrast.head(f));
      const double sd = sigma * std::sqrt(weights(f + 1));
      CHECK(std::abs(s / draws - mean) < 4.5 * sd / std::sqrt(draws));
      CHECK(std::abs(s2 / draws - mean * mean - sd * sd) <
            4.5 * (sd * sd * std::sqrt(2.0) + 2 * std::abs(mean) * sd) / std::sqrt(draws));
    };
    for (Index j = 0; j < size; ++j) check(sum(j), squares(j), expected.col(j));
    check(total, total_square, of_all.col(0));
  }
}
