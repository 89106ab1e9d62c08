# The estimated error of exact fits is above the true one. Many more cases: the script accuracy in the folder tools.

use_code("oracle")
use_code("accuracy")

test_that("the error of random fits is below its estimate", {
  for (seed in if (identical(Sys.getenv("NOT_CRAN"), "true")) 1:40 else 1:5) {
    set.seed(seed)
    case <- ordinary_case()
    found <- judge(fit_ordinary(case), function(fine) oracle_ordinary(case, fine))
    if (found[["error"]] > found[["estimate"]] + found[["oracle"]]) fail(paste("seed", seed, paste(signif(found, 2), collapse = " ")))
    expect_lt(found[["estimate"]], 1e-6)
  }
})

test_that("accuracy() sees a quadrature that is too coarse", {
  fit <- partial_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0)
  good <- accuracy(fit)
  expect_s3_class(good, "bayespool_accuracy")
  expect_lt(good$error, 1e-8)
  expect_lt(good$edge_mass, 1e-12)
  # The record of a fit to other data is a rule that is right for those.
  other <- partial_pooling(yield ~ 1 + (1 | block), transform(npk, yield = yield + rnorm(24)), iter_sampling = 0)
  wrong <- replace(fit, c("record", "log_evidence"), unclass(other)[c("record", "log_evidence")])
  expect_gt(accuracy(wrong)$error, 1e-2)
})

test_that("what moments cannot tell is in the estimate", {
  rows <- withr::with_seed(1, data.frame(g = rep(1:5, 6), x = rnorm(30), u = rnorm(30)))
  rows$y <- 1e6 * rows$x + 0.1 * rows$u
  halves <- lapply(list(1:15, 16:30), function(i) group_moments(y ~ x + (1 | g), rows[i, ]))
  fit <- function(data) varying_intercept(y ~ x + (1 | g), data, iter_sampling = 0, prior = list(sigma_y = dist_lognormal(0, 1)))
  expect_lt(accuracy(fit(rows))$error, 1e-6)
  expect_warning(merged <- fit(do.call(c, halves)), class = "bayespool_warning_precision")
  expect_gt(accuracy(merged)$error, 1e-2)
  expect_output(print(merged), "Moments lost digits: errors of up to .* posterior sds; see accuracy\\(\\)")
  expect_false(any(grepl("lost digits", capture.output(print(fit(rows))))))
})

test_that("accuracy() is printed with its scheme, for every model and with known sds", {
  print_of <- function(fit) paste(capture.output(print(accuracy(fit))), collapse = "\n")
  fit <- partial_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0)
  expect_match(print_of(fit), "Estimated error: 1e-09 posterior sds\n  scheme: a trapezoidal rule over sigma_y, and at each of its")
  expect_match(print_of(update(fit, prior = list(sigma_mu = dist_degenerate(2)))), "scheme: a trapezoidal rule over sigma_y\n")
  expect_match(print_of(update(fit, prior = list(sigma_y = dist_degenerate(2)))), "scheme: a trapezoidal rule over sigma_mu\n")
  known <- update(fit, prior = list(sigma_y = dist_degenerate(2), sigma_mu = dist_degenerate(2)))
  expect_match(print_of(known), "closed form: both standard deviations are known\n  nodes: 1;")
  expect_match(print_of(no_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0)), "over sigma for each group")
  expect_lt(accuracy(complete_pooling(yield ~ N, npk, prior_only = TRUE, iter_sampling = 0))$error, 1e-8)
})

test_that("chains have another error, and arguments are checked", {
  fit <- suppressWarnings(complete_pooling(yield ~ 1, npk, algorithm = "nuts", iter_sampling = 50, iter_warmup = 50, seed = 1))
  expect_error(accuracy(fit), "mcse_mean", class = "bayespool_error_argument")
  expect_error(accuracy(update(fit, algorithm = "exact"), 3), class = "bayespool_error_argument")
})
