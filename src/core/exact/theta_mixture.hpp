// theta of a group, or of another quantity on its scale, at weighted points.
#pragma once

#include <cmath>

#include "core/exact/point_summary.hpp"

namespace bayespool {

// Their distribution is known in the coordinate middle + stretch sinh(f / stretch) = theta, or as it is where
// the stretch is infinite.
struct ThetaMixture {
  SummaryPoints points;  // f
  double middle = 0, stretch = HUGE_VAL;

  double theta(double f) const {
    return std::isinf(stretch) ? f : middle + stretch * std::sinh(f / stretch);
  }
  double place(double theta) const {
    return std::isinf(stretch) ? theta : stretch * std::asinh((theta - middle) / stretch);
  }
};

}  // namespace bayespool
