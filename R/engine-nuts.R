# The NUTS engine: runs the chains and names what comes back. `posterior` as new_posterior() makes it.

# A list with `draws`, a draws_array, and `nuts`: control, iter_warmup, `diagnostics` (iterations x chains x 7, with
# the iterations of warmup first where they are kept), step_size, inverse_metric (coordinates x chains), warmup (a
# draws_array or NULL).
nuts_draws <- function(posterior, settings, seed, call) {
  model <- posterior$model
  control <- settings$control
  iter_sampling <- settings$iter_sampling
  centered <- control$parameterization == "centered"
  if (centered && !has_population(model)) {
    abort_bayespool(
      c(
        "{.fn {model$name}} has no centered form: its means have a prior each, and no common one to be centered on.",
        i = "Leave {.arg parameterization} out."
      ),
      "argument", call
    )
  }
  # Means without a common one are their own coordinates.
  standardised <- has_population(model) && !centered
  coordinates <- nuts_coordinates(model, posterior$problem, centered = !standardised)
  if (length(coordinates) == 0) {
    abort_bayespool(
      c(
        "There is nothing to sample: all parameters are known.",
        i = "{.code algorithm = \"exact\"} takes such a model."
      ),
      "argument", call
    )
  }
  result <- core_nuts(
    posterior$problem, c(unclass(control), list(centered = !standardised)), settings$chains, settings$iter_warmup,
    iter_sampling, seed, settings$cores, isTRUE(getOption("bayespool.progress", interactive())), call
  )
  warmup <- if (control$save_warmup) settings$iter_warmup else 0L
  diagnostics <- result$diagnostics
  measures <- colnames(diagnostics)
  dim(diagnostics) <- c(warmup + iter_sampling, settings$chains, length(measures))
  dimnames(diagnostics) <- list(NULL, NULL, measures)
  draws <- new_draws(result$draws, warmup + iter_sampling, settings$chains, layout_variables(model))
  rownames(result$inverse_metric) <- coordinates
  list(
    draws = if (warmup > 0) posterior::subset_draws(draws, iteration = warmup + seq_len(iter_sampling)) else draws,
    nuts = list(
      control = control,
      iter_warmup = settings$iter_warmup,
      diagnostics = diagnostics,
      step_size = result$step_size,
      inverse_metric = result$inverse_metric,
      warmup = if (warmup > 0) posterior::subset_draws(draws, iteration = seq_len(warmup))
    )
  )
}

# Names of the coordinates in which NUTS moves, as the core tells them. Standardised effects are eta[Kassel] of intercepts,
# eta[stress,Kassel] of slopes, eta[subject,S1] of one of two factors. Where predictors are those of groups, NUTS moves their log odds or
# log rates theta[Kassel].
nuts_coordinates <- function(model, problem, centered) {
  at <- core_nuts_coordinates(problem, centered)
  terms <- varying_terms(model)
  of_counts <- has_counts(model) && has_predictors(model)
  groups <- if (of_counts) indexed("theta", varying_term(model)$labels) else layout_variables(model, "group")
  coefficients <- c(model$intercept %||% if (has_independent_groups(model)) NA, model$slopes)
  if (!shares_sigma(model)) { # each group is a problem of its own, and its mean the only coefficient
    coefficients <- groups
    of_groups <- at$kind == "coefficient"
    at$index[of_groups] <- at$part[of_groups]
  }
  effects <- unlist(lapply(terms, function(term) {
    lapply(sub("^.*\\[", "eta[", sub("^[^[]*$", "eta", term$coefficient)), with_label, term$labels)
  }))
  name <- character(length(at$kind))
  put <- function(kind, standardised, names, index) {
    chosen <- at$kind == kind & (at$scale == "standardised") == standardised
    name[chosen] <<- names[index[chosen]]
  }
  put("coefficient", FALSE, coefficients, at$index)
  put("group", FALSE, groups, at$index)
  put("group", TRUE, effects, at$index)
  put("sigma", FALSE, layout_variables(model, "scale_within"), at$part)
  put("tau", FALSE, layout_variables(model, "scale_between"), at$index)
  put("correlation", FALSE, layout_variables(model, "correlation"), at$index)
  ifelse(at$scale %in% c("natural", "standardised"), name, sprintf("%s(%s)", at$scale, name))
}

# The iterations after warmup, as an array iterations x chains x 7.
after_warmup <- function(nuts) {
  warmup <- if (nuts$control$save_warmup) nuts$iter_warmup else 0L
  nuts$diagnostics[seq_len(nrow(nuts$diagnostics)) > warmup, , , drop = FALSE]
}
