# Complete, no and partial pooling side by side.

rows <- withr::with_seed(4, {
  g <- factor(rep(c("late", "early", "alone"), c(12, 5, 1)), levels = c("late", "early", "alone"))
  x <- rnorm(18, 1)
  data.frame(g = g, x = x, y = rnorm(18, 20 + x + c(0, 4, -3)[g], 2))
})
course_priors <- list(
  complete = list(mu = dist_normal(0, 50), sigma = dist_exponential(1)),
  none = list(mu = dist_normal(0, 50), sigma = dist_exponential(2)),
  partial = list(hyper_mu = dist_normal(40, 20), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
)

test_that("the table of groups holds the fits' exact summaries", {
  for (formula in list(y ~ 1 + (1 | g), y ~ x + (1 | g))) {
    comparison <- compare_pooling(formula, rows, iter_sampling = 0, prob = 0.8, interval = "central")
    expect_s3_class(comparison, "compare_pooling")
    expect_named(comparison, c("fits", "groups", "population", "models", "notes", "prob", "interval"))
    groups <- comparison$groups
    expect_named(groups, c(
      "group", "n", "raw_mean", "model", "estimate", "lower", "upper", "shrinkage", "shrinkage_lower", "shrinkage_upper"
    ))
    expect_identical(levels(groups$group), c("late", "early", "alone"))
    expect_identical(levels(groups$model), c("complete", "none", "partial"))
    expect_identical(as.character(groups$model), rep(c("complete", "none", "partial"), each = 3))
    expect_identical(groups$n, rep(c(12, 5, 1), 3))
    expect_equal(groups$raw_mean, rep(as.vector(tapply(rows$y, rows$g, mean)), 3))
    for (model in c("complete", "none", "partial")) {
      fit <- comparison$fits[[model]]
      summary <- exact_summary(fit, probs = c(0.1, 0.9))
      role <- if (model == "complete") "population" else "group"
      names <- fit$model$layout$variable[fit$model$layout$role == role]
      here <- groups[groups$model == model, c("estimate", "lower", "upper")]
      there <- summary[match(rep_len(names, 3), summary$variable), c("mean", "q10", "q90")]
      expect_equal(unname(as.matrix(here)), unname(as.matrix(there)), tolerance = 1e-12)
    }
    population <- exact_summary(comparison$fits$partial, probs = c(0.1, 0.9))[1, c("mean", "q10", "q90")]
    expect_equal(unlist(comparison$population, use.names = FALSE), unlist(population[1, ], use.names = FALSE))
    shortest <- compare_pooling(formula, rows, iter_sampling = 0)
    partial <- summary(shortest$fits$partial, regex_pars = "\\[(late|early|alone)\\]$")
    here <- shortest$groups[shortest$groups$model == "partial", ]
    expect_equal(c(here$lower, here$upper), c(partial$hdi_lower, partial$hdi_upper), tolerance = 1e-12)
  }
})

test_that("the fits are those of the fitting functions", {
  comparison <- compare_pooling(y ~ 1 + (1 | g), rows, prior = course_priors, seed = 3, iter_sampling = 50)
  partial <- partial_pooling(y ~ 1 + (1 | g), rows, prior = course_priors$partial, seed = 3, iter_sampling = 50)
  expect_equal(comparison$fits$partial$draws, partial$draws)
  expect_identical(comparison$fits$none$model$scale_within$shared, FALSE)
  common <- compare_pooling(y ~ 1 + (1 | g), rows, sigma = "common", iter_sampling = 0)
  expect_identical(variables(common$fits$none), c("mu[late]", "mu[early]", "mu[alone]", "sigma"))
  regression <- compare_pooling(y ~ x + (1 | g), rows, iter_sampling = 0)
  expect_identical(regression$fits$partial$model$name, "varying_intercept")
  chains <- suppressWarnings(compare_pooling(
    y ~ 1 + (1 | g), rows, prior = course_priors, algorithm = "nuts", chains = 1, iter_sampling = 50, iter_warmup = 150, seed = 1
  ))
  for (part in c("groups", "population", "models")) expect_equal(chains[[part]], comparison[[part]], tolerance = 1e-10)
})

test_that("shrinkage is the posterior mean and intervals of the population's weight", {
  comparison <- compare_pooling(
    y ~ 1 + (1 | g), rows, prior = course_priors, iter_sampling = 25000, seed = 1, interval = "central"
  )
  hdi <- compare_pooling(y ~ 1 + (1 | g), rows, prior = course_priors, iter_sampling = 0)$groups
  hdi <- hdi[hdi$model == "partial", ]
  partial <- comparison$groups[comparison$groups$model == "partial", ]
  draws <- posterior::as_draws_matrix(comparison$fits$partial)
  for (j in 1:3) {
    weight <- as.vector(1 / (1 + partial$n[j] * draws[, "sigma_mu"]^2 / draws[, "sigma_y"]^2))
    expect_within_mcse(weight, partial$shrinkage[j])
    # The share of draws below a quantile is binomial.
    expect_lt(abs(mean(weight < partial$shrinkage_lower[j]) - 0.03), 5 * sqrt(0.03 * 0.97 / 1e5))
    expect_lt(abs(mean(weight > partial$shrinkage_upper[j]) - 0.03), 5 * sqrt(0.03 * 0.97 / 1e5))
    expect_within_mcse(weight >= hdi$shrinkage_lower[j] & weight <= hdi$shrinkage_upper[j], 0.94)
    expect_lt(hdi$shrinkage_upper[j] - hdi$shrinkage_lower[j], partial$shrinkage_upper[j] - partial$shrinkage_lower[j])
  }
  expect_true(all(is.na(comparison$groups$shrinkage[comparison$groups$model != "partial"])))
  # Known standard deviations: sigma^2 / (sigma^2 + n tau^2), and a group mean that lies that far along.
  known <- compare_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0, prior = list(
    partial = list(hyper_mu = dist_degenerate(18), sigma_y = dist_degenerate(2), sigma_mu = dist_degenerate(3))
  ))
  partial <- known$groups[known$groups$model == "partial", ]
  weight <- 4 / (4 + partial$n * 9)
  expect_equal(partial$shrinkage, weight, tolerance = 1e-12)
  expect_equal(partial$shrinkage_lower, weight, tolerance = 1e-8)
  expect_equal(partial$shrinkage_upper, weight, tolerance = 1e-8)
  expect_equal(partial$estimate, partial$raw_mean + weight * (18 - partial$raw_mean), tolerance = 1e-12)
})

test_that("the table of models holds evidence and leave-one-out", {
  comparison <- compare_pooling(y ~ x + (1 | g), rows, iter_sampling = 0)
  models <- comparison$models
  expect_named(models, c("model", "log_evidence", "bayes_factor", "elpd_loo", "se_elpd_loo", "p_loo", "elpd_logo", "se_elpd_logo"))
  expect_identical(as.character(models$model), names(comparison$fits))
  for (i in 1:3) {
    fit <- comparison$fits[[i]]
    expect_equal(models$log_evidence[i], log_marginal_likelihood(fit))
    expect_equal(c(models$elpd_loo[i], models$p_loo[i]), unname(loo(fit)$estimates[c("elpd_loo", "p_loo"), 1]))
    expect_equal(c(models$elpd_logo[i], models$se_elpd_logo[i]), unname(loo(fit, unit = "group")$estimates["elpd_logo", ]))
  }
  best <- which.max(models$log_evidence)
  expect_identical(models$bayes_factor[best], 1)
  expect_equal(models$bayes_factor, exp(models$log_evidence - models$log_evidence[best]))
  expect_length(comparison$notes, 0)
})

test_that("moments give all that needs no single observation", {
  moments <- group_moments(y ~ x + (1 | g), rows)
  from_rows <- compare_pooling(y ~ x + (1 | g), rows, iter_sampling = 0)
  from_moments <- compare_pooling(y ~ x + (1 | g), moments, iter_sampling = 0)
  expect_equal(from_moments$groups, from_rows$groups, tolerance = 1e-8)
  without <- c("elpd_loo", "se_elpd_loo", "p_loo")
  expect_true(all(is.na(from_moments$models[without])))
  others <- setdiff(names(from_rows$models), without)
  expect_equal(from_moments$models[others], from_rows$models[others], tolerance = 1e-8)
  expect_match(from_moments$notes, "group moments")
  expect_output(print(from_moments), "Note: Leaving out observations needs the rows")
})

test_that("what does not exist is NA, with a note", {
  flat <- compare_pooling(
    y ~ 1 + (1 | g), rows, iter_sampling = 0, prior = list(partial = list(hyper_mu = dist_uniform(-Inf, Inf)))
  )
  expect_identical(is.na(flat$models$log_evidence), c(FALSE, FALSE, TRUE))
  expect_equal(max(flat$models$bayes_factor, na.rm = TRUE), 1)
  expect_true(all(is.finite(flat$models$elpd_loo)))
  expect_match(flat$notes, "Log evidence \\(Partial pooling\\).*flat prior")
  equal <- data.frame(g = rep(c("a", "b"), each = 3), y = c(4, 4, 5, 1, 2, 4))
  some <- compare_pooling(y ~ 1 + (1 | g), equal, iter_sampling = 0)
  expect_identical(is.na(some$models$elpd_loo), c(FALSE, TRUE, FALSE))
  expect_match(some$notes, "No pooling.*without row 3")
  prior <- compare_pooling(y ~ 1 + (1 | g), rows, prior_only = TRUE, iter_sampling = 0)
  expect_true(all(is.na(prior$models[-1])))
  expect_equal(prior$groups$estimate, rep(mean(rows$y), 9), tolerance = 1e-8)
  expect_match(prior$notes, "prior_only")
  # The prior shrinks groups of these sizes too.
  expect_true(all(diff(prior$groups$shrinkage[prior$groups$model == "partial"]) > 0))
})

test_that("rows that are dropped are told once", {
  gaps <- rows
  gaps$y[3] <- NA
  told <- 0
  withCallingHandlers(
    compare_pooling(y ~ 1 + (1 | g), gaps, iter_sampling = 0),
    message = function(cnd) {
      told <<- told + 1
      invokeRestart("muffleMessage")
    }
  )
  expect_identical(told, 1)
})

test_that("it prints, long tables too", {
  comparison <- compare_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0)
  expect_output(print(comparison), "Three models of y by g: 18 observations in 3 groups")
  expect_output(print(comparison), "late +12 .*alone +1 .*Population mean under partial pooling.*94% HDI")
  expect_output(print(comparison), "complete +-[0-9.]+ .*partial +-[0-9.]+ ")
  expect_output(print(comparison, n_rows = 2), "and 1 more")
  expect_output(print(compare_pooling(y ~ x + (1 | g), rows, iter_sampling = 0)), "Posterior mean of each group at the average predictors")
  expect_output(expect_invisible(print(comparison)))
})

test_that("tidy() is one long table", {
  comparison <- compare_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0)
  long <- generics::tidy(comparison)
  expect_named(long, c("model", "group", "term", "estimate", "conf.low", "conf.high"))
  expect_identical(nrow(long), 9L + 1L + 3L)
  means <- long[long$term == "mean" & !is.na(long$group), ]
  expect_equal(means$estimate, comparison$groups$estimate)
  expect_equal(long$estimate[is.na(long$group)], comparison$population$estimate)
  shrinkage <- long[long$term == "shrinkage", ]
  partial <- comparison$groups[comparison$groups$model == "partial", ]
  expect_equal(shrinkage$conf.high, partial$shrinkage_upper)
  expect_true("intercept" %in% generics::tidy(compare_pooling(y ~ x + (1 | g), rows, iter_sampling = 0))$term)
  expect_error(generics::tidy(comparison, 1), class = "bayespool_error_argument")
})

test_that("the course's figure of shrinkage comes back", {
  data <- shared_data("hpp.csv")
  data <- data[data$site %in% five_sites, ]
  comparison <- compare_pooling(scontrol ~ 1 + (1 | site), data, prior = course_priors, iter_sampling = 0)
  published <- shared_data("published_results.csv")
  published <- published[published$library == "pymc" & published$model %in% c("complete", "none", "partial"), ]
  groups <- comparison$groups
  # Southampton goes from its own mean, 38.67 (38.6 without pooling), to 40.35 on the way to 40.45.
  for (i in which(groups$group == "Southampton")) {
    name <- if (groups$model[i] == "complete") "mu" else "mu[Southampton]"
    row <- published[published$model == groups$model[i] & published$parameter == name, ]
    expect_identical(nrow(row), 1L)
    expect_lt(abs(groups$estimate[i] - row$mean), 5 * row$sd / sqrt(row$ess_bulk) + 0.0005)
  }
  southampton <- groups[groups$group == "Southampton", ]
  expect_identical(order(southampton$estimate), c(2L, 3L, 1L))
  expect_identical(as.character(groups$group[which.max(groups$shrinkage)]), "Southampton")
})

test_that("arguments are checked", {
  expect_error(compare_pooling(y ~ 1, rows), class = "bayespool_error_formula")
  expect_error(compare_pooling(y ~ 0 + (1 | g), rows), class = "bayespool_error_formula")
  expect_error(compare_pooling(y ~ 1 + (1 | g), rows, wrong = 1), class = "bayespool_error_argument")
  expect_error(compare_pooling(y ~ 1 + (1 | g), rows, prob = 1), class = "bayespool_error_argument")
  refuse <- function(prior) {
    expect_error(compare_pooling(y ~ 1 + (1 | g), rows, prior = prior, iter_sampling = 0), class = "bayespool_error_prior")
  }
  refuse(list(mu = dist_normal(0, 1)))
  refuse(list(list(mu = dist_normal(0, 1))))
  refuse(dist_normal(0, 1))
  refuse(list(complete = dist_normal(0, 1)))
  refuse(list(complete = list(hyper_mu = dist_normal(0, 1))))
  refuse(list(none = list(), none = list()))
  expect_error(
    compare_pooling(y ~ x + (1 | g), rows, sigma = "group", iter_sampling = 0), class = "bayespool_error_argument"
  )
})
