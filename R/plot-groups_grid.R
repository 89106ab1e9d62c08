# The values of a predictor at which plot_groups() draws lines.

# The values of `x` to draw at: a list with `values`, `columns(j)` (values x S: the predictor columns of group j), `x_rows`
# (x of each row that was used) or `column` (the column of the moments that is x).
#
# Rows: with x set to each value in turn, columns are averaged over the rows of a group. That puts the other predictors at
# their means, whatever x enters: a factor, poly(x, 2), an interaction.
grid_from_rows <- function(fit, x, call) {
  used <- observed_rows(fit, "A picture of the observations", call)
  rows <- fit$data[used$row, , drop = FALSE]
  x_rows <- rows[[x]]
  values <- if (is.numeric(x_rows)) {
    seq(min(x_rows), max(x_rows), length.out = 30)
  } else {
    levels(droplevels(factor(x_rows)))
  }
  size <- tabulate(used$group, length(fit$moments$group))
  columns <- vapply(values, function(value) {
    rows[[x]] <- if (is.logical(x_rows)) as.logical(value) else value
    rowsum(new_rows(fit, rows, population = TRUE, call)$x, used$group) / size
  }, matrix(0, length(size), length(fit$model$slopes)))
  dim(columns) <- c(length(size), length(fit$model$slopes), length(values))
  list(
    values = if (is.numeric(values)) values else factor(values, levels = values),
    columns = function(j) matrix(columns[j, , ], nrow = length(values), byrow = TRUE),
    x_rows = if (is.numeric(x_rows)) x_rows else factor(x_rows, levels = values)
  )
}

# Moments: x must be a column that no other depends on.
grid_from_moments <- function(fit, x, call) {
  moments <- fit$moments
  with_x <- fit$parsed$terms[vapply(fit$parsed$terms, function(term) x %in% all.vars(str2lang(term)), NA)]
  name <- format_expr(as.name(x)) # in backquotes where it needs them
  if (!identical(with_x, name) || !identical(moments$terms[[name]], name)) {
    abort_bayespool(
      c(
        "To draw a line over {.val {x}}, the single observations are needed, and this fit was made from group moments.",
        i = "Moments suffice where {.val {x}} is a numeric column and not part of another term.",
        i = "Fit the model to the rows, as a data frame."
      ),
      "data", call
    )
  }
  column <- match(name, colnames(moments$mean))
  within <- unpack_within(colSums(moments$within))[column, column]
  reach <- 2 * sqrt(within / max(sum(moments$n) - length(moments$n), 1))
  values <- seq(min(moments$mean[, column]) - reach, max(moments$mean[, column]) + reach, length.out = 30)
  list(
    values = values,
    columns = function(j) {
      columns <- matrix(moments$mean[j, -ncol(moments$mean)], length(values), ncol(moments$mean) - 1, byrow = TRUE)
      columns[, column] <- values
      columns
    },
    column = column
  )
}
