# modelsummary: a fit's rows are those of lm() and lmer() in one table, with the numbers of tidy(), model_parameters() and loo().

exported <- function(package, name) getExportedValue(package, name)
modelsummary <- function(...) suppressWarnings(exported("modelsummary", "modelsummary")(...)) # a word on what takes long
get_estimates <- function(...) exported("modelsummary", "get_estimates")(...)
get_gof <- function(...) suppressWarnings(exported("modelsummary", "get_gof")(...))
fit <- varying_intercept(yield ~ N + (1 | block), npk, seed = 1)
counts <- partial_pooling(
  cbind(k, n - k) ~ 1 + (1 | g), data.frame(k = c(3, 5, 2, 8), n = c(10, 12, 9, 11), g = letters[1:4]), family = binomial(), seed = 1
)

test_that("one table has the same rows for lm(), lmer() and fits", {
  skip_if_not_installed("modelsummary", "2.0")
  skip_if_not_installed("parameters", "0.22")
  skip_if_not_installed("performance")
  skip_if_not_installed("lme4")
  models <- list(lm = lm(yield ~ N, npk), lmer = lme4::lmer(yield ~ N + (1 | block), npk), fit = fit, counts = counts)
  table <- modelsummary(models, output = "data.frame", statistic = "conf.int", gof_map = c("nobs", "Log evidence"), fmt = 3)
  estimates <- table[table$statistic == "estimate", ]
  expect_identical(estimates$term, c("(Intercept)", "N1", "SD (Intercept block)", "SD (Observations)", "SD (Intercept g)"))
  expect_identical(estimates$fit == "", c(FALSE, FALSE, FALSE, FALSE, TRUE))
  expect_identical(estimates$lmer == "", estimates$fit == "")
  expect_identical(estimates$counts == "", c(FALSE, TRUE, TRUE, TRUE, FALSE))
  draws <- as_draws_df(fit)
  variables <- c("beta_0", "beta[N1]", "sigma_0", "sigma_y")
  expect_identical(estimates$fit[1:4], sprintf("%.3f", vapply(variables, function(name) median(draws[[name]]), 0)))
  expect_identical(
    table$fit[table$statistic == "conf.int"][1:2],
    vapply(variables[1:2], function(name) {
      ends <- sprintf("%.3f", quantile(draws[[name]], c(0.025, 0.975)))
      paste0("[", ends[1], ", ", ends[2], "]")
    }, "", USE.NAMES = FALSE)
  )
  gof <- table[table$part == "gof", ]
  expect_identical(gof$term, c("Num.Obs.", "Log evidence"))
  expect_identical(gof$fit, c("24", sprintf("%.1f", log_marginal_likelihood(fit))))
  expect_identical(gof$counts[1], "4")
  ratios <- modelsummary(
    models[1:3], output = "data.frame", coef_map = c(N1 = "Nitrogen"), exponentiate = TRUE, gof_map = "nobs", statistic = NULL
  )
  expect_identical(ratios$term, c("Nitrogen", "Num.Obs."))
  expect_identical(ratios$fit[1], sprintf("%.3f", exp(median(draws[["beta[N1]"]]))))
})

test_that("measures of a fit are this package's", {
  skip_if_not_installed("modelsummary", "2.0")
  skip_if_not_installed("performance")
  gof <- get_gof(fit)
  expect_identical(gof$nobs, 24)
  expect_equal(gof$looic, loo(fit)$estimates["looic", "Estimate"], tolerance = 1e-10)
  expect_equal(gof$elpd, loo(fit)$estimates["elpd_loo", "Estimate"], tolerance = 1e-10)
  expect_identical(gof[["Log evidence"]], sprintf("%.1f", log_marginal_likelihood(fit)))
  flat <- update(fit, prior = list(beta_0 = dist_uniform(-Inf, Inf)), iter_sampling = 0)
  expect_identical(names(get_gof(flat)), c("nobs", "sigma"))
})

test_that("with broom's tables, and without draws, estimates are exact", {
  skip_if_not_installed("modelsummary", "2.0")
  columns <- c("term", "estimate", "std.error", "conf.low", "conf.high")
  exact <- tidy(fit, conf.int = TRUE, conf.level = 0.95)[columns]
  withr::with_options(list(modelsummary_get = "broom"), expect_equal(get_estimates(fit)[columns], exact, ignore_attr = TRUE))
  alone <- update(fit, iter_sampling = 0)
  expect_equal(get_estimates(alone)[columns], exact, ignore_attr = TRUE)
  table <- modelsummary(alone, output = "data.frame", fmt = 2)
  expect_identical(table[["(1)"]][1:2], c(sprintf("%.2f", exact$estimate[1]), sprintf("(%.2f)", exact$std.error[1])))
  expect_identical(table$term[table$part == "gof"], c("Num.Obs.", "Log evidence"))
  moments <- varying_intercept(yield ~ N + (1 | block), group_moments(yield ~ N + (1 | block), npk), iter_sampling = 0)
  expect_equal(get_estimates(moments)$estimate, exact$estimate, tolerance = 1e-10)
  prior <- update(fit, prior_only = TRUE, prior = list(beta_0 = dist_normal(50, 10), beta = dist_normal(0, 5)))
  expect_identical(get_gof(prior)$nobs, 24)
})

test_that("every model has a table", {
  skip_if_not_installed("modelsummary", "2.0")
  models <- list(
    complete_pooling(yield ~ N, npk, seed = 1), no_pooling(yield ~ N + (1 | block), npk, seed = 1),
    partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1), mixed_model(yield ~ N + (N | block), npk, seed = 1),
    mixed_model(yield ~ N + (1 | block) + (1 | P), npk, seed = 1)
  )
  table <- modelsummary(models, output = "data.frame", gof_map = "nobs")
  expect_identical(unname(vapply(paste0("(", 1:5, ")"), function(name) tail(table[[name]], 1), "")), rep("24", 5))
  skip_if_not_installed("parameters", "0.22")
  expect_true(all(
    c("(Intercept)", "N1", "(Intercept) [1]", "SD (Intercept block)", "SD (N1 block)", "SD (Intercept P)", "SD (Observations)") %in%
      table$term
  ))
})

test_that("modelplot() shows intervals of the draws", {
  skip_if_not_installed("modelsummary", "2.0")
  skip_if_not_installed("parameters", "0.22")
  data <- exported("modelsummary", "modelplot")(list(a = fit, b = lm(yield ~ N, npk)), draw = FALSE, coef_omit = "SD")
  expect_setequal(paste(data$term, data$model), c("(Intercept) a", "N1 a", "(Intercept) b", "N1 b"))
  draws <- as_draws_df(fit)[["beta[N1]"]]
  expect_equal(
    unlist(data[data$term == "N1" & data$model == "a", c("conf.low", "conf.high")]), quantile(draws, c(0.025, 0.975)), ignore_attr = "names"
  )
})
