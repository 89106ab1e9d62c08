// Logarithms of densities that keep their digits at extreme parameters, where densities and tails underflow and large
// terms would cancel. Defined in `src/log_densities.cpp`: Boost's functions take seconds to compile, and kilobytes.
#pragma once

namespace bayespool {

// log Gamma(x) for x > 0; that of the C library is not safe with threads.
double log_gamma(double x);

// log(u^shape exp(-u) / Gamma(shape)): the log density of log u for u ~ gamma(shape, 1).
double log_gamma_kernel(double shape, double u);

// The density at its mode of N(centre, 1) truncated to (0, inf): phi(min(centre, 0)) / Phi(centre).
double truncated_normal_peak(double centre);

// The same for Student's t: f(min(centre, 0)) / F(centre).
double truncated_student_peak(double centre, double df);

}  // namespace bayespool
