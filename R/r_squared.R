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
#' Of counts \eqn{f_i} is the expected count in row \eqn{i}, and in the place of \eqn{\sigma^2} is the mean over the rows of the
#' variance of a count given the draw: \eqn{n_i p_i (1 - p_i)}{n[i] p[i] (1 - p[i])} or \eqn{e_i \lambda_i}{e[i] lambda[i]}. For rows of 0
#' and 1 that is rstanarm's. Where trials or exposures differ, expected counts do so for that reason too. It needs the rows.
#'
#' With \eqn{e_i = y_i - E(y_i \mid y_{-i})}{e[i] = y[i] - E(y[i] | y[-i])}, the error of the exact
#' [leave-one-out][loo.bayespool_fit] prediction,
#' \deqn{\mathrm{loo\_R2} = 1 - \frac{\mathrm{var}(e)}{\mathrm{var}(y)}.}{loo_R2 = 1 - var(e) / var(y).}
#' It is one number and may be negative: a model can predict worse than the mean. Other packages return a sample of such
#' numbers, where each observation has a random weight (the Bayesian bootstrap); this is the number around which
#' they scatter.
#'
#' @param object A fit.
#' @param ... Ignored: what other packages pass to all models. What looks like a misspelt argument gets a warning.
#' @return `bayes_R2()`: a vector with one value for each draw. `loo_R2()`: a number.
#' @section Errors: Of class `bayespool_error_draws`: `bayes_R2()` for a fit without draws. Of class
#'   `bayespool_error_model`: `loo_R2()` of counts. For `loo_R2()` those of
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
  ignore_dots(rlang::exprs(...), call)
  draws <- draws_matrix(object, call)
  model <- object$model
  if (has_counts(model)) {
    return(r_squared_of_counts(object, draws, call))
  }
  moments <- object$reduced
  columns <- seq_along(model$columns)
  levels <- groups_of_model(object, levels_of_moments(object))
  mean_of_group <- expected_given(model, draws, moments$mean[, columns, drop = FALSE], levels) # draws x groups
  observations <- sum(moments$n)
  weights <- group_weights(moments)
  between <- (mean_of_group - drop(mean_of_group %*% weights) / sum(weights))^2 %*% weights
  # Within groups, for the groups at `position`, whose slopes are alike.
  within_of <- function(position) {
    slopes <- slopes_given(model, draws, position[1])
    products <- unpack_within(colSums(moments$within[position, , drop = FALSE]))[columns, columns, drop = FALSE]
    rowSums((slopes %*% products) * slopes)
  }
  within <- if (varies_in_slope(model)) Reduce(`+`, lapply(seq_along(moments$n), within_of)) else within_of(seq_len(nrow(moments$within)))
  explained <- drop(between + within) / (observations - 1)
  variances <- sigmas_given(model, draws)^2
  unexplained <- if (shares_sigma(model)) variances[, 1] else drop(variances %*% moments$n) / observations
  unname(explained / (explained + unexplained))
}

# Of the rows of counts, of which those that are alike are computed once.
r_squared_of_counts <- function(fit, draws, call) {
  rows <- observed_rows(fit, "bayes_R2() of counts", call)
  model <- fit$model
  group <- groups_of_model(fit, rows$group)
  id <- distinct_rows(cbind(rows$x, rows$size, deparse.level = 0), group)
  first <- which(!duplicated(id))
  times <- tabulate(match(id, id[first]))
  check_memory(nrow(draws), length(first), "different rows", "Fit the model with fewer draws.", call)
  size <- rows$size[first]
  mean <- expected_counts(model, expected_given(model, draws, rows$x[first, , drop = FALSE], group[first]), size)
  variance <- if (model$family == "poisson") mean else mean * (1 - mean / rep(size, each = nrow(mean)))
  explained <- drop((mean - drop(mean %*% times) / sum(times))^2 %*% times) / (sum(times) - 1)
  unname(explained / (explained + drop(variance %*% times) / sum(times)))
}

# What multiplies each of the model's columns in a group (a position) given each draw: draws x columns.
slopes_given <- function(model, draws, group) {
  slopes <- matrix(0, nrow(draws), length(model$columns))
  slopes[, seq_along(model$slopes)] <- draws[, model$slopes]
  for (direction in setdiff(effect_directions(model), intercept_direction)) {
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
  ignore_dots(rlang::exprs(...), call)
  check_uses_data(object, call)
  if (has_counts(object$model)) {
    abort_bayespool(
      c(
        "{.fn loo_R2} is for a normal outcome.",
        i = "{.fn loo} says how well counts are predicted that were left out; {.fn bayes_R2} is there for counts too."
      ),
      "model", call
    )
  }
  rows <- observed_rows(object, "Leave-one-out of observations", call)
  residual <- rows$y - predict_left_out(object, rows, "expected", 0.5, 1L, call)[, "mean"]
  variance <- function(x) stats::cov.wt(cbind(x), rows$weight / sum(rows$weight))$cov[1]
  1 - variance(residual) / variance(rows$y)
}
