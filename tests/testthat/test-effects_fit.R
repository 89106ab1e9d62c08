# Fits of several effects a group: known data, one effect as in the models of one, moments and rows, invariances, draws.

simulated_effects <- function(groups, rows, seed) {
  withr::with_seed(seed, {
    g <- rep(seq_len(groups), rows)
    x <- rnorm(length(g))
    slope <- rnorm(groups, 1, 0.6)
    data.frame(g = g, x = x, y = 2 + rnorm(groups, 0, 1.2)[g] + slope[g] * x + rnorm(length(g)))
  })
}
by_variable <- function(table) as.matrix(table[, -1], rownames.force = FALSE)
# In sds of each parameter.
summary_distance <- function(a, b) max(abs(by_variable(a) - by_variable(b)) / a$sd)

test_that("one effect, the intercept, is the model of one effect", {
  data <- simulated_effects(5, c(3, 1, 4, 2, 6), 1)
  old <- varying_intercept(y ~ x + (1 | g), data, iter_sampling = 0)
  model <- varying_intercept_slope(y ~ x + (1 + x | g), data, iter_sampling = 0)
  posterior <- fit_posterior(old)
  problem <- fit_posterior(model)$problem
  layout <- old$model$layout
  at <- function(role) which(layout$role == role) - 1L
  problem[c("directions", "eta", "variables")] <- list(NA_integer_, NA_real_, nrow(layout))
  problem$tau_priors <- problem$tau_priors[1]
  problem$columns <- list(
    coefficients = c(at("population"), at("slope")), first_group = at("group")[1], coefficient_of_direction = 0L,
    sigma = at("scale_within"), tau = at("scale_between"), rho = integer()
  )
  expect_equal(problem$tau_priors[[1]], old$priors[[varying_term(old$model)$sd]])
  orders <- c(4, 4)
  fit <- cpp_effects_fit(problem, orders, 0, 1, 1)
  expect_lt(abs(fit$log_evidence - as.numeric(log_marginal_likelihood(old))), 1e-9)
  theirs <- exact_summary(old, probs = c(0.03, 0.5, 0.97))
  theirs <- theirs[theirs$variable %in% layout$variable, ]
  ours <- cpp_effects_summary(problem, orders, fit$record, c(0.03, 0.5, 0.97), 0, rep(TRUE, nrow(layout)), FALSE, Inf)
  difference <- abs(ours - by_variable(theirs)) / theirs$sd
  expect_lt(max(difference[, 1:2]), 1e-8)
  expect_lt(max(difference), 1e-5)
})

test_that("known data: the accuracy's estimates are small", {
  skip_on_cran() # long
  centred <- hpp_sites
  centred$mean[, "stress"] <- centred$mean[, "stress"] - 39
  models <- list(
    list(Reaction ~ Days + (Days | Subject), lme4::sleepstudy), list(distance ~ age + (age | Subject), as.data.frame(nlme::Orthodont)),
    list(scontrol ~ stress + (stress | site), hpp_sites), list(scontrol ~ stress + (stress | site), centred),
    list(y ~ x + (x | g), simulated_effects(1000, 4, 2))
  )
  for (model in models) {
    fit <- varying_intercept_slope(model[[1]], model[[2]], iter_sampling = 0)
    expect_lt(core_fit(fit_posterior(fit), 0, 1, 1, NULL)$error, 1e-5, label = format(model[[1]]))
  }
})

test_that("independent effects, of which one hardly varies, settle in three dimensions", {
  data <- withr::with_seed(3, {
    g <- rep(1:30, each = 8)
    x <- rnorm(240)
    w <- rnorm(240)
    b <- matrix(rnorm(90), 30) %*% diag(c(1, 0.1, 0.5))
    data.frame(g, x, w, y = 1 + b[g, 1] + (0.5 + b[g, 2]) * x + b[g, 3] * w + rnorm(240))
  })
  fit <- mixed_model(y ~ x + w + (1 + x + w || g), data, iter_sampling = 0)
  expect_lt(accuracy(fit)$error, 1e-6)
})

test_that("groups of one observation: nodes far from the data, too, have a line of sigma", {
  data <- withr::with_seed(5, data.frame(g = 1:6, x = rnorm(6), y = rnorm(6, 7, 3)))
  fit <- suppressWarnings(mixed_model(y ~ x + (1 + x || g), data, iter_sampling = 0), classes = "bayespool_warning_undetermined")
  table <- exact_summary(fit)
  expect_true(all(is.finite(as.matrix(table[-1]))))
  # With one row a group, intercepts that vary are not told from noise.
  expect_equal(table$mean[table$variable == "sigma_y"], table$mean[table$variable == "sigma_0"], tolerance = 1e-6)
})

test_that("with flat priors the likelihood of the standard deviations is greatest at lme4's REML estimates", {
  skip_if_not_installed("lme4")
  for (formula in list(Reaction ~ Days + (Days | Subject), Reaction ~ Days + (Days || Subject))) {
    reml <- lme4::lmer(formula, lme4::sleepstudy)
    flat <- dist_uniform(0, Inf)
    line <- dist_uniform(-Inf, Inf)
    prior <- list(beta_0 = line, `beta[Days]` = line, sigma_y = flat, sigma_0 = flat, `sigma_beta[Days]` = flat)
    correlated <- "|" %in% all.names(formula)
    if (correlated) prior$rho <- dist_lkj(1)
    fit <- varying_intercept_slope(formula, lme4::sleepstudy, prior = prior, iter_sampling = 0)
    problem <- fit_posterior(fit)$problem
    # Without the Jacobian terms of (log sigma, log(tau / sigma), atanh rho) and the density 1 / 2 of rho.
    log_likelihood <- function(at) {
      jacobian <- 3 * at[1] + at[2] + at[3] + (if (correlated) -2 * log(cosh(at[4])) - log(2) else 0)
      cpp_effects_log_density(problem, at[-1], at[1]) - jacobian
    }
    variances <- as.data.frame(lme4::VarCorr(reml))
    sd <- variances$sdcor[match(c("(Intercept)", "Days"), variances$var1)]
    sigma <- stats::sigma(reml)
    rho <- variances$sdcor[variances$var1 %in% "(Intercept)" & variances$var2 %in% "Days"]
    theirs <- c(log(sigma), log(sd / sigma), if (correlated) atanh(rho))
    found <- optim(theirs + 0.3, function(at) -log_likelihood(at), method = "BFGS", control = list(reltol = 1e-15, maxit = 500))
    expect_lt(max(abs(found$par - theirs)), 1e-3)
    # lme4 integrates flat coefficients as we do: its criterion is -2 log of the same integral.
    expect_equal(log_likelihood(theirs), as.numeric(logLik(reml)), tolerance = 1e-9)
    expect_lt(abs(-found$value - as.numeric(logLik(reml))), 1e-6)
  }
})

small <- simulated_effects(6, c(3, 1, 4, 2, 6, 5), 3)
small$f <- rep(c("p", "q", "r"), length.out = nrow(small))
formulas <- list(y ~ x + (1 + x | g), y ~ x + (1 + x || g), y ~ x + (0 + x | g), y ~ x + f + (x | g))
fit_to <- function(formula, data, ...) mixed_model(formula, data, ...)

test_that("rows and their moments give the same fit", {
  for (formula in formulas) {
    a <- fit_to(formula, small, seed = 1, iter_sampling = 50)
    b <- fit_to(formula, group_moments(formula, small), seed = 1, iter_sampling = 50)
    expect_equal(log_marginal_likelihood(b), log_marginal_likelihood(a), tolerance = 1e-10)
    expect_lt(summary_distance(exact_summary(b), exact_summary(a)), 1e-10)
    expect_equal(a$draws, b$draws, tolerance = 1e-10)
  }
})

test_that("the order of rows and groups does not matter", {
  shuffled <- small[withr::with_seed(2, sample(nrow(small))), ]
  reordered <- transform(shuffled, g = factor(g, levels = c(4, 2, 6, 1, 3, 5)))
  for (formula in formulas) {
    a <- exact_summary(fit_to(formula, small, iter_sampling = 0))
    for (data in list(shuffled, reordered)) {
      b <- exact_summary(fit_to(formula, data, iter_sampling = 0))
      expect_lt(summary_distance(a, b[match(a$variable, b$variable), ]), 1e-7)
    }
  }
})

test_that("default priors make fits move and scale with the data", {
  for (formula in formulas) {
    a <- exact_summary(fit_to(formula, small, iter_sampling = 0))
    b <- exact_summary(fit_to(formula, transform(small, y = -5 + 0.02 * y), iter_sampling = 0))
    scale <- ifelse(grepl("^rho", a$variable), 1, 0.02)
    moves <- ifelse(grepl("^beta_0", a$variable), -5, 0)
    # Without an effect of the intercept, groups differ in the slope alone.
    ours <- a
    for (column in names(a)[-1]) ours[[column]] <- (if (column == "sd") 0 else moves) + a[[column]] * scale
    expect_lt(summary_distance(b, ours), 1e-6, label = format(formula))
  }
})

test_that("a predictor's unit scales its slopes alone", {
  formula <- y ~ x + (1 + x | g)
  prior <- function(unit) {
    list(
      beta_0 = dist_normal(0, 5), `beta[x]` = dist_normal(0, 3 / unit), sigma_y = dist_exponential(1), sigma_0 = dist_exponential(1),
      `sigma_beta[x]` = dist_exponential(unit), rho = dist_lkj(2)
    )
  }
  a <- exact_summary(fit_to(formula, small, prior = prior(1), iter_sampling = 0))
  b <- exact_summary(fit_to(formula, transform(small, x = 100 * x), prior = prior(100), iter_sampling = 0))
  scale <- ifelse(grepl("beta(_j)?\\[x", a$variable), 0.01, 1)
  a[-1] <- a[-1] * scale
  expect_lt(summary_distance(b, a), 1e-6)
})

test_that("ways to write a model are one model", {
  same <- list(
    list(y ~ x + (x | g), y ~ x + (1 + x | g)), list(y ~ x + (1 + x || g), y ~ x + (1 | g) + (0 + x | g), y ~ x + (x || g))
  )
  for (formulas in same) {
    fits <- lapply(formulas, fit_to, small, iter_sampling = 20, seed = 4)
    for (other in fits[-1]) {
      expect_identical(exact_summary(other), exact_summary(fits[[1]]))
      expect_identical(other$draws, fits[[1]]$draws)
    }
  }
})

# Draws --------------------------------------------------------------------------------------------------------------------

test_that("20,000 draws of each parameter follow the quadrature", {
  skip_on_cran() # long
  for (formula in formulas[1:3]) {
    fit <- fit_to(formula, small, chains = 1, iter_sampling = 20000, seed = 5)
    z <- seq(-5, 5, length.out = 121)
    table <- exact_summary(fit, probs = pnorm(z))
    for (i in seq_len(nrow(table))) {
      name <- table$variable[i]
      q <- as.numeric(table[i, -(1:3)])
      map <- if (grepl("^sigma", name)) log else if (grepl("^rho", name)) atanh else identity
      score <- splinefun(map(q), z, method = "monoH.FC")
      draws <- as.vector(posterior::extract_variable(fit$draws, name))
      expect_distribution(draws, function(x) pnorm(score(map(x))), label = paste(format(formula), name))
    }
  }
})

test_that("the same seed gives the same draws, whatever the number of cores", {
  for (formula in formulas[1:2]) {
    fits <- lapply(c(1, 2), function(cores) fit_to(formula, small, seed = 6, cores = cores, iter_sampling = 300))
    expect_identical(fits[[1]]$draws, fits[[2]]$draws)
    expect_false(identical(fits[[1]]$draws, fit_to(formula, small, seed = 7, iter_sampling = 300)$draws))
  }
})
