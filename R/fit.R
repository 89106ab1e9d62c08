# One fit: read the formula, reduce the data to moments, set up the problem, sample, and build the object.

# `name`: the fitting function's. `weights`: a quosure. `own_arguments`: those that no other fitting function has. `call`: for error
# messages.
fit_model <- function(name, formula, data, prior, weights, settings, call, own_arguments = list()) {
  if (missing(formula) || missing(data)) {
    abort_bayespool(
      c(
        "{.arg formula} and {.arg data} must be given.",
        i = "{.arg data} is a data frame or group moments; variables are only looked up there."
      ),
      "argument", call
    )
  }
  force(settings)
  parsed <- parse_formula(formula, call = call)
  name <- model_name(name, parsed)
  parsed <- model_formula(name, parsed, call)
  shared_sigma <- !"sigma" %in% names(own_arguments) || choose_sigma(own_arguments$sigma, parsed, call) == "common"
  data <- attach_weights(data, weights, call)
  moments <- reduce_data(parsed, data, pooled = shared_sigma && !has_varying_terms(parsed), call = call)
  model <- specify_model(name, parsed, moments, shared_sigma)
  priors <- resolve_priors(prior, prior_kinds(model), scale_statistics(moments), call = call)
  posterior <- new_posterior(model, moments, priors, settings$prior_only, call)
  if (!settings$prior_only) {
    warn_undetermined(model, moments, priors, data, call)
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
  if (!is.null(sampled$nuts)) {
    warn_nuts(sampled$draws, sampled$nuts, call)
  }
  new_fit(
    posterior, formula, parsed, prior, priors, moments, used_data(parsed, rlang::quo_squash(weights), data), weights, settings,
    own_arguments, sampled, seed
  )
}
