# K-fold cross-validation: against leave-one-out, closed forms and refits without the folds.

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
  complete = complete_pooling(y ~ x + (1 | g), rows, prior = list(beta_0 = mu, beta = slope, sigma = sd_prior), iter_sampling = 0),
  separate = no_pooling(y ~ 1 + (1 | g), rows, prior = list(mu = mu, sigma = sd_prior), iter_sampling = 0),
  common = no_pooling(y ~ x + (1 | g), rows, prior = list(beta_0j = mu, beta = slope, sigma = sd_prior), weights = w, iter_sampling = 0),
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
elpd <- function(x) unname(x$pointwise[, 1])
# Two evidences of a model whose slopes vary differ by the errors of two lattices, about 1e-6 each.
tolerance_of <- function(name) if (name == "slopes") 1e-5 else 1e-7
evidence <- function(fit, data) log_marginal_likelihood(update(fit, data = data))
# log p(y_i | other folds), by fits to these, and to these and row i.
by_refits <- function(fit, data, folds) {
  vapply(seq_along(folds), function(i) {
    kept <- folds != folds[i]
    kept_and_row <- kept
    kept_and_row[i] <- TRUE
    evidence(fit, data[kept_and_row, ]) - evidence(fit, data[kept, ])
  }, 0)
}

test_that("one observation a fold: leave-one-out", {
  for (name in names(fits)) {
    fit <- fits[[name]]
    each <- kfold(fit, K = 16, seed = 1)
    left_out <- loo(fit)
    expect_equal(elpd(each), elpd(left_out), tolerance = tolerance_of(name))
    expect_equal(unname(each$pointwise[, 2:3]), unname(left_out$pointwise[, c("p_loo", "looic")]), tolerance = tolerance_of(name))
    expect_equal(unname(each$estimates), unname(left_out$estimates), tolerance = tolerance_of(name))
  }
})

test_that("known standard deviations: the multivariate normal distribution", {
  fit <- varying_intercept(
    y ~ x + (1 | g), rows, weights = w, iter_sampling = 0,
    prior = list(beta_0 = mu, beta = slope, sigma_y = dist_degenerate(1.3), sigma_0 = dist_degenerate(0.7))
  )
  covariance <- diag(1.3^2 / rows$w) + 0.7^2 * outer(rows$g, rows$g, `==`) + cbind(1, rows$x) %*% diag(c(5, 2)^2) %*% rbind(1, rows$x)
  truth <- function(folds) {
    vapply(seq_along(folds), function(i) {
      kept <- folds != folds[i]
      solved <- solve(covariance[kept, kept], cbind(covariance[kept, i], rows$y[kept] - 8))
      moments <- covariance[i, kept] %*% solved
      dnorm(rows$y[i], 8 + moments[2], sqrt(covariance[i, i] - moments[1]), log = TRUE)
    }, 0)
  }
  folds <- rep(c(7, 3, 1), length.out = 16)
  expect_equal(elpd(kfold(fit, folds = folds)), truth(folds), tolerance = 1e-9)
  expect_identical(kfold(fit, folds = folds)$folds, rep(3:1, length.out = 16))
  expect_equal(elpd(kfold(fit, group = "g")), truth(rows$g), tolerance = 1e-9)
})

test_that("refits without each fold, of rows and of groups, with outliers", {
  wild <- rows
  wild$y[c(2, 15)] <- c(60, -40)
  random <- withr::with_seed(2, loo::kfold_split_random(4, 16))
  in_turn <- rep(1:3, length.out = 16)
  for (name in names(fits)) {
    fit <- fits[[name]]
    expect_equal(elpd(kfold(fit, folds = in_turn)), by_refits(fit, rows, in_turn), tolerance = tolerance_of(name), label = name)
    expect_equal(elpd(kfold(fit, group = "g")), by_refits(fit, rows, rows$g), tolerance = tolerance_of(name), label = name)
    fit <- update(fit, data = wild)
    expect_equal(elpd(kfold(fit, folds = random)), by_refits(fit, wild, random), tolerance = tolerance_of(name), label = name)
  }
  expect_equal(elpd(kfold(fits$crossed, group = "h")), by_refits(fits$crossed, rows, rows$h), tolerance = 1e-7)
  # The only observation of its group.
  expect_equal(elpd(kfold(fits$varying, group = "g"))[16], elpd(loo(fits$varying, unit = "group"))[5], tolerance = 1e-8)
  nested <- mixed_model(y ~ x + (1 | h / g), rows, prior = fits$crossed$prior[1:3], iter_sampling = 0)
  cells <- as.integer(factor(paste(rows$h, rows$g)))
  expect_identical(elpd(kfold(nested, group = "h:g")), elpd(kfold(nested, folds = cells)))
})

test_that("counts: refits without each fold, and leave-one-out", {
  visits <- data.frame(
    ward = rep(letters[1:4], c(3, 2, 3, 1)), falls = c(2, 0, 1, 5, 3, 0, 0, 1, 2), days = c(10, 4, 12.1, 20, 9, 6, 3.3, 11, 7)
  )
  trials <- data.frame(ward = rep(letters[1:4], c(3, 2, 3, 1)), k = c(1, 0, 3, 2, 2, 0, 0, 1, 4), n = c(3, 2, 5, 2, 6, 4, 1, 5, 4))
  folds <- c(1, 2, 3, 1, 2, 3, 1, 2, 3)
  for (verb in list(complete_pooling, no_pooling, partial_pooling)) {
    of_visits <- verb(falls ~ 1 + offset(log(days)) + (1 | ward), visits, family = poisson(), iter_sampling = 0)
    of_trials <- verb(cbind(k, n - k) ~ 1 + (1 | ward), trials, family = binomial(), iter_sampling = 0)
    expect_equal(elpd(kfold(of_visits, folds = folds)), by_refits(of_visits, visits, folds), tolerance = 1e-8)
    expect_equal(elpd(kfold(of_trials, folds = folds)), by_refits(of_trials, trials, folds), tolerance = 1e-8)
    expect_equal(elpd(kfold(of_visits, group = "ward")), by_refits(of_visits, visits, visits$ward), tolerance = 1e-8)
    expect_equal(elpd(kfold(of_trials, K = 9)), elpd(loo(of_trials)), tolerance = 1e-6)
  }
  # A single count that says far more than all others.
  large <- rbind(visits, data.frame(ward = "e", falls = 5000, days = 900))
  fit <- partial_pooling(falls ~ 1 + offset(log(days)) + (1 | ward), large, family = poisson(), iter_sampling = 0)
  folds <- rep(1:2, 5)
  expect_equal(elpd(kfold(fit, folds = folds)), by_refits(fit, large, folds), tolerance = 1e-8)
})

test_that("folds at random: of the seed, alike in size, R's generator as it was", {
  fit <- fits$complete
  set.seed(1)
  before <- .Random.seed
  ten <- kfold(fit, seed = 3)
  expect_identical(.Random.seed, before)
  expect_identical(kfold(fit, seed = 3), ten)
  expect_false(identical(kfold(fit, seed = 4)$folds, ten$folds))
  expect_identical(range(tabulate(ten$folds)), 1:2)
  expect_identical(max(ten$folds), 10L)
  set.seed(1)
  random <- kfold(fit)$folds
  expect_false(identical(.Random.seed, before))
  set.seed(1)
  expect_identical(kfold(fit)$folds, random)
  # Each of two rows is in the first fold as often as in the second.
  first <- vapply(1:400, function(seed) core_random_keys(2, seed), numeric(2))
  expect_lt(abs(mean(first[1, ] < first[2, ]) - 0.5), 5 * 0.5 / sqrt(400))
})

test_that("the object is loo's: printing and comparing, rows with missing values left out", {
  with_missing <- rbind(rows[1:8, ], NA, rows[9:16, ])
  simple <- complete_pooling(y ~ 1 + (1 | g), with_missing, iter_sampling = 0)
  rich <- varying_intercept(y ~ x + (1 | g), with_missing, iter_sampling = 0)
  a <- kfold(simple, folds = 1 + (rows$w > 1))
  b <- kfold(rich, folds = 1 + (rows$w > 1))
  expect_s3_class(a, c("kfold", "loo"), exact = TRUE)
  expect_output(print(a), "2-fold cross-validation")
  compared <- loo_compare(list(a = a, b = b))
  difference <- elpd(a) - elpd(b)
  expect_equal(abs(compared[2, "elpd_diff"]), abs(sum(difference)))
  expect_equal(compared[2, "se_diff"], sqrt(16 * var(difference)))
  other <- kfold(complete_pooling(y ~ 1, transform(rows, y = y + 1), iter_sampling = 0), K = 2)
  expect_warning(loo_compare(list(a, other)), "yhash")
  nuts <- update(simple, algorithm = "nuts", iter_sampling = 0)
  expect_equal(elpd(kfold(nuts, folds = 1 + (rows$w > 1))), elpd(a))
})

test_that("arguments", {
  fit <- fits$varying
  for (K in list(1, 17, 2.5, "3", NA, c(2, 3))) expect_error(kfold(fit, K = K), "from 2 to 16", class = "bayespool_error_argument")
  for (folds in list(1:15, letters[1:16], c(1:15, NA), c(1:15, 1.5))) {
    expect_error(kfold(fit, folds = folds), "each of the 16 observations", class = "bayespool_error_argument")
  }
  expect_error(kfold(fit, folds = rep(2, 16)), "two folds", class = "bayespool_error_argument")
  expect_error(kfold(fit, folds = 1:16, group = "g"), "one of them", class = "bayespool_error_argument")
  expect_error(kfold(fit, group = "x"), "\"g\"", class = "bayespool_error_argument")
  expect_error(kfold(complete_pooling(y ~ x, rows, iter_sampling = 0), group = "g"), "no groups", class = "bayespool_error_data")
  expect_error(kfold(fit, seed = -1), "seed", class = "bayespool_error_argument")
  expect_error(kfold(update(fit, prior_only = TRUE)), "no data", class = "bayespool_error_argument")
  expect_warning(kfold(fit, K = 2, fold = 1:2), "folds", class = "bayespool_warning_argument")
  moments <- partial_pooling(y ~ 1 + (1 | g), group_moments(y ~ 1 + (1 | g), rows), iter_sampling = 0)
  expect_error(kfold(moments), "single observations", class = "bayespool_error_data")
  flat <- update(fits$common, prior = list(beta_0j = dist_uniform(-Inf, Inf)))
  expect_error(kfold(flat, group = "g"), "without fold 1", class = "bayespool_error_improper")
  withr::local_options(bayespool.progress = FALSE)
  expect_silent(kfold(fit, K = 2, seed = 1))
})
