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
  expected <- intercept + drop(rows$x %*% means[model$slopes])
  if (has_quadrature(fit)) {
    # A new group may have no mean where the population has one.
    expected[lost_of_rows(fit_posterior(fit), groups_of_model(fit, rows$group), noise = FALSE) == 2] <- NaN
  }
  stats::setNames(expected, rows$name)
}
