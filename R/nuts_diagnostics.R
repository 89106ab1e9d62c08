# What NUTS tells about its run: bayesplot's generics, step sizes and metrics.

#' Diagnostics of NUTS
#'
#' What a fit with `algorithm = "nuts"` tells about its chains, in the format of bayesplot: `nuts_params()` is for the
#' argument `np` of functions such as [bayesplot::mcmc_pairs()], [bayesplot::mcmc_trace()],
#' [bayesplot::mcmc_parcoord()] and [bayesplot::mcmc_nuts_energy()].
#'
#' @param object,x A fit.
#' @param pars Names of variables; `NULL`: all of them.
#' @param inc_warmup Whether to show the iterations of warmup too; the fit must have kept them, with
#'   `nuts_control(save_warmup = TRUE)`.
#' @param ... Ignored: what other packages pass to all models. What looks like a misspelt argument gets a warning.
#' @return `nuts_params()`: a data frame with columns `Chain`, `Iteration`, `Parameter` and `Value`, where `Parameter` is
#'   one of `accept_stat__` (mean acceptance probability along the trajectory), `stepsize__`, `treedepth__` (doublings
#'   of the trajectory), `n_leapfrog__` (gradients), `divergent__` (0 or 1) and `energy__` (the Hamiltonian).
#'
#'   `log_posterior()`: a data frame with columns `Chain`, `Iteration` and `Value`, the log of the joint density of
#'   data and coordinates, with all constants and the Jacobians of the coordinates.
#'
#'   `nuts_adaptation()`: a list with what warmup learnt: `step_size`, one a chain, and `inverse_metric`, a matrix with
#'   one row a coordinate and one column a chain: estimates of the variances of the coordinates, such as
#'   `eta[Kassel]`, `log(sigma_y)` or, of a partial correlation, `atanh_partial(rho[x1,x2])`; see [nuts_control()].
#'
#'   `rhat()` and `neff_ratio()`, for all algorithms: a named vector with one number a variable, the R-hat and the
#'   effective sample size of the mean divided by the number of draws.
#' @section Errors: Of class `bayespool_error_algorithm`: a fit by the exact algorithm, which had no chain. Of class
#'   `bayespool_error_draws`: a fit without draws, or without the iterations of warmup that are asked for.
#' @section Warnings: After sampling, the fitting functions warn at most once of each kind, all of class
#'   `bayespool_warning`: `bayespool_warning_divergent`, `bayespool_warning_treedepth` (trajectories cut short),
#'   `bayespool_warning_bfmi` (E-BFMI below 0.3), `bayespool_warning_rhat` (above 1.01), `bayespool_warning_ess` (bulk or
#'   tail effective sample size below 100 a chain). `suppressWarnings(classes = )` silences one of them.
#' @seealso [nuts_control()]
#' @references Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. and Buerkner, P.-C. (2021). Rank-normalization,
#'   folding, and localization: an improved R-hat for assessing convergence of MCMC. *Bayesian Analysis*, 16(2),
#'   667-718. \doi{10.1214/20-BA1221}
#' @examples
#' fit <- partial_pooling(yield ~ 1 + (1 | block), npk, algorithm = "nuts", seed = 1)
#' nuts_adaptation(fit)$step_size
#' if (rlang::is_installed(c("bayesplot", "gridExtra"))) {
#'   np <- bayesplot::nuts_params(fit)
#'   print(head(np))
#'   bayesplot::mcmc_pairs(as_draws(fit), pars = c("hyper_mu", "sigma_mu"), np = np)
#' }
#' @name nuts_diagnostics
NULL

#' @rdname nuts_diagnostics
#' @export
nuts_adaptation <- function(object) {
  nuts <- fit_nuts(object, rlang::current_env())
  nuts[c("step_size", "inverse_metric")]
}

#' @rdname nuts_diagnostics
#' @method nuts_params bayespool_fit
#' @rawNamespace S3method(bayesplot::nuts_params, bayespool_fit)
nuts_params.bayespool_fit <- function(object, pars = NULL, inc_warmup = FALSE, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  diagnostics <- chosen_diagnostics(object, inc_warmup, call)
  pars <- choose_pars(pars, NULL, setdiff(dimnames(diagnostics)[[3]], "lp"), call)
  long_diagnostics(diagnostics[, , pars, drop = FALSE])
}

#' @rdname nuts_diagnostics
#' @method log_posterior bayespool_fit
#' @rawNamespace S3method(bayesplot::log_posterior, bayespool_fit)
log_posterior.bayespool_fit <- function(object, inc_warmup = FALSE, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  long_diagnostics(chosen_diagnostics(object, inc_warmup, call)[, , "lp", drop = FALSE])[c("Chain", "Iteration", "Value")]
}

#' @rdname nuts_diagnostics
#' @importFrom posterior rhat
#' @export
#' @rawNamespace S3method(bayesplot::rhat, bayespool_fit)
rhat.bayespool_fit <- function(x, pars = NULL, ...) {
  fit_diagnostic(x, "rhat", pars, rlang::exprs(...), rlang::current_env())
}

#' @rdname nuts_diagnostics
#' @method neff_ratio bayespool_fit
#' @rawNamespace S3method(bayesplot::neff_ratio, bayespool_fit)
neff_ratio.bayespool_fit <- function(object, pars = NULL, ...) {
  ess <- fit_diagnostic(object, "ess_mean", pars, rlang::exprs(...), rlang::current_env())
  ess / posterior::ndraws(object)
}

fit_diagnostic <- function(fit, measure, pars, dots, call) {
  ignore_dots(dots, call)
  draws <- fit_draws(fit, call = call)
  pars <- choose_pars(pars, NULL, posterior::variables(draws), call)
  muffle_few_draws(apply(unclass(draws)[, , pars, drop = FALSE], 3, getExportedValue("posterior", measure)))
}

chosen_diagnostics <- function(fit, inc_warmup, call) {
  nuts <- fit_nuts(fit, call)
  check_flag(inc_warmup, call)
  if (!inc_warmup) {
    return(after_warmup(nuts))
  }
  check_warmup_saved(nuts, call)
  nuts$diagnostics
}

# An array iterations x chains x parameters as bayesplot's data frame.
long_diagnostics <- function(values) {
  size <- dim(values)
  data.frame(
    Chain = rep(rep(seq_len(size[2]), each = size[1]), size[3]),
    Iteration = rep(seq_len(size[1]), size[2] * size[3]),
    Parameter = factor(rep(dimnames(values)[[3]], each = size[1] * size[2]), levels = dimnames(values)[[3]]),
    Value = as.vector(values)
  )
}
