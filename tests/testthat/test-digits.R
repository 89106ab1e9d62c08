# Moments that cancel: near-exact fits, collinear predictors, values far from zero, beside the brute-force posterior, which works on
# the rows and squares nothing. Many more cases: the script digits in the folder tools.

skip_on_cran() # all of it takes long

use_code("oracle")
use_code("digits")

line <- withr::with_seed(1, data.frame(x = rnorm(30), u = rnorm(30), z = rnorm(30), g = rep(1:5, 6)))
near <- transform(line, y = 1e6 * x + 0.1 * u)
collinear <- transform(line, x2 = x + 4e-6 * z, y = 1 + x + 0.5 * u)
residual_of <- function(fit) fit$reduced$residual

test_that("a response that a predictor explains but for 1e-14 of its squares", {
  priors <- list(beta_0 = p_normal(0, 1e6), "beta[x]" = p_normal(0, 2.5e6), sigma = p_exponential(1))
  fit <- complete_pooling(y ~ x, near, prior = package_priors(priors), iter_sampling = 0)
  expect_oracle(fit, oracle_fit("complete_pooling", near$y, priors, x = as.matrix(near["x"])))
  summary <- exact_summary(fit)
  expect_equal(summary$mean[summary$variable == "sigma"], 0.085, tolerance = 0.01)
  grouped <- transform(near, y = y + 0.3 * g)
  priors <- c(priors[1:2], list(sigma_y = p_exponential(1), sigma_0 = p_exponential(1)))
  fit <- varying_intercept(y ~ x + (1 | g), grouped, prior = package_priors(priors), iter_sampling = 0)
  expect_oracle(fit, oracle_fit("varying_intercept", grouped$y, priors, group = grouped$g, x = as.matrix(near["x"])))
})

test_that("predictors that differ by 4e-6 are two", {
  priors <- list(
    beta_0 = p_normal(0, 10), "beta[x]" = p_normal(0, 2.5e6), "beta[x2]" = p_normal(0, 2.5e6), sigma = p_exponential(1)
  )
  fit <- complete_pooling(y ~ x + x2, collinear, prior = package_priors(priors), iter_sampling = 0)
  expect_oracle(fit, oracle_fit("complete_pooling", collinear$y, priors, x = as.matrix(collinear[c("x", "x2")])))
  # Flat priors: least squares, and t distributions.
  flat <- dist_uniform(-Inf, Inf)
  fit <- complete_pooling(
    y ~ x + x2, collinear, prior = list(beta_0 = flat, beta = flat, sigma = dist_uniform(0, Inf)), iter_sampling = 0
  )
  least_squares <- summary(stats::lm(y ~ x + x2, collinear))$coefficients
  summary <- exact_summary(fit)
  expect_equal(summary$mean[1:3], unname(least_squares[, 1]), tolerance = 1e-6)
  # With a flat prior on sigma, sigma^2 is S over a chi-squared of n - 4: t with 26 degrees of freedom, so sd^2 = S / 24.
  expect_equal(summary$sd[1:3], unname(least_squares[, 2]) * sqrt(27 / 24), tolerance = 1e-6)
})

test_that("a direction that is hardly seen within groups, and clearly between them, counts where it is seen", {
  data <- withr::with_seed(2, {
    data <- data.frame(g = rep(1:6, each = 5), x = rnorm(30))
    transform(data, x2 = x + rnorm(6)[g] + 1e-6 * rnorm(30), y = x + rnorm(6)[g] + rnorm(30))
  })
  priors <- list(
    beta_0 = p_normal(0, 10), "beta[x]" = p_normal(0, 1e4), "beta[x2]" = p_normal(0, 1e4), sigma_y = p_exponential(1),
    sigma_0 = p_exponential(1)
  )
  fit <- varying_intercept(y ~ x + x2 + (1 | g), data, prior = package_priors(priors), iter_sampling = 0)
  expect_oracle(fit, oracle_fit("varying_intercept", data$y, priors, group = data$g, x = as.matrix(data[c("x", "x2")])))
})

test_that("slopes that are known, or fixed, keep their meaning in residual columns", {
  for (known in list(p_normal(1, 1e-3), p_normal(1, 1e-9), p_fixed(1))) {
    priors <- list(beta_0 = p_normal(0, 10), "beta[x]" = known, "beta[x2]" = p_normal(0, 2.5e6), sigma = p_exponential(1))
    fit <- complete_pooling(y ~ x + x2, collinear, prior = package_priors(priors), iter_sampling = 0)
    expect_false(is.null(residual_of(fit)))
    expect_oracle(fit, oracle_fit("complete_pooling", collinear$y, priors, x = as.matrix(collinear[c("x", "x2")])))
  }
})

test_that("an exact fit is none beside a slope that its prior knows to be another", {
  data <- data.frame(x = c(-2, -1, 0.5, 1, 1.5, 3, -0.25), g = c(1, 1, 1, 2, 2, 2, 2))
  data$y <- 2 * data$x + 1
  priors <- list(beta_0 = p_normal(0, 5), "beta[x]" = p_normal(0, 1e-3))
  sigma <- list(sigma = p_lognormal(0, 1))
  fit <- complete_pooling(y ~ x, data, prior = package_priors(c(priors, sigma)), iter_sampling = 0)
  expect_oracle(fit, oracle_fit("complete_pooling", data$y, c(priors, sigma), x = as.matrix(data["x"])))
  sigmas <- list(sigma_y = p_lognormal(0, 1), sigma_0 = p_exponential(1))
  fit <- varying_intercept(y ~ x + (1 | g), data, prior = package_priors(c(priors, sigmas)), iter_sampling = 0)
  expect_oracle(fit, oracle_fit("varying_intercept", data$y, c(priors, sigmas), group = data$g, x = as.matrix(data["x"])))
})

test_that("random cases agree with the brute-force posterior", {
  skip_on_cran() # long
  for (seed in 1:60) {
    set.seed(seed)
    case <- lost_digits()
    errors <- errors_of_lost(fit_lost(case), oracle_lost(case))
    if (max(errors) > case$tolerance) fail(paste("seed", seed, case$kind, paste(signif(errors, 2), collapse = " ")))
  }
  succeed()
})

test_that("ordinary data are seen once, and as they are", {
  expect_null(residual_of(complete_pooling(y ~ x, transform(line, y = x + u), iter_sampling = 0)))
  expect_null(residual_of(complete_pooling(y ~ x, transform(line, y = 1000 + x + u), iter_sampling = 0)))
})

test_that("an offset of 1e9 is harmless", {
  plain <- transform(line, y = round((x + u) * 2^10) / 2^10)
  far <- transform(plain, y = y + 2^30)
  at <- function(offset) {
    list(beta_0 = dist_normal(offset, 10), beta = dist_normal(0, 10), sigma_y = dist_exponential(1), sigma_0 = dist_exponential(1))
  }
  fits <- lapply(list(near = plain, far = far), function(data) {
    varying_intercept(y ~ x + (1 | g), data, prior = at(if (mean(data$y) > 1e6) 2^30 else 0), iter_sampling = 0)
  })
  expect_equal(log_marginal_likelihood(fits$far), log_marginal_likelihood(fits$near), tolerance = 1e-12)
  a <- exact_summary(fits$near)
  b <- exact_summary(fits$far)
  expect_equal(b$sd, a$sd, tolerance = 1e-9)
})

test_that("leave-one-out of near-exact and of collinear rows is what refits give", {
  priors <- list(beta_0 = dist_normal(0, 100), beta = dist_normal(0, 2.5e6))
  of_groups <- c(priors, list(sigma_y = dist_exponential(1), sigma_0 = dist_exponential(1)))
  fits <- list(
    complete_pooling(y ~ x, near, iter_sampling = 0, prior = c(priors, list(sigma = dist_exponential(1)))),
    varying_intercept(y ~ x + x2 + (1 | g), collinear, iter_sampling = 0, prior = of_groups)
  )
  for (fit in fits) {
    expect_false(is.null(residual_of(fit)))
    pointwise <- loo(fit)$pointwise[, "elpd_loo"]
    for (i in c(1, 17)) {
      others <- update(fit, data = fit$data[-i, ])
      expect_equal(pointwise[i], log_marginal_likelihood(fit) - log_marginal_likelihood(others), tolerance = 1e-6)
    }
  }
})

test_that("the density of NUTS is the same in residual columns, and so is its gradient", {
  # So near that residual columns are taken, and not so near that the columns as they are would lose much.
  data <- transform(line, x2 = x + 1e-3 * z, y = 1e3 * x + u)
  fit <- varying_intercept(y ~ x + x2 + (1 | g), data, iter_sampling = 0)
  expect_false(is.null(residual_of(fit)))
  problem <- bayespool:::fit_posterior(fit)$problem
  fit$reduced$residual <- NULL
  plain <- bayespool:::fit_posterior(fit)$problem
  expect_gt(length(problem$basis), length(plain$basis))
  for (centered in c(FALSE, TRUE)) {
    q <- withr::with_seed(3, c(1, 990, 3, rnorm(5), 0.1, 0.2))
    ours <- bayespool:::cpp_log_density(problem, centered, q)
    expected <- bayespool:::cpp_log_density(plain, centered, q)
    expect_equal(ours, expected, tolerance = 1e-8)
  }
})

test_that("groups with flat means of their own take what a steep slope leaves", {
  u <- 0.3 * rep(1:4, each = 10) + 0.1 * cos(7 * (1:40))
  data <- data.frame(g = gl(4, 10), x = sin(1:40))
  data$y <- 1e6 * data$x + u
  flat <- dist_uniform(-Inf, Inf)
  fit <- no_pooling(
    y ~ x + (1 | g), data, sigma = "common", iter_sampling = 0,
    prior = list(beta_0j = flat, beta = flat, sigma = dist_uniform(0, 1e3))
  )
  # As above: 40 rows, five coefficients, so S over a chi-squared of 34.
  least_squares <- summary(stats::lm(u ~ 0 + g + x, data))$coefficients
  summary <- exact_summary(fit)[1:5, ]
  expect_equal(summary$mean - c(0, 0, 0, 0, 1e6), unname(least_squares[, 1]), tolerance = 1e-8)
  expect_equal(summary$sd, unname(least_squares[, 2]) * sqrt(35 / 32), tolerance = 1e-8)
})

test_that("draws of collinear slopes are those of the posterior", {
  fit <- complete_pooling(
    y ~ x + x2, collinear, iter_sampling = 4000, seed = 1, prior = list(beta = dist_normal(0, 2.5e6), sigma = dist_exponential(1))
  )
  exact <- exact_summary(fit)
  for (name in c("beta[x]", "beta[x2]")) {
    expect_within_mcse(posterior::extract_variable_matrix(as_draws(fit), name), exact$mean[exact$variable == name])
  }
})

test_that("moments of the formula are as good as the rows; others say what they cannot tell", {
  rows <- varying_intercept(y ~ x + (1 | g), near, iter_sampling = 0)
  moments <- varying_intercept(y ~ x + (1 | g), group_moments(y ~ x + (1 | g), near), iter_sampling = 0)
  expect_equal(log_marginal_likelihood(moments), log_marginal_likelihood(rows), tolerance = 1e-10)
  expect_equal(exact_summary(moments)$mean, exact_summary(rows)$mean, tolerance = 1e-9)

  halves <- lapply(list(1:15, 16:30), function(i) group_moments(y ~ x + (1 | g), near[i, ]))
  merged <- do.call(c, halves)
  expect_null(merged$residual)
  fit <- function(data) {
    varying_intercept(y ~ x + (1 | g), data, iter_sampling = 0, prior = list(sigma_y = dist_lognormal(0, 1)))
  }
  expect_warning(fit(merged), "cannot tell what predictors leave of the response", class = "bayespool_warning_precision")
  expect_no_warning(fit(near))
  wider <- group_moments(y ~ x + z + (1 | g), near)
  expect_warning(fit(wider), class = "bayespool_warning_precision")
  pair <- group_moments(y ~ x + x2 + z + (1 | g), collinear)
  expect_warning(
    varying_intercept(y ~ x + x2 + (1 | g), pair, iter_sampling = 0), "leave of a predictor", class = "bayespool_warning_precision"
  )
  twice <- group_moments(y ~ x + x2 + z + (1 | g), transform(collinear, x2 = 2 * x))
  expect_no_warning(varying_intercept(y ~ x + x2 + (1 | g), twice, iter_sampling = 0))
})

test_that("a predictor that others explain has what its prior says of it, beside interactions too", {
  for (seed in c(3, 5, 7, 10, 11, 14)) {
    rows <- withr::with_seed(seed, {
      data.frame(g = rep(c("a", "b", "c", "d"), c(2, 9, 6, 4)), x = rnorm(21), f = rep(c("u", "v", "w"), 7), y = rnorm(21))
    })
    rows$b <- as.numeric(rows$f == "v")
    known <- list(
      beta_0 = dist_normal(0, 3), beta = dist_normal(0, 2), sigma_y = dist_degenerate(0.8), sigma_0 = dist_degenerate(0.5)
    )
    x <- model.matrix(y ~ x * f + b, rows)
    noise <- 0.8^2 * diag(21) + 0.5^2 * outer(rows$g, rows$g, "==")
    covariance <- solve(crossprod(x, solve(noise, x)) + diag(c(3, rep(2, 6))^-2))
    fit <- varying_intercept(y ~ x * f + b + (1 | g), rows, prior = known, iter_sampling = 0)
    exact <- exact_summary(fit)[1:7, ]
    expect_equal(exact$mean, c(covariance %*% crossprod(x, solve(noise, rows$y))), tolerance = 1e-9)
    expect_equal(exact$sd, unname(sqrt(diag(covariance))), tolerance = 1e-9)
    expect_true(is.finite(log_marginal_likelihood(update(fit, prior = NULL)))) # which was refused as an exact fit
  }
})
