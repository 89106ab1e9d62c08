# Methods for bayestestR.

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
  if (!identical(range, "default")) {
    return(range)
  }
  unit <- if (fit$model$family == "binomial") sqrt(logistic_variance) else scale_statistics(fit$reduced)$sd_y
  c(-0.1, 0.1) * unit
}
