# Weights of the observations: y_i ~ N(mu_i, sigma^2 / w_i).

#' Weights of observations
#'
#' Observations that are not equally precise: `weights = w` in a fitting function says that observation \eqn{i} has the variance
#' \eqn{\sigma^2 / w_i}{sigma^2 / w[i]} about its expected value, as in [lm()] and `lme4::lmer()`.
#'
#' The model of an observation is
#' \deqn{y_i \sim N(\mu_i, \sigma^2 / w_i),}{y[i] ~ N(mu[i], sigma^2 / w[i]),}
#' where \eqn{\mu_i}{mu[i]} is what it is without weights, and the weights are known. They are *precision* weights: an observation of
#' weight 4 has half the standard deviation of one of weight 1. A mean of \eqn{k} measurements has the weight \eqn{k}, so that
#' \eqn{\sigma}{sigma} is the standard deviation of a single measurement.
#'
#' **Where they are given.** `weights` is a column of `data`, an expression of columns (as in `weights = n / 10`), or a vector with one
#' number for each row. [group_moments()] takes them too, and [as_group_moments()] takes the weight of a single observation in each group;
#' a fit from moments has the weights that these hold. As in [lm()], rows whose weight is missing are dropped, and rows of weight 0 are
#' left out, with a message.
#'
#' **What they are not.** Weights do not count how often a row occurred. A row of weight 2 is *one* observation, which is known better; a
#' row that is there twice is two. Given \eqn{\sigma}{sigma} both say the same of the coefficients. But two rows say more of
#' \eqn{\sigma}{sigma}, in which each observation counts once, whatever its weight; the evidence differs, and so does leave-one-out,
#' which leaves out one of the two. Repeat the rows where they are counts. Nor are they sampling weights of a survey: those say whom a
#' respondent stands for, not how precise the answer is.
#'
#' **The unit of the weights** goes into \eqn{\sigma}{sigma}, which is the standard deviation of an observation of weight 1, on the
#' scale of the response. With all weights multiplied by 4, \eqn{\sigma}{sigma} is twice as large; coefficients, groups, predictions
#' and the evidence stay as they are. Default priors follow, since the spread of the response by which they are scaled is that of an
#' observation of average weight, and of weight 1 for the prior of \eqn{\sigma}{sigma} ([bayespool-priors]). A prior that you give to
#' \eqn{\sigma}{sigma} is for an observation of weight 1. So are the variable `icc` and [variance_components()], which compare
#' \eqn{\sigma}{sigma} with the differences between groups. [`bayes_R2()`][r_squared] weights the observations, and does not depend on
#' the unit.
#'
#' **Predictions.** The rows that were fitted are predicted with their own weights. New rows have the weights that follow from
#' `newdata`, where it has all variables of `weights`, or else 1. A new observation with a missing weight, or with a weight of 0, cannot
#' be predicted; expected values need no weights.
#'
#' **In formulas**, a group's sum of weights takes the place of its size, in the shrinkage of its mean, for example:
#' \eqn{1 - \kappa_j = \sigma^2 / (\sigma^2 + \tau^2 \sum_{i: g_i = j} w_i)}{1 - kappa_j = sigma^2 / (sigma^2 + tau^2 (sum of w in
#' group j))}. Tables show the number of rows as `n`.
#'
#' @param object A fit.
#' @param ... Not used.
#' @return `weights()` returns the weights of the rows that were fitted, in their order, or `NULL` for a fit without weights. For
#'   [binomial()] these are the numbers of trials, as in [glm()], or `NULL` where each row is one.
#' @section Errors: Of class `bayespool_error_argument`: weights that are not one number a row, that are negative or infinite, or none
#'   of which is above 0; `weights` beside group moments. Of class `bayespool_error_data`: a variable that is not there; a prediction
#'   without a weight; `weights()` of a fit from group moments.
#' @seealso [group_moments()], [predictions].
#' @examples
#' # Means of blocks: each of as many plots as `plots` says.
#' means <- data.frame(
#'   field = rep(c("a", "b", "c", "d"), c(3, 2, 4, 3)), plots = c(1, 4, 2, 6, 1, 3, 3, 2, 8, 1, 2, 5),
#'   yield = c(51, 56, 58, 49, 54, 60, 61, 57, 63, 50, 55, 52)
#' )
#' fit <- partial_pooling(yield ~ 1 + (1 | field), means, weights = plots, seed = 1)
#' fit # sigma_y is that of a single plot
#' predictive_table(fit, data.frame(field = "a", plots = c(1, 10)))
#' @name bayespool-weights
NULL

# `data` with the weights that `weights` (a quosure) asks for: a column of `data`, something computed from columns, or a vector beside
# them. Without any, all rows count alike.
attach_weights <- function(data, weights, call) {
  if (rlang::quo_is_null(weights)) {
    if (is.data.frame(data)) data[[weights_column]] <- NULL
    return(data)
  }
  add_weights(data, weights, call)
}

# Each kind of data that has rows has a method.
add_weights <- function(data, weights, call) UseMethod("add_weights")

#' @export
#' @noRd
add_weights.default <- function(data, weights, call) {
  abort_bayespool(
    c(
      "{.arg weights} belong to the rows of a data frame.",
      i = "Group moments hold the weights of their rows: give {.arg weights} to {.fn group_moments}, or {.arg weight} to \\
          {.fn as_group_moments}."
    ),
    "argument", call
  )
}

#' @export
#' @noRd
add_weights.data.frame <- function(data, weights, call) {
  data[[weights_column]] <- eval_weights(weights, data, call)
  data
}

# `data` with other weights: `expr` computes them from those in `weights_column`.
change_weights <- function(data, expr) UseMethod("change_weights")

#' @export
#' @noRd
change_weights.data.frame <- function(data, expr) {
  argument <- attr(data[[weights_column]], "argument")
  data[[weights_column]] <- structure(eval(expr, data), argument = argument)
  data
}

# What `argument` (a quosure, `name`d) asks of the rows: one number for each.
numbers_of_rows <- function(argument, name, data, call) {
  values <- eval_user(rlang::eval_tidy(argument, data), paste0("{.arg ", name, "}"), call)
  valid <- is_plain_number(values) && length(values) == nrow(data)
  if (!valid) {
    found <- if (is.numeric(values)) "{length(values)} number{?s} for {nrow(data)} row{?s}" else "{.obj_type_friendly {values}}"
    abort_bayespool(
      c("{.arg {name}} must be one number a row: a column of {.arg data}, or a vector.", i = paste0("Found ", found, ".")),
      "argument", call
    )
  }
  as.double(as_vector(values))
}

eval_weights <- function(weights, data, call) {
  values <- numbers_of_rows(weights, "weights", data, call)
  bad <- which(values < 0 | is.infinite(values))
  if (length(bad) > 0) {
    abort_weights(values[bad[1]], paste("in row", bad[1]), call)
  }
  values
}

# Whether `weights`, an expression, is one of variables that `data` all has.
computed_from <- function(weights, data) {
  variables <- all.vars(weights)
  length(variables) > 0 && all(variables %in% names(data))
}

abort_weights <- function(found, where, call) {
  abort_bayespool(
    c(
      "{.arg weights} must not be negative or infinite.",
      i = "Found {.val {found}} {where}.",
      i = "An observation of weight {.code w} has the variance {.code sigma^2 / w}; rows of weight 0 are left out."
    ),
    "argument", call
  )
}
