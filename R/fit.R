# One fit: read the formula, reduce the data to one line a group, set up the problem, sample, and build the object.

# `name`: the fitting function's. `of_rows`: the quosure `weights`, or those of `se` and `vi`. `own_arguments`: others that not all fitting
# functions have, such as `family`. `call`: for error messages.
fit_model <- function(name, formula, data, prior, of_rows, settings, call, own_arguments = list()) {
  if (missing(formula) || missing(data)) {
    abort_bayespool(
      c(
        "{.arg formula} and {.arg data} must be given.",
        i = "{.arg data} is a data frame, group moments or group counts; variables are only looked up there."
      ),
      "argument", call
    )
  }
  force(settings)
  parsed <- parse_formula(formula, call = call, family = read_family(own_arguments$family %||% "gaussian", call))
  name <- model_name(name, parsed)
  parsed <- model_formula(name, parsed, call)
  shared_sigma <- !"sigma" %in% names(own_arguments) || choose_sigma(own_arguments$sigma, parsed, call) == "common"
  known_errors <- isTRUE(model_specs[[name]]$known_errors)
  if (known_errors) {
    of_rows <- choose_errors(of_rows$se, of_rows$vi, data, call)
    data <- attach_errors(data, of_rows, call)
  } else if (is_counts(parsed$family)) {
    data <- attach_trials(parsed, data, of_rows$weights, call)
  } else {
    data <- attach_weights(data, of_rows$weights, call)
  }
  reduced <- if (is_counts(parsed$family)) {
    reduce_counts(parsed, data, call)
  } else {
    reduce_data(parsed, data, pooled = shared_sigma && !has_varying_terms(parsed) && !has_two_factors(parsed), call = call)
  }
  check_single(reduced, call)
  if (known_errors) {
    typical <- typical_variance(parsed, data, reduced, call)
    reduced <- scale_weights(reduced, typical)
    data <- change_weights(data, bquote(.(as.name(weights_column)) * .(typical)))
  }
  model <- specify_model(name, parsed, reduced, shared_sigma, if (known_errors) sqrt(typical))
  priors <- resolve_priors(prior, prior_kinds(model), scale_statistics(reduced), call = call)
  posterior <- new_posterior(model, reduced, priors, settings$prior_only, call)
  if (!settings$prior_only) {
    warn_undetermined(model, reduced, priors, data, call)
  }

  check_memory(
    as.double(settings$chains) * iterations_kept(settings), nrow(model$layout), "variables",
    "Ask for fewer draws, or for none with {.code iter_sampling = 0}: {.fn exact_summary} needs none.", call
  )
  seed <- if (settings$iter_sampling > 0) settings$seed %||% sample.int(.Machine$integer.max, 1)
  sampled <- if (settings$algorithm == "exact") {
    exact_draws(posterior, settings, seed %||% 0, call)
  } else if (settings$iter_sampling > 0) {
    nuts_draws(posterior, settings, seed, call)
  }
  row_weights <- if (known_errors) errors_as_weights(of_rows, typical) else rlang::quo_squash(of_rows$weights)
  if (!is.null(sampled$nuts)) {
    warn_nuts(sampled$draws, sampled$nuts, call)
  }
  new_fit(
    posterior, formula, parsed, prior, priors, reduced, used_data(parsed, row_weights, data), of_rows, row_weights, settings,
    own_arguments, sampled, seed
  )
}
