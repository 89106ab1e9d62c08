// What a group's data say of its effects at a relative covariance, also where that is so large that squares of it would cancel.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "core/model/effect_data.hpp"

namespace bayespool {

// With b ~ N(0, sigma^2 Lambda Lambda'), B = R Lambda (r x q), K = I + BB', M = I + B'B and the projections c = U'(X, y) of a group,
//   E(z'b | gamma, y)   = g'(c_y - c_x gamma),  g = K^-1 B Lambda'z
//   Var(z'b | gamma, y) = sigma^2 s,            s = (Lambda'z)'M^-1 Lambda'z
struct EffectWeights {
  EffectVector g;  // r
  double s;
};

// x := L^-1 x and x := L^-T x: loops, since Eigen's solvers are made for large matrices.
inline void solve_lower(const EffectMatrix& l, EffectVector& x) {
  for (Index i = 0; i < x.size(); ++i) {
    for (Index k = 0; k < i; ++k) x(i) -= l(i, k) * x(k);
    x(i) /= l(i, i);
  }
}
inline void solve_lower_transposed(const EffectMatrix& l, EffectVector& x) {
  for (Index i = x.size() - 1; i >= 0; --i) {
    for (Index k = i + 1; k < x.size(); ++k) x(i) -= l(k, i) * x(k);
    x(i) /= l(i, i);
  }
}

// L of M = LL'. The pivots of M are at least 1, whatever rounding makes of them.
inline EffectMatrix effect_factor(const EffectMatrix& b) {
  const Index q = b.cols();
  EffectMatrix l = EffectMatrix::Identity(q, q);
  l.noalias() += b.transpose() * b;
  for (Index i = 0; i < q; ++i)
    for (Index j = 0; j <= i; ++j) {
      double sum = l(i, j);
      for (Index k = 0; k < j; ++k) sum -= l(i, k) * l(j, k);
      l(i, j) = i == j ? std::sqrt(std::max(sum, 1.0)) : sum / l(j, j);
    }
  for (Index j = 1; j < q; ++j) l.col(j).head(j).setZero();
  return l;
}

// For two effects by products of the plane, (a.c)(b.d) - (a.d)(b.c) = (a x b)(c x d), which take the place of all differences:
// with minor = |B| and b_i x v = |Lambda| (R_i x z), |M| = 1 + tr(B'B) + minor^2.
inline EffectWeights two_effect_weights(const MatrixXd& r, const EffectMatrix& lambda,
                                        const EffectVector& z) {
  const Index rows = r.rows();
  const EffectVector v = lambda.transpose() * z;
  const EffectMatrix b = r * lambda;
  const double area = lambda(0, 0) * lambda(1, 1) - lambda(0, 1) * lambda(1, 0);
  EffectVector cross(rows);
  for (Index i = 0; i < rows; ++i) cross(i) = area * (r(i, 0) * z(1) - r(i, 1) * z(0));
  const double minor = rows < 2 ? 0 : area * (r(0, 0) * r(1, 1) - r(0, 1) * r(1, 0));
  const double determinant = 1 + b.squaredNorm() + minor * minor;
  EffectWeights weights{b * v, (v.squaredNorm() + cross.squaredNorm()) / determinant};
  if (rows == 2) {
    weights.g(0) -= minor * cross(1);
    weights.g(1) += minor * cross(0);
  }
  weights.g /= determinant;
  return weights;
}

inline EffectWeights effect_weights(const MatrixXd& r, const EffectMatrix& lambda,
                                    const EffectVector& z) {
  if (z.size() == 2) return two_effect_weights(r, lambda, z);
  EffectVector v = lambda.transpose() * z;
  const EffectMatrix b = r * lambda;
  const EffectMatrix factor = effect_factor(b.transpose());  // of K
  EffectVector g = b * v;
  solve_lower(factor, g);
  solve_lower_transposed(factor, g);
  solve_lower(effect_factor(b), v);
  return {g, v.squaredNorm()};
}

}  // namespace bayespool
