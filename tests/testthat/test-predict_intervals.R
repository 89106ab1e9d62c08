# Intervals of predict() and fitted(): against least squares, normal algebra, brute force, draws, and the other tables.

use_code("oracle")

rows <- withr::with_seed(2, {
  g <- rep(c("a", "b", "c"), c(2, 8, 5))
  x <- rnorm(15, 1)
  data.frame(g = g, x = x, f = rep(c("u", "v", "w"), 5), y = 2 + x / 2 + rep(c(-1, 0, 2), c(2, 8, 5)) + rnorm(15, 0, 3))
})
new <- data.frame(x = c(0, 2, 2, -1), g = c("a", "c", "new", "other"))
flat <- dist_uniform(-Inf, Inf)
flat_scale <- dist_uniform(0, Inf)
fit <- varying_intercept(y ~ x + (1 | g), rows, iter_sampling = 0)
values <- function(table) unname(as.matrix(table[c("mean", "lower", "upper")]))

# Truth --------------------------------------------------------------------------------------------------------------------

test_that("with flat priors the intervals are those of least squares, with one degree of freedom less", {
  # A flat prior on sigma, not on its logarithm: n - p - 1 degrees of freedom, and the sum of squares is divided by them.
  at <- data.frame(x = c(-2, 1, 30), f = c("w", "u", "v"))
  flat_fit <- complete_pooling(y ~ x * f, rows, prior = list(beta_0 = flat, beta = flat, sigma = flat_scale), iter_sampling = 0)
  lm_fit <- lm(y ~ x * f, rows)
  df <- df.residual(lm_fit)
  wider <- sqrt(df / (df - 1)) # of the scale
  for (interval in c("confidence", "prediction")) {
    for (level in c(0.94, 0.5)) {
      ours <- predict(flat_fit, at, se.fit = TRUE, interval = interval, level = level)
      theirs <- predict(lm_fit, at, se.fit = TRUE, interval = interval, level = level)
      expect_identical(dimnames(ours$fit), dimnames(theirs$fit))
      expect_equal(ours$fit[, "fit"], theirs$fit[, "fit"], tolerance = 1e-8)
      half <- (theirs$fit[, "upr"] - theirs$fit[, "fit"]) / qt((1 + level) / 2, df) * wider * qt((1 + level) / 2, df - 1)
      expect_equal(ours$fit[, "upr"] - ours$fit[, "fit"], half, tolerance = 1e-6)
      expect_equal(ours$fit[, "fit"] - ours$fit[, "lwr"], half, tolerance = 1e-6)
      # The standard error is that of the expected value, for both intervals.
      expect_equal(ours$se.fit, unname(theirs$se.fit) * wider * sqrt((df - 1) / (df - 3)), tolerance = 1e-7)
    }
  }
  expect_equal(fitted(flat_fit, interval = "confidence"), predict(flat_fit, interval = "confidence"))
})

test_that("with known standard deviations all is normal algebra: groups old and new, and the population", {
  known <- list(
    beta_0 = dist_normal(3, 4), beta = dist_normal(0, 2), sigma_y = dist_degenerate(1.3), sigma_0 = dist_degenerate(0.8)
  )
  known_fit <- update(fit, prior = known)
  # Of the vector (beta_0, beta, effects of a, b, c, new).
  design <- function(data, groups = c("a", "b", "c", "new")) unname(cbind(1, data$x, outer(data$g, groups, "==")))
  prior <- diag(c(16, 4, rep(0.64, 4)))
  center <- c(3, 0, 0, 0, 0, 0)
  x <- design(rows)
  gain <- prior %*% t(x) %*% solve(x %*% prior %*% t(x) + 1.69 * diag(15))
  mean <- center + gain %*% (rows$y - x %*% center)
  variance <- prior - gain %*% x %*% prior
  check <- function(at, ...) {
    sd <- sqrt(rowSums((at %*% variance) * at))
    expected <- predict(known_fit, new[1:3, ], se.fit = TRUE, interval = "confidence", level = 0.9, ...)
    expect_equal(unname(expected$fit), cbind(at %*% mean, at %*% mean - qnorm(0.95) * sd, at %*% mean + qnorm(0.95) * sd), tolerance = 1e-8)
    expect_equal(unname(expected$se.fit), sd, tolerance = 1e-9)
    predicted <- predict(known_fit, new[1:3, ], interval = "prediction", level = 0.9, ...)
    expect_equal(unname(predicted[, "upr"]), drop(at %*% mean) + qnorm(0.95) * sqrt(sd^2 + 1.69), tolerance = 1e-8)
  }
  check(design(new[1:3, ]))
  check(design(new[1:3, ], rep("none", 4)), re_formula = NA)
})

test_that("expected values in groups old and new, and in the population, are those of brute force", {
  priors <- list(
    beta_0 = p_normal(0, 5), beta = p_normal(0, 5), sigma_y = p_exponential(0.3), sigma_0 = p_exponential(0.4)
  )
  oracle <- oracle_fit("varying_intercept", rows$y, priors, group = rows$g, x = cbind(x = rows$x))[[1]]
  fit <- update(fit, prior = package_priors(priors))
  normal_of <- function(population, noise) {
    function(i) {
      at <- oracle$at
      known <- new$g[i] %in% rows$g && !population
      linear <- oracle_linear(oracle$problem, at, c(1, new$x[i]), if (known) (c("a", "b", "c") == new$g[i]) + 0)
      fresh <- if (known || population) 0 else at$tau^2
      list(weight = at$weight, mean = linear$mean, sd = sqrt(linear$sd^2 + fresh + if (noise) at$sigma^2 else 0))
    }
  }
  for (population in c(FALSE, TRUE)) {
    of_mean <- predict(fit, new, se.fit = TRUE, interval = "confidence", re_formula = if (population) NA)
    table <- data.frame(mean = of_mean$fit[, "fit"], sd = of_mean$se.fit, lower = of_mean$fit[, "lwr"], upper = of_mean$fit[, "upr"])
    expect_rows(table, normal_of(population, FALSE), 0.94, "hdi")
    table <- as.data.frame(row_table(
      fit, matrix(new$x), if (population) rep(NA, 4) else c(1, 3, 4, 5), noise = TRUE, 0.8, "central", NULL
    ))
    expect_rows(table, normal_of(population, TRUE), 0.8, "central")
  }
})

test_that("without predictors the intervals of groups and of the population are those of the parameters", {
  check <- function(fit, variables, ...) {
    summary <- summary(fit, prob = 0.8)
    summary <- summary[match(variables, summary$variable), ]
    ours <- predict(fit, data.frame(g = c("a", "b", "c")), se.fit = TRUE, interval = "confidence", level = 0.8, ...)
    expect_equal(unname(ours$fit), unname(as.matrix(summary[c("mean", "hdi_lower", "hdi_upper")])), tolerance = 1e-7)
    expect_equal(unname(ours$se.fit), summary$sd, tolerance = 1e-9)
  }
  means <- paste0("mu[", c("a", "b", "c"), "]")
  partial <- partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0)
  check(partial, means)
  check(partial, rep("hyper_mu", 3), re_formula = NA)
  for (sigma in c("group", "common")) check(no_pooling(y ~ 1 + (1 | g), rows, sigma = sigma, iter_sampling = 0), means)
  check(complete_pooling(y ~ 1, rows, iter_sampling = 0), rep("mu", 3))
  check(update(partial, prior_only = TRUE), means)
  check(update(partial, prior_only = TRUE), rep("hyper_mu", 3), re_formula = NA)
})

test_that("columns whose moments cancel cost no digits", {
  # Beside an x that is far away the response is read as residuals.
  far <- transform(rows, x = 2e6 + x / 1e3)
  near <- transform(rows, x = x / 1e3)
  prior <- list(beta_0 = flat, beta = flat, sigma_y = dist_exponential(1), sigma_0 = dist_exponential(1))
  of <- function(data, x, ...) {
    predict(update(fit, data = data, prior = prior), data.frame(g = c("a", "new"), x = x), interval = "confidence", ...)
  }
  expect_equal(of(far, 2e6 + 0.001), of(near, 0.001), tolerance = 1e-5)
  expect_equal(of(far, 2e6 + 0.001, re_formula = NA), of(near, 0.001, re_formula = NA), tolerance = 1e-5)
})

test_that("draws agree", {
  drawn <- update(fit, chains = 1, iter_sampling = 2e4, seed = 2)
  expect_identical(predict(drawn, new, interval = "confidence"), predict(fit, new, interval = "confidence"))
  for (population in list(NULL, NA)) {
    expected <- posterior_epred(drawn, new, re_formula = population, seed = 3)
    exact <- predict(fit, new, se.fit = TRUE, interval = "confidence", re_formula = population)
    for (i in seq_len(nrow(new))) {
      expect_within_mcse(expected[, i], exact$fit[i, "fit"])
      expect_within_mcse((expected[, i] - exact$fit[i, "fit"])^2, exact$se.fit[i]^2)
      expect_within_mcse(expected[, i] > exact$fit[i, "lwr"] & expected[, i] < exact$fit[i, "upr"], 0.94)
    }
  }
})

test_that("a fit by NUTS has the intervals of its draws, and of mixtures for new groups", {
  chains <- suppressWarnings(update(fit, algorithm = "nuts", chains = 2, iter_sampling = 300, seed = 3))
  draws <- unclass(posterior::as_draws_matrix(chains))
  expected <- posterior_epred(chains)
  ours <- fitted(chains, se.fit = TRUE, interval = "confidence", level = 0.8)
  expect_equal(unname(ours$fit), unname(cbind(colMeans(expected), t(HDInterval::hdi(expected, credMass = 0.8)))), tolerance = 1e-12)
  expect_equal(unname(ours$se.fit), apply(expected, 2, sd), tolerance = 1e-12)
  population <- posterior_epred(chains, new, re_formula = NA)
  ours <- predict(chains, new, interval = "confidence", re_formula = NA)
  expect_equal(unname(ours[, "upr"]), unname(HDInterval::hdi(population, credMass = 0.94)["upper", ]), tolerance = 1e-12)
  ours <- predict(chains, new, se.fit = TRUE, interval = "confidence")
  truth <- mixture_row(rep(1, 600), draws[, "beta_0"] + 2 * draws[, "beta[x]"], draws[, "sigma_0"], 0.94, "hdi")
  expect_equal(c(ours$fit[3, "fit"], ours$se.fit[3]), truth[1:2], tolerance = 1e-8, ignore_attr = TRUE)
  expect_equal(unname(ours$fit[3, c("lwr", "upr")]), truth[3:4], tolerance = 1e-3)
  expect_equal(unname(predict(chains, new, interval = "prediction")), values(predictive_table(chains, new)))
  expect_error(predict(update(chains, iter_sampling = 0), new, interval = "confidence"), class = "bayespool_error_draws")
  # A new group that cannot differ from the population is drawn as that is.
  same <- suppressWarnings(update(chains, prior = list(sigma_0 = dist_degenerate(0))))
  expect_equal(predict(same, new[3, ], interval = "confidence"), predict(same, new[3, ], interval = "confidence", re_formula = NA))
})

test_that("a moment that does not exist is told so", {
  # Three groups and a flat sd between them: it has no variance, and neither has the mean of a new group, though the population's
  # mean has a normal prior.
  at <- data.frame(g = c("b", "new"))
  heavy <- partial_pooling(y ~ 1 + (1 | g), rows, prior = list(hyper_mu = dist_normal(0, 9), sigma_mu = flat_scale), iter_sampling = 0)
  expect_identical(exact_summary(heavy, pars = "sigma_mu")$sd, Inf)
  for (interval in c("confidence", "prediction")) {
    ours <- predict(heavy, at, se.fit = TRUE, interval = interval)
    expect_true(all(is.finite(ours$fit)))
    expect_identical(is.finite(ours$se.fit), c(TRUE, FALSE))
  }
  expect_true(all(is.finite(unlist(predict(heavy, at, se.fit = TRUE, interval = "confidence", re_formula = NA)))))
  # The prior alone, with an sd between groups that has no mean: no group has one.
  prior <- package_priors(list(hyper_mu = p_normal(1, 5), sigma_y = p_exponential(0.3), sigma_mu = p_half_cauchy(0, 2)))
  heavy <- partial_pooling(y ~ 1 + (1 | g), rows, prior = prior, prior_only = TRUE, iter_sampling = 0)
  ours <- predict(heavy, at, se.fit = TRUE, interval = "confidence")
  expect_identical(unname(ours$fit[, "fit"]), c(NaN, NaN))
  expect_identical(unname(predict(heavy, at)), c(NaN, NaN))
  expect_identical(ours$se.fit, c(Inf, Inf))
  expect_true(all(is.finite(ours$fit[, c("lwr", "upr")])))
  ours <- predict(heavy, at, se.fit = TRUE, re_formula = NA)
  expect_equal(ours, list(fit = c(1, 1), se.fit = c(5, 5)), tolerance = 1e-8)
})

# Shapes -------------------------------------------------------------------------------------------------------------------

test_that("shapes are those of lm(), and the numbers those of the other tables", {
  expect_equal(predict(fit, new, se.fit = TRUE)$fit, predict(fit, new), tolerance = 1e-12)
  expect_named(predict(fit, new, se.fit = TRUE), c("fit", "se.fit"))
  table <- predict(fit, new, interval = "confidence")
  expect_identical(dimnames(table), list(as.character(1:4), c("fit", "lwr", "upr")))
  expect_equal(table[, "fit"], predict(fit, new), tolerance = 1e-9, ignore_attr = TRUE)
  for (level in c(0.5, 0.94)) {
    expect_equal(unname(predict(fit, new, interval = "prediction", level = level)), values(predictive_table(fit, new, level)))
    expect_equal(unname(predict(fit, interval = "prediction", level = level)), values(predictive_table(fit, prob = level)))
  }
  expect_identical(dim(predict(fit, new[0, ], interval = "prediction")), c(0L, 3L))
  named <- rows
  rownames(named) <- paste("row", 1:15)
  holes <- transform(named, y = replace(y, 2, NA))
  dropped <- suppressMessages(update(fit, data = holes))
  ours <- fitted(dropped, se.fit = TRUE, interval = "confidence")
  expect_identical(rownames(ours$fit), names(fitted(dropped)))
  expect_identical(names(ours$se.fit), names(fitted(dropped)))
  expect_identical(ours$fit, predict(dropped, interval = "confidence"))
  expect_identical(nrow(ours$fit), 14L)
  one_by_one <- do.call(rbind, lapply(1:4, function(i) predict(fit, new[i, ], interval = "confidence")))
  expect_equal(one_by_one, table, ignore_attr = TRUE)
})

test_that("moments serve for new rows, and rows of the population are not mixed up with those of groups", {
  moments <- update(fit, data = group_moments(y ~ x + (1 | g), rows))
  expect_equal(predict(moments, new, interval = "confidence"), predict(fit, new, interval = "confidence"), tolerance = 1e-9)
  expect_error(fitted(moments, interval = "confidence"), class = "bayespool_error_data")
  expect_error(predict(moments, interval = "confidence"), class = "bayespool_error_data")
  group <- c(3L, NA, 3L, NA, 1L)
  x <- matrix(c(1, 1, 2, 2, 1))
  mixed <- row_table(fit, x, group, noise = FALSE, 0.94, "hdi", NULL)
  for (i in 1:5) expect_identical(mixed[i, ], row_table(fit, x[i, , drop = FALSE], group[i], noise = FALSE, 0.94, "hdi", NULL)[1, ])
})

test_that("predictions beyond the range of numbers are refused, whether slopes vary or not", {
  far <- data.frame(x = c(1, 1e300), g = "a")
  expect_error(predict(fit, far, interval = "prediction"), "in 1 row, the first of them row 2", class = "bayespool_error_numerical")
  slopes <- varying_slope(y ~ x + (0 + x | g), rows, iter_sampling = 0)
  expect_error(predict(slopes, far, interval = "prediction"), "range of numbers|too large for numbers", class = "bayespool_error_numerical")
})
