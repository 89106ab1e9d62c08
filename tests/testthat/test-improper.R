# Posteriors and moments that do not exist, and close to them those that do.

use_code("oracle")
use_code("fits")

test_that("data without spread are refused where sigma may be 0", {
  equal <- data.frame(g = c("a", "a", "b", "b"), y = 3)
  two_equal <- data.frame(y = c(2, 2))
  expect_refused(complete(equal, mu = normal, sigma = exponential), "improper")
  expect_refused(complete(two_equal, mu = normal, sigma = exponential), "improper")
  expect_refused(complete(two_equal, mu = flat, sigma = exponential), "improper")
  expect_refused(partial(equal, hyper_mu = normal, sigma_y = exponential, sigma_mu = exponential), "improper")
  expect_refused(none(equal, mu = normal, sd = exponential), "improper")
  expect_refused(none(equal, mu = normal, sd = exponential, sigma = "common"), "improper")
  # One constant group is enough where each has its own sigma, but not where they share one.
  constant <- rbind(data[c("g", "y")], data.frame(g = "d", y = c(5, 5)))
  expect_refused(none(constant, mu = normal, sd = exponential), "improper")
  expect_no_error(none(constant, mu = normal, sd = exponential, sigma = "common"))
  expect_no_error(partial(constant))
  # Constant groups with different means.
  steps <- data.frame(g = rep(c("a", "b", "c"), each = 2), y = rep(c(1, 2, 4), each = 2))
  expect_refused(partial(steps, hyper_mu = normal, sigma_y = exponential, sigma_mu = exponential), "improper")
  expect_refused(none(steps, mu = normal, sd = exponential, sigma = "common"), "improper")
  expect_no_error(complete(steps, mu = normal, sigma = exponential))
  expect_refused(partial(data.frame(g = 1:5, y = 2), hyper_mu = normal, sigma_y = exponential, sigma_mu = exponential), "improper")
  # The mean of equal numbers is not always equal to them.
  expect_refused(complete(data.frame(y = rep(0.1, 7)), mu = normal, sigma = exponential), "improper")
  # Large values that are equal are no less equal.
  expect_refused(complete(data.frame(y = rep(1e9 + 0.1, 3)), mu = dist_normal(1e9, 1), sigma = exponential), "improper")
})

test_that("an exact regression fit is refused", {
  line <- transform(data, y = 2 + 3 * x)
  expect_refused(complete(line, beta_0 = normal, beta = normal, sigma = exponential, formula = y ~ x), "improper")
  expect_refused(varying(line, beta_0 = normal, beta = normal, sigma_y = exponential, sigma_0 = exponential), "improper")
})

test_that("a prior that keeps sigma away from 0 makes them proper", {
  equal <- data.frame(y = c(2, 2, 2))
  for (prior in list(p_inverse_gamma(3, 2), p_lognormal(0, 1), p_uniform(0.5, 3), p_fixed(1))) {
    priors <- list(mu = p_normal(0, 10), sigma = prior)
    expect_oracle(complete(equal, mu = priors$mu$dist, sigma = prior$dist), oracle_fit("complete_pooling", equal$y, priors))
  }
})

test_that("a prior that vanishes as a power of sigma makes fewer equal observations proper", {
  # p(sigma) ~ sigma^1.5 near 0 and two equal observations: sigma^(1.5 - 2 + 1) is integrable with a normal mu.
  expect_no_error(complete(data.frame(y = c(2, 2)), mu = normal, sigma = dist_gamma(2.5, 1)))
  expect_refused(complete(data.frame(y = c(2, 2, 2, 2)), mu = normal, sigma = dist_gamma(2.5, 1)), "improper")
})

test_that("flat priors that the data cannot carry are refused", {
  two <- data[data$g != "c", ]
  one <- data[data$g == "a", ]
  expect_refused(partial(two, hyper_mu = flat, sigma_mu = flat_scale), "improper")
  expect_refused(partial(one, hyper_mu = flat, sigma_mu = flat_scale), "improper")
  expect_refused(partial(two, sigma_mu = flat_scale, hyper_mu = dist_uniform(-Inf, Inf)), "improper")
  expect_no_error(partial(rbind(two, transform(two, g = toupper(g))), hyper_mu = flat, sigma_mu = flat_scale))
  # A flat sigma needs more observations than coefficients and one.
  expect_refused(complete(data.frame(y = c(1, 2)), mu = flat, sigma = flat_scale), "improper")
  expect_no_error(complete(data.frame(y = c(1, 2, 4)), mu = flat, sigma = flat_scale))
  expect_refused(complete(data.frame(y = 1), mu = normal, sigma = flat_scale), "improper")
  expect_refused(none(data.frame(g = c("a", "a", "b", "b", "b"), y = c(1, 2, 1, 2, 4)), mu = flat, sd = flat_scale), "improper")
  # One observation and a flat mean say nothing about sigma: its posterior would be its prior, mu's is proper.
  expect_no_error(complete(data.frame(y = 1), mu = flat, sigma = exponential))
})

test_that("coefficients that the data do not determine are refused with flat priors", {
  collinear <- transform(data, z = 2 * x - 1)
  expect_refused(varying(collinear, beta_0 = flat, beta = flat, formula = y ~ x + z + (1 | g)), "improper")
  expect_refused(varying(transform(data, z = 2 * x), beta = flat, formula = y ~ x + z + (1 | g)), "improper")
  expect_refused(complete(collinear, beta_0 = flat, beta = flat, formula = y ~ x + z), "improper")
  # Collinear with the intercept only.
  expect_refused(complete(transform(data, x = 3), beta_0 = flat, beta = flat, formula = y ~ x), "improper")
  wide <- as.data.frame(matrix(withr::with_seed(1, rnorm(24)), 4))
  wide$y <- c(1, 3, 2, 5)
  formula <- y ~ V1 + V2 + V3 + V4 + V5 + V6
  expect_refused(complete(wide, beta_0 = flat, beta = flat, formula = formula), "improper")
  # A predictor that is constant within groups is confounded with flat group means.
  group_level <- transform(data, x = match(g, c("a", "b", "c"))^2)
  expect_refused(
    no_pooling(y ~ x + (1 | g), group_level, iter_sampling = 0, prior = list(beta_0j = flat, beta = flat)), "improper"
  )
  expect_no_error(varying(group_level, beta = flat))
})

test_that("an improper prior cannot be drawn from", {
  expect_refused(complete_pooling(y ~ 1, data, prior = list(mu = flat), prior_only = TRUE), "improper")
  expect_refused(partial_pooling(y ~ 1 + (1 | g), data, prior = list(sigma_mu = flat_scale), prior_only = TRUE), "improper")
  expect_refused(
    varying_intercept(y ~ x + (1 | g), data, prior = list("beta[x]" = flat), prior_only = TRUE, iter_sampling = 0), "improper"
  )
})

test_that("there is no marginal likelihood under a flat prior", {
  expect_refused(log_marginal_likelihood(complete(data, mu = flat)), "improper")
})

test_that("intercepts have no variance where a flat slope between groups has none", {
  four <- data.frame(g = rep(letters[1:4], each = 3), x = rep(c(1, 2, 4, 7), each = 3), y = data$y)
  sd_of <- function(formula, beta_0, sigma_0) {
    table <- exact_summary(varying(four, beta_0 = beta_0, beta = flat, sigma_0 = sigma_0, formula = formula))
    table$sd[table$variable == "beta_0j[a]"]
  }
  # It grows with the bound of a uniform prior, and does not exist without one.
  for (beta_0 in list(flat, normal)) {
    bounded <- vapply(c(1e2, 1e6), function(bound) sd_of(y ~ x + (1 | g), beta_0, dist_uniform(0, bound)), 0)
    expect_gt(bounded[2], 1.2 * bounded[1])
    expect_identical(sd_of(y ~ x + (1 | g), beta_0, flat_scale), Inf)
  }
  # A slope within groups is determined there.
  four$z <- four$x + rep(1:3, 4)
  expect_true(is.finite(sd_of(y ~ z + (1 | g), flat, flat_scale)))
})

# Moments, each of what it belongs to -------------------------------------------------------------------------------------

test_that("a flat slope that varies within groups has moments where the sd between groups has none", {
  set.seed(3)
  rows <- data.frame(g = gl(3, 6), x = rnorm(18))
  rows$y <- 1 + rnorm(3)[rows$g] - 0.3 * rows$x + rnorm(18)
  flat <- dist_uniform(-Inf, Inf)
  fit <- function(sigma_0) {
    varying_intercept(
      y ~ x + (1 | g), rows, iter_sampling = 0,
      prior = list(beta_0 = flat, beta = flat, sigma_y = dist_exponential(1), sigma_0 = sigma_0)
    )
  }
  heavy <- fit(dist_uniform(0, Inf))
  table <- exact_summary(heavy)
  of <- function(table, name) unlist(table[table$variable == name, c("mean", "sd")])
  expect_equal(of(table, "sigma_0"), c(mean = Inf, sd = Inf))
  expect_equal(of(table, "beta_0"), c(mean = NaN, sd = Inf))
  # The same to many digits with an upper bound far out.
  expect_equal(of(table, "beta[x]"), of(exact_summary(fit(dist_uniform(0, 1e6))), "beta[x]"), tolerance = 1e-5)
  expect_true(all(is.finite(fitted(heavy))))
})

test_that("groups with a sd of their own have their own moments", {
  rows <- data.frame(g = rep(c("few", "many"), c(2, 30)), y = c(1, 3, qnorm(ppoints(30))))
  fit <- no_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0, prior = list(mu = dist_uniform(-Inf, Inf), sigma = dist_cauchy(0, 5)))
  table <- exact_summary(fit)
  expect_equal(is.finite(table$sd), c(FALSE, TRUE, FALSE, TRUE))
  alone <- complete_pooling(
    y ~ 1, rows[rows$g == "many", ], iter_sampling = 0, prior = list(mu = dist_uniform(-Inf, Inf), sigma = dist_cauchy(0, 5))
  )
  expect_equal(table$sd[c(2, 4)], exact_summary(alone)$sd, tolerance = 1e-9)
})

test_that("a constant predictor with a proper prior does not count against a flat sd between groups", {
  rows <- data.frame(g = gl(3, 4), one = 1, y = c(1, 2, 3, 4, 3, 4, 5, 7, 0, 1, 3, 2))
  fit <- varying_intercept(y ~ one + (1 | g), rows, iter_sampling = 0, prior = list(
    beta_0 = dist_normal(0, 10), beta = dist_normal(0, 1), sigma_0 = dist_uniform(0, Inf)
  ))
  expect_true(is.finite(exact_summary(fit)$q50[5]))
})

test_that("a prior whose mass below all numbers is nothing is not refused", {
  rows <- data.frame(g = gl(4, 5), y = qnorm(ppoints(20)) + rep(c(0, 1, 0.3, -1), each = 5))
  fit <- function(shape) {
    partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0, prior = list(
      hyper_mu = dist_normal(0, 2), sigma_y = dist_exponential(1), sigma_mu = dist_gamma(shape, 1)
    ))
  }
  expect_true(is.finite(log_marginal_likelihood(fit(0.12))))
  expect_error(fit(0.01), class = "bayespool_error_numerical")
})
