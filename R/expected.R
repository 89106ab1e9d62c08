# Posterior means of the expected values of rows.

# One number for each of `rows`, under the names that these have.
mean_expected <- function(fit, rows, call) {
  model <- fit$model
  means <- posterior_means(fit, call = call)
  groups <- means[layout_variables(model, "group")]
  population <- if (has_intercept(model)) means[[model$intercept]] else 0
  own <- !is.na(rows$group) & rows$group <= length(groups)
  intercept <- rep(population, length(own))
  intercept[own] <- groups[rows$group[own]]
  stats::setNames(intercept + drop(rows$x %*% means[model$slopes]), rows$name)
}

# Columns mean, sd, lower, upper; one row for each of the rows, given as predictor columns `x` and `group` (from 1; NA: none, the
# population's). By quadrature after the exact algorithm, for models that have one sigma; else from the draws.
expected_table <- function(fit, x, group, prob, interval, call) {
  if (!has_groups(fit$model)) group <- rep(NA_integer_, nrow(x))
  if (has_quadrature(fit)) {
    table <- exact_expected(fit_posterior(fit), x, group, prob, interval, call)
    colnames(table) <- interval_columns
    table
  } else {
    interval_of_draws(expected_draws(fit, x, group, call), prob, interval)
  }
}

# Draws x rows.
expected_draws <- function(fit, x, group, call) {
  draws <- draws_matrix(fit, call)
  model <- fit$model
  intercept <- if (has_intercept(model)) draws[, rep(model$intercept, nrow(x)), drop = FALSE] else matrix(0, nrow(draws), nrow(x))
  own <- which(!is.na(group))
  intercept[, own] <- draws[, layout_variables(model, "group")[group[own]], drop = FALSE]
  unname(intercept) + tcrossprod(draws[, model$slopes, drop = FALSE], x)
}
