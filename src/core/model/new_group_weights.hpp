// Weights of combinations (see MixedDesign::weights) as far as they do not depend on which groups there are.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

#include "core/model/mixed_design.hpp"

namespace bayespool {

// Without the effects of known groups: coefficients, the constant, and the variance of the effects of new groups.
inline MatrixXd weights_without_known_groups(Index free_count, const EffectMatrix& lambda,
                                             const std::vector<EffectCombination>& combinations) {
  MatrixXd result(free_count + 2, static_cast<Index>(combinations.size()));
  for (Index i = 0; i < result.cols(); ++i) {
    const EffectCombination& combination = combinations[static_cast<std::size_t>(i)];
    auto column = result.col(i);
    column.head(free_count) = combination.a;
    column(free_count) = combination.constant;
    column(free_count + 1) = 0;
    for (const EffectOfGroup& effect : combination.effects)
      if (!effect.group) column(free_count + 1) += (lambda.transpose() * effect.z).squaredNorm();
  }
  return result;
}

}  // namespace bayespool
