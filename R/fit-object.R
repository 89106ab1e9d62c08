# A fit: the object, what other files may ask of it, and how it refuses what it does not have.

# `prior` and `own_arguments`: as the user gave them, for update(); the latter are those of one fitting function alone.
# `parsed`: the formula as the model reads it. `reduced`: the data as group moments or group counts. `sampled`: what an engine made.
# `of_rows`: the argument for the rows' weights or errors, a quosure in a named list, of which the expression is kept; `weights`: an
# expression of the weights that it stands for.
new_fit <- function(posterior, formula, parsed, prior, priors, reduced, data, of_rows, weights, settings, own_arguments, sampled, seed) {
  structure(
    list(
      model = posterior$model,
      formula = without_environment(formula),
      parsed = parsed_without_environment(parsed),
      prior = prior,
      priors = priors,
      reduced = reduced,
      data = data,
      of_rows = Filter(Negate(is.null), lapply(of_rows, rlang::quo_squash)),
      weights = weights,
      settings = settings,
      own_arguments = own_arguments,
      propriety = posterior$propriety,
      log_evidence = sampled$log_evidence,
      record = sampled$record,
      lattice = sampled$lattice,
      draws = sampled$draws,
      nuts = sampled$nuts,
      seed = seed
    ),
    class = "bayespool_fit"
  )
}

# Formulas carry the environment that they were written in, with all that is in it.
without_environment <- function(formula) {
  environment(formula) <- globalenv()
  formula
}

parsed_without_environment <- function(parsed) {
  parsed$formula <- without_environment(parsed$formula)
  parsed$fixed <- without_environment(parsed$fixed)
  if (!is.null(parsed$varying)) parsed$varying$fixed <- without_environment(parsed$varying$fixed)
  parsed$env <- globalenv()
  parsed
}

# Has it the single observations that it was fitted to?
has_rows <- function(fit) !is.null(fit$data)

has_draws <- function(fit) !is.null(fit$draws)

# Are its results computed by quadrature, or from chains?
has_quadrature <- function(fit) fit$settings$algorithm == "exact"
has_chains <- function(fit) fit$settings$algorithm == "nuts"

is_prior_only <- function(fit) fit$settings$prior_only

# Name of the grouping factor in its formula, or NULL. Groups may be only named there: has_groups(fit$model) asks for more.
grouping_factor <- function(fit) fit$parsed$group

has_grouping_factor <- function(fit) !is.null(grouping_factor(fit))

# Names of the variables that its predictors are made of: those of the population, then those that only vary between groups.
predictor_variables <- function(fit) {
  varying <- if (has_varying_terms(fit$parsed)) all.vars(stats::delete.response(stats::terms(fit$parsed$varying$fixed)))
  union(population_variables(fit), varying)
}

population_variables <- function(fit) all.vars(stats::delete.response(stats::terms(fit$parsed$fixed)))

# The numerical problem of a fit and what is known of its posterior, for what is computed after it.
fit_posterior <- function(fit) {
  problem <- new_problem(fit$model, fit$reduced, fit$priors, is_prior_only(fit))
  list(model = fit$model, problem = problem, propriety = fit$propriety, record = fit$record %||% numeric())
}

# Its draws, or an error where it has none.
fit_draws <- function(fit, inc_warmup = FALSE, call = rlang::caller_env()) {
  if (!has_draws(fit)) {
    abort_bayespool(
      c(
        "This fit has no draws.",
        i = "It was made with {.code iter_sampling = 0}; {.fn exact_summary} needs no draws.",
        i = "{.code update(fit, iter_sampling = 1000)} adds them."
      ),
      "draws", call
    )
  }
  check_flag(inc_warmup, call)
  if (!inc_warmup) {
    return(fit$draws)
  }
  nuts <- fit_nuts(fit, call)
  check_warmup_saved(nuts, call)
  if (is.null(nuts$warmup)) fit$draws else posterior::bind_draws(nuts$warmup, fit$draws, along = "iteration")
}

# draws x variables.
draws_matrix <- function(fit, call) unclass(posterior::as_draws_matrix(fit_draws(fit, call = call)))

# The run of NUTS, or an error where there was none.
fit_nuts <- function(fit, call) {
  if (!has_chains(fit)) {
    abort_bayespool(
      c(
        "There was no chain: the draws of this fit are independent, from the exact algorithm.",
        i = "It has no step size, no divergences and no warmup.",
        i = "{.code update(fit, algorithm = \"nuts\")} runs chains."
      ),
      "algorithm", call
    )
  }
  fit_draws(fit, call = call)
  fit$nuts
}

check_warmup_saved <- function(nuts, call) {
  if (!nuts$control$save_warmup) {
    abort_bayespool(
      c(
        "This fit has not kept the draws of warmup.",
        i = "{.code update(fit, control = nuts_control(save_warmup = TRUE))} keeps them."
      ),
      "draws", call
    )
  }
}

# Only a population of groups has a variance between groups, and deviations from it. `what`: the function that needs it;
# `otherwise`: what serves instead, as cli text.
check_has_population <- function(fit, what, otherwise, call) {
  if (!has_population(fit$model)) {
    abort_bayespool(
      c(
        "{.fn {what}} needs a population of groups, and {tolower(fit$model$title)} has none.",
        i = otherwise,
        i = "{.fn {population_verbs()}} have one."
      ),
      "model", call
    )
  }
}

check_uses_data <- function(fit, call) {
  if (is_prior_only(fit)) {
    abort_bayespool(
      c("This fit has no data to predict.", i = "It was made with {.code prior_only = TRUE}."), "argument", call
    )
  }
}
