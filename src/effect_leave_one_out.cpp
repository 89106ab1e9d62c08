// Predictive distributions of single observations: the definitions of core/exact/effect_leave_one_out.hpp.
#include "core/exact/effect_leave_one_out.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace bayespool {

EffectLeaveOneOut::EffectLeaveOneOut(const MixedDesign& design, const EffectNodes& nodes)
    : design_(&design),
      nodes_(&nodes),
      log_weight_(nodes.coefficients.weight.log()),
      end_(end_weight * nodes.coefficients.weight.maxCoeff()) {}

EffectCombination EffectLeaveOneOut::combination(const VectorXd& columns,
                                                 std::vector<EffectOfGroup> effects) const {
  const Index f = design_->free_count();
  const VectorXd own = design_->pooled().from_columns.transpose() * columns;
  return {-own(f), own.head(f), std::move(effects), 0};
}

Eigen::RowVectorXd EffectLeaveOneOut::row(const std::vector<MatrixXd>& weights, Index i,
                                          double weight, const LeftOutQuestion& question) const {
  const Index f = design_->free_count();
  LeftOutRow row(nodes_->count());
  row.variance = nodes_->sigma.square() / weight;
  VectorXd h(f);
  for (std::size_t t = 0; t < weights.size(); ++t) {
    const EffectNode& node = nodes_->lattice[t];
    h = weights[t].col(i).head(f);
    const double constant = weights[t](f, i), rest = 1 - weight * weights[t](f + 1, i);
    for (Index k = node.first; k < node.first + node.count; ++k) {
      row.residual(k) = -constant - (f > 0 ? nodes_->coefficients.gamma.row(k).dot(h) : 0);
      row.precision(k) = rest - nodes_->coefficients.quadratic_form(h, k) / row.variance(k);
    }
  }
  // Where an observation alone determines a coefficient, its precision is a difference without digits.
  row.precise = (row.precision > smallest_precision).all();
  return row.answer(question, log_weight_,
                    [this](const ArrayXd& terms) { return resolved_sum(terms); });
}

double EffectLeaveOneOut::resolved_sum(const ArrayXd& terms) const {
  double total = 0, ends = 0;
  std::vector<double> sums(nodes_->parities, 0.0);
  for (const EffectNode& node : nodes_->lattice) {
    for (Index k = node.first; k < node.first + node.count; ++k) {
      total += terms(k);
      sums[nodes_->parity(node, k)] += terms(k);
      if (nodes_->coefficients.weight(k) < end_) ends += terms(k);
    }
  }
  double worst = 0;
  for (std::size_t s = 1; s < sums.size(); ++s) {
    double coefficient = 0;
    for (std::size_t parity = 0; parity < sums.size(); ++parity)
      coefficient += (__builtin_popcountll(s & parity) % 2 ? -1 : 1) * sums[parity];
    worst = std::max(worst, std::abs(coefficient));
  }
  if (total > 0 && worst < coarse_tolerance * total && ends < end_tolerance * total) return total;
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace bayespool
