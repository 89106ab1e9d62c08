# Invariants that hold for every model: rows = moments, order does not matter, equivariance, the prior comes back.

rows <- withr::with_seed(3, {
  g <- rep(c("a", "b", "c", "d", "e"), c(4, 12, 1, 30, 7))
  data.frame(g = g, x = rnorm(54), y = 10 + match(g, letters) + rnorm(54, 0, 3))
})
fit_all <- function(data, ...) {
  list(
    complete = complete_pooling(y ~ x + (1 | g), data, ...),
    none = no_pooling(y ~ 1 + (1 | g), data, ...),
    common = no_pooling(y ~ x + (1 | g), data, ...),
    partial = partial_pooling(y ~ 1 + (1 | g), data, ...),
    varying = varying_intercept(y ~ x + (1 | g), data, ...)
  )
}

test_that("rows and their moments give the same fit", {
  moments <- group_moments(y ~ x + (1 | g), rows)
  from_rows <- fit_all(rows, seed = 1, iter_sampling = 50)
  from_moments <- fit_all(moments, seed = 1, iter_sampling = 50)
  for (model in names(from_rows)) {
    expect_equal(exact_summary(from_rows[[!!model]]), exact_summary(from_moments[[model]]), tolerance = 1e-10)
    expect_equal(from_rows[[!!model]]$draws, from_moments[[model]]$draws, tolerance = 1e-10)
    expect_equal(log_marginal_likelihood(from_rows[[!!model]]), log_marginal_likelihood(from_moments[[model]]),
                 tolerance = 1e-10)
  }
})

test_that("merged moments of parts give the fit of the whole", {
  first <- seq_len(20)
  merged <- c(group_moments(y ~ x + (1 | g), rows[first, ]), group_moments(y ~ x + (1 | g), rows[-first, ]))
  for (model in c("partial", "varying")) {
    whole <- exact_summary(fit_all(rows, iter_sampling = 0)[[model]])
    parts <- exact_summary(fit_all(merged, iter_sampling = 0)[[model]])
    expect_equal(parts[match(whole$variable, parts$variable), -1], whole[, -1], tolerance = 1e-10, ignore_attr = TRUE)
  }
})

test_that("the order of rows and the names of groups do not matter", {
  shuffled <- rows[withr::with_seed(1, sample(nrow(rows))), ]
  renamed <- transform(rows, g = chartr("abcde", "edcba", g))
  for (model in names(fit_all(rows, iter_sampling = 0))) {
    reference <- exact_summary(fit_all(rows, iter_sampling = 0)[[model]])
    expect_equal(exact_summary(fit_all(shuffled, iter_sampling = 0)[[!!model]]), reference, tolerance = 1e-10)
    other <- exact_summary(fit_all(renamed, iter_sampling = 0)[[model]])
    original <- sub("\\[([a-e])\\]", "[\\1]", reference$variable)
    inside <- grepl("\\[[a-e]\\]$", original)
    original[inside] <- vapply(original[inside], function(name) {
      sub("\\[.\\]$", paste0("[", chartr("abcde", "edcba", sub(".*\\[(.)\\]$", "\\1", name)), "]"), name)
    }, "")
    expect_equal(other[match(original, other$variable), -1], reference[, -1], tolerance = 1e-8, ignore_attr = TRUE)
  }
})

test_that("the posterior follows location and scale of the response", {
  moved <- transform(rows, y = 3 - 2 * y)
  a <- exact_summary(partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0))
  b <- exact_summary(partial_pooling(y ~ 1 + (1 | g), moved, iter_sampling = 0))
  locations <- 1:6
  scales <- 7:8
  expect_equal(b$mean[locations], 3 - 2 * a$mean[locations], tolerance = 1e-9)
  expect_equal(b$q3[locations], 3 - 2 * a$q97[locations], tolerance = 1e-7)
  expect_equal(b$sd[1:8], 2 * a$sd[1:8], tolerance = 1e-9)
  expect_equal(b$mean[scales], 2 * a$mean[scales], tolerance = 1e-9)
  expect_equal(b[9, -1], a[9, -1], tolerance = 1e-7, ignore_attr = TRUE)
})

test_that("without data the prior comes back, with evidence 1", {
  priors <- list(hyper_mu = dist_normal(1, 2), sigma_y = dist_gamma(3, 2), sigma_mu = dist_exponential(0.5))
  fit <- partial_pooling(y ~ 1 + (1 | g), rows, prior = priors, prior_only = TRUE, iter_sampling = 0)
  summary <- exact_summary(fit)
  expect_equal(log_marginal_likelihood(fit), 0, tolerance = 1e-8)
  by_name <- function(name) unlist(summary[summary$variable == name, c("mean", "sd", "q3", "q50", "q97")], use.names = FALSE)
  probs <- c(0.03, 0.5, 0.97)
  expect_equal(by_name("hyper_mu"), c(1, 2, qnorm(probs, 1, 2)), tolerance = 1e-8)
  expect_equal(by_name("sigma_y"), c(1.5, sqrt(3) / 2, qgamma(probs, 3, 2)), tolerance = 1e-6)
  expect_equal(by_name("sigma_mu"), c(2, 2, qexp(probs, 0.5)), tolerance = 1e-6)
  # Var mu_j = Var hyper_mu + E sigma_mu^2
  expect_equal(by_name("mu[a]")[1:2], c(1, sqrt(4 + 8)), tolerance = 1e-8)
})

test_that("moments that a heavy prior does not have are infinite", {
  prior <- list(sigma_mu = dist_cauchy(0, 1))
  summary <- exact_summary(partial_pooling(y ~ 1 + (1 | g), rows, prior = prior, prior_only = TRUE, iter_sampling = 0))
  cauchy <- summary[summary$variable == "sigma_mu", ]
  expect_identical(c(cauchy$mean, cauchy$sd), c(Inf, Inf))
  expect_equal(c(cauchy$q3, cauchy$q50, cauchy$q97), tan(pi / 2 * c(0.03, 0.5, 0.97)), tolerance = 1e-6)
  expect_identical(summary$mean[summary$variable == "mu[a]"], NaN)
  expect_identical(summary$sd[summary$variable == "mu[a]"], Inf)
})
