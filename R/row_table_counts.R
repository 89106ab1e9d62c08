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

# theta of each row given each draw: draws x rows. A new group has one for each draw of the parameters, at normal scores that
# are spread evenly (by the golden section) over the draws, so that nothing here is random.
theta_of_draws <- function(model, draws, x, group) {
  theta <- expected_given(model, draws, x, group)
  new <- which(!is.na(group) & group > length(varying_term(model)$labels))
  if (length(new) > 0) {
    score <- stats::qnorm(((seq_len(nrow(draws)) - 0.5) * (sqrt(5) - 1) / 2) %% 1)
    theta[, new] <- theta[, new] + score * draws[, varying_term(model)$sd]
  }
  theta
}

# `theta`: draws x rows.
expected_counts <- function(model, theta, size) {
  families[[model$family]]$inverse(theta) * rep(size, each = nrow(theta))
}
