// The effects of groups given the coefficients and the variance parameters: definitions of core/model/effect_data.hpp.
#include "core/model/effect_weights.hpp"

#include <vector>

#include "core/model/crossed_system.hpp"
#include "core/model/effect_data.hpp"
#include "core/model/effect_system.hpp"
#include "core/model/new_group_weights.hpp"

namespace bayespool {

CollapsedSystem EffectDesign::system() const { return EffectSystem(*this); }

MatrixXd EffectDesign::weights(const EffectMatrix& lambda,
                               const std::vector<EffectCombination>& combinations) const {
  const Index f = free_count();
  MatrixXd result = weights_without_known_groups(f, lambda, combinations);
  for (Index i = 0; i < result.cols(); ++i) {
    const EffectCombination& combination = combinations[index(i)];
    auto column = result.col(i);
    for (const EffectOfGroup& effect : combination.effects) {
      if (!effect.group) continue;
      const MatrixXd& c = projections[index(*effect.group)];
      const auto [g, s] = effect_weights(class_of_group(*effect.group).r, lambda, effect.z);
      column.head(f).noalias() -= c.leftCols(f).transpose() * g;
      column(f) += g.dot(c.col(f));
      column(f + 1) += s;
    }
  }
  return result;
}

void EffectDesign::draw(RandomStream& random, const EffectMatrix& lambda, double sigma,
                        const VectorXd& contrast, const PutEffect& put) const {
  const Index q = effects(), f = free_count();
  EffectVector effect(q);
  std::vector<EffectMatrix> b(classes.size()), factor(classes.size());
  for (std::size_t c = 0; c < classes.size(); ++c) {
    b[c] = classes[c].r * lambda;
    factor[c] = effect_factor(b[c]);
  }
  for (Index j = 0; j < groups(); ++j) {
    const std::size_t c = class_of[index(j)];
    const MatrixXd& projection = projections[index(j)];
    effect.setZero();
    for (Index a = 0; a < projection.rows(); ++a) {
      double residual = 0;
      for (Index l = 0; l <= f; ++l) residual += projection(a, l) * contrast(l);
      for (Index k = 0; k < q; ++k) effect(k) += b[c](a, k) * residual;
    }
    solve_lower(factor[c], effect);
    for (Index k = 0; k < q; ++k) effect(k) += sigma * random.normal();
    solve_lower_transposed(factor[c], effect);
    for (Index k = 0; k < q; ++k) {
      double value = 0;
      for (Index l = 0; l < q; ++l) value += lambda(k, l) * effect(l);
      put(k, j, value);
    }
  }
}

}  // namespace bayespool
