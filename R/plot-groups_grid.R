# The values of a predictor at which plot_groups() and plot_effects() draw, and the predictor columns there.

# A grid has one cell for each group, or one for all:
#   numeric   whether x is a number
#   values    cells x V: values of x, or positions of `levels`
#   levels    of an x that is no number
#   columns   cells x K x V: columns of rows, as fit-rows.R has them
#   present   cells x V: whether to draw there
#   x_rows    x of each row that was used
#   column    the column of the moments that is x

# `shown`: see shown_groups(); `all`: over the range of all the data, not of each group.
grid_of_groups <- function(fit, x, shown, chosen, all, call) {
  if (has_rows(fit)) {
    used <- observed_rows(fit, "A picture of the observations", call)
    return(grid_from_rows(fit, used, x, match(used$levels[, shown$position], chosen), all, call))
  }
  column <- column_of_moments(fit, x, call)
  moments <- shown$moments
  center <- moments$mean[chosen, column]
  sd <- moments_sd(moments)[chosen, column]
  sd[is.na(sd)] <- 0
  grid_from_moments(fit, column, moments$mean[chosen, , drop = FALSE], center - 2 * sd, center + 2 * sd, all)
}

grid_of_population <- function(fit, x, call) {
  if (has_counts(fit$model)) {
    return(grid_of_counts(fit, x, call))
  }
  if (has_rows(fit)) {
    used <- observed_rows(fit, "A picture of a factor", call)
    return(grid_from_rows(fit, used, x, rep(1L, length(used$y)), TRUE, call))
  }
  means <- fit$reduced$mean
  grid_from_moments(fit, column_of_moments(fit, x, call), rbind(weighted_means(means, fit$reduced)), NA, NA, TRUE)
}

# Predictors of counts belong to groups: one row stands for a group. Besides, `x_groups`: x of each group.
grid_of_counts <- function(fit, x, call) {
  counts <- fit$reduced
  if (has_rows(fit)) {
    frame <- eval_predictors(fit$parsed, fit$data, call)$frame
    labels <- labels_of_groups(counts, fit$parsed, fit$data, call) %||% rep("", nrow(fit$data))
    row <- match(counts$group, replace(labels, !stats::complete.cases(frame), NA))
    grid <- grid_from_rows(fit, list(row = row), x, rep(1L, length(row)), TRUE, call)
    grid$x_groups <- grid$x_rows
    return(grid)
  }
  column <- column_of_moments(fit, x, call)
  values <- sequences(NA, NA, range(counts$x[, column]), TRUE)
  columns <- array(colMeans(counts$x), c(1, ncol(counts$x), ncol(values)))
  columns[, column, ] <- values
  list(
    numeric = TRUE, values = values, columns = columns, present = values == values, column = column, x_groups = counts$x[, column]
  )
}

grid_steps <- 30

# With x set to each value in turn, columns are averaged over the rows of a cell (`cell`: of each row, NA for none). That puts the
# other predictors at their means, whatever x enters: a factor, poly(x, 2), an interaction.
grid_from_rows <- function(fit, used, x, cell, all, call) {
  x_rows <- fit$data[[x]][used$row]
  here <- which(!is.na(cell))
  cells <- max(cell[here])
  numeric <- is.numeric(x_rows)
  levels <- if (!numeric) levels(droplevels(factor(x_rows)))
  if (numeric) {
    ends <- vapply(split(x_rows[here], factor(cell[here], seq_len(cells))), range, numeric(2))
    values <- sequences(ends[1, ], ends[2, ], range(x_rows), all)
    present <- matrix(TRUE, cells, ncol(values))
  } else {
    values <- matrix(seq_along(levels), cells, length(levels), byrow = TRUE)
    present <- all | table(factor(cell[here], seq_len(cells)), factor(x_rows[here], levels)) > 0
  }
  rows <- fit$data[used$row[here], , drop = FALSE]
  columns <- vapply(seq_len(ncol(values)), function(v) {
    at <- values[cell[here], v]
    rows[[x]] <- if (numeric) at else if (is.logical(x_rows)) as.logical(levels[at]) else levels[at]
    rowsum(new_rows(fit, rows, population = FALSE, call)$x, cell[here]) / tabulate(cell[here], cells)
  }, matrix(0, cells, length(fit$model$columns)))
  dim(columns) <- c(cells, length(fit$model$columns), ncol(values)) # a vector where there is one of each
  list(
    numeric = numeric, values = values, levels = levels, columns = columns, present = present,
    x_rows = if (numeric) x_rows else factor(x_rows, levels = levels)
  )
}

# `means` of all columns in each cell.
grid_from_moments <- function(fit, column, means, lower, upper, all) {
  moments <- fit$reduced
  within <- unpack_within(colSums(moments$within))[column, column]
  weight <- sum(group_weights(moments)) / sum(moments$n)
  reach <- 2 * sqrt(within / weight / max(sum(moments$n) - length(moments$n), 1))
  whole <- range(moments$mean[, column]) + c(-reach, reach)
  values <- sequences(lower, upper, whole, all)
  columns <- array(means[, -ncol(means)], c(nrow(means), ncol(means) - 1, ncol(values)))
  columns[, column, ] <- values
  list(numeric = TRUE, values = values, columns = columns, present = values == values, column = column)
}

# cells x V; a range of almost no width, as of one observation, is widened to a tenth of the whole.
sequences <- function(lower, upper, whole, all) {
  pad <- pmax(0, diff(whole) / 10 - (upper - lower)) / 2
  from <- if (all) rep(whole[1], length(lower)) else lower - pad
  to <- if (all) rep(whole[2], length(lower)) else upper + pad
  t(mapply(seq, from, to, length.out = grid_steps))
}

# Of moments, x must be a column that no other depends on.
column_of_moments <- function(fit, x, call) {
  terms <- union(fit$parsed$terms, fit$parsed$varying$terms)
  with_x <- terms[vapply(terms, function(term) x %in% all.vars(str2lang(term)), NA)]
  name <- format_expr(as.name(x)) # in backquotes where it needs them
  if (!identical(with_x, name) || !identical(c(fit$reduced$terms, fit$reduced$varying$terms)[[name]], name)) {
    abort_bayespool(
      c(
        "To draw a line over {.val {x}}, the single observations are needed, and this fit was made from lines of groups.",
        i = "Lines of groups suffice where {.val {x}} is a numeric column and not part of another term.",
        i = "Fit the model to the rows, as a data frame."
      ),
      "data", call
    )
  }
  match(name, colnames(if (has_counts(fit$model)) fit$reduced$x else fit$reduced$mean))
}

# The grid as rows: `cell`, `x` (a number or a factor) and `columns`, a matrix.
grid_rows <- function(grid) {
  at <- which(grid$present, arr.ind = TRUE)
  at <- at[order(at[, 1], at[, 2]), , drop = FALSE]
  x <- grid$values[at]
  columns <- vapply(seq_len(dim(grid$columns)[2]), function(s) grid$columns[cbind(at[, 1], s, at[, 2])], numeric(nrow(at)))
  list(
    cell = at[, 1], x = if (grid$numeric) x else factor(grid$levels[x], levels = grid$levels),
    columns = matrix(columns, nrow(at))
  )
}

# Name of the predictor to show: the first of `predictors` for NULL.
choose_predictor <- function(predictors, x, call) {
  x <- x %||% predictors[1]
  if (!(rlang::is_string(x) && x %in% predictors)) {
    abort_bayespool(
      c(
        "{.arg x} must be the name of a predictor.",
        i = "Found {.code {format_found(x)}}.",
        i = if (length(predictors) == 0) "The fit has none." else "There {?is/are} {.val {predictors}}."
      ),
      "argument", call
    )
  }
  x
}

# `where`: over which observations the means are.
others_caption <- function(predictors, x, where) {
  others <- setdiff(predictors, x)
  if (length(others) > 0) paste0("Other predictors at their means ", where, ": ", paste(others, collapse = ", "), ".")
}

# Line and band, or a point and an interval at each level, of columns x, mean, lower and upper.
band_layers <- function(numeric) {
  if (numeric) {
    list(
      ggplot2::geom_ribbon(ggplot2::aes(ymin = .data$lower, ymax = .data$upper), fill = shade("mid"), alpha = 0.5),
      ggplot2::geom_line(ggplot2::aes(y = .data$mean), colour = shade("dark_highlight"), linewidth = 0.8)
    )
  } else {
    ggplot2::geom_pointrange(
      ggplot2::aes(y = .data$mean, ymin = .data$lower, ymax = .data$upper), shape = 21, fill = "white",
      colour = shade("dark_highlight"), size = 0.3
    )
  }
}

# Single draws from the prior in the place of a band.
prior_layer <- function(numeric) {
  if (numeric) {
    ggplot2::geom_line(
      ggplot2::aes(y = .data$mean, group = .data$draw), colour = shade("dark"), alpha = 0.4, linewidth = 0.3
    )
  } else {
    ggplot2::geom_point(ggplot2::aes(y = .data$mean), shape = "-", size = 5, colour = shade("dark"))
  }
}

# Positions of `ndraws` of the draws, over all chains.
spread_draws_evenly <- function(draws, ndraws) {
  round(seq(1, nrow(draws), length.out = min(ndraws, nrow(draws))))
}

# `draws` of the expected value of the rows of `data`, one row for each draw.
with_prior_draws <- function(data, draws, ndraws) {
  chosen <- spread_draws_evenly(draws, ndraws)
  data.frame(
    data[rep(seq_len(nrow(data)), length(chosen)), , drop = FALSE], mean = as.vector(t(draws[chosen, ])),
    draw = rep(chosen, each = nrow(data)), row.names = NULL
  )
}
