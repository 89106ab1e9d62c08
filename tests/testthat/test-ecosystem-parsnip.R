# parsnip's engine: fits and predictions are those of mixed_model().

skip_on_cran() # parsnip takes long to load

exported <- function(package, name) getExportedValue(package, name)
skip_if_not_installed("parsnip")

rows <- withr::with_seed(1, {
  g <- rep(letters[1:5], c(2, 9, 6, 4, 7))
  data.frame(g, x = rnorm(28, 3), w = rep(c(1, 3), 14), y = rep(rnorm(5, 3, 2), c(2, 9, 6, 4, 7)) + rnorm(28, 0, 3))
})
spec <- exported("parsnip", "set_engine")(exported("parsnip", "linear_reg")(), "bayespool", iter_sampling = 0)
fit_spec <- exported("parsnip", "fit.model_spec")

test_that("the engine fits mixed_model()", {
  fitted <- fit_spec(spec, y ~ x + (1 | g), rows)
  ours <- mixed_model(y ~ x + (1 | g), rows, iter_sampling = 0)
  expect_identical(exported("parsnip", "extract_fit_engine")(fitted)$log_evidence, ours$log_evidence)
  new <- data.frame(x = c(1, 2), g = c("a", "new"))
  expect_equal(as.data.frame(predict(fitted, new)), data.frame(.pred = unname(predict(ours, new))))
  ends <- function(interval, level) {
    table <- predict(ours, new, interval = interval, level = level)
    data.frame(.pred_lower = table[, "lwr"], .pred_upper = table[, "upr"], row.names = NULL)
  }
  expect_equal(as.data.frame(predict(fitted, new, type = "conf_int")), ends("confidence", 0.95), ignore_attr = "level")
  expect_equal(as.data.frame(predict(fitted, new, type = "pred_int", level = 0.8)), ends("prediction", 0.8), ignore_attr = "level")
  expect_equal(predict(fitted, new, type = "raw"), predict(ours, new))
})

test_that("weights go through", {
  weighted <- fit_spec(spec, y ~ x + (1 | g), rows, case_weights = exported("hardhat", "importance_weights")(rows$w))
  ours <- mixed_model(y ~ x + (1 | g), rows, weights = w, iter_sampling = 0)
  expect_equal(exported("parsnip", "extract_fit_engine")(weighted)$log_evidence, ours$log_evidence)
})
