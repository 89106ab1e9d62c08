# Extremes that must work and be right: few observations and many, large offsets and small scales.

use_code("oracle")
use_code("fits")

usual <- list(hyper_mu = p_normal(3, 5), sigma_y = p_exponential(1), sigma_mu = p_half_cauchy(0, 2))
expect_partial_oracle <- function(data, priors, fine = 1) {
  fit <- undetermined(partial_pooling(y ~ 1 + (1 | g), data, prior = package_priors(priors), iter_sampling = 0))
  expect_oracle(fit, oracle_fit("partial_pooling", data$y, priors, group = data$g, fine = fine))
}

test_that("one group with proper priors is right", {
  expect_partial_oracle(data[data$g == "a", ], replace(usual, "sigma_mu", list(p_exponential(1))))
})

test_that("two groups with a half-Cauchy are right", {
  expect_partial_oracle(data[data$g != "c", ], usual)
})

test_that("one observation a group is right", {
  skip_on_cran() # long
  single <- data.frame(g = letters[1:4], y = c(3.1, 4.2, 2.0, 5.5))
  expect_partial_oracle(single, usual)
})

test_that("one observation in all is right", {
  priors <- list(hyper_mu = p_normal(3, 5), sigma_y = p_gamma(2, 1), sigma_mu = p_gamma(3, 2))
  expect_partial_oracle(data.frame(g = "a", y = 4.5), priors, fine = 1.5)
  priors <- list(mu = p_normal(3, 5), sigma = p_gamma(2, 1))
  fit <- complete(data.frame(y = 4.5), mu = priors$mu$dist, sigma = priors$sigma$dist)
  expect_oracle(fit, oracle_fit("complete_pooling", 4.5, priors))
})

test_that("collinear predictors and more predictors than rows are right with normal priors", {
  collinear <- transform(data, z = 2 * x - 1)
  priors <- list(beta_0 = p_normal(0, 5), beta = p_normal(0, 3), sigma_y = p_exponential(1), sigma_0 = p_exponential(1))
  fit <- varying_intercept(y ~ x + z + (1 | g), collinear, prior = package_priors(priors), iter_sampling = 0)
  oracle <- oracle_fit("varying_intercept", data$y, priors, group = data$g, x = cbind(x = collinear$x, z = collinear$z))
  expect_oracle(fit, oracle)

  wide <- matrix(withr::with_seed(1, rnorm(24)), 4, dimnames = list(NULL, paste0("V", 1:6)))
  y <- c(1, 3, 2, 5)
  priors <- list(beta_0 = p_normal(0, 5), beta = p_normal(0, 3), sigma = p_lognormal(0, 1))
  fit <- complete_pooling(y ~ V1 + V2 + V3 + V4 + V5 + V6, data.frame(y, wide), prior = package_priors(priors), iter_sampling = 0)
  expect_oracle(fit, oracle_fit("complete_pooling", y, priors, x = wide))
})

test_that("a column and its copy share the slope of one", {
  priors <- function(sd) list(beta_0 = normal, beta = dist_normal(0, sd), sigma_y = exponential, sigma_0 = exponential)
  both <- exact_summary(do.call(varying, c(list(transform(data, copy = x)), priors(1), formula = y ~ x + copy + (1 | g))))
  single <- exact_summary(do.call(varying, c(list(data), priors(sqrt(2)))))
  slope <- function(table, name) table$mean[table$variable == name]
  expect_equal(slope(both, "beta[x]"), slope(single, "beta[x]") / 2, tolerance = 1e-9)
  others <- c("beta_0", "sigma_y", "sigma_0", "icc")
  expect_equal(
    both[both$variable %in% others, -1], single[single$variable %in% others, -1], tolerance = 1e-6, ignore_attr = TRUE
  )
})

test_that("with one observation, or one a group, equal priors make the standard deviations exchangeable", {
  for (y in list(4.5, data$y)) {
    table <- exact_summary(undetermined(partial(
      data.frame(g = seq_along(y), y = y), hyper_mu = normal, sigma_y = exponential, sigma_mu = exponential
    )))
    expect_equal(
      table[table$variable == "sigma_y", -1], table[table$variable == "sigma_mu", -1], tolerance = 2e-6, ignore_attr = TRUE
    )
    expect_equal(table$mean[table$variable == "icc"], 0.5, tolerance = 1e-7)
  }
})

test_that("a large offset changes nothing but the location", {
  # Differences of y at 1e9 are exact in binary when the fractions are short.
  y <- withr::with_seed(2, round(rnorm(40) * 1024) / 1024 + rep(c(0, 1, 2, 0.5), 10))
  near <- data.frame(g = rep(1:4, 10), x = rep(1:10, each = 4), y = y)
  far <- transform(near, y = y + 1e9)
  shifted <- c("hyper_mu", paste0("mu[", 1:4, "]"))
  priors <- function(centre) list(hyper_mu = dist_normal(centre, 5), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
  here <- do.call(partial, c(list(near), priors(0)))
  there <- do.call(partial, c(list(far), priors(1e9)))
  a <- exact_summary(here)
  b <- exact_summary(there)
  rows <- a$variable %in% shifted
  # A group mean near 1e9 is itself rounded to 6e-8.
  expect_equal(b$sd, a$sd, tolerance = 1e-6)
  expect_lt(max(abs(as.matrix(b[rows, -(1:3)]) - 1e9 - as.matrix(a[rows, -(1:3)]))), 1e-6)
  expect_equal(b[!rows, ], a[!rows, ], tolerance = 1e-6)
  expect_equal(log_marginal_likelihood(there), log_marginal_likelihood(here), tolerance = 1e-6 / 68)
  # A predictor with a large offset as well; the slope does not see it.
  slopes <- lapply(list(near, transform(far, x = x + 1e6)), function(d) {
    exact_summary(varying(d, beta = dist_normal(0, 1), beta_0 = flat, sigma_y = exponential, sigma_0 = exponential))
  })
  expect_equal(slopes[[2]][slopes[[2]]$variable == "beta[x]", -1], slopes[[1]][slopes[[1]]$variable == "beta[x]", -1], tolerance = 1e-7)
})

test_that("y at 1e-9 is y at 1, rescaled", {
  small <- transform(data, y = y * 1e-9)
  priors <- function(s) {
    list(hyper_mu = dist_normal(3 * s, 5 * s), sigma_y = dist_exponential(1 / s), sigma_mu = dist_cauchy(0, 2 * s))
  }
  a <- exact_summary(do.call(partial, c(list(data), priors(1))))
  b <- exact_summary(do.call(partial, c(list(small), priors(1e-9))))
  scales <- a$variable != "icc"
  expect_equal(as.matrix(b[scales, 2:3]) * 1e9, as.matrix(a[scales, 2:3]), tolerance = 1e-8)
  expect_equal(b[!scales, 2:3], a[!scales, 2:3], tolerance = 1e-8)
  expect_equal(as.matrix(b[scales, -1]) * 1e9, as.matrix(a[scales, -1]), tolerance = 1e-6)
  expect_equal(b[!scales, -1], a[!scales, -1], tolerance = 1e-6)
  expect_s3_class(summary(partial_pooling(y ~ 1 + (1 | g), small, seed = 1)), "bayespool_summary")
})

test_that("a billion observations are right", {
  moments <- as_group_moments(c("a", "b", "c"), n = c(4e8, 5e8, 1e8), mean = c(1, 1.5, 0.7), sd = c(2, 2.1, 1.9))
  fit <- partial_pooling(
    y ~ 1 + (1 | g), moments, iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(0, 10), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
  )
  table <- exact_summary(fit)
  get <- function(name) table[table$variable == name, ]
  # sigma_y is normal with sd sigma / sqrt(2 N); group means are the data's; the rest is a two-level problem without noise.
  sigma <- sqrt(sum((moments$n - 1) * c(2, 2.1, 1.9)^2) / sum(moments$n))
  expect_equal(get("sigma_y")$mean, sigma, tolerance = 1e-8)
  expect_equal(get("sigma_y")$sd, sigma / sqrt(2e9), tolerance = 1e-6)
  expect_lt(abs(get("sigma_y")$q97 - qnorm(0.97, get("sigma_y")$mean, sigma / sqrt(2e9))) / (sigma / sqrt(2e9)), 1e-3)
  expect_equal(get("mu[a]")$mean, 1, tolerance = 1e-8)
  expect_equal(get("mu[a]")$sd, sigma / sqrt(4e8), tolerance = 1e-6)
  density <- function(t) {
    vapply(t, function(t) {
      v <- diag(t^2, 3) + 100
      y <- c(1, 1.5, 0.7)
      exp(-0.5 * (c(determinant(v)$modulus) + sum(y * solve(v, y))) - t)
    }, 0)
  }
  total <- integrate(density, 0, 40, rel.tol = 1e-10)$value
  expect_equal(get("sigma_mu")$mean, integrate(function(t) t * density(t), 0, 40, rel.tol = 1e-10)$value / total, tolerance = 1e-6)
  expect_lt(abs(integrate(density, 0, get("sigma_mu")$q97, rel.tol = 1e-10)$value / total - 0.97), 1e-6)
})

test_that("a billion observations are right where the prior expects another scale", {
  n <- rep(2e8, 5)
  mean <- c(38, 39.5, 40, 40.5, 42)
  fit <- partial_pooling(
    mean ~ 1 + (1 | group), as_group_moments(letters[1:5], n, mean, rep(7, 5)), iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(40, 20), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
  )
  table <- exact_summary(fit)
  get <- function(name) table[table$variable == name, ]
  expect_equal(get("sigma_y")$sd, 7 / sqrt(2 * sum(n)), tolerance = 1e-6)
  # The means are known but for 7 / sqrt(n) and come from the population; log tau is the coordinate.
  density <- function(v) {
    vapply(v, function(v) {
      variance <- diag(exp(2 * v) + 49 / n) + 20^2
      exp(-0.5 * (c(determinant(variance)$modulus) + sum((mean - 40) * solve(variance, mean - 40))) - exp(v) + v)
    }, 0)
  }
  moment <- function(k) integrate(function(v) exp(k * v) * density(v), -5, 4, rel.tol = 1e-12)$value
  expect_equal(get("sigma_mu")$mean, moment(1) / moment(0), tolerance = 1e-8)
  expect_equal(get("sigma_mu")$sd, sqrt(moment(2) / moment(0) - (moment(1) / moment(0))^2), tolerance = 1e-8)
})

test_that("200 groups of one observation are right, though sigma and tau are hardly told apart", {
  y <- withr::with_seed(3, rnorm(200, 5, sqrt(2)))
  d <- data.frame(g = 1:200, y = y)
  fit <- undetermined(partial_pooling(
    y ~ 1 + (1 | g), d, iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(0, 10), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
  ))
  # Only v = sigma^2 + tau^2 is in the likelihood: sigma = sqrt(v) cos(a), tau = sqrt(v) sin(a).
  v <- exp(seq(-1.4, 1.4, length.out = 141) + log(var(y)))
  a <- gauss_legendre(60)
  angle <- a$x * pi / 2
  n <- length(y)
  precision <- n / v + 1 / 100
  log_lik <- -n / 2 * log(2 * pi * v) - sum((y - mean(y))^2) / (2 * v) + 0.5 * log(2 * pi * v / n) +
    dnorm(mean(y), 0, sqrt(v / n + 100), log = TRUE)
  grid <- expand.grid(v = seq_along(v), a = seq_along(angle))
  s <- sqrt(v[grid$v]) * cos(angle[grid$a])
  t <- sqrt(v[grid$v]) * sin(angle[grid$a])
  # ds dt = dv da / 2
  log_w <- log_lik[grid$v] - s - t + log(v[grid$v]) + log(a$weight[grid$a] * pi / 2 / 2 * 0.02)
  top <- max(log_w)
  w <- exp(log_w - top)
  expect_lt(abs(log_marginal_likelihood(fit) - top - log(sum(w))), 1e-6)
  w <- w / sum(w)
  table <- exact_summary(fit)
  get <- function(name) table[table$variable == name, ]
  expect_equal(get("sigma_y")$mean, sum(w * s), tolerance = 1e-6)
  expect_equal(get("sigma_mu")$mean, sum(w * t), tolerance = 1e-6)
  expect_equal(get("sigma_mu")$sd, sqrt(sum(w * (t - sum(w * t))^2)), tolerance = 1e-6)
  icc <- sin(angle[grid$a])^2
  expect_equal(get("icc")$mean, sum(w * icc), tolerance = 1e-6)
  kappa <- icc
  m <- (n * mean(y) / v / precision)[grid$v]
  mean <- m + kappa * (y[7] - m)
  variance <- t^2 * (1 - kappa) + (1 - kappa)^2 / precision[grid$v]
  expect_equal(get("mu[7]")$mean, sum(w * mean), tolerance = 1e-6)
  expect_equal(get("mu[7]")$sd, sqrt(sum(w * (variance + (mean - sum(w * mean))^2))), tolerance = 1e-6)
  expect_lt(abs(sum(w * pnorm(get("mu[7]")$q3, mean, sqrt(variance))) - 0.03), 1e-6)
})

test_that("a predictor at the end of the range of numbers is refused", {
  highest <- transform(data, x = .Machine$double.xmax)
  for (fit in list(complete_pooling, no_pooling, varying_intercept)) {
    expect_error(fit(y ~ x + (1 | g), highest, iter_sampling = 0), class = "bayespool_error")
  }
})
