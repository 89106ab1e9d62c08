// Normal scores by Boost's inverse of the error function.
#include "core/numerics/normal_score.hpp"

#include <boost/math/special_functions/erf.hpp>

namespace bayespool {

double normal_score(double lower, double upper) {
  using namespace boost::math::policies;
  const policy<promote_double<false>> in_double;
  return lower < upper ? -boost::math::erfc_inv(2 * lower, in_double) / inverse_root_two
                       : boost::math::erfc_inv(2 * upper, in_double) / inverse_root_two;
}

}  // namespace bayespool
