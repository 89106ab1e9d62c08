# The levels of the grouping factors in rows: those that the data of a fit have, and new ones.

# `reduced`: moments or counts; `factors`: see parse_formula(); `values`: the grouping columns of rows, a list by their names. A list with
#   code    integers (rows x factors): from 1 the levels as factor_levels() has them, beyond their number new ones; NA where a column is
#   labels  by factor, the labels of all levels, known and new
# Equal values share a level, and different ones never do.
levels_of_rows <- function(reduced, factors, values, call) {
  held <- reduced$cells$columns %||% stats::setNames(list(list(labels = reduced$group, code = seq_along(reduced$group))), unlist(factors))
  columns <- lapply(stats::setNames(nm = unique(unlist(factors))), function(name) {
    labels <- group_labels(values[[name]], held[[name]]$labels, name, call)
    all <- union(held[[name]]$labels, labels[!is.na(labels)])
    list(labels = all, code = match(labels, all), known = held[[name]]$code)
  })
  known <- factor_levels(reduced, factors, call)
  found <- Map(function(columns, known) {
    if (length(columns) == 1) {
      return(columns[[1]])
    }
    # Combinations as whole numbers.
    number <- function(codes) Reduce(function(a, k) (a - 1) * length(columns[[k]]$labels) + codes[[k]], seq_along(codes)[-1], codes[[1]])
    one_line <- match(seq_along(known$labels), known$code)
    codes <- lapply(columns, `[[`, "code")
    of_known <- number(lapply(columns, function(column) as.double(column$known[one_line])))
    of_rows <- number(lapply(codes, as.double))
    new <- which(!is.na(of_rows) & !duplicated(of_rows) & !of_rows %in% of_known)
    labels <- lapply(columns, function(column) column$labels[c(column$known[one_line], column$code[new])])
    list(labels = joined_labels(labels, call), code = match(of_rows, c(of_known, of_rows[new])))
  }, lapply(factors, function(names) columns[names]), known)
  list(code = do.call(cbind, lapply(found, `[[`, "code")), labels = lapply(found, `[[`, "labels"))
}

# The groups and levels of rows as observed_rows() and new_rows() have them: `group`, `labels` (of all groups, known and new) and `levels`.
groups_of_rows <- function(fit, values, call) {
  factors <- fit$parsed$factors
  lines <- list(group_columns(fit$parsed))
  found <- levels_of_rows(fit$reduced, if (length(factors) > 1) c(factors, lines) else factors, values, call)
  last <- length(found$labels)
  list(
    group = unname(found$code[, last]), labels = found$labels[[last]],
    levels = found$code[, seq_along(factors), drop = FALSE], level_labels = found$labels[seq_along(factors)]
  )
}

# The levels of the grouping factors in the lines of a fit's moments or counts, as of rows (lines x factors).
levels_of_moments <- function(fit) {
  levels <- lapply(factor_levels(fit$reduced, fit$parsed$factors), `[[`, "code")
  if (length(levels) > 0) do.call(cbind, levels) else cbind(seq_along(fit$reduced$n))
}

# The label of each row's group, or of what `columns` tell apart; NULL where `data` has not all of these, or the formula has none.
labels_of_groups <- function(reduced, parsed, data, call, columns = group_columns(parsed)) {
  if (length(columns) == 0 || !all(columns %in% names(data))) {
    return(NULL)
  }
  found <- levels_of_rows(reduced, list(columns), data, call)
  found$labels[[1]][found$code[, 1]]
}
