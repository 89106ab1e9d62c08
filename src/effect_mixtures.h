// Mixtures of many combinations of coefficients and effects, some at a time.
#pragma once

#include <vector>

#include "core/exact/effect_nodes.hpp"
#include "parallel.h"

namespace bayespool {

// f(i, normals) for each combination.
template <class F>
void for_each_mixture(const EffectNodes& nodes, const std::vector<EffectCombination>& combinations,
                      int cores, F f) {
  const Index count = static_cast<Index>(combinations.size());
  run_in_blocks(count, nodes.weights_at_a_time(), cores,
                [&](Index first, Index size, const auto& check) {
                  const auto begin = combinations.begin() + first;
                  const std::vector<MatrixXd> weights = nodes.weights({begin, begin + size}, check);
                  for (Index i = 0; i < size; ++i) {
                    check();
                    f(first + i, nodes.normals(weights, i, begin[i].noise));
                  }
                });
}

}  // namespace bayespool
