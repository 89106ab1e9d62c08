# Methods for generic functions of packages that are only suggested: emmeans, priorsense, bayestestR.

#' Other packages
#'
#' What the packages around rstanarm and brms do with a fit. They need not be installed.
#'
#' | package | what works |
#' |---|---|
#' | posterior, bayesplot, ggdist | all: see [draws] and [nuts_diagnostics] |
#' | tidybayes | `spread_draws(fit, mu[site])`, `gather_draws()`, `tidy_draws()`; see *Labels* |
#' | emmeans | `emmeans(fit, ~ x)` and what builds on it: means and contrasts of the fixed effects, that is at the level of the population; not for [no_pooling()], which has none |
#' | priorsense | `powerscale_sensitivity(fit)`, `powerscale_sequence(fit)` and the plots; the log prior has one variable for each prior, `lprior_sigma_mu` and so on, for `prior_selection = "sigma_mu"` |
#' | bayestestR | `hdi()`, `rope()` and `describe_posterior()`; others, such as `p_direction()`, on `as_draws_df(fit)` |
#' | shinystan | `shinystan::as.shinystan(unclass(as_draws_array(fit)))` |
#'
#' All of them need draws, and those that read the likelihood of single observations need a fit made from rows.
#'
#' @section Labels: Variables are named with the labels of the groups, as in `mu[Kassel]`, and packages that take such names
#'   apart read some labels in their own way. `tidybayes::spread_draws(fit, mu[site])` cuts labels at spaces and commas,
#'   unless it is told a separator that is in none of them, such as `sep = "@@@@"`; labels that are whole numbers come
#'   back as numbers. `as_draws_rvars()` reads a label with a comma as two indices and a whole number as a
#'   position, so that `mu` has as many elements as the largest number, and forgets the label of a single group when it is
#'   converted back. [tidy()][tidy.bayespool_fit], [coef()][coef.bayespool_fit] and [ranef()][ranef.bayespool_fit] have
#'   the labels as they are, in a column or as row names.
#'
#' @section The prior of priorsense: The log density of the priors of [prior_summary()][prior_summary.bayespool_fit], with all
#'   constants. The distribution of the group means in their population is part of the model and not scaled. A flat
#'   prior and a known value count 0.
#'
#' @section The region of practical equivalence: Where `rope()` and `describe_posterior()` are given no range, it is
#'   0.1 standard deviations of the response around 0, as for the linear models that bayestestR knows.
#' @examples
#' fit <- varying_intercept(yield ~ N + (1 | block), npk, seed = 1)
#' if (requireNamespace("emmeans", quietly = TRUE)) {
#'   print(emmeans::emmeans(fit, ~ N))
#' }
#' if (requireNamespace("bayestestR", quietly = TRUE)) {
#'   print(bayestestR::hdi(fit))
#' }
#' @name ecosystem
NULL

# emmeans ------------------------------------------------------------------------------------------------------------------

#' @exportS3Method emmeans::recover_data
recover_data.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  if (object$model == "no_pooling" || length(fixed_names(object)) == 0) {
    abort_bayespool(
      c(
        "emmeans needs fixed effects, and in this fit each group has its own intercept.",
        i = "Its model is {.fn {object$model}}, {.code {format_formula(object$formula)}}.",
        i = "{.fn varying_intercept}, {.fn partial_pooling} and {.fn complete_pooling} have a common one."
      ),
      "model", call
    )
  }
  rows <- observed_rows(object, "emmeans()", call)
  data <- object$data[rows$row, , drop = FALSE]
  frame <- predictor_frame(object, fitted_formula(object, call), data, call)
  emmeans::recover_data(rlang::call2(object$model, object$formula), attr(frame, "terms"), NULL, data = data)
}

#' @exportS3Method emmeans::emm_basis
emm_basis.bayespool_fit <- function(object, trms, xlev, grid, ...) {
  call <- rlang::current_env()
  frame <- predictor_frame(object, fitted_formula(object, call), grid, call)
  predictors <- predictor_columns(object, frame, attr(frame, "terms"), call)
  draws <- fixed_draws(object, call)
  x <- cbind(if (!is.null(object$parameters$population)) rep(1, nrow(grid)), predictors)
  colnames(x) <- colnames(draws)
  list(
    X = x, bhat = colMeans(draws), nbasis = matrix(NA), V = stats::cov(draws), dffun = function(k, dfargs) Inf,
    dfargs = list(), misc = list(), post.beta = structure(draws, n.chains = object$chains)
  )
}

# priorsense ---------------------------------------------------------------------------------------------------------------

# What priorsense does by default, with the densities of the fit in the place of variables among its draws.
#' @exportS3Method priorsense::create_priorsense_data
create_priorsense_data.bayespool_fit <- function(x, ...) {
  NextMethod(fit = x)
}

# The log density of all priors together, then, unless `joint`, of each.
#' @exportS3Method priorsense::log_prior_draws
log_prior_draws.bayespool_fit <- function(x, joint = FALSE, log_prior_name = "lprior", ...) {
  draws <- fit_draws(x, call = rlang::current_env())
  each <- vapply(
    names(x$priors), function(name) rowSums(log_prior(x$priors[[name]], prior_draws(x, draws, name))),
    numeric(posterior::ndraws(draws))
  )
  each <- matrix(each, nrow = posterior::ndraws(draws), dimnames = list(NULL, paste0(log_prior_name, "_", names(x$priors))))
  log_density_draws(x, cbind(rowSums(each), if (!joint) each), c(log_prior_name, if (!joint) colnames(each)))
}

#' @exportS3Method priorsense::log_lik_draws
log_lik_draws.bayespool_fit <- function(x, joint = FALSE, log_lik_name = "log_lik", ...) {
  each <- rstantools::log_lik(x)
  if (joint) {
    return(log_density_draws(x, cbind(rowSums(each)), log_lik_name))
  }
  log_density_draws(x, each, paste0(log_lik_name, "[", seq_len(ncol(each)), "]"))
}

log_density_draws <- function(fit, values, variables) new_draws(values, fit$iter_sampling, fit$chains, variables)

# The draws of all variables that have the prior `name`, one a column: with no pooling each group has one.
prior_draws <- function(fit, draws, name) {
  variables <- fit$parameters$variables
  own <- if (name %in% variables) name else paste0(name, "[", fit$parameters$labels, "]")
  matrix(unclass(draws)[, , own], nrow = posterior::ndraws(draws))
}

# Log densities of a prior at the elements of a matrix; a flat prior and a known value have none and count 0.
log_prior <- function(prior, x) {
  x[] <- if (!is_proper(prior) || is_fixed(prior)) {
    0
  } else if (prior$kind == "location") {
    stats::dnorm(x, prior$par[1], prior$par[2], log = TRUE)
  } else {
    cpp_log_scale_prior(prior, x)
  }
  x
}

# bayestestR ---------------------------------------------------------------------------------------------------------------

# roxygen2 takes it for a method of HDInterval's function of that name.
#' @rawNamespace S3method(bayestestR::hdi, bayespool_fit)
hdi.bayespool_fit <- function(x, ...) {
  bayestestR::hdi(posterior::as_draws_df(x), ...)
}

#' @exportS3Method bayestestR::rope
rope.bayespool_fit <- function(x, range = "default", ...) {
  bayestestR::rope(posterior::as_draws_df(x), range = equivalence_range(x, range), ...)
}

#' @exportS3Method bayestestR::describe_posterior
describe_posterior.bayespool_fit <- function(posteriors, rope_range = "default", ...) {
  bayestestR::describe_posterior(
    posterior::as_draws_df(posteriors), rope_range = equivalence_range(posteriors, rope_range), ...
  )
}

equivalence_range <- function(fit, range) {
  if (identical(range, "default")) c(-0.1, 0.1) * scale_statistics(fit$moments)$sd_y else range
}
