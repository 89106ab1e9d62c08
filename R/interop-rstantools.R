# Generics of rstantools, exported again.

#' Generics of the rstantools package
#'
#' Exported again, so that `library(bayespool)` is enough to predict from a fit; see [predictions] and
#' [predictive_interval()][predictive_interval.bayespool_fit].
#'
#' @return For fits of this package a matrix: draws by rows of data (see [predictions]) or, for the two functions of
#'   intervals, two columns with their ends (see [predictive_interval()][predictive_interval.bayespool_fit]).
#' @section Errors: See [predictions].
#' @examples
#' fit <- complete_pooling(yield ~ 1, npk, seed = 1)
#' posterior_interval(fit)
#' @importFrom rstantools posterior_predict posterior_epred posterior_linpred predictive_error log_lik
#' @importFrom rstantools predictive_interval posterior_interval
#' @export posterior_predict
#' @export posterior_epred
#' @export posterior_linpred
#' @export predictive_error
#' @export log_lik
#' @export predictive_interval
#' @export posterior_interval
#' @aliases posterior_predict posterior_epred posterior_linpred predictive_error log_lik predictive_interval
#'   posterior_interval
#' @name rstantools_generics
NULL
