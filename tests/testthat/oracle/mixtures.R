# Mixtures of normal distributions over the nodes of the brute-force quadrature, beside tables of rows.

# Mean, sd and ends of the mixture of N(mean, sd^2) with these weights; the shortest interval by a search over the lower tail.
mixture_row <- function(weight, mean, sd, prob, interval) {
  weight <- weight / sum(weight)
  center <- sum(weight * mean)
  spread <- sqrt(sum(weight * (sd^2 + (mean - center)^2)))
  quantile <- function(p) {
    uniroot(function(q) sum(weight * pnorm(q, mean, sd)) - p, center + c(-60, 60) * spread, tol = 1e-11 * spread)$root
  }
  below <- if (interval == "central") {
    (1 - prob) / 2
  } else {
    optimize(function(p) quantile(p + prob) - quantile(p), (1 - prob) * c(1e-4, 1 - 1e-4), tol = 1e-9)$minimum
  }
  c(center, spread, quantile(below), quantile(below + prob))
}

# `normal(i)`: weight, mean and sd of row i at the nodes.
expect_rows <- function(table, normal, prob, interval) {
  truth <- t(vapply(seq_len(nrow(table)), function(i) do.call(mixture_row, c(normal(i), prob, interval)), numeric(4)))
  expect_equal(table$mean, truth[, 1], tolerance = 1e-8)
  expect_equal(table$sd, truth[, 2], tolerance = 1e-8)
  # optimize() finds a minimum to the root of its accuracy; its width is found better.
  ends <- if (interval == "central") 1e-7 else 1e-4
  expect_lt(max(abs(as.matrix(table[c("lower", "upper")]) - truth[, 3:4]) / truth[, 2]), ends)
  expect_true(all(table$upper - table$lower < (truth[, 4] - truth[, 3]) * (1 + 1e-7)))
  for (i in seq_len(nrow(table))) {
    part <- normal(i)
    held <- sum(part$weight * (pnorm(table$upper[i], part$mean, part$sd) - pnorm(table$lower[i], part$mean, part$sd)))
    expect_lt(abs(held - prob), 1e-6)
  }
}

# A row of group_contrasts(). `weight`, `mean` and `sd` of the difference at the nodes. The interval holds `prob`, and none is
# shorter; or its tails are equal.
expect_contrast <- function(ours, weight, mean, sd, prob = 0.94, interval = "hdi") {
  weight <- weight / sum(weight)
  cdf <- function(q) sum(weight * pnorm(q, mean, sd))
  center <- sum(weight * mean)
  spread <- sqrt(sum(weight * (sd^2 + (mean - center)^2)))
  testthat::expect_lt(abs(ours$mean - center), 1e-7 * spread)
  testthat::expect_equal(ours$sd, spread, tolerance = 1e-7)
  testthat::expect_lt(abs(ours$p_greater - (1 - cdf(0))), 1e-7)
  testthat::expect_lt(abs(cdf(ours$upper) - cdf(ours$lower) - prob), 1e-6)
  if (interval == "central") {
    testthat::expect_lt(abs(cdf(ours$lower) - (1 - prob) / 2), 1e-6)
    return(invisible())
  }
  quantile <- function(p) uniroot(function(q) cdf(q) - p, center + c(-60, 60) * spread, tol = 1e-10 * spread)$root
  others <- vapply((1 - prob) * seq(0.02, 0.98, 0.04), function(below) quantile(below + prob) - quantile(below), 0)
  testthat::expect_lt(ours$upper - ours$lower, min(others) * (1 + 1e-6))
}
