// Small dense Cholesky factorisations, called once at every quadrature node and draw.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace bayespool {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// A relative size of squared quantities (pivots of cross-products) that counts as rounding error.
constexpr double rank_tolerance = 1e-11;
constexpr double exact_fit_tolerance = 1e-13;
constexpr double smallest_pivot = 1e-15;

// Replaces the packed lower triangle (by rows) of a bordered matrix [Q r; r' c] by [L; (L^-1 r)' c - r'Q^-1 r]
// with Q = L L'. A pivot below the rounding error of its diagonal is raised to that: the determinant is
// then too large and the density too small, never the other way round.
inline void bordered_cholesky(double* a, Index size) {
  const auto row = [a](Index i) { return a + i * (i + 1) / 2; };
  for (Index j = 0; j < size; ++j) {
    double* const row_j = row(j);
    const double diagonal = row_j[j];
    double pivot = diagonal;
    for (Index k = 0; k < j; ++k) pivot -= row_j[k] * row_j[k];
    if (j == size - 1) {
      row_j[j] = pivot;
      return;
    }
    row_j[j] = pivot = std::sqrt(std::max(pivot, smallest_pivot * diagonal));
    for (Index i = j + 1; i < size; ++i) {
      double* const row_i = row(i);
      double sum = row_i[j];
      for (Index k = 0; k < j; ++k) sum -= row_i[k] * row_j[k];
      row_i[j] = pivot > 0 ? sum / pivot : 0;
    }
  }
}

// sum_j weight_j (v_j - centre)(v_j - centre)' over rows v_j, some rows at a time: a copy of all of them costs more than the sum.
inline MatrixXd weighted_cross_products(const MatrixXd& rows, const VectorXd& weight,
                                        const VectorXd& centre) {
  constexpr Index block = 1024;
  MatrixXd sum = MatrixXd::Zero(rows.cols(), rows.cols());
  for (Index first = 0; first < rows.rows(); first += block) {
    const Index count = std::min(block, rows.rows() - first);
    const MatrixXd part = rows.middleRows(first, count).rowwise() - centre.transpose();
    sum.noalias() += part.transpose() * (weight.segment(first, count).asDiagonal() * part);
  }
  return sum;
}

// Least squares from the cross-products of (columns, response), the response last. A column that
// depends on the columns before it is aliased: its coefficient is zero, as in lm(). `noise` is the
// sum of squares that rounding of the response alone explains.
struct LeastSquares {
  VectorXd coefficients;  // one per column
  Eigen::Array<bool, Eigen::Dynamic, 1> aliased;
  Index rank = 0;
  bool exact_fit = false;  // residual sum of squares zero up to rounding

  explicit LeastSquares(const MatrixXd& cross_products, double noise = 0) {
    const Index columns = cross_products.rows() - 1;
    MatrixXd factor = cross_products;
    aliased.setConstant(columns, false);
    for (Index j = 0; j < columns; ++j) {
      double pivot = factor(j, j);
      for (Index k = 0; k < j; ++k) pivot -= factor(j, k) * factor(j, k);
      aliased(j) = !(pivot > rank_tolerance * cross_products(j, j));
      factor(j, j) = aliased(j) ? 0 : std::sqrt(pivot);
      for (Index i = j + 1; i <= columns; ++i) {
        double sum = factor(i, j);
        for (Index k = 0; k < j; ++k) sum -= factor(i, k) * factor(j, k);
        factor(i, j) = aliased(j) ? 0 : sum / factor(j, j);
      }
      rank += !aliased(j);
    }
    const double total = cross_products(columns, columns);
    const double residual = total - factor.row(columns).head(columns).squaredNorm();
    exact_fit = !(residual > std::max(exact_fit_tolerance * total, noise));
    coefficients.setZero(columns);
    for (Index j = columns - 1; j >= 0; --j) {
      if (aliased(j)) continue;
      double sum = factor(columns, j);
      for (Index i = j + 1; i < columns; ++i) sum -= factor(i, j) * coefficients(i);
      coefficients(j) = sum / factor(j, j);
    }
  }
};

// A symmetric matrix is V diag(values) V', the largest value first: by Jacobi's rotations, each of which makes one pair of
// off-diagonal entries zero (Golub & Van Loan, section 8.5). For small matrices.
struct SymmetricEigen {
  VectorXd values;
  MatrixXd vectors;  // by column

  explicit SymmetricEigen(MatrixXd a) {
    const Index size = a.rows();
    MatrixXd v = MatrixXd::Identity(size, size);
    const double negligible = 1e-32 * a.squaredNorm();
    for (int sweep = 0; sweep < 60; ++sweep) {
      double off_diagonal = 0;
      for (Index i = 0; i < size; ++i)
        for (Index j = 0; j < i; ++j) off_diagonal += a(i, j) * a(i, j);
      if (off_diagonal <= negligible) break;
      for (Index i = 0; i < size; ++i)
        for (Index j = 0; j < i; ++j) rotate(a, v, i, j);
    }
    std::vector<Index> order(static_cast<std::size_t>(size));
    std::iota(order.begin(), order.end(), Index{0});
    std::sort(order.begin(), order.end(), [&](Index i, Index j) { return a(i, i) > a(j, j); });
    values.resize(size);
    vectors.resize(size, size);
    for (Index k = 0; k < size; ++k) {
      values(k) = a(order[static_cast<std::size_t>(k)], order[static_cast<std::size_t>(k)]);
      vectors.col(k) = v.col(order[static_cast<std::size_t>(k)]);
    }
  }

 private:
  static void rotate(MatrixXd& a, MatrixXd& v, Index i, Index j) {
    if (a(i, j) == 0) return;
    const double ratio = (a(j, j) - a(i, i)) / (2 * a(i, j));
    const double t = (ratio < 0 ? -1 : 1) / (std::abs(ratio) + std::sqrt(1 + ratio * ratio));
    const double c = 1 / std::sqrt(1 + t * t), s = t * c;
    const auto turn = [=](double& x, double& y) {
      const double old = x;
      x = c * old - s * y;
      y = s * old + c * y;
    };
    for (Index k = 0; k < a.rows(); ++k) turn(a(k, i), a(k, j));
    for (Index k = 0; k < a.rows(); ++k) turn(a(i, k), a(j, k));
    for (Index k = 0; k < a.rows(); ++k) turn(v(k, i), v(k, j));
  }
};

}  // namespace bayespool
