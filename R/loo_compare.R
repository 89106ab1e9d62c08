# loo_compare() and loo_model_weights(): several models side by side.

#' Compare models by leave-one-out cross-validation
#'
#' Leaves out one observation, or one group, at a time in each of several fits to the same data, and compares how well they
#' predict it.
#'
#' `loo_compare(a, b)` is `loo_compare(loo(a), loo(b))`: [loo::loo_compare()], exported again, of what
#' [loo()][loo.bayespool_fit] returns. Such results can be given too, also beside those of other packages such as
#' rstanarm; where they are at hand nothing is computed again.
#'
#' `loo_model_weights()` are weights of the models, from 0 to 1, that sum to 1, for averages of their predictions. With
#' `method = "stacking"` they are those for which the weighted mean of the models' leave-one-out predictive densities has the highest
#' sum of logarithms; with `"pseudobma"` they are proportional to the exponential of `elpd_loo`. It is
#' [loo::loo_model_weights()] of a named list of what [loo()][loo.bayespool_fit] returns, which you may also give it yourself.
#'
#' @param x,... Fits to the same data, or what [loo()][loo.bayespool_fit] returned for them. The rows of the result have the
#'   names of the arguments, as in `loo_compare(simple = a, rich = b)`, or of the variables.
#' @param unit What is left out in fits: one `"observation"` at a time, one `"group"`, or one `"trial"` of binomial counts.
#' @param method,BB How models are weighted: `"stacking"` or `"pseudobma"`; for the latter `BB` says whether by the Bayesian bootstrap,
#'   which allows for the error of `elpd_loo` and uses R's random numbers (see [loo::pseudobma_weights()]).
#' @return `loo_compare()`: a matrix of class `compare.loo`: one row a model, the best first, with the difference of its `elpd` from that
#'   of the best (`elpd_diff`) and the standard error of the difference (`se_diff`), then the estimates and standard errors
#'   of each. All are sums of natural logarithms of densities. `loo_model_weights()`: a named vector.
#' @section Errors: Those of [loo()][loo.bayespool_fit] and [loo::loo_compare()], for example where the numbers of observations
#'   differ. It warns where they are the same but the data are not. Of class `bayespool_error_argument`: a single fit, or what
#'   is neither a fit nor a result of `loo()`.
#' @references Yao, Y., Vehtari, A., Simpson, D. and Gelman, A. (2018). Using stacking to average Bayesian predictive distributions.
#'   *Bayesian Analysis*, 13(3), 917-1007. \doi{10.1214/17-BA1091}
#' @seealso [compare_pooling()] for complete, no and partial pooling at once.
#' @examples
#' a <- complete_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0)
#' b <- varying_intercept(yield ~ N + (1 | block), npk, iter_sampling = 0)
#' loo_compare(a, b)
#' loo_compare(a, b, unit = "group")
#' loo_model_weights(a, b)
#' # The same, from results that are kept:
#' loo_a <- loo(a)
#' loo_b <- loo(b)
#' loo_compare(loo_a, loo_b)
#' @importFrom loo loo_compare
#' @export loo_compare
#' @aliases loo_compare
#' @rdname loo_comparison
#' @export
loo_compare.bayespool_fit <- function(x, ..., unit = c("observation", "group", "trial")) {
  call <- rlang::current_env()
  unit <- choose_one(unit, c("observation", "group", "trial"), call)
  # Where all are named, as by do.call() of a named list, there is no `x`. Expressions first: arguments lose theirs in use.
  labels <- model_labels(c(if (!missing(x)) list(substitute(x)), rlang::exprs(...)))
  loo_compare(loos_of_models(if (missing(x)) list(...) else list(x, ...), labels, unit, call))
}

#' @rdname loo_comparison
#' @importFrom loo loo_model_weights
#' @export loo_model_weights
#' @aliases loo_model_weights
#' @export
loo_model_weights.bayespool_fit <- function(x, ..., method = c("stacking", "pseudobma"), BB = TRUE) {
  call <- rlang::current_env()
  method <- choose_one(method, c("stacking", "pseudobma"), call)
  check_flag(BB, call)
  labels <- model_labels(c(if (!missing(x)) list(substitute(x)), rlang::exprs(...)))
  loo_model_weights(
    loos_of_models(if (missing(x)) list(...) else list(x, ...), labels, "observation", call), method = method, BB = BB
  )
}

# What loo() returns for each of `models`, fits or such results, named.
loos_of_models <- function(models, labels, unit, call) {
  is_fit <- vapply(models, inherits, NA, "bayespool_fit")
  other <- !is_fit & !vapply(models, loo::is.loo, NA)
  if (any(other)) {
    abort_bayespool(
      c("Only fits and what {.fn loo} returns can be compared.", i = "{.code {labels[other]}} {?is/are} neither."), "argument", call
    )
  }
  if (length(models) == 1) {
    abort_bayespool(c("A comparison needs at least two fits.", i = "Found one, {.code {labels}}."), "argument", call)
  }
  models[is_fit] <- lapply(models[is_fit], loo, unit = unit)
  stats::setNames(models, labels)
}

# Names of models in comparisons, from the arguments: their names, or their expressions where these are short.
model_labels <- function(exprs) {
  labels <- vapply(exprs, function(expr) if (is.language(expr)) format_expr(expr) else "", "", USE.NAMES = FALSE)
  labels <- ifelse(labels == "" | nchar(labels) > 40, paste0("model", seq_along(exprs)), labels)
  given <- rlang::names2(exprs)
  ifelse(given == "", labels, given)
}
