# Two grouping factors beside lme4: with flat priors the density of the standard deviations is the restricted likelihood.

skip_on_cran() # all of it takes long

skip_if_not_installed("lme4")

test_that("with flat priors the density given relative sds, at its highest in sigma, is lme4's REML criterion", {
  cases <- list(
    list(diameter ~ 1 + (1 | plate) + (1 | sample), lme4::Penicillin),
    list(strength ~ 1 + (1 | batch) + (1 | batch:cask), lme4::Pastes),
    list(angle ~ recipe * temperature + (1 | replicate) + (1 | recipe:replicate), lme4::cake)
  )
  flat <- dist_uniform(-Inf, Inf)
  flat_sd <- dist_uniform(0, Inf)
  for (case in cases) {
    prior <- list(beta_0 = flat, beta = flat, sigma_y = flat_sd, sigma_0 = flat_sd)
    if (!grepl("recipe", format(case[[1]]))) prior$beta <- NULL
    fit <- mixed_model(case[[1]], case[[2]], prior, iter_sampling = 0)
    problem <- fit_posterior(fit)$problem
    reml <- lme4::lmer(case[[1]], case[[2]], devFunOnly = TRUE)
    order <- order(problem$level_counts, decreasing = TRUE) # lme4's, of the factors
    for (theta in list(c(1, 1), c(0.2, 3), c(5, 0.4), c(1e-3, 2), c(40, 30))) {
      x <- log(theta)
      # Without the Jacobians of log sigma, and of log tau = log theta + log sigma, twice.
      density <- function(u) cpp_effects_log_density(problem, x, u) - sum(x) - 3 * u
      best <- optimize(density, c(-6, 6), maximum = TRUE, tol = 1e-9)$objective
      expect_equal(-2 * best, reml(theta[order]), tolerance = 1e-10, label = paste(format(case[[1]]), toString(theta)))
    }
    # The mode of the density without Jacobians is lmer()'s estimate; posterior means of skewed sds are larger.
    sds <- as.data.frame(lme4::VarCorr(lme4::lmer(case[[1]], case[[2]])))
    table <- exact_summary(fit, regex_pars = "^sigma")
    expect_gt(table$mean[table$variable == "sigma_y"], sds$sdcor[sds$grp == "Residual"])
  }
})
