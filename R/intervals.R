# Intervals of the parameters, from draws.

#' Central intervals
#'
#' `posterior_interval()`: intervals of the parameters. `predictive_interval()`: intervals in which new observations in
#' each row fall. Both are central, with equal probability on either side: quantiles of the draws.
#' [summary()][summary.bayespool_fit] gives shortest intervals and [exact_summary()] quantiles without Monte Carlo
#' error.
#'
#' @inheritParams prediction_arguments
#' @param prob Probability in the interval, between 0 and 1.
#' @param pars,regex_pars Names of variables and regular expressions that match some, as in
#'   [summary()][summary.bayespool_fit]; `NULL`: all of them.
#' @return A matrix with two columns, named by the probabilities below the ends, such as `5%` and `95%`, and one row a
#'   parameter (named) or a row of data. `predictive_interval()` makes the numbers that
#'   [posterior_predict()][posterior_predict.bayespool_fit] gives for the same `seed`, a few rows at a time: it
#'   needs no memory for all of them.
#' @section Errors: Of class `bayespool_error_argument`: a `prob` outside (0, 1), or `pars` that the fit does not have; the
#'   rest as in [predictions].
#' @examples
#' fit <- partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1)
#' posterior_interval(fit, pars = c("hyper_mu", "sigma_mu"))
#' # Two plots in one block to come, and one in block 6:
#' predictive_interval(fit, newdata = data.frame(block = c("new", "new", "6")), prob = 0.5, seed = 1)
#' @name intervals
#' @aliases predictive_interval.bayespool_fit
NULL

#' @rdname intervals
#' @export
posterior_interval.bayespool_fit <- function(object, prob = 0.9, ..., pars = NULL, regex_pars = NULL) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_probability(prob, call)
  draws <- fit_draws(object, call = call)
  pars <- choose_pars(pars, regex_pars, posterior::variables(draws), call)
  draws <- posterior::as_draws_matrix(draws[, , pars, drop = FALSE])
  posterior_interval(matrix(draws, nrow(draws), dimnames = list(NULL, pars)), prob = prob)
}

# The default method would take the fit for one by maximum likelihood.
#' @importFrom stats confint
#' @export
confint.bayespool_fit <- function(object, parm, level = 0.95, ...) {
  abort_bayespool(
    c(
      "A Bayesian fit has no confidence intervals.",
      i = "{.code summary(fit, prob = {level})} has the shortest intervals that hold this probability,",
      i = "and {.code summary(fit, prob = {level}, interval = \"central\")} those with as much below as above."
    ),
    "model"
  )
}
