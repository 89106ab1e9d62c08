# Methods of group counts: printing, conversion, choosing and merging.

# The columns of the group, n, events, trials or exposure, the proportion or rate that was observed, and the predictors' columns.
counts_frame <- function(counts) {
  family <- families[[counts$family]]
  observed <- list(counts$n, counts$events, counts$size, counts$events / counts$size)
  names(observed) <- c("n", "events", family$size, family$observed)
  as_frame(c(label_columns(counts), observed, matrix_columns(counts$x)), length(counts$n))
}

#' @export
as.data.frame.group_counts <- function(x, row.names = NULL, optional = FALSE, ...) {
  rlang::check_dots_empty()
  frame <- counts_frame(x)
  if (!is.null(row.names)) row.names(frame) <- row.names
  frame
}

#' @export
print.group_counts <- function(x, digits = max(3L, getOption("digits") - 3L), max_groups = 20L, ...) {
  rlang::check_dots_empty()
  print_group_lines("group_counts", x, counts_frame(x), paste0(", ", x$family), digits, max_groups)
  invisible(x)
}

#' @export
nobs.group_counts <- function(object, ...) {
  rlang::check_dots_empty()
  sum(object$n)
}

#' @export
`[.group_counts` <- function(x, i) {
  if (missing(i)) {
    return(x)
  }
  subset_counts(x, chosen_groups(x$group, i, rlang::current_env()))
}

#' @export
subset.group_counts <- function(x, subset, ...) {
  rlang::check_dots_empty()
  if (missing(subset)) {
    return(x)
  }
  call <- rlang::current_env()
  chosen <- groups_where(substitute(subset), counts_frame(x), parent.frame(), call)
  subset_counts(x, chosen_groups(x$group, chosen, call))
}

#' @export
c.group_counts <- function(...) {
  call <- quote(c()) # after do.call() that of the frame holds all counts
  parts <- flatten_parts(list(...), "group_counts", "Only group counts can be merged with group counts.", "moments", call)
  merge_counts(parts, call)
}
