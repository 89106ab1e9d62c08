# Leave-one-out: against closed forms, against refits without what is left out, against estimates from draws.

rows <- withr::with_seed(3, {
  g <- rep(c("a", "b", "c", "d", "e"), c(6, 4, 3, 2, 1))
  x <- rnorm(16, 2)
  x[7:10] <- c(1, 3, 2, 2) # the last two have the mean of their group
  data.frame(g = g, x = x, y = rnorm(16, 10 + 0.8 * x + c(a = 0, b = 2, c = -1, d = 1, e = 3)[g], 1.5))
})
priors <- list(
  complete = list(mu = dist_normal(8, 5), sigma = dist_exponential(0.5)),
  regression = list(beta_0 = dist_normal(8, 5), beta = dist_normal(0, 2), sigma = dist_exponential(0.5)),
  separate = list(mu = dist_normal(8, 5), sigma = dist_inverse_gamma(2, scale = 3)),
  common = list(beta_0j = dist_normal(8, 5), beta = dist_normal(0, 2), sigma = dist_exponential(0.5)),
  partial = list(hyper_mu = dist_normal(8, 5), sigma_y = dist_exponential(0.5), sigma_mu = dist_cauchy(0, 2)),
  varying = list(
    beta_0 = dist_normal(8, 5), beta = dist_normal(0, 2), sigma_y = dist_exponential(0.5), sigma_0 = dist_exponential(0.5)
  )
)
fit_all <- function(data, ..., iter_sampling = 0) {
  list(
    complete = complete_pooling(y ~ 1 + (1 | g), data, prior = priors$complete, iter_sampling = iter_sampling, ...),
    regression = complete_pooling(y ~ x + (1 | g), data, prior = priors$regression, iter_sampling = iter_sampling, ...),
    separate = no_pooling(y ~ 1 + (1 | g), data, prior = priors$separate, iter_sampling = iter_sampling, ...),
    common = no_pooling(y ~ x + (1 | g), data, prior = priors$common, iter_sampling = iter_sampling, ...),
    partial = partial_pooling(y ~ 1 + (1 | g), data, prior = priors$partial, iter_sampling = iter_sampling, ...),
    zero = partial_pooling(y ~ 0 + (1 | g), data, prior = priors$partial[-1], iter_sampling = iter_sampling, ...),
    varying = varying_intercept(y ~ x + (1 | g), data, prior = priors$varying, iter_sampling = iter_sampling, ...)
  )
}
elpd_of <- function(x) x$pointwise[, 1]

# log p(y) by a fit of its own to some of the rows.
refit_evidence <- function(fit, data) log_marginal_likelihood(update(fit, data = data))

# The log density of element i of a multivariate normal vector given all others.
normal_conditional <- function(y, mean, covariance, i) {
  precision <- solve(covariance)
  dnorm(drop(precision %*% (y - mean))[i] / precision[i, i], 0, 1 / sqrt(precision[i, i]), log = TRUE)
}

test_that("known standard deviations: the multivariate normal distribution", {
  n <- nrow(rows)
  same_group <- outer(rows$g, rows$g, `==`)
  known <- function(sigma, tau) list(sigma_y = dist_degenerate(sigma), sigma_0 = dist_degenerate(tau))
  for (scales in list(c(1.3, 0.7), c(0.1, 5), c(2, 0))) {
    fit <- varying_intercept(
      y ~ x + (1 | g), rows, iter_sampling = 0,
      prior = c(list(beta_0 = dist_normal(8, 5), beta = dist_normal(0.5, 2)), known(scales[1], scales[2]))
    )
    fixed <- cbind(1, rows$x) %*% diag(c(5, 2)^2) %*% rbind(1, rows$x)
    signal <- scales[2]^2 * same_group + fixed
    covariance <- scales[1]^2 * diag(n) + signal
    mean <- 8 + 0.5 * rows$x
    exact <- loo(fit)$pointwise
    expect_equal(
      exact[, "elpd_loo"], vapply(seq_len(n), function(i) normal_conditional(rows$y, mean, covariance, i), 0), tolerance = 1e-8
    )
    # Another observation like the i-th has the same signal and noise of its own.
    again <- vapply(seq_len(n), function(i) {
      both <- rbind(cbind(covariance, signal[, i]), c(signal[i, ], covariance[i, i]))
      normal_conditional(c(rows$y, rows$y[i]), c(mean, mean[i]), both, n + 1)
    }, 0)
    expect_equal(exact[, "p_loo"], again - exact[, "elpd_loo"], tolerance = 1e-8)
    # Whole groups: the joint density of all less that of the others.
    log_density <- function(keep) {
      root <- chol(covariance[keep, keep])
      -sum(log(diag(root))) - sum(backsolve(root, (rows$y - mean)[keep], transpose = TRUE)^2) / 2 - sum(keep) * log(2 * pi) / 2
    }
    of_groups <- vapply(unique(rows$g), function(g) log_density(rep(TRUE, n)) - log_density(rows$g != g), 0)
    expect_equal(elpd_of(loo(fit, unit = "group")), of_groups, tolerance = 1e-8)
  }
})

test_that("flat priors: least squares and Student's t, however far out an observation is", {
  # With flat mu and flat sigma, y_i given n others is t with n - 2 degrees of freedom.
  log_t <- function(y, i) {
    others <- y[-i]
    n <- length(others)
    scale <- sqrt(sum((others - mean(others))^2) / (n - 2) * (1 + 1 / n))
    dt((y[i] - mean(others)) / scale, n - 2, log = TRUE) - log(scale)
  }
  flat <- list(mu = dist_uniform(-Inf, Inf), sigma = dist_uniform(0, Inf))
  y <- rows$y
  for (outlier in c(0, 5, 30, 1e3, 1e6)) {
    y[5] <- rows$y[5] + outlier
    fit <- complete_pooling(y ~ 1, data.frame(y = y), prior = flat, iter_sampling = 0)
    expect_equal(elpd_of(loo(fit)), vapply(seq_along(y), function(i) log_t(y, i), 0), tolerance = 1e-8)
  }
  two <- data.frame(y = y, g = rep(c("a", "b"), 8))
  each <- function(g) vapply(1:8, function(i) log_t(y[two$g == g], i), 0)
  expect_equal(
    elpd_of(loo(no_pooling(y ~ 1 + (1 | g), two, prior = flat, iter_sampling = 0))),
    as.vector(rbind(each("a"), each("b"))), tolerance = 1e-8
  )
  # A known sigma and flat coefficients: lm().
  ls <- lm(y ~ x, rows)
  fit <- complete_pooling(
    y ~ x, rows, iter_sampling = 0,
    prior = list(beta_0 = dist_uniform(-Inf, Inf), beta = dist_uniform(-Inf, Inf), sigma = dist_degenerate(2))
  )
  left <- 1 - hatvalues(ls)
  expect_equal(elpd_of(loo(fit)), unname(dnorm(resid(ls) / left, 0, 2 / sqrt(left), log = TRUE)), tolerance = 1e-10)
})

test_that("refits without each observation, and with each twice, agree", {
  for (fit in fit_all(rows)) {
    exact <- loo(fit)$pointwise
    all <- log_marginal_likelihood(fit)
    without <- vapply(seq_len(nrow(rows)), function(i) all - refit_evidence(fit, rows[-i, ]), 0)
    expect_lt(max(abs(exact[, "elpd_loo"] - without)), 1e-8)
    twice <- vapply(seq_len(nrow(rows)), function(i) refit_evidence(fit, rows[c(seq_len(nrow(rows)), i), ]) - all, 0)
    expect_lt(max(abs(exact[, "p_loo"] - (twice - without))), 2e-8)
    expect_identical(exact[, "looic"], -2 * exact[, "elpd_loo"])
  }
})

test_that("influential observations are right too", {
  # One far outlier in a large group, one observation that alone knows a slope, and heavy-tailed priors with few groups.
  wild <- rows
  wild$y[2] <- 400
  few <- rows[c(1:3, 7, 8, 16), ]
  few$f <- c(1, 0, 0, 0, 0, 0)
  heavy <- list(hyper_mu = dist_cauchy, sigma_y = dist_cauchy(0, 1), sigma_mu = dist_cauchy(0, 1))[-1]
  fits <- list(
    update(fit_all(rows)$partial, data = wild), update(fit_all(rows)$regression, data = wild),
    partial_pooling(y ~ 1 + (1 | g), few, prior = c(list(hyper_mu = dist_normal(8, 100)), heavy), iter_sampling = 0),
    complete_pooling(
      y ~ f, few, iter_sampling = 0,
      prior = list(beta_0 = dist_normal(8, 5), beta = dist_normal(0, 1e5), sigma = dist_exponential(1))
    )
  )
  for (fit in fits) {
    data <- if (nobs(fit) == 6) few else wild
    exact <- loo(fit)$pointwise
    all <- log_marginal_likelihood(fit)
    without <- vapply(seq_len(nrow(data)), function(i) all - refit_evidence(fit, data[-i, ]), 0)
    expect_lt(max(abs(exact[, "elpd_loo"] - without)), 1e-8)
  }
})

test_that("groups: refits without each", {
  for (fit in fit_all(rows)) {
    all <- log_marginal_likelihood(fit)
    without <- vapply(unique(rows$g), function(g) all - refit_evidence(fit, rows[rows$g != g, ]), 0)
    groups <- loo(fit, unit = "group")
    expect_equal(elpd_of(groups), without, tolerance = 1e-10)
    expect_identical(rownames(groups$estimates), c("elpd_logo", "logoic"))
    # The single observation of group e is left out with its group.
    expect_equal(elpd_of(groups)[["e"]], elpd_of(loo(fit))[rows$g == "e"], tolerance = 1e-8)
  }
  # Without pooling a group is predicted by its prior alone.
  separate <- fit_all(rows)$separate
  expect_equal(
    elpd_of(loo(separate, unit = "group"))[["b"]], refit_evidence(separate, rows[rows$g == "b", ]), tolerance = 1e-12
  )
})

test_that("moments leave out groups as rows do", {
  moments <- group_moments(y ~ x + (1 | g), rows)
  for (fit in fit_all(rows)) {
    from_moments <- update(fit, data = moments)
    expect_equal(loo(from_moments, unit = "group")$pointwise, loo(fit, unit = "group")$pointwise, tolerance = 1e-9)
    expect_no_warning(loo_compare(loo(from_moments, unit = "group"), loo(fit, unit = "group")))
    expect_error(loo(from_moments), class = "bayespool_error_data")
  }
  one <- moments["a"]
  fit <- undetermined(partial_pooling(y ~ 1 + (1 | g), one, prior = priors$partial, iter_sampling = 0))
  expect_equal(loo(fit, unit = "group")$pointwise["a", "elpd_logo"], log_marginal_likelihood(fit))
})

test_that("neither the order of rows, nor threads, nor the algorithm change the result", {
  shuffled <- rows[withr::with_seed(1, sample(nrow(rows))), ]
  fits <- fit_all(rows)
  for (name in names(fits)) {
    here <- elpd_of(loo(fits[[name]]))
    expect_equal(elpd_of(loo(update(fits[[name]], data = shuffled))), here[match(rownames(shuffled), rownames(rows))], tolerance = 1e-9)
    expect_identical(elpd_of(loo(fits[[name]], cores = 2)), here)
  }
  chains <- suppressWarnings(
    update(fits$partial, algorithm = "nuts", chains = 1, iter_sampling = 100, iter_warmup = 150, seed = 1)
  )
  expect_identical(loo(chains)$pointwise, loo(fits$partial)$pointwise)
})

test_that("rows with missing values are left out, and the others keep their order", {
  gaps <- rows[c(1, seq_len(nrow(rows))), ]
  gaps$y[1] <- NA
  gaps$unused <- NA
  fit <- suppressMessages(update(fit_all(rows)$varying, data = gaps))
  expect_equal(elpd_of(loo(fit)), elpd_of(loo(fit_all(rows)$varying)), tolerance = 1e-12)
  expect_no_message(loo(fit, unit = "group"))
})

test_that("flat group means lose no digits to a large offset", {
  some <- rows[rows$g != "e", ]
  prior <- list(beta_0j = dist_uniform(-Inf, Inf), beta = dist_normal(0, 2), sigma = dist_exponential(0.5))
  fit <- no_pooling(y ~ x + (1 | g), some, prior = prior, iter_sampling = 0)
  far <- update(fit, data = transform(some, y = y + 2^20))
  expect_equal(elpd_of(loo(far)), elpd_of(loo(fit)), tolerance = 1e-8)
  all <- far$log_evidence
  without <- vapply(seq_len(nrow(some)), function(i) all - update(far, data = far$data[-i, ])$log_evidence, 0)
  expect_equal(elpd_of(loo(far)), without, tolerance = 1e-8)
})

test_that("factors and many rows of a group", {
  big <- withr::with_seed(1, data.frame(
    g = rep(c("u", "v"), c(150, 10)), f = sample(c("p", "q", "r"), 160, replace = TRUE), y = 1e6 + rnorm(160)
  ))
  fit <- varying_intercept(y ~ f + (1 | g), big, iter_sampling = 0, prior = list(
    beta_0 = dist_normal(1e6, 10), beta = dist_normal(0, 5), sigma_y = dist_exponential(1), sigma_0 = dist_exponential(1)
  ))
  exact <- elpd_of(loo(fit))
  all <- log_marginal_likelihood(fit)
  for (i in c(1, 64, 65, 150, 160)) expect_equal(exact[i], all - refit_evidence(fit, big[-i, ]), tolerance = 1e-7)
})

test_that("estimates from draws agree within their error", {
  data <- shared_data("hpp.csv")
  data <- data[data$site %in% five_sites, ]
  fit <- partial_pooling(
    scontrol ~ 1 + (1 | site), data, seed = 1,
    prior = list(hyper_mu = dist_normal(40, 20), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
  )
  exact <- loo(fit)
  psis <- loo(fit, method = "psis")
  error <- exact$pointwise[, "elpd_loo"] - psis$pointwise[, "elpd_loo"]
  expect_lt(max(abs(error) / psis$pointwise[, "mcse_elpd_loo"]), 5)
  expect_true(all(psis$diagnostics$pareto_k < 0.7))
  expect_no_warning(loo_compare(exact, psis, waic(fit)))

  chains <- suppressWarnings(update(fit, algorithm = "nuts", iter_sampling = 500, seed = 1))
  from_chains <- suppressWarnings(loo(chains, method = "psis"))
  error <- exact$pointwise[, "elpd_loo"] - from_chains$pointwise[, "elpd_loo"]
  expect_lt(max(abs(error) / from_chains$pointwise[, "mcse_elpd_loo"]), 5)
})

test_that("waic() is that of the draws", {
  fit <- fit_all(rows, iter_sampling = 250, seed = 1)$varying
  draws <- posterior::as_draws_matrix(fit)
  log_lik <- vapply(seq_len(nrow(rows)), function(i) {
    mean <- draws[, paste0("beta_0j[", rows$g[i], "]")] + draws[, "beta[x]"] * rows$x[i]
    dnorm(rows$y[i], as.vector(mean), as.vector(draws[, "sigma_y"]), log = TRUE)
  }, numeric(1000))
  by_hand <- log(colMeans(exp(log_lik))) - apply(log_lik, 2, var)
  ours <- suppressWarnings(waic(fit))
  expect_equal(ours$pointwise[, "elpd_waic"], by_hand, tolerance = 1e-10)
  expect_identical(attr(ours, "yhash"), attr(loo(fit), "yhash"))
})

test_that("the object is one of loo's", {
  fits <- fit_all(rows)
  partial <- fits$partial
  complete <- fits$complete
  a <- loo(partial)
  b <- loo(complete)
  expect_s3_class(a, c("bayespool_loo", "psis_loo", "loo"), exact = TRUE)
  expect_equal(dim(a$pointwise), c(16, 4))
  expect_equal(a$estimates["elpd_loo", ], c(Estimate = sum(elpd_of(a)), SE = sqrt(16) * sd(elpd_of(a))))
  comparison <- expect_no_warning(loo_compare(a, b))
  worse <- if (sum(elpd_of(a)) > sum(elpd_of(b))) "complete" else "partial"
  # Newer versions of loo have the names in a column.
  models <- if ("model" %in% colnames(comparison)) comparison[, "model"] else rownames(comparison)
  expect_setequal(models, c("partial", "complete"))
  expect_equal(comparison[[which(models == worse), "elpd_diff"]], -abs(sum(elpd_of(b) - elpd_of(a))))
  weights <- loo_model_weights(partial, complete = b)
  expect_named(weights, c("partial", "complete"))
  expect_identical(weights, loo_model_weights(list(partial = a, complete = b)))
  # Stacking: no other mixture of the two predictive densities has a higher sum of logarithms.
  score <- function(share) sum(log(share * exp(elpd_of(a)) + (1 - share) * exp(elpd_of(b))))
  expect_lt(abs(weights[[1]] - stats::optimize(score, c(0, 1), maximum = TRUE, tol = 1e-8)$maximum), 1e-3)
  akaike <- exp(c(sum(elpd_of(a)), sum(elpd_of(b))) - max(sum(elpd_of(a)), sum(elpd_of(b))))
  by_elpd <- unclass(loo_model_weights(partial, complete, method = "pseudobma", BB = FALSE))
  expect_equal(by_elpd[1:2], akaike / sum(akaike), ignore_attr = TRUE)
  expect_error(loo_model_weights(partial), "at least two", class = "bayespool_error_argument")
  expect_error(loo_model_weights(partial, complete, method = "bma"), "stacking", class = "bayespool_error_argument")
  expect_output(print(a), "Exact leave-one-out cross-validation, 16 observations.*elpd_loo.*no Monte Carlo error")
  of_groups <- loo(fits$partial, unit = "group")
  expect_output(print(of_groups), "leave-one-group-out cross-validation, 5 groups.*elpd_logo.*SE is large.* 5 terms, one a group")
  expect_no_match(capture.output(print(a)), "SE is large")
  other <- loo(update(fits$partial, data = transform(rows, y = y + 1)))
  expect_warning(loo_compare(a, other), "same y")
  other <- loo(update(fits$partial, data = transform(rows, y = y + 1)), unit = "group")
  expect_warning(loo_compare(loo(fits$partial, unit = "group"), other), "same y")
  expect_error(loo_compare(a, other), "data points|number of observations")
})

test_that("fits of rstanarm can be compared with", {
  skip_if_not_installed("rstanarm")
  whole <- transform(rows, y = as.integer(round(10 * y)))
  for (data in list(rows, whole)) {
    theirs <- suppressWarnings(getExportedValue("rstanarm", "stan_glm")(y ~ x, data = data, chains = 1, iter = 400, seed = 1, refresh = 0))
    ours <- varying_intercept(y ~ x + (1 | g), data, iter_sampling = 0)
    expect_no_warning(comparison <- loo_compare(suppressWarnings(loo(theirs)), loo(ours)))
    expect_identical(nrow(comparison), 2L)
  }
})

test_that("what cannot be left out is refused", {
  fits <- fit_all(rows)
  expect_error(loo(fits$partial, unit = "site"), class = "bayespool_error_argument")
  expect_error(loo(fits$partial, method = "waic"), class = "bayespool_error_argument")
  expect_error(loo(fits$partial, cores = 0), class = "bayespool_error_argument")
  expect_equal(loo(fits$partial, save_psis = TRUE), loo(fits$partial)) # for which there is nothing to save
  expect_error(loo(fits$partial, method = "psis", unit = "group"), class = "bayespool_error_argument")
  expect_error(waic(fits$partial, 1), class = "bayespool_error_argument")
  expect_error(loo(fits$partial, method = "psis"), class = "bayespool_error_draws")
  expect_error(waic(fits$partial), class = "bayespool_error_draws")
  expect_error(loo(complete_pooling(y ~ 1, rows, iter_sampling = 0), unit = "group"), class = "bayespool_error_data")
  for (unit in c("observation", "group")) {
    expect_error(loo(update(fits$partial, prior_only = TRUE), unit = unit), class = "bayespool_error_argument")
  }
  # Without the third row all of group a are equal, and Exp(1) does not keep sigma[a] from 0.
  equal <- data.frame(g = rep(c("a", "b"), each = 3), y = c(4, 4, 5, 1, 2, 4))
  fit <- no_pooling(y ~ 1 + (1 | g), equal, iter_sampling = 0)
  expect_error(loo(fit), "row 3", class = "bayespool_error_improper")
  expect_true(all(is.finite(elpd_of(loo(update(fit, prior = list(sigma = dist_inverse_gamma(1, scale = 1))))))))
  flat <- no_pooling(y ~ 1 + (1 | g), rows, prior = list(mu = dist_uniform(-Inf, Inf), sigma = dist_exponential(1)), iter_sampling = 0)
  for (fit in list(flat, update(flat, sigma = "common"))) {
    expect_error(loo(fit), "row 16", class = "bayespool_error_improper")
    expect_error(loo(fit, unit = "group"), "group a", class = "bayespool_error_improper")
  }
})

# A source of rows with a single part.
in_one_part <- function(rows) {
  function() {
    part <- rows
    rows <<- NULL
    part
  }
}

test_that("rows that moved the posterior are left out of moments as of all rows", {
  rows <- withr::with_seed(2, {
    rows <- data.frame(x = rnorm(60), g = sample(letters[1:6], 60, TRUE), w = runif(60, 0.5, 2))
    rows$y <- rows$x + rnorm(6)[match(rows$g, letters)] + rnorm(60)
    rows$y[c(3, 20)] <- c(60, -75)
    rbind(rows, data.frame(x = c(0, 1), g = "two", w = c(1, 3), y = c(8, 9)))
  })
  verbs <- list(complete_pooling, no_pooling, varying_intercept, varying_intercept_slope)
  formulas <- list(y ~ x + (1 | g), y ~ 1 + (1 | g), y ~ x + (1 | g), y ~ x + (1 + x | g))
  separate <- 0
  for (i in seq_along(verbs)) {
    of_rows <- verbs[[i]](formulas[[i]], rows, weights = w, iter_sampling = 0)
    of_parts <- verbs[[i]](formulas[[i]], in_one_part(rows), weights = w, iter_sampling = 0)
    expect_equal(loo(of_parts, newdata = rows)$pointwise, loo(of_rows)$pointwise, tolerance = 1e-8)
    unresolved <- exact_leave_rows_out(
      fit_posterior(of_rows), cbind(as.matrix(if (i == 2) rows["y"] else rows[c("x", "y")])), rows$w,
      cbind(match(rows$g, of_rows$reduced$group)), "densities", 0, 1L, NULL
    )
    separate <- separate + sum(is.nan(unresolved[, 1:2]))
  }
  expect_gt(separate, 3) # with quadratures of their own
})
