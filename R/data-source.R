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
      i = "{.fn group_moments} and {.fn as_group_moments} make group moments."
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
  reduce_data(parsed, merge_parts(flatten_moments(data, wrong, "data", call), call), pooled, call)
}

#' @export
#' @noRd
reduce_data.data.frame <- function(parsed, data, pooled, call = rlang::caller_env()) {
  check_variables(parsed, data, call)
  if (nrow(data) == 0) {
    abort_bayespool(c("{.arg data} has no rows."), "data", call)
  }
  response <- eval_response(parsed, data, call)
  predictors <- eval_predictors(parsed, data, call)
  varying <- eval_varying(parsed, data, call)
  group <- if (!is.null(parsed$group)) group_column(data[[parsed$group]], parsed$group, call)
  weight <- data[[weights_column]]

  # One of the used columns may be as long as memory allows, so rows are only copied when some must
  # go.
  used <- c(
    list(response), predictors$frame, varying$frame, if (!is.null(group)) list(group), if (!is.null(weight)) list(weight)
  )
  of_rows <- if (!is.null(weight)) attr(weight, "argument") %||% "weights"
  names <- c(parsed$response, names(predictors$frame), names(varying$frame), parsed$group, of_rows)
  keep <- if (any(vapply(used, has_missing, logical(1)))) rows_to_keep(used, names, call)
  if (!is.null(weight) && any(weight == 0, na.rm = TRUE)) {
    keep <- keep %||% rep(TRUE, length(weight))
    keep[keep] <- rows_with_weight(weight[keep])
  }
  dropped <- as.double(sum(!(keep %||% TRUE)))
  if (!is.null(keep)) {
    response <- response[keep]
    predictors$frame <- predictors$frame[keep, , drop = FALSE]
    varying$frame <- varying$frame[keep, , drop = FALSE]
    if (!is.null(group)) group <- group[keep]
    weight <- weight[keep]
  }
  coded <- code_predictors(parsed, predictors, call)
  basis <- response_basis(parsed, data)
  if (!is.null(basis)) coded$coding$bases <- c(coded$coding$bases, basis)
  groups <- code_groups(group)

  beside <- code_varying(parsed, varying, coded, call)
  values <- c(coded$columns, unname(beside$extra), list(as.double(response)))
  result <- core_group_moments(values, length(response), groups$code, groups$first, groups$size, weight, pooled)
  columns <- c(unlist(coded$terms, use.names = FALSE), names(beside$extra), parsed$response)
  check_finite(result, columns, c(coded$columns, unname(beside$extra), list(response)), call)
  if (is.null(beside)) {
    result$residual <- residual_moments(values, length(response), groups, weight, result, pooled, parsed$intercept)
  }
  present <- result$n > 0
  if (!all(present)) {
    result <- keep_groups(result, which(present), by_group = !pooled)
  }
  colnames(result$mean) <- columns
  new_group_moments(
    group_name = parsed$group, group = groups$labels(which(present)), n = result$n, mean = result$mean,
    within = result$within, pooled = pooled, terms = coded$terms, response = parsed$response,
    intercept = parsed$intercept, coding = coded$coding, dropped = dropped, residual = result$residual,
    varying = beside$varying, weight = result$weight, log_weight = result$log_weight, mean_low = result$mean_low,
    group_levels = if (!is.null(group)) column_levels(group)
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
  present <- result$n > 0
  means <- result$mean[present, , drop = FALSE]
  if (!all(is.finite(means)) || !all(is.finite(result$within))) {
    abort_too_large("data", call)
  }
}

# What a fit keeps of `data`, for update() and for methods that need the single observations: the columns of the formula and of `weights`
# (an expression), or NULL where there are no rows. Rows keep the names that the user gave them, but not R's own numbers.
used_data <- function(parsed, weights, data) UseMethod("used_data", data)

#' @export
#' @noRd
used_data.group_moments <- function(parsed, weights, data) NULL

#' @export
#' @noRd
used_data.list <- function(parsed, weights, data) NULL

#' @export
#' @noRd
used_data.data.frame <- function(parsed, weights, data) {
  of_weights <- intersect(c(all.vars(weights), weights_column), names(data))
  columns <- as.list(data)[union(all.vars(parsed$formula), of_weights)]
  structure(columns, class = "data.frame", row.names = row_labels(data) %||% .set_row_names(nrow(data)))
}
