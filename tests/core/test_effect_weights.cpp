// What a group's data say of its effects: against algebra in long double, and in limits where that fails as well.
#include <catch.h>

#include <Eigen/LU>
#include <cmath>

#include "close_to.hpp"
#include "core/model/effect_weights.hpp"

using namespace bayespool;

namespace {

using LongMatrix = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
using LongVector = Eigen::Matrix<long double, Eigen::Dynamic, 1>;

// Upper triangular where rows == effects, with a row less for each direction that a group's rows do not have.
MatrixXd some_r(Index rows, Index effects) {
  MatrixXd r = MatrixXd::Zero(rows, effects);
  for (Index i = 0; i < rows; ++i)
    for (Index j = i; j < effects; ++j)
      r(i, j) = 1 + std::cos(2.0 + static_cast<double>(3 * i + j));
  return r;
}

EffectMatrix some_lambda(Index effects) {
  EffectMatrix lambda = EffectMatrix::Zero(effects, effects);
  for (Index i = 0; i < effects; ++i)
    for (Index j = 0; j <= i; ++j) lambda(i, j) = std::sin(1.0 + static_cast<double>(i + 3 * j));
  return lambda;
}

EffectVector some_direction(Index effects) {
  EffectVector z(effects);
  for (Index i = 0; i < effects; ++i) z(i) = i % 2 == 0 ? 1 : -0.7;
  return z;
}

}  // namespace

TEST_CASE("effect weights: agree with algebra in long double", "[effect_weights]") {
  for (const Index effects : {1, 2, 3})
    for (Index rows = 0; rows <= effects; ++rows)
      for (const double scale : {0.0, 1e-6, 1.0, 300.0})
        for (const double off_diagonal : {0.0, 1.0, 1e4}) {  // 1e4: correlations next to 1
          const MatrixXd r = some_r(rows, effects);
          EffectMatrix lambda = scale * some_lambda(effects);
          lambda.col(0).tail(effects - 1) *= off_diagonal;
          const EffectVector z = some_direction(effects);
          const LongMatrix b = r.cast<long double>() * lambda.cast<long double>();
          const LongVector v =
              lambda.cast<long double>().transpose() * LongVector(z.cast<long double>());
          const LongMatrix m = LongMatrix::Identity(effects, effects) + b.transpose() * b;
          const LongVector t = m.fullPivLu().solve(v), g = b * t;
          const EffectWeights found = effect_weights(r, lambda, z);
          REQUIRE(found.g.size() == rows);
          const double tolerance = off_diagonal > 1 ? 1e-6 : 1e-10;  // of what long double has kept
          CHECK(close_to(found.s, static_cast<double>(v.dot(t)), tolerance));
          for (Index i = 0; i < rows; ++i)
            CHECK(std::abs(found.g(i) - static_cast<double>(g(i))) <
                  tolerance * (1e-300 + static_cast<double>(g.norm())));
        }
}

// Without a prior of the effects, E(b) = R^-1 c and Var(b) = sigma^2 (R'R)^-1.
TEST_CASE("effect weights: effects that vary without limit are those of least squares",
          "[effect_weights]") {
  for (const Index effects : {1, 2, 3})
    for (const double scale : {1e7, 1e20, 1e60}) {
      const MatrixXd r = some_r(effects, effects);
      const EffectVector z = some_direction(effects);
      const VectorXd expected = r.transpose().inverse() * z;
      // Three effects go through a product of matrices, which has its digits to about 1e8.
      if (effects == 3 && scale > 1e7) continue;
      const EffectWeights found = effect_weights(r, scale * some_lambda(effects), z);
      const double tolerance = effects == 3 ? 1e-3 : 1e-11;
      CHECK((found.g - expected).norm() < tolerance * expected.norm());
      CHECK(close_to(found.s, expected.squaredNorm(), tolerance));
    }
}

TEST_CASE("effect factor: pivots are at least 1 where rounding leaves less", "[effect_weights]") {
  EffectMatrix b(2, 3);  // of rank 2
  b << 1e9, 2e9, 3e9, 4e9, 5e9, 6.5e9;
  const EffectMatrix factor = effect_factor(b);
  CHECK(factor.allFinite());
  CHECK(factor.diagonal().minCoeff() >= 1);
  CHECK(factor(0, 1) == 0);
}
