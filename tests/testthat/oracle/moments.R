# Oracles and data for the tests of group moments.

# Rows in `groups` groups of uneven size, in random order.
simulate_rows <- function(n = 200, groups = 7, seed = 1) {
  withr::with_seed(seed, {
    g <- sample(groups, n, replace = TRUE, prob = seq_len(groups))
    x <- rnorm(n, g)
    data.frame(g = g, x = x, y = 1 + 0.5 * x + rnorm(n))
  })
}

# The packed triangle of a symmetric matrix.
pack <- function(m) unname(m[upper.tri(m, diag = TRUE)])

# Two-pass moments by group, by R's own means and crossprod().
two_pass <- function(data, columns, group) {
  parts <- split(as.matrix(data[columns]), factor(group))
  parts <- lapply(parts, matrix, ncol = length(columns))
  list(
    group = names(parts),
    n = unname(vapply(parts, nrow, 1L)),
    mean = unname(t(vapply(parts, colMeans, numeric(length(columns))))),
    within = unname(t(vapply(
      parts,
      function(z) pack(crossprod(sweep(z, 2, colMeans(z)))),
      numeric(length(columns) * (length(columns) + 1) / 2)
    )))
  )
}

expect_moments <- function(moments, data, columns, group, tolerance = 1e-12) {
  oracle <- two_pass(data, columns, group)
  if (length(columns) == 1) {
    oracle$mean <- t(oracle$mean)
    oracle$within <- t(oracle$within)
  }
  expect_identical(moments$group, oracle$group)
  expect_equal(moments$n, oracle$n)
  expect_identical(colnames(moments$mean), columns)
  expect_equal(unname(moments$mean), oracle$mean, tolerance = tolerance)
  expect_equal(moments$within, oracle$within, tolerance = tolerance)
}

# Reduces rows as a fitting function does.
reduce <- function(formula, data, pooled = FALSE) {
  reduce_data(parse_formula(formula), data, pooled)
}
