# Means, sds and quantiles of the parameters for the methods: by quadrature, or from the chains of a fit by NUTS.

# A matrix with one row a variable, named; columns mean, sd, then one quantile for each of `probs`. `deviations`: the rows of
# the groups are of their deviations from the population.
posterior_table <- function(fit, probs = numeric(), deviations = FALSE, call) {
  table <- if (has_quadrature(fit)) {
    exact_table(fit_posterior(fit), probs, deviations = deviations, call = call)
  } else {
    draws_table(fit, probs, deviations, call)
  }
  dimnames(table) <- list(layout_variables(fit$model), c("mean", "sd", quantile_names(probs)))
  table
}

# The same with an interval that holds `prob`: columns mean, sd, lower, upper. `interval`: "hdi" (the shortest) or "central".
interval_table <- function(fit, prob, interval, deviations = FALSE, call) {
  table <- if (has_quadrature(fit)) {
    interval_by_quantiles(function(probs) posterior_table(fit, probs, deviations, call), prob, interval)
  } else {
    interval_of_draws(deviations_or_draws(fit, deviations, call), prob, interval)
  }
  rownames(table) <- layout_variables(fit$model)
  table
}

interval_columns <- c("mean", "sd", "lower", "upper")

# `table_at(probs)`: mean, sd and these quantiles. The shortest interval is sought among 33; with a larger `focus` more of these
# are nearly central, for what is nearly symmetric.
interval_by_quantiles <- function(table_at, prob, interval, focus = 1) {
  if (interval == "central") {
    table <- table_at(c(1 - prob, 1 + prob) / 2)
  } else {
    place <- seq(-1, 1, length.out = 33)
    lower <- (1 - prob) / 2 + (0.5 - prob / 2 - 1e-9) * sign(place) * abs(place)^focus
    wide <- table_at(c(lower, lower + prob))
    best <- max.col(wide[, 2 + seq_along(lower), drop = FALSE] - wide[, 35 + seq_along(lower), drop = FALSE], "first")
    rows <- seq_len(nrow(wide))
    table <- cbind(wide[, 1:2, drop = FALSE], wide[cbind(rows, 2 + best)], wide[cbind(rows, 35 + best)])
  }
  colnames(table) <- interval_columns
  table
}

# One row for each column of the draws.
interval_of_draws <- function(draws, prob, interval) {
  ends <- if (interval == "hdi") {
    HDInterval::hdi(draws, credMass = prob)
  } else {
    apply(draws, 2, stats::quantile, c(1 - prob, 1 + prob) / 2)
  }
  table <- cbind(colMeans(draws), apply(draws, 2, stats::sd), ends[1, ], ends[2, ])
  colnames(table) <- interval_columns
  table
}

posterior_means <- function(fit, deviations = FALSE, call) {
  posterior_table(fit, deviations = deviations, call = call)[, "mean"]
}

# Draws x variables; with `deviations` those of the groups are of their deviations.
deviations_or_draws <- function(fit, deviations, call) {
  draws <- draws_matrix(fit, call)
  if (deviations && has_intercept(fit$model)) {
    groups <- layout_variables(fit$model, "group")
    draws[, groups] <- draws[, groups] - draws[, fit$model$intercept]
  }
  draws
}

draws_table <- function(fit, probs, deviations, call) {
  t(apply(deviations_or_draws(fit, deviations, call), 2, function(x) c(mean(x), stats::sd(x), stats::quantile(x, probs, names = FALSE))))
}

# "q3", "q2.5": never with an exponent, which "%.15g" writes below 1e-4.
quantile_names <- function(probs) {
  percent <- 100 * probs
  text <- sprintf("%.15g", percent)
  tiny <- percent < 1e-4
  text[tiny] <- vapply(percent[tiny], format, "", digits = 15, scientific = FALSE)
  sprintf("q%s", text)
}
