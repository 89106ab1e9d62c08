# Every call of C++ that computes with a model of counts. See core.R.

# Rows tau^2 and the intraclass correlation on the scale of log odds: mean, sd, lower, upper.
core_count_variances <- function(posterior, prob, interval, call) {
  run_core(
    cpp_counts_variances(posterior$problem, posterior$propriety$order, posterior$record, prob, interval == "hdi"), call
  )
}

# `x` (n x P, with the intercept's column where there is one); `group` from 0, -1 for a new one, -2 for the population; `response`:
# probabilities or rates in the place of log odds or log rates. Columns mean, sd, lower, upper.
core_count_rows <- function(posterior, x, group, response, prob, interval, cores, call) {
  run_core(
    cpp_counts_rows(
      posterior$problem, posterior$propriety$order, posterior$record, x, group, response, prob, interval == "hdi", cores
    ),
    call
  )
}

# The same of another count in each row, of `size` trials or in an exposure of that size. `mixture` (from 0): which of the rows of `x` and
# `group` it belongs to.
core_count_predictions <- function(posterior, x, group, mixture, size, prob, interval, cores, call) {
  run_core(
    cpp_counts_predictions(
      posterior$problem, posterior$propriety$order, posterior$record, x, group, mixture, size, prob, interval == "hdi", cores
    ),
    call
  )
}

# The same over draws of theta (draws x rows).
core_count_predictions_of_draws <- function(theta, size, family, prob, interval) {
  cpp_counts_predictions_of_draws(theta, size, family == "poisson", prob, interval == "hdi")
}

# log p(events) of another observation in groups (from 0), given all data.
core_count_log_predictive <- function(posterior, x, group, mixture, events, size, cores, call) {
  run_core(
    cpp_counts_log_predictive(
      posterior$problem, posterior$propriety$order, posterior$record, x, group, mixture, events, size, cores
    ),
    call
  )
}

# log p(part | the rest) of parts of groups (from 0), `events` of `size`.
core_count_leave_one_out <- function(posterior, group, events, size, cores, call) {
  run_core(
    cpp_counts_leave_one_out(posterior$problem, posterior$propriety$order, posterior$record, group, events, size, cores), call
  )
}

# Coefficients of groups `first` minus those of groups `second` (from 0): mean, sd, lower, upper, probability that this is positive.
core_count_contrasts <- function(posterior, first, second, prob, interval, cores, call) {
  run_core(
    cpp_counts_contrasts(
      posterior$problem, posterior$propriety$order, posterior$record, first, second, prob, interval == "hdi", cores
    ),
    call
  )
}

# Of each group Var(theta | beta, tau) / tau^2: mean, sd, lower, upper.
core_count_shrinkage <- function(posterior, prob, interval, call) {
  run_core(
    cpp_counts_shrinkage(
      posterior$problem, posterior$propriety$order, posterior$record, prob, interval == "hdi", getOption("mc.cores", 1L)
    ),
    call
  )
}
