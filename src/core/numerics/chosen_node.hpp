// Some of the nodes of a quadrature.
#pragma once

#include <cstddef>

namespace bayespool {

// One of a sequence of nodes, with a weight of its own; those of all that are chosen sum to one.
struct ChosenNode {
  std::size_t index;
  double weight;
};

}  // namespace bayespool
