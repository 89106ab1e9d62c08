# Ranks of groups: against ranks of the draws one by one, closed forms, and Monte Carlo errors against repetition.

skip_on_cran() # all of it takes long

rows <- withr::with_seed(1, {
  g <- rep(letters[1:5], c(2, 9, 6, 4, 7))
  data.frame(g = g, x = rnorm(28), y = rep(rnorm(5, 3, 2), c(2, 9, 6, 4, 7)) + rnorm(28, 0, 3))
})
means <- y ~ 1 + (1 | g)
fit <- partial_pooling(means, rows, chains = 2, iter_sampling = 1000, seed = 1)
group_draws <- function(fit, name = "mu") {
  draws <- unclass(posterior::as_draws_matrix(fit))
  draws[, startsWith(colnames(draws), paste0(name, "["))]
}

test_that("ranks are those of the draws, from either end", {
  for (highest in c(TRUE, FALSE)) {
    table <- group_ranks(fit, best = 2, highest = highest)
    ranks <- t(apply(group_draws(fit) * if (highest) -1 else 1, 1, rank))
    expect_identical(table$group, letters[1:5])
    expect_equal(table$mean, colMeans(ranks), ignore_attr = TRUE)
    expect_equal(table$sd, apply(ranks, 2, sd), ignore_attr = TRUE)
    expect_equal(table$p_best, colMeans(ranks == 1), ignore_attr = TRUE)
    expect_equal(table$p_among, colMeans(ranks <= 2), ignore_attr = TRUE)
    expect_equal(table$mcse_mean, table$sd / sqrt(2000))
    expect_equal(table$mcse_best, sqrt(table$p_best * (1 - table$p_best) / 2000))
    expect_equal(sum(table$mean), 15)
    expect_equal(sum(table$p_best), 1)
    expect_equal(sum(table$p_among), 2)
  }
  expect_equal(group_ranks(fit, highest = FALSE)$mean, 6 - group_ranks(fit)$mean)
})

test_that("intervals hold what they say, and none of the others is shorter", {
  ranks <- t(apply(-group_draws(fit), 1, rank))
  for (prob in c(0.3, 0.5, 0.94)) {
    table <- group_ranks(fit, prob = prob)
    central <- group_ranks(fit, prob = prob, interval = "central")
    for (j in 1:5) {
      held <- function(from, to) mean(ranks[, j] >= from & ranks[, j] <= to)
      expect_gte(held(table$lower[j], table$upper[j]), prob)
      width <- table$upper[j] - table$lower[j]
      for (from in seq_len(6 - width)) if (width > 0) expect_lt(held(from, from + width - 1), prob)
      same <- vapply(seq_len(5 - width), function(from) held(from, from + width), 0)
      expect_equal(held(table$lower[j], table$upper[j]), max(same))
      expect_equal(
        c(central$lower[j], central$upper[j]), quantile(ranks[, j], c(1 - prob, 1 + prob) / 2, type = 1, names = FALSE)
      )
    }
  }
})

test_that("with known standard deviations P(best) is an integral, met within its Monte Carlo error", {
  known <- partial_pooling(means, rows, chains = 1, iter_sampling = 20000, seed = 2, prior = list(
    hyper_mu = dist_degenerate(1), sigma_mu = dist_degenerate(2), sigma_y = dist_degenerate(3)
  ))
  n <- tapply(rows$y, rows$g, length)
  variance <- 1 / (n / 9 + 1 / 4)
  center <- variance * (tapply(rows$y, rows$g, sum) / 9 + 1 / 4)
  p_best <- vapply(1:5, function(j) {
    integrate(function(m) {
      others <- vapply(setdiff(1:5, j), function(k) pnorm(m, center[k], sqrt(variance[k])), m)
      dnorm(m, center[j], sqrt(variance[j])) * apply(others, 1, prod)
    }, center[j] - 10, center[j] + 10, rel.tol = 1e-9)$value
  }, 0)
  # The expected rank is 1 + sum of P(another is greater).
  greater <- outer(1:5, 1:5, function(j, k) pnorm((center[k] - center[j]) / sqrt(variance[j] + variance[k])))
  expected <- 1 + rowSums(greater) - 0.5
  table <- group_ranks(known)
  expect_true(all(abs(table$p_best - p_best) < 5 * table$mcse_best))
  expect_true(all(abs(table$mean - expected) < 5 * table$mcse_mean))
  contrasts <- group_contrasts(known)
  expect_equal(contrasts$p_greater, t(1 - greater)[lower.tri(greater)], tolerance = 1e-9)
})

test_that("expected ranks agree with exact contrasts: one and the sum of the probabilities that others are greater", {
  many <- update(fit, iter_sampling = 10000)
  p <- group_contrasts(fit)
  expected <- 1 + vapply(letters[1:5], function(j) sum(1 - p$p_greater[p$group == j], p$p_greater[p$other == j]), 0)
  table <- group_ranks(many)
  expect_true(all(abs(table$mean - expected) < 5 * table$mcse_mean))
})

test_that("NUTS: the errors are those of chains", {
  chains <- suppressWarnings(update(fit, algorithm = "nuts", chains = 2, iter_sampling = 400, seed = 3))
  table <- group_ranks(chains, best = 2)
  ranks <- t(apply(-group_draws(chains), 1, rank))
  expect_equal(table$mean, colMeans(ranks), ignore_attr = TRUE)
  expect_equal(table$mcse_mean[2], posterior::mcse_mean(matrix(ranks[, 2], ncol = 2)))
  expect_equal(table$mcse_among[5], posterior::mcse_mean(matrix(ranks[, 5] <= 2, ncol = 2)))
  far <- suppressWarnings(update(chains, data = transform(rows, y = y + 100 * (g == "c"))))
  expect_identical(group_ranks(far)$mcse_best[3], 0)
})

test_that("all models with groups; one group; groups that are equal share the best place", {
  expect_identical(group_ranks(undetermined(update(fit, data = rows[rows$g == "b", ])))$p_best, 1)
  for (other in list(
    no_pooling(means, rows, iter_sampling = 50, seed = 1), no_pooling(y ~ x + (1 | g), rows, iter_sampling = 50, seed = 1),
    varying_intercept(y ~ x + (1 | g), rows, iter_sampling = 50, seed = 1)
  )) {
    name <- if (length(other$model$predictors) > 0) "beta_0j" else "mu"
    expect_equal(group_ranks(other)$mean, colMeans(t(apply(-group_draws(other, name), 1, rank))), ignore_attr = TRUE)
  }
  alike <- partial_pooling(means, rows, iter_sampling = 50, seed = 1, prior = list(sigma_mu = dist_degenerate(0)))
  expect_identical(group_ranks(alike)$mean, rep(1, 5))
  prior <- update(fit, prior_only = TRUE, iter_sampling = 5000)
  table <- group_ranks(prior)
  expect_true(all(abs(table$p_best - 0.2) < 5 * table$mcse_best))
})

test_that("blocks of draws add up", {
  groups <- 3000
  many <- data.frame(g = rep(seq_len(groups), 2), y = sin(seq_len(2 * groups)))
  big <- partial_pooling(y ~ 1 + (1 | g), many, chains = 1, iter_sampling = 700, seed = 1) # blocks of 333
  table <- group_ranks(big, best = 10)
  ranks <- t(apply(-group_draws(big), 1, rank))
  expect_equal(table$mean, colMeans(ranks), ignore_attr = TRUE)
  expect_equal(table$p_among, colMeans(ranks <= 10), ignore_attr = TRUE)
})

test_that("print() says what ranks are of, and the errors", {
  table <- group_ranks(fit, best = 2)
  shown <- capture.output(result <- withVisible(print(table, n_rows = 3)))
  expect_false(result$visible)
  expect_identical(result$value, table)
  expect_true(all(nchar(shown) <= 80))
  expect_match(shown[1], "group +mean +sd +lower +upper +p_best +p_among")
  expect_identical(shown[5], "... and 2 more groups")
  expect_identical(shown[6], "rank 1: highest mean of y; p_among: among the first 2")
  expect_match(shown[7], "Monte Carlo errors: up to 0.0")
  expect_match(shown[8], "from 2,000 draws")
  expect_output(print(group_ranks(fit, highest = FALSE)), "lowest mean of y")
  expect_no_match(capture.output(print(table[c("group", "mean")])), "Monte Carlo")
})

test_that("the picture has the best group at the top", {
  skip_if_not_installed("ggplot2")
  skip_if_not_installed("bayesplot")
  table <- group_ranks(fit)
  from_top <- function(layer) {
    drawn <- ggplot2::layer_data(plot(table), layer)
    drawn[order(-as.numeric(drawn$y)), ]
  }
  expect_equal(from_top(2)$x, sort(table$mean))
  expect_equal(from_top(1)$xmax, table$upper[order(table$mean)])
  expect_match(plot(group_ranks(fit, highest = FALSE))$labels$x, "lowest mean of y")
  expect_error(plot(table, 3), class = "bayespool_error_argument")
})

test_that("what is refused", {
  expect_error(group_ranks(update(fit, iter_sampling = 0)), class = "bayespool_error_draws")
  expect_error(group_ranks(complete_pooling(y ~ 1, rows, iter_sampling = 50)), class = "bayespool_error_model")
  for (best in list(0, 6, 1.5, "a", NA, 1:2)) expect_error(group_ranks(fit, best), class = "bayespool_error_argument")
  for (highest in list(1, NA, "a")) expect_error(group_ranks(fit, highest = highest), class = "bayespool_error_argument")
  expect_error(group_ranks(fit, prob = 1), class = "bayespool_error_argument")
  expect_error(group_ranks(fit, interval = "eti"), class = "bayespool_error_argument")
  expect_error(group_ranks(rows), class = "bayespool_error_argument")
})
