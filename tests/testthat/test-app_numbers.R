# The numbers that the explorer shows, beside those of the package's functions.

use_code("app")
skip_on_cran() # all of it takes long

numbers_of <- function(exploration, sent = list()) {
  state <- read_state(sent, exploration)
  explored_numbers(exploration, state, explored_fits(exploration, state, new.env())$fits)
}

# Runs the tasks to their end: a data frame of results.
finish <- function(tasks) {
  do.call(rbind, lapply(tasks, function(task) {
    while (is.null(result <- task())) NULL
    data.frame(result)
  }))
}

expect_compared <- function(exploration, truth, sent = list()) {
  numbers <- numbers_of(exploration, sent)
  expect_identical(unlist(numbers$groups$label), as.character(unique(truth$groups$group)))
  for (model in names(numbers$groups$models)) {
    rows <- truth$groups[truth$groups$model == model, ]
    expect_equal(data.frame(numbers$groups$models[[model]]), rows[c("estimate", "lower", "upper")], tolerance = 1e-9, ignore_attr = TRUE)
  }
  partial <- truth$groups$model == "partial"
  expect_equal(numbers$groups$observed, truth$groups$raw_mean[partial], tolerance = 1e-12)
  expect_equal(numbers$groups$shrinkage, truth$groups$shrinkage[partial], tolerance = 1e-8)
  expect_equal(data.frame(numbers$population), truth$population, tolerance = 1e-9, ignore_attr = TRUE)
  expect_equal(unlist(numbers$evidence), truth$models$log_evidence, tolerance = 1e-10, ignore_attr = TRUE)
  state <- read_state(sent, exploration)
  found <- finish(explored_tasks(exploration, state, explored_fits(exploration, state, new.env())$fits))
  of_groups <- found[found$what == "elpd_logo", ]
  expect_equal(of_groups$estimate, truth$models$elpd_logo, tolerance = 1e-9)
  expect_equal(of_groups$se, truth$models$se_elpd_logo, tolerance = 1e-8)
  of_rows <- found[found$what == "elpd_loo", ]
  expect_identical(nrow(of_rows) > 0, !all(is.na(truth$models$elpd_loo)))
  if (nrow(of_rows) > 0) {
    expect_equal(of_rows$estimate, truth$models$elpd_loo, tolerance = 1e-8)
    expect_equal(of_rows$se, truth$models$se_elpd_loo, tolerance = 1e-8)
  }
  numbers
}

test_that("means are those of compare_pooling(), from moments and from rows", {
  exploration <- explore(scontrol ~ 1 + (1 | site), hpp_sites)
  numbers <- expect_compared(exploration, compare_pooling(scontrol ~ 1 + (1 | site), hpp_sites, iter_sampling = 0))
  fit <- partial_pooling(scontrol ~ 1 + (1 | site), hpp_sites, iter_sampling = 0)
  table <- exact_summary(fit, pars = c("sigma_y", "sigma_mu", "icc"))
  expect_equal(numbers$spread$estimate, table$mean, tolerance = 1e-10)
  expect_identical(numbers$spread$name, c("sigma_y", "sigma_mu", "icc"))
  expect_null(numbers$lines)
  rows <- explore(yield ~ 1 + (1 | block), npk)
  expect_compared(rows, compare_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0))
  # Without groups that were dropped, rows are no longer those of the data.
  state <- read_state(list(dropped = list(1)), rows)
  expect_identical(unique(finish(explored_tasks(rows, state, fits_of(rows, list(dropped = list(1)))))$what), "elpd_logo")
})

test_that("rows with missing values are left out, as in a fit", {
  rows <- npk
  rows$yield[3] <- NA
  suppressMessages({
    exploration <- explore(yield ~ 1 + (1 | block), rows)
    truth <- compare_pooling(yield ~ 1 + (1 | block), rows, iter_sampling = 0)
  })
  expect_compared(exploration, truth)
})

test_that("what is changed is compared as it would be by itself", {
  exploration <- explore(scontrol ~ 1 + (1 | site), hpp_sites)
  sent <- list(edits = list(list(at = 10, n = 60)), dropped = list(1))
  data <- changed_data(hpp_sites, read_state(sent, exploration))
  expect_compared(exploration, compare_pooling(scontrol ~ 1 + (1 | site), data, iter_sampling = 0), sent)
})

test_that("probabilities are those of compare_pooling()", {
  exploration <- explore(cbind(Admitted, Rejected) ~ 1 + (1 | dept), admissions(), family = "binomial")
  truth <- compare_pooling(cbind(Admitted, Rejected) ~ 1 + (1 | dept), admissions(), family = "binomial", iter_sampling = 0)
  numbers <- expect_compared(exploration, truth)
  expect_length(numbers$new_group, 1)
})

test_that("with predictors means are those at the average, and lines go through them", {
  exploration <- explore(scontrol ~ stress + (1 | site), hpp_sites)
  comparison <- compare_pooling(scontrol ~ stress + (1 | site), hpp_sites, iter_sampling = 0)
  truth <- compare_at_average(comparison, 0.94, "hdi", NULL)$groups
  numbers <- numbers_of(exploration)
  for (model in names(comparison$fits)) {
    expect_equal(numbers$groups$models[[model]]$estimate, truth$estimate[truth$model == model], tolerance = 1e-10)
  }
  # The average is in the middle of a line.
  lines <- numbers$lines
  expect_equal((lines$low + lines$high) / 2, numbers$groups$models$partial$estimate, tolerance = 1e-10)
  slope <- exact_summary(comparison$fits$partial, pars = "beta[stress]")$mean
  expect_equal((lines$high - lines$low) / diff(lines$ends), rep(slope, 15), tolerance = 1e-9)
  rows <- explore(yield ~ N + (1 | block), npk)
  own <- vapply(split(npk, npk$block), function(block) coef(lm(yield ~ N, block)), c(0, 0))
  lines <- numbers_of(rows)$lines
  expect_equal((lines$own_high - lines$own_low) / diff(lines$ends), unname(own[2, ]), tolerance = 1e-9)
})

test_that("where slopes vary, lines have the groups' posterior means", {
  exploration <- explore(height ~ age + (1 + age | Subject), nlme::Oxboys)
  lines <- numbers_of(exploration)$lines
  comparison <- compare_pooling(height ~ age + (1 + age | Subject), nlme::Oxboys, iter_sampling = 0)
  all <- comparison$groups[comparison$groups$model == "all", ]
  slope <- all$estimate[all$coefficient == "age"]
  intercept <- all$estimate[all$coefficient == "(Intercept)"]
  expect_equal(lines$low, intercept + slope * lines$ends[1], tolerance = 1e-8)
  expect_equal(lines$high, intercept + slope * lines$ends[2], tolerance = 1e-8)
})

test_that("densities are those of known distributions", {
  # With sigma known the posterior of a mean is normal.
  prior <- list(complete = list(mu = dist_normal(40, 3), sigma = dist_degenerate(8)))
  exploration <- explore(scontrol ~ 1 + (1 | site), hpp_sites, prior = prior)
  shown <- numbers_of(exploration, list(model = "complete"))$priors[[1]]
  fit <- complete_pooling(scontrol ~ 1, hpp_sites, prior$complete, iter_sampling = 0)
  moments <- exact_summary(fit, pars = "mu")
  truth <- dnorm(shown$posterior$x, moments$mean, moments$sd)
  expect_lt(max(abs(shown$posterior$y - truth)) / max(truth), 0.01)
  expect_equal(shown$prior, dnorm(shown$x, 40, 3))
  # So is the mean of a new group, where all but it is known.
  known <- list(partial = list(hyper_mu = dist_degenerate(41), sigma_mu = dist_degenerate(2), sigma_y = dist_degenerate(8)))
  new <- numbers_of(explore(scontrol ~ 1 + (1 | site), hpp_sites, prior = known))$new_group
  expect_lt(max(abs(new[[1]]$y - dnorm(new[[1]]$x, 41, 2))) / dnorm(0, 0, 2), 0.02)
  expect_lt(max(abs(new[[2]]$y - dnorm(new[[2]]$x, 41, sqrt(68)))) / dnorm(0, 0, sqrt(68)), 0.02)
  expect_equal(c(new[[1]]$lower, new[[1]]$upper), qnorm(c(0.03, 0.97), 41, 2), tolerance = 1e-8)
  gamma <- list(priors = list(list(model = "partial", parameter = "sigma_mu", family = "gamma", par = list(2, 1))))
  shown <- numbers_of(explore(scontrol ~ 1 + (1 | site), hpp_sites), gamma)$priors
  sigma <- shown[[which(vapply(shown, `[[`, "", "parameter") == "sigma_mu")]]
  expect_equal(sigma$prior, dgamma(sigma$x, 2, 1), tolerance = 1e-10)
  expect_identical(sigma[c("family", "par")], list(family = "gamma", par = list(2, 1)))
})

test_that("the posterior of what each group has is that of the chosen group", {
  exploration <- explore(scontrol ~ 1 + (1 | site), hpp_sites)
  shown <- numbers_of(exploration, list(model = "none", group = 5))$priors
  expect_identical(vapply(shown, `[[`, "", "variable"), c("mu[Oslo]", "sigma[Oslo]"))
  fit <- no_pooling(scontrol ~ 1 + (1 | site), hpp_sites, iter_sampling = 0)
  expect_equal(vapply(shown, `[[`, 0, "mean"), exact_summary(fit, pars = c("mu[Oslo]", "sigma[Oslo]"))$mean, tolerance = 1e-10)
})

test_that("where groups are many, no pooling comes later with the same numbers", {
  rows <- data.frame(g = rep(1:120, each = 4), y = rep(sin(1:120), each = 4) + cos(1:480))
  exploration <- explore(y ~ 1 + (1 | g), rows)
  answer <- explorer_answer(exploration, list(), new.env())
  expect_named(answer$message$numbers$groups$models, c("complete", "partial"))
  late <- answer$tasks[[1]]()
  truth <- no_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0)
  expect_equal(late$rows$estimate, exact_summary(truth, regex_pars = "^mu")$mean, tolerance = 1e-10)
  expect_equal(late$evidence, log_marginal_likelihood(truth), tolerance = 1e-10)
})
