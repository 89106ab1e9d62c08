# Which rows of a data frame a fit uses: those without missing values and with a weight above 0.

# The variables of the formula in these rows: a list with `response`, `predictors` and `varying` (before coding), `group` (see
# grouping_values()) and `weight` (NULL where there is none), and `dropped`, what tell_dropped() says of the others; `keep`, which rows
# these are, NULL for all. `response`: one number a row.
used_rows <- function(parsed, data, call, response = eval_response(parsed, data, call)) {
  predictors <- eval_predictors(parsed, data, call)
  varying <- eval_varying(parsed, data, call)
  group <- grouping_values(parsed, data, call)
  weight <- data[[weights_column]]

  # One of the used columns may be as long as memory allows, so rows are only copied when some must
  # go.
  used <- c(
    list(response), predictors$frame, varying$frame, group, if (!is.null(weight)) list(weight)
  )
  of_weight <- if (!is.null(weight)) attr(weight, "argument") %||% "weights"
  names <- c(parsed$response, names(predictors$frame), names(varying$frame), names(group), of_weight)
  with_missing <- vapply(used, has_missing, logical(1))
  keep <- if (any(with_missing)) stats::complete.cases(used)
  dropped <- list(missing = sum(!(keep %||% TRUE)), columns = unique(names[with_missing]), without_weight = 0)
  if (!is.null(weight) && any(weight == 0, na.rm = TRUE)) {
    keep <- keep %||% rep(TRUE, length(weight))
    dropped$without_weight <- sum(weight[keep] == 0)
    keep[keep] <- weight[keep] > 0
  }
  if (!is.null(keep)) {
    response <- response[keep]
    predictors$frame <- predictors$frame[keep, , drop = FALSE]
    varying$frame <- varying$frame[keep, , drop = FALSE]
    group <- lapply(group, `[`, keep)
    weight <- weight[keep]
  }
  list(
    response = response, predictors = predictors, varying = varying, group = group, weight = weight, dropped = dropped, keep = keep
  )
}

# anyNA() makes a logical vector of a factor.
has_missing <- function(x) {
  if (typeof(x) == "integer" && length(x) > 0) is.na(cpp_integer_range(x)[1]) else anyNA(x)
}

# Says how many rows were dropped and why; options(na.action) decides whether rows with missing values may go. `dropped`: `missing` (their
# number), `columns` (where), `without_weight` (rows of weight 0); `left`: how many rows are left; `empty`: what rows of weight 0 are.
tell_dropped <- function(dropped, left, call, empty = "of weight 0") {
  lost <- dropped$missing
  columns <- dropped$columns
  none <- dropped$without_weight
  if (lost + none + left == 0) {
    abort_bayespool("{.arg data} has no rows.", "data", call)
  }
  if (lost > 0) {
    check_may_drop(lost, columns, call)
    if (left + none == 0) {
      abort_bayespool(c("Every row has a missing value.", i = "They are in {.code {columns}}."), "data", call)
    }
    inform_dropped("Dropped {lost} row{?s} with missing values in {.code {columns}}.", lost, left + none, columns)
  }
  if (none > 0) {
    if (left == 0) {
      abort_bayespool(c("No row has a weight above 0.", i = "Rows {empty} are left out."), "argument", call)
    }
    inform_dropped(paste0("Left out {lost} row{?s} ", empty, "."), none, left)
  }
}

inform_dropped <- function(message, lost, left, columns = NULL) {
  cli::cli_inform(c(i = message, i = "{left} row{?s} {?is/are} left."), class = "bayespool_message_dropped")
}

check_may_drop <- function(lost, columns, call) {
  action <- getOption("na.action", "na.omit")
  if (is.function(action)) {
    known <- Find(function(f) identical(action, getExportedValue("stats", f)), c("na.omit", "na.exclude", "na.fail"))
    action <- if (is.null(known)) "a function" else known
  }
  if (!action %in% c("na.omit", "na.exclude")) {
    abort_bayespool(
      c(
        "{lost} row{?s} {?has/have} missing values, and {.code options(na.action)} is {.val {action}}.",
        i = "They are in {.code {columns}}.",
        i = "{.code na.omit} and {.code na.exclude} drop such rows."
      ),
      "data", call
    )
  }
}

count_dropped <- function(dropped) as.double(dropped$missing + dropped$without_weight)
