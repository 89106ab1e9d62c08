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
  coordinates <- nuts_coordinates(model, posterior$problem, standardised)
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
    core_problem(posterior), c(unclass(control), list(centered = !standardised)), settings$chains, settings$iter_warmup,
    iter_sampling, seed, settings$cores, isTRUE(getOption("bayespool.progress", interactive())), call
  )
  warmup <- if (control$save_warmup) settings$iter_warmup else 0L
  diagnostics <- result$diagnostics
  dim(diagnostics) <- c(warmup + iter_sampling, settings$chains, ncol(diagnostics))
  dimnames(diagnostics) <- list(NULL, NULL, c(nuts_names, "lp"))
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

nuts_names <- c("accept_stat__", "stepsize__", "treedepth__", "n_leapfrog__", "divergent__", "energy__")

# Names of the coordinates in which NUTS moves, in the order of the core (see hierarchical_density.hpp).
nuts_coordinates <- function(model, problem, standardised) {
  scale <- function(prior, role) {
    names <- layout_variables(model, role)
    if (!is_fixed(prior)) sprintf(if (is_bounded(prior)) "logit(%s)" else "log(%s)", names)
  }
  free <- problem$coefficient_sd > 0
  sds <- scale(problem$sigma_prior, "scale_within")
  groups <- layout_variables(model, "group")
  if (!shares_sigma(model)) {
    return(c(rbind(if (free) groups, sds)))
  }
  intercept <- if (problem$direction_column == 0L) model$intercept %||% NA
  known_groups <- is_fixed(problem$tau_prior) && problem$tau_prior$par == 0
  c(
    c(intercept, model$slopes)[free],
    if (standardised && !known_groups) indexed("eta", varying_term(model)$labels) else if (!known_groups) groups,
    sds,
    scale(problem$tau_prior, "scale_between")
  )
}

# The iterations after warmup, as an array iterations x chains x 7.
after_warmup <- function(nuts) {
  warmup <- if (nuts$control$save_warmup) nuts$iter_warmup else 0L
  nuts$diagnostics[seq_len(nrow(nuts$diagnostics)) > warmup, , , drop = FALSE]
}
