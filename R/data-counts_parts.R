# Counts of rows that come in parts.

#' @export
#' @noRd
reduce_counts.function <- function(parsed, data, call = rlang::caller_env()) {
  reduce <- function(part, number) cells_of_count_part(parsed, part, number, call)
  cells <- cells_of_parts(parsed, data, reduce, merge_count_cells, call)
  counts_from_variables(parsed, cells, call)
}

reduce_count_stream <- function(parsed, data, call = rlang::caller_env()) reduce_counts(parsed, next_part(data), call)

#' @export
#' @noRd
reduce_counts.DBIResult <- reduce_count_stream

#' @export
#' @noRd
reduce_counts.nanoarrow_array_stream <- reduce_count_stream

cells_of_count_part <- function(parsed, part, number, call) {
  cells <- cells_of_count_rows(parsed, part, call, function(i) paste("in row", i, "of part", number))
  if (is.null(cells$lines)) {
    return(cells["dropped"])
  }
  predictors <- list(frame = as_frame(cells$variables, length(cells$lines$n)), terms = cells$terms)
  cells$variables <- cell_variables(predictors, call)
  one_line_a_group(cells, call)
}

# Cells of the same formula as if their rows had been together; NULL for none.
merge_count_cells <- function(cells, call) {
  cells <- Filter(Negate(is.null), cells)
  if (length(cells) < 2) {
    return(unlist(cells, recursive = FALSE))
  }
  merged <- cells[[1]]
  check_alike(cells, "success", call)
  merged$group <- combine_columns(lapply(cells, `[[`, "group"), call)
  merged$variables <- combine_columns(lapply(cells, `[[`, "variables"), call)
  merged$lines <- lapply(stats::setNames(nm = names(merged$lines)), function(name) unlist(lapply(cells, function(x) x$lines[[name]])))
  one_line_a_group(merged, call)
}

# Counts of cells whose variables are numbers and categories.
counts_from_variables <- function(parsed, cells, call) {
  tell_dropped_counts(parsed, cells, call)
  cells <- one_line_a_group(cells, call)
  counts_of_cells(parsed, cells, cell_predictors(parsed, cells$variables, length(cells$lines$n)), call)
}
