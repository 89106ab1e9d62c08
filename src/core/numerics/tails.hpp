// Probabilities from both sides.
#pragma once

namespace bayespool {

// P(X <= x) and P(X > x), each with its digits.
struct Tails {
  double below, above;
};

}  // namespace bayespool
