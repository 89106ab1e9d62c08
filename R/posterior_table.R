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

posterior_means <- function(fit, deviations = FALSE, call) {
  posterior_table(fit, deviations = deviations, call = call)[, "mean"]
}

draws_table <- function(fit, probs, deviations, call) {
  draws <- draws_matrix(fit, call)
  if (deviations && has_intercept(fit$model)) {
    groups <- layout_variables(fit$model, "group")
    draws[, groups] <- draws[, groups] - draws[, fit$model$intercept]
  }
  t(apply(draws, 2, function(x) c(mean(x), stats::sd(x), stats::quantile(x, probs, names = FALSE))))
}

# "q3", "q2.5": never with an exponent, which "%.15g" writes below 1e-4.
quantile_names <- function(probs) {
  percent <- 100 * probs
  text <- sprintf("%.15g", percent)
  tiny <- percent < 1e-4
  text[tiny] <- vapply(percent[tiny], format, "", digits = 15, scientific = FALSE)
  sprintf("q%s", text)
}
