# Posterior means of expected values: predict(), fitted(), residuals().

#' Fitted values and mean predictions
#'
#' `predict()` gives the posterior mean of the expected value of each row, one number a row; `fitted()` the same for the
#' rows that were fitted, and `residuals()` their observed values minus these. For draws and for uncertainty see
#' [posterior_epred()][posterior_epred.bayespool_fit] and [posterior_predict()][posterior_predict.bayespool_fit].
#'
#' The expected value of a row in group \eqn{j} is \eqn{\theta_j + x^\top \beta}{theta[j] + x' beta} (see [predictions]), so
#' its mean follows from the means of the parameters. After `algorithm = "exact"` these come from quadrature, as in
#' [exact_summary()]: they have no Monte Carlo error and need no draws. After `algorithm = "nuts"` they are means of
#' the draws. The mean of a group that was not fitted is that of the population.
#'
#' @inheritParams prediction_arguments
#' @param ... Not used.
#' @return A vector with one number a row, in the order of the rows, on the scale of the response (for `residuals()` a
#'   difference on that scale). Rows that the fit dropped for missing values have no number. `NaN` where the posterior
#'   mean does not exist (see [exact_summary()]).
#' @section Errors: As in [predictions]. `fitted()` and `residuals()` need the single observations: for a fit from group
#'   moments they are an error of class `bayespool_error_data`.
#' @examples
#' fit <- varying_intercept(yield ~ N + (1 | block), npk, iter_sampling = 0)
#' predict(fit, data.frame(N = c("0", "1"), block = "1"))
#' # A block that was not in the experiment is expected to be like the population:
#' predict(fit, data.frame(N = c("0", "1"), block = "new"))
#' head(residuals(fit))
#' @importFrom stats predict
#' @export
predict.bayespool_fit <- function(object, newdata = NULL, ..., re_formula = NULL, re.form = NULL, allow_new_levels = TRUE) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  options <- prediction_options(NULL, NULL, re_formula, re.form, allow_new_levels, NULL, 1, call)
  mean_expected(object, prediction_rows(object, newdata, options, "predict()", call, response = FALSE), call)
}

#' @rdname predict.bayespool_fit
#' @importFrom stats fitted
#' @export
fitted.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  mean_expected(object, observed_rows(object, "fitted()", call), call)
}

#' @rdname predict.bayespool_fit
#' @importFrom stats residuals
#' @export
residuals.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  rows <- observed_rows(object, "residuals()", call)
  rows$y - mean_expected(object, rows, call)
}
