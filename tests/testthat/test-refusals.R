# What has no posterior, or makes no sense, is refused by class; legitimate extremes are right.

groups_of <- function(sizes, seed = 1) {
  withr::with_seed(seed, data.frame(
    g = rep(paste0("g", seq_along(sizes)), sizes),
    y = rep(rnorm(length(sizes)), sizes) + rnorm(sum(sizes)),
    x = rnorm(sum(sizes))
  ))
}
partial <- function(data, ..., iter_sampling = 0) {
  partial_pooling(y ~ 1 + (1 | g), data, ..., iter_sampling = iter_sampling)
}
flat <- dist_uniform(-Inf, Inf)
all_proper <- list(hyper_mu = dist_normal(0, 2), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
expect_improper <- function(object) expect_error(object, class = "bayespool_error_improper")

test_that("data without spread have no posterior unless the prior of sigma vanishes at 0", {
  constant <- data.frame(g = rep(1:3, each = 3), y = rep(1:3, each = 3))
  expect_improper(partial(constant))
  expect_improper(no_pooling(y ~ 1 + (1 | g), constant))
  expect_improper(no_pooling(y ~ 1 + (1 | g), constant, sigma = "common"))
  expect_s3_class(partial(constant, prior = list(sigma_y = dist_lognormal(0, 1))), "bayespool_fit")
  expect_s3_class(partial(constant, prior = list(sigma_y = dist_degenerate(1))), "bayespool_fit")

  priors <- list(mu = dist_normal(0, 1), sigma = dist_exponential(1))
  expect_improper(complete_pooling(y ~ 1, data.frame(y = c(1, 1)), prior = priors))
  expect_improper(complete_pooling(y ~ 1, data.frame(y = rep(0.1, 7)), prior = priors))
  expect_error(complete_pooling(y ~ 1, data.frame(y = rep(0.1, 7))), class = "bayespool_error")
  expect_s3_class(complete_pooling(y ~ 1, data.frame(y = 1), prior = priors), "bayespool_fit")

  exact_line <- data.frame(y = c(1, 2, 3, 4), x = 1:4)
  expect_improper(complete_pooling(y ~ x, exact_line))
})

test_that("all observations equal, one a group, have no posterior", {
  expect_improper(partial(data.frame(g = 1:5, y = 2), prior = all_proper))
})

test_that("flat priors need enough data", {
  expect_improper(partial(groups_of(c(5, 5)), prior = list(sigma_mu = dist_uniform(0, Inf))))
  expect_s3_class(partial(groups_of(c(5, 5, 5)), prior = list(sigma_mu = dist_uniform(0, Inf))), "bayespool_fit")
  expect_improper(complete_pooling(y ~ 1, data.frame(y = c(1, 2)), prior = list(mu = flat, sigma = flat)))
  expect_s3_class(complete_pooling(y ~ 1, data.frame(y = 1:3), prior = list(mu = flat, sigma = flat)), "bayespool_fit")
  expect_improper(no_pooling(y ~ 1 + (1 | g), groups_of(c(1, 5)), prior = list(mu = flat, sigma = flat)))
})

test_that("flat priors need columns that the data tell apart", {
  data <- groups_of(rep(6, 4))
  data$x2 <- 2 * data$x
  data$between <- match(data$g, unique(data$g))
  flat_slopes <- list(beta = flat)
  expect_improper(varying_intercept(y ~ x + x2 + (1 | g), data, prior = flat_slopes))
  expect_improper(complete_pooling(y ~ x + x2, data, prior = flat_slopes))
  expect_s3_class(varying_intercept(y ~ x + x2 + (1 | g), data), "bayespool_fit")
  # A predictor that is constant within groups is lost among flat group means.
  expect_improper(no_pooling(y ~ between + (1 | g), data, prior = list(beta_0j = flat, beta = flat)))
  expect_s3_class(no_pooling(y ~ x + (1 | g), data, prior = list(beta_0j = flat, beta = flat)), "bayespool_fit")

  wide <- cbind(groups_of(c(2, 2)), matrix(stats::rnorm(20), 4, dimnames = list(NULL, letters[1:5])))
  expect_improper(complete_pooling(y ~ a + b + c + d + e, wide, prior = flat_slopes))
})

test_that("prior_only needs proper priors", {
  expect_improper(partial(groups_of(c(5, 5)), prior = list(hyper_mu = flat), prior_only = TRUE))
})

test_that("bad data are refused", {
  data <- groups_of(c(5, 5))
  refused <- function(data) expect_error(partial(data), class = "bayespool_error_data")
  refused(data[0, ])
  refused(transform(data, y = NA_real_))
  refused(transform(data, y = replace(y, 2, Inf)))
  refused(transform(data, y = factor(y > 0)))
  refused(data["y"])
  refused(as.list(data))
  expect_error(partial_pooling(z ~ 1 + (1 | g), data), class = "bayespool_error_data")
})

test_that("bad formulas are refused", {
  data <- transform(groups_of(c(5, 5)), h = rep_len(1:3, 10))
  refused <- function(object) expect_error(object, class = "bayespool_error_formula")
  refused(partial_pooling(y ~ 1, data))
  refused(no_pooling(y ~ x, data))
  refused(varying_intercept(y ~ x, data))
  refused(partial_pooling(y ~ 1 + (1 | g) + (1 | h), data))
  refused(varying_intercept(y ~ x + (x | g), data))
  refused(partial_pooling(y ~ x + (1 | g), data))
  refused(complete_pooling(y ~ 0, data))
})

test_that("bad arguments are refused", {
  data <- groups_of(c(5, 5))
  refused <- function(...) expect_error(partial_pooling(y ~ 1 + (1 | g), data, ...), class = "bayespool_error_argument")
  refused(chains = 0)
  refused(chains = 1.5)
  refused(iter_sampling = -1)
  refused(iter_samplings = 10)
  refused(seed = -1)
  refused(seed = "a")
  refused(cores = 0)
  refused(prior_only = NA)
  refused(algorithm = "foo")
  refused(NULL, 4)
  expect_error(partial_pooling(y ~ 1 + (1 | g)), class = "bayespool_error_argument")
  expect_error(no_pooling(y ~ 1 + (1 | g), data, sigma = "groups"), class = "bayespool_error_argument")
  expect_error(no_pooling(y ~ x + (1 | g), data, sigma = "group"), class = "bayespool_error_argument")
  fit <- partial(data)
  expect_error(exact_summary(fit, probs = c(0, 0.5)), class = "bayespool_error_argument")
  expect_error(exact_summary(fit, quantiles = 0.5), class = "bayespool_error_argument")
  expect_error(summary(partial(data, iter_sampling = 10), prob = 1), class = "bayespool_error_argument")
})

test_that("draws that would not fit in memory are refused with a way out", {
  data <- groups_of(c(5, 5))
  expect_error(partial(data, iter_sampling = 5e8, chains = 4), "iter_sampling = 0", class = "bayespool_error_memory")
  expect_error(partial(data, iter_sampling = 1e9, chains = 4), "iter_sampling = 0", class = "bayespool_error_memory")
})

# Extremes that are legitimate -----------------------------------------------------------------------------------------

test_that("two groups with a half-Cauchy", {
  summary <- exact_summary(partial(groups_of(c(5, 5)), prior = list(sigma_mu = dist_cauchy(0, 1))))
  expect_true(all(is.finite(summary$mean)))
  flat_mean <- list(sigma_mu = dist_cauchy(0, 1), hyper_mu = flat)
  summary <- exact_summary(partial(groups_of(c(5, 5)), prior = flat_mean))
  expect_identical(summary$sd[summary$variable == "sigma_mu"], Inf)
  expect_identical(summary$sd[summary$variable == "hyper_mu"], Inf)
  expect_true(all(is.finite(summary$mean)))
})

test_that("one observation in all: the two standard deviations are exchangeable", {
  summary <- exact_summary(partial(data.frame(g = "a", y = 3), prior = all_proper))
  expect_equal(summary[summary$variable == "sigma_y", 2:5], summary[summary$variable == "sigma_mu", 2:5],
               tolerance = 1e-6, ignore_attr = TRUE)
  expect_equal(summary$mean[summary$variable == "icc"], 0.5, tolerance = 1e-8)
})

test_that("one observation a group: only the sum of the variances is known", {
  data <- groups_of(rep(1, 200))
  priors <- list(sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
  summary <- exact_summary(partial(data, prior = priors))
  expect_equal(summary$mean[summary$variable == "icc"], 0.5, tolerance = 1e-7)
  expect_equal(summary$mean[summary$variable == "sigma_y"], summary$mean[summary$variable == "sigma_mu"],
               tolerance = 1e-7)
})

test_that("collinear predictors with normal priors share their sum", {
  data <- groups_of(rep(6, 4))
  data$copy <- data$x
  priors <- list(beta = dist_normal(0, 1), beta_0 = dist_normal(0, 5), sigma_y = dist_exponential(1),
                 sigma_0 = dist_exponential(1))
  both <- exact_summary(varying_intercept(y ~ x + copy + (1 | g), data, prior = priors, iter_sampling = 0))
  priors$beta <- dist_normal(0, sqrt(2))
  single <- exact_summary(varying_intercept(y ~ x + (1 | g), data, prior = priors, iter_sampling = 0))
  slope <- function(summary, name) summary$mean[summary$variable == name]
  expect_equal(slope(both, "beta[x]"), slope(single, "beta[x]") / 2, tolerance = 1e-9)
  others <- c("beta_0", "sigma_y", "sigma_0", "icc")
  expect_equal(both[both$variable %in% others, 2:5], single[single$variable %in% others, 2:5],
               tolerance = 1e-7, ignore_attr = TRUE)
})

test_that("more predictors than observations with normal priors", {
  wide <- withr::with_seed(1, cbind(groups_of(c(2, 2)), matrix(rnorm(40), 4, dimnames = list(NULL, letters[1:10]))))
  fit <- varying_intercept(y ~ a + b + c + d + e + f + g + h + i + j + (1 | grp), transform(wide, grp = rep(1:2, 2)),
                           iter_sampling = 0)
  expect_true(all(is.finite(exact_summary(fit)$sd)))
})

test_that("offsets and scales of any size give the same posterior", {
  data <- groups_of(c(3, 9, 20, 7))
  reference <- exact_summary(partial(data))
  shifted <- exact_summary(partial(transform(data, y = y + 1e9)))
  scaled <- exact_summary(partial(transform(data, y = y * 1e-9)))
  icc <- nrow(reference)
  expect_equal(shifted$sd, reference$sd, tolerance = 1e-6)
  expect_equal(shifted$mean[1:5] - 1e9, reference$mean[1:5], tolerance = 1e-6)
  expect_equal(scaled$mean[-icc] * 1e9, reference$mean[-icc], tolerance = 1e-10)
  expect_equal(scaled$sd[-icc] * 1e9, reference$sd[-icc], tolerance = 1e-10)
  expect_equal(scaled[icc, -1], reference[icc, -1], tolerance = 1e-6, ignore_attr = TRUE)
})

test_that("a billion observations", {
  table <- as_group_moments(letters[1:4], rep(2.5e8, 4), 1:4, rep(1, 4))
  summary <- exact_summary(partial(table))
  expect_equal(summary$sd[summary$variable == "sigma_y"], 1 / sqrt(2e9), tolerance = 1e-6)
  expect_equal(summary$sd[summary$variable == "mu[a]"], 1 / sqrt(2.5e8), tolerance = 1e-6)
})
