# compare_pooling() where slopes vary: complete pooling, each term alone, all together.

skip_on_cran() # all of it takes long

rows <- withr::with_seed(5, {
  g <- factor(rep(c("late", "early", "some", "few"), c(9, 6, 8, 4)), levels = c("late", "early", "some", "few"))
  x <- rnorm(27)
  f <- factor(rep_len(c("p", "q", "r"), 27))
  y <- 5 + x + rnorm(4)[g] + x * rnorm(4)[g] + (f == "q") * rnorm(4, 1)[g] + rnorm(27)
  data.frame(g, x, f, "a b" = rnorm(27), y, check.names = FALSE)
})
both <- y ~ x + (1 + x | g)
comparison <- compare_pooling(both, rows, iter_sampling = 0)
compare <- function(formula, data = rows, ...) compare_pooling(formula, data, ..., iter_sampling = 0)

# estimate, lower, upper of these variables by summary(), in the comparison's columns.
by_summary <- function(fit, variables, ...) {
  table <- summary(fit, ...)
  table <- as.data.frame(table)[match(variables, table$variable), ]
  data.frame(estimate = table$mean, lower = table[[4]], upper = table[[5]])
}
cell <- function(comparison, model, coefficient) {
  rows <- comparison$groups[comparison$groups$model == model & comparison$groups$coefficient == coefficient, ]
  structure(rows[c("estimate", "lower", "upper")], row.names = seq_len(nrow(rows)))
}
labels <- levels(rows$g)

test_that("estimates and intervals are those of the fits by the fitting functions", {
  expect_s3_class(comparison, c("compare_effects", "compare_pooling"), exact = TRUE)
  expect_named(comparison, c("fits", "groups", "population", "models", "notes", "prob", "interval"))
  expect_named(comparison$fits, c("complete", "intercept", "x", "all"))
  groups <- comparison$groups
  expect_named(groups, c("group", "n", "coefficient", "model", "estimate", "lower", "upper"))
  expect_identical(levels(groups$group), labels)
  expect_identical(nrow(unique(groups[c("group", "coefficient", "model")])), 4L * 2L * 4L)
  expect_identical(groups$n, rep(c(9, 6, 8, 4), 8))
  whole <- varying_intercept_slope(both, rows, iter_sampling = 0)
  direct <- list(
    complete = complete_pooling(y ~ x + (1 | g), rows, iter_sampling = 0),
    intercept = varying_intercept(y ~ x + (1 | g), rows, iter_sampling = 0),
    x = varying_slope(y ~ x + (0 + x | g), rows, iter_sampling = 0), all = whole
  )
  of_groups <- list("(Intercept)" = paste0("beta_0j[", labels, "]"), x = paste0("beta_j[x,", labels, "]"))
  of_population <- list("(Intercept)" = "beta_0", x = "beta[x]")
  vary <- list(complete = character(), intercept = "(Intercept)", x = "x", all = c("(Intercept)", "x"))
  for (interval in c("hdi", "central")) {
    compared <- compare(both, prob = 0.8, interval = interval)
    for (model in names(direct)) for (coefficient in names(of_groups)) {
      variables <- if (coefficient %in% vary[[model]]) of_groups[[coefficient]] else rep(of_population[[coefficient]], 4)
      expected <- by_summary(direct[[model]], variables, prob = 0.8, interval = interval)
      expect_equal(cell(compared, model, coefficient), expected, tolerance = 1e-9)
    }
    expect_identical(as.character(compared$population$coefficient), c("(Intercept)", "x"))
    expected <- by_summary(whole, c("beta_0", "beta[x]"), prob = 0.8, interval = interval)
    expect_equal(compared$population[-1], expected, tolerance = 1e-9)
  }
  models <- comparison$models
  expect_identical(as.character(models$model), names(direct))
  expect_equal(models$log_evidence, unname(vapply(direct, log_marginal_likelihood, 0)), tolerance = 1e-10)
  expect_equal(models$elpd_loo, unname(vapply(direct, function(fit) loo(fit)$estimates["elpd_loo", 1], 0)), tolerance = 1e-10)
  logo <- vapply(direct, function(fit) loo(fit, unit = "group")$estimates["elpd_logo", 1], 0)
  expect_equal(models$elpd_logo, unname(logo), tolerance = 1e-10)
  expect_length(comparison$notes, 0)
})

test_that("with known standard deviations a coefficient alone is a weighted mean", {
  # Flat intercept 2, sigma 1.5, tau 0.7: the slope of group j is normal, independently, as all others are known.
  known <- compare(y ~ x + (0 + x | g), prior = list(x = list(
    beta_0 = dist_degenerate(2), beta = dist_degenerate(0.5), sigma_y = dist_degenerate(1.5), "sigma_beta[x]" = dist_degenerate(0.7)
  )))
  precision <- tapply(rows$x^2, rows$g, sum) / 1.5^2 + 1 / 0.7^2
  mean <- (tapply(rows$x * (rows$y - 2), rows$g, sum) / 1.5^2 + 0.5 / 0.7^2) / precision
  ours <- cell(known, "x", "x")
  expect_equal(ours$estimate, as.vector(mean), tolerance = 1e-10)
  expect_equal(ours$upper, as.vector(mean + qnorm(0.97) / sqrt(precision)), tolerance = 1e-7)
  expect_named(known$fits, c("complete", "x"))
  expect_equal(known$population$estimate, 0.5)
})

test_that("each term of the bar is a model, whatever its columns", {
  of <- function(fit) bayespool:::varying_term(fit$model)
  # Known standard deviations leave correlations to be integrated out.
  known <- list(sigma_y = dist_degenerate(1), sigma_0 = dist_degenerate(1), sigma_beta = dist_degenerate(1))
  for (formula in list(y ~ f + (1 + f || g), y ~ f + (1 + f | g))) {
    prior <- list(intercept = known[-3], f = known[-2], all = known)
    compared <- compare(formula, prior = prior, prob = 0.5)
    expect_named(compared$fits, c("complete", "intercept", "f", "all"))
    alone <- compared$fits$f
    expect_identical(of(alone)$directions, c("fq", "fr"))
    expect_length(of(alone)$correlation, length(of(compared$fits$all)$correlation) / 3)
    # The same with columns of zeros and ones instead of a factor.
    bar <- if (length(of(alone)$correlation) > 0) y ~ fq + fr + (0 + fq + fr | g) else y ~ fq + fr + (0 + fq + fr || g)
    dummies <- transform(rows, fq = as.numeric(f == "q"), fr = as.numeric(f == "r"))
    direct <- varying_slope(bar, dummies, prior = prior$f, iter_sampling = 0)
    expect_equal(exact_summary(alone), exact_summary(direct), tolerance = 1e-9)
    expect_equal(log_marginal_likelihood(alone), log_marginal_likelihood(direct), tolerance = 1e-10)
    expect_equal(cell(compared, "f", "fr"), by_summary(direct, paste0("beta_j[fr,", labels, "]"), prob = 0.5), tolerance = 1e-9)
    from_moments <- compare(formula, group_moments(formula, rows), prior = prior, prob = 0.5)
    expect_equal(from_moments$groups, compared$groups, tolerance = 1e-8)
  }
  curved <- compare(y ~ x + (1 + poly(x, 2) || g))
  expect_named(curved$fits, c("complete", "intercept", "poly(x, 2)", "all"))
  expect_identical(of(curved$fits[[3]])$directions, c("poly(x, 2)1", "poly(x, 2)2"))
  expect_equal(
    curved$models$log_evidence[3],
    log_marginal_likelihood(varying_slope(y ~ x + (0 + poly(x, 2) || g), rows, iter_sampling = 0)), tolerance = 1e-10
  )
  independent <- compare(y ~ x + (1 + x || g))
  expect_length(of(independent$fits$all)$correlation, 0)
  expect_equal(independent$groups[independent$groups$model != "all", ], comparison$groups[comparison$groups$model != "all", ])
  two_bars <- compare(y ~ x + (1 | g) + (0 + x | g))
  expect_equal(two_bars$groups, independent$groups)
  # The intercept of no fit varies.
  slopes <- compare(y ~ x + (0 + x + `a b` || g))
  expect_named(slopes$fits, c("complete", "x", "a b", "all"))
  expect_equal(
    log_marginal_likelihood(slopes$fits[["a b"]]),
    log_marginal_likelihood(varying_slope(y ~ x + (0 + `a b` | g), rows, iter_sampling = 0)), tolerance = 1e-10
  )
})

test_that("a coefficient that a model has not is 0", {
  without <- compare(y ~ 1 + (1 + x | g))
  zero <- data.frame(estimate = rep(0, 4), lower = 0, upper = 0)
  for (model in c("complete", "intercept")) expect_identical(cell(without, model, "x"), zero)
  expect_true(all(cell(without, "x", "x")$estimate != 0))
  expect_identical(unlist(without$population[2, -1], use.names = FALSE), c(0, 0, 0))
  through_zero <- compare(y ~ 0 + x + (1 + x || g))
  expect_identical(cell(through_zero, "x", "(Intercept)"), zero)
})

test_that("names of models are told apart", {
  named <- transform(rows, intercept = x, all = `a b`, complete = y)
  compared <- compare(y ~ intercept + all + (1 + intercept + all || g), named)
  expect_named(compared$fits, c("complete", "intercept", "intercept.1", "all.1", "all"))
  expect_equal(compared$models$log_evidence[3],
               log_marginal_likelihood(varying_slope(y ~ intercept + all + (0 + intercept | g), named, iter_sampling = 0)))
})

test_that("each model has its priors, and the fits what is given for all", {
  priors <- list(
    x = list("sigma_beta[x]" = dist_exponential(5)), all = list(rho = dist_lkj(3)), complete = list(sigma = dist_exponential(2))
  )
  compared <- compare_pooling(both, rows, prior = priors, iter_sampling = 40, chains = 1, seed = 3)
  direct <- varying_slope(y ~ x + (0 + x | g), rows, prior = priors$x, iter_sampling = 40, chains = 1, seed = 3)
  expect_equal(compared$fits$x$draws, direct$draws)
  whole <- varying_intercept_slope(both, rows, prior = priors$all, iter_sampling = 0)
  expect_equal(log_marginal_likelihood(compared$fits$all), log_marginal_likelihood(whole), tolerance = 1e-10)
  expect_equal(compared$models$log_evidence[2], comparison$models$log_evidence[2])
  prior <- compare(both, prior_only = TRUE)
  expect_true(all(is.na(prior$models[-1])))
  expect_match(prior$notes, "prior_only")
  expect_output(print(prior), "in 4 groups (prior only)", fixed = TRUE)
  chains <- suppressWarnings(compare_pooling(
    both, rows, algorithm = "nuts", chains = 1, iter_sampling = 30, iter_warmup = 100, seed = 1
  ))
  for (part in c("groups", "population", "models")) expect_equal(chains[[part]], comparison[[part]], tolerance = 1e-9)
})

test_that("moments give all that needs no single observation", {
  from_moments <- compare(both, group_moments(both, rows))
  expect_equal(from_moments$groups, comparison$groups, tolerance = 1e-8)
  expect_equal(from_moments$models$elpd_logo, comparison$models$elpd_logo, tolerance = 1e-8)
  expect_true(all(is.na(from_moments$models$elpd_loo)))
  expect_match(from_moments$notes, "group moments")
})

test_that("all models are of the same rows, and those that are dropped are told once", {
  gaps <- rows
  gaps$x[3] <- NA
  gaps$f[4] <- NA
  told <- 0
  withCallingHandlers(
    compared <- compare(y ~ f + (1 + x || g), gaps),
    message = function(cnd) {
      told <<- told + 1
      invokeRestart("muffleMessage")
    }
  )
  expect_identical(told, 1)
  whole <- compare(y ~ f + (1 + x || g), rows[-(3:4), ])
  expect_equal(compared$groups, whole$groups, tolerance = 1e-9)
  expect_equal(compared$models, whole$models, tolerance = 1e-9)
})

test_that("it prints in 80 columns", {
  withr::local_options(width = 80)
  shown <- capture.output(print(comparison, n_rows = 3))
  expect_match(shown[1], "^Four models of y by g: 27 observations in 4 groups$")
  expect_match(shown, "^  x +\\(0 \\+ x \\| g\\)$", all = FALSE)
  expect_match(shown, "^Posterior mean of the slope of x in each group$", all = FALSE)
  expect_identical(sum(shown == "... and 1 more; see $groups"), 2L)
  x <- comparison$groups[comparison$groups$coefficient == "x" & comparison$groups$group == "late", "estimate"]
  expect_match(shown, paste0("^ +late +9 +", paste(formatC(x, digits = 2, format = "f"), collapse = " +"), "$"), all = FALSE)
  expect_match(shown, "^ +x +[-0-9. ]+$", all = FALSE)
  expect_match(shown, "^ +complete +-[0-9.]+ ", all = FALSE)
  expect_output(expect_invisible(print(comparison)))
  long <- transform(rows, a_predictor_with_a_name_of_fifty_characters_or_so_ = x)
  levels(long$g) <- paste(levels(long$g), strrep("of a long name ", 4))
  wide <- compare(y ~ x + (1 + a_predictor_with_a_name_of_fifty_characters_or_so_ | g), long)
  for (lines in list(shown, capture.output(print(wide)))) expect_lte(max(nchar(lines, "width")), 80)
})

test_that("tidy() is one long table", {
  long <- generics::tidy(comparison)
  expect_named(long, c("model", "group", "term", "estimate", "conf.low", "conf.high"))
  of_groups <- long[!is.na(long$group), ]
  expect_equal(of_groups$estimate, comparison$groups$estimate)
  expect_identical(as.character(of_groups$term), as.character(comparison$groups$coefficient))
  population <- long[is.na(long$group), ]
  expect_identical(as.character(population$model), c("all", "all"))
  expect_equal(population$conf.high, comparison$population$upper)
  expect_error(generics::tidy(comparison, 1), class = "bayespool_error_argument")
})

test_that("arguments are checked", {
  refuse <- function(type, ...) expect_error(compare(...), class = paste0("bayespool_error_", type))
  refuse("formula", y ~ 0 + (1 + x || g))
  refuse("prior", both, prior = list(none = list()))
  refuse("prior", both, prior = list(partial = list()))
  refuse("prior", both, prior = list(x = list(sigma_0 = dist_exponential(1))))
  refuse("prior", y ~ x + (0 + x | g), prior = list(all = list()))
  refuse("argument", both, sigma = "common")
  refuse("argument", both, wrong = 1)
  refuse("argument", both, prob = 1)
  expect_error(compare_pooling(both), class = "bayespool_error_argument")
  single <- transform(rows[1:6, ], g = 1:6)
  warned <- capture_warnings(compare(y ~ x + (1 + x || g), single))
  expect_length(warned, 1)
  expect_match(warned, "one observation")
})

# Pictures -----------------------------------------------------------------------------------------------------------------

skip_if_not_installed("ggplot2")
skip_if_not_installed("bayesplot")
# The data of the first layer with this geom, as drawn.
layer <- function(picture, geom) {
  drawn <- which(vapply(picture$layers, function(x) inherits(x$geom, geom), NA))
  ggplot2::layer_data(picture, drawn[1])
}

test_that("the picture has the whole model, each coefficient alone and complete pooling", {
  picture <- plot(comparison, prob = 0.5, interval = "central", sort = "data")
  data <- picture$data
  central <- compare(both, prob = 0.5, interval = "central")
  expect_identical(levels(data$coefficient), c("(Intercept)", "x"))
  for (coefficient in levels(data$coefficient)) {
    drawn <- data[data$coefficient == coefficient, ]
    expect_equal(drawn[c("estimate", "lower", "upper")], cell(central, "all", coefficient), ignore_attr = TRUE)
    expect_equal(drawn$alone, cell(comparison, c("(Intercept)" = "intercept", x = "x")[[coefficient]], coefficient)$estimate)
    expect_equal(drawn$complete, cell(comparison, "complete", coefficient)$estimate)
  }
  points <- layer(picture, "GeomPoint")
  expect_equal(points$x, c(data$alone, data$estimate))
  expect_identical(as.vector(table(points$shape, points$PANEL)), rep(4L, 4))
  expect_equal(layer(picture, "GeomVline")$xintercept, unique(data$complete))
  expect_match(picture$labels$caption, "50% central interval where all vary")
  expect_match(plot(comparison)$labels$caption, "94% highest density")
})

test_that("groups are chosen and sorted", {
  at <- comparison$groups[comparison$groups$model == "all" & comparison$groups$coefficient == "(Intercept)", ]
  expect_identical(levels(plot(comparison)$data$group), as.character(at$group)[order(at$estimate)])
  expect_identical(levels(plot(comparison, sort = "size")$data$group), c("late", "some", "early", "few"))
  few <- plot(comparison, groups = c("few", "late"), sort = "data")$data
  expect_identical(levels(few$group), c("late", "few"))
  expect_identical(nrow(few), 4L)
  one <- plot(compare(y ~ x + (0 + x | g)), groups = 1:2)
  expect_length(unique(layer(one, "GeomPoint")$shape), 1)
  factors <- plot(compare(y ~ f + (1 + f || g), group_moments(y ~ f + (1 + f || g), rows)))$data
  expect_equal(unique(factors$coefficient), factor(c("(Intercept)", "fq", "fr"), levels = c("(Intercept)", "fq", "fr")))
  expect_error(plot(comparison, groups = "nosuch"), class = "bayespool_error_argument")
  expect_error(plot(comparison, prob = 0), class = "bayespool_error_argument")
  expect_error(plot(comparison, interval = "hpd"), class = "bayespool_error_argument")
  expect_error(plot(comparison, intervals = "partial"), class = "bayespool_error_argument")
})
