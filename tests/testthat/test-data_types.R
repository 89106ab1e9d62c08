# Columns of all kinds, and what of the data comes back with the fit.

data <- data.frame(
  g = rep(c("a", "b"), 4), x = c(1, 2, 3, 1, 2, 3, 4, 2), y = c(3.1, 4.2, 2, 5.5, 6.1, 7.3, 5.2, 1.4),
  row.names = paste("case", 1:8)
)

test_that("numbers with a class of their own are numbers", {
  measured <- transform(data, x = structure(x, class = "units", units = "kg"), y = structure(y, class = "measure"))
  table <- function(data) exact_summary(varying_intercept(y ~ x + (1 | g), data, iter_sampling = 0))
  expect_identical(table(measured), table(data))
  expect_identical(table(transform(data, y = as.integer(10 * y))), table(transform(data, y = trunc(10 * y))))
})

test_that("columns that are no numbers are refused as a response, whatever they are", {
  data$list <- as.list(data$y)
  data$complex <- complex(real = data$y, imaginary = 1)
  data$time <- as.difftime(data$y, units = "mins")
  data$ordered <- factor(data$y, ordered = TRUE)
  data$frame <- data["y"]
  for (name in c("list", "complex", "time", "ordered", "frame")) {
    formula <- stats::reformulate("1", name)
    expect_error(complete_pooling(formula, data), "numeric vector", class = "bayespool_error_data", label = name)
  }
})

test_that("a list column cannot be a predictor or group, and does no harm elsewhere", {
  with_list <- data
  with_list$list <- as.list(data$y)
  expect_error(complete_pooling(y ~ list, with_list), "predictors", class = "bayespool_error_data")
  expect_error(partial_pooling(y ~ 1 + (1 | list), with_list), "grouping factor", class = "bayespool_error_data")
  with_list$complex <- complex(real = data$x, imaginary = 1)
  expect_error(complete_pooling(y ~ complex, with_list), "predictors", class = "bayespool_error_data")
  fit <- function(data) varying_intercept(y ~ x + (1 | g), data, seed = 1, iter_sampling = 10)
  expect_identical(fit(with_list), fit(data))
})

test_that("a matrix is no data frame", {
  for (wrong in list(as.matrix(data[c("x", "y")]), array(1:8, c(2, 2, 2)), data$y)) {
    expect_error(complete_pooling(y ~ x, wrong), "data frame or group moments", class = "bayespool_error_data")
  }
})

test_that("rows keep the names that the user gave them", {
  data$y[3] <- NA
  fit <- suppressMessages(varying_intercept(y ~ x + (1 | g), data, iter_sampling = 0))
  kept <- paste("case", c(1, 2, 4:8))
  expect_named(fitted(fit), kept)
  expect_named(residuals(fit), kept)
  expect_named(predict(fit), kept)
  expect_identical(row.names(model.frame(fit)), kept)
  expect_identical(row.names(augment(fit)), kept)
  expect_null(names(augment(fit)$.fitted))
  expect_named(predict(fit, data[3:4, ]), c("case 3", "case 4"))
  # R's own numbers are no names.
  expect_null(names(fitted(suppressMessages(complete_pooling(y ~ x, data.frame(data, row.names = NULL), iter_sampling = 0)))))
})

test_that("confint() points to intervals of the posterior", {
  fit <- complete_pooling(y ~ x, data, iter_sampling = 0)
  expect_error(confint(fit, level = 0.8), "summary(fit, prob = 0.8)", fixed = TRUE, class = "bayespool_error_model")
})
