# The log-Student-t distribution of a positive number, as a prior.

#' Log-Student-t distribution
#'
#' The distribution of a positive number whose logarithm has a Student-t distribution: a prior on a standard deviation of which the
#' order of magnitude is known, but not for certain.
#'
#' \eqn{\log(x)}{log(x)} has a Student-t distribution with `df` degrees of freedom, centre `mu` and scale `sigma`. The median of
#' \eqn{x} is `exp(mu)`; half of its probability lies within a factor of about `exp(0.7 * sigma)` of the median. With many degrees of
#' freedom it is nearly the log-normal distribution, [dist_lognormal()]`(mu, sigma)`. As a prior it is on the standard deviation
#' itself; for one that is published for a variance halve `mu` and `sigma`, see [empirical-priors].
#'
#' @section Heavy tails:
#' The tails are heavy at both ends: far out and near 0 the density is almost `1/x`. So it has no mean: `mean()` and `variance()` are
#' `Inf`. Beside data the posterior has the moments that the data give it, and no more.
#'
#' The exact algorithm reaches standard deviations between 1e-130 and 1e130. Where more than about a billionth of the posterior lies
#' beyond, it stops with an error of class `bayespool_error_numerical`. No data rule out values near 0, so this depends on the prior:
#' with `df = 5`, as published, all is well for `sigma` up to 2; with `df = 3` not even for `sigma = 0.5`, unless the data show that the
#' groups differ. There `dist_lognormal()` serves, or `algorithm = "nuts"`, which has no such limit.
#'
#' @param df Degrees of freedom, one finite number above 1. With 1 or less hardly anything would hold the distribution together near 0.
#' @param mu Centre of the logarithm, one number.
#' @param sigma Scale of the logarithm, one positive number.
#' @return A vector of class `distribution` of length 1, which serves as the prior of a standard deviation (see [bayespool-priors]).
#'   The functions of the distributional package, such as `density()`, `quantile()` and [distributional::cdf()], know it.
#' @section Errors: Of class `bayespool_error_argument`: a `df`, `mu` or `sigma` that is not possible.
#' @seealso [empirical-priors] for published priors of this kind.
#' @examples
#' prior <- dist_log_student_t(5, -1.72, 1.295)
#' quantile(prior, c(0.025, 0.5, 0.975))
#' @export
dist_log_student_t <- function(df, mu = 0, sigma = 1) {
  is_number <- function(x) is.numeric(x) && length(x) == 1 && is.finite(x)
  check_argument(df, is_number(df) && df > 1, "one finite number above 1", rlang::current_env())
  check_argument(mu, is_number(mu), "one finite number", rlang::current_env())
  check_argument(sigma, is_number(sigma) && sigma > 0, "one finite number above 0", rlang::current_env())
  distributional::new_dist(df = as.double(df), mu = as.double(mu), sigma = as.double(sigma), class = "dist_log_student_t")
}

#' @export
format.dist_log_student_t <- function(x, digits = 2, ...) {
  number <- vapply(c(x[["df"]], x[["mu"]], x[["sigma"]]), format, "", digits = digits, ...)
  paste0("log-Student-t(", paste(number, collapse = ", "), ")")
}

# As the others: 0 below 0, and at 0 the limit.
#' @importFrom stats density
#' @export
density.dist_log_student_t <- function(x, at, ...) {
  log_at <- log(pmax(at, 0))
  value <- stats::dt((log_at - x[["mu"]]) / x[["sigma"]], x[["df"]]) / x[["sigma"]] * exp(-log_at)
  value[at < 0] <- 0
  value[at == 0] <- Inf
  value
}

#' @importFrom distributional cdf
#' @export
cdf.dist_log_student_t <- function(x, q, ...) stats::pt((log(pmax(q, 0)) - x[["mu"]]) / x[["sigma"]], x[["df"]])

#' @importFrom stats quantile
#' @export
quantile.dist_log_student_t <- function(x, p, ...) exp(x[["mu"]] + x[["sigma"]] * stats::qt(p, x[["df"]]))

#' @importFrom distributional generate
#' @export
generate.dist_log_student_t <- function(x, times, ...) exp(x[["mu"]] + x[["sigma"]] * stats::rt(times, x[["df"]]))

#' @export
mean.dist_log_student_t <- function(x, ...) Inf

#' @importFrom distributional covariance
#' @export
covariance.dist_log_student_t <- function(x, ...) Inf
