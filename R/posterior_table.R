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
# `variables`: which rows, icc_names() for intraclass correlations.
interval_table <- function(fit, prob, interval, variables = layout_variables(fit$model), deviations = FALSE, call) {
  if (has_quadrature(fit)) {
    return(exact_interval_table(fit, prob, interval, variables, deviations, call))
  }
  draws <- deviations_or_draws(fit, deviations, call)
  if (any(icc_names(fit$model) %in% variables)) draws <- cbind(draws, drawn_iccs(fit, draws))
  interval_of_draws(draws[, variables, drop = FALSE], prob, interval)
}

# The same of variables on the scale of the response.
response_interval_table <- function(fit, prob, interval, variables, call) {
  if (!has_quadrature(fit)) {
    draws <- response_of_draws(fit, draws_matrix(fit, call))
    return(interval_of_draws(draws[, variables, drop = FALSE], prob, interval))
  }
  asked <- asked_of_interval(prob, interval)
  chosen <- match(variables, response_layout(fit$model)$variable)
  table <- exact_response_table(fit_posterior(fit), asked$probs, asked$shortest, chosen, call)
  dimnames(table) <- list(variables, interval_columns)
  table
}

# The quantiles, or the probability in a shortest interval, that an interval stands for.
asked_of_interval <- function(prob, interval) {
  if (interval == "hdi") list(probs = numeric(), shortest = prob) else list(probs = c(1 - prob, 1 + prob) / 2, shortest = 0)
}

interval_columns <- c("mean", "sd", "lower", "upper")

# One row for each column of the draws.
interval_of_draws <- function(draws, prob, interval) {
  table <- cbind(colMeans(draws), apply(draws, 2, stats::sd), t(drawn_intervals(draws, prob, interval)))
  colnames(table) <- interval_columns
  table
}

# The same by quadrature, whatever the algorithm of the fit.
exact_interval_table <- function(fit, prob, interval, variables = layout_variables(fit$model), deviations = FALSE, call) {
  icc <- icc_names(fit$model)
  chosen <- match(variables, c(layout_variables(fit$model), icc))
  asked <- asked_of_interval(prob, interval)
  table <- exact_table(fit_posterior(fit), asked$probs, asked$shortest, any(icc %in% variables), chosen, deviations, call)
  dimnames(table) <- list(variables, interval_columns)
  table
}

# Two rows, the ends of an interval for each column of a matrix of draws.
drawn_intervals <- function(draws, prob, interval) {
  switch(interval,
    hdi = HDInterval::hdi(draws, credMass = prob),
    central = apply(draws, 2, stats::quantile, c(1 - prob, 1 + prob) / 2, names = FALSE)
  )
}

# The intraclass correlations of each draw, named columns.
drawn_iccs <- function(fit, draws) {
  between <- draws[, effect_sds(fit$model), drop = FALSE]^2
  shares <- between / (rowSums(between) + drop(variances_within(fit$model, draws)))
  colnames(shares) <- icc_names(fit$model)
  shares
}

posterior_means <- function(fit, deviations = FALSE, call) {
  posterior_table(fit, deviations = deviations, call = call)[, "mean"]
}

# Draws x variables; with `deviations` those of the groups are of their deviations.
deviations_or_draws <- function(fit, deviations, call) {
  draws <- draws_matrix(fit, call)
  if (deviations && !has_two_terms(fit$model)) { # whose groups' variables are deviations
    directions <- varying_term(fit$model)$directions
    means <- direction_means(fit$model)
    for (k in which(!is.na(means))) {
      groups <- layout_variables(fit$model, "group", directions[k])
      draws[, groups] <- draws[, groups] - draws[, means[k]]
    }
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
