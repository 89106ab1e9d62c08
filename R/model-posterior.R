# What an engine takes: the model, its numerical problem, and what is known of the posterior. An error where there is none.

new_posterior <- function(model, moments, priors, prior_only, call) {
  problem <- new_problem(model, moments, priors, prior_only)
  list(model = model, problem = problem, propriety = check_propriety(problem, model, priors, prior_only, call))
}

# The list for the core. `orders`: of the moments of sigma and tau that are wanted.
core_problem <- function(posterior, orders = posterior$propriety$orders) c(posterior$problem, orders)
