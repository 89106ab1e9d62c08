# Rows for models of every kind, and moments of the same rows from two sources beside each other.

# Offsets of 1e9, a group of one row, one whose rows are all alike, missing values, weights of 0, labels that order in several ways.
# Columns are of types that all databases have.
rows_of_all_kinds <- function(n = 1500) {
  withr::with_seed(20, {
    rows <- data.frame(
      y = 1e9 + rnorm(n), x = 1e9 + rnorm(n), z = rnorm(n), u = sample(5L, n, TRUE), f = sample(c("b", "a", "C"), n, TRUE),
      h = sample(c("q", "p"), n, TRUE), g = sample(c("s10", "s2", "Tokyo"), n, TRUE), k = sample(c(1, 2, 10, 2.5), n, TRUE),
      w = sample(c(0, 1, 2.5), n, TRUE), s = runif(n, 0.5, 2), when = 1
    )
    some <- function() sample(n, 5)
    rows$y[some()] <- rows$f[some()] <- rows$g[some()] <- rows$z[some()] <- rows$w[some()] <- NA
  })
  single <- data.frame(y = 7, x = 3, z = 1, u = 2L, f = "a", h = "p", g = "single", k = 77, w = 1, s = 1, when = 1)
  alike <- single[rep(1, 7), ]
  alike[c("y", "x", "g", "k")] <- list(1e9 + 7, 1e9 + 0.1, "alike", 78)
  rbind(rows, single, alike)
}

kinds_of_formula <- list(
  y ~ 1 + (1 | g), y ~ x + z + (1 | k), y ~ f + (1 | g), y ~ f * z + h + (1 | g), y ~ f * h * z + x + (1 | k), y ~ x:z + f:x + (1 | g),
  y ~ 0 + f + z + (1 | g), y ~ factor(u) * z + (1 | k), y ~ z + (1 + z + x | g), y ~ 1 + (1 + f | g), y ~ 0 + (0 + h | k),
  y ~ u + (1 + factor(u) || g), y ~ 1, y ~ x * f, y ~ x * f + (1 | g) + (1 | k), y ~ z + g + (1 | k / h), y ~ x + (1 + f | h:g)
)

quietly <- function(expr) {
  suppressWarnings(suppressMessages(expr, classes = "bayespool_message_dropped"), classes = "bayespool_warning_precision")
}

# Also for a formula without a group.
moments_of <- function(formula, data, weights = NULL) {
  parsed <- parse_formula(formula)
  quietly(reduce_data(parsed, attach_weights(data, rlang::enquo(weights), NULL), pooled = FALSE))
}

# Means relative to their size, cross-products to the roots of the squares that belong to them.
expect_same_moments <- function(found, wanted, tolerance = 1e-12) {
  what <- setdiff(names(wanted), c("mean", "mean_low", "within", "pooled", "residual", "weight", "log_weight"))
  testthat::expect_identical(unclass(found)[what], unclass(wanted)[what])
  testthat::expect_identical(dimnames(found$mean), dimnames(wanted$mean))
  for (sum in intersect(c("weight", "log_weight"), names(wanted))) {
    testthat::expect_equal(found[[sum]], wanted[[sum]], tolerance = tolerance)
  }
  testthat::expect_lt(max(abs(found$mean - wanted$mean) / pmax(abs(wanted$mean), 1)), tolerance)
  if (wanted$pooled) found$within <- matrix(colSums(found$within), 1)
  d <- ncol(wanted$mean)
  root <- sqrt(wanted$within[, cumsum(seq_len(d)), drop = FALSE])
  size <- root[, sequence(seq_len(d)), drop = FALSE] * root[, rep(seq_len(d), seq_len(d)), drop = FALSE]
  testthat::expect_identical(found$within[size == 0], wanted$within[size == 0])
  testthat::expect_lt(max((abs(found$within - wanted$within) / size)[size > 0]), tolerance)
}
