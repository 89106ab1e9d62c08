# Predictions from given draws: expected values and densities by hand, arguments, seeds, refusals. What they are distributed
# like is in test-predict_distributions.R.

data <- withr::with_seed(1, data.frame(
  g = rep(c("a", "b", "c"), c(4, 3, 5)), x = rnorm(12), f = rep(c("p", "q"), 6), y = rnorm(12, 5, 2)
))
new_data <- data.frame(g = c("c", "a", "a"), x = c(0.5, -1, 2), f = c("q", "q", "p"), y = c(4, 6, 5))
short <- function(model, formula, ...) model(formula, data, chains = 2, iter_sampling = 30, seed = 1, ...)
by_nuts <- function(model, formula, ...) suppressWarnings(short(model, formula, algorithm = "nuts", ...), classes = "bayespool_warning")

fits <- list(
  complete = short(complete_pooling, y ~ 1), regression = short(complete_pooling, y ~ x + (1 | g)),
  through_zero = short(complete_pooling, y ~ 0 + x), none = short(no_pooling, y ~ 1 + (1 | g)),
  none_common = short(no_pooling, y ~ 1 + (1 | g), sigma = "common"), none_slopes = short(no_pooling, y ~ x * f + (1 | g)),
  partial = short(partial_pooling, y ~ 1 + (1 | g)), no_population = short(partial_pooling, y ~ 0 + (1 | g)),
  varying = short(varying_intercept, y ~ x + f + (1 | g)), varying_no_population = short(varying_intercept, y ~ 0 + x + (1 | g)),
  prior = short(varying_intercept, y ~ x + (1 | g), prior_only = TRUE),
  fixed = short(varying_intercept, y ~ x + (1 | g), prior = list(
    beta_0 = dist_degenerate(5), beta = dist_degenerate(1), sigma_y = dist_degenerate(2), sigma_0 = dist_degenerate(1)
  )),
  complete_nuts = by_nuts(complete_pooling, y ~ x), none_nuts = by_nuts(no_pooling, y ~ 1 + (1 | g)),
  partial_nuts = by_nuts(partial_pooling, y ~ 1 + (1 | g)), varying_nuts = by_nuts(varying_intercept, y ~ x + f + (1 | g))
)

# Draws by rows, from the columns of the draws by name. `population`: without the groups.
by_hand <- function(fit, data, population = FALSE) {
  draws <- unclass(posterior::as_draws_matrix(fit))
  column <- function(name) matrix(draws[, name], nrow(draws))
  own <- function(name) column(paste0(name, "[", data$g, "]"))
  shared <- intersect(c("mu", "beta_0", "hyper_mu"), colnames(draws))
  grouped <- intersect(c("mu", "beta_0j"), sub("\\[.*", "", grep("[", colnames(draws), fixed = TRUE, value = TRUE)))
  mean <- if (length(grouped) > 0 && !population) {
    own(grouped)
  } else {
    matrix(if (length(shared) > 0) draws[, shared] else 0, nrow(draws), nrow(data))
  }
  columns <- cbind(x = data$x, fq = data$f == "q", `x:fq` = data$x * (data$f == "q"))
  for (name in grep("^beta\\[", colnames(draws), value = TRUE)) {
    mean <- mean + column(name) %*% columns[, gsub("^beta\\[|\\]$", "", name)]
  }
  sigma <- if ("sigma[a]" %in% colnames(draws)) own("sigma") else column(grep("^sigma(_y)?$", colnames(draws), value = TRUE))
  list(mean = unname(mean), sigma = unname(sigma[, rep_len(seq_len(ncol(sigma)), nrow(data))]))
}

# Known rows ----------------------------------------------------------------------------------------------------------------

test_that("expected values are the parameters' sums, for every model and algorithm", {
  for (fit in fits) {
    expect_equal(posterior_epred(fit), by_hand(fit, data)$mean, tolerance = 1e-13)
    expect_equal(posterior_epred(fit, new_data), by_hand(fit, new_data)$mean, tolerance = 1e-13)
    expect_identical(posterior_epred(fit, data), posterior_epred(fit))
    expect_identical(posterior_linpred(fit, newdata = new_data), posterior_epred(fit, new_data))
    expect_identical(posterior_linpred(fit, transform = TRUE), posterior_epred(fit))
  }
})

test_that("log densities are normal ones", {
  for (fit in fits) {
    for (rows in list(data, new_data)) {
      hand <- by_hand(fit, rows)
      y <- matrix(rows$y, 60, nrow(rows), byrow = TRUE)
      truth <- array(dnorm(y, hand$mean, hand$sigma, log = TRUE), dim(y))
      expect_equal(log_lik(fit, rows), truth, tolerance = 1e-12)
      if (identical(rows, data)) expect_equal(log_lik(fit), truth, tolerance = 1e-12)
    }
  }
})

test_that("predictions are expected values with the noise of the row's sigma", {
  for (fit in fits) {
    hand <- by_hand(fit, data)
    noise <- (posterior_predict(fit, seed = 3) - hand$mean) / hand$sigma
    # The noise is that of the seed and the row, whatever the model.
    expect_equal(noise, (posterior_predict(fits$complete, seed = 3) - by_hand(fits$complete, data)$mean) /
                   by_hand(fits$complete, data)$sigma, tolerance = 1e-8)
    errors <- matrix(data$y, 60, 12, byrow = TRUE) - posterior_predict(fit, seed = 3)
    expect_equal(predictive_error(fit, seed = 3), errors, tolerance = 1e-13)
    expect_identical(predictive_error(fit, data, seed = 3), predictive_error(fit, seed = 3))
  }
  expect_distribution((posterior_predict(fits$varying, seed = 3) - by_hand(fits$varying, data)$mean) /
                        by_hand(fits$varying, data)$sigma, pnorm)
})

test_that("rows with missing values have no column", {
  holes <- transform(data, y = replace(y, 2, NA), x = replace(x, 5, NA))
  expect_message(
    fit <- varying_intercept(y ~ x + (1 | g), holes, iter_sampling = 10, chains = 1, seed = 1), class = "bayespool_message_dropped"
  )
  expect_equal(posterior_epred(fit), by_hand(fit, data[-c(2, 5), ])$mean, tolerance = 1e-13)
  expect_length(fitted(fit), 10)
  expect_equal(residuals(fit), data$y[-c(2, 5)] - fitted(fit))
})

# The population and new groups ---------------------------------------------------------------------------------------------

test_that("at the level of the population, groups do not matter and need not be there", {
  for (fit in fits[!startsWith(names(fits), "none")]) {
    truth <- by_hand(fit, new_data, population = TRUE)$mean
    for (population in list(NA, NA_character_, ~0)) {
      expect_equal(posterior_epred(fit, new_data[c("x", "f")], re_formula = population), truth, tolerance = 1e-13)
      expect_identical(posterior_epred(fit, new_data, re.form = population), posterior_epred(fit, new_data, re_formula = population))
    }
    expect_equal(posterior_epred(fit, re_formula = NA), by_hand(fit, data, population = TRUE)$mean, tolerance = 1e-13)
  }
  expect_true(all(posterior_epred(fits$no_population, new_data, re_formula = NA) == 0))
  # Complete pooling never asks for groups.
  expect_equal(posterior_epred(fits$regression, new_data["x"]), by_hand(fits$regression, new_data)$mean)
})

test_that("rows of a new group share a draw, different new groups do not", {
  fit <- fits$varying
  rows <- data.frame(g = c("n", "a", "m", "n"), x = c(0, 0, 0, 3), f = "p")
  draws <- unclass(posterior::as_draws_matrix(fit))
  expected <- posterior_epred(fit, rows, seed = 1)
  expect_equal(expected[, 4] - expected[, 1], 3 * as.vector(draws[, "beta[x]"]), tolerance = 1e-12)
  expect_equal(expected[, 2], as.vector(draws[, "beta_0j[a]"]))
  z <- (expected[, c(1, 3)] - as.vector(draws[, "beta_0"])) / as.vector(draws[, "sigma_0"])
  expect_false(any(z[, 1] == z[, 2]))
  # A prediction with the same seed is of the same group.
  noise <- (posterior_predict(fit, rows, seed = 1) - expected) / as.vector(draws[, "sigma_y"])
  same <- (posterior_predict(fit, data[1:4, ], seed = 1) - posterior_epred(fit, data[1:4, ])) / as.vector(draws[, "sigma_y"])
  expect_equal(noise, same, tolerance = 1e-8)
  # Without spread between groups a new one is the population.
  flat <- short(partial_pooling, y ~ 1 + (1 | g), prior = list(sigma_mu = dist_degenerate(0)))
  expect_identical(posterior_epred(flat, rows[1, ]), posterior_epred(flat, rows[1, ], re_formula = NA))
})

# Intervals and means -------------------------------------------------------------------------------------------------------

test_that("predictive intervals are quantiles of the predictions with the same seed", {
  for (prob in c(0.5, 0.9, 0.94)) {
    probs <- c((1 - prob) / 2, (1 + prob) / 2)
    for (fit in fits[c("none", "partial", "varying_nuts")]) {
      truth <- t(apply(posterior_predict(fit, seed = 2), 2, quantile, probs = probs))
      expect_equal(predictive_interval(fit, prob, seed = 2), truth, tolerance = 1e-12)
    }
  }
  rows <- data.frame(g = c("a", "new", "new"), x = 1, f = "p")
  truth <- t(apply(posterior_predict(fits$varying, rows, seed = 2, ndraws = 7), 2, quantile, probs = c(0.05, 0.95)))
  expect_equal(predictive_interval(fits$varying, newdata = rows, seed = 2, ndraws = 7), truth, tolerance = 1e-12)
  one <- predictive_interval(fits$varying, newdata = rows, ndraws = 1, seed = 2)
  expect_identical(one[, 1], one[, 2])
  expect_identical(dim(predictive_interval(fits$varying, newdata = rows[0, ])), c(0L, 2L))
})

test_that("posterior intervals are quantiles of the draws", {
  fit <- fits$partial
  draws <- unclass(posterior::as_draws_matrix(fit))
  truth <- t(apply(draws, 2, quantile, probs = c(0.05, 0.95)))
  expect_equal(posterior_interval(fit), truth, ignore_attr = "dimnames")
  expect_identical(dimnames(posterior_interval(fit)), list(variables(fit), c("5%", "95%")))
  chosen <- c("sigma_mu", "mu[b]")
  halves <- t(apply(draws[, chosen], 2, quantile, probs = c(0.25, 0.75)))
  expect_equal(posterior_interval(fit, prob = 0.5, pars = chosen), halves, ignore_attr = "dimnames")
  expect_identical(rownames(posterior_interval(fit, pars = chosen)), chosen)
  expect_error(posterior_interval(fit, pars = "mu"), class = "bayespool_error_argument")
})

test_that("mean predictions are exact, or means of the chains", {
  skip_on_cran() # long
  for (name in names(fits)) {
    fit <- fits[[name]]
    grouped <- any(fit$model$layout$role == "group")
    by_nuts <- endsWith(name, "_nuts")
    mean <- if (by_nuts) {
      colMeans(posterior::as_draws_matrix(fit))
    } else {
      stats::setNames(exact_summary(fit)$mean, exact_summary(fit)$variable)
    }
    # by_hand() of a single draw: the means.
    at_mean <- fit
    at_mean$draws <- posterior::as_draws_array(t(mean[variables(fit)]))
    expect_equal(predict(fit, new_data), as.vector(by_hand(at_mean, new_data)$mean), tolerance = 1e-12)
    expect_equal(fitted(fit), as.vector(by_hand(at_mean, data)$mean), tolerance = 1e-12)
    expect_equal(residuals(fit), data$y - fitted(fit))
    expect_identical(predict(fit), fitted(fit))
    if (!by_nuts) expect_identical(predict(update(fit, iter_sampling = 0), new_data), predict(fit, new_data))
    if (any(fit$model$layout$role == "scale_between")) {
      population <- as.vector(by_hand(at_mean, new_data, population = TRUE)$mean)
      expect_equal(predict(fit, transform(new_data, g = "new")), population, tolerance = 1e-12)
      expect_equal(predict(fit, new_data, re_formula = NA), population, tolerance = 1e-12)
    }
  }
})

# Draws and seeds ---------------------------------------------------------------------------------------------------------

test_that("a subset of draws is kept in order, and the same for all functions with one seed", {
  fit <- fits$varying
  all <- posterior_epred(fit)
  some <- posterior_epred(fit, ndraws = 20, seed = 4)
  at <- match(some[, 1], all[, 1])
  expect_identical(some, all[at, ])
  expect_false(is.unsorted(at, strictly = TRUE))
  expect_identical(posterior_epred(fit, draws = 20, seed = 4), some)
  expect_identical(log_lik(fit, ndraws = 20, seed = 4), log_lik(fit)[at, ])
  expect_identical(dim(posterior_predict(fit, ndraws = 1)), c(1L, 12L))
  expect_identical(posterior_epred(fit, ndraws = 60), all)
  # Each draw is as likely as any other.
  chosen <- lapply(1:300, function(seed) match(posterior_epred(fit, data[1, ], ndraws = 15, seed = seed), all[, 1]))
  expect_gt(stats::chisq.test(tabulate(unlist(chosen), 60))$p.value, 1e-6)
})

predictors <- list(
  posterior_predict = posterior_predict, posterior_epred = posterior_epred, posterior_linpred = posterior_linpred,
  predictive_error = predictive_error, log_lik = log_lik, predictive_interval = predictive_interval
)
with_new_groups <- transform(new_data, g = c("n", "a", "m"))

test_that("the same seed gives the same numbers on any number of cores", {
  skip_on_cran() # more than two cores
  many <- data[rep(1:12, 700), ] # several tasks a core
  many$g[seq(2, nrow(many), by = 3)] <- paste0("new", 1:70)
  for (f in predictors) {
    one <- f(fits$varying, newdata = many, seed = 5)
    expect_identical(f(fits$varying, newdata = many, seed = 5, cores = 2), one)
    expect_identical(f(fits$varying, newdata = many, seed = 5, cores = 3), one)
  }
  expect_false(identical(posterior_predict(fits$varying, seed = 5), posterior_predict(fits$varying, seed = 6)))
})

test_that("set.seed() governs where there is no seed; a seed leaves R's generator alone", {
  withr::local_preserve_seed()
  state <- function(call, seed = 1) {
    set.seed(seed)
    before <- .Random.seed
    force(call)
    identical(.Random.seed, before)
  }
  for (f in predictors) {
    expect_true(state(f(fits$varying, newdata = with_new_groups, seed = 1)))
    expect_true(state(f(fits$varying, newdata = with_new_groups, seed = 1, ndraws = 3)))
    expect_false(state(f(fits$varying, newdata = with_new_groups)))
    expect_false(state(f(fits$varying, ndraws = 3)))
    set.seed(7)
    first <- f(fits$varying, newdata = with_new_groups)
    second <- f(fits$varying, newdata = with_new_groups)
    set.seed(7)
    expect_identical(f(fits$varying, newdata = with_new_groups), first)
    expect_false(identical(first, second))
  }
  # One number is taken, and only where something is drawn.
  set.seed(7)
  posterior_predict(fits$varying)
  after <- stats::runif(1)
  set.seed(7)
  sample.int(.Machine$integer.max, 1)
  expect_identical(stats::runif(1), after)
  for (f in predictors[c("posterior_epred", "posterior_linpred", "log_lik")]) expect_true(state(f(fits$varying)))
  expect_true(state(posterior_epred(fits$varying, with_new_groups, re_formula = NA)))
  expect_true(state(posterior_epred(fits$varying, ndraws = 60)))
  expect_true(state(predict(fits$varying, with_new_groups)))
})

test_that("other packages' calls work", {
  # tidybayes: everything named, NULL for what its user did not give.
  call <- function(f, ...) f(object = fits$varying, newdata = new_data, ...)
  for (f in list(rstantools::posterior_predict, rstantools::posterior_epred, rstantools::posterior_linpred)) {
    expect_identical(dim(call(f, ndraws = NULL, re_formula = NULL)), c(60L, 3L))
    expect_identical(dim(call(f, ndraws = 5, re_formula = NA)), c(5L, 3L))
    expect_identical(dim(call(f, ndraws = NULL, re_formula = NULL, allow_new_levels = TRUE)), c(60L, 3L))
    expect_identical(dim(call(f, draws = 5, re.form = NULL)), c(5L, 3L))
  }
  expect_identical(
    call(posterior_epred, re_formula = NULL, re.form = NA), call(posterior_epred, re_formula = NA)
  )
})

# Refusals --------------------------------------------------------------------------------------------------------------

test_that("a fit from moments predicts new rows, and has none of its own", {
  moments <- update(fits$varying, data = group_moments(y ~ x + f + (1 | g), data))
  for (f in predictors) {
    expect_error(f(moments), class = "bayespool_error_data")
    expect_equal(f(moments, newdata = with_new_groups, seed = 1), f(fits$varying, newdata = with_new_groups, seed = 1))
  }
  for (f in list(fitted, residuals, predict)) expect_error(f(moments), class = "bayespool_error_data")
  expect_equal(predict(moments, new_data), predict(fits$varying, new_data))
  published <- as_group_moments(c("a", "b"), n = c(5, 6), mean = c(1, 2), sd = c(1, 1))
  fit <- partial_pooling(score ~ 1 + (1 | site), published, iter_sampling = 10, chains = 1, seed = 1)
  expect_identical(posterior_epred(fit, data.frame(site = "b")), by_hand(fit, data.frame(g = "b", x = 0, f = "p"))$mean)
})

test_that("a fit without draws says so", {
  none <- update(fits$varying, iter_sampling = 0)
  for (f in predictors) expect_error(f(none), class = "bayespool_error_draws")
  expect_error(posterior_interval(none), class = "bayespool_error_draws")
  expect_error(fitted(update(none, algorithm = "nuts")), class = "bayespool_error_draws")
})

test_that("no pooling has no population", {
  for (f in c(predictors, list(predict = predict))) {
    for (fit in fits[c("none", "none_slopes")]) {
      error <- expect_error(f(fit, newdata = with_new_groups), class = "bayespool_error_model")
      expect_match(conditionMessage(error), "\"n\" and \"m\"")
      expect_error(f(fit, newdata = new_data, re_formula = NA), class = "bayespool_error_model")
    }
  }
})

test_that("what is not meant is refused", {
  skip_on_cran() # long
  fit <- fits$varying
  argument <- function(call) expect_error(call, class = "bayespool_error_argument")
  for (f in predictors) {
    for (bad in list(0, 61, 2.5, -1, NA, "all", c(1, 2))) argument(f(fit, ndraws = bad))
    argument(f(fit, ndraws = 5, draws = 6))
    argument(f(fit, re_formula = NA, re.form = ~0))
    expect_identical(f(fit, ndraws = 5, draws = 5, re_formula = NA, re.form = NA, seed = 1), f(fit, ndraws = 5, re_formula = NA, seed = 1))
    for (bad in list(~1, ~ (1 | g), y ~ 0, TRUE, 0, "none", c(NA, NA), list(NA))) argument(f(fit, re_formula = bad))
    argument(f(fit, newdata = with_new_groups, allow_new_levels = NA))
    expect_error(f(fit, newdata = with_new_groups, allow_new_levels = FALSE), class = "bayespool_error_data")
    expect_no_error(f(fit, newdata = new_data, allow_new_levels = FALSE))
    expect_no_error(f(fit, newdata = with_new_groups, allow_new_levels = FALSE, re_formula = NA))
    for (bad in list(-1, 1.5, "1", NA, c(1, 2))) argument(f(fit, seed = bad))
    for (bad in list(0, 1.5, "1", NA)) argument(f(fit, cores = bad))
    expect_identical(f(fit, seed = 1, silent = TRUE), f(fit, seed = 1))
    expect_warning(f(fit, n_draws = 5), "Ignored `n_draws`: did you mean `ndraws`?", class = "bayespool_warning_argument")
    argument(f(fit, NULL, 5))
  }
  for (bad in list(0, 1, -1, 2, NA, "half", c(0.1, 0.9))) {
    argument(predictive_interval(fit, prob = bad))
    argument(posterior_interval(fit, prob = bad))
  }
  argument(posterior_linpred(fit, transform = "yes"))
  expect_identical(posterior_interval(fit, type = "central"), posterior_interval(fit))
  argument(residuals(fit, type = "pearson"))
  argument(predict(fit, new_data, type = "terms"))
  argument(predict(fit, new_data, se.fit = NA))
  argument(predict(fit, new_data, interval = "credible"))
  argument(fitted(fit, interval = "prediction"))
  for (bad in list(0, 1, 95, NA, "half", c(0.1, 0.9))) {
    argument(predict(fit, new_data, interval = "prediction", level = bad))
    argument(fitted(fit, interval = "confidence", level = bad))
  }
  expect_error(predict(fit, with_new_groups, allow_new_levels = FALSE), class = "bayespool_error_data")
})

test_that("what needs a response asks for it", {
  for (f in list(log_lik, predictive_error)) {
    for (bad in list(new_data[c("g", "x", "f")], transform(new_data, y = NA), transform(new_data, y = c(1, NA, 2)),
                     transform(new_data, y = Inf), transform(new_data, y = "5"))) {
      expect_error(f(fits$varying, newdata = bad), class = "bayespool_error_data")
    }
  }
})

test_that("what would not fit in memory is refused", {
  fit <- complete_pooling(y ~ 1, data, chains = 1, iter_sampling = 1e6, seed = 1)
  many <- data.frame(y = rep(1, 1e6))
  for (f in predictors[setdiff(names(predictors), "predictive_interval")]) {
    error <- expect_error(f(fit, newdata = many), class = "bayespool_error_memory")
    expect_match(conditionMessage(error), "ndraws")
  }
  expect_identical(dim(posterior_predict(fit, many[1:9, , drop = FALSE], ndraws = 10)), c(10L, 9L))
})
