# What the core needs to predict.

# The number of draws to use of a fit that has some.
count_draws <- function(fit, ndraws, call) {
  fit_draws(fit, call = call)
  all <- posterior::ndraws(fit)
  valid <- is_whole(ndraws, lower = 1, upper = all, null_ok = TRUE)
  check_argument(ndraws, valid, paste0("a whole number from 1 to ", all, ", the number of draws"), call)
  as.integer(ndraws %||% all)
}

# What the core reads (see rcpp_predict.cpp), and `y` if `response`. Positions of columns count from 0, NA stands for none; `groups` is one,
# of the first group's column, or with two factors one for each.
# `what`: the user's function, for messages. `noise`: whether the rows' own noise is wanted; a seed is only taken where
# there is something to draw.
prediction_task <- function(fit, newdata, options, what, call, noise = FALSE, response = FALSE) {
  wanted <- count_draws(fit, options$ndraws, call)
  rows <- prediction_rows(fit, newdata, options, what, call, response)
  model <- fit$model
  terms <- varying_terms(model)
  known <- lengths(lapply(terms, `[[`, "labels"))
  any_new <- any(vapply(seq_along(terms), function(k) any(rows$levels[, k] > known[k], na.rm = TRUE), NA))
  random <- noise || wanted < posterior::ndraws(fit) || any_new
  list(
    family = model$family,
    draws = fit$draws,
    draws_in_all = posterior::ndraws(fit),
    draws_wanted = wanted,
    population = first_position(model, "population"),
    slopes = first_position(model, "slope"),
    groups = if (has_two_terms(model)) first_groups(model) - 1L else first_position(model, "group"),
    sigma = first_position(model, "scale_within"),
    tau = first_position(model, "scale_between"),
    correlation = first_position(model, "correlation"),
    slope_count = length(model$slopes),
    directions = match(effect_directions(model), model$columns) - 1L,
    separate = !shares_sigma(model),
    x = rows$x,
    group = rows$group,
    levels = rows$levels,
    y = rows$y,
    known_groups = length(fit$reduced$group),
    known_levels = known,
    noise = rows$size %||% if (noise || response) sqrt(noise_of_rows(fit, rows, call)) else rep(1, length(rows$group)),
    known_sigma = model$scale_within$known %||% NA_real_,
    seed = options$seed %||% if (random) sample.int(.Machine$integer.max, 1) else 0,
    cores = options$cores
  )
}

check_prediction_memory <- function(task, call) {
  check_memory(
    task$draws_wanted, length(task$group), "observations",
    "Use fewer draws with {.arg ndraws}, or predict fewer rows at a time with {.arg newdata}.", call
  )
}
