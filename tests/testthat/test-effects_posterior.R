# Posteriors of several effects a group against dense algebra and Gauss-Legendre rules in the standard deviations themselves.
# The script effects.R in tools has larger cases.

use_code("oracle")

few_rows <- function(sizes, seed) {
  withr::with_seed(seed, {
    g <- rep(seq_along(sizes), sizes)
    x <- rnorm(length(g), 0.5)
    y <- 1 + rnorm(length(sizes))[g] + (0.5 + rnorm(length(sizes), 0, 0.7)[g]) * x + rnorm(length(g), 0, 0.6)
    data.frame(g = g, x = x, y = y)
  })
}
priors <- list(sigma = p_exponential(1), tau = list(p_exponential(0.7), p_half_normal(0, 1.5)))
locations <- list(mean = c(0.5, 0), sd = c(4, 2))
given <- list(beta_0 = dist_normal(0.5, 4), `beta[x]` = dist_normal(0, 2), sigma_y = priors$sigma$dist)

# The variables of the package, by the names of the oracle.
expect_same_posterior <- function(fit, truth, names, tolerance) {
  table <- exact_summary(fit)
  expect_equal(as.numeric(log_marginal_likelihood(fit)), truth$log_total, tolerance = tolerance)
  for (name in names(names)) {
    ours <- table[table$variable == names[[name]], ]
    theirs <- dense_moments(truth, name)
    expect_lt(abs(ours$mean - theirs[["mean"]]) / theirs[["sd"]], tolerance, label = name)
    expect_lt(abs(ours$sd / theirs[["sd"]] - 1), 5 * tolerance, label = name) # a tail weighs more
  }
}
# P(target <= quantile) by the oracle.
expect_same_quantiles <- function(fit, truth, names, tolerance, probs = c(0.03, 0.5, 0.97)) {
  table <- exact_summary(fit, probs = probs)
  for (name in names(names)) {
    q <- as.numeric(table[table$variable == names[[name]], -(1:3)])
    expect_lt(max(abs(vapply(q, function(x) dense_below(truth, name, x), 0) - probs)), tolerance, label = name)
  }
}
# The same of a standard deviation: the probability below its quantile is the mass of a rule that ends there.
expect_same_scale_quantiles <- function(fit, below, total, variable, tolerance, probs = c(0.05, 0.5, 0.95)) {
  table <- exact_summary(fit, probs = probs)
  q <- as.numeric(table[table$variable == variable, -(1:3)])
  found <- vapply(q, function(x) exp(below(x) - total), 0)
  expect_lt(max(abs(found - probs)), tolerance, label = variable)
}

targets <- function(q) {
  list(
    beta_0 = list(a = c(1, 0), group = 1, e = numeric(q)), beta_x = list(a = c(0, 1), group = 1, e = numeric(q)),
    slope_1 = list(a = c(0, 1), group = 1, e = c(numeric(q - 1), 1)), slope_2 = list(a = c(0, 1), group = 2, e = c(numeric(q - 1), 1))
  )
}
variables <- c(
  sigma = "sigma_y", beta_0 = "beta_0", beta_x = "beta[x]", slope_1 = "beta_j[x,1]", slope_2 = "beta_j[x,2]"
)

for (groups in c(2, 5)) {
  test_that(sprintf("slopes of %d groups: moments, evidence, quantiles", groups), {
    data <- few_rows(c(3, 2, 4, 1, 2)[seq_len(groups)], groups)
    fit <- varying_slope(y ~ x + (0 + x | g), data, prior = c(given, list(`sigma_beta[x]` = priors$tau[[1]]$dist)), iter_sampling = 0)
    dense <- dense_effects(
      data$y, cbind(1, data$x), cbind(data$x), data$g, locations$mean, locations$sd, priors$sigma, priors$tau[1]
    )
    solve <- function(size = 48, ...) dense_posterior(dense, size, c(0.7, 0.7), ...)
    truth <- solve(targets = targets(1))
    expect_lt(abs(truth$log_total - solve(64)$log_total), 1e-9) # the truth is one
    names <- c(variables, tau1 = "sigma_beta[x]")
    expect_same_posterior(fit, truth, names, 1e-6)
    expect_same_quantiles(fit, truth, variables[-1], 1e-6)
    for (name in c("sigma", "tau1")) {
      below <- function(x) solve(upper = stats::setNames(x, name))$log_total
      expect_same_scale_quantiles(fit, below, truth$log_total, names[[name]], 1e-6)
    }
  })

  test_that(sprintf("independent intercepts and slopes of %d groups", groups), {
    data <- few_rows(c(3, 2, 4, 1, 2)[seq_len(groups)], groups)
    prior <- c(given, list(sigma_0 = priors$tau[[1]]$dist, `sigma_beta[x]` = priors$tau[[2]]$dist))
    fit <- varying_intercept_slope(y ~ x + (1 + x || g), data, prior = prior, iter_sampling = 0)
    dense <- dense_effects(
      data$y, cbind(1, data$x), cbind(1, data$x), data$g, locations$mean, locations$sd, priors$sigma, priors$tau
    )
    solve <- function(size = 40, ...) dense_posterior(dense, size, c(0.7, 0.7, 0.7), ...)
    truth <- solve(targets = targets(2))
    expect_lt(abs(truth$log_total - solve(32)$log_total), 1e-6)
    names <- c(variables, tau1 = "sigma_0", tau2 = "sigma_beta[x]")
    expect_same_posterior(fit, truth, names, 1e-6)
    expect_same_quantiles(fit, truth, variables[-1], 1e-6)
    below <- function(x) solve(upper = c(tau2 = x))$log_total
    expect_same_scale_quantiles(fit, below, truth$log_total, "sigma_beta[x]", 1e-6, c(0.1, 0.8))
  })
}

test_that("correlated intercepts and slopes", {
  skip_on_cran() # long
  data <- few_rows(c(4, 4, 4, 5, 5, 3), 7)
  prior <- c(given, list(sigma_0 = priors$tau[[1]]$dist, `sigma_beta[x]` = priors$tau[[2]]$dist, rho = dist_lkj(2)))
  fit <- varying_intercept_slope(y ~ x + (1 + x | g), data, prior = prior, iter_sampling = 0)
  dense <- dense_effects(
    data$y, cbind(1, data$x), cbind(1, data$x), data$g, locations$mean, locations$sd, priors$sigma, priors$tau, 2
  )
  truth <- dense_posterior(dense, 24, c(0.7, 0.7, 0.7), targets(2))
  names <- c(variables, tau1 = "sigma_0", tau2 = "sigma_beta[x]", rho = "rho[x]")
  expect_same_posterior(fit, truth, names, 1e-6)
  expect_same_quantiles(fit, truth, variables[-1], 1e-6)
})
