// Numbers that several files need.
#pragma once

#include <limits>

namespace bayespool {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double log_two_pi = 1.8378770664093454836;

}  // namespace bayespool
