# bayes_R2() against the fitted values of each draw, loo_R2() against least squares and refits.

rows <- withr::with_seed(5, {
  g <- rep(c("a", "b", "c"), c(9, 5, 2))
  x <- rnorm(16, 2)
  data.frame(g = g, x = x, y = rnorm(16, 10 + x + c(a = 0, b = 2, c = -1)[g], 1.5))
})

test_that("bayes_R2() is var(fit) / (var(fit) + sigma^2) of each draw", {
  fits <- list(
    complete_pooling(y ~ x + (1 | g), rows, seed = 1, iter_sampling = 50),
    complete_pooling(y ~ 0 + x, rows, seed = 1, iter_sampling = 50),
    no_pooling(y ~ 1 + (1 | g), rows, seed = 1, iter_sampling = 50),
    no_pooling(y ~ x + (1 | g), rows, seed = 1, iter_sampling = 50),
    partial_pooling(y ~ 0 + (1 | g), rows, seed = 1, iter_sampling = 50),
    varying_intercept(y ~ x + (1 | g), rows, seed = 1, iter_sampling = 50)
  )
  for (fit in fits) {
    draws <- as.data.frame(posterior::as_draws_matrix(fit))
    names <- names(draws)
    by_row <- vapply(seq_len(nrow(rows)), function(i) {
      group <- intersect(paste0(c("mu", "beta_0j"), "[", rows$g[i], "]"), names)
      base <- if (length(group) == 1) draws[[group]] else if ("beta_0" %in% names) draws$beta_0 else 0
      base + if ("beta[x]" %in% names) draws[["beta[x]"]] * rows$x[i] else 0
    }, numeric(200))
    of_row <- vapply(rows$g, function(g) draws[[intersect(c(paste0("sigma[", g, "]"), "sigma", "sigma_y"), names)[1]]]^2, numeric(200))
    explained <- apply(by_row, 1, var)
    expect_equal(bayes_R2(fit), explained / (explained + rowMeans(of_row)), tolerance = 1e-10)
  }
  moments <- update(fits[[6]], data = group_moments(y ~ x + (1 | g), rows))
  expect_equal(bayes_R2(moments), bayes_R2(fits[[6]]), tolerance = 1e-8)
  expect_lt(max(bayes_R2(complete_pooling(y ~ 1, rows, seed = 1))), 1e-12)
})

test_that("loo_R2() with flat coefficients is that of least squares", {
  flat <- list(beta_0 = dist_uniform(-Inf, Inf), beta = dist_uniform(-Inf, Inf))
  # The last one's outlier is left out by a quadrature of its own.
  for (outlier in c(0, 10, 1e4)) {
    data <- rows
    data$y[4] <- data$y[4] + outlier
    ls <- lm(y ~ x, data)
    fit <- complete_pooling(y ~ x, data, prior = flat, iter_sampling = 0)
    expect_equal(loo_R2(fit), 1 - var(resid(ls) / (1 - hatvalues(ls))) / var(data$y), tolerance = 1e-8)
  }
})

test_that("loo_R2() uses the means of refits", {
  data <- rbind(rows, data.frame(g = "alone", x = 1, y = 30))
  data$y[2] <- 200
  fits <- list(
    no_pooling(y ~ 1 + (1 | g), data, prior = list(mu = dist_normal(8, 20), sigma = dist_exponential(0.1)), iter_sampling = 0),
    varying_intercept(y ~ x + (1 | g), data, iter_sampling = 0, prior = list(
      beta_0 = dist_normal(8, 50), beta = dist_normal(0, 2), sigma_y = dist_exponential(0.5), sigma_0 = dist_exponential(0.5)
    ))
  )
  for (fit in fits) {
    predicted <- vapply(seq_len(nrow(data)), function(i) {
      mean_of <- function(fit, name) {
        table <- exact_summary(fit, probs = numeric())
        table$mean[match(name, table$variable)]
      }
      other <- update(fit, data = data[-i, ])
      layout <- fit$model$layout
      group <- layout$variable[layout$role == "group" & layout$label %in% data$g[i]]
      if (data$g[i] != "alone") {
        base <- mean_of(other, group)
      } else {
        base <- if (fit$model$name == "no_pooling") 8 else mean_of(other, "beta_0")
      }
      base + if (fit$model$name == "no_pooling") 0 else mean_of(other, "beta[x]") * data$x[i]
    }, 0)
    expect_equal(loo_R2(fit), 1 - var(data$y - predicted) / var(data$y), tolerance = 1e-8)
  }
})

test_that("what is missing is said", {
  fit <- varying_intercept(y ~ x + (1 | g), rows, iter_sampling = 0)
  expect_error(bayes_R2(fit), class = "bayespool_error_draws")
  for (f in list(bayes_R2, loo_R2)) expect_error(f(fit, 1), class = "bayespool_error_argument")
  expect_error(loo_R2(update(fit, data = group_moments(y ~ x + (1 | g), rows))), class = "bayespool_error_data")
  expect_error(loo_R2(update(fit, prior_only = TRUE)), class = "bayespool_error_argument")
})
