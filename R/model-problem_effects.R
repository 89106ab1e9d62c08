# The numerical problem of a model whose groups differ in more than an intercept: the list that the C++ core reads (see effect_problem.h).

# Columns are those of the moments, numbered from 0; NA stands for the constant. `prior_only` leaves the data out: groups of size zero.
new_effect_problem <- function(model, moments, priors, prior_only) {
  term <- varying_term(model)
  position <- function(names) ifelse(names == intercept_direction, NA_integer_, match(names, model$columns) - 1L)
  predictors <- c(if (has_intercept(model)) intercept_direction, model$predictors)
  location <- vapply(priors[c(model$intercept, model$slopes)], function(prior) prior$par, numeric(2))
  keep <- if (prior_only) 0 else 1
  structure(
    list(
      rows = moments$n * keep,
      size = group_weights(moments) * keep,
      log_weight = (moments$log_weight %||% 0) * keep,
      mean = unname(moments$mean) * keep,
      within = unname(moments$within) * keep,
      predictors = position(predictors),
      directions = position(term$directions),
      coefficient_mean = as.double(location[1, ]),
      coefficient_sd = as.double(location[2, ]),
      sigma_prior = within_prior(model, priors),
      tau_priors = unname(priors[term$sd]),
      eta = if (length(term$correlation) > 0) priors[[correlation_name]]$par else NA_real_,
      variables = nrow(model$layout),
      columns = list(
        coefficients = layout_positions(model, c("population", "slope")) - 1L,
        first_group = match(term$directions, model$layout$direction[model$layout$role == "group"]) - 1L +
          first_position(model, "group"),
        coefficient_of_direction = match(term$directions, predictors) - 1L,
        sigma = first_position(model, "scale_within"),
        tau = layout_positions(model, "scale_between") - 1L,
        rho = layout_positions(model, "correlation") - 1L
      )
    ),
    class = "effect_problem"
  )
}
