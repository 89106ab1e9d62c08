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

# Log densities of a prior at the elements of a matrix, or of correlations at its rows (a matrix of one column). A flat prior and a
# known value have none and count 0.
log_prior <- function(prior, x) {
  if (prior$kind == "correlation") {
    return(cbind(log_lkj(x, prior$par)))
  }
  x[] <- if (!is_proper(prior) || is_fixed(prior)) {
    0
  } else if (prior$kind == "location") {
    stats::dnorm(x, prior$par[1], prior$par[2], log = TRUE)
  } else {
    core_log_scale_prior(prior, x)
  }
  x
}

# Rows of `x`: correlations by rows of the lower triangle of their matrix R; the density is det(R)^(eta - 1) / c, and c a product of
# 2^(2 a - 1) B(a, a), a = eta + (q - 1 - j) / 2, with q - j factors for each j = 1, ..., q - 1.
log_lkj <- function(x, eta) {
  q <- (1 + sqrt(1 + 8 * ncol(x))) / 2
  j <- seq_len(q - 1)
  a <- eta + (q - 1 - j) / 2
  log_determinants <- apply(x, 1, function(correlations) {
    matrix <- diag(q)
    matrix[upper.tri(matrix)] <- correlations # by columns of the upper triangle
    2 * sum(log(diag(chol(matrix)))) # which reads that alone
  })
  (eta - 1) * log_determinants - sum((q - j) * ((2 * a - 1) * log(2) + lbeta(a, a)))
}
