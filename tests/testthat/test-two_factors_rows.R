# Rows with two grouping factors: expected values and predictions against dense algebra on a grid, draws against both.

skip_on_cran() # all of it takes long

use_code("oracle")

priors <- list(sigma = p_exponential(1), tau = list(p_exponential(0.7), p_half_normal(0, 1.5)))
prior_of <- function(factors) {
  c(
    list(beta_0 = dist_normal(0.5, 4), `beta[x]` = dist_normal(0, 2), sigma_y = priors$sigma$dist),
    stats::setNames(lapply(priors$tau, `[[`, "dist"), paste0("sigma_0[", factors, "]"))
  )
}
factor_rows <- function(subjects, items, n, seed) {
  withr::with_seed(seed, {
    d <- data.frame(subject = sample(subjects, n, TRUE), item = sample(letters[seq_len(items)], n, TRUE), x = rnorm(n, 0.5))
    d$w <- runif(n, 0.5, 3)
    d$y <- 1 + rnorm(subjects, 0, 0.8)[d$subject] + rnorm(items, 0, 0.6)[factor(d$item)] + d$x / 2 + rnorm(n, 0, 0.6 / sqrt(d$w))
    d
  })
}
crossed <- y ~ x + (1 | subject) + (1 | item)
data <- factor_rows(5, 3, 16, 1)
fit <- mixed_model(crossed, data, prior = prior_of(c("subject", "item")), seed = 1)
# Known and new levels of each factor in all combinations; a known combination that the data do not have; equal new labels.
missing_cell <- setdiff(outer(1:5, letters[1:3], paste), paste(data$subject, data$item))[1]
new <- data.frame(
  subject = c(1, 1, 9, 9, 8, 9, 2, as.numeric(substr(missing_cell, 1, 1))),
  item = c("a", "q", "b", "q", "q", "r", "q", substring(missing_cell, 3)),
  x = c(0, 1, -1, 2, 0, 0.5, 0, 3), w = 1
)

# The means, sds, and ends of intervals of `data` in the grid of its rows; `noise` of each row.
expect_rows_of_grid <- function(fit, data, factors, new, new_factors, weight = rep(1, nrow(data))) {
  grid <- function(size) {
    crossed_grid(
      data$y, cbind(1, data$x), factors, weight, c(0.5, 0), c(4, 2), priors$sigma, priors$tau,
      list(x = cbind(1, new$x), factors = new_factors), size, c(0.6, 0.7, 0.6)
    )
  }
  truth <- grid(56)
  expect_lt(abs(truth$log_evidence - grid(48)$log_evidence), 1e-8) # the truth is one
  expect_lt(abs(fit$log_evidence - truth$log_evidence), 1e-8)
  rows <- new_rows(fit, new, population = FALSE, call = NULL)
  for (noise in list(0, 1 / rows$weight)) {
    by_row <- rep(noise, length.out = nrow(new))
    for (interval in c("hdi", "central")) {
      table <- row_table(fit, rows$x, rows$levels, noise, 0.8, interval, NULL)
      theirs <- grid_moments(truth, rep(by_row, each = length(truth$weight)))
      expect_lt(max(abs(table[, "mean"] - theirs[, "mean"]) / theirs[, "sd"]), 1e-7)
      expect_lt(max(abs(table[, "sd"] / theirs[, "sd"] - 1)), 1e-7)
      below <- lapply(c("lower", "upper"), function(end) grid_below(truth, table[, end], rep(by_row, each = length(truth$weight))))
      expect_lt(max(abs(below[[2]] - below[[1]] - 0.8)), 1e-6)
      if (interval == "central") expect_lt(max(abs(below[[1]] - 0.1)), 1e-6)
    }
  }
}

test_that("crossed and unbalanced: known and new levels in any combination", {
  expect_rows_of_grid(fit, data, data[c("subject", "item")], new, new[c("subject", "item")])
})

test_that("weights", {
  weighted <- mixed_model(crossed, data, prior = prior_of(c("subject", "item")), weights = w, iter_sampling = 0)
  new$w <- c(1, 2, 0.5, 1, 3, 1, 1, 2)
  expect_rows_of_grid(weighted, data, data[c("subject", "item")], new, new[c("subject", "item")], data$w)
})

test_that("nested: a new class in a known school, classes in a new one, a name known elsewhere", {
  nested <- mixed_model(y ~ x + (1 | subject / item), data, prior = prior_of(c("subject", "subject:item")), iter_sampling = 0)
  cells <- function(data) list(data$subject, paste(data$subject, data$item))
  new <- data.frame(subject = c(data$subject[1], 1, 9, 9), item = c(data$item[1], "q", "a", "q"), x = c(0, 1, 2, -1))
  expect_rows_of_grid(nested, data, cells(data), new, cells(new))
})

test_that("without one factor's effects rows are those of the model of the other", {
  prior <- replace(prior_of(c("subject", "item")), "sigma_0[item]", list(dist_degenerate(0)))
  two <- mixed_model(crossed, data, prior = prior, iter_sampling = 0)
  one_prior <- stats::setNames(prior[1:4], sub("\\[subject\\]", "", names(prior)[1:4]))
  one <- varying_intercept(y ~ x + (1 | subject), data, prior = one_prior, iter_sampling = 0)
  for (interval in c("confidence", "prediction")) {
    for (re_formula in list(NULL, NA)) {
      ours <- predict(two, new, se.fit = TRUE, interval = interval, re_formula = re_formula)
      expect_equal(ours, predict(one, new, se.fit = TRUE, interval = interval, re_formula = re_formula), tolerance = 1e-7)
    }
  }
  expect_equal(predictive_table(two)[-2], predictive_table(one)[-2], tolerance = 1e-7, ignore_attr = TRUE)
})

# Draws --------------------------------------------------------------------------------------------------------------------

column <- function(name) as.numeric(unclass(posterior::as_draws_matrix(fit))[, name])
at_row <- function(x) column("beta_0") + x * column("beta[x]")

test_that("draws of rows are those of the quadrature", {
  for (noise in c(FALSE, TRUE)) {
    exact <- predict(fit, new, interval = if (noise) "prediction" else "confidence", level = 0.8)
    rows <- new_rows(fit, new, population = FALSE, call = NULL)
    table <- row_table(fit, rows$x, rows$levels, 1 * noise, 0.8, "central", NULL)
    expect_identical(exact[, "fit"], stats::setNames(table[, "mean"], rownames(exact)))
    drawn <- if (noise) posterior_predict(fit, new, seed = 2) else posterior_epred(fit, new, seed = 2)
    for (i in seq_len(nrow(new))) {
      expect_within_mcse(drawn[, i], table[i, "mean"])
      expect_within_mcse((drawn[, i] - table[i, "mean"])^2, table[i, "sd"]^2)
      expect_within_mcse(drawn[, i] < table[i, "lower"], 0.1)
      expect_within_mcse(drawn[, i] > table[i, "upper"], 0.1)
    }
    population <- predict(fit, new, se.fit = TRUE, interval = "confidence", re_formula = NA)
    epred <- posterior_epred(fit, new["x"], re_formula = NA)
    for (i in 1:3) expect_within_mcse(epred[, i], population$fit[i, "fit"])
    expect_equal(epred[, 4], at_row(2))
  }
})

test_that("known levels have their effects, equal new ones one draw, and different ones independent draws", {
  known <- data.frame(subject = c(1, 4), item = c("c", "a"), x = c(0, 2))
  drawn <- posterior_linpred(fit, newdata = known)
  expect_equal(drawn[, 1], at_row(0) + column("b_0[subject,1]") + column("b_0[item,c]"))
  expect_equal(drawn[, 2], at_row(2) + column("b_0[subject,4]") + column("b_0[item,a]"))
  linpred <- posterior_linpred(fit, newdata = new, seed = 3)
  expect_identical(posterior_epred(fit, new, seed = 3, cores = 2), linpred)
  item_q <- linpred[, 2] - at_row(1) - column("b_0[subject,1]")
  expect_equal(linpred[, 7] - at_row(0) - column("b_0[subject,2]"), item_q)
  subject_9 <- linpred[, 3] - at_row(-1) - column("b_0[item,b]")
  expect_equal(linpred[, 4], at_row(2) + subject_9 + item_q)
  subject_8 <- linpred[, 5] - at_row(0) - item_q
  item_r <- linpred[, 6] - at_row(0.5) - subject_9
  score <- cbind(
    subject_9 / column("sigma_0[subject]"), subject_8 / column("sigma_0[subject]"), item_q / column("sigma_0[item]"),
    item_r / column("sigma_0[item]")
  )
  for (k in 1:4) expect_distribution(score[, k], pnorm)
  for (pair in utils::combn(4, 2, simplify = FALSE)) expect_within_mcse(score[, pair[1]] * score[, pair[2]], 0)
  # The same with fewer draws, which are some of these.
  few <- posterior_epred(fit, known, ndraws = 7, seed = 1)
  expect_true(all(few[, 1] %in% drawn[, 1]))
})

test_that("log densities, errors and intervals of rows are those of their draws", {
  used <- observed_rows(fit, "This", NULL)
  means <- posterior_epred(fit)
  expect_equal(
    means[, 5], at_row(data$x[5]) + column(paste0("b_0[subject,", data$subject[5], "]")) + column(paste0("b_0[item,", data$item[5], "]"))
  )
  expect_equal(log_lik(fit)[, 5], dnorm(used$y[5], means[, 5], column("sigma_y"), log = TRUE))
  expect_equal(predictive_error(fit, seed = 4), matrix(used$y, nrow(means), 16, byrow = TRUE) - posterior_predict(fit, seed = 4))
  expect_equal(
    unname(predictive_interval(fit, 0.5, new, seed = 4)),
    unname(t(apply(posterior_predict(fit, new, seed = 4), 2, quantile, c(0.25, 0.75))))
  )
  # Weights divide the variance.
  weighted <- mixed_model(crossed, data, weights = w, seed = 1, iter_sampling = 100)
  sd <- as.numeric(posterior::as_draws_matrix(weighted)[, "sigma_y"]) / sqrt(data$w[3])
  expect_equal(log_lik(weighted)[, 3], dnorm(data$y[3], posterior_epred(weighted)[, 3], sd, log = TRUE))
})

test_that("from the draws themselves, as after NUTS: mixtures over them", {
  chains <- fit
  chains$settings$algorithm <- "nuts"
  by_draw <- posterior_epred(fit, new[c(1, 8), ])
  table <- predict(chains, new, se.fit = TRUE, interval = "prediction")
  expect_equal(unname(table$fit[c(1, 8), "fit"]), unname(colMeans(by_draw)), tolerance = 1e-10)
  expect_equal(unname(table$se.fit[c(1, 8)]), apply(by_draw, 2, sd), tolerance = 1e-3)
  of_new <- at_row(1) + column("b_0[subject,1]") # of row 2, whose item is new
  expect_equal(unname(table$se.fit[2]), sqrt(var(of_new) + mean(column("sigma_0[item]")^2)), tolerance = 1e-3)
  of_both <- sqrt(var(at_row(2)) + mean(column("sigma_0[item]")^2 + column("sigma_0[subject]")^2)) # of row 4
  expect_equal(unname(table$se.fit[4]), of_both, tolerance = 1e-3)
  expect_equal(unname(fitted(chains)), unname(colMeans(posterior_epred(fit))), tolerance = 1e-10)
  by_chain <- apply(posterior_epred(fit), 2, function(draws) posterior::mcse_mean(matrix(draws, ncol = 4)))
  expect_equal(attr(predictive_table(chains), "mcse")[["mean"]], max(by_chain), tolerance = 1e-6)
})

test_that("the prior alone", {
  prior <- update(fit, prior_only = TRUE)
  table <- predict(prior, new, se.fit = TRUE, interval = "confidence")
  # Variances: 16 + 4 x^2 of the coefficients, 2 / 0.7^2 and 1.5^2 of the effects.
  expect_equal(unname(table$se.fit), sqrt(16 + 4 * new$x^2 + 2 / 0.49 + 2.25), tolerance = 1e-6)
  expect_equal(unname(table$fit[, "fit"]), rep(0.5, 8), tolerance = 1e-8)
  drawn <- posterior_epred(prior, new, seed = 1)
  expect_within_mcse((drawn[, 4] - 0.5)^2, table$se.fit[[4]]^2)
})
