# Leave-one-out predictions: loo_linpred(), loo_predict(), loo_predictive_interval().

#' Predictions of observations that were left out
#'
#' What the model predicts for each observation from all the others: of its expected value (`loo_linpred()`) and of the observation
#' itself (`loo_predict()`) the mean, variance or quantiles, and an interval in which it falls (`loo_predictive_interval()`).
#'
#' [predict()][predict.bayespool_fit] and [predictive_table()] predict observations that the fit has seen, which makes it look a little
#' better than it is. Here observation \eqn{i} is predicted by \eqn{p(\tilde y_i \mid y_{-i})}{p(ytilde[i] | y[-i])}. If the model
#' describes the data, intervals that hold 90% hold about 90% of the observations.
#'
#' All of this is exact, without draws and importance sampling, as in [loo()][loo.bayespool_fit]: given the standard deviations the
#' prediction is a normal distribution, known in closed form, and its weight at a quadrature node is that of the node over the
#' density of \eqn{y_i}{y[i]} there. Observations for which the nodes do not serve, and those of counts, are left out by quadratures of
#' their own. Fits by NUTS get the same exact values. Other packages estimate them from the draws with Pareto smoothed importance
#' sampling.
#'
#' Of counts `loo_linpred()` has log odds or log rates (with the offset), and with `transform = TRUE` probabilities or expected counts,
#' as [posterior_linpred()][posterior_linpred.bayespool_fit]; `loo_predict()` predicts the count of the row, with its trials or exposure.
#'
#' @param object A fit, made from rows.
#' @param type `"mean"`, `"var"` (the variance) or `"quantile"`.
#' @param probs For `type = "quantile"`: probabilities, between 0 and 1.
#' @param transform Whether to give expected values on the scale of the response; it matters for counts.
#' @param prob Probability in the interval, between 0 and 1. As much is below it as above.
#' @param cores Number of threads.
#' @param ... Ignored: what other packages pass to all models, such as `psis_object`. What looks like a misspelt argument gets a warning.
#' @return `loo_linpred()` and `loo_predict()`: a vector with one number for each observation that the fit used, on the scale of the
#'   response (a variance on its square); for several `probs` a matrix with one row for each of them. `loo_predictive_interval()`: a
#'   matrix with one row an observation and two columns, named as in `"5%"` and `"95%"`. Where a moment does not exist it is `Inf`
#'   or `NaN`.
#' @section Errors: Those of [loo()][loo.bayespool_fit] for observations: no rows, no data, or a posterior that does not exist without one
#'   of them. Of class `bayespool_error_argument`: another `type`, or probabilities that are not between 0 and 1.
#' @references Vehtari, A., Gelman, A. and Gabry, J. (2017). Practical Bayesian model evaluation using leave-one-out
#'   cross-validation and WAIC. *Statistics and Computing*, 27, 1413-1432. \doi{10.1007/s11222-016-9696-4}
#' @seealso [loo()][loo.bayespool_fit] for the densities of these predictions, [loo_R2()] for the share of the variance that they explain.
#' @examples
#' fit <- varying_intercept(yield ~ N + (1 | block), npk, iter_sampling = 0)
#' # Prediction errors, each of a plot that was not there:
#' npk$yield - loo_predict(fit)
#' # How many of the plots are in their intervals?
#' ends <- loo_predictive_interval(fit, prob = 0.5)
#' mean(npk$yield > ends[, 1] & npk$yield < ends[, 2])
#' loo_linpred(fit, type = "quantile", probs = c(0.1, 0.9))[, 1:4]
#' @importFrom rstantools loo_linpred loo_predict loo_predictive_interval
#' @export loo_linpred
#' @export loo_predict
#' @export loo_predictive_interval
#' @aliases loo_linpred loo_predict loo_predictive_interval
#' @name loo_prediction
NULL

#' @rdname loo_prediction
#' @export
loo_linpred.bayespool_fit <- function(object, type = c("mean", "var", "quantile"), probs = 0.5, transform = FALSE, ...,
                                      cores = getOption("mc.cores", 1L)) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_flag(transform, call)
  loo_values(object, if (transform) "expected" else "link", type, probs, cores, call)
}

#' @rdname loo_prediction
#' @export
loo_predict.bayespool_fit <- function(object, type = c("mean", "var", "quantile"), probs = 0.5, ...,
                                      cores = getOption("mc.cores", 1L)) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  loo_values(object, "observation", type, probs, cores, call)
}

#' @rdname loo_prediction
#' @export
loo_predictive_interval.bayespool_fit <- function(object, prob = 0.9, ..., cores = getOption("mc.cores", 1L)) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_interval_prob(prob, call)
  probs <- c((1 - prob) / 2, 1 - (1 - prob) / 2)
  ends <- loo_values(object, "observation", "quantile", probs, cores, call)
  structure(t(ends), dimnames = list(NULL, paste0(100 * probs, "%")))
}

# `about`: see predict_left_out().
loo_values <- function(fit, about, type, probs, cores, call) {
  type <- choose_one(type, c("mean", "var", "quantile"), call)
  valid <- checkmate::test_numeric(probs, lower = 1e-9, upper = 1 - 1e-9, any.missing = FALSE, min.len = 1)
  check_argument(probs, valid, "probabilities between 0 and 1 (and not within 1e-9 of these)", call)
  check_positive_count(cores, call)
  check_uses_data(fit, call)
  rows <- observed_rows(fit, "Leave-one-out of observations", call)
  table_of <- function(prob) predict_left_out(fit, rows, about, prob, as.integer(cores), call)
  if (type != "quantile") {
    table <- table_of(0.5)
    return(unname(if (type == "mean") table[, "mean"] else table[, "sd"]^2))
  }
  # Quantiles are ends of central intervals, and two may be those of one. The median is that of one that holds next to nothing.
  inside <- pmax(round(abs(1 - 2 * probs), 14), 1e-9)
  tables <- lapply(stats::setNames(nm = unique(inside)), table_of)
  values <- Map(function(prob, p) tables[[as.character(prob)]][, if (p < 0.5) "lower" else "upper"], inside, probs)
  if (length(probs) == 1) unname(values[[1]]) else matrix(unlist(values), length(probs), byrow = TRUE)
}
