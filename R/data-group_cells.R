# Groups that are combinations of several grouping columns, called cells: their codes, labels, and the levels of factors in them.

# `codes`: of each column the codes of the rows, from 1 to the column's number in `sizes`. A list with `code`, the combination of each
# row, numbered from 1 without gaps in the order of the first column, then the second, and so on; `table`, the columns' codes of each
# combination (combinations x columns).
combine_codes <- function(codes, sizes) {
  code <- codes[[1]]
  table <- matrix(seq_len(sizes[1]))
  for (k in seq_along(codes)[-1]) {
    size <- as.double(sizes[k])
    key <- (code - 1) * size + codes[[k]]
    present <- sort(unique(key))
    code <- match(key, present)
    table <- cbind(table[(present - 1) %/% size + 1, , drop = FALSE], as.integer((present - 1) %% size + 1))
  }
  list(code = code, table = table)
}

# What moments keep of their grouping columns where there are several: `columns`, a list by their names, of each the `labels` that occur,
# in their order, the `code` of each cell and `levels`, see column_levels(). `columns`: labels and levels of each; `table`: see
# combine_codes(), for these labels.
new_cells <- function(columns, table) {
  list(columns = Map(function(column, k) {
    used <- sort(unique(table[, k]))
    list(labels = column$labels[used], code = match(table[, k], used), levels = column$levels)
  }, columns, seq_along(columns)))
}

# The cells at `position`, or NULL where there is one grouping column.
cells_at <- function(cells, position) {
  if (!is.null(cells)) new_cells(cells$columns, cell_codes_table(cells)[position, , drop = FALSE])
}

cell_codes_table <- function(cells) do.call(cbind, unname(lapply(cells$columns, `[[`, "code")))

# The label of each cell by column: a named list.
cell_columns <- function(cells) lapply(cells$columns, function(column) column$labels[column$code])

# The labels of cells, and of the levels of a factor that is an interaction. `columns`: the labels by column; `type`: of an error.
joined_labels <- function(columns, call, type = "data") {
  labels <- do.call(paste, c(unname(columns), sep = ":"))
  if (anyDuplicated(labels)) {
    same <- which(labels == labels[anyDuplicated(labels)])[1:2]
    found <- vapply(same, function(i) paste(vapply(columns, `[`, "", i), collapse = " and "), "")
    abort_bayespool(
      c(
        "Two combinations of {.code {names(columns)}} would have the same label, {.val {labels[same[1]]}}.",
        i = "They are {.val {found[1]}}, and {.val {found[2]}}: {.code :} stands between labels and is part of some.",
        i = "Write something else for {.code :} in the values of these columns."
      ),
      type, call
    )
  }
  labels
}

# Of columns as code_column() gives them, with their `codes` from 1: what code_groups() returns.
code_cells <- function(columns, codes, call) {
  combined <- combine_codes(codes, vapply(columns, `[[`, 1L, "size"))
  columns <- lapply(columns, function(column) list(labels = column$labels(seq_len(column$size)), levels = column$levels))
  cells <- new_cells(columns, combined$table)
  labels <- joined_labels(cell_columns(cells), call)
  list(
    code = combined$code, first = 1L, size = length(labels), labels = function(i) labels[i], levels = NULL,
    cells = function(i) cells_at(cells, i)
  )
}

# The levels of each of `factors` (see parse_formula()) in group moments: a list by factor of `labels` and the `code` of each of the lines.
# Lines that are the levels of a factor have their own order.
factor_levels <- function(reduced, factors, call = rlang::caller_env()) {
  held <- reduced$cells$columns
  lapply(factors, function(columns) {
    if (is.null(held) || identical(names(held), columns)) {
      return(list(labels = reduced$group, code = seq_along(reduced$group)))
    }
    level <- regroup(reduced$cells, columns, call)
    list(labels = level$group, code = level$code)
  })
}

# Cells by some of their columns: `group` (labels), `group_levels`, `cells` (NULL for one column), and the `code` of each of the cells.
regroup <- function(cells, columns, call) {
  held <- cells$columns[columns]
  combined <- combine_codes(lapply(held, `[[`, "code"), lengths(lapply(held, `[[`, "labels")))
  if (length(columns) == 1) {
    return(list(group = held[[1]]$labels, group_levels = held[[1]]$levels, cells = NULL, code = combined$code))
  }
  cells <- new_cells(held, combined$table)
  list(group = joined_labels(cell_columns(cells), call, "moments"), group_levels = NULL, cells = cells, code = combined$code)
}

# Moments or counts with the `groups` that merge_groups() or regroup() found.
set_grouping <- function(reduced, groups) {
  for (field in c("group", "group_levels", "cells")) reduced[[field]] <- groups[[field]]
  reduced
}
