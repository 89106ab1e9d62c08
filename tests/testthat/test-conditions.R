# Messages, warnings and errors can be told apart, silenced one by one and caught.

with_gap <- data.frame(g = rep(1:3, 4), y = c(3.1, 4.2, 2, 5.5, 6.1, 7.3, 5.2, 1.9, 0.4, 2.2, 3, NA))
# Eighty draws a chain are too few for NUTS, and it says so.
noisy_fit <- function() partial_pooling(y ~ 1 + (1 | g), with_gap, algorithm = "nuts", iter_sampling = 80, seed = 1)
# The classes of what `expr` signals beyond what it silences itself.
signalled <- function(expr) {
  classes <- character()
  note <- function(restart) {
    function(cnd) {
      classes <<- c(classes, class(cnd)[1])
      invokeRestart(restart)
    }
  }
  withCallingHandlers(expr, message = note("muffleMessage"), warning = note("muffleWarning"))
  unique(classes)
}

test_that("messages go without the warnings, and the warnings without the messages", {
  all <- signalled(noisy_fit())
  expect_true(all(c("bayespool_message_dropped", "bayespool_warning_ess") %in% all))
  messages <- "bayespool_message_dropped"
  expect_setequal(signalled(suppressMessages(noisy_fit())), setdiff(all, messages))
  expect_identical(signalled(suppressWarnings(noisy_fit(), classes = "bayespool_warning")), messages)
  expect_setequal(
    signalled(suppressWarnings(noisy_fit(), classes = "bayespool_warning_ess")), setdiff(all, "bayespool_warning_ess")
  )
})

test_that("a fit whose warnings were silenced still shows what they were about", {
  fit <- suppressWarnings(suppressMessages(noisy_fit()))
  expect_lt(min(summary(fit)$ess_bulk), 400)
  skip_if_not_installed("bayesplot")
  expect_lt(min(bayesplot::neff_ratio(fit)), 400 / 320)
  expect_true(all(c("divergent__", "energy__") %in% levels(bayesplot::nuts_params(fit)$Parameter)))
  expect_error(bayesplot::nuts_params(fit, inc_warmup = NA), "inc_warmup", class = "bayespool_error_argument")
})

test_that("an error can be caught by class and turned into a value", {
  attempt <- function(...) {
    tryCatch(
      exact_summary(complete_pooling(y ~ 1, ..., iter_sampling = 0))$mean[1],
      bayespool_error_improper = function(cnd) NA,
      bayespool_error = function(cnd) sub(".*_", "", class(cnd)[1])
    )
  }
  expect_true(is.finite(suppressMessages(attempt(with_gap))))
  expect_identical(attempt(data.frame(y = c(1, 1)), list(mu = dist_normal(0, 1), sigma = dist_exponential(1))), NA)
  expect_identical(attempt(data.frame(z = 1)), "data")
})

# Messages that no other file triggers.
data <- data.frame(g = rep(1:3, each = 2), x = c(1, 2, 3, 4, 5, 7), y = c(1, 2, 4, 3, 5, 2))

test_that("a formula that terms() cannot read is refused with its reason", {
  for (formula in list(y ~ x^"a" + (1 | g), y ~ x^g + (1 | g), y ~ "x" + (1 | g))) {
    error <- expect_error(varying_intercept(formula, data), "cannot be read", class = "bayespool_error_formula")
    expect_s3_class(error$parent, "error")
  }
})

test_that("flat priors on both standard deviations need more data than each alone", {
  flat <- function(data) {
    priors <- list(hyper_mu = dist_uniform(-Inf, Inf), sigma_y = dist_uniform(0, Inf), sigma_mu = dist_uniform(0, Inf))
    partial_pooling(y ~ 1 + (1 | g), data, prior = priors, iter_sampling = 0)
  }
  expect_error(flat(data[c(1, 3, 5), ]), "too few data", class = "bayespool_error_improper")
  expect_no_error(flat(data))
})

test_that("posteriors beyond the range of numbers are refused", {
  fit <- function(sigma) {
    complete_pooling(y ~ 1, data[1, ], prior = list(mu = dist_normal(0, 1), sigma = sigma), iter_sampling = 0)
  }
  expect_error(fit(dist_gamma(1e-4, 1)), "too small or too large", class = "bayespool_error_numerical")
  expect_error(fit(dist_inverse_gamma(1e-3, scale = 1)), "did not converge", class = "bayespool_error_numerical")
})

test_that("the moments that a fit keeps, summed over its groups, cannot be taken apart", {
  kept <- partial_pooling(y ~ 1 + (1 | g), data, iter_sampling = 0)$reduced
  expect_error(kept["1"], "summed over all groups", class = "bayespool_error_moments")
})

test_that("a predictor that has become a matrix is refused", {
  fit <- varying_intercept(y ~ x + (1 | g), data, iter_sampling = 0)
  new <- data.frame(g = 1:2)
  new$x <- matrix(1:4, 2)
  expect_error(predict(fit, new), "2 columns; the fit has 1", class = "bayespool_error_data")
})
