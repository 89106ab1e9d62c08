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

# Values that a class calls missing, as haven's "labelled_spss" does with those of `na_values`.
registerS3method("is.na", "with_missing_codes", function(x) unclass(x) %in% attr(x, "codes") | is.na(unclass(x)))
registerS3method("[<-", "with_missing_codes", function(x, i, value) {
  bare <- unclass(x)
  bare[i] <- value
  structure(bare, class = class(x))
})
registerS3method("[", "with_missing_codes", function(x, i) structure(unclass(x)[i], codes = attr(x, "codes"), class = class(x)))

test_that("values are missing where the class of their column says so", {
  coded <- function(x, codes, where) structure(replace(x, where, codes[1]), codes = codes, class = "with_missing_codes")
  for (verb in list(varying_intercept, varying_slope)) {
    formula <- if (identical(verb, varying_slope)) y ~ x + (0 + x | g) else y ~ x + (1 | g)
    fit_to <- function(data) suppressMessages(verb(formula, data, iter_sampling = 0))
    marked <- data
    marked$x <- coded(data$x, c(-99, -98), 2)
    marked$y <- coded(data$y, 999, 5)
    marked$g <- coded(data$g, "?", 7)
    plain <- transform(data, x = replace(x, 2, NA), y = replace(y, 5, NA), g = replace(g, 7, NA))
    ours <- fit_to(marked)
    expect_equal(nobs(ours), 5)
    expect_identical(exact_summary(ours), exact_summary(fit_to(plain)))
    expect_identical(fitted(ours), fitted(fit_to(plain)))
    expect_identical(exact_summary(update(ours, prior = list(beta = dist_normal(0, 1)))),
                     exact_summary(update(fit_to(plain), prior = list(beta = dist_normal(0, 1)))))
    expect_error(predict(ours, marked), "missing", class = "bayespool_error_data")
    expect_equal(suppressMessages(group_moments(formula, marked)), suppressMessages(group_moments(formula, plain)))
    expect_message(verb(formula, marked, iter_sampling = 0), "Dropped 3 rows.*`y`.*`x`.*`g`", class = "bayespool_message_dropped")
  }
  # Also in a term that is coded, beside weights, and of counts.
  plain <- transform(data, x = replace(x, 2, NA), w = replace(rep(1, 8), 4, NA))
  marked <- transform(data, w = 1)
  marked$x <- coded(data$x, -99, 2)
  marked$w <- coded(rep(1, 8), -1, 4)
  curve <- function(data) suppressMessages(complete_pooling(y ~ log(x) + factor(x), data, weights = w, iter_sampling = 0))
  expect_identical(exact_summary(curve(marked)), exact_summary(curve(plain)))
  counts <- function(data) suppressMessages(partial_pooling(round(y) ~ 1 + (1 | x), data, family = poisson(), iter_sampling = 0))
  expect_identical(exact_summary(counts(marked)), exact_summary(counts(plain)))
})

test_that("haven's user-missing values are missing", {
  skip_if_not_installed("haven")
  spss <- getExportedValue("haven", "labelled_spss")
  marked <- data
  marked$x <- spss(replace(data$x, 2, -99), na_values = -99)
  marked$y <- spss(replace(data$y, 5, 999), na_range = c(900, 999))
  plain <- transform(data, x = replace(x, 2, NA), y = replace(y, 5, NA))
  table <- function(data, formula) exact_summary(suppressMessages(varying_intercept(formula, data, iter_sampling = 0)))
  for (formula in c(y ~ x + (1 | g), y ~ exp(x) + (1 | g))) expect_identical(table(marked, formula), table(plain, formula))
})
