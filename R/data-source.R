# What a fit needs from `data`, whatever kind it is: group moments, and what it keeps of it.

# What a fit needs from `data`: moments whose columns are the formula's predictors in its order, what varies between groups and is not
# among them, and then the response. Without
# a grouping factor there is one group, "". With `pooled` cross-products may be summed over the groups: `within` is
# 1 x d(d+1)/2. A column of weights, see attach_weights(), counts. Each kind of data that can be reduced has a method.
reduce_data <- function(parsed, data, pooled, call = rlang::caller_env()) UseMethod("reduce_data", data)

#' @export
#' @noRd
reduce_data.default <- function(parsed, data, pooled, call = rlang::caller_env()) {
  abort_bayespool(
    c(
      "{.arg data} must be a data frame or group moments, or a list of group moments.",
      i = "Found {.obj_type_friendly {data}}.",
      i = "{.fn group_moments} and {.fn as_group_moments} make group moments.",
      i = "Tables of a database and rows that come in parts are accepted too: see {.code help(\"bayespool-rows\")}."
    ),
    "data", call
  )
}

# Moments that the user gave stay as they are: without the rows nothing else tells the groups' cross-products.
#' @export
#' @noRd
reduce_data.group_moments <- function(parsed, data, pooled, call = rlang::caller_env()) {
  moments <- select_moments(parsed, data, call)
  warn_lost_digits(moments, call)
  moments
}

# Moments of parts of the rows.
#' @export
#' @noRd
reduce_data.list <- function(parsed, data, pooled, call = rlang::caller_env()) {
  wrong <- "{.arg data} must be a data frame or group moments, or a list of group moments."
  reduce_data(parsed, merge_parts(flatten_parts(data, "group_moments", wrong, "data", call), call), pooled, call)
}

#' @export
#' @noRd
reduce_data.data.frame <- function(parsed, data, pooled, call = rlang::caller_env()) {
  check_variables(parsed, data, call)
  data <- mark_missing_by_class(data, all.vars(parsed$formula))
  rows <- used_rows(parsed, data, call)
  tell_dropped(rows$dropped, length(rows$response), call)
  coded <- code_predictors(parsed, rows$predictors, call)
  basis <- response_basis(parsed, data)
  if (!is.null(basis)) coded$coding$bases <- c(coded$coding$bases, basis)
  groups <- code_groups(rows$group, call)
  pooled <- pooled && length(rows$group) < 2

  beside <- code_varying(parsed, rows$varying, coded, call)
  values <- c(coded$columns, unname(beside$extra), list(as.double(rows$response)))
  result <- core_group_moments(values, length(rows$response), groups$code, groups$first, groups$size, rows$weight, pooled)
  columns <- c(unlist(coded$terms, use.names = FALSE), names(beside$extra), parsed$response)
  check_finite(result, columns, c(coded$columns, unname(beside$extra), list(rows$response)), call)
  check_squares(result, call)
  if (is.null(beside) && !has_two_factors(parsed)) {
    result$residual <- residual_moments(values, length(rows$response), groups, rows$weight, result, pooled, parsed$intercept)
  }
  present <- result$n > 0
  if (!all(present)) {
    result <- keep_groups(result, which(present), by_group = !pooled)
  }
  colnames(result$mean) <- columns
  new_group_moments(
    group_name = parsed$group, group = groups$labels(which(present)), n = result$n, mean = result$mean,
    within = result$within, pooled = pooled, terms = coded$terms, response = parsed$response,
    intercept = parsed$intercept, coding = coded$coding, dropped = count_dropped(rows$dropped), residual = result$residual,
    varying = beside$varying, weight = result$weight, log_weight = result$log_weight, mean_low = result$mean_low,
    group_levels = groups$levels, cells = groups$cells(which(present))
  )
}

check_finite <- function(result, names, columns, call) {
  if (!is.null(result$bad)) {
    name <- names[result$bad[1]]
    row <- result$bad[2]
    columns <- unlist(lapply(columns, function(x) if (is.matrix(x)) asplit(x, 2) else list(x)), recursive = FALSE)
    infinite <- sum(!is.finite(columns[[result$bad[1]]]))
    abort_bayespool(
      c(
        "{.code {name}} has {infinite} infinite value{?s}.",
        i = "The first is in row {row} of the rows used.",
        i = "Make {cli::qty(infinite)}{?it/them} {.code NA} or leave {?that row/those rows} out."
      ),
      "data", call
    )
  }
}

check_squares <- function(result, call) {
  means <- result$mean[result$n > 0, , drop = FALSE]
  if (!all(is.finite(means)) || !all(is.finite(result$within))) {
    abort_too_large("data", call)
  }
}

# What a fit keeps of `data`, for update() and for methods that need the single observations: the columns of the formula and of `weights`
# (an expression), or NULL where there are no rows. Rows keep the names that the user gave them, but not R's own numbers.
used_data <- function(parsed, weights, data) UseMethod("used_data", data)

#' @export
#' @noRd
used_data.default <- function(parsed, weights, data) NULL

#' @export
#' @noRd
used_data.data.frame <- function(parsed, weights, data) {
  of_weights <- intersect(c(all.vars(weights), weights_column), names(data))
  used <- union(all.vars(parsed$formula), of_weights)
  columns <- as.list(mark_missing_by_class(data, used))[used]
  structure(columns, class = "data.frame", row.names = row_labels(data) %||% .set_row_names(nrow(data)))
}
