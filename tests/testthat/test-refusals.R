# Bad input is refused, by class.

use_code("fits")

test_that("bad data are refused", {
  expect_refused(complete(data[0, ]), "data")
  expect_refused(partial(data[0, ]), "data")
  expect_refused(suppressMessages(complete(transform(data, y = NA_real_))), "data")
  expect_refused(suppressMessages(partial(transform(data, g = NA_character_))), "data")
  expect_refused(partial(transform(data, y = c(Inf, y[-1]))), "data")
  expect_refused(varying(transform(data, x = c(-Inf, x[-1]))), "data")
  expect_refused(partial(transform(data, y = factor(y))), "data")
  expect_refused(partial(transform(data, y = as.character(y))), "data")
  expect_refused(partial(data["g"]), "data")
  expect_refused(partial(data["y"]), "data")
  expect_refused(varying(data[c("g", "y")]), "data")
  expect_refused(partial(as.list(data)), "data")
  expect_refused(partial(NULL), "data")
})

test_that("a call without data is refused", {
  expect_refused(partial_pooling(y ~ 1 + (1 | g)), "argument")
  expect_refused(partial_pooling(y ~ 1 + (1 | g), data, NULL, 4), "argument")
})

test_that("bad formulas are refused", {
  fit <- function(f, formula) f(formula, data, iter_sampling = 0)
  expect_refused(fit(partial_pooling, y ~ 1 + (1 | g) + (1 | h)), "formula")
  expect_refused(fit(partial_pooling, y ~ 1), "formula")
  expect_refused(fit(no_pooling, y ~ x), "formula")
  expect_refused(fit(varying_intercept, y ~ x), "formula")
  expect_refused(fit(varying_intercept, y ~ x + (x | g)), "formula")
  expect_refused(fit(varying_intercept, y ~ x + (1 | g / h)), "formula")
  expect_refused(fit(partial_pooling, y ~ x + (1 | g)), "formula")
  expect_refused(fit(partial_pooling, ~ 1 + (1 | g)), "formula")
  expect_refused(fit(partial_pooling, cbind(y, x) ~ 1 + (1 | g)), "formula")
  expect_refused(fit(partial_pooling, "y ~ 1"), "formula")
  expect_refused(fit(complete_pooling, y ~ 0), "formula")
})

test_that("bad priors are refused", {
  expect_refused(partial(data, mu = normal), "prior")
  expect_refused(partial(data, sigma = exponential), "prior")
  expect_refused(complete(data, hyper_mu = normal), "prior")
  expect_refused(varying(data, "beta[z]" = normal), "prior")
  expect_refused(partial(data, sigma_mu = dist_uniform(-2, -1)), "prior")
  expect_refused(partial(data, sigma_y = dist_degenerate(0)), "prior")
  expect_refused(partial(data, sigma_y = dist_degenerate(-1)), "prior")
  expect_refused(partial(data, hyper_mu = exponential), "prior")
  expect_refused(partial(data, sigma_mu = 1), "prior")
  expect_refused(partial_pooling(y ~ 1 + (1 | g), data, prior = normal), "prior")
})

test_that("bad tables are refused", {
  make <- function(group = c("a", "b"), n = c(3, 4), mean = c(1, 2), sd = c(1, 1)) as_group_moments(group, n, mean, sd)
  expect_refused(make(n = c(3, -4)), "moments")
  expect_refused(make(n = c(3, 0)), "moments")
  expect_refused(make(n = c(3, 1.5)), "moments")
  expect_refused(make(sd = c(1, -1)), "moments")
  expect_refused(make(sd = c(1, NA)), "moments")
  expect_refused(make(mean = c(1, Inf)), "moments")
  expect_refused(make(group = c("a", "a")), "moments")
  expect_refused(make(group = "a"), "moments")
})

test_that("coefficients whose covariances would not fit in memory are refused with their size", {
  fit <- varying_intercept(yield ~ N + P + (1 | block), npk, iter_sampling = 0)
  posterior <- bayespool:::fit_posterior(fit)
  core <- function(function_of_core, ...) {
    bayespool:::run_core(function_of_core(posterior$problem, posterior$propriety$orders, posterior$record, ...), NULL)
  }
  few <- function(memory) core(bayespool:::cpp_summary, 0.5, 0, rep(TRUE, posterior$problem$variables + 1), FALSE, memory)
  expect_error(few(1e4), "take .* are available", class = "bayespool_error_memory")
  expect_equal(few(1e8)[, 1], exact_summary(fit)$mean)
  rows <- function(memory) {
    core(bayespool:::cpp_leave_one_out, matrix(c(0, 0, 50), 1), 1, 0L, "densities", 0, 1L, memory)
  }
  expect_error(rows(1e4), class = "bayespool_error_memory")
  expect_length(rows(1e8), 2)
})

test_that("complex numbers are not counts", {
  for (argument in c("chains", "iter_sampling", "iter_warmup", "seed", "cores")) {
    expect_refused(do.call(complete_pooling, c(list(y ~ 1, data), stats::setNames(list(4 + 0i), argument))), "argument")
  }
  fit <- complete_pooling(y ~ 1, data, iter_sampling = 10)
  expect_refused(posterior_predict(fit, ndraws = 2 + 0i), "argument")
  expect_refused(posterior_predict(fit, seed = 2 + 0i), "argument")
})
