# Methods for packages that make tables for readers of what tidy() and glance() give: modelsummary, and broom.helpers, on which gtsummary
# stands.

# What a table has beside the usual measures, and what of glance() is none.
#' @exportS3Method modelsummary::glance_custom
glance_custom.bayespool_fit <- function(x, ...) {
  evidence <- glance.bayespool_fit(x)$log_evidence
  data.frame(
    model = NA, algorithm = NA, ngrps = NA, log_evidence = NA, ndraws = NA,
    "Log evidence" = if (is.na(evidence)) NA else sprintf("%.1f", evidence), check.names = FALSE
  )
}

# What an exponential of a coefficient is.
#' @exportS3Method broom.helpers::model_get_coefficients_type
model_get_coefficients_type.bayespool_fit <- function(model) {
  switch(model$model$family, gaussian = "generic", binomial = "logistic", poisson = "poisson")
}
