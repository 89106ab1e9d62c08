// How tests compare numbers.
#pragma once

#include <algorithm>
#include <cmath>

// |a - b| <= tolerance * max(1, |b|)
inline bool close_to(double a, double b, double tolerance = 1e-13) {
  return a == b || std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b));
}
