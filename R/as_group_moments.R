# as_group_moments(): from a published table to one line a group.

#' Group moments from a published table
#'
#' Builds the moments of a single response from what a paper reports of each group: its size, mean
#' and standard deviation. Nothing else is needed to fit the models without predictors.
#'
#' Means and standard deviations are on the scale of the data. A group of size \eqn{n_j} with standard deviation
#' \eqn{s_j} has the sum of squares \eqn{W_j = (n_j - 1) s_j^2} about its mean. A table with standard errors of the means
#' in place of standard deviations has \eqn{s_j = \sqrt{n_j}\,\mathrm{se}_j}{s_j = sqrt(n_j) se_j}.
#'
#' The response of such a table has no name that a formula could ask for, so every response and
#' grouping factor in a formula matches it: `partial_pooling(y ~ 1 + (1 | study), table)` and
#' `partial_pooling(score ~ 1 + (1 | site), table)` are the same fit.
#'
#' @param group Labels of the groups, each once.
#' @param n Sizes of the groups: whole numbers, at least 1.
#' @param mean Means of the response in each group.
#' @param sd Standard deviations (not variances) of the response in each group, with divisor n - 1;
#'   `NA` is accepted where `n` is 1.
#' @return An object of class `group_moments`, see [group_moments()].
#' @section Errors: Of class `bayespool_error_moments`: lengths that differ, missing or infinite
#'   values, a size that is not a whole number of at least 1, a negative standard deviation, a
#'   repeated group.
#' @seealso [group_moments()] for rows.
#' @examples
#' # Self-control at three sites; see hpp_sites.
#' table <- as_group_moments(
#'   group = c("Kassel", "METU", "Oslo"), n = c(106, 181, 85),
#'   mean = c(41.34, 39.86, 42.71), sd = c(7.931, 8.486, 7.171)
#' )
#' table
#' partial_pooling(scontrol ~ 1 + (1 | site), table, iter_sampling = 0)
#' @export
as_group_moments <- function(group, n, mean, sd) {
  call <- rlang::current_env()
  group <- without_class(group)
  n <- without_class(n)
  mean <- without_class(mean)
  sd <- without_class(sd)
  check_table(group, n, mean, sd, call)
  within <- ifelse(n == 1, 0, (n - 1) * sd^2)
  if (!all(is.finite(within))) {
    abort_bayespool(
      c("{.arg sd} is too large for double precision.", i = "Divide {.arg mean} and {.arg sd} by a constant first."),
      "moments", call
    )
  }
  new_group_moments(
    group_name = NULL,
    group = as.character(group),
    n = as.double(n),
    mean = matrix(as.double(mean), ncol = 1, dimnames = list(NULL, "y")),
    within = matrix(as.double(within), ncol = 1),
    response = "y"
  )
}

check_table <- function(group, n, mean, sd, call) {
  refuse <- function(wrong, found = NULL, envir = rlang::caller_env()) {
    abort_bayespool(c(wrong, i = found), "moments", call, .envir = envir)
  }
  sizes <- c(group = length(group), n = length(n), mean = length(mean), sd = length(sd))
  if (length(unique(sizes)) != 1) {
    refuse(
      "{.arg group}, {.arg n}, {.arg mean} and {.arg sd} must have the same length.",
      "Their lengths are {sizes}."
    )
  }
  if (length(group) == 0) {
    refuse("The table has no groups.")
  }
  check_numbers(list(n = n, mean = mean, sd = sd), group, refuse)
  if (anyNA(group)) {
    refuse("{.arg group} has missing labels.")
  }
  repeated <- unique(as.character(group)[duplicated(as.character(group))])
  if (length(repeated) > 0) {
    refuse("{.arg group} has repeated labels.", "{.val {repeated}} occur{?s/} more than once; merge with {.fn c}.")
  }
  bad <- which(n < 1 | n != round(n))
  if (length(bad) > 0) {
    refuse("{.arg n} must hold whole numbers of at least 1.", "Found {.val {n[bad]}}.")
  }
  bad <- which(sd < 0)
  if (length(bad) > 0) {
    refuse("{.arg sd} must not be negative.", "Found {.val {sd[bad]}}.")
  }
}

# Numeric, finite and, but for the sd of a single observation, not missing.
check_numbers <- function(numbers, group, refuse) {
  for (name in names(numbers)) {
    value <- numbers[[name]]
    optional <- name == "sd" & numbers$n %in% 1
    if (!is.numeric(value) && !all(is.na(value) & optional)) {
      refuse("{.arg {name}} must be numeric.", "Found {.obj_type_friendly {value}}.")
    }
    bad <- which(is.na(value) & !optional)
    if (length(bad) > 0) {
      refuse("{.arg {name}} is missing for {.val {as.character(group[bad])}}.",
             if (name == "sd") "Only a group of one observation needs no standard deviation.")
    }
    bad <- which(is.infinite(value))
    if (length(bad) > 0) {
      refuse("{.arg {name}} is infinite for {.val {as.character(group[bad])}}.")
    }
  }
}
