# Tables of the parameters package: numbers of the draws, names of lme4. Both versions that are about have what is tested here.

skip_on_cran() # all of it takes long
exported <- function(package, name) getExportedValue(package, name)

rows <- withr::with_seed(1, {
  g <- rep(c("b", "a", "c", "d"), c(5, 9, 6, 4))
  x <- rnorm(24)
  data.frame(g = g, h = rep(c("p", "q", "r"), 8), x = x, y = rnorm(24, match(g, letters) + x, 1), n = 5, k = rbinom(24, 5, 0.4))
})
slopes <- mixed_model(y ~ x + (1 + x | g), rows, seed = 1, iter_sampling = 500)
two <- mixed_model(y ~ x + (1 | g) + (1 | h), rows, seed = 1, iter_sampling = 200)
none <- no_pooling(y ~ x + (1 | g), rows, seed = 1, iter_sampling = 200)
counts <- partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), rows, family = binomial(), seed = 1, iter_sampling = 200)
draws_of <- function(fit, variable) unclass(posterior::as_draws_matrix(fit))[, variable]
table_of <- function(...) as.data.frame(parameters::model_parameters(...))

test_that("fixed effects: medians, intervals and probabilities of direction of the draws", {
  skip_if_not_installed("parameters")
  table <- table_of(slopes)
  expect_identical(table$Parameter, c("(Intercept)", "x"))
  expect_identical(table$Effects, c("fixed", "fixed"))
  x <- draws_of(slopes, "beta[x]")
  expect_equal(table$Median[2], median(x))
  expect_equal(c(table$CI_low[2], table$CI_high[2]), quantile(x, c(0.025, 0.975), names = FALSE))
  expect_equal(table$pd[2], max(mean(x > 0), mean(x < 0)))
  expect_equal(table$Rhat[2], posterior::rhat(matrix(x, 500)))
  expect_equal(table$ESS[2], posterior::ess_bulk(matrix(x, 500)))
  expect_identical(table$CI, c(0.95, 0.95))
  expect_identical(parameters::parameters(slopes)$Median, table$Median)

  asked <- table_of(
    slopes, centrality = "mean", dispersion = TRUE, ci = c(0.5, 0.9), ci_method = "hdi", test = "rope", rope_ci = 1, diagnostic = NULL
  )
  expect_equal(asked$Mean[2], mean(x))
  expect_equal(asked$SD[2], sd(x))
  expect_equal(
    unlist(asked[2, c("CI_low_0.5", "CI_high_0.9")], use.names = FALSE),
    c(bayestestR::hdi(x, ci = 0.5)$CI_low, bayestestR::hdi(x, ci = 0.9)$CI_high)
  )
  expect_equal(asked$ROPE_Percentage[2], mean(abs(x) <= 0.1 * sd(rows$y)))
  expect_false(any(c("pd", "Rhat", "ESS") %in% names(asked)))
  expect_identical(table_of(slopes, keep = "^x")$Parameter, "x")
  expect_identical(table_of(slopes, drop = "^x")$Rhat, table$Rhat[1])
})

test_that("random effects: names, groups and levels as of lmer()", {
  skip_if_not_installed("parameters")
  skip_if_not_installed("lme4")
  of_lmer <- function(formula, ...) {
    fit <- suppressMessages(suppressWarnings(lme4::lmer(formula, rows)))
    suppressMessages(suppressWarnings(table_of(fit, ci_method = "wald", verbose = FALSE, ...)))
  }
  same_shape <- function(ours, theirs, columns) {
    for (column in columns) expect_identical(as.character(ours[[column]]), as.character(theirs[[column]]), info = column)
  }
  for (fit in list(slopes, two)) {
    columns <- c("Parameter", "Effects", "Group")
    same_shape(table_of(fit, effects = "all"), of_lmer(formula(fit), effects = "all"), columns)
    same_shape(table_of(fit, effects = "random"), of_lmer(formula(fit), effects = "random"), columns)
    levels <- of_lmer(formula(fit), effects = "random", group_level = TRUE)
    same_shape(table_of(fit, effects = "random", group_level = TRUE), levels, c(columns, "Level"))
    same_shape(table_of(fit, effects = "grouplevel"), levels, c(columns, "Level"))
  }
  random <- table_of(slopes, effects = "random", centrality = "mean")
  expect_equal(random$Mean, unname(colMeans(draws_of(slopes, c("sigma_0", "sigma_beta[x]", "rho[x]", "sigma_y")))))
  deviations <- table_of(slopes, effects = "grouplevel", centrality = "mean")
  first <- deviations[deviations$Level == "c", ]
  expect_equal(first$Mean, c(
    mean(draws_of(slopes, "beta_0j[c]") - draws_of(slopes, "beta_0")), mean(draws_of(slopes, "beta_j[x,c]") - draws_of(slopes, "beta[x]"))
  ))
  of_h <- table_of(two, effects = "grouplevel", centrality = "mean")
  expect_equal(of_h$Mean[of_h$Group == "h" & of_h$Level == "q"], mean(draws_of(two, "b_0[h,q]")))
  expect_equal(table_of(two, effects = "random", centrality = "mean")$Mean[2], mean(draws_of(two, "sigma_0[h]")))
})

test_that("models without a population, counts, known errors, moments, NUTS", {
  skip_if_not_installed("parameters")
  fixed <- table_of(none, centrality = "mean")
  expect_setequal(fixed$Parameter, c("x", paste0("(Intercept) [", letters[1:4], "]")))
  expect_equal(fixed$Mean[fixed$Parameter == "(Intercept) [c]"], mean(draws_of(none, "beta_0j[c]")))
  expect_identical(table_of(none, effects = "random")$Parameter, "SD (Observations)")
  apart <- no_pooling(y ~ 1 + (1 | g), rows, sigma = "group", seed = 1, iter_sampling = 50)
  expect_identical(table_of(apart, effects = "random")$Parameter, paste0("SD (Observations) [", letters[1:4], "]"))
  expect_error(table_of(none, effects = "grouplevel"), "population", class = "bayespool_error_model")
  complete <- complete_pooling(y ~ x, rows, seed = 1, iter_sampling = 50)
  expect_identical(table_of(complete, effects = "all")$Parameter, c("(Intercept)", "x", "SD (Observations)"))

  odds <- table_of(counts, exponentiate = TRUE, effects = "all")
  expect_equal(odds$Median[1], exp(median(draws_of(counts, "hyper_mu"))))
  expect_equal(odds$Median[2], median(draws_of(counts, "sigma_mu"))) # a standard deviation stays as it is
  expect_identical(odds$Parameter, c("(Intercept)", "SD (Intercept)"))
  expect_identical(table_of(counts, exponentiate = "nongaussian", effects = "all"), odds, ignore_attr = TRUE)
  expect_equal(table_of(slopes, exponentiate = "nongaussian"), table_of(slopes), ignore_attr = TRUE)
  expect_error(
    table_of(complete_pooling(cbind(k, n - k) ~ 1, rows, family = binomial(), seed = 1, iter_sampling = 50), effects = "random"),
    class = "bayespool_error_model"
  )
  studies <- data.frame(study = letters[1:5], yi = c(0.1, 0.4, -0.2, 0.3, 0.5), sei = 0.2)
  meta <- meta_analysis(yi ~ 1 + (1 | study), studies, se = sei, seed = 1, iter_sampling = 50)
  expect_identical(table_of(meta, effects = "all")$Parameter, c("(Intercept)", "SD (Intercept)"))

  moments <- varying_intercept(y ~ x + (1 | g), group_moments(y ~ x + (1 | g), rows), seed = 1, iter_sampling = 100)
  expect_equal(table_of(moments)$Median[2], median(draws_of(moments, "beta[x]")))
  prior <- update(moments, prior_only = TRUE, prior = list(beta = dist_normal(0, 1), beta_0 = dist_normal(0, 1)))
  expect_equal(table_of(prior)$Median[2], median(draws_of(prior, "beta[x]")))
  chains <- suppressWarnings(update(moments, algorithm = "nuts", iter_warmup = 200))
  expect_equal(table_of(chains)$Rhat, unname(bayesplot::rhat(chains, c("beta_0", "beta[x]"))), tolerance = 0.01)
  expect_error(table_of(update(moments, iter_sampling = 0)), class = "bayespool_error_draws")
})

test_that("arguments that cannot be served are refused", {
  skip_if_not_installed("parameters")
  expect_error(table_of(slopes, standardize = "refit"), "scale", class = "bayespool_error_argument")
  skip_if_not_installed("datawizard")
  expect_error(exported("datawizard", "standardize")(slopes), "scale", class = "bayespool_error_argument")
  expect_error(parameters::standardize_parameters(slopes), class = "bayespool_error_argument")
  expect_error(table_of(slopes, effects = "total"), class = "bayespool_error_argument")
  expect_error(table_of(slopes, group_level = NA), class = "bayespool_error_argument")
  expect_error(table_of(slopes, exponentiate = "yes"), class = "bayespool_error_argument")
  expect_warning(table_of(slopes, centralty = "mean"), "centrality", class = "bayespool_warning_argument")
})

test_that("standard errors are exact, p is that of the direction", {
  skip_if_not_installed("parameters")
  exact <- exact_summary(slopes)
  errors <- parameters::standard_error(slopes)
  expect_identical(errors$Parameter, c("beta_0", "beta[x]"))
  expect_equal(errors$SE, exact$sd[match(errors$Parameter, exact$variable)])
  expect_equal(parameters::standard_error(update(slopes, iter_sampling = 0)), errors)
  p <- parameters::p_value(slopes)
  x <- draws_of(slopes, "beta[x]")
  expect_equal(p$p[2], 2 * min(mean(x > 0), mean(x < 0)))
  expect_identical(p$Parameter, errors$Parameter)
  # As tables of least squares are asked for.
  wald <- table_of(slopes, ci_method = "wald")
  expect_equal(wald$SE, unname(apply(draws_of(slopes, errors$Parameter), 2, sd)))
  expect_equal(wald$p, p$p)
  expect_equal(wald$Median, table_of(slopes)$Median)
})

test_that("tables print, are formatted and compared, and have a picture", {
  skip_if_not_installed("parameters")
  text <- suppressMessages(capture.output(print(parameters::model_parameters(slopes, effects = "all"))))
  for (name in c("SD (Intercept: g)", "Cor (Intercept~x: g)", "SD (Residual)", "# Fixed Effects")) {
    expect_true(any(grepl(name, text, fixed = TRUE)), info = name)
  }
  levels <- suppressMessages(capture.output(print(parameters::model_parameters(slopes, effects = "grouplevel"))))
  expect_true(any(grepl("(Intercept) [c]", levels, fixed = TRUE)))
  compared <- parameters::compare_parameters(
    with = parameters::model_parameters(slopes), without = parameters::model_parameters(update(slopes, y ~ 1 + (1 | g)))
  )
  expect_equal(compared$Median.with[compared$Parameter == "x"], median(draws_of(slopes, "beta[x]")))
  expect_true(is.na(compared$Median.without[compared$Parameter == "x"]))
  expect_identical(attr(parameters::model_parameters(slopes), "object_name"), "slopes")
  skip_if_not_installed("see")
  drawn <- exported("ggplot2", "layer_data")(plot(parameters::model_parameters(slopes, effects = "all")), 3)
  expect_true(any(abs(drawn$x - median(draws_of(slopes, "beta[x]"))) < 1e-12))
})
