# Every call of C++ that computes with a model with several effects, of a group or of two grouping factors. See core.R.

core_check_effects <- function(problem) cpp_effects_check(problem)

# Rows of x'beta + z'b, with a variance of `noise` * sigma^2 beside: `x` (n x P, with the intercept's column where there is one), `z`
# (n x q);
# `group` (n x factors) from 0, -1 for a new one, NA for none. With two factors z is n x 2. Columns mean, sd, lower, upper.
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
# the difference is positive. With two factors z has 1 for that of the groups, 0 for the other.
core_effect_contrasts <- function(posterior, z, first, second, prob, interval, cores, call) {
  run_core(
    cpp_effects_contrasts(
      posterior$problem, posterior$propriety$orders, posterior$record, z, first, second, prob, interval == "hdi", cores,
      memory_for_nodes(posterior$problem)
    ),
    call
  )
}

# As core_combination(); `z` (groups x q): what multiplies the effects of each group. With two factors it is 0 but for that of the group.
core_effect_combination <- function(posterior, coefficient, z, group, at, prob, interval, call) {
  run_core(
    cpp_effects_combination(
      posterior$problem, posterior$propriety$orders, posterior$record, coefficient, z, group, at, prob, interval == "hdi",
      memory_for_nodes(posterior$problem)
    ),
    call
  )
}

# For rows z (n x q): the variances of z'b (n rows), sigma^2 (one), and the shares of the former in the variance of t'b + e, with t a row
# of `total` (n). Columns mean, sd, lower, upper.
core_effect_variances <- function(posterior, z, total, prob, interval, call) {
  run_core(
    cpp_effects_variances(posterior$problem, posterior$propriety$orders, posterior$record, z, total, prob, interval == "hdi"), call
  )
}

# `x` (N x (P + 1)): as above, the response last; `weight` of each row; `group` (N x factors) from 0, -1 for a new one. See
# exact_leave_rows_out().
core_effect_leave_one_out <- function(posterior, x, z, weight, group, about, prob, cores, call) {
  run_core(
    cpp_effects_leave_one_out(
      posterior$problem, posterior$propriety$orders, posterior$record, x, z, weight, group, about, prob, cores,
      memory_for_nodes(posterior$problem)
    ),
    call
  )
}
