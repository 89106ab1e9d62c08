# The explorer's code makes what is on the screen.

use_code("app")
skip_on_cran() # all of it takes long

test_that("code of means gives the same fits, also with priors and changed groups", {
  exploration <- explore(scontrol ~ 1 + (1 | site), hpp_sites)
  expect_same_fits(exploration, list())
  priors <- list(
    list(model = "partial", parameter = "sigma_mu", family = "inverse_gamma", par = list(3, 5)),
    list(model = "none", parameter = "mu", family = "flat", par = list()),
    list(model = "complete", parameter = "mu", family = "normal", par = list(38, 2.5))
  )
  expect_same_fits(exploration, list(priors = priors))
  expect_same_fits(exploration, changes(45, priors = priors))
})

test_that("code has the user's data, priors, weights and sigma", {
  rows <- transform(npk, w = rep(1:2, 12))
  exploration <- explore(
    yield ~ 1 + (1 | block), rows, quote(my$rows), list(partial = list(sigma_mu = dist_lognormal(0, 1))), sigma = "common",
    weights = rlang::quo(w)
  )
  data <- list(my = list(rows = rows))
  expect_same_fits(exploration, list(), data)
  expect_same_fits(exploration, changes(54), data)
})

test_that("code of regressions gives the same fits", {
  expect_same_fits(explore(scontrol ~ stress + (1 | site), hpp_sites), changes(45))
  expect_same_fits(explore(yield ~ N + (1 | block), npk), changes(54))
  sent <- changes(54, priors = list(list(model = "N", parameter = "sigma_beta[N1]", family = "normal", par = list(0, 5))))
  expect_same_fits(explore(yield ~ N + (1 + N | block), npk), sent)
})

test_that("code of counts gives the same fits", {
  table <- data.frame(g = letters[1:6], hits = c(3, 5, 1, 0, 7, 4), misses = c(10, 9, 12, 8, 3, 6), time = c(10.5, 3, 4, 5, 6, 8))
  expect_same_fits(
    explore(cbind(hits, misses) ~ 1 + (1 | g), table, quote(table), family = "binomial"), changes(0.4), list(table = table)
  )
  expect_same_fits(
    explore(hits ~ 1 + offset(log(time)) + (1 | g), table, quote(table), family = "poisson"), changes(2.4), list(table = table)
  )
})

test_that("labels of groups are text in the code, whatever they are", {
  evil <- c("a\"); stop(\"ran\"); c(\"", "b\\", "`c`", "{d}")
  table <- as_group_moments(group = evil, n = c(5, 6, 7, 8), mean = c(1, 2, 4, 3), sd = c(2, 2, 1, 2), response = "y")
  exploration <- explore(y ~ 1 + (1 | g), table, quote(table))
  expect_same_fits(exploration, list(edits = list(list(at = 1, n = 9, mean = 2)), added = list(1), dropped = list(3)), list(table = table))
})

test_that("a fit is where the explorer starts from", {
  fit <- varying_intercept(yield ~ N + (1 | block), npk, list(sigma_0 = dist_exponential(2)), weights = rep(1:2, 12), iter_sampling = 0)
  exploration <- explored_fit(fit, quote(fit), NULL)
  expect_equal(exact_summary(fits_of(exploration)$partial), exact_summary(fit), tolerance = 1e-12)
  expect_same_fits(exploration, list(), list(fit = fit))
  expect_same_fits(exploration, changes(54), list(fit = fit))
  alone <- no_pooling(scontrol ~ stress + (1 | site), hpp_sites, list(sigma = dist_exponential(1)), iter_sampling = 0)
  exploration <- explored_fit(alone, quote(alone), NULL)
  expect_equal(exact_summary(fits_of(exploration)$none), exact_summary(alone), tolerance = 1e-12)
  expect_same_fits(exploration, changes(45), list(alone = alone))
  common <- no_pooling(scontrol ~ 1 + (1 | site), hpp_sites, sigma = "common", iter_sampling = 0)
  exploration <- explored_fit(common, quote(common), NULL)
  expect_equal(exact_summary(fits_of(exploration)$none), exact_summary(common), tolerance = 1e-12)
  expect_same_fits(exploration, list(), list(common = common))
  counts <- partial_pooling(cbind(Admitted, Rejected) ~ 1 + (1 | dept), admissions(), family = binomial(), iter_sampling = 0)
  exploration <- explored_fit(counts, quote(counts), NULL)
  expect_equal(exact_summary(fits_of(exploration)$partial), exact_summary(counts), tolerance = 1e-12)
  expect_same_fits(exploration, changes(0.4), list(counts = counts))
  slopes <- varying_intercept_slope(height ~ age + (1 + age | Subject), nlme::Oxboys, list(rho = dist_lkj(2)), iter_sampling = 0)
  exploration <- explored_fit(slopes, quote(slopes), NULL)
  expect_equal(exact_summary(fits_of(exploration)$all), exact_summary(slopes), tolerance = 1e-9)
  expect_same_fits(exploration, list(), list(slopes = slopes))
})
