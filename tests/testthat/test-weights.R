# Weights of observations: moments, what is left out or refused, new rows, draws, and all that comes after a fit.

skip_on_cran() # all of it takes long

withr::local_seed(4)
rows <- data.frame(g = rep(c("a", "b", "c", "d"), c(1, 6, 9, 8)), x = rnorm(24, 2), w = rexp(24) + 0.2)
rows$y <- 3 + rnorm(4)[factor(rows$g)] + 0.7 * rows$x + rnorm(24) / sqrt(rows$w)
priors <- list(
  beta_0 = dist_normal(2, 3), beta = dist_normal(0, 2), sigma_y = dist_exponential(1), sigma_0 = dist_exponential(1)
)
fit_rows <- function(data = rows, ..., iter_sampling = 0) {
  varying_intercept(y ~ x + (1 | g), data, prior = priors, ..., iter_sampling = iter_sampling)
}
weighted <- fit_rows(weights = w)

# Moments -----------------------------------------------------------------------------------------------------------------

moments <- group_moments(y ~ x + (1 | g), rows, weights = w)

test_that("moments are weighted sums", {
  frame <- as.data.frame(moments)
  by_group <- split(rows, rows$g)
  of_groups <- function(f) unname(vapply(by_group, f, 0))
  expect_equal(frame$n, c(1, 6, 9, 8))
  expect_equal(frame$weight, of_groups(function(group) sum(group$w)), tolerance = 1e-14)
  expect_equal(moments$log_weight, of_groups(function(group) sum(log(group$w))), tolerance = 1e-14)
  mean_of <- function(group, column) sum(group$w * group[[column]]) / sum(group$w)
  product <- function(a, b) {
    of_groups(function(group) sum(group$w * (group[[a]] - mean_of(group, a)) * (group[[b]] - mean_of(group, b))))
  }
  for (column in c("x", "y")) {
    expect_equal(frame[[paste0("mean_", column)]], of_groups(function(group) mean_of(group, column)), tolerance = 1e-14)
    expect_equal(frame[[paste0("ss_", column)]], product(column, column), tolerance = 1e-13)
    # Those of an observation of average weight.
    spread <- sqrt(product(column, column) / (frame$weight / frame$n) / (frame$n - 1))
    expect_equal(frame[[paste0("sd_", column)]], c(NA, spread[-1]), tolerance = 1e-13)
  }
  expect_equal(frame$sp_x_y, product("x", "y"), tolerance = 1e-13)
  expect_equal(nobs(moments), 24)
  expect_output(print(moments), " g n weight mean_x")
})

test_that("moments are merged, chosen and told apart as those of the rows would be", {
  half <- seq_len(24) %% 2 == 0
  parts <- lapply(list(half, !half), function(some) group_moments(y ~ x + (1 | g), rows[some, ], weights = w))
  merged <- do.call(c, parts)[c("a", "b", "c", "d")]
  expect_equal(as.data.frame(merged), as.data.frame(moments), tolerance = 1e-12)
  expect_equal(merged$log_weight, moments$log_weight, tolerance = 1e-13)
  # Rows without weights count 1.
  mixed <- c(parts[[1]], group_moments(y ~ x + (1 | g), rows[!half, ]))
  some <- rows
  some$w[!half] <- 1
  expect_equal(
    as.data.frame(mixed[c("a", "b", "c", "d")]), as.data.frame(group_moments(y ~ x + (1 | g), some, weights = w)), tolerance = 1e-12
  )
  reverse <- c(group_moments(y ~ x + (1 | g), rows[!half, ]), parts[[1]])
  expect_equal(as.data.frame(reverse), as.data.frame(mixed[reverse$group]), tolerance = 1e-12)
  expect_equal(reverse$log_weight, mixed$log_weight[match(reverse$group, mixed$group)], tolerance = 1e-13)

  chosen <- moments[c("d", "b")]
  expect_equal(as.data.frame(chosen), as.data.frame(moments)[c(4, 2), ], ignore_attr = TRUE)
  expect_identical(chosen$log_weight, moments$log_weight[c(4, 2)])
  expect_identical(subset(moments, weight > 5)$group, moments$group[moments$weight > 5])
})

test_that("fits of moments are those of the rows", {
  same <- function(a, b) {
    expect_equal(exact_summary(a), exact_summary(b), tolerance = 1e-10)
    expect_equal(log_marginal_likelihood(a), log_marginal_likelihood(b), tolerance = 1e-10)
  }
  same(fit_rows(moments), weighted)
  same(fit_rows(moments[c("b", "c")]), fit_rows(subset(rows, g %in% c("b", "c")), weights = w))
  same(complete_pooling(y ~ x, moments, iter_sampling = 0), complete_pooling(y ~ x, rows, weights = w, iter_sampling = 0))
  expect_equal(loo(fit_rows(moments), unit = "group")$pointwise, loo(weighted, unit = "group")$pointwise, tolerance = 1e-9)
  same(
    no_pooling(y ~ 1 + (1 | g), moments[-1], sigma = "group", iter_sampling = 0),
    no_pooling(y ~ 1 + (1 | g), subset(rows, g != "a"), weights = w, sigma = "group", iter_sampling = 0)
  )
})

test_that("a published table may have a weight for the observations of each group", {
  k <- c(0.5, 4, 2, 1)
  rows$k <- k[factor(rows$g)]
  by_group <- split(rows$y, rows$g)
  table <- data.frame(
    g = names(by_group), size = lengths(by_group), y = vapply(by_group, mean, 0), s = vapply(by_group, sd, 0), k = k
  )
  from_table <- as_group_moments(table, group = g, n = size, mean = y, sd = s, weight = k)
  from_rows <- group_moments(y ~ 1 + (1 | g), rows, weights = k)
  expect_equal(as.data.frame(from_table), as.data.frame(from_rows), tolerance = 1e-12)
  expect_equal(from_table$log_weight, from_rows$log_weight, tolerance = 1e-13)
  by_se <- as_group_moments(table, group = g, n = size, mean = y, se = s / sqrt(size), weight = k)
  expect_equal(by_se$within, from_table$within, tolerance = 1e-12)
  fits <- lapply(list(from_table, from_rows), function(data) partial_pooling(y ~ 1 + (1 | g), data, iter_sampling = 0))
  expect_equal(exact_summary(fits[[1]]), exact_summary(fits[[2]]), tolerance = 1e-9)
  for (wrong in list(c(1, 0, 1, 1), c(1, -1, 1, 1), c(1, NA, 1, 1), c(1, Inf, 1, 1))) {
    table$k <- wrong
    expect_error(as_group_moments(table, group = g, n = size, mean = y, sd = s, weight = k), class = "bayespool_error_moments")
  }
})

# What is given -----------------------------------------------------------------------------------------------------------

test_that("weights are a column, an expression, or a vector", {
  outside <- rows$w
  twice <- 2
  unnamed <- rows[c("g", "x", "y")]
  for (fit in list(fit_rows(weights = rows$w), fit_rows(unnamed, weights = outside), fit_rows(weights = 2 * w / twice))) {
    expect_equal(exact_summary(fit), exact_summary(weighted), tolerance = 1e-12)
    expect_equal(update(fit, cores = 1)$reduced, fit$reduced)
    expect_equal(loo(fit)$pointwise, loo(weighted)$pointwise, tolerance = 1e-9)
  }
  f <- function(data, k) varying_intercept(y ~ x + (1 | g), data, prior = priors, weights = k * w, iter_sampling = 0)
  expect_equal(exact_summary(f(rows, 1)), exact_summary(weighted), tolerance = 1e-12)
  expect_equal(weights(weighted), rows$w)
  expect_null(weights(fit_rows()))
})

test_that("rows without a weight, or with the weight 0, are left out as in lm()", {
  some <- rows
  some$w[c(3, 8)] <- 0
  some$w[5] <- NA
  expect_message(expect_message(fit <- fit_rows(some, weights = w), "Dropped 1 row"), "Left out 2 rows of weight 0")
  kept <- rows[-c(3, 5, 8), ]
  expect_equal(exact_summary(fit), exact_summary(fit_rows(kept, weights = w)), tolerance = 1e-13)
  expect_identical(nobs(fit), 21)
  expect_identical(weights(fit), kept$w)
  expect_equal(unname(fitted(fit)), unname(fitted(fit_rows(kept, weights = w))), tolerance = 1e-12)
  expect_equal(loo(fit)$pointwise, loo(fit_rows(kept, weights = w))$pointwise, tolerance = 1e-9)
  expect_identical(predictive_table(fit)$row, setdiff(1:24, c(3, 5, 8)))
  # Where all rows of a group go, so does the group.
  some <- rows
  some$w[some$g == "d"] <- 0
  fit <- suppressMessages(fit_rows(some, weights = w))
  expect_identical(fit$reduced$group, c("a", "b", "c"))
  ols <- lm(y ~ x, some, weights = w)
  flat <- list(beta_0 = dist_uniform(-Inf, Inf), beta = dist_uniform(-Inf, Inf))
  fit <- suppressMessages(complete_pooling(y ~ x, some, prior = flat, weights = w, iter_sampling = 0))
  expect_equal(exact_summary(fit)$mean[1:2], unname(coef(ols)), tolerance = 1e-10)
})

test_that("other weights are refused", {
  refused <- function(weights, type = "argument", message = "weights") {
    expect_error(fit_rows(weights = weights), message, class = paste0("bayespool_error_", type))
    expect_error(group_moments(y ~ x + (1 | g), rows, weights = weights), message, class = paste0("bayespool_error_", type))
  }
  refused(replace(rows$w, 2, -1), message = "-1.* in row 2")
  refused(replace(rows$w, 4, Inf), message = "Inf.* in row 4")
  refused(rep(0, 24), message = "weight above 0")
  refused(rep(NA_real_, 24), "data", "Every row")
  refused(rows$w[-1], message = "23 numbers for 24 rows")
  refused(1, message = "1 number for 24 rows")
  refused(as.character(rows$w))
  refused(factor(rows$w))
  refused(cbind(rows$w, 1))
  expect_error(fit_rows(weights = nosuch), "`weights` cannot be computed", class = "bayespool_error_data")
  # Where rows keep their weights is no column of the user's.
  named <- expect_error(varying_intercept(y ~ nosuch + (1 | g), rows, weights = w), class = "bayespool_error_data")
  expect_false(grepl("(weights)", conditionMessage(named), fixed = TRUE))
  expect_error(fit_rows(moments, weights = w), "group_moments", class = "bayespool_error_argument")
  expect_error(fit_rows(moments, weights = 1:4), "group_moments", class = "bayespool_error_argument")
  expect_error(fit_rows(weight = w), "did you mean `weights`", class = "bayespool_error_argument")
})

# A posterior exists where rows are enough; how much they weigh does not matter.
test_that("rows, not their weights, decide whether there is a posterior", {
  flat <- list(mu = dist_uniform(-Inf, Inf), sigma = dist_uniform(0, Inf))
  for (size in 2:3) {
    few <- data.frame(y = c(1, 3, 4)[seq_len(size)], w = c(0.1, 0.2, 0.3)[seq_len(size)])
    for (times in c(1e-6, 1, 1e6)) {
      call <- quote(complete_pooling(y ~ 1, few, weights = times * w, prior = flat, iter_sampling = 0))
      if (size == 3) expect_s3_class(eval(call), "bayespool_fit") else expect_error(eval(call), class = "bayespool_error_improper")
    }
  }
  equal <- data.frame(y = c(2, 2), w = c(0.1, 0.2))
  expect_error(
    complete_pooling(y ~ 1, equal, weights = w, prior = list(mu = dist_normal(0, 1), sigma = dist_exponential(1)), iter_sampling = 0),
    class = "bayespool_error_improper"
  )
  equal <- data.frame(y = rep(1:2, c(3, 3)), x = 0, g = rep(1:2, c(3, 3)), w = 0.1)
  expect_error(varying_intercept_slope(y ~ x + (1 + x | g), equal, weights = w, iter_sampling = 0), class = "bayespool_error_improper")
})

test_that("one row a group tells the standard deviations apart where weights differ", {
  single <- data.frame(g = letters[1:8], y = c(3, 1, 4, 1, 5, 9, 2, 6), w = c(1, 100, 3, 0.2, 50, 7, 30, 2))
  fit <- function(...) partial_pooling(y ~ 1 + (1 | g), single, ..., iter_sampling = 0)
  expect_warning(fit(), class = "bayespool_warning_undetermined")
  expect_warning(fit(weights = rep(3, 8)), class = "bayespool_warning_undetermined")
  expect_no_warning(fit(weights = w))
})

# New rows, and other fits ------------------------------------------------------------------------------------------------

test_that("new rows have the weights of their variables, or else 1", {
  new <- data.frame(g = c("b", "new"), x = c(1, 3))
  with_weights <- cbind(new, w = c(4, 0.25))
  none <- predictive_table(weighted, new)
  own <- predictive_table(weighted, with_weights)
  expected <- predict(weighted, new, se.fit = TRUE)
  expect_equal(own$mean, none$mean, tolerance = 1e-12)
  expect_equal(predict(weighted, with_weights, se.fit = TRUE), expected, tolerance = 1e-12)
  noise <- none$sd^2 - expected$se.fit^2 # the posterior mean of the variance
  expect_equal(unname(own$sd^2 - expected$se.fit^2), unname(noise / with_weights$w), tolerance = 1e-6)
  sigma <- exact_summary(weighted)
  sigma <- sigma[sigma$variable == "sigma_y", ]
  expect_equal(unname(noise), rep(sigma$mean^2 + sigma$sd^2, 2), tolerance = 1e-6)
  computed <- fit_rows(weights = w^2)
  expect_equal(predictive_table(computed, cbind(new, w = c(2, 0.5)))$sd, predictive_table(computed, cbind(new, w = c(-2, 0.5)))$sd)

  for (bad in c(NA, 0)) {
    with_weights$w[2] <- bad
    expect_equal(predict(weighted, with_weights), predict(weighted, new))
    for (call in list(
      quote(predictive_table(weighted, with_weights)), quote(predict(weighted, with_weights, interval = "prediction")),
      quote(posterior_predict(update(weighted, iter_sampling = 2), with_weights))
    )) {
      expect_error(eval(call), "missing or 0", class = "bayespool_error_data")
    }
  }
  expect_error(predictive_table(weighted, transform(with_weights, w = 0)), "Leave these rows out", class = "bayespool_error_data")
  expect_identical(nrow(predictive_table(weighted, with_weights[0, ])), 0L)
  with_weights$w <- -1
  expect_error(predict(weighted, with_weights), "negative", class = "bayespool_error_argument")
  expect_error(predict(weighted, transform(with_weights, w = "a")), "one number a row", class = "bayespool_error_argument")
})

test_that("update() keeps weights and changes them", {
  expect_equal(update(weighted), weighted)
  expect_equal(update(weighted, weights = NULL)$reduced, fit_rows()$reduced)
  expect_equal(update(fit_rows(), weights = w, data = rows)$reduced, weighted$reduced)
  expect_equal(update(weighted, weights = 4 * w)$reduced, fit_rows(weights = 4 * w)$reduced)
  expect_equal(update(weighted, data = rows[-2, ])$reduced, fit_rows(rows[-2, ], weights = w)$reduced)
  expect_equal(update(weighted, . ~ . - x, prior = NULL)$reduced, varying_intercept(y ~ 1 + (1 | g), rows, weights = w)$reduced)
  k <- 3
  expect_equal(update(weighted, weights = k * w)$reduced, fit_rows(weights = k * w)$reduced)
  # What draws random numbers, or is no variable of the data, is not computed again.
  random <- fit_rows(weights = rexp(24))
  expect_equal(update(random, cores = 1)$reduced, random$reduced)
  expect_equal(update(fit_rows(moments), cores = 1)$reduced, moments)
})

# Draws -------------------------------------------------------------------------------------------------------------------

test_that("draws have the rows' noise", {
  fit <- fit_rows(weights = w, iter_sampling = 1000, seed = 1)
  draws <- posterior::as_draws_matrix(fit)
  expected <- posterior_epred(fit)
  sigma <- as.vector(draws[, "sigma_y"])
  expect_equal(
    unname(log_lik(fit)), unname(dnorm(rep(rows$y, each = 4000), expected, outer(sigma, 1 / sqrt(rows$w)), log = TRUE)),
    tolerance = 1e-12, ignore_attr = TRUE
  )
  predicted <- posterior_predict(fit, seed = 2)
  scaled <- (predicted - expected) * outer(1 / sigma, sqrt(rows$w))
  expect_distribution(scaled, pnorm)
  table <- predictive_table(fit)
  for (row in c(1, 2, 9, 24)) {
    expect_within_mcse(predicted[, row], table$mean[row])
    expect_within_mcse((predicted[, row] - table$mean[row])^2, table$sd[row]^2)
  }
  expect_equal(unname(predictive_error(fit, seed = 2)), unname(rep(rows$y, each = 4000) - predicted), tolerance = 1e-12, ignore_attr = TRUE)
  exact <- loo(fit)$pointwise
  psis <- suppressWarnings(loo(fit, method = "psis"))
  good <- psis$diagnostics$pareto_k < 0.5
  expect_gt(mean(good), 0.7)
  error <- (psis$pointwise[, "elpd_loo"] - exact[, "elpd_loo"]) / psis$pointwise[, "mcse_elpd_loo"]
  expect_lt(max(abs(error[good])), 5)
})

test_that("chains are near the exact posterior", {
  of_nuts <- function(fit) update(fit, algorithm = "nuts", iter_sampling = 1000, iter_warmup = 500, seed = 1)
  sloped <- varying_intercept_slope(
    y ~ x + (1 + x | g), rows, weights = w, iter_sampling = 0,
    prior = list(beta_0 = dist_normal(2, 3), beta = dist_normal(0, 2), sigma_y = dist_gamma(5, 5), sigma_0 = dist_gamma(5, 5),
                 sigma_beta = dist_gamma(5, 5))
  )
  # In any unit of the weights.
  heavy <- update(sloped, weights = 1e8 * w, prior = NULL)
  light <- update(weighted, weights = 1e-8 * w, prior = NULL)
  for (fit in list(weighted, sloped, heavy, light, complete_pooling(y ~ x, rows, weights = w, iter_sampling = 0))) {
    chains <- suppressWarnings(of_nuts(fit), classes = "bayespool_warning")
    draws <- posterior::as_draws_matrix(chains)
    exact <- exact_summary(fit)
    expect_gt(posterior::ess_bulk(posterior::extract_variable_matrix(chains, exact$variable[1])), 400)
    for (i in which(exact$variable %in% colnames(draws))) expect_within_mcse(draws[, exact$variable[i]], exact$mean[i], 4)
  }
})

# What comes after a fit --------------------------------------------------------------------------------------------------

test_that("weights of all models of a comparison", {
  three <- compare_pooling(y ~ x + (1 | g), rows, weights = w, sigma = "common", iter_sampling = 0)
  expect_equal(three$models$log_evidence[3], log_marginal_likelihood(update(weighted, prior = NULL)), tolerance = 1e-12)
  kept <- 1 - three$groups$shrinkage[three$groups$model == "partial"]
  known <- list(partial = list(sigma_y = dist_degenerate(1), sigma_0 = dist_degenerate(0.5)))
  shrunk <- compare_pooling(y ~ x + (1 | g), rows, weights = w, sigma = "common", iter_sampling = 0, prior = known)$groups
  size <- tapply(rows$w, rows$g, sum)
  expect_equal(shrunk$shrinkage[shrunk$model == "partial"], as.vector(1 / (1 + size * 0.25)), tolerance = 1e-10)
  expect_true(all(kept > 0 & kept < 1))
  sloped <- compare_pooling(y ~ x + (1 + x | g), rows, weights = w, iter_sampling = 0)
  expect_identical(lapply(sloped$fits, weights), stats::setNames(rep(list(rows$w), 4), names(sloped$fits)))
  expect_equal(sloped$models$elpd_loo[2], three$models$elpd_loo[3], tolerance = 1e-8)
  expect_output(print(sloped), "24 observations")
})

test_that("explained variance does not depend on the unit of the weights", {
  fit <- update(weighted, prior = NULL, iter_sampling = 500, seed = 1)
  nine <- update(fit, weights = 9 * w)
  expect_equal(bayes_R2(nine), bayes_R2(fit), tolerance = 1e-6)
  expect_equal(loo_R2(nine), loo_R2(fit), tolerance = 1e-8)
  expected <- posterior_epred(fit)
  centred <- expected - drop(expected %*% rows$w) / sum(rows$w)
  explained <- drop(centred^2 %*% rows$w) / 23
  sigma <- as.vector(posterior::as_draws_matrix(fit)[, "sigma_y"])
  expect_equal(bayes_R2(fit), unname(explained / (explained + sigma^2)), tolerance = 1e-12)
})

test_that("components of variance are those of an observation of weight 1", {
  components <- variance_components(weighted)
  sds <- exact_summary(weighted)
  sds <- sds[sds$variable %in% c("sigma_0", "sigma_y"), ]
  expect_equal(sort(components$mean[1:2]), sort(sds$mean^2 + sds$sd^2), tolerance = 1e-8)
  draws <- posterior::as_draws_matrix(update(weighted, iter_sampling = 1000, seed = 1))
  share <- draws[, "sigma_0"]^2 / (draws[, "sigma_0"]^2 + draws[, "sigma_y"]^2)
  table <- exact_summary(weighted)
  expect_within_mcse(share, table$mean[table$variable == "icc"])
})

test_that("tables, pictures and other packages take weighted fits", {
  skip_if_not_installed("bayesplot")
  fit <- fit_rows(weights = w, iter_sampling = 100, seed = 1)
  sloped <- varying_intercept_slope(y ~ x + (1 + x | g), rows, weights = w, iter_sampling = 100, seed = 1)
  grDevices::pdf(NULL)
  withr::defer(grDevices::dev.off())
  for (one in list(fit, sloped)) {
    expect_identical(generics::glance(one)$nobs, 24)
    expect_equal(generics::augment(one)$.resid, unname(residuals(one)))
    expect_true(all(is.finite(generics::tidy(one)$estimate)))
    for (plot in list(plot_groups(one), plot_effects(one), pp_check(one), pp_check(one, "groups"))) {
      expect_s3_class(plot, "ggplot")
      expect_no_error(suppressMessages(ggplot2::ggplot_build(plot)))
    }
  }
  expect_no_error(ggplot2::ggplot_build(plot_shrinkage(sloped)))
  expect_no_error(ggplot2::ggplot_build(suppressWarnings(pp_check(fit, "loo_pit_qq"))))
  expect_output(print(fit), "observations: 24 in 4 groups (g), weighted\n", fixed = TRUE)
  expect_output(print(complete_pooling(y ~ x, rows, weights = w, iter_sampling = 0)), "observations: 24, weighted\n", fixed = TRUE)
  expect_output(print(fit_rows()), "observations: 24 in 4 groups (g)\n", fixed = TRUE)
})
