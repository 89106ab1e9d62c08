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
#   factor       name of the grouping factor; `columns`: of the data, of which it is made; `labels`: of its groups
#   kind         "named", "independent" or "population" (see model-spec.R)
#   directions   what varies between the groups, q names
#   coefficient  names of the groups' coefficients (q), or NULL where they are only named; of one of two terms names of what its groups
#                differ by from the population
#   sd           names of the standard deviations between groups (q), or NULL
#   correlation  names of the correlations between a group's effects, by rows of the lower triangle; none where they are independent
new_group_term <- function(factor, columns, labels, kind, directions, coefficient, sd, correlation) {
  list(
    factor = factor, columns = columns, labels = labels, kind = kind, directions = directions, coefficient = coefficient, sd = sd,
    correlation = correlation
  )
}

# The same model of the groups of other moments or counts.
with_groups <- function(model, reduced) {
  levels <- term_levels(model, reduced)
  model$terms <- Map(function(term, of_factor) {
    term$labels <- of_factor$labels
    term
  }, model$terms, levels)
  model$layout <- new_layout(model)
  model
}

# The levels of each term's factor in moments or counts, see factor_levels().
term_levels <- function(model, reduced) factor_levels(reduced, lapply(model$terms, `[[`, "columns"))

# What varies between groups, the effects of all terms one after the other: their directions, or their standard deviations' names.
effect_directions <- function(model) unlist(lapply(varying_terms(model), `[[`, "directions"))
effect_sds <- function(model) unlist(lapply(varying_terms(model), `[[`, "sd"))
effect_correlations <- function(model) unlist(lapply(varying_terms(model), `[[`, "correlation"))

# The kind of each parameter that has a prior, named: "location", "slope", "scale", "scale_between" of a standard deviation that
# may be zero, as the observations' never is, or "correlation". Slopes are in the order of the predictors.
prior_kinds <- function(model) {
  names <- list(
    location = c(model$intercept, if (has_independent_groups(model)) varying_term(model)$coefficient), slope = model$slopes,
    scale = model$scale_within$name, scale_between = effect_sds(model),
    correlation = if (length(effect_correlations(model)) > 0) correlation_name
  )
  stats::setNames(rep(names(names), lengths(names)), unlist(names))
}

# What multiplies each effect of the groups, for rows `x` (n x columns of the model): n x q; with two factors n x 2, one for each.
direction_values <- function(model, x) {
  directions <- effect_directions(model)
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

# What multiplies the coefficients of the population; of counts also the mean of independent groups.
coefficient_columns <- function(model, x) {
  intercept <- has_intercept(model) || has_counts(model) && has_independent_groups(model)
  cbind(if (intercept) rep(1, nrow(x)), predictor_values(model, x), deparse.level = 0)
}

# The prior of the standard deviation within groups; a known value where the observations' errors are known.
within_prior <- function(model, priors) {
  if (has_known_errors(model)) new_prior("degenerate", model$scale_within$known, "scale") else priors[[model$scale_within$name]]
}
