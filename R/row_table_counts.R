# Distributions of rows of counts: see row_table.R.

# As row_table(), for rows of which no two are alike; `size`: their trials or exposure.
count_row_table <- function(fit, x, group, observation, size, prob, interval, call) {
  if (!has_quadrature(fit)) {
    return(drawn_count_rows(fit, x, group, observation, size, prob, interval, call))
  }
  exact_count_rows(fit_posterior(fit), x, group, observation, size, prob, interval, fit$settings$cores, call)
}

drawn_count_rows <- function(fit, x, group, observation, size, prob, interval, call) {
  in_blocks(fit, seq_along(group), call, function(draws, rows) {
    theta <- theta_of_draws(fit$model, draws, x[rows, , drop = FALSE], group[rows])
    if (observation) {
      core_count_predictions_of_draws(theta, size[rows], fit$model$family, prob, interval)
    } else {
      interval_of_draws(expected_counts(fit$model, theta, size[rows]), prob, interval)
    }
  })
}
