# The numerical problem of a model with several effects, of a group or of two grouping factors: the list that the C++ core reads (see
# effect_problem.h).

# Columns are those of the moments, numbered from 0; NA stands for the constant. `prior_only` leaves the data out: groups of size zero.
# With two factors lines of the moments are cells: `levels`, the levels of both (cells x 2, from 0), and `level_counts`, how many there are;
# each direction is that of a factor, and its groups' variables are deviations.
new_effect_problem <- function(model, moments, priors, prior_only) {
  two <- has_two_terms(model)
  directions <- effect_directions(model)
  correlations <- effect_correlations(model)
  position <- function(names) ifelse(names == intercept_direction, NA_integer_, match(names, model$columns) - 1L)
  predictors <- c(if (has_intercept(model)) intercept_direction, model$predictors)
  location <- vapply(priors[c(model$intercept, model$slopes)], function(prior) prior$par, numeric(2))
  keep <- if (prior_only) 0 else 1
  problem <- structure(
    list(
      rows = moments$n * keep,
      size = group_weights(moments) * keep,
      log_weight = (moments$log_weight %||% 0) * keep,
      mean = unname(moments$mean) * keep,
      within = unname(moments$within) * keep,
      predictors = position(predictors),
      directions = position(directions),
      coefficient_mean = as.double(location[1, ]),
      coefficient_sd = as.double(location[2, ]),
      sigma_prior = within_prior(model, priors),
      tau_priors = unname(priors[effect_sds(model)]),
      eta = if (length(correlations) > 0) priors[[correlation_name]]$par else NA_real_,
      variables = nrow(model$layout),
      columns = list(
        coefficients = layout_positions(model, c("population", "slope")) - 1L,
        first_group = first_groups(model) - 1L,
        coefficient_of_direction = if (two) c(NA_integer_, NA_integer_) else match(directions, predictors) - 1L,
        sigma = first_position(model, "scale_within"),
        tau = layout_positions(model, "scale_between") - 1L,
        rho = layout_positions(model, "correlation") - 1L
      )
    ),
    class = "effect_problem"
  )
  if (two) {
    levels <- term_levels(model, moments)
    problem$levels <- unname(vapply(levels, function(level) level$code - 1L, integer(length(moments$n))))
    dim(problem$levels) <- c(length(moments$n), 2)
    problem$level_counts <- lengths(lapply(levels, `[[`, "labels"), use.names = FALSE)
  }
  problem
}

# The positions of the first group's variables, by term and direction.
first_groups <- function(model) {
  layout <- model$layout
  groups <- which(layout$role == "group")
  groups[!duplicated(layout[groups, c("term", "direction")])]
}
