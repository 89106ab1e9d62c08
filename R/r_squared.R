# Shares of the response's variance that a model explains.

#' Explained variance
#'
#' `bayes_R2()` is the share of the variance that the model itself attributes to its fitted values, one number for each
#' draw. `loo_R2()` is the share of the variance of the response that the model predicts for observations that it
#' has not seen.
#'
#' For each draw, with \eqn{f_i} the mean of observation \eqn{i} (its group's mean, and its predictors),
#' \deqn{\mathrm{bayes\_R2} = \frac{\mathrm{var}(f)}{\mathrm{var}(f) + \sigma^2},
#'   }{bayes_R2 = var(f) / (var(f) + sigma^2),}
#' where \eqn{\mathrm{var}}{var} is over the observations (divisor \eqn{N - 1}). With a standard deviation for each group
#' \eqn{\sigma^2} is the mean of their squares over the observations. It needs only the group moments of the data.
#'
#' With \eqn{e_i = y_i - E(y_i \mid y_{-i})}{e[i] = y[i] - E(y[i] | y[-i])}, the error of the exact
#' [leave-one-out][loo.bayespool_fit] prediction,
#' \deqn{\mathrm{loo\_R2} = 1 - \frac{\mathrm{var}(e)}{\mathrm{var}(y)}.}{loo_R2 = 1 - var(e) / var(y).}
#' It is one number and may be negative: a model can predict worse than the mean. Other packages return a sample of such
#' numbers, where each observation has a random weight (the Bayesian bootstrap); this is the number around which
#' they scatter.
#'
#' @param object A fit.
#' @param ... Not used.
#' @return `bayes_R2()`: a vector with one value for each draw. `loo_R2()`: a number.
#' @section Errors: Of class `bayespool_error_draws`: `bayes_R2()` for a fit without draws. For `loo_R2()` those of
#'   [loo()][loo.bayespool_fit].
#' @references Gelman, A., Goodrich, B., Gabry, J. and Vehtari, A. (2019). R-squared for Bayesian regression models. *The
#'   American Statistician*, 73(3), 307-309. \doi{10.1080/00031305.2018.1549100}
#' @examples
#' fit <- varying_intercept(yield ~ N + (1 | block), npk, seed = 1)
#' quantile(bayes_R2(fit))
#' loo_R2(fit)
#' @importFrom rstantools bayes_R2
#' @export bayes_R2
#' @aliases bayes_R2 loo_R2
#' @name r_squared
NULL

#' @rdname r_squared
#' @export
bayes_R2.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  draws <- draws_matrix(object, call)
  model <- object$model
  moments <- object$moments
  predictors <- seq_along(model$slopes)
  slopes <- draws[, model$slopes, drop = FALSE]
  mean_of_group <- slopes %*% t(moments$mean[, predictors, drop = FALSE]) # draws x groups
  if (has_groups(model)) {
    mean_of_group <- mean_of_group + draws[, layout_variables(model, "group"), drop = FALSE]
  } else if (has_intercept(model)) {
    mean_of_group <- mean_of_group + draws[, model$intercept]
  }
  observations <- sum(moments$n)
  between <- (mean_of_group - drop(mean_of_group %*% moments$n) / observations)^2 %*% moments$n
  products <- unpack_within(colSums(moments$within))[predictors, predictors, drop = FALSE]
  within <- rowSums((slopes %*% products) * slopes)
  explained <- drop(between + within) / (observations - 1)
  variances <- draws[, layout_variables(model, "scale_within"), drop = FALSE]^2
  unexplained <- if (shares_sigma(model)) variances[, 1] else drop(variances %*% moments$n) / observations
  unname(explained / (explained + unexplained))
}

#' @rdname r_squared
#' @importFrom rstantools loo_R2
#' @export loo_R2
#' @export
loo_R2.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  check_uses_data(object, call)
  rows <- observed_rows(object, "Leave-one-out of observations", call)
  residual <- leave_rows_out(object, rows, 1L, call, residuals = TRUE)$residual
  1 - stats::var(residual) / stats::var(rows$y)
}
