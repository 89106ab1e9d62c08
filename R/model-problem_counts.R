# The numerical problem of a model of counts: the list that the C++ core reads (see count_problem.h).

# Columns of x: an intercept, unless the model has none, and the predictors. `prior_only` leaves the data out: groups of size zero.
#   groups only named   tau known to be 0
#   independent groups  the intercept known to be the prior mean of a group's, tau known to be its prior sd
# `less`: 1 for the coefficients of predictors, which the groups' own coefficients are without.
new_count_problem <- function(model, counts, priors, prior_only) {
  term <- varying_term(model)
  location <- vapply(priors[c(model$intercept, model$slopes)], function(prior) prior$par, numeric(2))
  tau_prior <- if (has_population(model)) priors[[term$sd]] else new_prior("degenerate", 0, "scale")
  if (has_independent_groups(model)) {
    group_prior <- priors[[term$coefficient]]$par
    location <- cbind(c(group_prior[1], 0))
    tau_prior <- new_prior("degenerate", group_prior[2], "scale")
  }
  intercept <- has_intercept(model) || has_independent_groups(model)
  x <- counts$x[, model$predictors, drop = FALSE]
  keep <- if (prior_only) 0 else 1
  structure(
    list(
      family = model$family,
      events = counts$events * keep,
      size = counts$size * keep,
      log_constant = sum(counts$log_constant - log_constant_of_sums(model$family, counts)) * keep,
      x = unname(if (intercept) cbind(1, x) else x),
      coefficient_mean = as.double(location[1, ]),
      coefficient_sd = as.double(location[2, ]),
      less = rep(c(0, 1), c(intercept, length(model$predictors))),
      tau_prior = tau_prior,
      variables = nrow(model$layout),
      columns = list(
        coefficients = c(if (intercept) first_position(model, "population"), layout_positions(model, "slope") - 1L),
        first_group = first_position(model, "group"),
        tau = first_position(model, "scale_between")
      )
    ),
    class = "count_problem"
  )
}

# The logarithm of what the likelihood of a group's sums has beside the terms with theta.
log_constant_of_sums <- function(family, counts) {
  if (family == "binomial") {
    return(lchoose(counts$size, counts$events))
  }
  counts$events * log(counts$size) - lfactorial(counts$events)
}
