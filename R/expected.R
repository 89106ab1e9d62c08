# Posterior means of the expected values of rows.

# One number for each of `rows`, under the names that these have.
mean_expected <- function(fit, rows, call) {
  if (has_counts(fit$model)) {
    return(stats::setNames(row_table(fit, rows$x, rows$group, 0, 0.5, "central", call, rows$size)[, "mean"], rows$name))
  }
  means <- posterior_means(fit, call = call)
  group <- groups_of_model(fit, rows$levels)
  expected <- drop(expected_given(fit$model, t(means), rows$x, group))
  if (has_quadrature(fit)) {
    # A new group may have no mean where the population has one.
    expected[lost_of_rows(fit_posterior(fit), rows$x, group, noise = 0) == 2] <- NaN
  }
  stats::setNames(expected, rows$name)
}
