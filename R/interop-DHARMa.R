# Methods for DHARMa: residuals as quantiles of simulated responses.

# The numbers of events where the response is trials.
#' @exportS3Method DHARMa::getObservedResponse
getObservedResponse.bayespool_fit <- function(object, ...) {
  observed_rows(object, "DHARMa", rlang::current_env())$y
}

# "unconditional": all groups are new ones.
#' @exportS3Method DHARMa::getSimulations
getSimulations.bayespool_fit <- function(object, nsim = 1, simulateREs = "conditional", type = "normal", ..., re_formula = NULL) {
  call <- rlang::current_env()
  if (identical(type, "refit")) {
    abort_bayespool(
      c("DHARMa's residuals of refitted models are for estimates without a posterior.", i = "{.code refit = FALSE} has no need of them."),
      "model", call
    )
  }
  task <- prediction_task(object, NULL, prediction_options(nsim, NULL, re_formula, NULL, TRUE, NULL, 1, call), "DHARMa", call, noise = TRUE)
  if (identical(simulateREs, "unconditional")) {
    check_has_population(object, "simulateResiduals", "{.code simulateREs = \"conditional\"} is for the groups of the data.", call)
    task$group <- task$group + task$known_groups
    task$levels <- task$levels + rep(task$known_levels, each = nrow(task$levels))
  }
  t(core_predict(task))
}

# What DHARMa plots residuals against must not know the groups: their effects are estimated from the same residuals.
#' @exportS3Method DHARMa::getFitted
getFitted.bayespool_fit <- function(object, ...) {
  unname(predict.bayespool_fit(object, re_formula = if (!has_independent_groups(object$model)) NA))
}

#' @exportS3Method DHARMa::getFixedEffects
getFixedEffects.bayespool_fit <- function(object, ...) {
  fixef.bayespool_fit(object)
}

#' @exportS3Method DHARMa::getPearsonResiduals
getPearsonResiduals.bayespool_fit <- function(object, ...) {
  abort_bayespool(
    c("There are no Pearson residuals of a posterior.", i = "{.code testDispersion(type = \"DHARMa\")} needs none."), "model",
    rlang::current_env()
  )
}

# A function of nlme has this name.
#' @rawNamespace S3method(DHARMa::getData, bayespool_fit)
getData.bayespool_fit <- function(object, ...) {
  object$data
}
