# Every call of C++ that computes with a model whose groups differ in more than an intercept. See core.R.

core_check_effects <- function(problem) cpp_effects_check(problem)

# Rows of x'beta + z'b, with a variance of `noise` * sigma^2 beside: `x` (n x P, with the intercept's column where there is one), `z`
# (n x q);
# `group` from 0, -1 for a new one, NA for the population. Columns mean, sd, lower, upper.
core_effect_rows <- function(posterior, x, z, group, noise, prob, interval, cores, call) {
  run_core(
    cpp_effects_combinations(
      posterior$problem, posterior$propriety$orders, posterior$record, x, z, group, noise, prob, interval == "hdi", cores,
      memory_for_nodes(posterior$problem)
    ),
    call
  )
}

# The groups' z'b and their means in groups `first` less those in groups `second` (from 0): columns mean, sd, lower, upper, probability that
# the difference is positive.
core_effect_contrasts <- function(posterior, z, first, second, prob, interval, cores, call) {
  run_core(
    cpp_effects_contrasts(
      posterior$problem, posterior$propriety$orders, posterior$record, z, first, second, prob, interval == "hdi", cores,
      memory_for_nodes(posterior$problem)
    ),
    call
  )
}

# For rows z (n x q): the variances of z'b (n rows), sigma^2 (one), and the shares of the former in their sum (n). Columns mean, sd,
# lower, upper.
core_effect_variances <- function(posterior, z, prob, interval, call) {
  run_core(
    cpp_effects_variances(posterior$problem, posterior$propriety$orders, posterior$record, z, prob, interval == "hdi"), call
  )
}

# `x` (N x (P + 1)): as above, the response last; `weight` of each row; `group` from 0. Columns log p(y_i | y_-i),
# log p(y_i | y), y_i - E(y_i | y_-i).
core_effect_leave_one_out <- function(posterior, x, z, weight, group, cores, call) {
  run_core(
    cpp_effects_leave_one_out(
      posterior$problem, posterior$propriety$orders, posterior$record, x, z, weight, group, cores, memory_for_nodes(posterior$problem)
    ),
    call
  )
}
