# Tables: data frames, and how those of variables are printed.

# data.frame() would copy and rename.
as_frame <- function(columns, rows) {
  structure(columns, class = "data.frame", row.names = .set_row_names(rows))
}

matrix_columns <- function(x) {
  stats::setNames(lapply(seq_len(ncol(x)), function(k) as.vector(x[, k])), colnames(x))
}

# A data frame of a class with a print method; `...`: attributes that it needs.
new_table <- function(columns, class, ...) {
  size <- length(columns[[1]])
  structure(columns, class = c(class, "data.frame"), row.names = .set_row_names(size), ...)
}

# The rows to print of a table: all that do not belong to a group, and of the others as many as there is room for. `factor`: of each row
# the number of its grouping factor, NA without. Of two factors each has half of the room, or what the other leaves.
shown_rows <- function(factor, n_rows) {
  room <- max(n_rows - sum(is.na(factor)), 0)
  sizes <- table(factor)
  most <- pmax(room - (sum(sizes) - sizes), room %/% 2)
  which(is.na(factor) | stats::ave(seq_along(factor), factor, FUN = seq_along) <= most[as.character(factor)])
}

# The numbers of the grouping factors of the rows of a layout that belong to groups, named by variable.
factors_of_groups <- function(layout) {
  of_group <- !is.na(layout$label)
  stats::setNames(match(layout$term, unique(layout$term[of_group]))[of_group], layout$variable[of_group])
}

# A table of variables as print_table() shows it: counts without decimals, Monte Carlo errors with two digits.
format_table <- function(table, digits) {
  digits <- digits %||% decimals_for(table$sd)
  columns <- lapply(stats::setNames(nm = setdiff(names(table), "variable")), function(name) {
    x <- table[[name]]
    if (!is.numeric(x)) {
      return(x)
    }
    decimals <- if (startsWith(name, "ess_")) 0 else if (name == "rhat") 3 else if (startsWith(name, "mcse_")) decimals_for(x) else digits
    format_numbers(x, decimals)
  })
  # What the line has no room for.
  if (max(nchar(table$variable, "width"), 8) > room_beside(columns)) columns <- columns[!startsWith(names(columns), "mcse_")]
  c(list(variable = fit_labels(table$variable, columns)), columns)
}

# What columns of text leave of a line.
room_beside <- function(columns) {
  getOption("width") - 1 - sum(pmax(nchar(names(columns)), vapply(columns, function(x) max(nchar(x), 0), 0)) + 1)
}

# Labels that fit beside them.
fit_labels <- function(labels, columns) shorten(as.character(labels), max(room_beside(columns), 12))

print_table <- function(table, digits, n_rows) {
  if (!"variable" %in% names(table)) {
    class(table) <- "data.frame" # a part of it
    print(table)
    return(invisible())
  }
  of_group <- attr(table, "of_group")
  shown <- if (is.null(of_group)) seq_len(min(nrow(table), n_rows)) else shown_rows(of_group[table$variable], n_rows)
  class(table) <- "data.frame"
  print(as_frame(format_table(table[shown, , drop = FALSE], digits), length(shown)), row.names = FALSE)
  note_rest(nrow(table) - length(shown))
}

note_rest <- function(rest) {
  if (rest > 0) {
    cat(
      "... and ", format(rest, big.mark = ","), " more rows of groups: n_rows = Inf prints them all, pars and regex_pars choose\n",
      sep = ""
    )
  }
}

# A number for each row, the same for rows of one group with the same predictors: they have the same distribution. `group`: a vector, or a
# column for each factor.
distinct_rows <- function(x, group) {
  x <- cbind(ifelse(is.na(group), 0L, group), x, deparse.level = 0)
  order <- do.call(order, lapply(seq_len(ncol(x)), function(k) x[, k]))
  sorted <- x[order, , drop = FALSE]
  before <- sorted[pmax(seq_along(order) - 1, 1), , drop = FALSE]
  id <- integer(nrow(x))
  id[order] <- cumsum(rowSums(sorted != before) > 0)
  id
}
