# Predictions of counts against closed forms, sums over a grid in plain R, and draws.

skip_on_cran() # all of it takes long

batters <- data.frame(player = sprintf("b%02d", 1:18), hits = c(18:14, 14:11, 11, rep(10, 5), 9:7), at_bats = 45)
pumps <- data.frame(
  pump = letters[1:10], failures = c(5, 1, 5, 14, 3, 19, 1, 1, 4, 22),
  time = c(94.3, 15.7, 62.9, 126, 5.24, 31.4, 1.05, 1.05, 2.1, 10.5)
)
flat <- list(mu = dist_uniform(-Inf, Inf))
hits <- cbind(hits, at_bats - hits) ~ 1 + (1 | player)
failures <- failures ~ 1 + offset(log(time)) + (1 | pump)

batters_fit <- partial_pooling(hits, batters, family = binomial(), seed = 1)
pumps_fit <- partial_pooling(failures, pumps, family = poisson(), seed = 1, prior = list(sigma_mu = dist_uniform(0, 3)))
# With a flat prior on the log odds p is Beta(k, n - k), and with one on the log rate the rate is Gamma(k, exposure).
batters_flat <- no_pooling(hits, batters, family = binomial(), prior = flat, seed = 1)
pumps_flat <- no_pooling(failures, pumps, family = poisson(), prior = flat, seed = 1)

beta_binomial <- function(n, a, b) {
  k <- 0:n
  exp(lchoose(n, k) + lbeta(k + a, n - k + b) - lbeta(a, b))
}

# The shortest set of consecutive numbers from 0 with enough probability, of several the most probable.
shortest_set <- function(mass, prob) {
  below <- c(0, cumsum(mass))
  last <- findInterval(prob + below - 1e-9, below[-1]) + 1
  holds <- which(last <= length(mass) & below + prob <= 1 + 1e-9)
  sizes <- last[holds] - holds
  best <- holds[sizes == min(sizes)]
  best <- best[which.max(below[last[best] + 1] - below[best])]
  c(best, last[best]) - 1
}

test_that("binomial predictions without pooling are beta-binomial", {
  for (n in c(1, 10, 45, 3000)) {
    mass <- beta_binomial(n, 16, 29)
    k <- 0:n
    new <- data.frame(player = "b03", at_bats = n)
    mean <- sum(k * mass)
    for (prob in c(0.5, 0.94)) {
      hdi <- predictive_table(batters_flat, new, prob)
      expect_equal(c(hdi$mean, hdi$sd), c(mean, sqrt(sum((k - mean)^2 * mass))), tolerance = 1e-9)
      expect_equal(c(hdi$lower, hdi$upper), shortest_set(mass, prob), label = paste(n, prob))
      central <- predictive_table(batters_flat, new, prob, interval = "central")
      quantiles <- findInterval(c(1 - prob, 1 + prob) / 2, cumsum(mass))
      expect_equal(c(central$lower, central$upper), quantiles, label = paste(n, prob))
    }
  }
})

test_that("Poisson predictions without pooling are negative binomial", {
  for (exposure in c(0.1, 5, 94.3, 3000)) {
    new <- data.frame(pump = "a", time = exposure)
    p <- 94.3 / (94.3 + exposure)
    for (prob in c(0.5, 0.94)) {
      hdi <- predictive_table(pumps_flat, new, prob)
      expect_equal(hdi$mean, 5 * exposure / 94.3, tolerance = 1e-9)
      expect_equal(hdi$sd, sqrt(5 * (1 - p)) / p, tolerance = 1e-8)
      most <- qnbinom(1 - 1e-12, 5, p)
      expect_equal(c(hdi$lower, hdi$upper), shortest_set(dnbinom(0:most, 5, p), prob), label = paste(exposure, prob))
      central <- predictive_table(pumps_flat, new, prob, interval = "central")
      expect_equal(c(central$lower, central$upper), qnbinom(c(1 - prob, 1 + prob) / 2, 5, p))
    }
  }
})

test_that("a million trials or events take no longer, and are as exact", {
  elapsed <- system.time({
    hdi <- predictive_table(batters_flat, data.frame(player = "b03", at_bats = 1e6), 0.9)
    central <- predictive_table(batters_flat, data.frame(player = "b03", at_bats = 1e6), 0.9, "central")
    events <- predictive_table(pumps_flat, data.frame(pump = "a", time = 2e7), 0.9)
  })[["elapsed"]]
  expect_lt(elapsed, 5)
  below <- cumsum(beta_binomial(1e6, 16, 29))
  expect_equal(c(central$lower, central$upper), findInterval(c(0.05, 0.95), below))
  # No set that is shorter by one holds as much.
  length <- hdi$upper - hdi$lower
  within <- function(length) max(below[(length + 1):1e6] - c(0, below)[seq_len(1e6 - length)])
  expect_gte(below[hdi$upper + 1] - below[hdi$lower], 0.9 - 1e-9)
  expect_lt(within(length - 1), 0.9)
  p <- 94.3 / (94.3 + 2e7)
  expect_equal(diff(pnbinom(c(events$lower - 1, events$upper), 5, p)), 0.9, tolerance = 1e-6)
  expect_equal(dnbinom(events$lower, 5, p), dnbinom(events$upper, 5, p), tolerance = 1e-2)
})

test_that("with pooling the distribution of a count is a mixture over the posterior", {
  # theta of a known and of a new group on a grid in mu and tau, with the priors N(0, 2.5) and uniform(0, 3).
  mu <- seq(-4, 4, by = 0.05)
  tau <- seq(0.01, 2.99, by = 0.02)
  z <- seq(-8, 8, by = 0.1)
  grid <- expand.grid(mu = mu, tau = tau)
  theta <- outer(grid$mu, z * 0, `+`) + outer(grid$tau, z)
  phi <- dnorm(z) / sum(dnorm(z))
  likelihoods <- lapply(seq_len(10), function(j) dpois(pumps$failures[j], pumps$time[j] * exp(theta)))
  integrals <- vapply(likelihoods, function(likelihood) drop(likelihood %*% phi), numeric(nrow(grid)))
  weight <- dnorm(grid$mu, 0, 2.5) * apply(integrals, 1, prod)
  weight <- weight / sum(weight)
  mass_of <- function(k, exposure, known = NULL) {
    counts <- dpois(k, exposure * exp(theta))
    if (is.null(known)) {
      return(sum(weight * drop(counts %*% phi)))
    }
    sum(weight * drop((counts * likelihoods[[known]]) %*% phi) / integrals[, known])
  }
  cases <- list(list(pump = "j", known = 10, exposure = 4), list(pump = "new", known = NULL, exposure = 2))
  for (case in cases) {
    mass <- vapply(0:60, mass_of, 0, case$exposure, case$known)
    below <- cumsum(mass)
    central <- predictive_table(pumps_fit, data.frame(pump = case$pump, time = case$exposure), 0.8, "central")
    expect_equal(c(central$lower, central$upper), findInterval(c(0.1, 0.9), below), label = case$pump)
    hdi <- predictive_table(pumps_fit, data.frame(pump = case$pump, time = case$exposure), 0.8)
    expect_equal(c(hdi$lower, hdi$upper), shortest_set(mass, 0.8), label = case$pump)
    if (!is.null(case$known)) expect_equal(hdi$mean, sum(0:60 * mass), tolerance = 1e-5)
  }
})

test_that("draws agree with the exact distributions", {
  new <- data.frame(player = c("b01", "b18", "new"), at_bats = c(45, 10, 200))
  exact <- predictive_table(batters_fit, new, 0.9, "central")
  draws <- posterior_predict(batters_fit, new, seed = 2)
  expected <- posterior_epred(batters_fit, new, seed = 2)
  confidence <- predict(batters_fit, new, interval = "confidence", se.fit = TRUE)
  for (i in 1:3) {
    expect_within_mcse(draws[, i], exact$mean[i])
    expect_within_mcse(expected[, i], exact$mean[i])
    expect_within_mcse((draws[, i] - exact$mean[i])^2, exact$sd[i]^2)
    expect_within_mcse((expected[, i] - exact$mean[i])^2, confidence$se.fit[i]^2)
    expect_gte(mean(draws[, i] >= exact$lower[i] & draws[, i] <= exact$upper[i]), 0.9 - 5 * sqrt(0.09 / 4000))
  }
  expect_equal(unname(confidence$fit[, "fit"]), exact$mean)
  ends <- predictive_interval(batters_fit, 0.9, newdata = new, seed = 2)
  expect_equal(ends, t(apply(draws, 2, quantile, c(0.05, 0.95))), ignore_attr = TRUE)

  theta <- posterior_linpred(pumps_fit)
  expect_equal(exp(theta), posterior_epred(pumps_fit))
  expect_equal(exp(theta), posterior_linpred(pumps_fit, transform = TRUE))
  rates <- posterior_predict(pumps_fit, seed = 3)
  expect_true(all(rates == round(rates)))
  for (i in c(1, 7)) expect_within_mcse(rates[, i], predictive_table(pumps_fit)$mean[i])
  expect_equal(predictive_error(pumps_fit, seed = 3), sweep(-rates, 2, pumps$failures, `+`))
  expect_identical(posterior_predict(pumps_fit, seed = 3, cores = 2), rates)
})

test_that("draws of counts have their distributions, for few and many trials and events", {
  known <- function(theta, ...) {
    complete_pooling(..., prior = list(mu = dist_degenerate(theta)), seed = 1, iter_sampling = 5000)
  }
  for (p in c(0.002, 0.3, 0.9)) {
    fit <- known(qlogis(p), cbind(k, n - k) ~ 1, data.frame(k = 1, n = 3), family = binomial())
    for (n in c(1, 20, 1000)) {
      draws <- drop(posterior_predict(fit, data.frame(n = n), seed = 4))
      expected <- 20000 * dbinom(0:n, n, p)
      common <- expected > 20
      observed <- tabulate(draws + 1, n + 1)
      expect_gt(chisq.test(observed[common], p = expected[common], rescale.p = TRUE)$p.value, 1e-6)
      # Those that are rare, together.
      expect_lt(abs(sum(observed[!common]) - sum(expected[!common])), 5 * sqrt(sum(expected[!common])) + 1e-6)
    }
  }
  for (rate in c(0.01, 3, 50, 1e6, 1e12)) {
    fit <- known(log(rate), y ~ 1, data.frame(y = 1), family = poisson())
    draws <- drop(posterior_predict(fit, data.frame(row = 1), seed = 5))
    expect_within_mcse(draws, rate)
    expect_within_mcse((draws - rate)^2, rate)
  }
})

test_that("log_lik has the constants of the rows", {
  theta <- posterior_linpred(batters_fit)
  expect_equal(log_lik(batters_fit), sapply(1:18, function(i) dbinom(batters$hits[i], 45, plogis(theta[, i]), log = TRUE)))
  theta <- posterior_linpred(pumps_fit)
  expect_equal(log_lik(pumps_fit), sapply(1:10, function(i) dpois(pumps$failures[i], exp(theta[, i]), log = TRUE)))
  # Nothing but failures, and nothing at all.
  none <- partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), data.frame(k = c(0, 5, 2), n = 5, g = 1:3), family = binomial(), seed = 1)
  p <- posterior_linpred(none, transform = TRUE)
  expect_equal(log_lik(none), sapply(1:3, function(i) dbinom(c(0, 5, 2)[i], 5, p[, i], log = TRUE)))
})

# One data set in all the ways in which a binomial response can be written.
single <- data.frame(g = rep(c("a", "b", "c"), c(4, 3, 5)), y = c(1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0, 1))
by_group <- data.frame(g = c("a", "b", "c"), k = c(2, 0, 4), n = c(4, 3, 5))

test_that("rows have the counts of their response, however it is written", {
  single$yes <- single$y == 1
  single$answer <- factor(ifelse(single$y == 1, "yes", "no"), levels = c("no", "yes"))
  fit <- function(formula, data, ...) partial_pooling(formula, data, family = binomial(), iter_sampling = 0, ...)
  expected <- fitted(fit(y ~ 1 + (1 | g), single))
  for (formula in list(yes ~ 1 + (1 | g), answer ~ 1 + (1 | g))) {
    one <- fit(formula, single)
    expect_equal(fitted(one), expected)
    expect_equal(residuals(one), single$y - expected)
    expect_equal(predictive_table(one)$observed, single$y)
  }
  sums <- fit(cbind(k, n - k) ~ 1 + (1 | g), by_group)
  expect_equal(fitted(sums), expected[c(1, 5, 8)] * by_group$n)
  proportions <- fit(k / n ~ 1 + (1 | g), by_group, weights = n)
  expect_equal(fitted(proportions), fitted(sums))
  expect_equal(predictive_table(proportions)$observed, by_group$k)
  external <- c(4, 3, 5)
  beside <- fit(k / n ~ 1 + (1 | g), by_group, weights = external)
  expect_equal(residuals(beside), by_group$k - fitted(sums))
  # Levels in another order, as text, in new rows.
  one <- fit(answer ~ 1 + (1 | g), single)
  expect_equal(predictive_table(one, data.frame(g = "a", answer = c("yes", "no")))$observed, c(1, 0))
})

test_that("rows that were dropped stay out", {
  with_missing <- rbind(batters, data.frame(player = c("b01", NA, "b02"), hits = c(NA, 3, 0), at_bats = c(4, 5, 0)))
  fit <- suppressMessages(partial_pooling(hits, with_missing, family = binomial(), iter_sampling = 0))
  expect_equal(fitted(fit), fitted(batters_fit))
  expect_equal(predictive_table(fit)$row, 1:18)
  with_missing <- rbind(pumps, data.frame(pump = "a", failures = NA, time = NA))
  fit <- suppressMessages(partial_pooling(failures, with_missing, family = poisson(), iter_sampling = 0))
  expect_equal(length(residuals(fit)), 10)
})

test_that("new rows have the trials or exposure that their variables say", {
  p <- predict(batters_fit, data.frame(player = "b01"))
  expect_equal(predict(batters_fit, data.frame(player = "b01", at_bats = 100)), 100 * p)
  expect_equal(predict(batters_fit, batters[1, ]), 45 * p)
  expect_equal(predict(batters_fit, data.frame(player = "b01", at_bats = 0), interval = "prediction")[1, ], c(fit = 0, lwr = 0, upr = 0))
  proportions <- partial_pooling(k / n ~ 1 + (1 | g), by_group, weights = n, family = binomial(), iter_sampling = 0)
  expect_equal(predict(proportions, data.frame(g = "a", n = 7)), 7 * predict(proportions, data.frame(g = "a")))
  expect_true(is.na(predictive_table(proportions, data.frame(g = "a", k = 1, n = 3))$observed) == FALSE)
  error <- function(expr, class = "bayespool_error_data") expect_error(expr, class = class)
  error(predict(batters_fit, data.frame(player = "b01", hits = 3)))
  error(predict(batters_fit, data.frame(player = "b01", at_bats = 2.5)))
  error(predict(batters_fit, data.frame(player = "b01", at_bats = NA)))
  error(log_lik(batters_fit, data.frame(player = "b01", hits = 5, at_bats = 3)))
  error(log_lik(batters_fit, data.frame(player = "b01", at_bats = 3)))
  error(predict(pumps_fit, data.frame(pump = "a")))
  error(posterior_linpred(pumps_fit, newdata = data.frame(pump = "a")))
  error(predict(pumps_fit, data.frame(pump = "a", time = 0)))
  error(log_lik(pumps_fit, data.frame(pump = "a", time = 1, failures = 2.5)))
  error(predict(batters_fit, data.frame(at_bats = 3)))
  error(posterior_predict(batters_fit, data.frame(player = "new"), allow_new_levels = FALSE))
  error(predict(batters_flat, data.frame(player = "new")), "bayespool_error_model")
  error(predict(batters_flat, batters, re_formula = NA), "bayespool_error_model")
  expect_match(conditionMessage(tryCatch(predict(pumps_fit, data.frame(pump = "a")), error = identity)), "offset")
})

test_that("complete pooling and the population", {
  pooled <- complete_pooling(hits, batters, family = binomial(), prior = flat, seed = 1)
  table <- predictive_table(pooled, data.frame(player = "b01", at_bats = 30), 0.8, "central")
  below <- cumsum(beta_binomial(30, 215, 595))
  expect_equal(table$mean, 30 * 215 / 810, tolerance = 1e-9)
  expect_equal(c(table$lower, table$upper), findInterval(c(0.1, 0.9), below))
  expect_equal(fitted(pooled), rep(45 * 215 / 810, 18), tolerance = 1e-9)
  # Those who asked for the population's rate get that of exact_summary().
  summary <- exact_summary(batters_fit, scale = "response")
  expect_equal(predict(batters_fit, data.frame(at_bats = 10), re_formula = NA), 10 * summary$mean[1])
  expect_within_mcse(posterior_epred(batters_fit, data.frame(at_bats = 10), re_formula = NA)[, 1], 10 * summary$mean[1])
})

test_that("predictors may have other values in new rows, in known groups and new ones", {
  set.seed(1)
  rows <- data.frame(g = letters[1:8], x = seq(-1, 1, length.out = 8), n = 60)
  rows$k <- rbinom(8, 60, plogis(-0.5 + rows$x + rnorm(8) / 2))
  fit <- varying_intercept(cbind(k, n - k) ~ x + (1 | g), rows, family = binomial(), seed = 2)
  new <- data.frame(g = c("a", "a", "new", "new"), x = c(-1, 0.7, 0.7, -1), n = 30)
  exact <- predictive_table(fit, new, 0.9)
  draws <- posterior_predict(fit, new, seed = 3)
  for (i in 1:4) {
    expect_within_mcse(draws[, i], exact$mean[i])
    expect_within_mcse((draws[, i] - exact$mean[i])^2, exact$sd[i]^2)
    expect_gte(mean(draws[, i] >= exact$lower[i] & draws[, i] <= exact$upper[i]), 0.9 - 5 * sqrt(0.09 / 4000))
  }
  expect_equal(exact$mean[1], fitted(fit)[1] / 2)
  # By draws of another group's coefficient, in plain R.
  d <- posterior::as_draws_matrix(fit)
  expect_equal(posterior_epred(fit, new[2, ])[, 1], as.vector(30 * plogis(d[, "beta_0j[a]"] + 0.7 * d[, "beta[x]"])))
})

test_that("tables of draws agree with exact ones", {
  # The table of a fit by chains is computed from its draws, whatever made them.
  drawn <- function(fit) {
    fit$settings$algorithm <- "nuts"
    fit
  }
  new <- data.frame(player = c("b01", "new"), at_bats = c(45, 300))
  exact <- predictive_table(batters_fit, new, 0.9, "central")
  of_draws <- predictive_table(drawn(batters_fit), new, 0.9, "central")
  expect_lt(max(abs(of_draws$mean - exact$mean) / (exact$sd / sqrt(4000))), 5)
  expect_equal(of_draws$sd, exact$sd, tolerance = 0.08)
  expect_lt(max(abs(of_draws$lower - exact$lower), abs(of_draws$upper - exact$upper)), 5)
  # Of a known group the mixture over the draws, exactly.
  p <- plogis(posterior::as_draws_matrix(batters_fit)[, "mu[b01]"])
  below <- vapply(0:45, function(k) mean(pbinom(k, 45, p)), 0)
  expect_equal(c(of_draws$lower[1], of_draws$upper[1]), findInterval(c(0.05, 0.95), below))
  expect_equal(of_draws$mean[1], 45 * mean(p))
  expected <- predict(drawn(batters_fit), new, interval = "confidence")
  expect_equal(expected[1, "fit"], 45 * mean(p), ignore_attr = TRUE)
  expect_gt(attr(of_draws, "mcse"), 0)
})

test_that("the prior has predictions too", {
  prior <- partial_pooling(hits, batters, family = binomial(), prior_only = TRUE, seed = 1)
  table <- predictive_table(prior)
  expect_equal(table$mean, rep(22.5, 18), tolerance = 1e-8)
  expect_within_mcse(posterior_predict(prior, seed = 1)[, 1], 22.5)
  known <- partial_pooling(
    failures, pumps, family = poisson(), prior_only = TRUE, iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(0, 0.3), sigma_mu = dist_degenerate(0.4))
  )
  # exp of a normal variable with variance 0.25
  expect_equal(fitted(known), exp(0.125) * pumps$time, tolerance = 1e-8)
  variance <- exp(0.125) * pumps$time + exp(0.25) * (exp(0.25) - 1) * pumps$time^2
  expect_equal(predictive_table(known)$sd, sqrt(variance), tolerance = 1e-8)
})

test_that("groups without events, or with nothing else, have numbers", {
  few <- data.frame(g = letters[1:5], k = c(0, 0, 3, 10, 10), n = 10)
  fit <- partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), few, family = binomial(), seed = 1)
  expect_false(anyNA(predictive_table(fit)))
  expect_false(anyNA(predictive_table(fit, data.frame(g = "new", n = 1000))[c("mean", "sd", "lower", "upper")]))
  rare <- data.frame(g = letters[1:4], y = c(0, 0, 1, 0), e = c(10, 1e4, 20, 1e-3))
  fit <- partial_pooling(y ~ 1 + offset(log(e)) + (1 | g), rare, family = poisson(), seed = 1)
  expect_false(anyNA(predictive_table(fit)))
  # The rate of a new group has no mean: the tail of tau is not light enough.
  new <- predictive_table(fit, data.frame(g = "new", e = 10))
  expect_identical(c(new$mean, new$sd), c(NaN, Inf))
  expect_true(all(is.finite(c(new$lower, new$upper))))
})

test_that("fits without rows say so, and predict new ones", {
  counts <- group_counts(hits, batters, binomial())
  fit <- partial_pooling(hits, counts, family = binomial(), seed = 1)
  for (f in list(fitted, residuals, predictive_table, posterior_predict, log_lik, pp_check, bayes_R2)) {
    expect_error(f(fit), class = "bayespool_error_data")
  }
  expect_equal(predictive_table(fit, batters), predictive_table(batters_fit, batters), tolerance = 1e-9)
})

test_that("bayes_R2 is the share of the variance of the expected counts", {
  p <- posterior_linpred(batters_fit, transform = TRUE)
  explained <- apply(45 * p, 1, var)
  expect_equal(bayes_R2(batters_fit), explained / (explained + rowMeans(45 * p * (1 - p))))
  mean <- posterior_epred(pumps_fit)
  explained <- apply(mean, 1, var)
  expect_equal(bayes_R2(pumps_fit), explained / (explained + rowMeans(mean)))
  expect_error(loo_R2(batters_fit), class = "bayespool_error_model")
})
