# Differences between groups, and their order, of models of counts.

skip_on_cran() # all of it takes long

use_code("counts")
hits <- cbind(hits, at_bats - hits) ~ 1 + (1 | player)
rates <- failures ~ 1 + offset(log(hours)) + (1 | pump)

test_that("with flat priors log odds ratios are those of beta distributions", {
  fit <- no_pooling(hits, batters, family = binomial(), prior = list(mu = flat), iter_sampling = 0)
  table <- group_contrasts(fit, c("Clemente", "Unser", "Alvis"), interval = "central")
  k <- c(18, 10, 7)
  first <- k[c(1, 1, 2)]
  second <- k[c(2, 3, 3)]
  expect_equal(table$mean, digamma(first) - digamma(45 - first) - digamma(second) + digamma(45 - second), tolerance = 1e-9)
  expect_equal(table$sd, sqrt(trigamma(first) + trigamma(45 - first) + trigamma(second) + trigamma(45 - second)), tolerance = 1e-9)
  below <- function(x, a, b) {
    integrate(function(p) dbeta(p, b, 45 - b) * pbeta(plogis(qlogis(p) + x), a, 45 - a), 0, 1, rel.tol = 1e-11)$value
  }
  expect_equal(table$p_greater, 1 - mapply(below, 0, first, second), tolerance = 1e-8)
  expect_equal(mapply(below, table$lower, first, second), rep(0.03, 3), tolerance = 1e-7)
  expect_equal(mapply(below, table$upper, first, second), rep(0.97, 3), tolerance = 1e-8)
  shortest <- group_contrasts(fit, c("Clemente", "Unser", "Alvis"))
  held <- mapply(below, shortest$upper, first, second) - mapply(below, shortest$lower, first, second)
  expect_equal(held, rep(0.94, 3), tolerance = 1e-8)
  expect_true(all(shortest$upper - shortest$lower < table$upper - table$lower))
})

test_that("with flat priors ratios of rates are those of gamma distributions", {
  fit <- no_pooling(rates, pumps, family = poisson(), prior = list(mu = flat), iter_sampling = 0)
  pairs <- rbind(c(1, 2), c(4, 10), c(7, 6))
  for (i in seq_len(nrow(pairs))) {
    j <- pairs[i, 1]
    k <- pairs[i, 2]
    table <- group_contrasts(fit, as.character(j), reference = as.character(k), interval = "central")
    events <- pumps$failures[c(j, k)]
    hours <- pumps$hours[c(j, k)]
    # G1 / (G1 + G2) of gamma variables has a beta distribution.
    below <- function(x) pbeta(hours[1] * exp(x) / (hours[1] * exp(x) + hours[2]), events[1], events[2])
    expect_equal(table$p_greater, 1 - below(0), tolerance = 1e-7)
    expect_equal(below(c(table$lower, table$upper)), c(0.03, 0.97), tolerance = 1e-7)
    expect_equal(table$mean, digamma(events[1]) - digamma(events[2]) - log(hours[1] / hours[2]), tolerance = 1e-8)
    expect_equal(table$sd, sqrt(sum(trigamma(events))), tolerance = 1e-8)
  }
})

test_that("groups of very different size and without events are compared as exactly", {
  counts <- data.frame(g = c("none", "all", "large", "small"), k = c(0, 12, 4.1e6, 2), n = c(9, 12, 1e7, 5))
  fit <- no_pooling(cbind(k, n - k) ~ 1 + (1 | g), counts, family = binomial(), prior = list(mu = dist_normal(0, 10)), iter_sampling = 0)
  # At log odds of the large group, which are known to 0.0006.
  density <- function(theta, k, n) exp(k * theta - n * log1p(exp(theta)) + dnorm(theta, 0, 10, log = TRUE))
  for (g in c("none", "all", "small")) {
    k <- counts$k[counts$g == g]
    n <- counts$n[counts$g == g]
    centre <- qlogis((k + 0.1) / (n + 0.2))
    area <- function(from, to) integrate(density, from, to, k = k, n = n, rel.tol = 1e-12, subdivisions = 1e4)$value
    total <- area(-90, centre) + area(centre, 90)
    at <- qlogis(0.41)
    above <- if (at > centre) area(at, 90) / total else 1 - area(-90, at) / total
    found <- group_contrasts(fit, g, reference = "large")
    expect_equal(found$p_greater, above, tolerance = 1e-5)
    mean <- integrate(function(theta) theta * density(theta, k, n), -90, 90, rel.tol = 1e-12, subdivisions = 1e4)$value / total
    expect_equal(found$mean, mean - at, tolerance = 1e-6)
  }
})

small <- data.frame(g = c("a", "b", "c"), k = c(3, 9, 0), n = c(12, 14, 6), x = c(-1, 0.5, 1))
log_likelihoods <- lapply(1:3, function(j) function(theta) small$k[j] * theta - small$n[j] * log1p(exp(theta)))
log_tau <- seq(-0.5 - 7 * 0.4, -0.5 + 7 * 0.4, 0.2)

test_that("differences in a population are those by brute force", {
  fit <- partial_pooling(
    cbind(k, n - k) ~ 1 + (1 | g), small, family = binomial(), iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(-0.5, 0.8), sigma_mu = dist_lognormal(-0.5, 0.4))
  )
  nodes <- expand.grid(mu = seq(-6.5, 5.5, 0.25), log_tau = log_tau)
  nodes$log_prior <- dnorm(nodes$mu, -0.5, 0.8, log = TRUE) + dnorm(nodes$log_tau, -0.5, 0.4, log = TRUE)
  nodes[paste0("eta_", 1:3)] <- nodes$mu
  nodes$tau <- exp(nodes$log_tau)
  nodes <- nodes[nodes$log_prior > -30, ]
  brute <- brute_force(nodes, log_likelihoods, seq(-24, 24, 0.06))
  table <- group_contrasts(fit, interval = "central")
  for (i in 1:3) {
    j <- match(table$group[i], small$g)
    k <- match(table$other[i], small$g)
    truth <- brute_difference(brute, j, k, x = c(0, table$lower[i], table$upper[i]), most = 40)
    expect_equal(table$mean[i], truth$mean, tolerance = 1e-8)
    expect_equal(table$sd[i], truth$sd, tolerance = 1e-8)
    expect_equal(c(1 - table$p_greater[i], 0.03, 0.97), truth$below, tolerance = 1e-7)
  }
})

# `tau`: mean and sd of its logarithm. `most`: see brute_difference().
expect_intercepts_as_brute <- function(data, tau, theta, most) {
  fit <- varying_intercept(
    cbind(k, n - k) ~ x + (1 | g), data, family = binomial(), iter_sampling = 0,
    prior = list(beta_0 = dist_degenerate(-0.4), beta = dist_normal(0, 0.5), sigma_0 = dist_lognormal(tau[1], tau[2]))
  )
  nodes <- expand.grid(beta = seq(-3, 3, 0.06), log_tau = tau[1] + tau[2] * seq(-6, 6, 0.5))
  nodes$log_prior <- dnorm(nodes$beta, 0, 0.5, log = TRUE) + dnorm(nodes$log_tau, tau[1], tau[2], log = TRUE)
  nodes[paste0("eta_", 1:3)] <- lapply(data$x, function(x) -0.4 + x * nodes$beta)
  nodes$tau <- exp(nodes$log_tau)
  nodes <- nodes[nodes$log_prior > -26, ]
  log_likelihoods <- lapply(1:3, function(j) {
    function(theta) dbinom(data$k[j], data$n[j], plogis(theta), log = TRUE)
  })
  brute <- brute_force(nodes, log_likelihoods, theta)
  table <- group_contrasts(fit, interval = "central")
  for (i in 1:3) {
    j <- match(table$group[i], data$g)
    k <- match(table$other[i], data$g)
    shift <- nodes$beta * (data$x[j] - data$x[k])
    truth <- brute_difference(brute, j, k, shift, c(0, table$lower[i], table$upper[i]), most)
    expect_lt(max(abs(c(table$mean[i] - truth$mean, table$sd[i] - truth$sd))) / truth$sd, 1e-7)
    means <- exact_summary(fit, pars = paste0("beta_0j[", c(table$group[i], table$other[i]), "]"))$mean
    expect_equal(table$mean[i], means[1] - means[2], tolerance = 1e-9)
    expect_equal(c(1 - table$p_greater[i], 0.03, 0.97), truth$below, tolerance = 1e-7)
  }
}

test_that("beside predictors they are those of intercepts", {
  # Where groups hardly differ, and where each is known so well that the nodes of the slope stand apart.
  expect_intercepts_as_brute(small, c(-2.5, 0.25), seq(-5, 4, 0.01), most = 330)
  large <- data.frame(g = c("a", "b", "c"), k = c(300, 900, 60), n = c(1200, 1400, 600), x = c(-1, 0.5, 1))
  expect_intercepts_as_brute(large, c(-1, 0.2), seq(-5, 4, 0.02), most = 40)
})

test_that("draws agree, and so do both directions of a difference", {
  fit <- partial_pooling(hits, batters, family = binomial(), seed = 1)
  draws <- posterior::as_draws_matrix(fit)
  ahead <- group_contrasts(fit, c("Clemente", "Alvis"))
  behind <- group_contrasts(fit, "Alvis", reference = "Clemente")
  difference <- as.vector(draws[, "mu[Clemente]"] - draws[, "mu[Alvis]"])
  expect_within_mcse(difference, ahead$mean)
  expect_within_mcse(difference > 0, ahead$p_greater)
  expect_within_mcse(difference > ahead$lower & difference < ahead$upper, 0.94)
  expect_within_mcse((difference - ahead$mean)^2, ahead$sd^2)
  expect_equal(-behind$mean, ahead$mean, tolerance = 1e-9)
  expect_equal(c(-behind$upper, -behind$lower), c(ahead$lower, ahead$upper), tolerance = 1e-5)
  expect_equal(behind$p_greater, 1 - ahead$p_greater, tolerance = 1e-8)
  expect_equal(group_contrasts(fit, c("Unser", "Williams"))$p_greater, 0.5, tolerance = 1e-8)

  rate <- varying_intercept(update(rates, . ~ . + age), pumps, family = poisson(), seed = 2)
  draws <- posterior::as_draws_matrix(rate)
  found <- group_contrasts(rate, c("1", "5"))
  difference <- as.vector(draws[, "beta_0j[1]"] - draws[, "beta_0j[5]"])
  expect_within_mcse(difference, found$mean)
  expect_within_mcse(difference > 0, found$p_greater)
  expect_within_mcse(difference > found$lower & difference < found$upper, 0.94)
  expect_match(attr(found, "quantity"), "intercept of the log rate of failures", fixed = TRUE)
})

test_that("without deviations groups are alike", {
  fit <- partial_pooling(hits, batters, family = binomial(), prior = list(sigma_mu = dist_degenerate(0)), iter_sampling = 0)
  expect_identical(unlist(group_contrasts(fit, c("Clemente", "Alvis"))[3:7], use.names = FALSE), numeric(5))
})

test_that("probabilities and rates are compared by draws", {
  fit <- partial_pooling(hits, batters, family = binomial(), seed = 1)
  link <- group_contrasts(fit, reference = "Unser")
  response <- group_contrasts(fit, reference = "Unser", scale = "response")
  means <- exact_summary(fit, scale = "response", pars = c("p[Clemente]", "p[Unser]"))$mean
  draws <- plogis(unclass(posterior::as_draws_matrix(fit)[, c("mu[Clemente]", "mu[Unser]")]))
  expect_equal(response$mean[1], mean(draws[, 1] - draws[, 2]))
  expect_within_mcse(draws[, 1] - draws[, 2], means[1] - means[2])
  expect_true(all(abs(response$p_greater - link$p_greater) < 5 * sqrt(link$p_greater * (1 - link$p_greater) / 4000)))
  expect_identical(attr(response, "quantity"), "probability of hits")
  expect_output(print(response), "from 4,000 draws", fixed = TRUE)
  expect_output(print(link), "by quadrature", fixed = TRUE)
  expect_output(print(link), "log odds of hits", fixed = TRUE)

  # Predictors are part of a rate.
  rate <- varying_intercept(update(rates, . ~ . + age), pumps, family = poisson(), seed = 1)
  found <- group_contrasts(rate, c("1", "2"), scale = "response")
  draws <- posterior::as_draws_matrix(rate)
  rates <- lapply(1:2, function(j) exp(draws[, paste0("beta_0j[", j, "]")] + pumps$age[j] * draws[, "beta[age]"]))
  expect_equal(found$mean, mean(rates[[1]] - rates[[2]]))

  without <- update(fit, iter_sampling = 0)
  expect_error(group_contrasts(without, scale = "response"), class = "bayespool_error_draws")
  expect_error(group_contrasts(without, scale = "odds"), class = "bayespool_error_argument")
  expect_error(
    group_contrasts(complete_pooling(hits, batters, family = binomial(), iter_sampling = 0)), class = "bayespool_error_model"
  )
  # Of a normal outcome both scales are the same.
  normal <- partial_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0)
  expect_identical(group_contrasts(normal, scale = "response"), group_contrasts(normal))
})

test_that("the expected rank is what pairs say", {
  fit <- partial_pooling(hits, batters, family = binomial(), seed = 1)
  pairs <- group_contrasts(fit)
  ranks <- group_ranks(fit, best = 3)
  for (g in c("Clemente", "Santo", "Alvis")) {
    worse_than <- sum(1 - pairs$p_greater[pairs$group == g]) + sum(pairs$p_greater[pairs$other == g])
    row <- ranks[ranks$group == g, ]
    expect_lt(abs(row$mean - 1 - worse_than), 5 * row$mcse_mean)
  }
  expect_equal(sum(ranks$p_best), 1)
  expect_identical(ranks$group[which.max(ranks$p_best)], "Clemente")
  expect_output(print(ranks), "rank 1: highest log odds of hits", fixed = TRUE)
})
