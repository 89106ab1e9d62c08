# The draws of a fit in the formats of the posterior package, and their dimensions.

#' Draws of a fit
#'
#' The draws as the posterior package holds them, for all packages that work with it, such as bayesplot and
#' tidybayes.
#'
#' @param x A fit.
#' @param inc_warmup Whether to put the draws of warmup before the others: for `algorithm = "nuts"` with
#'   `nuts_control(save_warmup = TRUE)`.
#' @param pars,regex_pars Names of variables, and regular expressions that match names: which variables to give. `NULL`: all.
#' @param row.names,optional Part of the generic function [as.data.frame()]; not used.
#' @param ... Passed to the posterior package's method; ignored by `as.matrix()`, `as.array()`, `as.data.frame()`, `as.mcmc()` and
#'   `as.mcmc.list()`, but for what looks like a misspelt argument, which gets a warning.
#' @return `as_draws()` and `as_draws_array()` give an array of iterations x chains x variables; the others the same
#'   draws as a data frame, matrix, list or random variables. `variables()` gives the names of the parameters and
#'   `nvariables()` their number, also for a fit without draws; `nchains()`, `niterations()` (per chain) and
#'   `ndraws()` (in all) count draws.
#'
#'   `as.matrix()`, `as.array()` and `as.data.frame()` give draws as they do for fits of rstanarm: a matrix or a data frame of
#'   draws x variables, the chains one after the other, and an array of iterations x chains x variables, of no further class. For the
#'   coda package `coda::as.mcmc()` and `coda::as.mcmc.list()` give a list of chains.
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

# The name that rstantools and brms had for it.
#' @rawNamespace S3method(rstantools::nsamples, bayespool_fit)
nsamples.bayespool_fit <- function(object, ...) ndraws.bayespool_fit(object)

#' @rdname draws
#' @export
as.matrix.bayespool_fit <- function(x, ..., pars = NULL, regex_pars = NULL) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  draws <- draws_matrix(x, call)[, choose_pars(pars, regex_pars, variables.bayespool_fit(x), call), drop = FALSE]
  matrix(draws, nrow(draws), dimnames = list(iterations = NULL, parameters = colnames(draws)))
}

#' @rdname draws
#' @export
as.array.bayespool_fit <- function(x, ..., pars = NULL, regex_pars = NULL) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  plain_array(fit_draws(x, call = call), choose_pars(pars, regex_pars, variables.bayespool_fit(x), call))
}

plain_array <- function(draws, pars) {
  draws <- unclass(draws)[, , pars, drop = FALSE]
  names <- list(iterations = NULL, chains = paste0("chain:", seq_len(ncol(draws))), parameters = pars)
  array(draws, dim(draws), names)
}

#' @rdname draws
#' @export
as.data.frame.bayespool_fit <- function(x, row.names = NULL, optional = FALSE, ..., pars = NULL, regex_pars = NULL) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  pars <- choose_pars(pars, regex_pars, variables.bayespool_fit(x), call)
  as_frame(matrix_columns(draws_matrix(x, call)[, pars, drop = FALSE]), ndraws.bayespool_fit(x))
}

# Not @exportS3Method: then the help page would show the methods as plain functions.
#' @rdname draws
#' @method as.mcmc.list bayespool_fit
#' @rawNamespace S3method(coda::as.mcmc.list, bayespool_fit)
as.mcmc.list.bayespool_fit <- function(x, ..., pars = NULL, regex_pars = NULL) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  draws <- plain_array(fit_draws(x, call = call), choose_pars(pars, regex_pars, variables.bayespool_fit(x), call))
  coda::mcmc.list(lapply(seq_len(ncol(draws)), function(chain) {
    coda::mcmc(matrix(draws[, chain, ], nrow(draws), dimnames = list(NULL, dimnames(draws)[[3]])))
  }))
}

#' @rdname draws
#' @method as.mcmc bayespool_fit
#' @rawNamespace S3method(coda::as.mcmc, bayespool_fit)
as.mcmc.bayespool_fit <- as.mcmc.list.bayespool_fit
