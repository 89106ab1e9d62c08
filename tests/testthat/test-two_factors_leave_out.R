# Leaving out rows and whole groups with two grouping factors: against dense algebra on a grid, and refits.

skip_on_cran() # all of it takes long

use_code("oracle")
use_code("elsewhere")

priors <- list(sigma = p_exponential(1), tau = list(p_exponential(0.7), p_half_normal(0, 1.5)))
prior_of <- function(factors) {
  c(
    list(beta_0 = dist_normal(0.5, 4), `beta[x]` = dist_normal(0, 2), sigma_y = priors$sigma$dist),
    stats::setNames(lapply(priors$tau, `[[`, "dist"), paste0("sigma_0[", factors, "]"))
  )
}
data <- withr::with_seed(4, {
  d <- data.frame(subject = c(1:5, sample(5, 13, TRUE)), item = sample(c("a", "b", "c"), 18, TRUE), x = rnorm(18), w = runif(18, 0.5, 3))
  d$y <- 1 + rnorm(5, 0, 0.8)[d$subject] + rnorm(3, 0, 0.6)[factor(d$item)] + d$x / 2 + rnorm(18, 0, 0.6)
  d
})
crossed <- y ~ x + (1 | subject) + (1 | item)
fit_to <- function(data, formula = crossed, prior = prior_of(c("subject", "item")), ...) {
  mixed_model(formula, data, prior = prior, iter_sampling = 0, ...)
}
fit <- fit_to(data)
grid_of <- function(factors, weight, size) {
  none <- list(x = matrix(0, 0, 2), factors = list(integer(), integer()))
  crossed_grid(data$y, cbind(1, data$x), factors, weight, c(0.5, 0), c(4, 2), priors$sigma, priors$tau, none, size, c(0.6, 0.7, 0.6))
}

test_that("each observation given the others, by dense algebra: crossed and nested, with weights", {
  nested <- y ~ x + (1 | subject / item)
  for (case in list(
    list(fit = fit, factors = data[c("subject", "item")], weight = rep(1, 18)),
    list(fit = fit_to(data, weights = w), factors = data[c("subject", "item")], weight = data$w),
    list(
      fit = fit_to(data, nested, prior_of(c("subject", "subject:item")), weights = w), weight = data$w,
      factors = list(data$subject, paste(data$subject, data$item))
    )
  )) {
    truth <- grid_leave_one_out(grid_of(case$factors, case$weight, 56), data$y)
    expect_lt(max(abs(truth - grid_leave_one_out(grid_of(case$factors, case$weight, 48), data$y))), 1e-7) # the truth is one
    exact <- loo(case$fit)
    expect_lt(max(abs(exact$pointwise[, "elpd_loo"] - truth[, "elpd"])), 1e-7)
    variance <- function(x) stats::cov.wt(cbind(x), case$weight / sum(case$weight))$cov[1]
    expect_equal(loo_R2(case$fit), 1 - variance(data$y - truth[, "mean"]) / variance(data$y), tolerance = 1e-7)
  }
})

test_that("observations that the nodes do not resolve are left out by quadratures of their own, with what is expected of them", {
  far <- data
  far$y[c(3, 7)] <- c(60, -45)
  far$subject[3] <- 9 # the only row of its group
  outlying <- fit_to(far)
  rows <- observed_rows(outlying, "This", NULL)
  found <- leave_rows_out(outlying, rows, 1L, NULL)
  expected <- loo_linpred(outlying)
  for (i in c(3, 7)) {
    others <- fit_to(far[-i, ])
    expect_equal(found[i, 1], outlying$log_evidence - others$log_evidence, tolerance = 1e-6)
    expect_equal(expected[i], predict(others, far[i, ])[[1]], tolerance = 1e-6)
  }
  moments <- fit_to(group_moments(crossed, far))
  expect_equal(loo(moments, newdata = far[c(3, 7), ])$pointwise[, "elpd_loo"], found[c(3, 7), 1], tolerance = 1e-6)
  # The quadrature of its own, whether it is needed or not.
  expect_equal(
    predict_without_row(outlying, rows, 3, "expected", 0.5, NULL)[, "mean"], c(mean = predict(fit_to(far[-3, ]), far[3, ])[[1]]),
    tolerance = 1e-8
  )
})

test_that("groups of either factor, against refits without them", {
  for (factor in c("subject", "item")) {
    labels <- as.character(sort(unique(data[[factor]])))
    others <- vapply(labels, function(label) fit_to(data[data[[factor]] != label, ])$log_evidence, 0)
    left_out <- loo(fit, unit = "group", factor = factor)
    expect_equal(left_out$pointwise[, "elpd_logo"], fit$log_evidence - others, tolerance = 1e-8)
    expect_identical(attr(left_out, "dims")[2], length(labels))
    expect_output(print(left_out), sprintf("%d groups \\(%s\\)", length(labels), factor))
  }
  weighted <- fit_to(data, weights = w)
  without_b <- fit_to(data[data$item != "b", ], weights = w)
  by_item <- loo(weighted, unit = "group", factor = "item")$pointwise[, "elpd_logo"]
  expect_equal(by_item[["b"]], weighted$log_evidence - without_b$log_evidence, tolerance = 1e-8)
})

test_that("nested factors: a school with all of its classes, and a class", {
  formula <- y ~ x + (1 | subject / item)
  prior <- prior_of(c("subject", "subject:item"))
  nested <- fit_to(data, formula, prior)
  school <- loo(nested, unit = "group", factor = "subject")$pointwise[, "elpd_logo"]
  class <- loo(nested, unit = "group", factor = "subject:item")$pointwise[, "elpd_logo"]
  evidence_without <- function(out) fit_to(data[!out, ], formula, prior)$log_evidence
  expect_equal(school[["2"]], nested$log_evidence - evidence_without(data$subject == 2), tolerance = 1e-8)
  cell <- paste(data$subject, data$item, sep = ":")
  expect_identical(names(class), unique(cell)[order(unique(cell))])
  for (label in cell[c(1, 9)]) {
    expect_equal(class[[label]], nested$log_evidence - evidence_without(cell == label), tolerance = 1e-8)
  }
})

test_that("a factor of one group leaves the prior, and what is flat must be known without a group", {
  one <- transform(data, item = "a")
  alone <- undetermined(fit_to(one))
  expect_equal(loo(alone, unit = "group", factor = "item")$pointwise[["a", "elpd_logo"]], alone$log_evidence, tolerance = 1e-10)
  # Two items would not tell a flat standard deviation beside a flat intercept; two of five subjects can go.
  flat <- replace(prior_of(c("subject", "item")), c("beta_0", "sigma_0[item]"), list(dist_uniform(-Inf, Inf), dist_uniform(0, Inf)))
  flat_fit <- fit_to(data, prior = flat)
  expect_error(loo(flat_fit, unit = "group", factor = "item"), "without group a", class = "bayespool_error_improper")
  by_subject <- loo(flat_fit, unit = "group", factor = "subject")$pointwise[["2", "elpd_logo"]]
  expect_equal(by_subject, flat_fit$log_evidence - fit_to(data[data$subject != 2, ], prior = flat)$log_evidence, tolerance = 1e-8)
})

test_that("models of one factor and of two are compared by what they say of the same groups", {
  one <- varying_intercept(y ~ x + (1 | item), data, iter_sampling = 0)
  pooled <- complete_pooling(y ~ x + (1 | item), data, iter_sampling = 0)
  by_item <- loo(fit, unit = "group", factor = "item")
  expect_no_warning(comparison <- loo_compare(by_item, loo(one, unit = "group"), loo(pooled, unit = "group", factor = "item")))
  expect_identical(nrow(comparison), 3L)
  expect_equal(attr(by_item, "yhash"), attr(loo(one, unit = "group"), "yhash"))
  expect_false(attr(loo(fit, unit = "group", factor = "subject"), "yhash") == attr(by_item, "yhash"))
  expect_equal(attr(loo(fit), "yhash"), attr(loo(one), "yhash"))
})

test_that("moments and databases: groups of either factor, and a sample of rows", {
  moments <- fit_to(group_moments(crossed, data))
  for (factor in c("subject", "item")) {
    expect_equal(
      loo(moments, unit = "group", factor = factor)$pointwise, loo(fit, unit = "group", factor = factor)$pointwise, tolerance = 1e-7
    )
  }
  sample <- data[c(2, 9, 16), ]
  expect_equal(loo(moments, newdata = sample)$pointwise, loo(fit)$pointwise[c(2, 9, 16), ], tolerance = 1e-7)
  expect_error(loo(moments), class = "bayespool_error_data")
  absent <- expand.grid(subject = 1:5, item = c("a", "b", "c"))
  absent <- absent[!paste(absent$subject, absent$item) %in% paste(data$subject, data$item), ][1, ]
  expect_error(
    loo(moments, newdata = data.frame(absent, x = 0, y = 1)), paste(absent$subject, absent$item, sep = ":"), class = "bayespool_error_data"
  )
  expect_error(loo(moments, newdata = transform(sample, item = "new")), "allow_new_levels|new", class = "bayespool_error_data")
  stored <- fit_to(database_table(sqlite_connection(), data))
  expect_equal(loo(stored, newdata = sample)$pointwise, loo(fit)$pointwise[c(2, 9, 16), ], tolerance = 1e-6)
})

test_that("psis estimates the exact leave-one-out", {
  more <- withr::with_seed(3, {
    d <- expand.grid(subject = 1:8, item = letters[1:6], again = 1:2)
    d$y <- rnorm(8)[d$subject] + rnorm(6)[d$item] + rnorm(96)
    d
  })
  drawn <- mixed_model(y ~ 1 + (1 | subject) + (1 | item), more, iter_sampling = 2000, seed = 1)
  estimate <- loo(drawn, method = "psis")
  expect_lt(max(estimate$diagnostics$pareto_k), 0.7)
  error <- abs(estimate$pointwise[, "elpd_loo"] - loo(drawn)$pointwise[, "elpd_loo"])
  expect_lt(max(error / pmax(estimate$pointwise[, "mcse_elpd_loo"], 1e-3)), 5)
  expect_lt(abs(suppressWarnings(waic(drawn))$estimates["elpd_waic", "Estimate"] - loo(drawn)$estimates["elpd_loo", "Estimate"]), 1)
})

test_that("which factor: must be one of the two, and is for groups alone", {
  expect_error(loo(fit, unit = "group"), "\"subject\" or \"item\"", class = "bayespool_error_argument")
  expect_error(loo(fit, unit = "group", factor = "x"), "\"subject\" or \"item\"", class = "bayespool_error_argument")
  expect_error(loo(fit, factor = "item"), "unit = \"group\"", class = "bayespool_error_argument")
  expect_error(loo(fit, unit = "group", factor = "item", method = "psis"), "exactly", class = "bayespool_error_argument")
  expect_error(loo(update(fit, prior_only = TRUE), unit = "group", factor = "item"), class = "bayespool_error_argument")
  one <- varying_intercept(y ~ x + (1 | item), data, iter_sampling = 0)
  expect_identical(loo(one, unit = "group", factor = "item")$pointwise, loo(one, unit = "group")$pointwise)
  expect_error(loo(one, unit = "group", factor = "subject"), "\"item\"", class = "bayespool_error_argument")
  expect_error(loo(complete_pooling(y ~ x, data, iter_sampling = 0), unit = "group"), "no groups", class = "bayespool_error_data")
})
