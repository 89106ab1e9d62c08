# Group moments: the object, and those of some groups.

# `residual`: what residual_moments() returns; nothing where that is NULL. Moments of a table may also have `any_response`, see
# select_moments(). `varying`: where slopes vary, `terms` (names of their columns, by term) and `coding`. `weight`, `log_weight`: by group
# the sums of the weights of its rows and of their logarithms; nothing where rows count alike. `mean_low`: what the means have lost by
# rounding, nothing in moments of a table. `group_levels`: what column_levels() says of the grouping column, nothing where it is not known.
# `cells`: what new_cells() says of the grouping columns, nothing where there is one at most.
new_group_moments <- function(group_name, group, n, mean, within, response, pooled = FALSE, terms = named_list(),
                              intercept = TRUE, coding = NULL, dropped = 0, residual = NULL, varying = NULL, weight = NULL,
                              log_weight = NULL, mean_low = NULL, group_levels = NULL, cells = NULL) {
  moments <- list(
    group_name = group_name, group = group, n = n, mean = mean, within = within, pooled = pooled, terms = terms,
    response = response, intercept = intercept, coding = coding, dropped = dropped
  )
  moments$residual <- residual
  moments$varying <- varying
  moments$weight <- weight
  moments$log_weight <- log_weight
  moments$mean_low <- mean_low
  moments$group_levels <- group_levels
  moments$cells <- cells
  structure(moments, class = "group_moments")
}

named_list <- function() {
  stats::setNames(list(), character())
}

# The sums of the weights by group; their numbers of rows where these count alike.
group_weights <- function(moments) moments$weight %||% moments$n

has_weights <- function(moments) !is.null(moments$weight)

# What C++ reads of lines.
core_lines <- function(lines) {
  list(size = group_weights(lines), mean = lines$mean, mean_low = lines$mean_low %||% (0 * lines$mean), within = lines$within)
}

# The means over all rows of what has one row a group.
weighted_means <- function(by_group, moments) {
  weights <- group_weights(moments)
  colSums(by_group * weights) / sum(weights)
}

# Standard deviations, J x d, with divisor n - 1, of rows of average weight; NA in a group of one.
moments_sd <- function(moments) {
  squares <- moments$within[, diagonal_index(ncol(moments$mean)), drop = FALSE] * moments$n / group_weights(moments)
  sd <- sqrt(squares / (moments$n - 1))
  sd[moments$n == 1, ] <- NA
  colnames(sd) <- colnames(moments$mean)
  sd
}

diagonal_index <- function(d) cumsum(seq_len(d))

# The groups at `position`, also of bare moments without a class. What is summed over all groups stays as it is.
subset_groups <- function(moments, position) {
  by_group <- nrow(moments$within) == length(moments$n)
  moments$group <- moments$group[position]
  moments$cells <- cells_at(moments$cells, position)
  keep_groups(moments, position, by_group)
}

# `by_group`: whether cross-products are of each group.
keep_groups <- function(moments, position, by_group) {
  keep <- function(moments) {
    moments$mean <- moments$mean[position, , drop = FALSE]
    moments$mean_low <- moments$mean_low[position, , drop = FALSE]
    if (by_group) moments$within <- moments$within[position, , drop = FALSE]
    moments
  }
  moments <- keep(moments)
  by_row <- intersect(c("n", "weight", "log_weight"), names(moments))
  moments[by_row] <- lapply(unclass(moments)[by_row], `[`, position)
  if (!is.null(moments$residual)) moments$residual <- keep(moments$residual)
  moments
}

abort_too_large <- function(type, call) {
  abort_bayespool(
    c("The squares of the data are too large for double precision.", i = "Divide the columns by a constant first."), type, call
  )
}
