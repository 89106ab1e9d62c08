# What an engine takes: the model, its numerical problem, and what is known of the posterior. An error where there is none.

# `record`: what its quadrature found (see core_fit()); numeric() where there was none.
new_posterior <- function(model, reduced, priors, prior_only, call) {
  problem <- new_problem(model, reduced, priors, prior_only)
  check <- if (has_counts(model)) check_count_propriety else if (has_several_effects(model)) check_effect_propriety else check_propriety
  list(model = model, problem = problem, propriety = check(problem, model, priors, prior_only, call), record = numeric())
}
