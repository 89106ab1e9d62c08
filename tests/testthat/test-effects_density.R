# One evaluation of the collapsed posterior of several effects a group against dense algebra.

use_code("oracle")

# Groups of these sizes, with two predictors.
effect_rows <- function(sizes, seed) {
  withr::with_seed(seed, {
    g <- rep(seq_along(sizes), sizes)
    n <- length(g)
    x <- rnorm(n)
    w <- rnorm(n, 2)
    slope <- rnorm(length(sizes), 0.5)
    data.frame(g = g, x = x, w = w, y = 3 + rnorm(length(sizes), 0, 1.5)[g] + slope[g] * x - 0.4 * w + rnorm(n, 0, 0.8))
  })
}
effect_priors <- list(sigma = p_exponential(0.8), tau = list(p_half_t(4, 0, 3), p_exponential(0.6), p_half_normal(0, 2)))

# What the core is given, without a fit.
problem_of <- function(formula, data, prior) {
  parsed <- parse_formula(formula)
  moments <- reduce_data(parsed, data, pooled = FALSE, call = NULL)
  model <- specify_model(model_name("mixed_model", parsed), parsed, moments, TRUE)
  priors <- resolve_priors(prior, prior_kinds(model), scale_statistics(moments), call = NULL)
  new_problem(model, moments, priors, FALSE)
}

# The engine's problem and the dense one.
effect_case <- function(formula, data, z, x = ~ x + w, sd = c(5, 2, 3), eta = 1.7, priors = effect_priors) {
  design <- model.matrix(x, data)
  directions <- colnames(z)
  tau <- priors$tau[seq_along(directions)]
  names(tau) <- ifelse(directions == "(Intercept)", "sigma_0", sprintf("sigma_beta[%s]", directions))
  location <- lapply(seq_len(ncol(design)), function(k) if (is.finite(sd[k])) dist_normal(k, sd[k]) else dist_uniform(-Inf, Inf))
  names(location) <- ifelse(colnames(design) == "(Intercept)", "beta_0", sprintf("beta[%s]", colnames(design)))
  prior <- c(location, package_priors(tau), list(sigma_y = priors$sigma$dist))
  if (!is.null(eta) && length(tau) > 1) prior$rho <- dist_lkj(eta)
  list(
    problem = problem_of(formula, data, prior),
    dense = dense_effects(data$y, design, z, data$g, seq_len(ncol(design)), sd[seq_len(ncol(design))], priors$sigma, tau, eta)
  )
}

random_correlation <- function(q) cov2cor(crossprod(matrix(rnorm((q + 2) * q), q + 2)))

engine_log_density <- function(case, sigma, tau, correlation) {
  q <- length(tau)
  z <- if (q > 1 && !is.null(case$dense$eta)) atanh(partial_correlations(correlation))
  cpp_effects_log_density(case$problem, c(log(tau / sigma), z), log(sigma))
}

expect_same_density <- function(case, sigma, tau, correlation = diag(length(tau)), tolerance = 1e-12) {
  expect_equal(
    engine_log_density(case, sigma, tau, correlation), dense_log_density(case$dense, sigma, tau, correlation), tolerance = tolerance
  )
}

z_of <- function(data, columns) cbind(`(Intercept)` = 1, as.matrix(data[c("x", "w")]))[, columns, drop = FALSE]

data <- effect_rows(c(1, 2, 2, 5, 9, 3, 1), 1)
cases <- list(
  intercept = effect_case(y ~ x + w + (0 + x | g), data, z_of(data, "x"), eta = NULL),
  correlated = effect_case(y ~ x + w + (1 + x | g), data, z_of(data, 1:2)),
  independent = effect_case(y ~ x + w + (1 + x || g), data, z_of(data, 1:2), eta = NULL),
  three = effect_case(y ~ x + w + (1 + x + w | g), data, z_of(data, 1:3)),
  three_independent = effect_case(y ~ x + w + (1 + x + w || g), data, z_of(data, 1:3), eta = NULL),
  flat = effect_case(y ~ x + w + (1 + x | g), data, z_of(data, 1:2), sd = c(Inf, 2, Inf)),
  not_in_population = effect_case(y ~ w + (1 + x | g), data, z_of(data, 1:2), x = ~w)
)

test_that("the density at random points is that of dense algebra", {
  withr::local_seed(2)
  for (case in cases) {
    q <- length(case$dense$tau)
    for (i in 1:8) {
      correlation <- if (is.null(case$dense$eta)) diag(q) else random_correlation(q)
      expect_same_density(case, exp(rnorm(1, 0, 0.7)), exp(rnorm(q)), correlation)
    }
  }
})

test_that("the density is right at the ends: sds near 0 and large, correlations near 1", {
  near <- matrix(c(1, 1 - 1e-7, 1 - 1e-7, 1), 2)
  for (case in cases[c("correlated", "flat", "not_in_population")]) {
    expect_same_density(case, 0.9, c(1e-9, 2), diag(2))
    expect_same_density(case, 0.9, c(1e-9, 1e-7), matrix(c(1, -0.6, -0.6, 1), 2))
    # 1 - rho^2 has lost seven digits in the dense matrices themselves.
    expect_same_density(case, 0.9, c(1.2, 0.4), near, 1e-9)
    expect_same_density(case, 0.02, c(3, 5), matrix(c(1, 0.6, 0.6, 1), 2), 1e-11)
    expect_same_density(case, 30, c(0.1, 5), matrix(c(1, 0.6, 0.6, 1), 2))
  }
})

test_that("groups without information in a direction are right: constant and repeated predictors", {
  constant <- transform(data, x = ifelse(g %in% c(3, 5), 1.25, x))
  repeated <- transform(data, w = ifelse(g == 4, 2 * x + 1, w))
  for (own in list(constant, repeated)) {
    case <- effect_case(y ~ x + w + (1 + x + w | g), own, z_of(own, 1:3))
    withr::with_seed(3, for (i in 1:6) expect_same_density(case, exp(rnorm(1)), exp(rnorm(3)), random_correlation(3)))
  }
})

test_that("predictors far from 0 keep the digits that they have", {
  far <- transform(data, x = x + 1000)
  case <- effect_case(y ~ x + w + (1 + x | g), far, z_of(far, 1:2))
  # The dense matrices lose six digits, the square of 1000.
  expect_same_density(case, 0.9, c(1.2, 0.4), matrix(c(1, 0.3, 0.3, 1), 2), 1e-7)
})

test_that("sigma and a tau with bounded priors have coordinates of their own", {
  priors <- list(sigma = p_uniform(0.2, 3), tau = list(p_uniform(0, 4), p_exponential(0.6)))
  case <- effect_case(y ~ x + w + (1 + x | g), data, z_of(data, 1:2), priors = priors)
  correlation <- matrix(c(1, 0.4, 0.4, 1), 2)
  sigma <- 1.1
  tau <- c(1.7, 0.5)
  x <- c(qlogis((sigma - 0.2) / 2.8), qlogis(tau[1] / 4), log(tau[2] / sigma), atanh(0.4))
  jacobian <- log((sigma - 0.2) * (3 - sigma) / 2.8) + log(tau[1] * (4 - tau[1]) / 4) - log(sigma) - log(tau[1])
  expect_equal(
    cpp_effects_log_density(case$problem, x, NA_real_),
    dense_log_density(case$dense, sigma, tau, correlation) + jacobian, tolerance = 1e-12
  )
})
