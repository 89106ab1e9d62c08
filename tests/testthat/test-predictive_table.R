# Predictive tables: against mixtures of normals over the nodes of the brute-force quadrature, closed forms, and draws.

use_code("oracle")
use_code("fits")

rows <- withr::with_seed(1, {
  g <- rep(c("a", "b", "c"), c(2, 8, 5))
  x <- rnorm(15, 1)
  data.frame(g = g, x = x, y = 2 + x / 2 + rep(c(-1, 0, 2), c(2, 8, 5)) + rnorm(15, 0, 3))
})
new <- data.frame(x = c(0, 2, 2, -1), g = c("a", "c", "new", "other"))

# Values -------------------------------------------------------------------------------------------------------------------

test_that("varying intercepts: predictions in groups old and new are those of brute force", {
  priors <- list(
    beta_0 = p_normal(0, 5), beta = p_normal(0, 5), sigma_y = p_exponential(0.3), sigma_0 = p_exponential(0.4)
  )
  oracle <- oracle_fit("varying_intercept", rows$y, priors, group = rows$g, x = cbind(x = rows$x))[[1]]
  fit <- varying_intercept(y ~ x + (1 | g), rows, prior = package_priors(priors), iter_sampling = 0)
  of_rows <- function(data) {
    function(i) {
      at <- oracle$at
      known <- data$g[i] %in% rows$g
      linear <- oracle_linear(oracle$problem, at, c(1, data$x[i]), if (known) (c("a", "b", "c") == data$g[i]) + 0)
      list(weight = at$weight, mean = linear$mean, sd = sqrt(linear$sd^2 + at$sigma^2 + if (known) 0 else at$tau^2))
    }
  }
  for (interval in c("hdi", "central")) {
    for (prob in c(0.94, 0.5)) {
      expect_rows(predictive_table(fit, new, prob, interval), of_rows(new), prob, interval)
    }
  }
  expect_rows(predictive_table(fit)[c(1, 7, 15), ], of_rows(rows[c(1, 7, 15), ]), 0.94, "hdi")
})

test_that("groups without a population: with a common sigma and with one each", {
  priors <- list(mu = p_normal(0, 5), sigma = p_exponential(0.3))
  for (sigma in c("common", "group")) {
    oracle <- oracle_fit("no_pooling", rows$y, priors, group = rows$g, sigma = sigma)
    fit <- no_pooling(y ~ 1 + (1 | g), rows, sigma = sigma, prior = package_priors(priors), iter_sampling = 0)
    normal <- function(i) {
      part <- oracle[[if (sigma == "group") i else 1]]
      linear <- oracle_linear(part$problem, part$at, if (sigma == "group") 1 else (1:3 == i) + 0)
      list(weight = part$at$weight, mean = linear$mean, sd = sqrt(linear$sd^2 + part$at$sigma^2))
    }
    table <- predictive_table(fit, data.frame(g = c("a", "b", "c")))
    expect_rows(table, normal, 0.94, "hdi")
    in_rows <- predictive_table(fit)
    expect_equal(in_rows$mean, table$mean[match(rows$g, table$group)])
    expect_error(predictive_table(fit, data.frame(g = "new")), class = "bayespool_error_model")
  }
})

test_that("complete pooling, with a predictor", {
  priors <- list(beta_0 = p_normal(0, 5), beta = p_normal(0, 5), sigma = p_exponential(0.3))
  oracle <- oracle_fit("complete_pooling", rows$y, priors, x = cbind(x = rows$x))[[1]]
  for (formula in list(y ~ x, y ~ x + (1 | g))) {
    fit <- complete_pooling(formula, rows, prior = package_priors(priors), iter_sampling = 0)
    normal <- function(i) {
      linear <- oracle_linear(oracle$problem, oracle$at, c(1, new$x[i]))
      list(weight = oracle$at$weight, mean = linear$mean, sd = sqrt(linear$sd^2 + oracle$at$sigma^2))
    }
    table <- predictive_table(fit, new)
    expect_rows(table, normal, 0.94, "hdi")
    # Groups that are only named are shown where rows say theirs.
    named <- if (!identical(formula, y ~ x)) new$g
    expect_identical(table$group, named)
    expect_identical(predictive_table(fit)$group, if (!is.null(named)) rows$g)
    expect_null(predictive_table(fit, new["x"])$group)
  }
})

test_that("with known standard deviations and coefficients predictions are normal", {
  fit <- complete_pooling(y ~ 1, rows, prior = list(mu = dist_degenerate(2), sigma = dist_degenerate(3)), iter_sampling = 0)
  for (interval in c("hdi", "central")) {
    table <- predictive_table(fit, prob = 0.9, interval = interval)
    expect_equal(unlist(table[1, c("mean", "sd", "lower", "upper")]), c(2, 3, qnorm(c(0.05, 0.95), 2, 3)), ignore_attr = TRUE)
  }
  # A normal mean with known sds: posterior N(m, v), prediction N(m, v + sigma^2).
  fit <- partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0, prior = list(
    hyper_mu = dist_degenerate(1), sigma_mu = dist_degenerate(2), sigma_y = dist_degenerate(3)
  ))
  table <- predictive_table(fit, data.frame(g = c("b", "new")))
  variance <- 1 / (8 / 9 + 1 / 4)
  mean <- variance * (sum(rows$y[rows$g == "b"]) / 9 + 1 / 4)
  expect_equal(table$mean, c(mean, 1))
  expect_equal(table$sd, sqrt(c(variance + 9, 4 + 9)))
  expect_equal(table$upper, qnorm(0.97, table$mean, table$sd))
  # No variance between groups: all are alike.
  fit <- update(fit, prior = list(hyper_mu = dist_normal(0, 9), sigma_mu = dist_degenerate(0), sigma_y = dist_degenerate(3)))
  table <- predictive_table(fit, data.frame(g = c("b", "new")))
  expect_equal(unlist(table[1, 4:7]), unlist(table[2, 4:7]))
})

test_that("flat priors: predictions are t-distributed", {
  fit <- complete_pooling(y ~ 1, rows, prior = list(mu = flat, sigma = flat_scale), iter_sampling = 0)
  # A flat prior on sigma: n - 2 degrees of freedom.
  n <- nrow(rows)
  scale <- sqrt(var(rows$y) * (n - 1) / (n - 2) * (1 + 1 / n))
  table <- predictive_table(fit)
  expect_equal(table$mean[1], mean(rows$y))
  expect_equal(table$sd[1], scale * sqrt((n - 2) / (n - 4)), tolerance = 1e-8)
  expect_equal(table$upper[1], mean(rows$y) + scale * qt(0.97, n - 2), tolerance = 1e-7)
  few <- predictive_table(complete_pooling(y ~ 1, rows[1:4, ], prior = list(mu = flat, sigma = flat_scale), iter_sampling = 0))
  expect_identical(few$sd[1], Inf) # two degrees of freedom
  expect_equal(few$mean[1], mean(rows$y[1:4]))
  three <- predictive_table(complete_pooling(y ~ 1, rows[1:3, ], prior = list(mu = flat, sigma = flat_scale), iter_sampling = 0))
  expect_identical(three$mean[1], NaN) # one
  scale <- sqrt(var(rows$y[1:3]) * 2 * (1 + 1 / 3))
  expect_equal(three$lower[1], mean(rows$y[1:3]) + scale * qt(0.03, 1), tolerance = 1e-6)
})

test_that("columns whose moments cancel cost no digits", {
  far <- transform(rows, x = 2e6 + x / 1e3)
  near <- transform(rows, x = x / 1e3)
  prior <- list(beta_0 = flat, beta = flat, sigma_y = exponential, sigma_0 = exponential)
  table <- function(data, x) {
    fit <- varying_intercept(y ~ x + (1 | g), data, prior = prior, iter_sampling = 0)
    rbind(predictive_table(fit), predictive_table(fit, data.frame(g = c("a", "new"), x = x, y = 0)))
  }
  expect_equal(table(far, 2e6 + 0.001)[-1], table(near, 0.001)[-1], tolerance = 1e-5)
})

# Draws --------------------------------------------------------------------------------------------------------------------

test_that("draws of predictions agree, and NUTS gives the mixture over its own draws", {
  fit <- varying_intercept(y ~ x + (1 | g), rows, chains = 1, iter_sampling = 2e4, seed = 2)
  table <- predictive_table(fit, new)
  expect_identical(table, predictive_table(update(fit, iter_sampling = 0), new))
  drawn <- posterior_predict(fit, new, seed = 3)
  for (i in seq_len(nrow(new))) {
    expect_within_mcse(drawn[, i], table$mean[i])
    expect_within_mcse((drawn[, i] - table$mean[i])^2, table$sd[i]^2)
    expect_within_mcse(drawn[, i] > table$lower[i] & drawn[, i] < table$upper[i], 0.94)
  }

  chains <- suppressWarnings(update(fit, algorithm = "nuts", iter_sampling = 300, seed = 3))
  table <- predictive_table(chains, new, interval = "central")
  draws <- unclass(posterior::as_draws_matrix(chains))
  expected <- cbind(draws[, "beta_0j[a]"], draws[, "beta_0j[c]"] + 2 * draws[, "beta[x]"], draws[, "beta_0"] + 2 * draws[, "beta[x]"])
  sd <- sqrt(draws[, "sigma_y"]^2 + cbind(0, 0, draws[, "sigma_0"]^2))
  truth <- vapply(1:3, function(i) mixture_row(rep(1, 300), expected[, i], sd[, i], 0.94, "central"), numeric(4))
  expect_equal(unname(t(as.matrix(table[1:3, 4:7]))), truth, tolerance = 1e-8)
  # The largest Monte Carlo error is told.
  errors <- apply(posterior_epred(chains, new[1:2, ]), 2, posterior::mcse_mean)
  errors <- c(errors, vapply(c(2, -1), function(x) posterior::mcse_mean(draws[, "beta_0"] + x * draws[, "beta[x]"]), 0))
  expect_equal(attr(table, "mcse"), c(mean = max(errors)), tolerance = 1e-10)
  expect_output(print(table), paste0("Monte Carlo errors: up to ", format(max(errors), digits = 2), " (mean)"), fixed = TRUE)
  expect_output(print(table), "lower, upper: central 94% interval of the prediction, from 300 draws", fixed = TRUE)

  separate <- suppressWarnings(no_pooling(y ~ 1 + (1 | g), rows, algorithm = "nuts", chains = 1, iter_sampling = 200, seed = 4))
  draws <- unclass(posterior::as_draws_matrix(separate))
  table <- predictive_table(separate)
  expect_equal(table$mean, unname(colMeans(draws[, paste0("mu[", rows$g, "]")])))
  expect_equal(
    table$sd[3], mixture_row(rep(1, 200), draws[, "mu[b]"], draws[, "sigma[b]"], 0.94, "central")[2],
    tolerance = 1e-10
  )
  pooled <- suppressWarnings(complete_pooling(y ~ x, rows, algorithm = "nuts", chains = 1, iter_sampling = 200, seed = 4))
  expect_equal(predictive_table(pooled)$mean, unname(colMeans(posterior_epred(pooled))))
  expect_error(predictive_table(update(pooled, iter_sampling = 0)), class = "bayespool_error_draws")
})

test_that("with the prior alone it is the prior predictive", {
  prior <- list(hyper_mu = dist_normal(3, 2), sigma_y = dist_degenerate(1.5), sigma_mu = dist_degenerate(0.5))
  fit <- partial_pooling(y ~ 1 + (1 | g), rows, prior = prior, prior_only = TRUE, iter_sampling = 0)
  table <- predictive_table(fit)
  expect_equal(unique(table$mean), 3)
  expect_equal(unique(round(table$sd, 10)), round(sqrt(4 + 2.25 + 0.25), 10))
  expect_identical(table$inside, abs(rows$y - 3) < qnorm(0.97) * sqrt(6.5))
  expect_equal(predictive_table(fit, data.frame(g = "new"))$sd, sqrt(6.5))
})

# The object ---------------------------------------------------------------------------------------------------------------

test_that("rows are those of the data, and equal ones have equal predictions", {
  data <- transform(rows, y = replace(y, c(3, 9), NA), x = round(x))
  fit <- suppressMessages(varying_intercept(y ~ x + (1 | g), data, iter_sampling = 0))
  table <- predictive_table(fit)
  expect_identical(names(table), c("row", "group", "observed", "mean", "sd", "lower", "upper", "inside"))
  expect_identical(table$row, setdiff(1:15, c(3, 9)))
  expect_identical(table$observed, data$y[table$row])
  expect_identical(table$group, data$g[table$row])
  expect_identical(table$inside, table$observed >= table$lower & table$observed <= table$upper)
  expect_equal(table$mean, unname(fitted(fit)))
  one_by_one <- do.call(rbind, lapply(table$row, function(i) predictive_table(fit, data[i, ])))
  expect_equal(as.data.frame(table)[-1], as.data.frame(one_by_one)[-1], ignore_attr = TRUE)
  without <- predictive_table(fit, data[c("g", "x")])
  expect_true(all(is.na(without$observed) & is.na(without$inside)))
  expect_identical(nrow(predictive_table(fit, data[0, ])), 0L)
})

test_that("one group, and labels of any kind", {
  wild <- c("\u5317\u4eac", "mu[1], \"q\" \\", "{x} %s")
  data <- transform(rows, g = wild[match(g, c("a", "b", "c"))])
  plain <- predictive_table(partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0))
  table <- predictive_table(partial_pooling(y ~ 1 + (1 | g), data, iter_sampling = 0))
  expect_identical(table$group, data$g)
  expect_equal(as.data.frame(table)[-2], as.data.frame(plain)[-2], ignore_attr = TRUE)
  expect_output(print(table), "\u5317\u4eac")
  one <- undetermined(partial_pooling(y ~ 1 + (1 | g), rows[rows$g == "b", ], iter_sampling = 0))
  expect_true(all(is.finite(as.matrix(predictive_table(one)[4:7]))))
  none <- predictive_table(no_pooling(y ~ 1 + (1 | g), rows[rows$g == "b", ], iter_sampling = 0))
  pooled <- predictive_table(complete_pooling(y ~ 1, rows[rows$g == "b", ], iter_sampling = 0))
  expect_equal(none$upper, pooled$upper)
})

test_that("print() shows the first rows and counts", {
  table <- predictive_table(varying_intercept(y ~ x + (1 | g), rows, iter_sampling = 0), prob = 0.8, interval = "central")
  shown <- capture.output(result <- withVisible(print(table, n_rows = 3)))
  expect_false(result$visible)
  expect_identical(result$value, table)
  expect_true(all(nchar(shown) <= 80))
  expect_match(shown[1], "row group observed +mean +sd +lower +upper inside")
  inside <- sum(table$inside)
  expect_identical(shown[5], sprintf("inside: %d of 15 observations (%s%%)", inside, format(100 * inside / 15, digits = 3)))
  expect_identical(shown[6], "... and 12 more rows")
  expect_identical(shown[7], "lower, upper: central 80% interval of the prediction, by quadrature")
  expect_output(print(table[c("row", "mean")]), "mean")
  expect_no_match(capture.output(print(table[c("row", "mean")])), "inside")
  expect_no_match(capture.output(print(predictive_table(complete_pooling(y ~ x, rows, iter_sampling = 0), data.frame(x = 1)))), "inside:")
})

test_that("moments have no rows, and wrong arguments are refused", {
  moments <- group_moments(y ~ x + (1 | g), rows)
  fit <- varying_intercept(y ~ x + (1 | g), moments, iter_sampling = 0)
  expect_error(predictive_table(fit), "newdata", class = "bayespool_error_data")
  with_rows <- varying_intercept(y ~ x + (1 | g), rows, iter_sampling = 0)
  expect_equal(predictive_table(fit, new), predictive_table(with_rows, new), tolerance = 1e-9)
  expect_error(predictive_table(fit, new["x"]), class = "bayespool_error_data")
  for (prob in list(0, 1, "a", NA, c(0.5, 0.9))) {
    expect_error(predictive_table(with_rows, prob = prob), class = "bayespool_error_argument")
  }
  expect_error(predictive_table(with_rows, interval = "eti"), class = "bayespool_error_argument")
  expect_error(predictive_table(rows), class = "bayespool_error_argument")
})
