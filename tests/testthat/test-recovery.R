# Known parameters come back; more data say more, trivial noise nothing, and far from the data less is known.

use_code("oracle")

truth <- c(beta_0 = 2, "beta[x]" = -0.7, sigma_y = 1.5, sigma_0 = 0.8)
simulate_lines <- function(groups, size, seed) {
  withr::with_seed(seed, {
    g <- rep(seq_len(groups), each = size)
    x <- rnorm(groups * size, 3)
    intercept <- rnorm(groups, truth[["beta_0"]], truth[["sigma_0"]])
    data.frame(g, x, y = rnorm(groups * size, intercept[g] + truth[["beta[x]"]] * x, truth[["sigma_y"]]))
  })
}
summarise_lines <- function(data, ...) {
  table <- exact_summary(varying_intercept(y ~ x + (1 | g), data, iter_sampling = 0, ...))
  table[match(names(truth), table$variable), ]
}

test_that("parameters are recovered from simulated data, and ten times more closely from a hundred times the groups", {
  for (seed in 1:5) {
    few <- summarise_lines(simulate_lines(20, 8, seed))
    many <- summarise_lines(simulate_lines(2000, 8, seed))
    # Five posterior sds: about one in a million for each of the 40.
    expect_lt(max(abs(few$mean - truth) / few$sd), 5)
    expect_lt(max(abs(many$mean - truth) / many$sd), 5)
    expect_lt(max(many$sd / few$sd), 1 / 5)
  }
})

test_that("noise at the scale of rounding changes nothing", {
  data <- simulate_lines(12, 5, seed = 6)
  shaken <- data
  for (column in c("x", "y")) {
    shaken[[column]] <- data[[column]] * (1 + .Machine$double.eps * withr::with_seed(7, sample(-2:2, nrow(data), TRUE)))
  }
  expect_false(identical(shaken, data))
  expect_equal(summarise_lines(shaken), summarise_lines(data), tolerance = 1e-8)
})

test_that("seeds and starting points change draws by their Monte Carlo error only", {
  data <- simulate_lines(12, 5, seed = 6)
  exact <- summarise_lines(data)
  for (algorithm in c("exact", "nuts")) {
    for (seed in 1:3) {
      draws <- as_draws(varying_intercept(y ~ x + (1 | g), data, algorithm = algorithm, seed = seed))
      for (i in seq_len(nrow(exact))) {
        expect_within_mcse(posterior::extract_variable_matrix(draws, exact$variable[i]), exact$mean[i])
      }
    }
  }
})

test_that("a response that follows the predictors exactly is fitted where the prior keeps sigma above 0", {
  line <- transform(simulate_lines(4, 3, seed = 8), y = 2 + 3 * x)
  priors <- list(
    beta_0 = p_normal(0, 5), beta = p_normal(0, 5), sigma_y = p_lognormal(0, 0.5), sigma_0 = p_exponential(1)
  )
  fit <- varying_intercept(y ~ x + (1 | g), line, prior = package_priors(priors), iter_sampling = 0)
  expect_oracle(fit, oracle_fit("varying_intercept", line$y, priors, group = line$g, x = cbind(x = line$x)))
})

test_that("expected values and predictions are less certain the further the predictor is from the data", {
  data <- simulate_lines(6, 5, seed = 9)
  fit <- varying_intercept(y ~ x + (1 | g), data, seed = 1)
  away <- data.frame(g = 1, x = mean(data$x) + c(0, 2, 4, 8, 16, 32))
  expect_true(all(diff(apply(posterior_epred(fit, away), 2, sd)) > 0))
  # Predictions have noise of their own beside it, the same for each row only in distribution.
  width <- apply(predictive_interval(fit, newdata = away[c(1, 4, 6), ], seed = 1), 1, diff)
  expect_true(all(diff(width) > 0))
})
