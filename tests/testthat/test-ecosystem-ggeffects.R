# ggeffects and get_predicted() of insight, tried for real: beside predict(), draws and emmeans.

skip_on_cran() # all of it takes long

exported <- function(package, name) getExportedValue(package, name)
has_ggeffects <- function() skip_if_not_installed("ggeffects", "2.3.0") # whose get_predictions() takes methods of others
# Notes for readers are no part of what is tested.
gg <- function(name, ...) suppressMessages(exported("ggeffects", name)(...))

rows <- withr::with_seed(1, data.frame(
  g = factor(rep(c("b", "a", "c", "d"), c(4, 9, 8, 9))), x = rnorm(30), f = factor(rep(c("u", "v", "w"), 10)), n = rep(c(5, 8, 6), 10),
  e = runif(30, 1, 3)
))
rows <- withr::with_seed(2, transform(
  rows, y = x + rnorm(30, as.integer(g)), k = rbinom(30, n, plogis(as.integer(g) / 3)), c = rpois(30, 2 * e)
))
slopes <- varying_intercept(y ~ x + f + (1 | g), rows, seed = 1, iter_sampling = 500)
at_mean <- data.frame(x = mean(rows$x), f = c("u", "v", "w"), g = "a")

test_that("ggpredict() gives exact means and central intervals, of the population and of groups", {
  has_ggeffects()
  table <- gg("ggpredict", slopes, "f")
  expect_identical(as.character(table$x), c("u", "v", "w"))
  expect_equal(table$predicted, unname(predict(slopes, at_mean, re_formula = NA)), tolerance = 1e-10)
  draws <- posterior_epred(slopes, at_mean, re_formula = NA)
  for (i in 1:3) {
    expect_within_mcse(draws[, i], table$predicted[i])
    expect_within_mcse(draws[, i] < table$conf.low[i], 0.025)
    expect_within_mcse(draws[, i] > table$conf.high[i], 0.025)
  }
  # Without draws the same.
  expect_equal(gg("ggpredict", update(slopes, iter_sampling = 0), "f")$conf.low, table$conf.low)
  groups <- gg("ggpredict", slopes, c("x [-1,1]", "g"), type = "random")
  new <- data.frame(x = groups$x, f = "u", g = as.character(groups$group))
  expect_equal(groups$predicted, unname(predict(slopes, new)), tolerance = 1e-10)
  observed <- gg("ggpredict", slopes, "f", interval = "prediction")
  expect_equal(observed$predicted, table$predicted)
  noisy <- posterior_predict(slopes, at_mean, re_formula = NA, seed = 1)
  for (i in 1:3) expect_within_mcse(noisy[, i] < observed$conf.low[i], 0.025)
  expect_error(gg("ggpredict", slopes, "f", type = "simulate"), class = "bayespool_error_argument")
  expect_true(all(is.na(gg("ggpredict", slopes, "f", ci_level = NA)$conf.low)))
})

test_that("ggemmeans() and predict_response() are marginal means", {
  has_ggeffects()
  skip_if_not_installed("emmeans")
  means <- gg("ggemmeans", slopes, "f")
  emm <- as.data.frame(emmeans::emmeans(slopes, ~f))
  expect_equal(means$predicted, emm$emmean)
  expect_equal(gg("predict_response", slopes, "f", margin = "marginalmeans")$predicted, emm$emmean)
  expect_equal(gg("predict_response", slopes, "f")$predicted, gg("ggpredict", slopes, "f")$predicted)
})

test_that("ggpredict() of all models: of trials probabilities, of counts those of the exposure", {
  has_ggeffects()
  trials <- partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), rows, family = binomial(), iter_sampling = 0)
  table <- gg("ggpredict", trials, "g", type = "random")
  p <- exact_summary(trials, scale = "response")
  expect_equal(table$predicted, p$mean[match(paste0("p[", table$x, "]"), p$variable)], tolerance = 1e-8)
  counts <- partial_pooling(c ~ 1 + offset(log(e)) + (1 | g), rows, family = poisson(), iter_sampling = 0)
  table <- gg("ggpredict", counts, "g", type = "random", condition = c(e = 2))
  expect_equal(table$predicted, unname(predict(counts, data.frame(g = as.character(table$x), e = 2))), tolerance = 1e-8)
  weighted <- varying_intercept(y ~ x + (1 | g), rows, weights = e, iter_sampling = 0)
  table <- gg("ggpredict", weighted, "x [0,1]", interval = "prediction")
  expect_equal(table$predicted, unname(predict(weighted, data.frame(x = 0:1), re_formula = NA)), tolerance = 1e-8)
  proportions <- partial_pooling(I(k / n) ~ 1 + (1 | g), rows, family = binomial(), weights = n, iter_sampling = 0)
  expect_equal(gg("ggpredict", proportions, "g", type = "random")$predicted, gg("ggpredict", trials, "g", type = "random")$predicted)
  logged <- varying_intercept(log(e) ~ x + (1 | g), rows, iter_sampling = 0)
  on_log_scale <- predict(logged, data.frame(x = 0:1), re_formula = NA)
  expect_equal(gg("ggpredict", logged, "x [0,1]")$predicted, exp(unname(on_log_scale)), tolerance = 1e-8)
  two <- mixed_model(y ~ x + (1 | g) + (1 | f), rows, iter_sampling = 0)
  table <- gg("ggpredict", two, "x [0,1]")
  expect_equal(diff(table$predicted), unname(fixef(two)["x"]), tolerance = 1e-8)
  none <- no_pooling(y ~ x + (1 | g), rows, iter_sampling = 0)
  table <- gg("ggpredict", none, "g")
  expect_equal(table$predicted, unname(predict(none, data.frame(x = mean(rows$x), g = as.character(table$x)))), tolerance = 1e-8)
  nuts <- complete_pooling(y ~ x, rows, algorithm = "nuts", seed = 1, iter_warmup = 300, iter_sampling = 300)
  expect_equal(gg("ggpredict", nuts, "x [0]")$predicted, mean(as.data.frame(nuts)$beta_0))
})

test_that("plot() of ggpredict() draws these numbers", {
  has_ggeffects()
  table <- gg("ggpredict", slopes, c("x [-1,0,1]", "g"), type = "random")
  withr::local_pdf(NULL)
  picture <- suppressMessages(plot(table, show_data = TRUE))
  lines <- ggplot2::ggplot_build(picture)$data
  expect_true(any(vapply(lines, function(layer) isTRUE(all.equal(sort(layer$y), sort(table$predicted))), NA)))
})

test_that("get_predicted() of insight has the draws, their means and intervals", {
  skip_if_not_installed("insight", "0.19.0")
  new <- data.frame(x = c(-1, 0, 1), f = "u", g = c("a", "b", "b"))
  found <- insight::get_predicted(slopes, new, ci = 0.9)
  draws <- posterior_epred(slopes, new)
  expect_equal(as.numeric(found), colMeans(draws))
  table <- as.data.frame(found, keep_iterations = FALSE)
  expect_equal(table$CI_low, apply(draws, 2, quantile, 0.05))
  expect_equal(unname(as.matrix(attr(found, "iterations"))), unname(t(draws)))
  population <- colMeans(posterior_epred(slopes, new, re_formula = NA))
  expect_equal(as.numeric(insight::get_predicted(slopes, new, include_random = FALSE)), population)
  expect_equal(as.numeric(insight::get_predicted(slopes, new[c("x", "f")])), population)
  expect_equal(as.numeric(insight::get_predicted(slopes)), colMeans(posterior_epred(slopes)))
  expect_identical(ncol(attr(insight::get_predicted(slopes, new, iterations = 10), "iterations")), 10L)
  trials <- partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), rows, family = binomial(), iter_sampling = 200, seed = 1)
  expect_equal(as.numeric(insight::get_predicted(trials)), colMeans(plogis(posterior_linpred(trials))))
  expect_equal(as.numeric(insight::get_predicted(trials, predict = "link")), colMeans(posterior_linpred(trials)))
  expect_error(insight::get_predicted(slopes, predict = "classification"), class = "bayespool_error_argument")
})

test_that("modelbased: means, contrasts and slopes", {
  skip_if_not_installed("modelbased", "0.18.0")
  skip_if_not_installed("emmeans")
  estimate <- function(name, ...) as.data.frame(suppressMessages(exported("modelbased", name)(...)))
  means <- estimate("estimate_means", slopes, "f", backend = "emmeans")
  expect_equal(means$Mean, as.data.frame(emmeans::emmeans(slopes, ~f))$emmean)
  contrasts <- estimate("estimate_contrasts", slopes, "f", backend = "emmeans")
  draws <- as.data.frame(slopes)
  expect_equal(contrasts$Difference[contrasts$Level1 == "v"], median(draws[["beta[fv]"]]))
  skip_if_not_installed("marginaleffects", "1.0.0")
  if (getRversion() < "4.4") withr::local_package("rlang") # marginaleffects uses the operator %||%, which R has since 4.4
  expect_equal(estimate("estimate_slopes", slopes, "x")$Median, median(draws[["beta[x]"]]), tolerance = 1e-6)
})
