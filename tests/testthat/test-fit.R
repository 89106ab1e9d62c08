# The object that a fit is: variables, printing, update(), draws in all formats, size.

five <- subset(hpp_sites, site %in% c("Southampton", "METU", "Kassel", "Tsinghua", "Oslo"))

test_that("variables are those of the model, in order", {
  sites <- five$group
  named <- function(name) paste0(name, "[", sites, "]")
  fit <- function(f, ...) variables(f(..., data = five, iter_sampling = 0))
  expect_identical(fit(complete_pooling, scontrol ~ 1), c("mu", "sigma"))
  expect_identical(fit(complete_pooling, scontrol ~ stress), c("beta_0", "beta[stress]", "sigma"))
  expect_identical(fit(no_pooling, scontrol ~ 1 + (1 | site)), c(named("mu"), named("sigma")))
  expect_identical(fit(no_pooling, scontrol ~ 1 + (1 | site), sigma = "common"), c(named("mu"), "sigma"))
  expect_identical(fit(no_pooling, scontrol ~ stress + (1 | site)), c(named("beta_0j"), "beta[stress]", "sigma"))
  expect_identical(fit(partial_pooling, scontrol ~ 1 + (1 | site)), c("hyper_mu", named("mu"), "sigma_y", "sigma_mu"))
  expect_identical(fit(partial_pooling, scontrol ~ 0 + (1 | site)), c(named("mu"), "sigma_y", "sigma_mu"))
  expect_identical(
    fit(varying_intercept, scontrol ~ stress + (1 | site)),
    c("beta_0", "beta[stress]", named("beta_0j"), "sigma_y", "sigma_0")
  )
})

test_that("summaries have the columns that are promised", {
  fit <- partial_pooling(scontrol ~ 1 + (1 | site), five, seed = 1, iter_sampling = 100)
  expect_identical(
    names(summary(fit)),
    c("variable", "mean", "sd", "hdi_lower", "hdi_upper", "mcse_mean", "mcse_sd", "ess_bulk", "ess_tail", "rhat")
  )
  expect_identical(summary(fit)$variable, variables(fit))
  exact <- exact_summary(fit)
  expect_identical(names(exact), c("variable", "mean", "sd", "q3", "q50", "q97"))
  expect_identical(exact$variable, c(variables(fit), "icc"))
  expect_identical(names(exact_summary(fit, probs = c(0.025, 0.1)))[4:5], c("q2.5", "q10"))
  expect_identical(names(exact_summary(fit, probs = numeric())), c("variable", "mean", "sd"))
  expect_output(print(fit), "552 in 5 groups")
  expect_output(print(update(fit, iter_sampling = 0)), "exact summary")
  expect_output(print(update(fit, prior_only = TRUE)), "prior only")
})

test_that("draws come in every format, with all values", {
  fit <- partial_pooling(scontrol ~ 1 + (1 | site), five, seed = 1, chains = 3, iter_sampling = 40)
  reference <- as_draws_array(fit)
  expect_identical(dim(reference), c(40L, 3L, 8L))
  expect_s3_class(as_draws(fit), "draws_array")
  for (convert in list(as_draws_df, as_draws_matrix, as_draws_list, as_draws_rvars)) {
    expect_equal(posterior::as_draws_array(convert(fit)), reference, ignore_attr = TRUE)
  }
  expect_identical(c(ndraws(fit), nchains(fit), niterations(fit), nvariables(fit)), c(120L, 3L, 40L, 8L))
})

test_that("a fit without draws says so", {
  fit <- partial_pooling(scontrol ~ 1 + (1 | site), five, iter_sampling = 0)
  for (f in list(as_draws, as_draws_array, as_draws_df, as_draws_matrix, as_draws_list, as_draws_rvars, summary)) {
    expect_error(f(fit), class = "bayespool_error_draws")
  }
  expect_identical(ndraws(fit), 0L)
})

test_that("labels are the user's own", {
  labels <- c("Kassel", "New York", "\u5317\u4eac", "a[1]", "Paris, FR", "101")
  data <- withr::with_seed(1, data.frame(g = factor(rep(labels, each = 5), levels = labels), y = rnorm(30)))
  fit <- partial_pooling(y ~ 1 + (1 | g), data, seed = 1, iter_sampling = 10)
  expect_identical(variables(fit)[2:7], paste0("mu[", labels, "]"))
  expect_identical(variables(as_draws_df(fit)), variables(fit))
})

test_that("formula, nobs, priors and evidence are those of the fit", {
  fit <- complete_pooling(yield ~ N, npk, iter_sampling = 0)
  expect_equal(formula(fit), yield ~ N, ignore_attr = TRUE)
  expect_identical(nobs(fit), 24)
  expect_identical(prior_summary(fit)$parameter, c("beta_0", "beta[N1]", "sigma"))
  flat <- update(fit, prior = list(sigma = dist_uniform(0, Inf)))
  expect_error(log_marginal_likelihood(flat), class = "bayespool_error_improper")
})

test_that("update() refits with what the fit keeps", {
  make <- function() {
    rows <- npk
    varying_intercept(yield ~ N + (1 | block), rows, seed = 4, iter_sampling = 20)
  }
  fit <- make()
  expect_equal(update(fit)$draws, fit$draws)
  expect_identical(ndraws(update(fit, chains = 2)), 40L)
  smaller <- update(fit, . ~ . - N)
  expect_identical(variables(smaller)[1:2], c("beta_0", "beta_0j[1]"))
  expect_error(update(fit, . ~ . + K), class = "bayespool_error_data")
  expect_true("beta[K1]" %in% variables(update(fit, . ~ . + K, data = npk)))
  expect_identical(prior_summary(update(fit, prior = list(sigma_0 = dist_cauchy(0, 2))))$source[4], "user")
  none <- no_pooling(yield ~ 1 + (1 | block), npk, sigma = "common", iter_sampling = 0)
  expect_identical(variables(update(none)), variables(none))
})

test_that("rows with missing values are dropped and counted", {
  data <- npk
  data$yield[c(2, 5)] <- NA
  expect_message(fit <- partial_pooling(yield ~ 1 + (1 | block), data, iter_sampling = 0),
                 "Dropped 2 rows", class = "bayespool_message_dropped")
  expect_identical(nobs(fit), 22)
})

test_that("a fit carries no environment and survives being saved", {
  make <- function() {
    ballast <- rnorm(1e6)
    partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1, iter_sampling = 10)
  }
  fit <- make()
  expect_lt(length(serialize(fit, NULL)), 20000)
  path <- withr::local_tempfile()
  saveRDS(fit, path)
  expect_equal(exact_summary(readRDS(path)), exact_summary(fit))
})
