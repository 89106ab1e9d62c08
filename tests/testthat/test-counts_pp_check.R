# Predictive checks of counts.

skip_on_cran() # all of it takes long

skip_if_not_installed("ggplot2")
skip_if_not_installed("bayesplot")

batters <- data.frame(player = sprintf("b%02d", 1:18), hits = c(18:14, 14:11, 11, rep(10, 5), 9:7), at_bats = 45)
pumps <- data.frame(
  pump = letters[1:10], failures = c(5, 1, 5, 14, 3, 19, 1, 1, 4, 22),
  time = c(94.3, 15.7, 62.9, 126, 5.24, 31.4, 1.05, 1.05, 2.1, 10.5)
)
binomial_fit <- partial_pooling(cbind(hits, at_bats - hits) ~ 1 + (1 | player), batters, family = binomial(), seed = 1)
poisson_fit <- partial_pooling(failures ~ 1 + offset(log(time)) + (1 | pump), pumps, family = poisson(), seed = 1)
check <- function(...) suppressMessages(pp_check(...))

test_that("every type draws", {
  skip_on_cran() # long
  with_x <- varying_intercept(
    cbind(hits, at_bats - hits) ~ x + (1 | player), transform(batters, x = seq(0, 1, length.out = 18)), family = binomial(), seed = 1
  )
  for (fit in list(with_x, poisson_fit)) {
    for (type in setdiff(check_types(fit$model), if (identical(fit, poisson_fit)) "error_scatter_avg_vs_x")) {
      expect_s3_class(suppressWarnings(check(fit, type, seed = 1)), "ggplot")
    }
  }
})

test_that("types are those of the outcome", {
  expect_true(all(c("groups", "bars", "rootogram", "error_binned", "dens_overlay", "stat") %in% check_types(binomial_fit$model)))
  expect_true(all(c("bars", "rootogram") %in% check_types(poisson_fit$model)))
  error <- function(fit, type, pattern) expect_error(check(fit, type), pattern, class = "bayespool_error_argument")
  error(poisson_fit, "error_binned", "not for Poisson counts")
  error(binomial_fit, "loo_pit_overlay", "not for binomial counts")
  error(binomial_fit, "pit_ecdf", "not for binomial counts")
  error(complete_pooling(yield ~ 1, npk, seed = 1), "bars", "not for a normal outcome")
  error(binomial_fit, "km_overlay", "not for")
  error(binomial_fit, "nonsense", "no such")
})

test_that("bars count the rows and the predictions", {
  data <- check(poisson_fit, "bars", seed = 1)$data
  draws <- posterior_predict(poisson_fit, seed = 1)
  observed <- ggplot2::layer_data(check(poisson_fit, "bars", seed = 1), 1)
  expect_equal(sum(observed$y), 10)
  at_one <- data[data$x == 1, ]
  expect_equal(unname(at_one$m), median(rowSums(draws == 1)))
})

test_that("binned errors are those of proportions", {
  shown <- check(binomial_fit, "error_binned", ndraws = 1, seed = 3)$data
  p <- posterior_linpred(binomial_fit, transform = TRUE, ndraws = 1, seed = 3)
  expect_equal(sum(shown$ey_bar * 18 / nrow(shown)), sum(18 * tapply(p, rank(p), mean)) / 18, tolerance = 0.1)
  expect_true(all(abs(shown$err_bar) < 1))
})

test_that("distribution functions have steps", {
  expect_true(any(vapply(check(binomial_fit, "ecdf_overlay", seed = 1)$layers, function(layer) inherits(layer$geom, "GeomStep"), NA)))
})

test_that("each row is shown beside its prediction", {
  for (fit in list(binomial_fit, poisson_fit)) {
    picture <- check(fit, "groups")
    table <- predictive_table(fit)
    shown <- picture$data[order(picture$data$group), ]
    expect_equal(shown$y, table$observed)
    expect_equal(shown[c("mean", "lower", "upper")], as.data.frame(table)[c("mean", "lower", "upper")], ignore_attr = TRUE)
  }
  # Trials that are beside the data.
  trials <- batters$at_bats
  beside <- partial_pooling(hits / at_bats ~ 1 + (1 | player), batters, weights = trials, family = binomial(), iter_sampling = 0)
  expect_equal(check(beside, "groups")$data$y, batters$hits)
  new <- check(binomial_fit, "groups", newdata = data.frame(player = "new", hits = c(1, 60), at_bats = 100))
  expect_equal(new$data$y, c(1, 60))
  expect_equal(as.character(new$data$where), c("outside", "outside"))
})

test_that("the prior can be checked", {
  prior <- partial_pooling(cbind(hits, at_bats - hits) ~ 1 + (1 | player), batters, family = binomial(), seed = 1, prior_only = TRUE)
  expect_match(check(prior, "bars", seed = 1)$labels$title, "Prior")
})
