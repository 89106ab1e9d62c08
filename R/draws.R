# The draws of a fit in the formats of the posterior package, and their dimensions.

#' Draws of a fit
#'
#' The draws as the posterior package holds them, for all packages that work with it, such as bayesplot and
#' tidybayes.
#'
#' @param x A fit.
#' @param inc_warmup Whether to put the draws of warmup before the others: for `algorithm = "nuts"` with
#'   `nuts_control(save_warmup = TRUE)`.
#' @param ... Passed to the posterior package's method.
#' @return `as_draws()` and `as_draws_array()` give an array of iterations x chains x variables; the others the same
#'   draws as a data frame, matrix, list or random variables. `variables()` gives the names of the parameters and
#'   `nvariables()` their number, also for a fit without draws; `nchains()`, `niterations()` (per chain) and
#'   `ndraws()` (in all) count draws.
#' @section Errors: A fit with `iter_sampling = 0` has no draws: an error of class `bayespool_error_draws`. The same where
#'   draws of warmup are asked for and were not kept; of class `bayespool_error_algorithm` where there was no warmup.
#' @examples
#' fit <- complete_pooling(yield ~ 1, npk, seed = 1)
#' as_draws_df(fit)
#' variables(fit)
#' # The posterior probability that mu is above 55:
#' mean(as_draws_df(fit)$mu > 55)
#' @name draws
#' @aliases as_draws.bayespool_fit
NULL

#' @rdname draws
#' @export
as_draws.bayespool_fit <- function(x, inc_warmup = FALSE, ...) {
  posterior::as_draws(fit_draws(x, inc_warmup), ...)
}

#' @rdname draws
#' @export
as_draws_array.bayespool_fit <- function(x, inc_warmup = FALSE, ...) {
  posterior::as_draws_array(fit_draws(x, inc_warmup), ...)
}

#' @rdname draws
#' @export
as_draws_df.bayespool_fit <- function(x, inc_warmup = FALSE, ...) {
  posterior::as_draws_df(fit_draws(x, inc_warmup), ...)
}

#' @rdname draws
#' @export
as_draws_matrix.bayespool_fit <- function(x, inc_warmup = FALSE, ...) {
  posterior::as_draws_matrix(fit_draws(x, inc_warmup), ...)
}

#' @rdname draws
#' @export
as_draws_list.bayespool_fit <- function(x, inc_warmup = FALSE, ...) {
  posterior::as_draws_list(fit_draws(x, inc_warmup), ...)
}

#' @rdname draws
#' @export
as_draws_rvars.bayespool_fit <- function(x, inc_warmup = FALSE, ...) {
  posterior::as_draws_rvars(fit_draws(x, inc_warmup), ...)
}

#' @rdname draws
#' @export
variables.bayespool_fit <- function(x, ...) {
  layout_variables(x$model)
}

#' @rdname draws
#' @export
nvariables.bayespool_fit <- function(x, ...) {
  nrow(x$model$layout)
}

#' @rdname draws
#' @export
niterations.bayespool_fit <- function(x) {
  x$settings$iter_sampling
}

#' @rdname draws
#' @export
nchains.bayespool_fit <- function(x) {
  x$settings$chains
}

#' @rdname draws
#' @export
ndraws.bayespool_fit <- function(x) {
  x$settings$chains * x$settings$iter_sampling
}
