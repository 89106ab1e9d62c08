// What R asks of rows that are left out.
#pragma once

#include <string>

#include "core/exact/left_out_row.hpp"

namespace bayespool {

// "densities", "expected" or "observation".
inline LeftOutQuestion::About question_about(const std::string& about) {
  if (about == "densities") return LeftOutQuestion::About::densities;
  return about == "expected" ? LeftOutQuestion::About::expected
                             : LeftOutQuestion::About::observation;
}

}  // namespace bayespool
