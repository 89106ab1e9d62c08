# Methods for marginaleffects: predictions, comparisons and slopes of draws.

# marginaleffects asks this option for classes that it does not know itself.
.onLoad <- function(libname, pkgname) {
  options(marginaleffects_model_classes = union(getOption("marginaleffects_model_classes"), "bayespool_fit"))
}

# `seed`: lines of one new group that are compared share its draws; what is observed is new in each line. The estimates that are shown
# come from the draws.
#' @exportS3Method marginaleffects::get_predict
get_predict.bayespool_fit <- function(model, newdata = NULL, type = "response", ..., seed = if (type != "prediction") model$seed) {
  type <- choose_one(type, c("response", "link", "prediction"), rlang::current_env())
  draws <- draws_of_type(model, newdata, type, ..., seed = seed)
  estimates <- data.frame(rowid = newdata$rowid %||% seq_len(ncol(draws)), estimate = colMeans(draws))
  structure(estimates, posterior_draws = t(draws))
}

#' @exportS3Method marginaleffects::get_coef
get_coef.bayespool_fit <- function(model, ...) {
  fixef.bayespool_fit(model)
}

# Draws need no delta method.
#' @exportS3Method marginaleffects::get_vcov
get_vcov.bayespool_fit <- function(model, ...) {
  NULL
}
