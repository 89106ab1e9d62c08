// Data of a model whose groups have several effects, and what of them the posterior needs (defined in src/effect_design.cpp).
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "core/model/grouped_data.hpp"
#include "core/model/mixed_design.hpp"
#include "core/model/scale_prior.hpp"

namespace bayespool {

// y = X beta + Z b + e for J groups with q effects each. Columns that have moments are the V variables, the response last; a
// column of X or Z is one of them or constant (nothing).
struct EffectData {
  VectorXd rows;  // J: how many there are; zeros stand for the prior alone
  VectorXd size;  // J: the same, or sums of their weights (see GroupedData)
  MatrixXd mean;  // J x V
  MatrixXd
      within;  // J x V (V + 1) / 2: lower triangles by rows of cross-products about the group's means
  std::vector<std::optional<Index>> predictors;  // P
  std::vector<std::optional<Index>> directions;  // q
  double log_weight = 0;                         // the sum of log w_i
};

struct EffectPriors {
  ScalePrior sigma;
  std::vector<ScalePrior> tau;  // q
  std::optional<double> eta;    // of the LKJ distribution; none: the effects are independent
};

// Where each parameter stands in the matrix of draws, from 0; a group's coefficients in one direction stand side by side.
struct EffectColumns {
  std::vector<Index> coefficients;  // P
  std::vector<Index> first_group;   // q
  std::vector<std::optional<Index>>
      coefficient_of_direction;  // q: which coefficient is the mean of the groups'
  std::optional<Index> sigma;    // nothing where it is not stored
  std::vector<Index> tau;        // q
  std::vector<Index>
      rho;  // q (q - 1) / 2, by rows of the lower triangle; empty where effects are independent
};

// All rows as one group.
GroupedData rows_as_one_group(const EffectData& data);

// Each group for itself, with X and y as columns: where the directions are constant.
GroupedData cells_as_groups(const EffectData& data);

// Of a group's cross-products about its means, those of variables a and b.
inline double cross_product(const EffectData& data, Index group, Index a, Index b) {
  return a < b ? cross_product(data, group, b, a) : data.within(group, a * (a + 1) / 2 + b);
}

// The variables of the data and the constant (rows) as the columns (u, ytilde) of a design.
MatrixXd variables_to_columns(const EffectData& data, const Design& pooled);

// The greatest sum of squares of column k of (u, ytilde), the response last, that is a rounding error.
double rounding_of_column(const EffectData& data, const Design& pooled, Index k);

// The groups whose Z_j have the same triangular factor R_j (r x q, Z_j = U_j R_j with orthonormal U_j).
struct EffectClass {
  MatrixXd r;  // r x q
  double count;
};

// With the coefficients as gamma (see Design), v = (u, ytilde) a row of the data in these columns:
//   projections[j]  c_j = U_j'v, r x (F + 1)
//   within          cross-products of what of v is left beside Z_j, summed over the groups
class EffectDesign : public MixedDesign {
 public:
  EffectDesign(const EffectData& data, const CoefficientPriors& priors);

  Index groups() const { return static_cast<Index>(projections.size()); }
  const EffectClass& class_of_group(Index j) const { return classes[class_of[index(j)]]; }

  Index groups(Index) const override { return groups(); }
  double squares(Index effect) const override { return cross_products(effect, effect); }
  CollapsedSystem system() const override;
  MatrixXd weights(const EffectMatrix& lambda,
                   const std::vector<EffectCombination>& combinations) const override;
  // b_j = Lambda L^-T (L^-1 B'(c_y - c_x gamma) + sigma e), LL' = I + B'B, B = R_j Lambda.
  void draw(RandomStream& random, const EffectMatrix& lambda, double sigma,
            const VectorXd& contrast, const PutEffect& put) const override;

 private:
  std::vector<std::optional<Index>> directions_;

 public:
  std::vector<EffectClass> classes;
  std::vector<std::size_t> class_of;  // J
  std::vector<MatrixXd> projections;  // J
  MatrixXd cross_products;            // Z'Z, q x q
  MatrixXd within;                    // (F + 1) x (F + 1)

 private:
  static std::size_t index(Index i) { return static_cast<std::size_t>(i); }

  // Each group's cross-products of (z, v) about its means by Cholesky's method, z first, whose rows stand for orthonormal
  // directions; another one is that of its means. Rotations make all of them triangular in z.
  void reduce(const EffectData& data, const MatrixXd& map);

  // What groups leave of a column is exactly zero where it is a rounding error beside all of the column: it would count as
  // information, or as spread when sigma is small.
  void remove_rounding(const EffectData& data);

  // Squares of direction k about the group's mean.
  double products_of(const EffectData& data, Index j, Index k) const;

  // By Givens' rotations, column by column, the rows that are zero in z last.
  void make_triangular(MatrixXd& rows) const;

  void add_group(const MatrixXd& rows, std::map<std::vector<double>, std::size_t>& known);

  Index first_nonzero(const MatrixXd& rows, Index i) const;

  // Without the digits that rounding may have changed.
  static double shortened(double x);

  static constexpr double negligible = 1e-26;
};

}  // namespace bayespool
