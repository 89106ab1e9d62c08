# Models of counts and proportions: beside brute force, closed forms and other software.
use_code("oracle")

batters <- data.frame(player = sprintf("P%02d", 1:18), hits = c(18:15, 14, 14, 13, 12, 11, 11, rep(10, 5), 9, 8, 7), at_bats = 45)
pumps <- data.frame(
  pump = 1:10, failures = c(5, 1, 5, 14, 3, 19, 1, 1, 4, 22), hours = c(94.3, 15.7, 62.9, 126, 5.24, 31.4, 1.05, 1.05, 2.1, 10.5)
)
flat <- dist_uniform(-Inf, Inf)

# Means in posterior sds, sds relative.
expect_same_moments_as <- function(fit, truth, tolerance = 1e-6) {
  expect_lt(truth$edge, 1e-8)
  expect_equal(log_marginal_likelihood(fit), truth$log_evidence, tolerance = tolerance)
  found <- exact_summary(fit, regex_pars = "^(hyper_mu|mu|sigma_mu)")
  expect_lt(max(abs(found$mean - truth$table[, "mean"]) / truth$table[, "sd"]), tolerance)
  expect_lt(max(abs(found$sd / truth$table[, "sd"] - 1)), tolerance)
  found <- exact_summary(fit, scale = "response", regex_pars = "^(p|rate)\\[")
  expect_lt(max(abs(found$mean - truth$response[, "mean"]) / truth$response[, "sd"]), tolerance)
  expect_lt(max(abs(found$sd / truth$response[, "sd"] - 1)), tolerance)
}

test_that("the batters are right", {
  skip_on_cran()
  fit <- partial_pooling(cbind(hits, at_bats - hits) ~ 1 + (1 | player), batters, family = binomial(), iter_sampling = 0)
  truth <- count_oracle(
    "binomial", batters$hits, batters$at_bats, 0, 2.5, stats::dexp,
    mu = seq(-1.9, -0.2, length.out = 101), log_tau = seq(-23, 1, length.out = 201)
  )
  expect_same_moments_as(fit, truth)
})

test_that("the pumps are right", {
  skip_on_cran()
  fit <- partial_pooling(
    failures ~ 1 + offset(log(hours)) + (1 | pump), pumps, family = poisson(), iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(-1, 3), sigma_mu = dist_cauchy(0, 1))
  )
  truth <- count_oracle(
    "poisson", pumps$failures, pumps$hours, -1, 3, function(tau) 2 * stats::dcauchy(tau),
    mu = seq(-14, 12, length.out = 301), log_tau = seq(-8, 5.5, length.out = 201), z = seq(-9, 9, length.out = 301)
  )
  expect_same_moments_as(fit, truth)
})

test_that("rare events are right", {
  skip_on_cran()
  k <- c(rep(0, 12), 1, 3)
  n <- c(rep(40, 6), rep(80, 6), 50, 60)
  fit <- partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), data.frame(k, n, g = seq_along(k)), family = binomial(), iter_sampling = 0)
  truth <- count_oracle(
    "binomial", k, n, 0, 2.5, stats::dexp, mu = seq(-22, 2, length.out = 241), log_tau = seq(-20, 3.2, length.out = 181),
    z = seq(-9, 9, length.out = 241)
  )
  expect_same_moments_as(fit, truth)
})

test_that("single trials are right", {
  skip_on_cran()
  y <- c(0, 1, 1, 0, 1, 1, 1)
  fit <- suppressWarnings(partial_pooling(
    y ~ 1 + (1 | g), data.frame(y, g = seq_along(y)), family = binomial(), iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(0.5, 1.5), sigma_mu = dist_gamma(2, 1))
  ))
  truth <- count_oracle(
    "binomial", y, rep(1, 7), 0.5, 1.5, function(tau) stats::dgamma(tau, 2, 1), mu = seq(-11, 12, length.out = 161),
    log_tau = seq(-14, 3.6, length.out = 161), z = seq(-9, 9, length.out = 321)
  )
  expect_same_moments_as(fit, truth)
})

test_that("millions of trials are right", {
  skip_on_cran()
  k <- c(310000, 330000, 12, 290000, 305000)
  n <- c(1e6, 1e6, 40, 1e6, 1e6)
  fit <- partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), data.frame(k, n, g = seq_along(k)), family = binomial(), iter_sampling = 0)
  s <- 1 / sqrt(k * (n - k) / n)
  truth <- count_oracle(
    "binomial", k, n, 0, 2.5, stats::dexp, mu = seq(-9.5, 8.5, length.out = 801), log_tau = seq(-4.6, 3, length.out = 121),
    theta = outer(stats::qlogis(k / n), rep(1, 121)) + outer(s, seq(-9, 9, length.out = 121))
  )
  expect_same_moments_as(fit, truth)
})

test_that("predictors of groups are right", {
  skip_on_cran()
  data <- transform(pumps, x = rep(c(-1, 1), 5))
  fit <- varying_intercept(
    failures ~ x + offset(log(hours)) + (1 | pump), data, family = poisson(), iter_sampling = 0,
    prior = list(beta_0 = dist_normal(0, 2), beta = dist_degenerate(0.7), sigma_0 = dist_normal(0, 2))
  )
  truth <- count_oracle(
    "poisson", data$failures, data$hours, 0, 2, function(tau) 2 * stats::dnorm(tau, 0, 2), mu = seq(-7, 6, length.out = 161),
    log_tau = seq(-10, 2.6, length.out = 161), shift = 0.7 * data$x
  )
  found <- exact_summary(fit)
  groups <- grepl("beta_0j", found$variable)
  expect_equal(log_marginal_likelihood(fit), truth$log_evidence, tolerance = 1e-7)
  # A group's intercept is theta less 0.7 x.
  expect_equal(found$mean[groups] + 0.7 * data$x, unname(truth$table[2:11, "mean"]), tolerance = 1e-6)
  expect_equal(found$sd[groups], unname(truth$table[2:11, "sd"]), tolerance = 1e-6)
  found <- exact_summary(fit, scale = "response", regex_pars = "^rate\\[")
  expect_equal(found$mean, unname(truth$response[, "mean"]), tolerance = 1e-6)
  # An unknown slope: the evidence is the average of that for known ones over its prior.
  known <- function(slope) {
    prior <- fit$prior
    prior$beta <- dist_degenerate(slope)
    log_marginal_likelihood(update(fit, prior = prior))
  }
  slopes <- seq(-4, 6, length.out = 61)
  evidence <- vapply(slopes, known, 0) + stats::dnorm(slopes, 0, 1, log = TRUE)
  prior <- list(beta_0 = dist_normal(0, 2), beta = dist_normal(0, 1), sigma_0 = dist_normal(0, 2))
  whole <- update(fit, prior = prior)
  top <- max(evidence)
  weight <- exp(evidence - top)
  expect_equal(log_marginal_likelihood(whole), top + log(sum(weight)) + log(diff(slopes)[1]), tolerance = 1e-7)
  weight <- weight / sum(weight)
  expect_equal(exact_summary(whole, pars = "beta[x]")$mean, sum(weight * slopes), tolerance = 1e-6)
})

test_that("groups that share nothing have conjugate posteriors with flat priors", {
  fit <- no_pooling(
    cbind(hits, at_bats - hits) ~ 1 + (1 | player), batters, family = binomial(), prior = list(mu = flat), iter_sampling = 0
  )
  found <- exact_summary(fit, probs = c(0.01, 0.5, 0.999), scale = "response")
  k <- batters$hits
  expect_equal(found$mean, k / 45, tolerance = 1e-9)
  expect_equal(found$sd, sqrt(k * (45 - k) / 45^2 / 46), tolerance = 1e-9)
  expect_equal(found$q1, stats::qbeta(0.01, k, 45 - k), tolerance = 1e-8)
  expect_equal(found$q99.9, stats::qbeta(0.999, k, 45 - k), tolerance = 1e-8)
  # p(k) = choose(n, k) B(k, n - k)
  expect_equal(fit$log_evidence, sum(lchoose(45, k) + lbeta(k, 45 - k)), tolerance = 1e-10)

  fit <- no_pooling(failures ~ 1 + offset(log(hours)) + (1 | pump), pumps, family = poisson(), prior = list(mu = flat), iter_sampling = 0)
  found <- exact_summary(fit, probs = c(0.01, 0.5, 0.999), scale = "response")
  expect_equal(found$mean, pumps$failures / pumps$hours, tolerance = 1e-9)
  expect_equal(found$sd, sqrt(pumps$failures) / pumps$hours, tolerance = 1e-9)
  expect_equal(found$q1, stats::qgamma(0.01, pumps$failures, pumps$hours), tolerance = 1e-8)
  expect_equal(fit$log_evidence, sum(-log(pumps$failures)), tolerance = 1e-10)
  # A flat prior of the probability is one success and one failure more than a flat one of the log odds.
  with_one <- no_pooling(
    cbind(hits + 1, at_bats - hits + 1) ~ 1 + (1 | player), batters, family = binomial(), prior = list(mu = flat), iter_sampling = 0
  )
  expect_equal(exact_summary(with_one, scale = "response")$mean, (k + 1) / 47, tolerance = 1e-9)
})

test_that("complete pooling is one group", {
  fit <- complete_pooling(cbind(hits, at_bats - hits) ~ 1, batters, family = binomial(), prior = list(mu = flat), iter_sampling = 0)
  found <- exact_summary(fit, scale = "response")
  expect_identical(found$variable, "p")
  expect_equal(found$mean, 215 / 810, tolerance = 1e-9)
  expect_equal(found$q3, stats::qbeta(0.03, 215, 595), tolerance = 1e-8)
  with_groups <- complete_pooling(
    cbind(hits, at_bats - hits) ~ 1 + (1 | player), batters, family = binomial(), prior = list(mu = flat), iter_sampling = 0
  )
  expect_equal(exact_summary(with_groups, scale = "response")$mean, found$mean, tolerance = 1e-10)
  expect_equal(with_groups$log_evidence, fit$log_evidence, tolerance = 1e-10)
  expect_equal(fit$log_evidence, sum(lchoose(45, batters$hits)) + lbeta(215, 595), tolerance = 1e-9)
  # Nothing varies between groups whose standard deviation is known to be 0.
  none <- partial_pooling(
    cbind(hits, at_bats - hits) ~ 1 + (1 | player), batters, family = binomial(), iter_sampling = 0,
    prior = list(hyper_mu = flat, sigma_mu = dist_degenerate(0))
  )
  expect_equal(none$log_evidence, fit$log_evidence, tolerance = 1e-9)
  expect_equal(exact_summary(none, pars = "mu[P01]")$mean, exact_summary(fit)$mean, tolerance = 1e-9)
})

test_that("however the rows are written the posterior is one", {
  counts <- data.frame(g = letters[1:4], k = c(3, 0, 5, 2), n = c(8, 4, 5, 3))
  rows <- data.frame(g = rep(counts$g, counts$n), y = unlist(Map(function(k, n) rep(1:0, c(k, n - k)), counts$k, counts$n)))
  rows$yes <- rows$y == 1
  rows$answer <- factor(ifelse(rows$yes, "right", "wrong"), levels = c("wrong", "right"))
  fit <- function(formula, data, ...) partial_pooling(formula, data, family = binomial(), ..., seed = 3, iter_sampling = 50)
  whole <- fit(cbind(k, n - k) ~ 1 + (1 | g), counts)
  constant <- sum(lchoose(counts$n, counts$k))
  for (formula in list(y ~ 1 + (1 | g), yes ~ 1 + (1 | g), answer ~ 1 + (1 | g))) {
    other <- fit(formula, rows)
    expect_identical(as_draws(other), as_draws(whole))
    expect_equal(log_marginal_likelihood(other), log_marginal_likelihood(whole) - constant, tolerance = 1e-10)
    expect_identical(nobs(other), 20)
  }
  share <- transform(counts, share = k / n)
  expect_equal(as_draws(fit(share ~ 1 + (1 | g), share, weights = n)), as_draws(whole))
  reduced <- group_counts(cbind(k, n - k) ~ 1 + (1 | g), counts, binomial())
  expect_identical(as_draws(fit(cbind(k, n - k) ~ 1 + (1 | g), reduced)), as_draws(whole))
  expect_identical(as_draws(fit(cbind(k, n - k) ~ 1 + (1 | g), list(reduced[1:2], reduced[3:4]))), as_draws(whole))
  in_parts <- local({
    parts <- split(rows, rep(1:3, length.out = 20))
    function() {
      part <- parts[1]
      parts <<- parts[-1]
      part[[1]]
    }
  })
  expect_identical(as_draws(fit(y ~ 1 + (1 | g), in_parts)), as_draws(whole))
  table <- database_table(sqlite_connection(), rows)
  expect_identical(as_draws(fit(y ~ 1 + (1 | g), table)), as_draws(whole))
})

test_that("glmer() has the same likelihood, and about the same estimates where the prior says little", {
  skip_if_not_installed("lme4")
  withr::local_seed(7)
  data <- data.frame(g = 1:200, n = sample(20:60, 200, TRUE), x = rep(c(0, 1), 100))
  data$k <- stats::rbinom(200, data$n, stats::plogis(-1 + 0.5 * data$x + stats::rnorm(200, 0, 0.6)))
  formula <- cbind(k, n - k) ~ x + (1 | g)
  other <- lme4::glmer(formula, data, family = binomial(), nAGQ = 25)
  estimate <- c(unname(lme4::fixef(other)), attr(lme4::VarCorr(other)$g, "stddev")[[1]])
  at_estimate <- varying_intercept(
    formula, data, family = binomial(), iter_sampling = 0,
    prior = list(
      beta_0 = dist_degenerate(estimate[1]), "beta[x]" = dist_degenerate(estimate[2]), sigma_0 = dist_degenerate(estimate[3])
    )
  )
  # With more than one node a group glmer() leaves a constant out, that of the saturated model.
  saturated <- sum(stats::dbinom(data$k, data$n, data$k / data$n, log = TRUE))
  expect_equal(log_marginal_likelihood(at_estimate) - saturated, as.numeric(stats::logLik(other)), tolerance = 1e-8)
  modes <- unlist(lme4::ranef(other)$g) + estimate[1]
  expect_lt(max(abs(exact_summary(at_estimate, regex_pars = "beta_0j")$mean - modes)), 0.05) # means beside modes

  flats <- list(beta_0 = flat, beta = flat, sigma_0 = dist_uniform(0, Inf))
  found <- exact_summary(update(at_estimate, prior = flats), pars = c("beta_0", "beta[x]", "sigma_0"))
  expect_lt(max(abs(found$mean[1:2] - estimate[1:2]) / found$sd[1:2]), 0.05)
  expect_equal(found$sd[1:2], unname(sqrt(diag(as.matrix(stats::vcov(other))))), tolerance = 0.03)
  expect_lt(abs(found$mean[3] - estimate[3]) / found$sd[3], 0.3) # a mean beside the place of the maximum
})

test_that("draws are those of the posterior, whatever the number of cores", {
  for (fit in list(
    partial_pooling(cbind(hits, at_bats - hits) ~ 1 + (1 | player), batters, family = binomial(), seed = 1),
    varying_intercept(failures ~ x + offset(log(hours)) + (1 | pump), transform(pumps, x = rep(0:1, 5)), family = poisson(), seed = 2),
    no_pooling(failures ~ 1 + offset(log(hours)) + (1 | pump), pumps, family = poisson(), seed = 3),
    complete_pooling(hits ~ 1, batters, family = poisson(), seed = 4)
  )) {
    exact <- exact_summary(fit, probs = c(0.1, 0.9))
    exact <- exact[exact$variable != "icc", ]
    draws <- posterior::as_draws_matrix(fit)
    expect_lt(max(abs(colMeans(draws) - exact$mean) / exact$sd), 4.5 / sqrt(4000))
    below <- colMeans(draws < rep(exact$q10, each = 4000))
    expect_lt(max(abs(below - 0.1)), 4.5 * sqrt(0.09 / 4000))
    expect_identical(as_draws(update(fit, cores = 3)), as_draws(fit))
    response <- exact_summary(fit, probs = 0.9, scale = "response")
    expect_true(all(is.finite(response$mean)))
    drawn <- summary(fit, scale = "response", interval = "central", prob = 0.8)
    expect_identical(drawn$variable, response$variable)
    expect_equal(drawn$central_upper, response$q90, tolerance = 1e-9)
  }
})

test_that("without data there is the prior", {
  fit <- partial_pooling(
    cbind(hits, at_bats - hits) ~ 1 + (1 | player), batters, family = binomial(), prior_only = TRUE, seed = 1,
    prior = list(hyper_mu = dist_normal(-1, 0.5), sigma_mu = dist_gamma(3, 4))
  )
  found <- exact_summary(fit, pars = c("hyper_mu", "mu[P01]", "sigma_mu"))
  expect_equal(found$mean, c(-1, -1, 0.75), tolerance = 1e-7)
  expect_equal(found$sd, c(0.5, sqrt(0.25 + 12 / 16), sqrt(3) / 4), tolerance = 1e-6)
  expect_equal(log_marginal_likelihood(fit), 0, tolerance = 1e-9)
  rates <- update(fit, failures ~ 1 + (1 | pump), data = pumps, family = poisson())
  expect_identical(exact_summary(rates, scale = "response", regex_pars = "rate\\[")$mean, rep(Inf, 10))
  expect_error(update(fit, prior = list(hyper_mu = flat)), class = "bayespool_error_improper")
})

test_that("posteriors that do not exist are refused", {
  fit <- function(k, n = 10, x = NULL, verb = partial_pooling, prior = list(hyper_mu = flat), family = binomial()) {
    data <- data.frame(k, n, g = seq_along(k), x = x %||% 1)
    left <- if (family$family == "binomial") quote(cbind(k, n - k)) else quote(k)
    right <- if (is.null(x)) quote(1 + (1 | g)) else quote(x + (1 | g))
    verb(stats::as.formula(call("~", left, right)), data, family = family, prior = prior, iter_sampling = 0)
  }
  improper <- "bayespool_error_improper"
  expect_error(fit(c(0, 0, 0)), class = improper, "without events")
  expect_error(fit(c(10, 10, 10)), class = improper, "without failures")
  expect_error(fit(c(0, 0, 0), family = poisson()), class = improper)
  expect_s3_class(fit(c(0, 0, 1), family = poisson()), "bayespool_fit")
  expect_s3_class(fit(c(0, 10, 0)), "bayespool_fit") # no probability is more than both
  expect_s3_class(fit(c(0, 0, 0), prior = NULL), "bayespool_fit")
  # A flat prior of the standard deviation needs groups with both.
  flats <- list(hyper_mu = flat, sigma_mu = dist_uniform(0, Inf))
  expect_error(fit(c(0, 10, 3, 4), prior = flats), class = improper, "at least 3")
  expect_s3_class(fit(c(0, 10, 3, 4, 5), prior = flats), "bayespool_fit")
  expect_error(fit(c(0, 10, 3), prior = flats["sigma_mu"]), class = improper, "at least 2")
  expect_s3_class(fit(c(0, 4, 3), prior = flats["sigma_mu"]), "bayespool_fit")
  expect_error(fit(c(0, 10, 0), prior = list(hyper_mu = flat, sigma_mu = dist_cauchy(0, 1))), class = improper)
  # Separation
  of_groups <- function(k, x, prior = list(beta_0 = flat, beta = flat), ...) fit(k, x = x, verb = varying_intercept, prior = prior, ...)
  expect_error(of_groups(c(0, 0, 10, 10), c(1, 2, 3, 4)), class = improper, "separated")
  expect_error(of_groups(c(0, 4, 0, 0), c(0, 0, 1, 1)), class = improper, "separated") # of the second kind no group has an event
  expect_s3_class(of_groups(c(0, 4, 1, 0), c(0, 0, 1, 1)), "bayespool_fit")
  expect_s3_class(of_groups(c(0, 10, 0, 10), c(1, 2, 3, 4)), "bayespool_fit")
  expect_s3_class(of_groups(c(0, 0, 10, 10), c(1, 2, 3, 4), prior = list(beta_0 = flat)), "bayespool_fit")
  expect_error(of_groups(c(0, 0, 2, 3), c(1, 2, 3, 3), family = poisson()), class = improper)
  expect_error(of_groups(c(1, 3, 2, 3), c(1, 1, 1, 1)), class = improper, "beta")
  # Groups by themselves
  expect_error(fit(c(0, 3, 10), verb = no_pooling, prior = list(mu = flat)), class = improper, "1.*3")
  expect_s3_class(fit(c(0, 3, 10), verb = no_pooling, prior = NULL), "bayespool_fit")
})

test_that("what the models cannot express is refused", {
  refused <- function(code, class, text = NULL) expect_error(code, class = paste0("bayespool_error_", class), regexp = text)
  data <- data.frame(k = c(1, 2, 3, 4), n = 5, g = c("a", "a", "b", "b"), x = 1:4)
  refused(partial_pooling(cbind(k, n - k) ~ 1, data, family = binomial()), "formula", "grouping factor")
  refused(varying_intercept(cbind(k, n - k) ~ x + (1 | g), data, family = binomial()), "data", "varies within groups")
  refused(varying_intercept(cbind(k, n - k) ~ x + (1 + x | g), data, family = binomial()), "formula")
  refused(mixed_model(cbind(k, n - k) ~ x + (1 + x | g), data, family = binomial()), "formula", "intercept")
  refused(no_pooling(cbind(k, n - k) ~ x + (1 | g), data, family = binomial()), "formula", "no predictors")
  refused(varying_slope(cbind(k, n - k) ~ x + (0 + x | g), data, family = binomial()), "argument", "varying_intercept")
  refused(partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), data, family = binomial("probit")), "argument", "logit")
  refused(partial_pooling(k ~ 1 + (1 | g), data, family = Gamma()), "argument")
  refused(partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), data), "formula")
  refused(partial_pooling(k ~ 1 + (1 | g), data, family = poisson(), prior = list(sigma_y = dist_exponential(1))), "prior", "hyper_mu")
  refused(partial_pooling(k ~ 1 + (1 | g), group_moments(k ~ 1 + (1 | g), data), family = poisson()), "data", "group_counts")
  refused(partial_pooling(k ~ 1 + (1 | g), group_counts(k ~ 1 + (1 | g), data, poisson())), "data")
  refused(no_pooling(k ~ 1 + (1 | g), data, family = poisson(), sigma = "common"), "argument")
  refused(exact_summary(partial_pooling(k ~ 1 + (1 | g), data, family = poisson()), scale = "odds"), "argument")
})

test_that("the general verb and the family in other forms give the same fit", {
  formula <- cbind(hits, at_bats - hits) ~ 1 + (1 | player)
  fit <- varying_intercept(formula, batters, family = binomial(), seed = 1)
  expect_identical(as_draws(mixed_model(formula, batters, family = binomial(), seed = 1)), as_draws(fit))
  expect_identical(as_draws(varying_intercept(formula, batters, family = "binomial", seed = 1)), as_draws(fit))
  expect_identical(as_draws(varying_intercept(formula, batters, family = binomial, seed = 1)), as_draws(fit))
  expect_identical(as_draws(update(fit, seed = 1)), as_draws(fit))
  expect_output(print(fit), "215 of 810 trials")
  normal <- partial_pooling(hits ~ 1 + (1 | at_bats), transform(batters, at_bats = rep(1:3, 6)), family = gaussian(), seed = 1)
  expect_identical(exact_summary(normal, scale = "response"), exact_summary(normal))
})
