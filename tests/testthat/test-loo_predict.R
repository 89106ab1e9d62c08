# Leave-one-out predictions: against closed forms, refits without each observation, and estimates from draws.

skip_on_cran() # all of it takes long

rows <- withr::with_seed(3, {
  g <- rep(c("a", "b", "c", "d", "e"), c(6, 4, 3, 2, 1))
  x <- rnorm(16)
  data.frame(
    g = g, h = sample(c("u", "v", "w"), 16, TRUE), x = x, w = runif(16, 0.5, 2),
    y = rnorm(16, 10 + 0.8 * x + c(a = 0, b = 2, c = -1, d = 1, e = 3)[g], 1.5)
  )
})
mu <- dist_normal(8, 5)
slope <- dist_normal(0, 2)
sd_prior <- dist_exponential(0.5)
fits <- list(
  complete = complete_pooling(y ~ x, rows, prior = list(beta_0 = mu, beta = slope, sigma = sd_prior), iter_sampling = 0),
  weighted = complete_pooling(y ~ 1, rows, prior = list(mu = mu, sigma = sd_prior), weights = w, iter_sampling = 0),
  partial = partial_pooling(
    y ~ 1 + (1 | g), rows, prior = list(hyper_mu = mu, sigma_y = sd_prior, sigma_mu = dist_cauchy(0, 2)), iter_sampling = 0
  ),
  varying = varying_intercept(
    y ~ x + (1 | g), rows, prior = list(beta_0 = mu, beta = slope, sigma_y = sd_prior, sigma_0 = sd_prior), weights = w, iter_sampling = 0
  ),
  slopes = varying_intercept_slope(
    y ~ x + (1 + x | g), rows, iter_sampling = 0,
    prior = list(beta_0 = mu, beta = slope, sigma_y = sd_prior, sigma_0 = sd_prior, sigma_beta = dist_exponential(1))
  ),
  crossed = mixed_model(
    y ~ x + (1 | g) + (1 | h), rows, iter_sampling = 0,
    prior = list(beta_0 = mu, beta = slope, sigma_y = sd_prior, `sigma_0[g]` = sd_prior, `sigma_0[h]` = sd_prior)
  )
)
# Mean, sd and the ends of the central 80% interval of row i by a fit to the others.
of_refit <- function(fit, data, i) {
  unlist(predictive_table(update(fit, data = data[-i, ]), data[i, ], 0.8, "central")[c("mean", "sd", "lower", "upper")])
}
of_loo <- function(fit) {
  cbind(
    mean = loo_predict(fit), sd = sqrt(loo_predict(fit, "var")),
    structure(loo_predictive_interval(fit, 0.8), dimnames = list(NULL, c("lower", "upper")))
  )
}

test_that("known standard deviations: the multivariate normal distribution", {
  fit <- varying_intercept(
    y ~ x + (1 | g), rows, weights = w, iter_sampling = 0,
    prior = list(beta_0 = mu, beta = slope, sigma_y = dist_degenerate(1.3), sigma_0 = dist_degenerate(0.7))
  )
  noise <- 1.3^2 / rows$w
  covariance <- diag(noise) + 0.7^2 * outer(rows$g, rows$g, `==`) + cbind(1, rows$x) %*% diag(c(5, 2)^2) %*% rbind(1, rows$x)
  precision <- solve(covariance)
  mean <- rows$y - drop(precision %*% (rows$y - 8)) / diag(precision)
  expect_equal(loo_predict(fit), mean, tolerance = 1e-10)
  expect_equal(loo_linpred(fit), mean, tolerance = 1e-10)
  expect_equal(loo_predict(fit, "var"), 1 / diag(precision), tolerance = 1e-10)
  expect_equal(loo_linpred(fit, type = "var"), 1 / diag(precision) - noise, tolerance = 1e-9)
  probs <- c(0.1, 0.5, 0.95)
  quantiles <- t(vapply(probs, function(p) qnorm(p, mean, 1 / sqrt(diag(precision))), numeric(16)))
  expect_equal(loo_predict(fit, "quantile", probs), quantiles, tolerance = 1e-8)
  expect_equal(loo_predict(fit, "quantile", 0.1), quantiles[1, ], tolerance = 1e-8)
  lower <- qnorm(0.05, mean, 1 / sqrt(diag(precision)))
  expect_equal(loo_predictive_interval(fit), cbind(`5%` = lower, `95%` = quantiles[3, ]), tolerance = 1e-8)
})

test_that("flat priors: Student's t, however far out an observation is, and where it has no variance", {
  flat <- list(mu = dist_uniform(-Inf, Inf), sigma = dist_uniform(0, Inf))
  of_t <- function(y, p) {
    vapply(seq_along(y), function(i) {
      n <- length(y) - 1
      scale <- sqrt(sum((y[-i] - mean(y[-i]))^2) / (n - 2) * (1 + 1 / n))
      c(mean(y[-i]), if (n > 4) scale * sqrt((n - 2) / (n - 4)) else Inf, mean(y[-i]) + scale * qt(p, n - 2))
    }, numeric(3))
  }
  for (outlier in c(0, 30, 1e4)) {
    for (n in c(16, 7, 5)) {
      y <- rows$y[seq_len(n)]
      y[3] <- y[3] + outlier
      fit <- complete_pooling(y ~ 1, data.frame(y = y), prior = flat, iter_sampling = 0)
      truth <- of_t(y, 0.9)
      expect_equal(loo_predict(fit), truth[1, ], tolerance = 1e-7)
      expect_equal(sqrt(loo_predict(fit, "var")), truth[2, ], tolerance = 1e-6)
      expect_lt(max(abs(loo_predict(fit, "quantile", 0.9) - truth[3, ]) / abs(truth[3, ] - truth[1, ])), 1e-5)
    }
  }
})

test_that("refits without each observation agree, also without a group or an influential observation", {
  wild <- rows
  wild$y[c(2, 15)] <- c(60, -40)
  for (data in list(rows, wild)) {
    for (name in names(fits)) {
      fit <- if (identical(data, rows)) fits[[name]] else update(fits[[name]], data = data)
      some <- if (name == "slopes") c(2, 10, 15, 16) else seq_len(16)
      truth <- t(vapply(some, function(i) of_refit(fit, data, i), numeric(4)))
      expect_lt(max(abs(of_loo(fit)[some, ] - truth) / truth[, "sd"]), 1e-5, label = name)
    }
  }
})

test_that("what is expected, by refits", {
  for (fit in fits[c("varying", "slopes", "crossed")]) {
    truth <- vapply(c(3, 16), function(i) {
      expected <- predict(update(fit, data = rows[-i, ]), rows[i, ], se.fit = TRUE)
      c(expected$fit, expected$se.fit)
    }, numeric(2))
    expect_equal(loo_linpred(fit)[c(3, 16)], truth[1, ], tolerance = 1e-6)
    expect_equal(sqrt(loo_linpred(fit, "var"))[c(3, 16)], truth[2, ], tolerance = 1e-5)
    expect_identical(loo_linpred(fit, transform = TRUE), loo_linpred(fit))
    weight <- if (is.null(weights(fit))) rep(1, 16) else weights(fit)
    variance <- function(v) stats::cov.wt(cbind(v), weight / sum(weight))$cov[1]
    expect_equal(loo_R2(fit), 1 - variance(rows$y - loo_linpred(fit)) / variance(rows$y))
  }
})

test_that("no pooling: an observation that is alone in its group leaves the prior", {
  separate <- no_pooling(y ~ 1 + (1 | g), rows, prior = list(mu = mu, sigma = dist_gamma(4, 2)), iter_sampling = 0)
  # Var(y) = 5^2 + E sigma^2, with E sigma^2 = 4 * 5 / 2^2
  expect_equal(c(loo_predict(separate)[16], loo_predict(separate, "var")[16]), c(8, 25 + 5), tolerance = 1e-8)
  expect_equal(c(loo_linpred(separate)[16], loo_linpred(separate, "var")[16]), c(8, 25), tolerance = 1e-8)
  expect_equal(of_loo(separate)[14, ], of_refit(separate, rows, 14), tolerance = 1e-5)
  common <- no_pooling(y ~ x + (1 | g), rows, prior = list(beta_0j = mu, beta = slope, sigma = sd_prior), iter_sampling = 0)
  others <- exact_summary(update(common, data = rows[-16, ]), pars = "beta[x]")
  expect_equal(loo_linpred(common)[16], 8 + rows$x[16] * others$mean, tolerance = 1e-7)
  expect_equal(loo_linpred(common, "var")[16], 25 + (rows$x[16] * others$sd)^2, tolerance = 1e-7)
  expect_equal(of_loo(common)[3, ], of_refit(common, rows, 3), tolerance = 1e-5)
  flat <- update(common, prior = list(beta_0j = dist_uniform(-Inf, Inf)))
  expect_error(loo_predict(flat), "without row 16", class = "bayespool_error_improper")
})

test_that("meta-analysis: each study by the others", {
  schools <- data.frame(school = letters[1:8], effect = c(28, 8, -3, 7, -1, 1, 18, 12), se = c(15, 10, 16, 11, 9, 11, 10, 18))
  prior <- list(hyper_mu = dist_normal(0, 20), sigma_mu = dist_cauchy(0, 5))
  fit <- meta_analysis(effect ~ 1 + (1 | school), schools, se = se, prior = prior, iter_sampling = 0)
  for (i in c(1, 5)) {
    others <- meta_analysis(effect ~ 1 + (1 | school), schools[-i, ], se = se, prior = prior, iter_sampling = 0)
    truth <- unlist(predictive_table(others, schools[i, ], 0.8, "central")[c("mean", "sd", "lower", "upper")])
    expect_lt(max(abs(of_loo(fit)[i, ] - truth)) / truth[["sd"]], 1e-5)
  }
})

test_that("counts: refits, on the scale of counts and on that of the link", {
  visits <- data.frame(
    ward = rep(letters[1:4], c(3, 2, 3, 1)), falls = c(2, 0, 1, 5, 3, 0, 0, 1, 2), days = c(10, 4, 12, 20, 9, 6, 3, 11, 7)
  )
  trials <- data.frame(g = rep(letters[1:4], c(3, 2, 3, 1)), k = c(1, 0, 3, 2, 2, 0, 0, 1, 4), n = c(3, 2, 5, 2, 6, 4, 1, 5, 4))
  cases <- list(
    list(data = visits, fit = function(data) {
      partial_pooling(falls ~ 1 + offset(log(days)) + (1 | ward), data, family = poisson(), iter_sampling = 0)
    }),
    list(data = visits, fit = function(data) complete_pooling(falls ~ 1 + offset(log(days)), data, family = poisson(), iter_sampling = 0)),
    list(data = trials, fit = function(data) partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), data, family = binomial(), iter_sampling = 0))
  )
  for (case in cases) {
    fit <- case$fit(case$data)
    poisson <- fit$model$family == "poisson"
    exact <- of_loo(fit)
    for (i in c(2, 5, 9)) {
      others <- case$fit(case$data[-i, ])
      row <- case$data[i, ]
      truth <- unlist(predictive_table(others, row, 0.8, "central")[c("mean", "sd", "lower", "upper")])
      expect_equal(exact[i, ], truth, tolerance = 1e-8)
      size <- if (poisson) row$days else row$n
      expected <- predict(others, row, se.fit = TRUE)
      if (!poisson) expected <- lapply(expected, `/`, size) # probabilities
      expect_equal(loo_linpred(fit, transform = TRUE)[i], expected$fit[[1]], tolerance = 1e-8)
      expect_equal(sqrt(loo_linpred(fit, "var", transform = TRUE))[i], expected$se.fit[[1]], tolerance = 1e-8)
    }
    # The link of a group that stays, by its own coefficient.
    link <- exact_summary(case$fit(case$data[-5, ]), probs = c(0.1, 0.9))
    own <- link[link$variable %in% c("mu[b]", "mu"), ]
    shift <- if (poisson) log(case$data[5, "days"]) else 0
    expect_equal(loo_linpred(fit)[5], own$mean + shift, tolerance = 1e-8)
    expect_equal(loo_linpred(fit, "var")[5], own$sd^2, tolerance = 1e-8)
    expect_equal(loo_linpred(fit, "quantile", c(0.1, 0.9))[, 5], c(own$q10, own$q90) + shift, tolerance = 1e-8)
  }
  alone <- no_pooling(falls ~ 1 + (1 | ward), visits, family = poisson(), prior = list(mu = dist_normal(0.5, 0.7)), iter_sampling = 0)
  expect_equal(loo_linpred(alone)[9], 0.5, tolerance = 1e-8)
  expect_equal(loo_predict(alone)[9], exp(0.5 + 0.7^2 / 2), tolerance = 1e-8)
})

test_that("chains have the same, and draws estimate it", {
  drawn <- update(fits$partial, iter_sampling = 2000, seed = 1)
  psis <- suppressWarnings(loo(drawn, method = "psis", save_psis = TRUE))$psis_object
  reliable <- psis$diagnostics$pareto_k < 0.7
  expect_gt(sum(reliable), 10)
  estimate <- function(...) suppressWarnings(loo::E_loo(posterior_predict(drawn, seed = 1), psis, log_ratios = -log_lik(drawn), ...))$value
  # In standard errors of a mean and, about, of a 10% quantile of a normal distribution.
  error <- sqrt(loo_predict(drawn, "var") / psis$diagnostics$n_eff)
  expect_lt(max(abs((loo_predict(drawn) - estimate(type = "mean")) / error)[reliable]), 5)
  quantiles <- loo_predict(drawn, "quantile", c(0.1, 0.9))
  estimates <- estimate(type = "quantile", probs = c(0.1, 0.9))
  expect_identical(dim(quantiles), dim(estimates))
  expect_lt(max(abs(t(quantiles - estimates) / (error * sqrt(0.09) / dnorm(qnorm(0.1))))[reliable, ]), 5)
  nuts <- update(fits$varying, algorithm = "nuts", iter_sampling = 0)
  expect_identical(loo_predict(nuts, "quantile", 0.2), loo_predict(fits$varying, "quantile", 0.2))
})

test_that("arguments", {
  fit <- fits$partial
  expect_identical(loo_predict(fit, psis_object = NULL), loo_predict(fit, cores = 2))
  expect_warning(loo_predict(fit, tipe = "var"), "type", class = "bayespool_warning_argument")
  expect_error(loo_predict(fit, "median"), "\"quantile\"", class = "bayespool_error_argument")
  expect_error(loo_linpred(fit, "quantile", probs = 1), "probs", class = "bayespool_error_argument")
  expect_error(loo_predictive_interval(fit, prob = c(0.5, 0.9)), "prob", class = "bayespool_error_argument")
  expect_error(loo_predict(update(fit, prior_only = TRUE)), "no data", class = "bayespool_error_argument")
  moments <- partial_pooling(y ~ 1 + (1 | g), group_moments(y ~ 1 + (1 | g), rows), iter_sampling = 0)
  expect_error(loo_predict(moments), "single observations", class = "bayespool_error_data")
})
