// Predictive distributions of single observations given all others, and densities of others given all, of a mixed model (defined in
// src/effect_leave_one_out.cpp).
#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/exact/effect_nodes.hpp"
#include "core/exact/left_out_row.hpp"

namespace bayespool {

// As in LeaveOneOut, with the expected value of the observation less ytilde_i, h_i'gamma + constant + N(0, sigma^2 s) given Lambda and sigma
// (see MixedDesign::weights), in the place of b: e_i = -constant - h_i'gamma_hat,  D_i = 1 - w_i (s + h_i'Q^-1 h_i / sigma^2).
class EffectLeaveOneOut {
  using ArrayXd = Eigen::ArrayXd;

 public:
  // The design and the nodes, which should be all of the quadrature's, must outlive the object. The reciprocal of a density is far from
  // constant where sigma is small: sigma needs all nodes of its line.
  EffectLeaveOneOut(const MixedDesign& design, const EffectNodes& nodes);

  // The expected value less ytilde of an observation with the columns (X, y).
  EffectCombination combination(const VectorXd& columns, std::vector<EffectOfGroup> effects) const;

  // Of the row whose combination has the weights in column i, and a weight of its own: see LeftOutRow::answer(). A row that is not among
  // the data has log p(y_i | y) alone.
  Eigen::RowVectorXd row(const std::vector<MatrixXd>& weights, Index i, double weight,
                         const LeftOutQuestion& question) const;

 private:
  // The sum of terms over all nodes; NaN where lattice and lines are too coarse for them (see LatticeRule::pattern) or do not reach
  // far enough.
  double resolved_sum(const ArrayXd& terms) const;

  static constexpr double smallest_precision = 1e-7, coarse_tolerance = 1e-3, end_weight = 1e-8,
                          end_tolerance = 3e-5;

  const MixedDesign* design_;
  const EffectNodes* nodes_;
  ArrayXd log_weight_;
  double end_;  // weights of nodes near the end of the lattice or of a line are below
};

}  // namespace bayespool
