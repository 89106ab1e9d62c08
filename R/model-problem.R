# The numerical problem of a model: the list that the C++ core reads (see problem.h).

# Columns of X: an intercept, unless the model has none, and the predictors. `prior_only` leaves the data out: groups of size
# zero.
#   groups only named   one group that holds all rows, tau = 0
#   independent groups  the intercept fixed at the prior mean of a group's, tau at its prior sd; or, each with its own sigma,
#                       one complete-pooling problem for each group
new_problem <- function(model, moments, priors, prior_only = FALSE) {
  if (has_counts(model)) {
    return(new_count_problem(model, moments, priors, prior_only))
  }
  if (has_several_effects(model)) {
    return(new_effect_problem(model, moments, priors, prior_only))
  }
  if (!has_groups(model)) {
    moments <- merge_into_one(moments)
  }
  separate <- !shares_sigma(model)
  term <- varying_term(model)
  intercept <- has_intercept(model) || has_independent_groups(model)
  d <- ncol(moments$mean) + intercept
  residual <- if (!prior_only) moments$residual
  columns <- residual %||% moments
  within <- matrix(0, d, d)
  if (!separate) {
    own <- seq_len(ncol(moments$mean)) + intercept
    within[own, own] <- unpack_within(colSums(columns$within))
  }
  projection <- if (intercept) cbind(1, columns$mean, deparse.level = 0) else columns$mean
  dimnames(projection) <- NULL
  size <- group_weights(moments)
  rows <- moments$n
  log_weight <- moments$log_weight %||% numeric(length(rows))
  squares <- if (separate) columns$within[, 1] else 0
  if (prior_only) {
    size[] <- rows[] <- log_weight[] <- 0
    projection[] <- 0
    within[] <- 0
    squares[] <- 0
  }

  location <- vapply(priors[c(model$intercept, model$slopes)], function(prior) prior$par, numeric(2))
  tau_prior <- if (has_population(model)) priors[[term$sd]] else new_prior("degenerate", 0, "scale")
  if (has_independent_groups(model)) {
    group_prior <- priors[[term$coefficient]]$par
    if (separate) {
      location <- cbind(group_prior)
    } else {
      # Where the prior is flat any centre does; one near the data costs no digits.
      centre <- if (is.finite(group_prior[2])) group_prior[1] else sum(size * moments$mean[, d - 1]) / sum(group_weights(moments))
      location <- cbind(c(centre, 0), location)
      tau_prior <- new_prior("degenerate", group_prior[2], "scale")
    }
  }
  list(
    rows = rows,
    size = size,
    log_weight = log_weight,
    projection = projection,
    within = within,
    basis = residual_basis(residual, intercept),
    rounding = if (is.null(residual)) numeric() else c(if (intercept) 0, residual$rounding),
    group_squares = squares,
    separate = separate,
    direction = intercept,
    coefficient_mean = location[1, ],
    coefficient_sd = location[2, ],
    sigma_prior = within_prior(model, priors),
    tau_prior = tau_prior,
    variables = nrow(model$layout),
    columns = draw_columns(model)
  )
}

# The columns of the problem are (1, X, y) times this; 0 x 0 where they are the model's own.
residual_basis <- function(residual, intercept) {
  if (is.null(residual)) {
    return(matrix(0, 0, 0))
  }
  if (!intercept) {
    return(residual$combination)
  }
  rbind(c(1, -residual$constant), cbind(0, residual$combination), deparse.level = 0)
}

# Positions (from 0; NA: none) of the parameters in the draws. Groups that are problems of their own have the same columns,
# one after the other.
draw_columns <- function(model) {
  if (!shares_sigma(model)) {
    return(list(
      coefficients = first_position(model, "group"), first_group = NA_integer_, sigma = first_position(model, "scale_within"),
      tau = NA_integer_
    ))
  }
  intercept <- if (has_intercept(model) || has_independent_groups(model)) first_position(model, "population")
  list(
    coefficients = c(intercept, layout_positions(model, "slope") - 1L),
    first_group = first_position(model, "group"),
    sigma = first_position(model, "scale_within"),
    tau = first_position(model, "scale_between")
  )
}
