# compare_pooling() of counts.

use_code("counts")
hits <- cbind(hits, at_bats - hits) ~ 1 + (1 | player)
rates <- failures ~ age + offset(log(hours)) + (1 | pump)
batting <- compare_pooling(hits, batters, family = binomial(), iter_sampling = 0)
failing <- compare_pooling(rates, pumps, family = poisson(), iter_sampling = 0)
of <- function(comparison, model) comparison$groups[comparison$groups$model == model, ]

test_that("estimates are probabilities under each model", {
  expect_identical(names(batting$fits), c("complete", "none", "partial"))
  partial <- of(batting, "partial")
  expect_identical(partial$trials, batters$at_bats)
  expect_equal(partial$raw_mean, batters$hits / 45)
  expect_equal(partial$estimate, exact_summary(batting$fits$partial, scale = "response")$mean[-1], tolerance = 1e-10)
  expect_equal(of(batting, "none")$estimate, exact_summary(batting$fits$none, scale = "response")$mean, tolerance = 1e-10)
  complete <- summary(batting$fits$complete, scale = "response")
  expect_equal(unlist(of(batting, "complete")[7, c("estimate", "lower", "upper")]), unlist(complete[c(2, 4, 5)]), ignore_attr = TRUE)
  population <- summary(batting$fits$partial, scale = "response", pars = "hyper_p")
  expect_equal(unlist(batting$population), unlist(population[c(2, 4, 5)]), ignore_attr = TRUE, tolerance = 1e-8)
  expect_equal(batting$models$log_evidence, vapply(batting$fits, log_marginal_likelihood, 0), ignore_attr = TRUE)
})

test_that("with flat priors they have closed forms", {
  prior <- list(complete = list(mu = flat), none = list(mu = flat))
  found <- compare_pooling(hits, batters, family = binomial(), prior = prior, interval = "central", iter_sampling = 0)
  k <- batters$hits
  none <- of(found, "none")
  expect_equal(none$estimate, k / 45, tolerance = 1e-8)
  expect_equal(none$lower, qbeta(0.03, k, 45 - k), tolerance = 1e-7)
  expect_equal(of(found, "complete")$upper[1], qbeta(0.97, sum(k), sum(45 - k)), tolerance = 1e-7)
  expect_true(is.na(found$models$log_evidence[1]))
  expect_match(found$notes, "Log evidence", fixed = TRUE, all = FALSE)

  rate <- compare_pooling(
    failures ~ 1 + offset(log(hours)) + (1 | pump), pumps, family = poisson(), prior = prior, interval = "central", iter_sampling = 0
  )
  expect_equal(of(rate, "none")$estimate, pumps$failures / pumps$hours, tolerance = 1e-8)
  expect_equal(of(rate, "none")$upper, qgamma(0.97, pumps$failures, pumps$hours), tolerance = 1e-7)
  expect_equal(of(rate, "complete")$estimate[1], sum(pumps$failures) / sum(pumps$hours), tolerance = 1e-8)
  expect_identical(of(rate, "partial")$exposure, pumps$hours)
})

test_that("shrinkage is the share of the variance that the data leave", {
  # Given eta and tau by integrate(); groups without events and without failures have it, too.
  data <- data.frame(g = c("a", "b", "c"), k = c(0, 5, 9), n = c(4, 20, 9))
  share <- function(k, n, eta, tau) {
    moment <- function(power) {
      integrate(function(z) z^power * dbinom(k, n, plogis(eta + tau * z)) * dnorm(z), -12, 12, rel.tol = 1e-12)$value
    }
    moment(2) / moment(0) - (moment(1) / moment(0))^2
  }
  known <- list(partial = list(hyper_mu = dist_degenerate(-0.3), sigma_mu = dist_degenerate(0.8)))
  found <- compare_pooling(cbind(k, n - k) ~ 1 + (1 | g), data, family = binomial(), prior = known, iter_sampling = 0)
  partial <- of(found, "partial")
  truth <- mapply(share, data$k, data$n, -0.3, 0.8)
  expect_equal(partial$shrinkage, truth, tolerance = 1e-9)
  expect_equal(partial$shrinkage_lower, truth, tolerance = 1e-9)
  expect_true(all(is.na(of(found, "none")$shrinkage)))

  # Over tau, with its posterior by sums over a grid.
  open <- list(partial = list(hyper_mu = dist_degenerate(-0.3), sigma_mu = dist_lognormal(-0.5, 0.5)))
  found <- compare_pooling(
    cbind(k, n - k) ~ 1 + (1 | g), data, family = binomial(), prior = open, iter_sampling = 0, interval = "central"
  )
  log_tau <- seq(-0.5 - 3.5, -0.5 + 3.5, 0.1)
  z <- function(k, n, tau) {
    integrate(function(z) dbinom(k, n, plogis(-0.3 + tau * z)) * dnorm(z), -12, 12, rel.tol = 1e-12)$value
  }
  weight <- dnorm(log_tau, -0.5, 0.5) * vapply(exp(log_tau), function(tau) prod(mapply(z, data$k, data$n, tau)), 0)
  shares <- vapply(exp(log_tau), function(tau) mapply(share, data$k, data$n, -0.3, tau), numeric(3))
  expect_equal(of(found, "partial")$shrinkage, drop(shares %*% weight) / sum(weight), tolerance = 1e-7)
  # The interval of a decreasing function of tau is that of tau. For groups at an edge it comes to an end at 1 - 2 / pi as tau grows,
  # which costs digits of the ends.
  ends <- exact_summary(found$fits$partial, probs = c(0.03, 0.97), pars = "sigma_mu")
  interval <- as.matrix(of(found, "partial")[c("shrinkage_lower", "shrinkage_upper")])
  truth <- cbind(mapply(share, data$k, data$n, -0.3, ends$q97), mapply(share, data$k, data$n, -0.3, ends$q3))
  expect_equal(unname(interval[2, ]), truth[2, ], tolerance = 1e-7)
  expect_equal(interval, truth, tolerance = 1e-3, ignore_attr = TRUE)

  # About how far the estimates have moved.
  moved <- (batters$hits / 45 - of(batting, "partial")$estimate) / (batters$hits / 45 - batting$population$estimate)
  expect_lt(max(abs(moved - of(batting, "partial")$shrinkage)[c(1:5, 16:18)]), 0.06)
  expect_true(all(of(batting, "partial")$shrinkage > 0.7 & of(batting, "partial")$shrinkage < 1))
  alike <- list(partial = list(sigma_mu = dist_degenerate(0)))
  none <- compare_pooling(hits, batters, family = binomial(), prior = alike, iter_sampling = 0)
  expect_identical(of(none, "partial")$shrinkage, rep(1, 18))
})

test_that("predictors are those of the groups, and no pooling has none", {
  expect_identical(length(failing$fits$none$model$slopes), 0L)
  expect_identical(failing$fits$none$reduced$size, pumps$hours)
  sample <- posterior::as_draws_matrix(update(failing$fits$complete, iter_sampling = 1000, seed = 1))
  expect_within_mcse(exp(sample[, "beta_0"] + 2 * sample[, "beta[age]"]), of(failing, "complete")$estimate[2])
  expect_identical(as.character(failing$population$group), as.character(1:10))
  sample <- posterior::as_draws_matrix(update(failing$fits$partial, iter_sampling = 1000, seed = 1))
  expect_within_mcse(exp(sample[, "beta_0"] + 3 * sample[, "beta[age]"]), failing$population$estimate[5])
  expect_identical(failing$population$estimate[1], failing$population$estimate[3])
  # All models have the same rows.
  with_missing <- rbind(pumps, transform(pumps[1:2, ], age = NA))
  again <- suppressMessages(compare_pooling(rates, with_missing, family = poisson(), iter_sampling = 0))
  expect_equal(again$groups, failing$groups, tolerance = 1e-8)
  expect_equal(again$models$log_evidence, failing$models$log_evidence)
})

test_that("it takes group counts, lists of them, and trials as weights", {
  counts <- group_counts(rates, pumps, poisson())
  expect_equal(compare_pooling(rates, counts, family = poisson(), iter_sampling = 0)$groups, failing$groups, tolerance = 1e-10)
  parts <- lapply(split(batters, rep(1:2, 9)), function(part) group_counts(hits, part, binomial()))
  of_parts <- compare_pooling(hits, parts, family = "binomial", iter_sampling = 0)
  position <- match(of_parts$groups$group[1:18], players)
  expect_equal(of(of_parts, "partial")$estimate, of(batting, "partial")$estimate[position], tolerance = 1e-8)
  shares <- transform(batters, share = hits / at_bats)
  found <- compare_pooling(share ~ 1 + (1 | player), shares, family = binomial(), weights = at_bats, iter_sampling = 0)
  expect_equal(found$groups, batting$groups, tolerance = 1e-8)
})

test_that("it says what it cannot compare", {
  expect_error(compare_pooling(hits, batters, family = binomial(), sigma = "common"), class = "bayespool_error_argument")
  expect_error(compare_pooling(hits, batters, family = Gamma()), class = "bayespool_error_argument")
  expect_error(
    compare_pooling(failures ~ age + (1 + age | pump), pumps, family = poisson()), class = "bayespool_error_formula"
  )
  expect_error(compare_pooling(am ~ 1, mtcars, family = binomial()), class = "bayespool_error_formula")
})

test_that("it prints what was observed beside the estimates", {
  expect_output(print(batting), "Three models of hits by player: 215 of 810 trials in 18 groups", fixed = TRUE)
  expect_output(print(batting), "Clemente     45    0.400    0.266", fixed = TRUE)
  expect_output(print(batting), "Population probability under partial pooling: 0.264, 94% HDI 0.231 to 0.298", fixed = TRUE)
  expect_output(print(failing), "rate of failures in each group, beside the observed rate", fixed = TRUE)
  expect_output(print(failing), "75 in 350.24 exposure in 10 groups", fixed = TRUE)
  long <- generics::tidy(batting)
  expect_setequal(long$term, c("probability", "shrinkage"))
  expect_identical(nrow(long), 3L * 18L + 1L + 18L)
  expect_equal(long$estimate[long$model == "partial" & is.na(long$group)], batting$population$estimate)
  expect_setequal(generics::tidy(failing)$term, c("rate", "population rate", "shrinkage"))
})
