# Every mode is found: priors in conflict with the data and with each other, beside integrals on dense grids. Many more cases:
# the script conflicts in the folder tools.

use_code("conflicts")

test_that("a mean far from its prior has both modes, whatever the prior of sigma", {
  y <- qnorm(ppoints(30))
  y <- y / sqrt(mean(y^2))
  fit <- complete_pooling(
    y ~ 1, data.frame(y), prior = list(mu = dist_normal(500, 25), sigma = dist_cauchy(0, 1)), iter_sampling = 2000, seed = 1
  )
  case <- list(n = 30, sd = 25, distance = 20, sigma = p_half_cauchy(0, 1))
  exact <- integrate_means(case)
  expect_equal(log_marginal_likelihood(fit), exact[["evidence"]], tolerance = 1e-9)
  expect_equal(exact_summary(fit)$mean, unname(exact[2:3]), tolerance = 1e-8)
  for (name in c("mu", "sigma")) expect_within_mcse(posterior::extract_variable_matrix(as_draws(fit), name), exact[[name]])
  skip_on_cran() # long
  set.seed(1)
  for (i in 1:100) {
    case <- conflict_of_means()
    expect_lt(abs(fit_means(case)["evidence"] - integrate_means(case)["evidence"]), 1e-6)
  }
})

test_that("one far group beside many near ones does not hide the small sd between them", {
  table <- as_group_moments(
    group = 1:21, n = c(rep(1e6, 20), 1), mean = c(qnorm(ppoints(20)) * 1e-3, 16), sd = c(rep(1, 20), NA)
  )
  fit <- partial_pooling(y ~ 1 + (1 | g), table, iter_sampling = 0, prior = list(
    sigma_y = dist_degenerate(1), hyper_mu = dist_normal(0, 10), sigma_mu = dist_exponential(1)
  ))
  # One dimension: tau on a grid, the mean integrated out.
  log_tau <- seq(-25, 5, by = 1e-3)
  precision <- lapply(table$n, function(n) 1 / (1 / n + exp(2 * log_tau)))
  total <- Reduce(`+`, precision) + 1 / 100
  weighted <- Reduce(`+`, Map(`*`, precision, table$mean[, 1]))
  squares <- Reduce(`+`, Map(`*`, precision, table$mean[, 1]^2))
  log_f <- Reduce(`+`, lapply(precision, log)) / 2 - log(total) / 2 - (squares - weighted^2 / total) / 2 - exp(log_tau) + log_tau
  weight <- exp(log_f - max(log_f))
  tau <- sum(weight * exp(log_tau)) / sum(weight)
  summary <- exact_summary(fit)
  expect_equal(summary$mean[summary$variable == "sigma_mu"], tau, tolerance = 1e-7)
})

test_that("priors of hierarchical models in conflict with each other are integrated over all modes", {
  skip_on_cran() # long
  set.seed(2)
  sure <- 0
  for (i in 1:12) {
    case <- conflict_of_groups()
    exact <- integrate_groups(case)
    if (exact[["error"]] > 1e-7) next # the grid is too coarse for it
    sure <- sure + 1
    found <- undetermined(fit_groups(case))
    expect_lt(abs(found["evidence"] - exact["evidence"]), 1e-6)
    expect_equal(found[c("tau", "sigma")], exact[c("tau", "sigma")], tolerance = 1e-6)
  }
  expect_gt(sure, 8)
})

test_that("narrow normal priors go smoothly to known values, large offsets do no harm", {
  set.seed(1)
  x <- rnorm(50)
  g <- gl(10, 5)
  evidence <- function(verb, ..., x = 0) {
    log_marginal_likelihood(verb(..., data = data.frame(y, x, g), iter_sampling = 0))
  }
  y <- 1 + 0.5 * x + rnorm(50)
  slope <- function(prior) {
    evidence(complete_pooling, y ~ x, x = x,
             prior = list(beta_0 = dist_normal(0, 5), beta = prior, sigma = dist_exponential(1)))
  }
  mean <- function(prior) {
    evidence(partial_pooling, y ~ 1 + (1 | g),
             prior = list(hyper_mu = prior, sigma_mu = dist_exponential(1), sigma_y = dist_exponential(1)))
  }
  for (sd in c(1e-8, 1e-11)) {
    expect_equal(slope(dist_normal(0, sd)), slope(dist_degenerate(0)), tolerance = 1e-12)
    expect_equal(mean(dist_normal(0, sd)), mean(dist_degenerate(0)), tolerance = 1e-12)
  }
  # The difference is of second order in the sd.
  at <- c(1e-3, 1e-4)
  change <- vapply(at, function(sd) slope(dist_normal(0, sd)) - slope(dist_degenerate(0)), 0)
  expect_equal(change[1] / change[2], 100, tolerance = 1e-2)
  far <- 1e5 + x
  y <- 3 + 2 * far + rnorm(50)
  intercept <- function(prior) {
    evidence(complete_pooling, y ~ x, x = far,
             prior = list(beta_0 = prior, beta = dist_normal(0, 5), sigma = dist_exponential(1)))
  }
  for (sd in c(1e-4, 1e-8, 1e-11)) expect_equal(intercept(dist_normal(3, sd)), intercept(dist_degenerate(3)), tolerance = 1e-10)
})

test_that("quantiles are monotone and have their probability in the tails, also where the conditional mean moves with sigma", {
  n <- 20
  table <- as_group_moments(group = "a", n = n, mean = 0, sd = sqrt(n / (n - 1)))
  cases <- list(
    list(mu = c(131.34, 6.84), sigma = p_gamma(9.87, 2.332)), list(mu = c(3, 0.4), sigma = p_half_cauchy(0, 1)),
    list(mu = c(20, 1), sigma = p_half_t(3, 0, 2))
  )
  probs <- c(1e-6, 1e-5, 1e-4, 0.01, 0.5, 0.99, 1 - 1e-4, 1 - 1e-5, 1 - 1e-6)
  for (case in cases) {
    fit <- complete_pooling(y ~ 1, table, iter_sampling = 0, prior = list(
      mu = dist_normal(case$mu[1], case$mu[2]), sigma = case$sigma$dist
    ))
    quantiles <- as.numeric(as.data.frame(exact_summary(fit, probs = probs))[1, -(1:3)])
    expect_true(all(diff(quantiles) > 0))
    # P(mu <= q) on a dense grid of log sigma.
    log_sigma <- seq(-8, 12, by = 2e-4)
    variance <- 1 / (n * exp(-2 * log_sigma) + case$mu[2]^-2)
    centre <- variance * case$mu[1] / case$mu[2]^2
    log_f <- -(n - 1) * log_sigma - n / 2 * exp(-2 * log_sigma) +
      dnorm(case$mu[1], 0, sqrt(case$mu[2]^2 + exp(2 * log_sigma) / n), log = TRUE) + case$sigma$log_density(exp(log_sigma)) + log_sigma
    weight <- exp(log_f - max(log_f))
    tail <- function(q, lower) sum(weight * pnorm(q, centre, sqrt(variance), lower.tail = lower)) / sum(weight)
    for (i in seq_along(probs)) {
      lower <- probs[i] <= 0.5
      wanted <- min(probs[i], 1 - probs[i])
      expect_lt(abs(tail(quantiles[i], lower) - wanted), min(1e-7, 1e-3 * wanted))
    }
  }
})

test_that("a fit says where a second look found what the quadrature missed", {
  fit <- function() {
    complete_pooling(
      y ~ 1, data.frame(y = qnorm(ppoints(30))), iter_sampling = 0,
      prior = list(mu = dist_normal(500, 25), sigma = dist_cauchy(0, 1))
    )
  }
  expect_no_warning(found <- fit())
  missed <- bayespool:::core_fit(bayespool:::fit_posterior(found), 0L, 0, 1L, NULL)$missed
  expect_gt(missed, 0)
  expect_lt(missed, 1e-9)
  expect_warning(bayespool:::warn_missed(0.25, NULL), "second look found a share of 0.25", class = "bayespool_warning_modes")
})
