# Two grouping factors in the methods for rows: tables, shares of variance, checks, arguments; which moments of rows exist.

skip_on_cran() # all of it takes long

use_code("pictures")

data <- withr::with_seed(6, {
  d <- data.frame(subject = c(1:5, sample(5, 25, TRUE)), item = sample(c("a", "b", "c", "d"), 30, TRUE), x = rnorm(30))
  d$y <- 1 + rnorm(5)[d$subject] + rnorm(4)[factor(d$item)] + d$x / 2 + rnorm(30, 0, 0.6)
  d
})
crossed <- y ~ x + (1 | subject) + (1 | item)
fit <- mixed_model(crossed, data, seed = 1)
new <- data.frame(subject = c(1, 1, 9, 9), item = c("a", "q", "b", "q"), x = c(0, 1, -1, 2), y = c(0, 1, 20, 3))

# Tables -------------------------------------------------------------------------------------------------------------------

test_that("fitted(), residuals(), augment() and predictive_table() are predict() of the rows", {
  expected <- predict(fit, data, se.fit = TRUE, interval = "confidence")
  predicted <- predict(fit, data, interval = "prediction")
  expect_equal(fitted(fit), predict(fit, data))
  expect_equal(unname(fitted(fit)), unname(expected$fit[, "fit"]), tolerance = 1e-8)
  expect_equal(fitted(fit, se.fit = TRUE, interval = "confidence"), expected)
  expect_equal(unname(residuals(fit)), data$y - unname(fitted(fit)))
  table <- augment(fit, se_fit = TRUE, interval = "prediction")
  expect_equal(unname(as.matrix(table[c(".fitted", ".lower", ".upper")])), unname(predicted), tolerance = 1e-12)
  expect_equal(table$.se.fit, unname(expected$se.fit))
  expect_equal(table$.resid, data$y - table$.fitted)
  expect_equal(augment(fit, newdata = new)$.fitted, unname(predict(fit, new)))
  table <- predictive_table(fit)
  expect_equal(unname(as.matrix(table[c("mean", "lower", "upper")])), unname(predicted), tolerance = 1e-12)
  expect_identical(table$group, paste(data$subject, data$item, sep = ":"))
  table <- predictive_table(fit, new)
  expect_identical(table$group, c("1:a", "1:q", "9:b", "9:q"))
  expect_identical(table$inside[3], FALSE)
  expect_output(print(table), "inside: 2 of 4")
})

test_that("rows with missing values are dropped, from moments new rows are predicted", {
  holes <- data
  holes$subject[2] <- holes$item[5] <- holes$x[9] <- NA
  with_holes <- suppressMessages(mixed_model(crossed, holes, iter_sampling = 0))
  whole <- mixed_model(crossed, data[-c(2, 5, 9), ], iter_sampling = 0)
  expect_equal(fitted(with_holes), fitted(whole))
  expect_identical(predictive_table(with_holes)$row, setdiff(1:30, c(2, 5, 9)))
  expect_equal(loo(with_holes)$pointwise, loo(whole)$pointwise, tolerance = 1e-10)
  moments <- mixed_model(crossed, group_moments(crossed, data), iter_sampling = 0)
  for (interval in c("confidence", "prediction")) {
    expect_equal(predict(moments, new, interval = interval), predict(fit, new, interval = interval), tolerance = 1e-6)
  }
  expect_error(fitted(moments), class = "bayespool_error_data")
})

test_that("a model without an intercept, and one without predictors", {
  for (formula in list(y ~ 0 + x + (1 | subject) + (1 | item), y ~ 1 + (1 | subject) + (1 | item))) {
    other <- mixed_model(formula, data, seed = 1)
    exact <- predict(other, new, se.fit = TRUE)
    drawn <- posterior_epred(other, new, seed = 2)
    for (i in 1:4) {
      expect_within_mcse(drawn[, i], exact$fit[[i]])
      expect_within_mcse((drawn[, i] - exact$fit[[i]])^2, exact$se.fit[[i]]^2)
    }
  }
})

test_that("bayes_R2() is var(fit) / (var(fit) + sigma^2) of each draw", {
  explained <- apply(posterior_epred(fit), 1, var)
  sigma <- as.numeric(posterior::as_draws_matrix(fit)[, "sigma_y"])
  expect_equal(bayes_R2(fit), explained / (explained + sigma^2), tolerance = 1e-8)
  moments <- mixed_model(crossed, group_moments(crossed, data), seed = 1)
  expect_equal(bayes_R2(moments), bayes_R2(fit), tolerance = 1e-6)
})

test_that("emmeans() has the population's means", {
  skip_if_not_installed("emmeans")
  means <- as.data.frame(emmeans::emmeans(fit, ~x, at = list(x = c(0, 2))))
  expect_equal(means$emmean, unname(apply(posterior_epred(fit, data.frame(x = c(0, 2)), re_formula = NA), 2, median)))
})

# Checks -------------------------------------------------------------------------------------------------------------------

test_that("pp_check() shows the groups of the factor that is asked for", {
  skip_if_not_installed("bayesplot")
  picture <- pp_check(fit, "groups", factor = "item")
  expect_identical(levels(picture$data$group), c("a", "b", "c", "d"))
  expect_identical(picture$labels$x, "item")
  table <- predictive_table(fit)
  expect_equal(sort(picture$data$upper), sort(table$upper))
  expect_equal(picture$data$mean[picture$data$group == "b"], table$mean[data$item == "b"])
  by_subject <- pp_check(fit, "groups", factor = "subject", groups = c("2", "5"))
  expect_identical(sort(by_subject$data$y), sort(data$y[data$subject %in% c(2, 5)]))
  of_new <- pp_check(fit, "groups", newdata = new, factor = "item")
  expect_identical(levels(of_new$data$group), c("a", "b", "q"))
  labels <- ggplot2::ggplot_build(of_new)$layout$panel_params[[1]]$x$get_labels()
  expect_identical(labels, c("a", "b", "q (new)"))
  grouped <- pp_check(fit, "stat_grouped", factor = "subject", seed = 1)
  expect_identical(levels(grouped$data$group), as.character(1:5))
  for (type in c("dens_overlay", "loo_pit_overlay", "intervals")) {
    x <- if (type == "intervals") "x"
    expect_s3_class(suppressWarnings(pp_check(fit, type, x = x, seed = 1)), "ggplot")
  }
  nested <- mixed_model(y ~ 1 + (1 | subject / item), data, seed = 1, iter_sampling = 100)
  expect_identical(
    levels(pp_check(nested, "groups", factor = "subject:item")$data$group), sort(unique(paste(data$subject, data$item, sep = ":")))
  )
  expect_error(pp_check(fit, "groups"), "\"subject\" or \"item\"", class = "bayespool_error_argument")
  expect_error(pp_check(fit, "stat_grouped"), "\"subject\" or \"item\"", class = "bayespool_error_argument")
  expect_error(pp_check(fit, "dens_overlay", factor = "item"), "does not show groups", class = "bayespool_error_argument")
  one <- varying_intercept(y ~ x + (1 | item), data, seed = 1, iter_sampling = 100)
  expect_identical(pp_check(one, "groups", factor = "item")$data, pp_check(one, "groups")$data)
})

# Arguments ----------------------------------------------------------------------------------------------------------------

test_that("new rows need the columns of both factors, unless the population is predicted", {
  for (f in list(predict, posterior_epred, posterior_predict)) {
    expect_error(f(fit, new[c("x", "item")]), "no column \"subject\".*re_formula = NA", class = "bayespool_error_data")
    expect_error(f(fit, transform(new, item = NA)), "missing values in `item`", class = "bayespool_error_data")
    expect_error(f(fit, new[2, ], allow_new_levels = FALSE), "a new group of item, \"q\"", class = "bayespool_error_data")
    expect_error(f(fit, new[3:4, ], allow_new_levels = FALSE), "a new group of subject, \"9\"", class = "bayespool_error_data")
    expect_length(f(fit, new["x"], re_formula = NA)[1], 1)
  }
  # A new combination of known groups is none.
  absent <- expand.grid(subject = 1:5, item = letters[1:4], x = 0)
  absent <- absent[!paste(absent$subject, absent$item) %in% paste(data$subject, data$item), ]
  expect_gt(nrow(absent), 0)
  expect_length(predict(fit, absent, allow_new_levels = FALSE), nrow(absent))
  nested <- mixed_model(y ~ 1 + (1 | subject / item), data, iter_sampling = 0)
  expect_error(predict(nested, absent[1, ], allow_new_levels = FALSE), "of subject:item", class = "bayespool_error_data")
  expect_equal(predict(fit, new, re_formula = ~0), predict(fit, new["x"], re_formula = NA))
})

# Moments ------------------------------------------------------------------------------------------------------------------

designs <- withr::with_seed(7, {
  grid <- expand.grid(a = 1:4, b = 1:3, again = 1:2)
  two <- rbind(transform(grid, b = b), transform(grid, a = a + 4, b = b + 3))
  frames <- list(crossed = grid, nested = transform(grid, b = 10 * a + b), "two components" = two, pairs = transform(grid, b = a))
  lapply(frames, function(d) data.frame(d, x = rnorm(nrow(d)), of_a = d$a^2, y = rnorm(nrow(d))))
})

test_that("rows whose variance grows with standard deviations between groups, by dense algebra", {
  rows <- data.frame(x = c(0, 2, 0, 1, 0, 0, 1, 0), of_a = c(1, 1, 7, 4, 1, 1, 1, 0))
  seen <- list()
  for (name in names(designs)) {
    d <- designs[[name]]
    parsed <- parse_formula(y ~ x + of_a + (1 | a) + (1 | b))
    reduced <- reduce_data(parsed, d, pooled = FALSE)
    model <- specify_model("mixed_model", parsed, reduced, TRUE)
    problem <- new_problem(model, reduced, resolve_priors(NULL, prior_kinds(model), scale_statistics(reduced)))
    labels <- list(sort(unique(d$a)), sort(unique(d$b)))
    codes <- lapply(1:2, function(k) match(d[[c("a", "b")[k]]], labels[[k]]))
    far <- length(labels[[2]])
    # Known in a cell that is there; in one that may not be; one factor alone; new beside known; nobody.
    levels <- cbind(c(1, 1, 1, 2, 1, NA, 99, NA), c(codes[[2]][1], codes[[2]][1], codes[[2]][1], far, NA, far, 1, NA))
    z <- lapply(1:2, function(k) outer(codes[[k]], seq_along(labels[[k]]), `==`))
    of_rows <- lapply(1:2, function(k) outer(levels[, k], seq_along(labels[[k]]), function(a, b) !is.na(a) & a == b))
    data_columns <- cbind(1, d$x, d$of_a, z[[1]], z[[2]])
    row_columns <- cbind(1, rows$x, rows$of_a, of_rows[[1]], of_rows[[2]])
    sizes <- lengths(labels)
    for (flat in list(c(TRUE, TRUE, TRUE), c(TRUE, FALSE, FALSE), c(FALSE, TRUE, TRUE), rep(FALSE, 3))) {
      for (growing in list(1, 2, 1:2)) {
        at <- function(t) {
          tau <- replace(c(0.8, 0.7), growing, t)
          prior <- c(ifelse(flat, 0, 1), rep(1 / tau, sizes))
          r <- qr.R(qr(rbind(data_columns, diag(prior)), tol = 0))
          colSums(backsolve(r, t(row_columns), transpose = TRUE)^2)
        }
        grows <- at(1e4) / at(1e3) > 50
        told <- told_by_data(problem, flat, growing, cbind(1, as.matrix(rows)), levels)
        # The new level of the first factor grows with it, whatever is told: that is counted apart.
        expect_identical(unname(told), unname(!grows), label = paste(name, toString(flat), toString(growing)))
        seen <- c(seen, list(grows))
      }
    }
  }
  expect_true(any(unlist(seen)) && !all(unlist(seen)))
})

test_that("rows that the data tell have the moments that their coefficients lack", {
  # Four subjects and a flat sd between them: their effects and the intercept have no sd.
  d <- designs$crossed
  prior <- list(beta_0 = dist_uniform(-Inf, Inf), sigma_y = dist_degenerate(1), `sigma_0[a]` = dist_uniform(0, Inf))
  formula <- y ~ x + (1 | a) + (1 | b)
  heavy <- mixed_model(formula, d, prior = prior, iter_sampling = 0)
  table <- exact_summary(heavy)
  expect_identical(table$sd[table$variable %in% c("beta_0", "b_0[a,1]")], c(Inf, Inf))
  rows <- data.frame(a = c(1, 1, 9, 9), b = c(2, 9, 1, 9), x = 0)
  sd <- function(...) unname(predict(heavy, rows, se.fit = TRUE, ...)$se.fit)
  expect_identical(is.finite(sd()), c(TRUE, TRUE, FALSE, FALSE))
  expect_identical(sd(re_formula = NA), rep(Inf, 4))
  expect_true(all(is.finite(fitted(heavy, se.fit = TRUE)$se.fit)))
  # As in the model of one factor; a Cauchy prior and one group leave a new one without a mean.
  for (case in list(list(d, prior), list(d[d$a == 1, ], replace(prior, 3, list(dist_cauchy(0, 1)))))) {
    two <- undetermined(mixed_model(formula, case[[1]], prior = c(case[[2]], list(`sigma_0[b]` = dist_degenerate(0))), iter_sampling = 0))
    one <- undetermined(varying_intercept(
      y ~ x + (1 | a), case[[1]], prior = stats::setNames(case[[2]], c("beta_0", "sigma_y", "sigma_0")), iter_sampling = 0
    ))
    for (re_formula in list(NULL, NA)) {
      found <- lapply(list(two, one), predict, rows, se.fit = TRUE, re_formula = re_formula)
      expect_equal(found[[1]], found[[2]], tolerance = 1e-7)
    }
  }
  expect_identical(is.nan(unname(predict(two, rows))), c(FALSE, FALSE, TRUE, TRUE))
})
