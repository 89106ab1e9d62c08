# Priors for tests: what the package is given beside what is written down here again.

# A prior on a standard deviation: `dist`, what the package is given; its log density, normalised; the ends of its support;
# whether it is a distribution; nu where it falls like x^-(nu + 1) at infinity, and k where it goes like x^k at 0.
p_scale <- function(dist, log_density, lower = 0, upper = Inf, proper = TRUE, tail = Inf, zero = 0) {
  list(dist = dist, log_density = log_density, lower = lower, upper = upper, proper = proper, tail = tail, zero = zero)
}
p_exponential <- function(rate) p_scale(dist_exponential(rate), function(x) dexp(x, rate, log = TRUE))
p_gamma <- function(shape, rate) {
  p_scale(dist_gamma(shape, rate), function(x) dgamma(x, shape, rate, log = TRUE), zero = shape - 1)
}
p_inverse_gamma <- function(shape, scale) {
  log_density <- function(x) shape * log(scale) - lgamma(shape) - (shape + 1) * log(x) - scale / x
  p_scale(dist_inverse_gamma(shape, scale = scale), log_density, tail = shape, zero = Inf)
}
p_lognormal <- function(mu, sigma) p_scale(dist_lognormal(mu, sigma), function(x) dlnorm(x, mu, sigma, log = TRUE), zero = Inf)
# As 1 / x at both ends, but for powers of its logarithm that make it integrable.
p_log_student_t <- function(df, mu, sigma) {
  log_density <- function(x) dt((log(x) - mu) / sigma, df, log = TRUE) - log(sigma * x)
  p_scale(dist_log_student_t(df, mu, sigma), log_density, tail = 1e-9, zero = 1e-9 - 1)
}
p_uniform <- function(lower, upper) {
  log_density <- function(x) rep(-log(upper - lower), length(x))
  p_scale(dist_uniform(lower, upper), log_density, lower, upper, zero = if (lower > 0) Inf else 0)
}
p_flat_scale <- function() p_scale(dist_uniform(0, Inf), function(x) rep(0, length(x)), proper = FALSE, tail = -1)
p_half_normal <- function(mean, sd) {
  p_scale(dist_normal(mean, sd), function(x) dnorm(x, mean, sd, log = TRUE) - pnorm(mean / sd, log.p = TRUE))
}
p_half_t <- function(df, mean, scale) {
  log_density <- function(x) dt((x - mean) / scale, df, log = TRUE) - log(scale) - pt(mean / scale, df, log.p = TRUE)
  p_scale(dist_student_t(df, mean, scale), log_density, tail = df)
}
p_half_cauchy <- function(location, scale) {
  log_density <- function(x) dcauchy(x, location, scale, log = TRUE) - pcauchy(location / scale, log.p = TRUE)
  p_scale(dist_cauchy(location, scale), log_density, tail = 1)
}
# Known values may be those of a location too, which is otherwise normal or flat.
p_fixed <- function(value) {
  list(dist = dist_degenerate(value), fixed = value, mean = value, sd = 0, proper = TRUE, tail = Inf, zero = Inf)
}
p_normal <- function(mean, sd) list(dist = dist_normal(mean, sd), mean = mean, sd = sd, proper = TRUE)
p_flat <- function() list(dist = dist_uniform(-Inf, Inf), mean = 0, sd = Inf, proper = FALSE)

package_priors <- function(priors) lapply(priors, `[[`, "dist")

# Every family of priors on a standard deviation, by the text that people see. Tests of whatever a prior enters go through these.
scale_priors <- list(
  "exponential(1.3)" = p_exponential(1.3),
  "gamma(2.5, 0.7)" = p_gamma(2.5, 0.7),
  "gamma(0.6, 0.2)" = p_gamma(0.6, 0.2),
  "inverse-gamma(2, scale = 3)" = p_inverse_gamma(2, 3),
  "lognormal(0.5, 1)" = p_lognormal(0.5, 1),
  "log-Student-t(5, 0.5, 1)" = p_log_student_t(5, 0.5, 1),
  "uniform(0, 4)" = p_uniform(0, 4),
  "uniform(2, 9)" = p_uniform(2, 9),
  "half-normal(0, 5)" = p_half_normal(0, 5),
  "normal(3, 2) above 0" = p_half_normal(3, 2),
  "normal(-4, 3) above 0" = p_half_normal(-4, 3),
  "half-Student-t(4, 0, 3)" = p_half_t(4, 0, 3),
  "Student-t(5, 2, 1) above 0" = p_half_t(5, 2, 1),
  "half-Cauchy(0, 5)" = p_half_cauchy(0, 5),
  "Cauchy(2, 2) above 0" = p_half_cauchy(2, 2),
  "flat" = p_flat_scale(),
  "fixed at 4" = p_fixed(4)
)
# Those with a density, and points inside their support.
scale_densities <- Filter(function(prior) prior$proper && is.null(prior$fixed), scale_priors)
inside <- function(prior) prior$lower + c(0.2, 0.9, 1.7)
