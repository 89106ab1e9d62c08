# What must not change an answer, or change it in a known way.

rows <- withr::with_seed(1, {
  g <- sample(c("u", "v", "w", "x"), 40, replace = TRUE, prob = c(4, 3, 2, 1))
  data.frame(
    g = g, x = rnorm(40, 3), f = sample(c("p", "q", "r"), 40, replace = TRUE),
    y = rnorm(40, 20 + c(u = 0, v = 2, w = -1, x = 4)[g], 3)
  )
})
formulas <- list(
  list(complete_pooling, y ~ 1 + (1 | g)), list(complete_pooling, y ~ x + f + (1 | g)),
  list(no_pooling, y ~ 1 + (1 | g)), list(no_pooling, y ~ x + (1 | g)),
  list(partial_pooling, y ~ 1 + (1 | g)), list(partial_pooling, y ~ 0 + (1 | g)),
  list(varying_intercept, y ~ x + f + (1 | g))
)
fit_of <- function(model, data, ...) model[[1]](model[[2]], data, ...)
# Relative to the sd of each parameter. Where sums were rounded differently, quantiles differ by what their root finding leaves.
expect_same_summary <- function(a, b, tolerance, quantiles = tolerance) {
  expect_identical(a$variable, b$variable)
  difference <- abs(as.matrix(a[, -1]) - as.matrix(b[, -1])) / a$sd
  expect_lt(max(difference[, c("mean", "sd")]), tolerance)
  expect_lt(max(difference), quantiles)
}

test_that("rows and their moments give the same fit", {
  for (model in formulas) {
    moments <- group_moments(model[[2]], rows)
    a <- fit_of(model, rows, seed = 1)
    b <- fit_of(model, moments, seed = 1)
    expect_equal(log_marginal_likelihood(b), log_marginal_likelihood(a), tolerance = 1e-12)
    expect_same_summary(exact_summary(a), exact_summary(b), 1e-10)
    expect_equal(a$draws, b$draws, tolerance = 1e-10)
  }
})

test_that("a table of n, mean and sd gives the same fit as the rows", {
  table <- as_group_moments(
    names(table(rows$g)), as.numeric(table(rows$g)), as.numeric(tapply(rows$y, rows$g, mean)), as.numeric(tapply(rows$y, rows$g, sd))
  )
  for (model in list(partial_pooling, no_pooling)) {
    a <- model(y ~ 1 + (1 | g), rows, seed = 1)
    b <- model(y ~ 1 + (1 | g), table, seed = 1)
    expect_same_summary(exact_summary(a), exact_summary(b), 1e-10)
    expect_equal(posterior::as_draws_matrix(a), posterior::as_draws_matrix(b), tolerance = 1e-10)
  }
})

test_that("merged moments give the fit of all rows", {
  half <- seq_len(nrow(rows)) %in% c(3:19, 30)
  for (model in formulas[5:7]) {
    merged <- c(group_moments(model[[2]], rows[half, ]), group_moments(model[[2]], rows[!half, ]))
    merged <- merged[sort(merged$group)]
    all <- fit_of(model, rows, iter_sampling = 0)
    expect_same_summary(exact_summary(all), exact_summary(fit_of(model, merged, iter_sampling = 0)), 1e-10, 1e-8)
  }
})

test_that("the order of the rows does not matter", {
  shuffled <- rows[withr::with_seed(2, sample(nrow(rows))), ]
  for (model in formulas) {
    a <- fit_of(model, rows, iter_sampling = 0)
    b <- fit_of(model, shuffled, iter_sampling = 0)
    expect_same_summary(exact_summary(a), exact_summary(b), 1e-10, 1e-8)
    expect_equal(log_marginal_likelihood(b), log_marginal_likelihood(a), tolerance = 1e-12)
  }
})

test_that("the order of the groups only reorders the summary", {
  for (model in formulas[-(1:2)]) {
    a <- exact_summary(fit_of(model, rows, iter_sampling = 0))
    b <- exact_summary(fit_of(model, transform(rows, g = factor(g, levels = c("x", "u", "w", "v"))), iter_sampling = 0))
    expect_false(identical(a$variable, b$variable))
    expect_same_summary(a, b[match(a$variable, b$variable), ], 1e-10, 1e-8)
  }
})

test_that("default priors make fits move and scale with the data", {
  transformed <- transform(rows, y = -5 + 0.02 * y)
  for (model in formulas[-6]) {
    a <- fit_of(model, rows, iter_sampling = 0)
    b <- fit_of(model, transformed, iter_sampling = 0)
    ours <- exact_summary(a)
    theirs <- exact_summary(b)
    scale <- ifelse(ours$variable == "icc", 1, 0.02)
    moves <- grepl("^(mu|hyper_mu|beta_0)", ours$variable)
    ours$sd <- ours$sd * scale
    for (column in setdiff(names(ours), c("variable", "sd"))) {
      ours[[column]] <- ifelse(moves, -5, 0) + ours[[column]] * scale
    }
    expect_same_summary(ours, theirs, 1e-6)
    expect_equal(log_marginal_likelihood(b), log_marginal_likelihood(a) - 40 * log(0.02), tolerance = 1e-9)
  }
})

test_that("turning the response round turns the posterior round", {
  a <- exact_summary(partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0))
  b <- exact_summary(partial_pooling(y ~ 1 + (1 | g), transform(rows, y = 3 - 2 * y), iter_sampling = 0))
  means <- grepl("mu$|^mu", a$variable) & a$variable != "sigma_mu"
  expect_equal(b$mean[means], 3 - 2 * a$mean[means], tolerance = 1e-9)
  expect_equal(b$q3[means], 3 - 2 * a$q97[means], tolerance = 1e-7)
  expect_equal(b$sd[a$variable != "icc"], 2 * a$sd[a$variable != "icc"], tolerance = 1e-9)
})

test_that("a predictor's scale and location come out of its slope and intercept", {
  a <- exact_summary(varying_intercept(y ~ x + (1 | g), rows, prior = list(beta_0 = dist_uniform(-Inf, Inf)), iter_sampling = 0))
  b <- exact_summary(varying_intercept(
    y ~ x + (1 | g), transform(rows, x = 7 + 100 * x), prior = list(beta_0 = dist_uniform(-Inf, Inf)), iter_sampling = 0
  ))
  slope <- a$variable == "beta[x]"
  expect_equal(as.matrix(b[slope, -1]) * 100, as.matrix(a[slope, -1]), tolerance = 1e-7)
  expect_equal(b[grepl("sigma|icc", b$variable), -1], a[grepl("sigma|icc", a$variable), -1], tolerance = 1e-6)
})

test_that("more groups of none change nothing: unused levels are dropped", {
  a <- partial_pooling(y ~ 1 + (1 | g), rows, seed = 1)
  b <- partial_pooling(y ~ 1 + (1 | g), transform(rows, g = factor(g, levels = c("t", "u", "v", "w", "x"))), seed = 1)
  expect_equal(a$draws, b$draws)
})

# The summary itself -----------------------------------------------------------------------------------------------------

test_that("summaries are coherent", {
  probs <- c(0.5, 0.001, 0.25, 0.999)
  for (model in formulas) {
    table <- exact_summary(fit_of(model, rows, iter_sampling = 0), probs = probs)
    expect_named(table, c("variable", "mean", "sd", "q50", "q0.1", "q25", "q99.9"))
    expect_true(all(table$q0.1 < table$q25 & table$q25 < table$q50 & table$q50 < table$q99.9))
    # |mean - median| <= sd, and Chebyshev's inequality.
    expect_true(all(abs(table$mean - table$q50) <= table$sd))
    expect_true(all(table$q99.9 - table$mean < sqrt(1000) * table$sd))
    expect_true(all(table$q0.1[grepl("sigma|icc", table$variable)] > 0))
  }
})

test_that("probs are checked", {
  fit <- complete_pooling(y ~ 1, rows, iter_sampling = 0)
  for (probs in list(0, 1, -0.1, 1.1, NA_real_, "a")) {
    expect_error(exact_summary(fit, probs = probs), class = "bayespool_error_argument")
  }
  expect_error(exact_summary(fit, prob = 0.5, wrong = 1), class = "bayespool_error_argument")
  expect_named(exact_summary(fit, probs = numeric()), c("variable", "mean", "sd"))
})

# The prior ----------------------------------------------------------------------------------------------------------------

test_that("prior_only gives back the prior", {
  fit <- partial_pooling(
    y ~ 1 + (1 | g), rows, prior_only = TRUE, iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(3, 2), sigma_y = dist_gamma(3, 2), sigma_mu = dist_exponential(0.5))
  )
  expect_lt(abs(log_marginal_likelihood(fit)), 1e-8)
  probs <- c(0.001, 0.03, 0.5, 0.97, 0.999)
  table <- exact_summary(fit, probs = probs)
  row <- function(name) unlist(table[table$variable == name, -1], use.names = FALSE)
  expect_equal(row("hyper_mu"), c(3, 2, qnorm(probs, 3, 2)), tolerance = 1e-8)
  expect_equal(row("sigma_y")[1:2], c(3 / 2, sqrt(3) / 2), tolerance = 1e-8)
  expect_lt(max(abs(pgamma(row("sigma_y")[-(1:2)], 3, 2) - probs)), 1e-6)
  expect_equal(row("sigma_mu")[1:2], c(2, 2), tolerance = 1e-8)
  expect_lt(max(abs(pexp(row("sigma_mu")[-(1:2)], 0.5) - probs)), 1e-6)
  # A group mean: variance 2^2 + E(tau^2) = 4 + 8, symmetric.
  expect_equal(row("mu[v]")[1:2], c(3, sqrt(12)), tolerance = 1e-8)
  expect_equal(row("mu[v]")[5], 3, tolerance = 1e-8)
  cdf <- function(q) integrate(function(t) pnorm(q, 3, sqrt(4 + t^2)) * dexp(t, 0.5), 0, Inf, rel.tol = 1e-11)$value
  expect_lt(abs(cdf(row("mu[v]")[6]) - 0.97), 1e-6)
})

test_that("prior_only gives back the prior: every model and family", {
  families <- list(
    list(dist_lognormal(0.3, 0.5), exp(0.3 + 0.125), sqrt((exp(0.25) - 1) * exp(0.6 + 0.25))),
    list(dist_inverse_gamma(4, scale = 3), 1, sqrt(0.5)),
    list(dist_uniform(0, 6), 3, sqrt(3)), list(dist_uniform(1, 4), 2.5, sqrt(0.75)),
    list(dist_normal(0, 2), 2 * sqrt(2 / pi), 2 * sqrt(1 - 2 / pi)),
    # E|t| = 2 sqrt(df) gamma((df + 1) / 2) / (sqrt(pi) (df - 1) gamma(df / 2)), E t^2 = df / (df - 2)
    local({
      mean <- 2 * sqrt(5) * gamma(3) / (sqrt(pi) * 4 * gamma(2.5))
      list(dist_student_t(5, 0, 1), mean, sqrt(5 / 3 - mean^2))
    })
  )
  for (family in families) {
    fit <- no_pooling(
      y ~ 1 + (1 | g), rows, prior_only = TRUE, iter_sampling = 0, prior = list(mu = dist_normal(1, 3), sigma = family[[1]])
    )
    expect_lt(abs(log_marginal_likelihood(fit)), 1e-8)
    table <- exact_summary(fit)
    expect_equal(table$mean, rep(c(1, family[[2]]), each = 4), tolerance = 1e-7)
    expect_equal(table$sd, rep(c(3, family[[3]]), each = 4), tolerance = 1e-7)
  }
  fit <- varying_intercept(
    y ~ x + (1 | g), rows, prior_only = TRUE, iter_sampling = 0,
    prior = list(beta_0 = dist_normal(1, 3), beta = dist_normal(-2, 0.5), sigma_y = dist_exponential(1), sigma_0 = dist_degenerate(4))
  )
  expect_lt(abs(log_marginal_likelihood(fit)), 1e-8)
  table <- exact_summary(fit)
  expect_equal(table$mean[1:3], c(1, -2, 1), tolerance = 1e-8)
  expect_equal(table$sd[1:3], c(3, 0.5, 5), tolerance = 1e-8)
})

# Moments that do not exist ------------------------------------------------------------------------------------------------

test_that("moments that do not exist are Inf or NaN, and only those", {
  row <- function(table, name) table[table$variable == name, ]
  prior <- exact_summary(partial_pooling(
    y ~ 1 + (1 | g), rows, prior_only = TRUE, iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(3, 2), sigma_y = dist_student_t(2, 0, 1), sigma_mu = dist_cauchy(0, 2))
  ))
  # Half-Cauchy: no mean. Half-t with 2 degrees of freedom: a mean, 2 * gamma(1.5) * sqrt(2) / (sqrt(pi) * gamma(1)), no sd.
  expect_identical(c(row(prior, "sigma_mu")$mean, row(prior, "sigma_mu")$sd), c(Inf, Inf))
  expect_equal(row(prior, "sigma_mu")$q50, 2, tolerance = 1e-5)
  expect_identical(row(prior, "sigma_y")$sd, Inf)
  expect_equal(row(prior, "sigma_y")$mean, 2 * sqrt(2) * gamma(1.5) / sqrt(pi), tolerance = 1e-7)
  expect_identical(c(row(prior, "mu[u]")$mean, row(prior, "mu[u]")$sd), c(NaN, Inf))
  expect_equal(row(prior, "hyper_mu")$sd, 2, tolerance = 1e-8)
  expect_true(is.finite(row(prior, "icc")$mean) && is.finite(row(prior, "icc")$sd))

  # Two groups, flat population mean: the likelihood falls as 1 / tau, the prior as 1 / tau^2, so E tau exists, E tau^2 does not.
  two <- rows[rows$g %in% c("u", "v"), ]
  flat <- exact_summary(partial_pooling(
    y ~ 1 + (1 | g), two, iter_sampling = 0,
    prior = list(hyper_mu = dist_uniform(-Inf, Inf), sigma_y = dist_exponential(1), sigma_mu = dist_cauchy(0, 5))
  ))
  expect_true(is.finite(row(flat, "sigma_mu")$mean))
  expect_identical(row(flat, "sigma_mu")$sd, Inf)
  expect_identical(row(flat, "hyper_mu")$sd, Inf)
  expect_true(is.finite(row(flat, "mu[u]")$sd))
  # Three groups: E tau^2 exists; a proper population mean: so it does with two groups.
  three <- rows[rows$g != "x", ]
  expect_true(all(is.finite(as.matrix(exact_summary(partial_pooling(
    y ~ 1 + (1 | g), three, iter_sampling = 0,
    prior = list(hyper_mu = dist_uniform(-Inf, Inf), sigma_y = dist_exponential(1), sigma_mu = dist_cauchy(0, 5))
  ))[, -1]))))
  expect_true(all(is.finite(as.matrix(exact_summary(partial_pooling(
    y ~ 1 + (1 | g), two, iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(20, 9), sigma_y = dist_exponential(1), sigma_mu = dist_cauchy(0, 5))
  ))[, -1]))))
  # A flat mu and a flat sigma with 3 observations: Student's t with 1 degree of freedom.
  t1 <- exact_summary(complete_pooling(
    y ~ 1, rows[1:3, ], prior = list(mu = dist_uniform(-Inf, Inf), sigma = dist_uniform(0, Inf)), iter_sampling = 0
  ))
  expect_identical(c(t1$mean[1], t1$sd[1]), c(NaN, Inf))
  expect_identical(c(t1$mean[2], t1$sd[2]), c(Inf, Inf))
  expect_equal(t1$q50[1], mean(rows$y[1:3]), tolerance = 1e-6)
  expect_equal(t1$q97[1], mean(rows$y[1:3]) + sd(rows$y[1:3]) * sqrt(2 / 3) * qt(0.97, 1), tolerance = 1e-5)
})
