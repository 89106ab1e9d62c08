// Log densities with Boost's gamma, beta and Student's t distribution functions.
#include "core/numerics/log_densities.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/log1p.hpp>
#include <cmath>

#include "core/numerics/constants.hpp"

namespace bayespool {

double log_gamma(double x) { return boost::math::lgamma(x); }

// For a large shape around the peak, sqrt(shape / (2 pi)) exp(-Stirling's remainder), from which it falls by shape * (log(ratio) - ratio + 1) with
// ratio = u / shape (Loader 2000, Fast and accurate computation of binomial probabilities).
double log_gamma_kernel(double shape, double u) {
  if (shape < 20) return shape * std::log(u) - u - log_gamma(shape);
  const double inverse = 1 / shape, square = inverse * inverse;
  const double remainder =
      inverse *
      (1 / 12.0 -
       square * (1 / 360.0 - square * (1 / 1260.0 - square * (1 / 1680.0 - square / 1188.0))));
  const double ratio = u * inverse, excess = ratio - 1;
  const double fall =
      std::abs(excess) < 0.5 ? boost::math::log1pmx(excess) : std::log(ratio) - excess;
  return 0.5 * (std::log(shape) - log_two_pi) - remainder + shape * fall;
}

// For a centre far below 0 by the continued fraction Phi(-t) / phi(t) = 1 / (t + 1 / (t + 2 / (t + ...))).
double truncated_normal_peak(double centre) {
  const double mode = std::min(centre, 0.0), root_half = std::sqrt(0.5);
  if (centre > -5)
    return std::exp(-0.5 * (mode * mode + log_two_pi)) / (0.5 * std::erfc(-centre * root_half));
  double fraction = -centre;
  for (int k = 40; k > 0; --k) fraction = k / fraction - centre;
  return fraction;
}

// For a centre far below 0, F is I_x(a, 1 / 2) / 2 with
// a = df / 2 and x = df / (df + centre^2), by the continued fraction of DiDonato & Morris (1992, Algorithm 708), from which
// all that underflows cancels.
double truncated_student_peak(double centre, double df) {
  if (centre > -3) {
    const boost::math::students_t standard(df);
    return boost::math::pdf(standard, std::min(centre, 0.0)) / boost::math::cdf(standard, centre);
  }
  const double a = 0.5 * df, odds = df / centre / centre, x = odds / (1 + odds), y = 1 / (1 + odds);
  const auto numerator = [=](double m) {
    const double factor = x / (a + 2 * m - 1);
    return (a + m - 1) * (a + m - 0.5) * m * (0.5 - m) * factor * factor;
  };
  const auto term = [=](double m) {
    return m + m * (0.5 - m) * x / (a + 2 * m - 1) +
           (a + m) / (a + 2 * m + 1) * (a * y - 0.5 * x + 1 + m * (2 - x));
  };
  double fraction = term(40);
  for (int m = 40; m > 1; --m) fraction = term(m - 1) + numerator(m) / fraction;
  fraction = a / (a + 1) * (a * y - 0.5 * x + 1) + numerator(1) / fraction;
  return -2 * fraction / centre;
}

}  // namespace bayespool
