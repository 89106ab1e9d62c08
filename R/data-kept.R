# What a fit keeps of the user's data.

# The columns of the formula, for update(); NULL where the fit was made from moments. Rows keep the names that the user gave
# them, but not R's own numbers.
used_data <- function(parsed, data) {
  if (inherits(data, "group_moments")) {
    return(NULL)
  }
  columns <- as.list(data)[all.vars(parsed$formula)]
  structure(columns, class = "data.frame", row.names = row_labels(data) %||% .set_row_names(nrow(data)))
}

row_labels <- function(data) {
  labels <- attr(data, "row.names")
  if (is.character(labels)) labels
}
