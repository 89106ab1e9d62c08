# DHARMa, tried for real: its residuals beside quantiles of posterior predictions.

skip_on_cran() # all of it takes long

residuals_of <- function(...) {
  # It warns of all classes that are not in its list.
  withCallingHandlers(suppressMessages(getExportedValue("DHARMa", "simulateResiduals")(...)), warning = function(cnd) {
    if (grepl("not in class of supported", conditionMessage(cnd))) invokeRestart("muffleWarning")
  })
}
exported <- function(name) getExportedValue("DHARMa", name)

rows <- withr::with_seed(1, data.frame(
  g = rep(c("b", "a", "c", "d"), c(4, 9, 8, 9)), h = rep(letters[1:5], 6), x = rnorm(30), n = rep(c(5, 8, 6), 10), e = runif(30, 1, 3)
))
rows <- withr::with_seed(2, transform(
  rows, y = x + rnorm(30, match(g, letters)), k = rbinom(30, n, plogis(match(g, letters) / 3)), c = rpois(30, 2 * e)
))
slopes <- varying_intercept(y ~ x + (1 | g), rows, seed = 1, iter_sampling = 500)

test_that("residuals are the shares of posterior predictions below the response", {
  skip_if_not_installed("DHARMa", "0.5.0")
  found <- residuals_of(slopes, n = 2000)
  expect_identical(found$observedResponse, rows$y)
  expect_equal(found$fittedPredictedResponse, unname(predict(slopes, re_formula = NA)))
  expect_identical(dim(found$simulatedResponse), c(30L, 2000L))
  # The same probabilities from the draws of mean and sd, without noise.
  draws <- as.data.frame(slopes)
  below <- vapply(seq_len(30), function(i) {
    mean(pnorm(rows$y[i], posterior_epred(slopes, rows[i, ])[, 1], draws$sigma_y))
  }, 0)
  expect_lt(max(abs(found$scaledResiduals - below) / sqrt(below * (1 - below) / 2000)), 5)
  expect_identical(residuals_of(slopes, n = 20)$scaledResiduals, residuals_of(slopes, n = 20)$scaledResiduals)
  # As without methods.
  by_hand <- exported("createDHARMa")(
    t(posterior_predict(slopes, seed = 1)), rows$y, fittedPredictedResponse = predict(slopes, re_formula = NA), integerResponse = FALSE
  )
  expect_lt(max(abs(by_hand$scaledResiduals - below) / sqrt(below * (1 - below) / 2000)), 5)
})

test_that("\"unconditional\" has new groups from the population, of each of two factors", {
  skip_if_not_installed("DHARMa", "0.5.0")
  two <- mixed_model(y ~ x + (1 | g) + (1 | h), rows, seed = 1, iter_sampling = 500)
  for (fit in list(slopes, two)) {
    found <- residuals_of(fit, n = 2000, simulateREs = "unconditional")$simulatedResponse
    new <- transform(rows, g = paste("new", g), h = paste("new", h))
    for (i in c(1, 10)) {
      expect_within_mcse(found[i, ], predict(fit, new)[[i]])
      interval <- predict(fit, new, interval = "prediction", level = 0.5)
      expect_within_mcse(found[i, ] > interval[i, "lwr"] & found[i, ] < interval[i, "upr"], 0.5)
    }
    # Rows of one group share its effect.
    expect_gt(cor(found[14, ], found[16, ]), 0.1)
  }
  none <- no_pooling(y ~ x + (1 | g), rows, seed = 1, iter_sampling = 100)
  expect_identical(dim(residuals_of(none, n = 50)$simulatedResponse), c(30L, 50L))
  expect_error(residuals_of(none, n = 50, simulateREs = "unconditional"), class = "bayespool_error_model")
})

test_that("counts and trials are whole numbers, whose residuals are randomised", {
  skip_if_not_installed("DHARMa", "0.5.0")
  trials <- partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), rows, family = binomial(), seed = 1, iter_sampling = 100)
  found <- residuals_of(trials, n = 100)
  expect_true(found$integerResponse)
  expect_equal(found$observedResponse, rows$k)
  expect_true(all(found$simulatedResponse <= rows$n))
  counts <- partial_pooling(c ~ 1 + offset(log(e)) + (1 | g), rows, family = poisson(), seed = 1, iter_sampling = 100)
  expect_equal(residuals_of(counts, n = 100)$observedResponse, rows$c)
})

test_that("DHARMa's tests and groups, also with rows that were dropped", {
  skip_if_not_installed("DHARMa", "0.5.0")
  fit <- suppressMessages(update(slopes, data = transform(rows, y = replace(y, 2, NA))))
  found <- residuals_of(fit, n = 100)
  withr::local_pdf(NULL)
  uniform <- suppressWarnings(exported("testUniformity")(found, plot = FALSE)) # of ties
  expect_identical(uniform$p.value, suppressWarnings(stats::ks.test(found$scaledResiduals, "punif"))$p.value)
  grouped <- exported("recalculateResiduals")(found, group = ~g)
  expect_equal(grouped$observedResponse, as.vector(tapply(rows$y[-2], rows$g[-2], sum)))
  expect_error(residuals_of(fit, n = 5, refit = TRUE), "refit = FALSE", class = "bayespool_error_model")
  expect_error(exported("testDispersion")(found, type = "PearsonChisq", plot = FALSE), "Pearson", class = "bayespool_error_model")
})
