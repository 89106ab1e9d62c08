# as_group_moments(): from a published table to one line a group.

#' Group moments from a published table
#'
#' Builds the moments of a single response from what a paper reports of each group: its size, mean
#' and standard deviation, or standard error. Nothing else is needed to fit the models without predictors.
#'
#' Means and standard deviations are on the scale of the data. A group of size \eqn{n_j} with standard deviation
#' \eqn{s_j} has the sum of squares \eqn{W_j = (n_j - 1) s_j^2} about its mean. From the standard error of a mean
#' \eqn{s_j = \sqrt{n_j}\,\mathrm{se}_j}{s_j = sqrt(n_j) se_j}.
#'
#' The table may be a data frame, and the other arguments its columns, or what is computed from them:
#' `as_group_moments(data, group = site, n = n, mean = m, sd = sqrt(variance))`. Or they are vectors, without `data`:
#' `as_group_moments(group = , n = , mean = , sd = )`, or in this order.
#'
#' In a formula the grouping factor has the name of its column. From vectors it has none: then every grouping factor in a
#' formula matches it. So does every response, unless `response` names it: `partial_pooling(y ~ 1 + (1 | study), table)` and
#' `partial_pooling(score ~ 1 + (1 | study), table)` are the same fit.
#'
#' @param data A data frame with one row a group.
#' @param group Labels of the groups, each once.
#' @param n Sizes of the groups: whole numbers, at least 1.
#' @param mean Means of the response in each group.
#' @param sd Standard deviations (not variances) of the response in each group, with divisor n - 1;
#'   `NA` is accepted where `n` is 1.
#' @param se Standard errors of the means, in place of `sd`.
#' @param response Name of the response; `NULL`: it may have any.
#' @param weight Where the observations of groups have weights, see [bayespool-weights]: that of a single observation in each group,
#'   above 0. If each observation is a mean of \eqn{k} measurements, for example, it is \eqn{k}.
#' @return An object of class `group_moments`, see [group_moments()].
#' @section Errors: Of class `bayespool_error_moments`: lengths that differ, missing or infinite
#'   values, a size that is not a whole number of at least 1, a negative standard deviation, a weight that is not above 0, a
#'   repeated group. Of class `bayespool_error_data`: a column that `data` does not have. Of class
#'   `bayespool_error_argument`: an argument that is missing, both `sd` and `se`, a table that is not a data frame.
#' @seealso [group_moments()] for rows.
#' @examples
#' # Self-control at three sites; see hpp_sites.
#' paper <- data.frame(
#'   site = c("Kassel", "METU", "Oslo"), size = c(106, 181, 85),
#'   m = c(41.34, 39.86, 42.71), s = c(7.931, 8.486, 7.171)
#' )
#' table <- as_group_moments(paper, group = site, n = size, mean = m, sd = s, response = "scontrol")
#' table
#' partial_pooling(scontrol ~ 1 + (1 | site), table, iter_sampling = 0)
#' # The same from vectors:
#' as_group_moments(
#'   group = c("Kassel", "METU", "Oslo"), n = c(106, 181, 85),
#'   mean = c(41.34, 39.86, 42.71), sd = c(7.931, 8.486, 7.171)
#' )
#' @export
as_group_moments <- function(data, group, n, mean, sd, se, response = NULL, weight) {
  call <- rlang::current_env()
  if (!missing(data) && !is.data.frame(data)) {
    # Vectors by position. A list or a matrix is no vector, but meant as a table.
    if ("data" %in% names(sys.call()) || rlang::is_bare_list(data) || is.matrix(data)) {
      abort_bayespool(c("{.arg data} must be a data frame.", i = "Found {.obj_type_friendly {data}}."), "argument", call)
    }
    return(eval(match.call(function(group, n, mean, sd, se, response, weight) NULL, sys.call()), parent.frame()))
  }
  check_argument(response, is.null(response) || is_name(response), "the name of the response, or {.code NULL}", call)
  given <- list(
    group = rlang::enquo(group), n = rlang::enquo(n), mean = rlang::enquo(mean), sd = rlang::enquo(sd), se = rlang::enquo(se),
    weight = rlang::enquo(weight)
  )
  given <- given[!vapply(given, rlang::quo_is_missing, NA)]
  check_given(names(given), call)
  table <- if (missing(data)) {
    lapply(given, rlang::eval_tidy)
  } else {
    Map(function(quo, name) table_column(data, quo, name, call), given, names(given))
  }
  table <- lapply(table, without_class)
  check_table(table, call)
  spread <- names(table)[4]
  squares <- if (spread == "sd") table$sd^2 else table$n * table$se^2
  within <- ifelse(table$n == 1, 0, (table$n - 1) * squares) * table$weight %||% 1
  if (!all(is.finite(within))) {
    abort_bayespool(
      c("{.arg {spread}} is too large for double precision.", i = "Divide {.arg mean} and {.arg {spread}} by a constant first."),
      "moments", call
    )
  }
  column <- response %||% "y"
  moments <- new_group_moments(
    group_name = if (!missing(data)) column_name(given$group),
    group = as.character(table$group),
    n = as.double(table$n),
    mean = matrix(as.double(table$mean), ncol = 1, dimnames = list(NULL, column)),
    within = matrix(as.double(within), ncol = 1),
    response = column,
    weight = if (!is.null(table$weight)) as.double(table$n * table$weight),
    log_weight = if (!is.null(table$weight)) as.double(table$n * log(table$weight))
  )
  moments$any_response <- is.null(response)
  moments
}

is_name <- function(x) rlang::is_string(x) && !x %in% c(NA, "")

check_given <- function(given, call) {
  absent <- c(setdiff(c("group", "n", "mean"), given), if (!any(c("sd", "se") %in% given)) "sd")
  if (length(absent) > 0) {
    abort_bayespool(
      c(
        "{.arg {absent}} must be given.",
        i = "Needed are {.arg group}, {.arg n}, {.arg mean}, and {.arg sd} or {.arg se}."
      ),
      "argument", call
    )
  }
  if (all(c("sd", "se") %in% given)) {
    abort_bayespool(
      c("Give {.arg sd} or {.arg se}, not both.", i = "{.arg se} is {.code sd / sqrt(n)}, the standard error of a mean."),
      "argument", call
    )
  }
}

# What an argument asks of the table: a column by its name, quoted or not, or an expression of columns.
table_column <- function(data, quo, name, call) {
  wanted <- column_name(quo) %||% setdiff(all.vars(rlang::quo_get_expr(quo)), ".data")
  absent <- setdiff(wanted, names(data))
  if (length(absent) > 0) {
    columns <- names(data)
    abort_bayespool(
      c("{.arg {name}} asks for {.val {absent}}, which is not in {.arg data}.", i = "Its columns are {.val {columns}}."),
      "data", call
    )
  }
  if (is.null(column_name(quo))) eval_user(rlang::eval_tidy(quo, data), paste0("{.arg ", name, "}"), call) else data[[wanted]]
}

column_name <- function(quo) {
  expr <- rlang::quo_get_expr(quo)
  if (is.name(expr) || is_name(expr)) as.character(expr)
}

# `table`: group, n, mean, sd or se, and weight or not.
check_table <- function(table, call) {
  refuse <- function(wrong, found = NULL, envir = rlang::caller_env()) {
    abort_bayespool(c(wrong, i = found), "moments", call, .envir = envir)
  }
  arguments <- names(table)
  group <- table$group
  n <- table$n
  sizes <- lengths(table)
  if (length(unique(sizes)) != 1) {
    refuse("{.arg {arguments}} must have the same length.", "Their lengths are {sizes}.")
  }
  if (length(group) == 0) {
    refuse("The table has no groups.")
  }
  check_numbers(table[-1], group, refuse)
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
  spread <- arguments[4]
  bad <- which(table[[spread]] < 0)
  if (length(bad) > 0) {
    refuse("{.arg {spread}} must not be negative.", "Found {.val {table[[spread]][bad]}}.")
  }
  bad <- which(table$weight <= 0)
  if (length(bad) > 0) {
    refuse("{.arg weight} must be above 0.", "Found {.val {table$weight[bad]}}.")
  }
}

# Numeric, finite and, but for the spread of a single observation, not missing.
check_numbers <- function(numbers, group, refuse) {
  for (name in names(numbers)) {
    value <- numbers[[name]]
    optional <- name %in% c("sd", "se") & numbers$n %in% 1
    if (!is.numeric(value) && !all(is.na(value) & optional)) {
      refuse("{.arg {name}} must be numeric.", "Found {.obj_type_friendly {value}}.")
    }
    bad <- which(is.na(value) & !optional)
    if (length(bad) > 0) {
      refuse("{.arg {name}} is missing for {.val {as.character(group[bad])}}.",
             if (any(name == c("sd", "se"))) "Only a group of one observation needs none.")
    }
    bad <- which(is.infinite(value))
    if (length(bad) > 0) {
      refuse("{.arg {name}} is infinite for {.val {as.character(group[bad])}}.")
    }
  }
}
