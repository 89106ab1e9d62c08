# Posterior means of expected values, with intervals when asked: predict(), fitted(), residuals().

#' Fitted values and mean predictions
#'
#' `predict()` gives the posterior mean of the expected value of each row, one number a row; `fitted()` the same for the
#' rows that were fitted, and `residuals()` their observed values minus these. Standard deviations and intervals come when
#' asked, by the arguments of [`predict.lm()`][stats::predict.lm]. For draws see
#' [posterior_epred()][posterior_epred.bayespool_fit] and [posterior_predict()][posterior_predict.bayespool_fit].
#'
#' The expected value of a row in group \eqn{j} is \eqn{\theta_j + x^\top \beta}{theta[j] + x' beta} (see [predictions]), so
#' its mean follows from the means of the parameters. After `algorithm = "exact"` these come from quadrature, as in
#' [exact_summary()]: they have no Monte Carlo error and need no draws. After `algorithm = "nuts"` they are means of
#' the draws. The mean of a group that was not fitted is that of the population; with two grouping factors a new item beside a known
#' subject has the population's intercept and the subject's effect.
#'
#' `interval = "confidence"` is the name that [`predict.lm()`][stats::predict.lm] gives to an interval of the expected value,
#' and `"prediction"` that of an interval of another observation in the same group with the same predictors, which has the
#' noise \eqn{\sigma}{sigma} beside. Here both are posterior intervals: they hold the probability `level`. They are the
#' shortest such intervals (HDI), as in [summary()][summary.bayespool_fit], and exact after `algorithm = "exact"`.
#'
#' Of counts the expected value is an expected count: trials times probability, or exposure times rate ([predictions] says where `newdata`
#' has these from), and the interval of another observation is one of whole numbers, as in [predictive_table()]. After
#' `algorithm = "exact"` all of this is by quadrature too.
#'
#' The expected value of a group that was not fitted varies with the differences between groups, \eqn{\tau}{tau}, as in
#' [predictions]; with `re_formula = NA` it is that of the population, without them.
#'
#' @inheritParams prediction_arguments
#' @param se.fit Whether to give the posterior standard deviation of the expected value too. As in
#'   [`predict.lm()`][stats::predict.lm] it is that of the expected value beside `interval = "prediction"` as well.
#' @param interval `"none"`, `"confidence"` (of the expected value) or `"prediction"` (of another observation).
#' @param level Probability in the interval, between 0 and 1.
#' @param ... Ignored: what other packages pass to all models. What looks like a misspelt argument gets a warning. A `type` must be
#'   `"response"`, which is what `predict()` and `residuals()` give.
#' @return A vector with one number a row, in the order of the rows, on the scale of the response (for `residuals()` a
#'   difference on that scale). With an interval a matrix with columns `fit` (the mean), `lwr` and `upr`. With `se.fit` a
#'   list of these (`fit`) and the standard deviations (`se.fit`). Rows that the fit dropped for missing values have no
#'   number. `NaN` where the posterior mean does not exist, and a standard deviation of `Inf` where that does not (see
#'   [exact_summary()]).
#' @section Errors: As in [predictions]; also of class `bayespool_error_argument`: an `interval` of another name, a `level`
#'   outside (0, 1). `fitted()` and `residuals()` need the single observations: for a fit from group
#'   moments they are an error of class `bayespool_error_data`.
#' @seealso [predictive_table()] for predictions beside what was observed, with a choice of the kind of interval.
#' @examples
#' fit <- varying_intercept(yield ~ N + (1 | block), npk, iter_sampling = 0)
#' predict(fit, data.frame(N = c("0", "1"), block = "1"))
#' # A block that was not in the experiment is expected to be like the population, but its own mean
#' # is not known:
#' new <- data.frame(N = c("0", "1"), block = "new")
#' predict(fit, new, interval = "confidence")
#' predict(fit, new, interval = "confidence", re_formula = NA)
#' # A plot in that block:
#' predict(fit, new, interval = "prediction", level = 0.5)
#' head(fitted(fit, interval = "confidence"))
#' head(residuals(fit))
#' @importFrom stats predict
#' @export
predict.bayespool_fit <- function(object, newdata = NULL, se.fit = FALSE, interval = c("none", "confidence", "prediction"),
                                  level = 0.94, ..., re_formula = NULL, re.form = NULL, allow_new_levels = TRUE) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_type(list(...)$type, call)
  check_flag(se.fit, call)
  interval <- choose_one(interval, c("none", "confidence", "prediction"), call)
  check_interval_prob(level, call)
  options <- prediction_options(NULL, NULL, re_formula, re.form, allow_new_levels, NULL, 1, call)
  rows <- prediction_rows(object, newdata, options, "predict()", call, response = FALSE)
  as_of_lm(object, rows, se.fit, interval, level, call)
}

#' @rdname predict.bayespool_fit
#' @importFrom stats fitted
#' @export
fitted.bayespool_fit <- function(object, se.fit = FALSE, interval = c("none", "confidence"), level = 0.94, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_flag(se.fit, call)
  interval <- choose_one(interval, c("none", "confidence"), call)
  check_interval_prob(level, call)
  as_of_lm(object, observed_rows(object, "fitted()", call), se.fit, interval, level, call)
}

#' @rdname predict.bayespool_fit
#' @importFrom stats residuals
#' @export
residuals.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_type(list(...)$type, call)
  rows <- observed_rows(object, "residuals()", call)
  rows$y - mean_expected(object, rows, call)
}

# An argument of other models' methods, of which one value is what these give.
check_type <- function(type, call) check_argument(type, is.null(type) || identical(type, "response"), "{.val response}", call)

# In the shapes of predict.lm(). `rows`: as prediction_rows() has them.
as_of_lm <- function(fit, rows, se.fit, interval, level, call) {
  table_of <- function(noise) row_table(fit, rows$x, rows$levels, noise, level, "hdi", call, rows$size %||% 1)
  if (se.fit || interval == "confidence") expected <- table_of(0)
  result <- if (interval == "none") {
    mean_expected(fit, rows, call)
  } else {
    table <- if (interval == "prediction") table_of(noise_of_rows(fit, rows, call)) else expected
    matrix(
      table[, c("mean", "lower", "upper")], nrow(table), 3,
      dimnames = list(rows$name %||% seq_len(nrow(table)), c("fit", "lwr", "upr"))
    )
  }
  if (se.fit) list(fit = result, se.fit = stats::setNames(expected[, "sd"], rows$name)) else result
}
