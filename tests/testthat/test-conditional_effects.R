# conditional_effects(): tables against predict() and closed forms, reference values, pictures, brms' generic.

rows <- withr::with_seed(1, {
  g <- rep(letters[1:5], c(2, 9, 6, 4, 7))
  data.frame(
    g, x = rnorm(28, 3), f = factor(rep(c("v", "u", "u", "w"), 7), c("w", "v", "u")), b = rep(c(TRUE, FALSE), 14),
    y = rep(rnorm(5, 3, 2), c(2, 9, 6, 4, 7)) + rnorm(28, 0, 3)
  )
})
fit <- varying_intercept(y ~ x * f + b + (1 | g), rows, iter_sampling = 0)
own <- c("estimate__", "lower__", "upper__")
predicted <- function(fit, newdata, ...) {
  of_lm <- predict(fit, newdata, interval = "confidence", se.fit = TRUE, ...)
  data.frame(of_lm$fit, se = unname(of_lm$se.fit), row.names = NULL)
}
expect_predicted <- function(table, predicted) {
  expect_equal(as.matrix(table[own]), as.matrix(predicted[c("fit", "lwr", "upr")]), ignore_attr = TRUE, tolerance = 1e-10)
  expect_equal(table$se__, predicted$se, tolerance = 1e-10)
}

test_that("tables are what predict() says at the reference values", {
  effects <- conditional_effects(fit)
  expect_identical(names(effects), c("x", "f", "b", "x:f"))
  at <- seq(min(rows$x), max(rows$x), length.out = 100)
  expect_identical(effects$x$x, at)
  expect_identical(effects$x$effect1__, at)
  expect_predicted(effects$x, predicted(fit, data.frame(x = at, f = "w", b = FALSE), re_formula = NA))
  expect_identical(effects$f$f, factor(c("w", "v", "u"), c("w", "v", "u")))
  expect_predicted(effects$f, predicted(fit, data.frame(x = mean(rows$x), f = c("w", "v", "u"), b = FALSE), re_formula = NA))
  expect_identical(effects$b$b, c(FALSE, TRUE))
  pair <- effects[["x:f"]]
  expect_identical(levels(pair$effect2__), c("w", "v", "u"))
  expect_predicted(pair, predicted(fit, data.frame(x = pair$x, f = pair$f, b = FALSE), re_formula = NA))
  expect_identical(nrow(pair), 300L)
})

test_that("with known standard deviations it is the normal distribution of x'beta", {
  known <- list(sigma = dist_degenerate(2), beta_0 = dist_uniform(-Inf, Inf), beta = dist_uniform(-Inf, Inf))
  fit <- complete_pooling(y ~ x, rows, prior = known, iter_sampling = 0)
  table <- conditional_effects(fit, prob = 0.9, resolution = 7)$x
  theirs <- lm(y ~ x, rows)
  at <- cbind(1, table$x)
  expect_equal(table$estimate__, drop(at %*% coef(theirs)))
  sd <- 2 * sqrt(rowSums(at %*% summary(theirs)$cov.unscaled * at))
  expect_equal(table$se__, sd)
  expect_equal(table$upper__ - table$estimate__, qnorm(0.95) * sd, tolerance = 1e-6)
})

test_that("a second number is shown at its mean and one sd from it", {
  numbers <- varying_intercept(y ~ x * z + (1 | g), cbind(rows, z = as.double(1:28)), iter_sampling = 0)
  pair <- conditional_effects(numbers, "x:z", resolution = 5)[[1]]
  at <- mean(1:28) + c(-1, 0, 1) * sd(1:28)
  expect_equal(pair$z, rep(at, each = 5))
  expect_identical(levels(pair$effect2__), c("6.27", "14.5", "22.7"))
  turned <- conditional_effects(fit, "f:x")[[1]]
  expect_identical(nrow(turned), 9L)
  expect_identical(turned$effect1__, rep(factor(c("w", "v", "u"), c("w", "v", "u")), 3))
})

test_that("what the predictor enters follows it", {
  transformed <- complete_pooling(y ~ log(x + 10) + poly(x, 2), rows, iter_sampling = 0)
  effects <- conditional_effects(transformed)
  expect_identical(names(effects), "x")
  expect_predicted(effects$x, predicted(transformed, data.frame(x = effects$x$x)))
})

test_that("conditions have other reference values, and groups", {
  conditions <- data.frame(f = c("v", "u"), row.names = c("first", "second"))
  table <- conditional_effects(fit, "x", conditions, resolution = 3)$x
  expect_identical(table$cond__, factor(rep(c("first", "second"), each = 3)))
  expect_predicted(table, predicted(fit, data.frame(x = table$x, f = rep(c("v", "u"), each = 3), b = FALSE), re_formula = NA))
  groups <- data.frame(g = c("a", "new"))
  table <- conditional_effects(fit, "x", groups, re_formula = NULL, resolution = 4)$x
  expect_identical(table$g, rep(c("a", "new"), each = 4))
  expect_predicted(table, predicted(fit, data.frame(x = table$x, f = "w", b = FALSE, g = table$g)))
})

test_that("slopes that vary, two factors, no pooling and chains", {
  slopes <- varying_intercept_slope(y ~ x + (1 + x | g), rows, seed = 1, iter_sampling = 0)
  table <- conditional_effects(slopes, "x", data.frame(g = "b"), re_formula = NULL, resolution = 4)$x
  expect_predicted(table, predicted(slopes, data.frame(x = table$x, g = "b")))
  crossed <- mixed_model(y ~ x + (1 | g) + (1 | f), rows, iter_sampling = 0)
  table <- conditional_effects(crossed, resolution = 4)$x
  expect_predicted(table, predicted(crossed, data.frame(x = table$x), re_formula = NA))
  alone <- no_pooling(y ~ x + (1 | g), rows, iter_sampling = 0)
  table <- conditional_effects(alone, "x", data.frame(g = "c"), re_formula = NULL, resolution = 4)$x
  expect_predicted(table, predicted(alone, data.frame(x = table$x, g = "c")))
  expect_error(conditional_effects(alone), class = "bayespool_error_model")
  chains <- suppressWarnings(update(fit, algorithm = "nuts", chains = 1, iter_sampling = 200, iter_warmup = 200), "bayespool_warning")
  table <- conditional_effects(chains, "x", resolution = 3)$x
  expect_predicted(table, predicted(chains, data.frame(x = table$x, f = "w", b = FALSE), re_formula = NA))
})

test_that("counts are probabilities, or rates for an exposure of 1", {
  cars <- transform(mtcars, wt = ave(wt, cyl))
  binomial <- varying_intercept(cbind(am, 1 - am) ~ wt + (1 | cyl), cars, family = binomial(), iter_sampling = 0)
  table <- conditional_effects(binomial, resolution = 3)$wt
  expect_equal(table$estimate__, predict(binomial, data.frame(wt = table$wt), re_formula = NA), ignore_attr = TRUE, tolerance = 1e-8)
  expect_true(all(table$lower__ > 0 & table$upper__ < 1))
  cars <- transform(mtcars, size = 10 * cyl, wt = ave(wt, gear))
  poisson <- varying_intercept(carb ~ wt + offset(log(size)) + (1 | gear), cars, family = poisson(), iter_sampling = 0)
  table <- conditional_effects(poisson, resolution = 3)$wt
  expect_equal(
    table$estimate__, predict(poisson, data.frame(wt = table$wt, size = 1), re_formula = NA), ignore_attr = TRUE, tolerance = 1e-8
  )
})

test_that("what cannot be shown says why", {
  argument_error <- function(...) expect_error(conditional_effects(fit, ...), class = "bayespool_error_argument")
  argument_error("z")
  argument_error("x:f:b")
  argument_error("x:x")
  argument_error(1)
  argument_error("x", list(f = "v"))
  argument_error("x", data.frame(q = 1))
  argument_error(resolution = 1)
  argument_error(prob = 0)
  argument_error(method = "posterior_predict")
  expect_error(conditional_effects(fit, re_formula = NULL), "conditions", class = "bayespool_error_data")
  expect_error(conditional_effects(fit, "x", data.frame(f = "q")), "unknown value", class = "bayespool_error_data")
  expect_error(conditional_effects(partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0)), class = "bayespool_error_model")
  moments <- varying_intercept(y ~ x + (1 | g), group_moments(y ~ x + (1 | g), rows), iter_sampling = 0)
  expect_error(conditional_effects(moments), class = "bayespool_error_data")
})

test_that("printing shows some rows of each", {
  expect_output(print(conditional_effects(fit)), "x:f.*and 294 more rows.*plot\\(\\) draws them")
})

test_that("pictures have the tables", {
  effects <- conditional_effects(fit, conditions = data.frame(g = c("a", "b")), re_formula = NULL)
  expect_identical(levels(effects[[1]]$cond__), c("g = a", "g = b"))
  pictures <- plot(effects)
  expect_identical(names(pictures), names(effects))
  for (name in names(pictures)) {
    expect_s3_class(pictures[[name]], "ggplot")
    expect_identical(pictures[[name]]$data$mean, effects[[name]]$estimate__)
    expect_identical(pictures[[name]]$data$upper, effects[[name]]$upper__)
    expect_silent(ggplot2::ggplotGrob(pictures[[name]]))
  }
})

test_that("brms' generic finds the method", {
  skip_if_not_installed("brms")
  expect_equal(getExportedValue("brms", "conditional_effects")(fit, "x"), conditional_effects(fit, "x"))
  expect_error(conditional_effects(lm(y ~ x, rows)), "conditional_effects") # brms' own default
})
