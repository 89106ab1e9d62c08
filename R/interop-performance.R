# Methods for performance: how well a fit describes and predicts its data, by what this package computes of it.

# R2 ---------------------------------------------------------------------------------------------------------------------

#' @exportS3Method performance::r2
r2.bayespool_fit <- function(model, ...) performance::r2_bayes(model, ...)

# As the draws of bayes_R2(), with the groups' effects; and without them where groups have a population. Without their effects the residual
# of a row is what it differs from the population's expectation by.
#' @exportS3Method performance::r2_posterior
r2_posterior.bayespool_fit <- function(model, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_uses_data(model, call)
  whole <- bayes_R2.bayespool_fit(model)
  if (!has_population(model$model)) {
    return(list(R2_Bayes = stats::setNames(whole, rep("R2", length(whole)))))
  }
  rows <- observed_rows(model, "The R2 of the fixed effects", call)
  expected <- rstantools::posterior_epred(model, re_formula = NA)
  weight <- if (has_counts(model$model)) rep(1, length(rows$y)) else rows$weight
  # From the first row on, so that of a constant it is 0.
  variance <- function(x) drop((x - x[, 1] - drop((x - x[, 1]) %*% weight) / sum(weight))^2 %*% weight)
  explained <- variance(expected)
  fixed <- explained / (explained + variance(rep(rows$y, each = nrow(expected)) - expected))
  list(
    R2_Bayes = stats::setNames(whole, rep("Conditional R2", length(whole))),
    R2_Bayes_marginal = stats::setNames(fixed, rep("Marginal R2", length(fixed)))
  )
}

# One exact number, without a distribution.
#' @exportS3Method performance::r2_loo_posterior
r2_loo_posterior.bayespool_fit <- function(model, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  name <- if (has_population(model$model)) "Conditional R2_adjusted" else "R2_adjusted"
  list(R2_loo = stats::setNames(loo_R2.bayespool_fit(model), name))
}

# Indices ----------------------------------------------------------------------------------------------------------------

#' @exportS3Method performance::model_performance
model_performance.bayespool_fit <- function(model, metrics = "all", verbose = TRUE, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_uses_data(model, call)
  observed_rows(model, "model_performance()", call)
  choices <- c("LOOIC", "WAIC", "R2", "R2_adjusted", "ICC", "RMSE", "SIGMA")
  metrics <- if (identical(metrics, "all")) choices else if (identical(metrics, "common")) c("LOOIC", "WAIC", "R2", "RMSE") else metrics
  valid <- is.character(metrics) && length(metrics) > 0 && all(toupper(metrics) %in% toupper(choices))
  check_argument(metrics, valid, paste0("\"all\", \"common\" or some of ", toString(choices)), call)
  asked <- choices[toupper(choices) %in% toupper(metrics)]
  has <- c(
    R2_adjusted = !has_counts(model$model), ICC = has_population(model$model) && model$model$family != "poisson",
    SIGMA = shares_sigma(model$model)
  )
  asked <- setdiff(asked, names(has)[!has])
  r2 <- if ("R2" %in% asked) performance::r2_bayes(model)
  values <- lapply(asked, function(metric) {
    switch(metric,
      LOOIC = {
        loo <- loo.bayespool_fit(model)$estimates
        list(ELPD = loo["elpd_loo", 1], ELPD_SE = loo["elpd_loo", 2], LOOIC = loo["looic", 1], LOOIC_SE = loo["looic", 2])
      },
      WAIC = list(WAIC = suppressWarnings(waic.bayespool_fit(model))$estimates["waic", 1]),
      R2 = stats::setNames(lapply(r2, unname), sub("_Bayes", "", names(r2))),
      R2_adjusted = list(R2_adjusted = loo_R2.bayespool_fit(model)),
      ICC = list(ICC = performance::icc(model)$ICC_adjusted),
      RMSE = list(RMSE = sqrt(performance_mse.bayespool_fit(model))),
      SIGMA = list(Sigma = sigma.bayespool_fit(model))
    )
  })
  structure(
    as_frame(unlist(values, recursive = FALSE), 1L),
    class = c("performance_model", "data.frame"), r2 = attributes(r2)[c("SE", "CI")], r2_bayes = attributes(r2)[c("SE", "CI")]
  )
}

#' @exportS3Method performance::performance_mse
performance_mse.bayespool_fit <- function(model, ...) {
  mean(residuals.bayespool_fit(model)^2)
}

#' @exportS3Method performance::performance_mae
performance_mae.bayespool_fit <- function(model, ...) {
  mean(abs(residuals.bayespool_fit(model)))
}

# Checks -----------------------------------------------------------------------------------------------------------------

# What it does for other models, which takes every error for a missing simulate().
#' @exportS3Method performance::check_predictions
check_predictions.bayespool_fit <- function(model = NULL, ...) {
  call <- rlang::current_env()
  fit_draws(model, call = call)
  observed_rows(model, "check_predictions()", call)
  NextMethod()
}

# A posterior distribution is not on the boundary, as estimates can be, unless its prior is.
#' @exportS3Method performance::check_singularity
check_singularity.bayespool_fit <- function(x, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_has_population(x, "check_singularity", "There is nothing that could be singular.", call)
  any(posterior_table(x, call = call)[effect_sds(x$model), "mean"] == 0)
}

# What is made for least squares.
refuse_check <- function(fit, check, call) {
  abort_bayespool(
    c(
      "{.fn {check}} tests the residuals of a least-squares fit, and these are those of posterior means.",
      i = "{.code pp_check(fit)} and {.code performance::check_predictions(fit)} compare the data with what the fit predicts.",
      i = "{.code residuals(fit)} are there to look at."
    ),
    "model", call
  )
}

#' @exportS3Method performance::check_normality
check_normality.bayespool_fit <- function(x, ...) refuse_check(x, "check_normality", rlang::current_env())

#' @exportS3Method performance::check_heteroscedasticity
check_heteroscedasticity.bayespool_fit <- function(x, ...) refuse_check(x, "check_heteroscedasticity", rlang::current_env())

#' @exportS3Method performance::check_autocorrelation
check_autocorrelation.bayespool_fit <- function(x, ...) refuse_check(x, "check_autocorrelation", rlang::current_env())

#' @exportS3Method performance::check_model
check_model.bayespool_fit <- function(model = NULL, ...) refuse_check(model, "check_model", rlang::current_env())

# Of Bayesian models it looks for Pareto k, which exact leave-one-out has none of; other methods look at the data alone.
#' @exportS3Method performance::check_outliers
check_outliers.bayespool_fit <- function(x, method = "pareto", ...) {
  if (any(c("all", "cook", "pareto") %in% method)) {
    call <- rlang::current_env()
    abort_bayespool(
      c(
        "Exact leave-one-out has no Pareto k.",
        i = "{.code loo(fit)$pointwise} says how well each observation is predicted from the others.",
        i = "{.code loo::pareto_k_values(loo(fit, method = \"psis\"))} are those of importance sampling."
      ),
      "argument", call
    )
  }
  NextMethod()
}

# Quadrature has nothing that must converge. Of chains the bound is that of the warning after NUTS.
#' @exportS3Method insight::is_converged
is_converged.bayespool_fit <- function(x, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  if (has_quadrature(x)) {
    return(TRUE)
  }
  rhat <- max(core_convergence(fit_draws(x, call = call))$rhat, na.rm = TRUE)
  structure(rhat <= 1.01 && sum(after_warmup(fit_nuts(x, call))[, , "divergent__"]) == 0, rhat = rhat)
}

# Whose generic it was in older versions.
#' @exportS3Method performance::check_convergence
check_convergence.bayespool_fit <- is_converged.bayespool_fit

# For AIC() and BIC(), too.
#' @importFrom stats logLik
#' @export
logLik.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  abort_bayespool(
    c(
      "A posterior distribution has no maximum of the likelihood, so no AIC and no BIC.",
      i = "{.fn loo} and {.fn waic} say how well new observations are predicted.",
      i = "{.fn log_marginal_likelihood} is the density of the data with all parameters integrated out."
    ),
    "model", call
  )
}

# Comparisons --------------------------------------------------------------------------------------------------------------

#' @exportS3Method performance::test_bf
test_bf.bayespool_fit <- function(..., reference = 1) bayesfactor_models.bayespool_fit(..., denominator = reference)

#' @exportS3Method performance::test_performance
test_performance.bayespool_fit <- function(...) {
  call <- rlang::current_env()
  abort_bayespool(
    c(
      "{.fn test_performance} tests estimates of maximum likelihood.",
      i = "{.fn performance::test_bf} has Bayes factors, and {.fn loo_compare} how well fits predict."
    ),
    "model", call
  )
}
