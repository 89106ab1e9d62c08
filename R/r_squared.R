# Shares of the response's variance that a model explains.

#' Explained variance
#'
#' `bayes_R2()` is the share of the variance that the model itself attributes to its fitted values, one number for each
#' draw. `loo_R2()` is the share of the variance of the response that the model predicts for observations that it
#' has not seen.
#'
#' For each draw, with \eqn{f_i} the mean of observation \eqn{i} (its group's coefficients, and its predictors),
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
#'   [loo()][loo.bayespool_fit]. Of class `bayespool_error_model`: counts (`family`), whose variance within groups is not one number.
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
  check_normal_outcome(object, "bayes_R2", call)
  draws <- draws_matrix(object, call)
  model <- object$model
  moments <- object$reduced
  groups <- seq_along(moments$n)
  columns <- seq_along(model$columns)
  mean_of_group <- expected_given(model, draws, moments$mean[, columns, drop = FALSE], groups_of_model(object, groups)) # draws x groups
  observations <- sum(moments$n)
  weights <- group_weights(moments)
  between <- (mean_of_group - drop(mean_of_group %*% weights) / sum(weights))^2 %*% weights
  # Within groups, for the groups at `position`, whose slopes are alike.
  within_of <- function(position) {
    slopes <- slopes_given(model, draws, position[1])
    products <- unpack_within(colSums(moments$within[position, , drop = FALSE]))[columns, columns, drop = FALSE]
    rowSums((slopes %*% products) * slopes)
  }
  within <- if (varies_in_slope(model)) Reduce(`+`, lapply(groups, within_of)) else within_of(seq_len(nrow(moments$within)))
  explained <- drop(between + within) / (observations - 1)
  variances <- sigmas_given(model, draws)^2
  unexplained <- if (shares_sigma(model)) variances[, 1] else drop(variances %*% moments$n) / observations
  unname(explained / (explained + unexplained))
}

# What multiplies each of the model's columns in a group (a position) given each draw: draws x columns.
slopes_given <- function(model, draws, group) {
  slopes <- matrix(0, nrow(draws), length(model$columns))
  slopes[, seq_along(model$slopes)] <- draws[, model$slopes]
  for (direction in setdiff(varying_term(model)$directions, intercept_direction)) {
    slopes[, match(direction, model$columns)] <- draws[, layout_variables(model, "group", direction)[group]]
  }
  slopes
}

#' @rdname r_squared
#' @importFrom rstantools loo_R2
#' @export loo_R2
#' @export
loo_R2.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  check_normal_outcome(object, "loo_R2", call)
  check_uses_data(object, call)
  rows <- observed_rows(object, "Leave-one-out of observations", call)
  residual <- leave_rows_out(object, rows, 1L, call, residuals = TRUE)$residual
  variance <- function(x) stats::cov.wt(cbind(x), rows$weight / sum(rows$weight))$cov[1]
  1 - variance(residual) / variance(rows$y)
}
