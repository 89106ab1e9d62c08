# Rows that come in parts: what yields data frames in turn. Each is reduced to cells and forgotten.

#' @export
#' @noRd
reduce_data.function <- function(parsed, data, pooled, call = rlang::caller_env()) {
  cells <- cells_of_parts(parsed, data, function(part, number) cells_of_part(parsed, part, call), merge_cells, call)
  moments <- moments_of_cells(parsed, cells, call)
  warn_lost_digits(moments, call)
  moments
}

# Parts get their weights as they are read.
#' @export
#' @noRd
add_weights.function <- function(data, weights, call) structure(data, weights = weights)

# What else yields data frames in turn, as a function that does and in the end returns NULL.
next_part <- function(data) UseMethod("next_part")

#' @export
#' @noRd
next_part.DBIResult <- function(data) {
  function() if (!DBI::dbHasCompleted(data)) DBI::dbFetch(data, n = rows_per_part)
}

rows_per_part <- 1e5

#' @export
#' @noRd
next_part.nanoarrow_array_stream <- function(data) {
  function() {
    part <- data$get_next()
    if (!is.null(part)) as.data.frame(part)
  }
}

reduce_stream <- function(parsed, data, pooled, call = rlang::caller_env()) reduce_data(parsed, next_part(data), pooled, call)
weight_stream <- function(data, weights, call) add_weights(next_part(data), weights, call)

#' @export
#' @noRd
reduce_data.DBIResult <- reduce_stream

#' @export
#' @noRd
reduce_data.nanoarrow_array_stream <- reduce_stream

#' @export
#' @noRd
add_weights.DBIResult <- weight_stream

#' @export
#' @noRd
add_weights.nanoarrow_array_stream <- weight_stream

# Cells of all parts. `read`: a function that returns the next rows, and NULL after the last ones; `reduce`: of rows and the number of
# their part, a list of `lines`, nothing where no row is left, and `dropped`; `merge`: of a list of these.
cells_of_parts <- function(parsed, read, reduce, merge, call) {
  cells <- NULL # of all parts but those that wait
  waiting <- list()
  dropped <- list(missing = 0, columns = character(), without_weight = 0)
  parts <- rows <- empty <- 0
  shows_progress <- isTRUE(getOption("bayespool.progress", interactive()))
  if (shows_progress) {
    cli::cli_progress_bar(total = NA, format = "{cli::pb_spin} Rows read: {format(rows, big.mark = ',')}, {cli::pb_elapsed}")
  }
  while (!is.null(part <- read_part(read, parts, empty, call))) {
    parts <- parts + 1
    rows <- rows + nrow(part)
    if (shows_progress) cli::cli_progress_update()
    empty <- if (nrow(part) == 0) empty + 1 else 0
    if (empty > 0) next
    check_variables(parsed, part, call)
    check_row_by_row(parsed, part, call)
    own <- reduce(weigh_part(part, attr(read, "weights"), call), parts)
    dropped <- add_dropped(dropped, own$dropped)
    if (is.null(own$lines)) next # their categories may be of another type
    waiting <- c(waiting, list(own))
    # Merging costs as much as reading a row for each cell.
    if (sum(vapply(waiting, count_cells, 0)) > 1e5 + count_cells(cells)) {
      cells <- merge(c(list(cells), waiting), call)
      waiting <- list()
    }
  }
  cells <- merge(c(list(cells), waiting), call)
  if (is.null(cells)) {
    tell_dropped(dropped, 0, call)
  }
  cells$dropped <- dropped
  cells
}

add_dropped <- function(a, b) {
  list(
    missing = a$missing + b$missing, columns = union(a$columns, b$columns), without_weight = a$without_weight + b$without_weight
  )
}

# The next part, or NULL. A source that forgets to end would be read for ever.
read_part <- function(read, parts, empty, call) {
  part <- tryCatch(read(), error = function(cnd) {
    abort_bayespool("The next rows cannot be read, after {parts} part{?s}.", "data", call, parent = cnd)
  })
  if (!is.null(part) && (!is.data.frame(part) || empty >= 1000)) {
    found <- if (is.data.frame(part)) "a thousand data frames without rows, one after the other" else "{.obj_type_friendly {part}}"
    abort_bayespool(
      c(
        "A source of rows must return a data frame whenever it is called, and {.code NULL} after the last one.",
        i = paste0("Found ", found, " after {parts} part{?s}.")
      ),
      "data", call
    )
  }
  part
}

weigh_part <- function(part, weights, call) {
  if (is.null(weights)) {
    return(part)
  }
  if (!computed_from(rlang::quo_get_expr(weights), part)) {
    abort_bayespool(
      c(
        "Where rows come in parts, {.arg weights} must be a column, or computed from columns.",
        i = "Found {.code {rlang::as_label(weights)}}.",
        i = "The columns are {.val {names(part)}}."
      ),
      "argument", call
    )
  }
  add_weights(part, weights, call)
}

# What a formula computes, such as log(x), must be the same of a row whatever the other rows are: tried with half of them.
check_row_by_row <- function(parsed, part, call) {
  variables <- c(list(parsed$response_expr), formula_expressions(parsed), parsed$offset)
  half <- part[seq_len(nrow(part) %/% 2), , drop = FALSE]
  for (expr in if (nrow(half) > 0) Filter(is.call, variables)) {
    values <- lapply(list(part, half), function(rows) eval_user(eval(expr, rows, parsed$env), "The formula", call))
    of_half <- if (is.null(dim(values[[1]]))) values[[1]][seq_len(nrow(half))] else values[[1]][seq_len(nrow(half)), ]
    if (!identical(as.character(of_half), as.character(values[[2]]))) {
      abort_bayespool(
        c(
          "{.code {format_expr(expr)}} cannot be computed from rows that come in parts.",
          i = "It depends on all rows at once. {.code log(x)} does not, for example."
        ),
        "data", call
      )
    }
  }
}
