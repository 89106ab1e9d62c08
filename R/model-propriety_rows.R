# Which moments of rows' expected values exist with two grouping factors.

# How many of the first two do not, for rows `x` of the model's columns with these levels (as groups_of_model() has them). Where a set of
# standard deviations between groups grows, a row grows with them if the data do not tell it with the effects of these factors, and flat
# coefficients, left free: then it leans on their prior. A new level does so in any case.
lost_of_crossed_rows <- function(posterior, x, levels, noise) {
  problem <- posterior$problem
  propriety <- posterior$propriety
  counts <- problem$level_counts
  flat <- is.infinite(problem$coefficient_sd)
  known <- !is.na(levels) & levels <= rep(counts, each = nrow(levels))
  with_sigma <- noise > 0 | sum(problem$rows) > 0 & (any(flat) | rowSums(known) > 0)
  lost <- ifelse(with_sigma, propriety$missing$scale_within, 0)
  for (k in seq_along(counts)) {
    new <- which(levels[, k] > counts[k])
    lost[new] <- pmax(lost[new], propriety$missing$scale_between[k])
  }
  for (set in propriety$growing) {
    told <- told_by_data(problem, flat, set$directions, coefficient_columns(posterior$model, x), levels)
    lost[!told] <- pmax(lost[!told], set$lost)
  }
  lost
}

# Are rows of the coefficients' columns `x`, with these levels, combinations of the rows of the data, as far as `flat` coefficients and the
# effects of the factors at these positions go?
told_by_data <- function(problem, flat, factors, x, levels) {
  indicators <- function(levels) {
    do.call(cbind, lapply(factors, function(k) {
      same <- outer(levels[, k], seq_len(problem$level_counts[k]), `==`)
      1 * (same & !is.na(same))
    }))
  }
  used <- problem$rows > 0
  column <- problem$predictors + 1L # NA: the constant
  cells <- problem$mean[used, column, drop = FALSE]
  cells[, is.na(column)] <- 1
  within <- unpack_within(colSums(problem$within))[column, column, drop = FALSE] / max(1, sum(problem$size))
  within[is.na(within)] <- 0
  scale <- sqrt(colSums(cells^2) / max(1, sum(used)) + diag(within))[flat]
  scale[scale == 0] <- 1
  scaled <- function(x) x[, flat, drop = FALSE] / rep(scale, each = nrow(x))
  of_cells <- cbind(scaled(cells), indicators(problem$levels[used, , drop = FALSE] + 1L))
  products <- crossprod(of_cells)
  own <- seq_along(scale)
  products[own, own] <- products[own, own] + within[flat, flat] / outer(scale, scale)
  axes <- eigen(products, symmetric = TRUE)
  told <- axes$vectors[, axes$values > 1e-12 * max(axes$values), drop = FALSE]
  rows <- cbind(scaled(x), indicators(levels))
  rest <- rows - tcrossprod(rows %*% told, told)
  apply(abs(rest), 1, max) <= 1e-5 * apply(abs(rows), 1, max)
}
