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
