# Methods for marginaleffects: predictions, comparisons and slopes of draws.

# It asks this option for classes that it does not know itself.
add_model_class <- function() {
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

# What has draws needs no delta method. Without a `type` of predictions it is hypotheses() that asks, which takes the draws of
# coefficients for coefficients.
#' @exportS3Method marginaleffects::get_vcov
get_vcov.bayespool_fit <- function(model, ..., type = NULL) {
  if (is.null(type)) {
    abort_bayespool(
      c(
        "Hypotheses of coefficients are not tested by a covariance matrix: the fit has their draws.",
        i = "{.code hypothesis(fit, \"x > 0\")} of bayespool says how probable a statement is, exactly.",
        i = "The argument {.arg hypothesis} of {.fn predictions}, {.fn comparisons} and {.fn slopes} compares draws.",
        i = "{.code as.data.frame(fit)} has those of the coefficients."
      ),
      "model", rlang::current_env()
    )
  }
}
