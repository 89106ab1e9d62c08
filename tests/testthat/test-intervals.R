# Shortest intervals of exact fits: against closed forms, the definition, and draws.

rows <- withr::with_seed(8, {
  g <- rep(c("a", "b", "c", "d", "e"), c(3, 9, 6, 1, 12))
  data.frame(g = g, x = rnorm(31), y = rnorm(31, 3 * match(g, letters), 2))
})
flat <- dist_uniform(-Inf, Inf)

# The ends of the shortest interval of a distribution with one mode, by its quantiles.
shortest <- function(quantile, prob) {
  below <- stats::optimize(function(p) quantile(p + prob) - quantile(p), c(1e-9, 1 - prob - 1e-9), tol = 1e-10)$minimum
  c(quantile(below), quantile(below + prob))
}

test_that("flat priors: t and chi", {
  fit <- complete_pooling(y ~ x, rows, prior = list(beta_0 = flat, beta = flat, sigma = dist_uniform(0, Inf)), iter_sampling = 0)
  least_squares <- stats::lm(y ~ x, rows)
  nu <- 31 - 2 - 1 # of the flat prior on sigma
  s2 <- sum(stats::residuals(least_squares)^2)
  for (prob in c(0.5, 0.94, 0.999)) {
    table <- summary(fit, prob = prob)
    scale <- sqrt(diag(stats::vcov(least_squares)) / (s2 / 29) * s2 / nu)
    half <- unname(scale * stats::qt((1 + prob) / 2, nu))
    expect_equal(table$hdi_lower[1:2], unname(stats::coef(least_squares)) - half, tolerance = 1e-7)
    expect_equal(table$hdi_upper[1:2], unname(stats::coef(least_squares)) + half, tolerance = 1e-7)
    sigma <- shortest(function(p) sqrt(s2 / stats::qchisq(p, nu, lower.tail = FALSE)), prob)
    expect_equal(c(table$hdi_lower[3], table$hdi_upper[3]), sigma, tolerance = 1e-4)
    expect_equal(table$hdi_upper[3] - table$hdi_lower[3], diff(sigma), tolerance = 1e-8)
  }
})

test_that("no interval with the probability is shorter, in any model", {
  fits <- list(
    partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0),
    varying_intercept(y ~ x + (1 | g), rows, iter_sampling = 0, prior = list(sigma_0 = dist_cauchy(0, 1))),
    no_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0),
    no_pooling(y ~ x + (1 | g), rows, iter_sampling = 0, sigma = "common", prior = list(beta_0j = flat))
  )
  for (fit in fits) {
    for (prob in c(0.3, 0.94)) {
      table <- summary(fit, prob = prob)
      below <- (1 - prob) * c(1e-6, 0.02, 0.1, 0.3, 0.45, 0.5, 0.55, 0.7, 0.9, 0.98, 1 - 1e-6)
      lower <- as.matrix(exact_summary(fit, probs = below)[, -(1:3)])
      upper <- as.matrix(exact_summary(fit, probs = below + prob)[, -(1:3)])
      expect_true(all(table$hdi_upper - table$hdi_lower <= apply(upper - lower, 1, min) + 1e-7 * table$sd))
      # And it holds the probability.
      for (i in seq_len(nrow(table))) {
        quantile_at <- function(p) exact_summary(fit, p, pars = table$variable[i])[[4]]
        p <- stats::uniroot(function(p) quantile_at(p) - table$hdi_lower[i], c(1e-10, 1 - prob), tol = 1e-13)$root
        if (p > 1e-8) expect_equal(quantile_at(p + prob), table$hdi_upper[i], tolerance = 1e-6)
      }
    }
  }
})

test_that("a mean with two modes has the interval that is shortest of all", {
  # Between its own far mean and the others.
  two <- data.frame(g = rep(1:8, c(rep(30, 7), 1)), y = c(rep(scale(1:30)[, 1], 7) * 0.01 + rep(1:7, each = 30) * 1e-3, 3))
  fit <- partial_pooling(
    y ~ 1 + (1 | g), two, iter_sampling = 25000, seed = 1,
    prior = list(sigma_y = dist_lognormal(0, 1.5), sigma_mu = dist_cauchy(0, 0.05))
  )
  table <- summary(fit)
  draws <- posterior::as_draws_matrix(fit)
  for (name in table$variable[1:11]) {
    row <- table[table$variable == name, ]
    x <- as.vector(draws[, name])
    expect_within_mcse(x >= row$hdi_lower & x <= row$hdi_upper, 0.94)
    found <- HDInterval::hdi(x, credMass = 0.94)
    expect_lt(row$hdi_upper - row$hdi_lower, 1.02 * diff(found))
  }
})

test_that("moments that were not fitted, prior-only fits and known sds have intervals", {
  prior <- list(hyper_mu = dist_normal(1, 2), sigma_y = dist_degenerate(3), sigma_mu = dist_exponential(2))
  fit <- partial_pooling(y ~ 1 + (1 | g), rows, prior = prior, prior_only = TRUE, iter_sampling = 0)
  table <- summary(fit)
  z <- stats::qnorm(0.97)
  expect_equal(unlist(table[1, 4:5], use.names = FALSE), 1 + c(-2, 2) * z, tolerance = 1e-8)
  sigma_mu <- unlist(table[table$variable == "sigma_mu", 4:5], use.names = FALSE)
  expect_equal(sigma_mu, c(0, -log(0.06) / 2), tolerance = 1e-5)
  expect_equal(unlist(table[table$variable == "sigma_y", 2:5], use.names = FALSE), c(3, 0, 3, 3))
})
