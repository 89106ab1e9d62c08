# plot_effects(), and the exact distribution of combinations of coefficients behind it.

skip_if_not_installed("ggplot2")
skip_if_not_installed("bayesplot")

rows <- withr::with_seed(3, {
  site <- factor(rep(c("a", "b", "c", "d"), c(12, 1, 5, 7)))
  x <- rnorm(25, 10, 2)
  data.frame(site, x, z = rnorm(25), f = factor(rep_len(c("low", "high", "top"), 25)), y = 20 + x + rnorm(4)[site] + rnorm(25))
})
exact <- function(formula, data = rows, ...) varying_intercept(formula, data, iter_sampling = 0, ...)

test_that("the line is the mean of predictions for the population, the others as they are", {
  fit <- exact(y ~ poly(x, 2) * f + z + (1 | site))
  picture <- plot_effects(fit, "x")
  for (i in c(1, 17, 30)) {
    at <- transform(rows, x = picture$data$x[i])
    expect_equal(picture$data$mean[i], mean(predict(fit, at, re_formula = NA)), tolerance = 1e-10)
  }
  expect_match(gsub("\n", " ", picture$labels$caption), "their means over all observations: f, z")
  picture <- plot_effects(fit, "f")
  expect_identical(as.character(picture$data$x), levels(rows$f))
  for (i in 1:3) {
    at <- transform(rows, f = factor(levels(f)[i], levels(f)))
    expect_equal(picture$data$mean[i], mean(predict(fit, at, re_formula = NA)), tolerance = 1e-10)
  }
})

test_that("intervals are exact: those of the intercept where x has its origin there", {
  flat <- list(beta_0 = dist_uniform(-Inf, Inf), beta = dist_normal(0, 2), sigma_y = dist_exponential(1), sigma_0 = dist_exponential(1))
  for (data in list(rows, group_moments(y ~ x + (1 | site), rows))) {
    fit <- exact(y ~ x + (1 | site), data, prior = flat)
    drawn <- plot_effects(fit, prob = 0.8, interval = "central")$data
    for (i in c(1, 20)) {
      there <- exact(y ~ x + (1 | site), transform(rows, x = x - drawn$x[i]), prior = flat)
      summary <- exact_summary(there, probs = c(0.1, 0.9))
      expect_equal(unlist(drawn[i, c("mean", "sd", "lower", "upper")], use.names = FALSE), unlist(summary[1, -1], use.names = FALSE),
                   tolerance = 1e-8)
    }
  }
  fit <- exact(y ~ x + (1 | site), prior = flat)
  # The same for groups.
  groups <- row_table(fit, matrix(12, 4), 1:4, noise = FALSE, 0.8, "central", NULL)
  there <- exact_summary(exact(y ~ x + (1 | site), transform(rows, x = x - 12), prior = flat), probs = c(0.1, 0.9))
  expect_equal(unname(groups), unname(as.matrix(there[startsWith(there$variable, "beta_0j"), -1])), tolerance = 1e-8)
})

test_that("with known standard deviations the interval is that of generalised least squares", {
  known <- list(
    beta_0 = dist_normal(20, 10), beta = dist_normal(0, 3), sigma_y = dist_degenerate(1.3), sigma_0 = dist_degenerate(0.8)
  )
  fit <- exact(y ~ x + z + (1 | site), prior = known)
  data <- plot_effects(fit, "z", prob = 0.9)$data
  x <- cbind(1, rows$x, rows$z)
  variance <- 1.3^2 * diag(25) + 0.8^2 * outer(rows$site, rows$site, "==")
  precision <- t(x) %*% solve(variance, x) + diag(1 / c(10, 3, 3)^2)
  mean <- solve(precision, t(x) %*% solve(variance, rows$y) + c(20 / 100, 0, 0))
  at <- cbind(1, mean(rows$x), data$x)
  center <- drop(at %*% mean)
  sd <- sqrt(rowSums((at %*% solve(precision)) * at))
  expect_equal(data$mean, center, tolerance = 1e-10)
  expect_equal(data$sd, sd, tolerance = 1e-10)
  # A normal distribution: the shortest interval is the central one.
  expect_equal(data$lower, center - qnorm(0.95) * sd, tolerance = 1e-8)
  expect_equal(data$upper, center + qnorm(0.95) * sd, tolerance = 1e-8)
})

test_that("draws agree, and serve where there is no quadrature", {
  fit <- varying_intercept(y ~ x + (1 | site), rows, seed = 1, iter_sampling = 5000)
  at <- matrix(c(8, 8, 14, 14))
  group <- c(NA, 2, NA, 3)
  table <- row_table(fit, at, group, noise = FALSE, 0.94, "central", NULL)
  draws <- expected_draws(fit, at, group, NULL)
  for (i in 1:4) {
    expect_within_mcse(draws[, i], table[i, "mean"])
    expect_lt(abs(mean(draws[, i] < table[i, "lower"]) - 0.03), 5 * sqrt(0.03 * 0.97 / 20000))
  }
  chains <- suppressWarnings(varying_intercept(
    y ~ x + (1 | site), rows, algorithm = "nuts", chains = 2, iter_sampling = 200, iter_warmup = 200, seed = 1
  ))
  picture <- plot_effects(chains)
  expected <- posterior_epred(chains, data.frame(x = picture$data$x), re_formula = NA)
  expect_equal(picture$data$mean, colMeans(expected))
  expect_equal(picture$data$upper, unname(HDInterval::hdi(expected, credMass = 0.94)[2, ]))
  expect_match(picture$labels$caption, "from draws")
})

test_that("moments that do not exist are told so", {
  # Three groups and a flat sd between them: the sd of the population's mean does not exist.
  few <- rows[rows$site != "b", ]
  fit <- exact(y ~ x + (1 | site), few, prior = list(beta_0 = dist_uniform(-Inf, Inf), sigma_0 = dist_uniform(0, Inf)))
  summary <- exact_summary(fit)
  table <- row_table(fit, matrix(0), NA, noise = FALSE, 0.94, "central", NULL)
  expect_identical(is.finite(table[[1, "sd"]]), is.finite(summary$sd[1]))
  expect_equal(unname(table[, c("lower", "upper")]), unlist(summary[1, c("q3", "q97")], use.names = FALSE), tolerance = 1e-8)
})

test_that("complete pooling and priors have effects, no pooling has no population", {
  pooled <- complete_pooling(y ~ x, rows, iter_sampling = 0)
  data <- plot_effects(pooled)$data
  expect_equal(data$mean, unname(predict(pooled, data.frame(x = data$x))))
  prior <- plot_effects(exact(y ~ x + (1 | site), prior_only = TRUE))
  expect_match(prior$labels$caption, "^Prior mean")
  expect_equal(diff(range(prior$data$mean)), 0, tolerance = 1e-6)
  expect_error(plot_effects(no_pooling(y ~ x + (1 | site), rows, iter_sampling = 0)), class = "bayespool_error_model")
  expect_error(plot_effects(partial_pooling(y ~ 1 + (1 | site), rows, iter_sampling = 0)), "has none", class = "bayespool_error_argument")
  expect_error(plot_effects(pooled, "z"), class = "bayespool_error_argument")
  expect_error(plot_effects(pooled, prob = 0), class = "bayespool_error_argument")
  expect_error(plot_effects(rows), class = "bayespool_error_argument")
  moments <- exact(y ~ x * z + (1 | site), group_moments(y ~ x * z + (1 | site), rows))
  expect_error(plot_effects(moments), "single observations", class = "bayespool_error_data")
})
