# Group counts: the object, and how it is made of lines of counts.

# Counts of rows are kept in cells: a list with
#   group      the grouping columns in each line, see grouping_values()
#   variables  the predictors' variables in each line, before coding: a named list of vectors or matrices
#   lines      of each line `n` (rows), `events`, `size` (trials, or exposure) and `log_constant`, see count_lines()
#   success    the level that counts as a success, or NULL
#   dropped    as used_rows() has it

# `success`, `offset`: nothing where the response is no factor and the formula has no offset. `group_levels`, `cells`: as for group moments.
new_group_counts <- function(parsed, group, lines, x, terms, coding, success = NULL, dropped = 0, group_levels = NULL,
                             cells = NULL) {
  counts <- list(
    group_name = parsed$group, group = group, n = lines$n, events = lines$events, size = lines$size, log_constant = lines$log_constant,
    x = x, terms = terms, coding = coding, family = parsed$family$name, response = parsed$response, intercept = parsed$intercept,
    dropped = dropped
  )
  counts$offset <- offset_text(parsed)
  counts$success <- success
  counts$group_levels <- group_levels
  counts$cells <- cells
  structure(counts, class = "group_counts")
}

offset_text <- function(parsed) {
  if (!is.null(parsed$offset)) paste(vapply(parsed$offset, format_expr, ""), collapse = " + ")
}

# Counts by group of cells that have a line a group; `predictors`: of these, as eval_predictors() gives them.
counts_of_cells <- function(parsed, cells, predictors, call) {
  coded <- code_predictors(parsed, predictors, call)
  columns <- named_columns(coded)
  groups <- code_groups(cells$group, call)
  present <- codes_from_one(groups, 1)
  labels <- groups$labels(present)
  bad <- which(!vapply(columns, function(x) all(is.finite(x)), NA))
  if (length(bad) > 0) {
    name <- names(columns)[bad[1]]
    where <- labels[!is.finite(columns[[bad[1]]])][1]
    abort_bayespool(
      c("{.code {name}} is infinite in group {.val {where}}.", i = "Make it {.code NA}, or leave these rows out."), "data", call
    )
  }
  x <- matrix(as.double(unlist(columns)), length(labels), length(columns), dimnames = list(NULL, names(columns)))
  new_group_counts(
    parsed, labels, cells$lines, x, coded$terms, coded$coding, cells$success, count_dropped(cells$dropped), groups$levels,
    groups$cells(present)
  )
}

# Cells with one line a group, in factor()'s order.
one_line_a_group <- function(cells, call) {
  groups <- code_groups(cells$group, call)
  code <- codes_from_one(groups, length(cells$lines$n))
  present <- sort(unique(code))
  first <- match(present, code)
  line <- match(code, present)
  for (name in names(cells$variables)) {
    other <- first_difference(cells$variables[[name]], first[line])
    if (!is.null(other)) {
      label <- if (length(cells$group) > 0) groups$labels(code[other])
      abort_varies(name, label, as_values(cells$variables[[name]])[c(first[line[other]], other)], call)
    }
  }
  cells$lines <- sum_lines(cells$lines, line)
  cells$group <- lapply(cells$group, `[`, first)
  cells$variables <- lapply(cells$variables, rows_of, first)
  cells
}

# Sums of each of `lines` by `code`, from 1 without gaps.
sum_lines <- function(lines, code) lapply(lines, function(values) unname(rowsum(values, code)[, 1]))

rows_of <- function(x, i) if (is.matrix(x)) x[i, , drop = FALSE] else x[i]

# The first row whose values are not those of row `like[i]`, or NULL. Numbers may have been computed in several ways, with other errors
# of rounding: as averages of groups, or by poly().
first_difference <- function(x, like) {
  differs <- x != rows_of(x, like)
  if (is.numeric(x) && any(differs)) {
    differs <- differs & !(abs(unclass(x) - unclass(rows_of(x, like))) <= 1e-12 * max(abs(x[is.finite(x)])))
  }
  if (is.matrix(differs)) differs <- rowSums(differs) > 0
  if (any(differs)) which(differs)[1]
}

# For messages: one value a row.
as_values <- function(x) if (is.matrix(x)) x[, 1] else if (is.numeric(x)) as.vector(x) else as.character(x)

abort_varies <- function(name, label, values, call, type = "data") {
  where <- if (is.null(label)) "The formula has no groups, and in the rows it is" else "In group {.val {label}} it is"
  abort_bayespool(
    c(
      "{.code {name}} varies within groups, and predictors of counts must belong to groups.",
      i = paste(where, "{.val {values[1]}} and {.val {values[2]}}."),
      i = "Give each group one value: the average of a number, as {.code ave(x, g)} computes it, or the share of a category.",
      i = "Or let the groups be those within which it is constant."
    ),
    type, call
  )
}

# The counts `position`.
subset_counts <- function(counts, position) {
  by_group <- c("group", "n", "events", "size", "log_constant")
  counts[by_group] <- lapply(unclass(counts)[by_group], `[`, position)
  counts$x <- counts$x[position, , drop = FALSE]
  counts$cells <- cells_at(counts$cells, position)
  counts
}
