# Leave-one-out of counts: against refits, sums over a grid, and closed forms.

skip_on_cran() # all of it takes long

batters <- data.frame(player = sprintf("b%02d", 1:18), hits = c(18:14, 14:11, 11, rep(10, 5), 9:7), at_bats = 45)
pumps <- data.frame(
  pump = letters[1:10], failures = c(5, 1, 5, 14, 3, 19, 1, 1, 4, 22),
  time = c(94.3, 15.7, 62.9, 126, 5.24, 31.4, 1.05, 1.05, 2.1, 10.5)
)
flat <- list(mu = dist_uniform(-Inf, Inf))
hits <- cbind(hits, at_bats - hits) ~ 1 + (1 | player)
failures <- failures ~ 1 + offset(log(time)) + (1 | pump)
fit_batters <- function(verb = partial_pooling, data = batters, ...) verb(hits, data, family = binomial(), iter_sampling = 0, ...)
fit_pumps <- function(verb = partial_pooling, data = pumps, ...) verb(failures, data, family = poisson(), iter_sampling = 0, ...)
elpd <- function(fit, ...) unname(loo(fit, ...)$pointwise[, 1])
evidence <- function(fit) as.numeric(log_marginal_likelihood(fit))

# Sums over the nodes of all data are right to about 1e-6, see CountNodes::resolved_sum(); what they do not resolve is integrated anew.

# Several rows a group.
visits <- data.frame(
  ward = rep(letters[1:4], c(3, 2, 3, 1)), falls = c(2, 0, 1, 5, 3, 0, 0, 1, 2), days = c(10, 4, 12, 20, 9, 6, 3, 11, 7)
)
trials <- data.frame(g = rep(letters[1:4], c(3, 2, 3, 1)), k = c(1, 0, 3, 2, 2, 0, 0, 1, 4), n = c(3, 2, 5, 2, 6, 4, 1, 5, 4))

test_that("rows and groups are left out as refits do it", {
  for (fit in list(fit_batters, fit_pumps)) {
    whole <- fit()
    data <- if (identical(fit, fit_batters)) batters else pumps
    without <- vapply(seq_len(nrow(data)), function(i) evidence(fit(data = data[-i, ])), 0)
    expect_equal(elpd(whole), evidence(whole) - without, tolerance = 1e-6)
    # Here each row is a group.
    expect_equal(elpd(whole, unit = "group"), elpd(whole), tolerance = 1e-9)
  }
  for (verb in list(partial_pooling, complete_pooling, no_pooling)) {
    fit <- function(rows) verb(falls ~ 1 + offset(log(days)) + (1 | ward), rows, family = poisson(), iter_sampling = 0)
    whole <- fit(visits)
    rows <- vapply(1:9, function(i) evidence(fit(visits[-i, ])), 0)
    expect_equal(elpd(whole), evidence(whole) - rows, tolerance = 1e-6)
    wards <- vapply(letters[1:4], function(ward) evidence(fit(visits[visits$ward != ward, ])), 0)
    expect_equal(elpd(whole, unit = "group"), evidence(whole) - unname(wards), tolerance = 1e-6)
    fit <- function(rows) verb(cbind(k, n - k) ~ 1 + (1 | g), rows, family = binomial(), iter_sampling = 0)
    whole <- fit(trials)
    rows <- vapply(1:9, function(i) evidence(fit(trials[-i, ])), 0)
    expect_equal(elpd(whole), evidence(whole) - rows, tolerance = 1e-6)
  }
})

test_that("rows are left out where groups have predictors", {
  rows <- transform(trials, x = c(a = -1, b = 0.5, c = 1, d = 0.5)[g])
  for (verb in list(varying_intercept, complete_pooling)) {
    fit <- function(rows) {
      verb(
        cbind(k, n - k) ~ x + (1 | g), rows, family = binomial(), iter_sampling = 0,
        prior = list(beta_0 = dist_normal(0, 2), beta = dist_normal(0, 1))
      )
    }
    whole <- fit(rows)
    # An error of 1e-6 is what accuracy() and the sum over the nodes allow; with two coefficients there are fewer nodes.
    expect_equal(elpd(whole), evidence(whole) - vapply(1:9, function(i) evidence(fit(rows[-i, ])), 0), tolerance = 1e-6)
  }
})

test_that("a row is left out as sums over a grid do it", {
  # p(y_1 | rest) = p(y) / p(rest) with the integrals in plain R.
  mu <- seq(-8, 8, by = 0.2)
  tau <- seq(0.025, 20, by = 0.05)
  z <- seq(-8, 8, by = 0.2)
  grid <- expand.grid(mu = mu, tau = tau)
  theta <- grid$mu + outer(grid$tau, z)
  phi <- dnorm(z) / sum(dnorm(z))
  log_evidence <- function(rows) {
    density <- dnorm(grid$mu, 0, 2.5) * dexp(grid$tau)
    for (own in split(rows, rows$g)) {
      likelihood <- 1
      for (i in seq_len(nrow(own))) likelihood <- likelihood * dbinom(own$k[i], own$n[i], plogis(theta))
      density <- density * drop(likelihood %*% phi)
    }
    log(sum(density))
  }
  fit <- partial_pooling(
    cbind(k, n - k) ~ 1 + (1 | g), trials, family = binomial(), iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(0, 2.5), sigma_mu = dist_exponential(1))
  )
  all <- log_evidence(trials)
  expect_equal(elpd(fit)[c(1, 7, 9)], all - vapply(c(1, 7, 9), function(i) log_evidence(trials[-i, ]), 0), tolerance = 1e-4)
})

test_that("p_loo is the log predictive probability given all data, minus elpd", {
  fit <- partial_pooling(hits, batters, family = binomial(), seed = 1)
  given_all <- loo(fit)$pointwise[, "p_loo"] + elpd(fit)
  draws <- log_lik(fit)
  for (i in c(1, 18)) expect_within_mcse(exp(draws[, i]), exp(given_all[i]))
})

test_that("without pooling it is a closed form", {
  # Two rows a batter: Beta(k, n - k) of one predicts the other.
  rows <- rbind(transform(batters, hits = hits - 5, at_bats = 25), transform(batters, hits = 5, at_bats = 20))
  fit <- no_pooling(hits, rows, family = binomial(), prior = flat, iter_sampling = 0)
  beta_binomial <- function(k, n, a, b) lchoose(n, k) + lbeta(k + a, n - k + b) - lbeta(a, b)
  others <- rows[c(19:36, 1:18), ]
  result <- loo(fit)$pointwise
  expect_equal(result[, "elpd_loo"], beta_binomial(rows$hits, rows$at_bats, others$hits, others$at_bats - others$hits), tolerance = 1e-9)
  given_all <- beta_binomial(rows$hits, rows$at_bats, rep(batters$hits, 2), 45 - rep(batters$hits, 2))
  expect_equal(result[, "elpd_loo"] + result[, "p_loo"], given_all, tolerance = 1e-9)

  rows <- rbind(transform(pumps, time = time / 4), transform(pumps, failures = failures + 1, time = 3 * time))
  fit <- no_pooling(failures, rows, family = poisson(), prior = flat, iter_sampling = 0)
  others <- rows[c(11:20, 1:10), ]
  expect_equal(elpd(fit), dnbinom(rows$failures, others$failures, others$time / (others$time + rows$time), log = TRUE), tolerance = 1e-9)

  # Single trials: Beta(k - 1, n - k) and Beta(k, n - k - 1).
  fit <- fit_batters(no_pooling, prior = flat)
  k <- batters$hits
  truth <- unlist(lapply(k, function(k) rep(log(c((k - 1) / 44, (44 - k) / 44)), c(k, 45 - k))))
  expect_equal(elpd(fit, unit = "trial"), truth, tolerance = 1e-9)
})

test_that("single trials are the rows of 0 and 1", {
  rows <- data.frame(
    player = rep(batters$player, each = 45), hit = unlist(lapply(batters$hits, function(k) rep(1:0, c(k, 45 - k))))
  )
  of_rows <- partial_pooling(hit ~ 1 + (1 | player), rows, family = binomial(), iter_sampling = 0)
  of_trials <- loo(fit_batters(), unit = "trial")
  expect_equal(of_trials$pointwise, loo(of_rows)$pointwise, tolerance = 1e-9)
  expect_equal(nrow(of_trials$pointwise), 810)
  # Rows that are together in one group tell as much.
  expect_equal(loo(of_rows, unit = "trial")$pointwise, of_trials$pointwise, tolerance = 1e-9)
  expect_output(print(of_trials), "810 trials")
  pooled <- fit_batters(complete_pooling)
  expect_equal(
    unname(loo_compare(fit_batters(), pooled, unit = "trial")[2, "elpd_diff"]),
    -abs(sum(elpd(pooled, unit = "trial")) - sum(of_trials$pointwise[, 1]))
  )
})

test_that("groups without events, or with nothing else, have numbers", {
  few <- data.frame(g = letters[1:5], k = c(0, 0, 3, 10, 10), n = 10)
  fit <- partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), few, family = binomial(), iter_sampling = 0)
  for (unit in c("observation", "group", "trial")) expect_false(anyNA(loo(fit, unit = unit)$pointwise))
  rare <- data.frame(g = letters[1:4], y = c(0, 0, 1, 0), e = c(10, 1e4, 20, 1e-3))
  fit <- partial_pooling(y ~ 1 + offset(log(e)) + (1 | g), rare, family = poisson(), iter_sampling = 0)
  expect_false(anyNA(loo(fit)$pointwise))
})

test_that("what the nodes do not resolve is left out by a quadrature of its own", {
  # One group that is far from all others.
  far <- rbind(batters, data.frame(player = "far", hits = 1900, at_bats = 2000))
  whole <- fit_batters(data = far)
  without <- vapply(c(1, 19), function(i) evidence(fit_batters(data = far[-i, ])), 0)
  expect_equal(elpd(whole)[c(1, 19)], evidence(whole) - without, tolerance = 1e-6)
  # The same by the refit itself, with several rows.
  parts <- list(group = c(1L, 4L), y = c(1, 2), size = c(3, 2), label = function(i) paste("row", i))
  fit <- partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), trials, family = binomial(), iter_sampling = 0)
  parts$y[2] <- 4
  parts$size[2] <- 4
  whole <- whole_counts(fit, parts$group, NULL, NULL)
  by_refit <- vapply(1:2, function(i) by_evidence(whole, parts, i, "row", NULL), 0)
  expect_equal(by_refit, elpd(fit)[c(1, 9)], tolerance = 1e-6)
})

test_that("a posterior that does not exist without a part is an error", {
  fit <- fit_batters(no_pooling, prior = flat)
  expect_error(loo(fit), "row 1", class = "bayespool_error_improper")
  expect_error(loo(fit, unit = "group"), "b01", class = "bayespool_error_improper")
  # One success among the trials of a group.
  few <- data.frame(g = c("a", "b"), k = c(3, 1))
  one <- no_pooling(cbind(k, 5 - k) ~ 1 + (1 | g), few, family = binomial(), prior = flat, iter_sampling = 0)
  expect_error(loo(one, unit = "trial"), "a trial of group b", class = "bayespool_error_improper")
  # The only group with events, where the population's rate has a flat prior.
  rows <- data.frame(g = c("a", "b", "c"), y = c(0, 4, 0))
  rare <- complete_pooling(y ~ 1 + (1 | g), rows, family = poisson(), prior = flat, iter_sampling = 0)
  expect_error(loo(rare), "row 2", class = "bayespool_error_improper")
})

test_that("fits without rows leave out groups and trials, and rows that they are shown", {
  counts <- group_counts(hits, batters, binomial())
  fit <- fit_batters(data = counts)
  whole <- fit_batters()
  for (unit in c("group", "trial")) expect_equal(elpd(fit, unit = unit), elpd(whole, unit = unit), tolerance = 1e-9)
  expect_error(loo(fit), class = "bayespool_error_data")
  expect_equal(elpd(fit, newdata = batters[c(18, 3), ]), elpd(whole)[c(18, 3)], tolerance = 1e-9)
  expect_error(loo(fit, newdata = data.frame(player = "b01", hits = 30, at_bats = 45)), "b|group", class = "bayespool_error_data")
  expect_error(loo(fit, newdata = data.frame(player = "b99", hits = 3, at_bats = 45)), class = "bayespool_error_data")
  expect_error(loo(whole, newdata = batters), class = "bayespool_error_argument")
  pooled <- fit_batters(complete_pooling, data = counts)
  expect_equal(elpd(pooled, newdata = batters[c(18, 3), ]), elpd(fit_batters(complete_pooling))[c(18, 3)], tolerance = 1e-9)
  with_x <- transform(batters, x = rep(0:1, 9))
  formula <- cbind(hits, at_bats - hits) ~ x + (1 | player)
  of_counts <- complete_pooling(formula, group_counts(formula, with_x, binomial()), family = binomial(), iter_sampling = 0)
  of_rows <- complete_pooling(formula, with_x, family = binomial(), iter_sampling = 0)
  expect_equal(elpd(of_counts, newdata = with_x[c(4, 7), ]), elpd(of_rows)[c(4, 7)], tolerance = 1e-9)
  expect_error(loo(of_counts, newdata = transform(with_x[1, ], x = 0.5)), "predictors", class = "bayespool_error_data")
})

test_that("Pareto smoothed importance sampling agrees", {
  fit <- partial_pooling(hits, batters, family = binomial(), seed = 1)
  estimated <- suppressWarnings(loo(fit, method = "psis"))
  expect_equal(estimated$estimates["elpd_loo", "Estimate"], loo(fit)$estimates["elpd_loo", "Estimate"], tolerance = 0.01)
  expect_lt(abs(suppressWarnings(waic(fit))$estimates["waic", "Estimate"] - loo(fit)$estimates["looic", "Estimate"]), 1)
  expect_error(loo(fit, method = "psis", unit = "trial"), class = "bayespool_error_argument")
})

test_that("comparisons warn where data differ, and trials are those of binomial counts", {
  a <- fit_batters()
  expect_warning(loo_compare(loo(a), loo(fit_batters(complete_pooling))), NA)
  other <- fit_batters(data = transform(batters, hits = rev(hits)))
  expect_warning(loo_compare(loo(a), loo(other)), "y")
  expect_warning(loo_compare(loo(a, unit = "trial"), loo(other, unit = "trial")), "y")
  expect_error(loo(fit_pumps(), unit = "trial"), class = "bayespool_error_argument")
  expect_error(loo(complete_pooling(yield ~ 1, npk, iter_sampling = 0), unit = "trial"), class = "bayespool_error_argument")
  prior <- fit_batters(prior_only = TRUE)
  expect_error(loo(prior), class = "bayespool_error_argument")
  many <- fit_batters()
  many$reduced$size[] <- 1e13
  expect_error(loo(many, unit = "trial"), class = "bayespool_error_memory")
})
