# Indices and checks of the performance package beside what this package computes. Both versions that are about have what is tested here.

skip_on_cran() # all of it takes long
exported <- function(package, name) getExportedValue(package, name)

rows <- withr::with_seed(1, {
  g <- rep(c("b", "a", "c", "d"), c(5, 9, 6, 4))
  x <- rnorm(24)
  data.frame(
    g = g, h = rep(c("p", "q", "r"), 8), x = x, z = rnorm(24) + x, y = rnorm(24, match(g, letters) + x, 1), n = 5, k = rbinom(24, 5, 0.4),
    w = rep(c(1, 3), 12)
  )
})
fit <- varying_intercept(y ~ x + z + (1 | g), rows, seed = 1, iter_sampling = 500)
two <- mixed_model(y ~ x + (1 | g) + (1 | h), rows, seed = 1, iter_sampling = 200)
none <- no_pooling(y ~ 1 + (1 | g), rows, sigma = "group", seed = 1, iter_sampling = 200)
weighted <- update(fit, y ~ x + (1 | g), weights = w, data = rows)
counts <- partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), rows, family = binomial(), seed = 1, iter_sampling = 200)
rates <- partial_pooling(k ~ 1 + (1 | g), rows, family = poisson(), seed = 1, iter_sampling = 200)
moments <- varying_intercept(y ~ x + (1 | g), group_moments(y ~ x + (1 | g), rows), seed = 1, iter_sampling = 100)
prior <- update(fit, prior_only = TRUE, prior = list(beta = dist_normal(0, 1), beta_0 = dist_normal(0, 1)))
bare <- update(fit, iter_sampling = 0)

test_that("icc() is the ratio of the posterior means of the variances", {
  skip_if_not_installed("performance")
  for (each in list(fit, weighted, counts, moments, bare)) {
    parts <- variance_components(each)
    mean <- stats::setNames(parts$mean, parts$variable)
    expect_equal(performance::icc(each)$ICC_adjusted, mean[["between"]] / (mean[["between"]] + mean[["within"]]))
  }
  mean <- stats::setNames(variance_components(two)$mean, variance_components(two)$variable)
  between <- c(mean[["between[g]"]], mean[["between[h]"]])
  expect_equal(performance::icc(two)$ICC_adjusted, sum(between) / (sum(between) + mean[["within"]]))
  by_group <- performance::icc(two, by_group = TRUE)
  expect_identical(by_group$Group, c("g", "h"))
  expect_equal(by_group$ICC, between / (sum(between) + mean[["within"]]))
  expect_null(suppressWarnings(performance::icc(none)))

  # With what the predictors say at their posterior mean over the rows.
  fixed <- var(drop(as.matrix(rows[c("x", "z")]) %*% fixef(fit)[c("x", "z")]))
  parts <- variance_components(fit)$mean
  expect_equal(performance::r2_nakagawa(fit)$R2_marginal, fixed / (fixed + sum(parts[1:2])), ignore_attr = TRUE)
})

test_that("R2: of bayes_R2(), and of the fixed effects alone", {
  skip_if_not_installed("performance")
  for (each in list(fit, two, weighted, counts)) {
    draws <- performance::r2_posterior(each)
    expect_equal(unname(draws$R2_Bayes), bayes_R2(each))
    r2 <- performance::r2(each)
    expect_equal(r2$R2_Bayes, median(bayes_R2(each)), ignore_attr = TRUE)
    expect_equal(attr(r2, "CI")$R2_Bayes$CI_low, bayestestR::hdi(bayes_R2(each), ci = 0.95)$CI_low)
  }
  # Without weights the R2 of the fixed effects is rstantools' for draws of expected values.
  expected <- posterior_epred(fit, re_formula = NA)
  expect_equal(unname(performance::r2_posterior(fit)$R2_Bayes_marginal), rstantools::bayes_R2(expected, rows$y), ignore_attr = TRUE)
  expect_equal(performance::r2(fit, robust = FALSE)$R2_Bayes_marginal, mean(rstantools::bayes_R2(expected, rows$y)), ignore_attr = TRUE)
  # With whole weights it is that of rows as often as these say.
  expected <- posterior_epred(weighted, re_formula = NA)
  again <- rep(seq_len(24), rows$w)
  long <- rstantools::bayes_R2(expected[, again], rows$y[again])
  expect_equal(unname(performance::r2_posterior(weighted)$R2_Bayes_marginal), long, ignore_attr = TRUE)
  expect_identical(unique(unname(performance::r2_posterior(rates)$R2_Bayes_marginal)), 0)
  # Without a population there is one.
  expect_identical(names(performance::r2(none)), "R2_Bayes")
  expect_equal(performance::r2(none)$R2_Bayes, median(bayes_R2(none)), ignore_attr = TRUE)

  expect_equal(suppressWarnings(performance::r2_loo(fit))$R2_loo, loo_R2(fit), ignore_attr = TRUE)
  expect_error(performance::r2(moments), class = "bayespool_error_data")
  expect_error(performance::r2(prior), class = "bayespool_error_argument")
  expect_error(performance::r2(bare), class = "bayespool_error_draws")
  expect_error(performance::r2_loo(counts), class = "bayespool_error_model")
})

test_that("model_performance() has what loo(), waic(), bayes_R2(), loo_R2(), residuals() and sigma() say", {
  skip_if_not_installed("performance")
  indices <- performance::model_performance(fit)
  exact <- loo(fit)$estimates
  expect_equal(indices$ELPD, exact["elpd_loo", "Estimate"])
  expect_equal(indices$ELPD_SE, exact["elpd_loo", "SE"])
  expect_equal(indices$LOOIC, exact["looic", "Estimate"])
  expect_equal(indices$LOOIC_SE, exact["looic", "SE"])
  expect_equal(indices$WAIC, suppressWarnings(waic(fit))$estimates["waic", "Estimate"])
  expect_equal(indices$R2, median(bayes_R2(fit)))
  expect_equal(indices$R2_marginal, performance::r2(fit)$R2_Bayes_marginal, ignore_attr = TRUE)
  expect_equal(indices$R2_adjusted, loo_R2(fit))
  expect_equal(indices$ICC, performance::icc(fit)$ICC_adjusted)
  expect_equal(indices$RMSE, sqrt(mean(residuals(fit)^2)))
  expect_equal(indices$Sigma, sigma(fit))
  expect_true(any(grepl("LOOIC", capture.output(print(indices)), fixed = TRUE)))
  expect_identical(names(performance::model_performance(fit, metrics = c("rmse", "SIGMA"))), c("RMSE", "Sigma"))
  expect_identical(names(performance::model_performance(fit, metrics = "common")), names(indices)[c(1:7, 10)])
  # What a model does not have is not there.
  expect_identical(setdiff(names(indices), names(performance::model_performance(none))), c("R2_marginal", "ICC", "Sigma"))
  expect_identical(setdiff(names(indices), names(performance::model_performance(counts))), "R2_adjusted")
  expect_identical(setdiff(names(indices), names(performance::model_performance(rates))), c("R2_adjusted", "ICC"))

  without_draws <- performance::model_performance(bare, metrics = c("LOOIC", "R2_adjusted", "RMSE"))
  expect_equal(without_draws$LOOIC, indices$LOOIC)
  expect_error(performance::model_performance(bare), class = "bayespool_error_draws")
  expect_error(performance::model_performance(moments), class = "bayespool_error_data")
  expect_error(performance::model_performance(prior), class = "bayespool_error_argument")
  expect_error(performance::model_performance(fit, metrics = "AIC"), "LOOIC", class = "bayespool_error_argument")
})

test_that("errors of single rows", {
  skip_if_not_installed("performance")
  for (each in list(fit, none, counts, bare)) {
    expect_equal(performance::performance_rmse(each), sqrt(mean(residuals(each)^2)))
    expect_equal(performance::performance_mse(each), mean(residuals(each)^2))
    expect_equal(performance::performance_mae(each), mean(abs(residuals(each))))
  }
  expect_error(performance::performance_mae(moments), class = "bayespool_error_data")
  expect_error(performance::performance_mse(moments), class = "bayespool_error_data")
})

test_that("predictions beside the data", {
  skip_if_not_installed("performance", "0.19.0") # in 0.10.2 check_predictions() is pp_check()
  checked <- withr::with_seed(1, performance::check_predictions(fit, iterations = 100))
  expect_identical(checked$y, rows$y)
  expect_identical(ncol(checked), 101L)
  simulated <- as.matrix(as.data.frame(unclass(checked))[paste0("sim_", 1:100)])
  predicted <- posterior_predict(fit)
  # Of a row the mean of 100 predictions.
  z <- (rowMeans(simulated) - colMeans(predicted)) / (apply(predicted, 2, sd) / 10)
  expect_lt(max(abs(z)), 5)
  expect_error(performance::check_predictions(bare), class = "bayespool_error_draws")
  expect_error(performance::check_predictions(moments), class = "bayespool_error_data")
  skip_if_not_installed("see")
  expect_s3_class(plot(checked), "ggplot")
})

test_that("checks of the fit: what is singular, what has converged, what is correlated", {
  skip_if_not_installed("performance")
  expect_false(performance::check_singularity(fit))
  expect_false(performance::check_singularity(two))
  expect_true(performance::check_singularity(update(fit, prior = list(sigma_0 = dist_degenerate(0)))))
  expect_error(performance::check_singularity(none), class = "bayespool_error_model")
  expect_true(performance::check_convergence(bare))
  good <- suppressWarnings(update(fit, algorithm = "nuts", iter_sampling = 1500, iter_warmup = 500))
  rhat <- max(bayesplot::rhat(good))
  converged <- performance::check_convergence(good)
  expect_equal(attr(converged, "rhat"), rhat)
  expect_identical(as.logical(converged), rhat <= 1.01 && sum(bayesplot::nuts_params(good, "divergent__")$Value) == 0)
  expect_false(performance::check_convergence(suppressWarnings(update(fit, algorithm = "nuts", iter_sampling = 10, iter_warmup = 5))))

  # Of two predictors the factor of both is 1 / (1 - r^2), r that of their coefficients.
  r <- cov2cor(vcov(fit))["x", "z"]
  factors <- performance::check_collinearity(fit)
  expect_identical(factors$Term, c("x", "z"))
  expect_equal(factors$VIF, rep(1 / (1 - r^2), 2))
})

test_that("what is for least squares, or needs an estimate at a maximum, says what works", {
  skip_if_not_installed("performance")
  for (name in c("check_normality", "check_heteroscedasticity", "check_autocorrelation", "check_model")) {
    expect_error(exported("performance", name)(fit), "check_predictions", class = "bayespool_error_model")
  }
  expect_error(performance::check_outliers(fit), "pointwise", class = "bayespool_error_argument")
  expect_error(logLik(fit), "log_marginal_likelihood", class = "bayespool_error_model")
  expect_error(AIC(fit), class = "bayespool_error_model")
  expect_error(BIC(fit), class = "bayespool_error_model")
})

test_that("test_bf() has exact Bayes factors", {
  skip_if_not_installed("performance")
  large <- varying_intercept(y ~ x + (1 | g), rows, iter_sampling = 0, prior = list(beta_0 = dist_normal(0, 5), beta = dist_normal(0, 2)))
  small <- update(large, y ~ 1 + (1 | g), prior = list(beta_0 = dist_normal(0, 5)))
  table <- performance::test_bf(small, large)
  expect_equal(table$log_BF, c(0, log_marginal_likelihood(large) - log_marginal_likelihood(small)))
  expect_equal(performance::test_bf(small, large, reference = 2)$log_BF[1], -table$log_BF[2])
  expect_identical(rownames(table), c("small", "large"))
  expect_error(performance::test_performance(small, large), "loo_compare", class = "bayespool_error_model")
})
