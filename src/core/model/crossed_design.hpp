// Data of a model with two grouping factors, crossed or nested, each with an intercept that varies, and what of them the posterior needs
// (defined in src/crossed_design.cpp).
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "core/model/effect_data.hpp"

namespace bayespool {

// y = X beta + Z_1 b_1 + Z_2 b_2 + e. A cell is the rows of one level of each factor: its moments are the EffectData of a group, whose two
// directions are constant.
struct CellLevels {
  std::array<std::vector<Index>, 2> of_cell;  // by factor, from 0
  std::array<Index, 2> count;
};

// Levels of the factor that is eliminated which meet those of the other one in the same way. n_k: the size (the number of rows, or the sum
// of their weights) in level k of the other factor; m: the mean of v, a row of the data in the columns (u, ytilde), in a level.
struct LevelClass {
  std::vector<std::pair<Index, double>> sizes;  // k and n_k > 0, in order
  double size;                                  // the sum of the n_k
  double count;                                 // of levels
  VectorXd mean_sum;                            // sum of m, F + 1
  MatrixXd mean_squares;                        // sum of m m'
};

// With theta_1 and theta_2 the sds of the effects relative to sigma, and factor 1 the one that is eliminated, that with more levels:
//   1/v_i = 1 + theta_1^2 n_i                     what is left of a level's information
//   W1    cross-products about the levels' means, C1 sums by level k of the other factor of v - m_i, L those of diag(n_ik) - n_ik n_ik'/n_i
//   A1 = W1 + sum n_i v_i m_i m_i'       c = C1 + sum v_i n_ik m_i'       M = L + sum v_i / n_i n_ik n_ik'
//   A  = A1 - theta_2^2 c'(I + theta_2^2 M)^-1 c     log|V| = sum log(1 + theta_1^2 n_i) + log|I + theta_2^2 M|
// as section 9 of the mathematics has it, but in sums of squares in place of differences.
//
// Where theta_2 is large, A is a small difference. Let v = Z_1 alpha + Z_2 beta + E be least squares on all levels of both factors. With
// kappa = 1 / theta_2^2 and d = sum v_i n_ik alpha_i
//   A = E'E + sum n_i v_i alpha_i alpha_i' + kappa beta'beta - (d - kappa beta)'(M + kappa I)^-1 (d - kappa beta)
// has no large terms. What is constant in a connected part of the design (as the column of an intercept is) may be in alpha or in beta, and
// must be where it weighs less: there are two such fits.
//
// L has the vectors that are constant in a connected part of the design, and zero elsewhere, in its null space. All that has an index k is
// turned by reflections that make them unit vectors, so that what is zero is exactly zero. In a nested design each level i meets one k: L, C1
// and beta are zero and M is diagonal.
struct LevelFit {
  std::vector<VectorXd> alpha_sum;      // of the classes, as for m
  std::vector<MatrixXd> alpha_squares;  // the same
  MatrixXd beta;                        // n_2 x (F + 1), reflected
  MatrixXd beta_squares;                // beta'beta
};

class CrossedDesign : public MixedDesign {
 public:
  CrossedDesign(const EffectData& cells, CellLevels levels, const CoefficientPriors& priors);

  Index groups(Index effect) const override { return levels_.count[index(effect)]; }
  double squares(Index) const override { return pooled().total_size; }
  CollapsedSystem system() const override;
  MatrixXd weights(const EffectMatrix& lambda,
                   const std::vector<EffectCombination>& combinations) const override;
  void draw(RandomStream& random, const EffectMatrix& lambda, double sigma,
            const VectorXd& contrast, const PutEffect& put) const override;

  Index eliminated() const { return eliminated_; }
  Index other() const { return 1 - eliminated_; }
  Index other_count() const { return levels_.count[index(other())]; }
  bool nested() const { return nested_; }
  // The reflection, of the rows of x; its own inverse.
  void reflect(MatrixXd& x) const {
    for (const Part& part : parts_) {
      if (part.axis.size() == x.rows()) {
        x -= 2 * part.axis * (part.axis.transpose() * x).eval();
        continue;
      }
      Eigen::RowVectorXd along = Eigen::RowVectorXd::Zero(x.cols());
      for (std::size_t i = 0; i < part.levels.size(); ++i)
        along += part.axis(static_cast<Index>(i)) * x.row(part.levels[i]);
      for (std::size_t i = 0; i < part.levels.size(); ++i)
        x.row(part.levels[i]) -= 2 * part.axis(static_cast<Index>(i)) * along;
    }
  }

  const MatrixXd& rest() const { return rest_; }  // E'E
  // Of the levels of both factors, as columns.
  double level_rank() const;

  std::vector<LevelClass> classes;
  std::vector<std::size_t> class_of;  // of each level of the factor that is eliminated
  MatrixXd means;                     // of these levels: n_1 x (F + 1)
  MatrixXd within;                    // W1
  MatrixXd sums;                      // C1, reflected
  MatrixXd laplacian;                 // L, reflected; empty in a nested design
  LevelFit with_alpha, with_beta;     // where the constants are in one of these

 private:
  // A connected part of the design: levels of the other factor, and what is normal to the mirror.
  struct Part {
    std::vector<Index> levels;
    VectorXd axis;
  };

  static std::size_t index(Index i) { return static_cast<std::size_t>(i); }

  void choose_eliminated();
  void collect_levels(const EffectData& cells, const MatrixXd& v);
  void fit_levels(const EffectData& cells, const MatrixXd& v);
  // beta before the reflection; turns L and C1.
  MatrixXd fit_other_levels();
  LevelFit level_fit(const MatrixXd& alpha, MatrixXd beta) const;
  // The connected part of the design that each level of the other factor belongs to, by one of its levels.
  std::vector<Index> part_of_levels() const;
  // Makes the reflections, and zero what they make zero in L and C1.
  void turn();

  CellLevels levels_;
  Index eliminated_ = 0;
  bool nested_ = false;
  std::vector<Part> parts_;  // none in a nested design
  MatrixXd rest_;
};

}  // namespace bayespool
