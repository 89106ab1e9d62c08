# Methods for priorsense: the log densities of the priors and of the data, draw by draw.

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
  log_density_draws(x, each, indexed(log_lik_name, seq_len(ncol(each))))
}

log_density_draws <- function(fit, values, variables) {
  new_draws(values, posterior::niterations(fit), posterior::nchains(fit), variables)
}

# The draws of all variables that have the prior `name`, one a column.
prior_draws <- function(fit, draws, name) {
  matrix(unclass(draws)[, , prior_variables(fit$model, name)], nrow = posterior::ndraws(draws))
}

# Log densities of a prior at the elements of a matrix; a flat prior and a known value have none and count 0.
log_prior <- function(prior, x) {
  x[] <- if (!is_proper(prior) || is_fixed(prior)) {
    0
  } else if (prior$kind == "location") {
    stats::dnorm(x, prior$par[1], prior$par[2], log = TRUE)
  } else {
    core_log_scale_prior(prior, x)
  }
  x
}
