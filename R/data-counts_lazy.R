# Counts of tables that R does not hold: the engine gives a line for each group and distinct value of the response.

#' @export
#' @noRd
reduce_counts.tbl_lazy <- function(parsed, data, call = rlang::caller_env()) {
  counts_from_variables(parsed, cells_of_count_table(parsed, data, call), call)
}

#' @export
#' @noRd
reduce_counts.arrow_dplyr_query <- reduce_counts.tbl_lazy

#' @export
#' @noRd
reduce_counts.ArrowTabular <- reduce_counts.tbl_lazy

#' @export
#' @noRd
reduce_counts.Dataset <- reduce_counts.tbl_lazy

# Each line twice, with the lowest and the highest values of the predictors, which should be the same; the second time with counts of 0.
cells_of_count_table <- function(parsed, data, call) {
  exposures <- exposure_columns(parsed, call)
  of_exposure <- setdiff(exposures, all.vars(parsed$fixed)) # missing there they are an error
  rows <- complete_rows(parsed, data, call, setdiff(formula_variables(parsed), of_exposure))
  response <- response_columns(parsed, rows$example, call)
  categories <- table_categories(parsed, rows$example, call)
  numbers <- setdiff(names(formula_expressions(parsed)), names(categories))
  for (column in exposures) check_exposure_column(column, parsed, rows, call)

  weight <- intersect(weights_column, rows$used)
  group <- group_columns(parsed)
  keys <- c(group, vapply(categories, all.vars, ""), response, weight)
  numeric <- vapply(formula_expressions(parsed)[numbers], as.character, "")
  sums <- ask_table(counts_by_cell(rows$complete, keys, numeric, exposures), call)
  low <- read_columns(sums, "low", length(numbers))
  high <- read_columns(sums, "high", length(numbers))
  check_finite_products(low, high, as.list(numbers), call)

  values <- Map(key_values, sums[key_names(keys)], keys, list(call))
  of_category <- length(group) + seq_along(categories)
  of_response <- length(group) + length(categories) + seq_along(response)
  outcome <- lapply(values[of_response], as.double)
  trials <- if (length(weight) > 0) as.double(values[[length(values)]])
  where <- function(i) "in a row"
  outcome <- if (has_two_columns(parsed)) {
    successes_and_trials(parsed, outcome, where, call)
  } else {
    list(response = outcome[[1]], trials = trials)
  }
  n <- as.double(sums$n)
  read <- list(response = outcome$response, weight = outcome$trials)
  if (length(exposures) > 0) {
    read$exposure <- as.double(sums$exposure)
    read$log_exposure <- as.double(sums$log_exposure)
  }
  lines <- count_lines(parsed, read, n, where, call)
  used <- which(lines$size > 0) # not those of cbind(0, 0)
  twice <- c(used, used)
  variables <- category_values(categories, lapply(values[of_category], `[`, twice))
  variables[numbers] <- matrix_columns(rbind(low[used, , drop = FALSE], high[used, , drop = FALSE]))
  list(
    group = lapply(stats::setNames(values[seq_along(group)], group), `[`, twice),
    variables = variables,
    lines = lapply(lines, function(line) c(line[used], 0 * line[used])),
    dropped = dropped_of_table(rows$data, rows$used, sum(n[used]), call)
  )
}

# The columns that the response is made of.
response_columns <- function(parsed, example, call) {
  columns <- if (has_two_columns(parsed)) two_columns(parsed) else list(parsed$response_expr)
  vapply(columns, function(expr) {
    logical <- parsed$family$name == "binomial" && is.name(expr) && is.logical(example[[as.character(expr)]])
    if (!logical) check_number(expr, example, call)
    as.character(expr)
  }, "")
}

# The columns whose product is the exposure.
exposure_columns <- function(parsed, call) {
  as.character(unlist(lapply(parsed$offset, function(expr) {
    if (!rlang::is_call(expr, "log", n = 1) || !is.name(expr[[2]])) {
      abort_formula(
        "Where the rows are not in R, an offset must be {.code offset(log(exposure))} with {.code exposure} the name of a column.",
        "Compute the column with {.fn dplyr::mutate} first.", expr, call
      )
    }
    as.character(expr[[2]])
  })))
}

check_exposure_column <- function(column, parsed, rows, call) {
  check_number(as.name(column), rows$example, call)
  column <- as.name(column)
  missing <- call("ifelse", call("is.na", column), 1L, 0L)
  range <- ask_table(dplyr::summarise(
    rows$complete, low = !!aggregate_of("min", column), high = !!aggregate_of("max", column), missing = !!aggregate_of("max", missing)
  ), call)
  found <- c(if (range$missing > 0) NA, range$low, range$high)
  check_exposure(as.double(found), parsed, function(i) "in a row", call)
}

# One line for each combination of the `keys`: rows, lowest and highest values of `numbers`, sums of exposures and of their logarithms.
counts_by_cell <- function(data, keys, numbers, exposures) {
  rows <- dplyr::transmute(
    data, !!!stats::setNames(rlang::syms(keys), key_names(keys)),
    !!!stats::setNames(rlang::syms(numbers), numbered_names("bayespool_x", length(numbers))),
    !!!stats::setNames(rlang::syms(exposures), numbered_names("bayespool_e", length(exposures)))
  )
  x <- rlang::syms(numbered_names("bayespool_x", length(numbers)))
  e <- rlang::syms(numbered_names("bayespool_e", length(exposures)))
  logs <- lapply(e, function(e) call("log", e))
  dplyr::summarise(
    dplyr::group_by(rows, !!!rlang::syms(key_names(keys))),
    n = !!count_rows,
    !!!stats::setNames(lapply(x, aggregate_of, f = "min"), numbered_names("low", length(x))),
    !!!stats::setNames(lapply(x, aggregate_of, f = "max"), numbered_names("high", length(x))),
    !!!if (length(e) > 0) {
      list(exposure = aggregate_of("sum", multiply(e)), log_exposure = aggregate_of("sum", Reduce(function(a, b) call("+", a, b), logs)))
    },
    .groups = "drop"
  )
}
