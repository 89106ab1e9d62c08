# What a model of counts needs from `data`, whatever kind it is: group counts.

# Group counts whose columns are the formula's predictors in its order. Without a grouping factor there is one group, "". Trials are in a
# column of weights, see attach_trials(). Each kind of data has a method, as for reduce_data().
reduce_counts <- function(parsed, data, call = rlang::caller_env()) UseMethod("reduce_counts", data)

#' @export
#' @noRd
reduce_counts.default <- function(parsed, data, call = rlang::caller_env()) {
  abort_bayespool(
    c(
      "{.arg data} must be a data frame or group counts, or a list of group counts.",
      i = "Found {.obj_type_friendly {data}}.",
      i = "Tables of a database and rows that come in parts are accepted too: see {.code help(\"bayespool-rows\")}."
    ),
    "data", call
  )
}

#' @export
#' @noRd
reduce_counts.group_moments <- function(parsed, data, call = rlang::caller_env()) {
  abort_bayespool(
    c("Group moments are of a normal outcome.", i = "{.fn group_counts} makes group counts of rows, for {.fn {parsed$family$name}}."),
    "data", call
  )
}

#' @export
#' @noRd
reduce_counts.group_counts <- function(parsed, data, call = rlang::caller_env()) select_counts(parsed, data, call)

#' @export
#' @noRd
reduce_counts.list <- function(parsed, data, call = rlang::caller_env()) {
  wrong <- "{.arg data} must be a data frame or group counts, or a list of group counts."
  select_counts(parsed, merge_counts(flatten_parts(data, "group_counts", wrong, "data", call), call), call)
}

#' @export
#' @noRd
reduce_counts.data.frame <- function(parsed, data, call = rlang::caller_env()) {
  check_variables(parsed, data, call)
  data <- mark_missing_by_class(data, all.vars(parsed$formula))
  rows <- cells_of_count_rows(parsed, data, call)
  tell_dropped_counts(parsed, rows, call)
  cells <- one_line_a_group(rows, call)
  frame <- structure(as_frame(cells$variables, length(cells$lines$n)), terms = cells$terms)
  counts_of_cells(parsed, cells, list(frame = frame, terms = cells$terms), call)
}

tell_dropped_counts <- function(parsed, cells, call) {
  tell_dropped(cells$dropped, sum(cells$lines$n), call, if (has_two_columns(parsed)) "without trials" else "of weight 0")
}

# `data` with the numbers of trials that `weights` (a quosure) gives, where the response is a proportion.
attach_trials <- function(parsed, data, weights, call) {
  if (!rlang::quo_is_null(weights) && (parsed$family$name == "poisson" || has_two_columns(parsed))) {
    instead <- if (has_two_columns(parsed)) {
      "The response {.code {parsed$response}} has the numbers of trials in it."
    } else {
      "Of counts, what they are out of is an exposure: {.code offset(log(exposure))} in the formula."
    }
    abort_bayespool(c("{.arg weights} are the numbers of trials of a proportion.", i = instead), "argument", call)
  }
  attach_weights(data, weights, call)
}
