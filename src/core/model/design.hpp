// Linear algebra that depends on the data and the priors of the coefficients alone: columns without what is large and cancels.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/model/grouped_data.hpp"
#include "core/model/scale_prior.hpp"
#include "core/numerics/linear_algebra.hpp"

namespace bayespool {

class PureColumns;

// Groups of one size share lambda and kappa.
struct SizeClass {
  double size;
  double count;
  MatrixXd cross_products;  // sum of v_j v_j' over its groups, (F + 1) x (F + 1)
};

// The F coefficients that are not fixed are written beta = origin + transform * gamma, around a point near the posterior
// and in centred, scaled columns, so that nothing large cancels; v_j = (u_j, ytilde_j) is group j's projection in
// these columns.
class Design {
 public:
  Design(const GroupedData& data, const CoefficientPriors& priors);

  Index free_count() const { return static_cast<Index>(free.size()); }
  double size_of(Index group) const {
    return size_classes[class_of[static_cast<std::size_t>(group)]].size;
  }

  double observations, total_size;  // N, and the sum of the groups' sizes
  Index groups;
  std::vector<Index> free;  // positions in beta of the F free coefficients
  VectorXd origin;          // P
  MatrixXd transform;       // P x F
  MatrixXd projections;     // J x (F + 1): v_j
  MatrixXd from_columns;    // (P + 1) x (F + 1): rows of the data's columns become (u, ytilde)
  MatrixXd within;          // (F + 1) x (F + 1)
  MatrixXd
      prior_cross_products;  // (F + 1) x (F + 1): sum of squares of standardised prior deviations
  std::vector<SizeClass> size_classes;
  std::vector<std::size_t> class_of;  // J: position of a group's class
  VectorXd group_effect;              // F: coefficients of gamma in the population part of mu_j
  double group_effect_origin = 0;     // and its value at gamma = 0
  double log_constant = 0;            // prior normalisers, flat coefficients and |det transform|
  LeastSquares total_fit{MatrixXd::Zero(1, 1)};   // of y on the free columns
  LeastSquares within_fit{MatrixXd::Zero(1, 1)};  // the same within groups

  // Squares of y about the fit with coefficients gamma, and what they say of the sds: where to look first.
  struct Spread {
    VariancePoint
        estimate;     // of the sds within and between groups; 0 where there is no such spread
    double total;     // sd about the fit
    double farthest;  // largest deviation of a group
  };

  Spread spread_about(const VectorXd& gamma) const;

  // The prior means as gamma; flat coefficients stay at the origin.
  VectorXd prior_centre;

 private:
  // Priors of the coefficients of the data's columns, where these are those of the model but for an origin.
  static CoefficientPriors in_columns(const GroupedData& data, CoefficientPriors priors);
  void find_fits(const GroupedData& data);
  // `pure`: where the data are in residual columns.
  void build(const GroupedData& data, const CoefficientPriors& given,
             const PureColumns* pure = nullptr);
  void centre_and_scale(const GroupedData& data, const CoefficientPriors& priors);
  MatrixXd cross_products_of_groups(const VectorXd& size) const;
  // The sum of squares that rounding of the response alone explains.
  double noise(const GroupedData& data) const;
  // The least-squares fit, but for coefficients that the prior knows better than the data: they stay at their prior
  // mean, where the squares of their prior deviations do not cancel. Returns whether it is the fit.
  bool choose_origin(const GroupedData& data, const CoefficientPriors& priors,
                     const PureColumns* pure);
  double typical_sigma(const GroupedData& data) const;
  // As long as each coordinate is a coefficient of the data's columns but for its scale, and that of the intercept for the
  // means of the columns.
  void find_prior_centre(const GroupedData& data, const CoefficientPriors& priors);
  // The other columns get their means back: beside an intercept that is nearly known they are not for it to explain.
  // `i`: the coordinate of the intercept, whose column is one everywhere.
  void uncentre(Index i);
  // gamma -> gamma + shift: the response becomes its residual from the shift.
  void move_origin(const VectorXd& shift);
  // Columns that those before them explain within groups lose what these explain, and have cross-products that are exactly
  // zero there; those that are explained between groups, too, are zero: rounding error would count as information when
  // sigma is small.
  void separate_null_directions(const VectorXd& size);
  void add_priors(const CoefficientPriors& priors);
  void collect_size_classes(const VectorXd& size);

  VectorXd scale_;  // F: of the columns
};

}  // namespace bayespool
