# The model of a fit as an object.

# A list of class bayespool_model:
#   name          the fitting function's name
#   title         for people
#   family        of the outcome: "gaussian", "binomial" or "poisson"
#   intercept     name of the population's mean or intercept, or NULL
#   predictors    names of the predictor columns; `slopes`: of their coefficients
#   columns       names of the columns of rows `x` (see fit-rows.R): the predictors, then what varies between groups and is none of them
#   terms         list of group terms
#   scale_within  `name` of the standard deviation within groups, and whether the groups have it `shared`; where the errors of observations
#                 are known no name, but what it is `known` to be; counts have none
#   layout        the variables, see model-layout.R
new_model <- function(name, title, family, intercept, predictors, columns, terms, scale_within) {
  model <- list(
    name = name, title = title, family = family, intercept = intercept, predictors = predictors,
    columns = columns, slopes = indexed("beta", predictors), terms = terms, scale_within = scale_within
  )
  model$layout <- new_layout(model)
  structure(model, class = "bayespool_model")
}

# What a bar in the formula stands for:
#   factor       name of the grouping factor; `labels`: of its groups
#   kind         "named", "independent" or "population" (see model-spec.R)
#   directions   what varies between the groups, q names
#   coefficient  names of the groups' coefficients (q), or NULL where they are only named
#   sd           names of the standard deviations between groups (q), or NULL
#   correlation  names of the correlations between a group's effects, by rows of the lower triangle; none where they are independent
new_group_term <- function(factor, labels, kind, directions, coefficient, sd, correlation) {
  list(
    factor = factor, labels = labels, kind = kind, directions = directions, coefficient = coefficient, sd = sd,
    correlation = correlation
  )
}

# The same model of other groups.
with_groups <- function(model, labels) {
  model$terms <- lapply(model$terms, function(term) {
    term$labels <- labels
    term
  })
  model$layout <- new_layout(model)
  model
}

# The kind of each parameter that has a prior, named: "location", "slope", "scale", "scale_between" of a standard deviation that
# may be zero, as the observations' never is, or "correlation". Slopes are in the order of the predictors.
prior_kinds <- function(model) {
  term <- varying_term(model)
  names <- list(
    location = c(model$intercept, if (has_independent_groups(model)) term$coefficient), slope = model$slopes,
    scale = model$scale_within$name, scale_between = term$sd, correlation = if (length(term$correlation) > 0) correlation_name
  )
  stats::setNames(rep(names(names), lengths(names)), unlist(names))
}

# What multiplies each effect of the groups, for rows `x` (n x columns of the model): n x q.
direction_values <- function(model, x) {
  directions <- varying_term(model)$directions
  z <- matrix(1, nrow(x), length(directions))
  column <- match(directions, model$columns)
  z[, !is.na(column)] <- x[, column[!is.na(column)]]
  z
}

# The pairs of a group's effects (rows; the earlier one first), as positions, in the order of their correlations.
effect_pairs <- function(term) unname(which(upper.tri(diag(length(term$directions))), arr.ind = TRUE))

# The names of the population's coefficients in these directions, NA where the model has none: the mean of the groups' is 0 there.
direction_means <- function(model, directions = varying_term(model)$directions) {
  means <- model$slopes[match(directions, model$predictors)]
  replace(means, directions == intercept_direction, model$intercept %||% NA_character_)
}

# The columns of rows `x` that have coefficients of the population.
predictor_values <- function(model, x) x[, seq_along(model$predictors), drop = FALSE]

# The prior of the standard deviation within groups; a known value where the observations' errors are known.
within_prior <- function(model, priors) {
  if (has_known_errors(model)) new_prior("degenerate", model$scale_within$known, "scale") else priors[[model$scale_within$name]]
}
