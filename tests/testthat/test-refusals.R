# What is refused, by class, and extremes that must work and be right.

data <- data.frame(
  g = rep(c("a", "b", "c"), c(4, 3, 5)), h = rep(1:2, 6), x = c(2, 1, 4, 3, 7, 5, 6, 1, 9, 2, 2, 8),
  y = c(3.1, 4.2, 2.0, 5.5, 6.1, 7.3, 5.2, 1.9, 0.4, 2.2, 3.0, 1.1)
)
flat <- dist_uniform(-Inf, Inf)
flat_scale <- dist_uniform(0, Inf)

expect_refused <- function(call, type) {
  error <- expect_error(call, class = paste0("bayespool_error_", type))
  expect_s3_class(error, "bayespool_error")
  invisible(error)
}
complete <- function(data, ..., formula = y ~ 1) complete_pooling(formula, data, iter_sampling = 0, prior = list(...))
none <- function(data, mu, sd, sigma = "group") {
  no_pooling(y ~ 1 + (1 | g), data, sigma = sigma, iter_sampling = 0, prior = list(mu = mu, sigma = sd))
}
partial <- function(data, ...) partial_pooling(y ~ 1 + (1 | g), data, iter_sampling = 0, prior = list(...))
varying <- function(data, ..., formula = y ~ x + (1 | g)) varying_intercept(formula, data, iter_sampling = 0, prior = list(...))

# Improper posteriors ----------------------------------------------------------------------------------------------------

normal <- dist_normal(0, 10)
exponential <- dist_exponential(1)

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

# Bad input --------------------------------------------------------------------------------------------------------------

test_that("bad data are refused", {
  expect_refused(complete(data[0, ]), "data")
  expect_refused(partial(data[0, ]), "data")
  expect_refused(suppressMessages(complete(transform(data, y = NA_real_))), "data")
  expect_refused(suppressMessages(partial(transform(data, g = NA_character_))), "data")
  expect_refused(partial(transform(data, y = c(Inf, y[-1]))), "data")
  expect_refused(varying(transform(data, x = c(-Inf, x[-1]))), "data")
  expect_refused(partial(transform(data, y = factor(y))), "data")
  expect_refused(partial(transform(data, y = as.character(y))), "data")
  expect_refused(partial(data["g"]), "data")
  expect_refused(partial(data["y"]), "data")
  expect_refused(varying(data[c("g", "y")]), "data")
  expect_refused(partial(as.list(data)), "data")
  expect_refused(partial(NULL), "data")
})

test_that("a call without data is refused", {
  expect_refused(partial_pooling(y ~ 1 + (1 | g)), "argument")
  expect_refused(partial_pooling(y ~ 1 + (1 | g), data, NULL, 4), "argument")
})

test_that("bad formulas are refused", {
  fit <- function(f, formula) f(formula, data, iter_sampling = 0)
  expect_refused(fit(partial_pooling, y ~ 1 + (1 | g) + (1 | h)), "formula")
  expect_refused(fit(partial_pooling, y ~ 1), "formula")
  expect_refused(fit(no_pooling, y ~ x), "formula")
  expect_refused(fit(varying_intercept, y ~ x), "formula")
  expect_refused(fit(varying_intercept, y ~ x + (x | g)), "formula")
  expect_refused(fit(varying_intercept, y ~ x + (1 | g / h)), "formula")
  expect_refused(fit(partial_pooling, y ~ x + (1 | g)), "formula")
  expect_refused(fit(partial_pooling, ~ 1 + (1 | g)), "formula")
  expect_refused(fit(partial_pooling, cbind(y, x) ~ 1 + (1 | g)), "formula")
  expect_refused(fit(partial_pooling, "y ~ 1"), "formula")
  expect_refused(fit(complete_pooling, y ~ 0), "formula")
})

test_that("bad priors are refused", {
  expect_refused(partial(data, mu = normal), "prior")
  expect_refused(partial(data, sigma = exponential), "prior")
  expect_refused(complete(data, hyper_mu = normal), "prior")
  expect_refused(varying(data, "beta[z]" = normal), "prior")
  expect_refused(partial(data, sigma_mu = dist_uniform(-2, -1)), "prior")
  expect_refused(partial(data, sigma_y = dist_degenerate(0)), "prior")
  expect_refused(partial(data, sigma_y = dist_degenerate(-1)), "prior")
  expect_refused(partial(data, hyper_mu = exponential), "prior")
  expect_refused(partial(data, sigma_mu = 1), "prior")
  expect_refused(partial_pooling(y ~ 1 + (1 | g), data, prior = normal), "prior")
})

test_that("bad tables are refused", {
  make <- function(group = c("a", "b"), n = c(3, 4), mean = c(1, 2), sd = c(1, 1)) as_group_moments(group, n, mean, sd)
  expect_refused(make(n = c(3, -4)), "moments")
  expect_refused(make(n = c(3, 0)), "moments")
  expect_refused(make(n = c(3, 1.5)), "moments")
  expect_refused(make(sd = c(1, -1)), "moments")
  expect_refused(make(sd = c(1, NA)), "moments")
  expect_refused(make(mean = c(1, Inf)), "moments")
  expect_refused(make(group = c("a", "a")), "moments")
  expect_refused(make(group = "a"), "moments")
})

# Extremes that must work -------------------------------------------------------------------------------------------------

usual <- list(hyper_mu = p_normal(3, 5), sigma_y = p_exponential(1), sigma_mu = p_half_cauchy(0, 2))
expect_partial_oracle <- function(data, priors, fine = 1) {
  fit <- partial_pooling(y ~ 1 + (1 | g), data, prior = package_priors(priors), iter_sampling = 0)
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
    table <- exact_summary(partial(
      data.frame(g = seq_along(y), y = y), hyper_mu = normal, sigma_y = exponential, sigma_mu = exponential
    ))
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
  fit <- partial_pooling(
    y ~ 1 + (1 | g), d, iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(0, 10), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
  )
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

test_that("coefficients whose covariances would not fit in memory are refused with their size", {
  fit <- varying_intercept(yield ~ N + P + (1 | block), npk, iter_sampling = 0)
  problem <- bayespool:::core_problem(bayespool:::fit_posterior(fit))
  few <- function(memory) bayespool:::run_core(bayespool:::cpp_summary(problem, 0.5, TRUE, FALSE, memory), NULL)
  expect_error(few(1e4), "take .* are available", class = "bayespool_error_memory")
  expect_equal(few(1e8)[, 1], exact_summary(fit)$mean)
  rows <- function(memory) {
    bayespool:::run_core(bayespool:::cpp_leave_one_out(problem, matrix(0, 1, 2), 50, 0L, 1L, memory), NULL)
  }
  expect_error(rows(1e4), class = "bayespool_error_memory")
  expect_length(rows(1e8), 3)
})

test_that("complex numbers are not counts", {
  for (argument in c("chains", "iter_sampling", "iter_warmup", "seed", "cores")) {
    expect_refused(do.call(complete_pooling, c(list(y ~ 1, data), stats::setNames(list(4 + 0i), argument))), "argument")
  }
  fit <- complete_pooling(y ~ 1, data, iter_sampling = 10)
  expect_refused(posterior_predict(fit, ndraws = 2 + 0i), "argument")
  expect_refused(posterior_predict(fit, seed = 2 + 0i), "argument")
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
