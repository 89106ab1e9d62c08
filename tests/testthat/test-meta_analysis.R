# Meta-analysis: against sums over a fine grid of the heterogeneity in plain R, closed forms, published figures, and other ways to the same
# model.

skip_on_cran() # all of it takes long

schools <- data.frame(school = LETTERS[1:8], effect = c(28, 8, -3, 7, -1, 1, 18, 12), se = c(15, 10, 16, 11, 9, 11, 10, 18))
# Cochran (1954), as in his table of seven experiments on wheat: means and squared standard errors.
wheat <- data.frame(y = c(124.7, 148.9, 126.9, 111.1, 139.7, 169.3, 136.6), v = c(1.69, 0.92, 6.25, 1.31, 2.29, 1.84, 2.96), g = 1:7)
# With a moderator and several estimates of some studies.
trials <- withr::with_seed(11, {
  study <- rep(letters[1:6], c(1, 3, 2, 1, 1, 4))
  x <- round(rnorm(12), 2)
  s <- round(runif(12, 0.2, 1.5), 2)
  data.frame(study, x, s, y = round(0.5 + 0.8 * x + rnorm(6, 0, 0.6)[factor(study)] + rnorm(12, 0, s), 2))
})

quick <- function(...) meta_analysis(..., iter_sampling = 0)

# The posterior of theta = (coefficients, effects of the studies, effect of a new one): y ~ N(A theta, S), theta ~ N(m, C(tau)), by the
# trapezoidal rule in log tau. `log_prior` of tau.
grid_posterior <- function(y, s, x, group, mean, sd, log_prior) {
  log_tau <- seq(-32, 9, by = 0.02)
  groups <- max(group)
  p <- ncol(x)
  z <- outer(group, seq_len(groups), `==`) + 0
  design <- cbind(x, z, 0)
  nodes <- lapply(log_tau, function(u) {
    prior <- diag(c(sd^2, rep(exp(2 * u), groups + 1)))
    v <- design %*% prior %*% t(design) + diag(s^2, length(s))
    gain <- prior %*% t(design) %*% solve(v)
    r <- y - drop(x %*% mean)
    list(
      log_f = u + log_prior(exp(u)) - 0.5 * (length(y) * log(2 * pi) + as.numeric(determinant(v)$modulus) + sum(r * solve(v, r))),
      mean = c(mean, rep(0, groups + 1)) + drop(gain %*% r), cov = prior - gain %*% design %*% prior
    )
  })
  log_f <- vapply(nodes, `[[`, 0, "log_f")
  mass <- exp(log_f - max(log_f))
  list(
    log_evidence = max(log_f) + log(sum(mass) * diff(log_tau[1:2])), weight = mass / sum(mass), tau = exp(log_tau), nodes = nodes
  )
}

# Mean, sd and a distribution function of a combination of theta.
of_combination <- function(grid, a) {
  m <- vapply(grid$nodes, function(node) sum(a * node$mean), 0)
  v <- vapply(grid$nodes, function(node) max(0, sum(a * (node$cov %*% a))), 0)
  mean <- sum(grid$weight * m)
  list(mean = mean, sd = sqrt(sum(grid$weight * (v + (m - mean)^2))), cdf = function(q) sum(grid$weight * pnorm(q, m, sqrt(v))))
}

expect_same_row <- function(table, variable, truth, tolerance = 1e-8) {
  row <- table[table$variable == variable, ]
  expect_equal(row$mean, truth$mean, tolerance = tolerance, info = variable)
  expect_equal(row$sd, truth$sd, tolerance = tolerance, info = variable)
  expect_equal(c(truth$cdf(row$q3), truth$cdf(row$q50), truth$cdf(row$q97)), c(0.03, 0.5, 0.97), tolerance = 1e-7, info = variable)
}

test_that("all parameters are those of a fine grid, with every kind of prior", {
  priors <- list(
    list(dist_cauchy(0, 10), function(t) log(2) + dcauchy(t, 0, 10, log = TRUE)),
    list(dist_normal(0, 15), function(t) log(2) + dnorm(t, 0, 15, log = TRUE)),
    list(dist_student_t(4, 0, 10), function(t) log(2) + dt(t / 10, 4, log = TRUE) - log(10)),
    list(dist_exponential(0.1), function(t) dexp(t, 0.1, log = TRUE)),
    list(dist_lognormal(1, 0.8), function(t) dlnorm(t, 1, 0.8, log = TRUE)),
    list(dist_inverse_gamma(3, scale = 20), function(t) dgamma(1 / t, 3, 20, log = TRUE) - 2 * log(t))
  )
  for (prior in priors) {
    fit <- quick(effect ~ 1 + (1 | school), schools, se = se, prior = list(hyper_mu = dist_normal(2, 12), sigma_mu = prior[[1]]))
    grid <- grid_posterior(schools$effect, schools$se, matrix(1, 8), 1:8, 2, 12, prior[[2]])
    expect_equal(log_marginal_likelihood(fit), grid$log_evidence, tolerance = 1e-9)
    table <- exact_summary(fit)
    unit <- diag(10)
    expect_same_row(table, "hyper_mu", of_combination(grid, unit[1, ]))
    for (j in c(1, 5)) expect_same_row(table, sprintf("mu[%s]", LETTERS[j]), of_combination(grid, unit[1, ] + unit[1 + j, ]))
    tau <- table[table$variable == "sigma_mu", ]
    expect_equal(tau$mean, sum(grid$weight * grid$tau), tolerance = 1e-8)
    expect_equal(tau$sd, sqrt(sum(grid$weight * grid$tau^2) - tau$mean^2), tolerance = 1e-7)
    typical <- sigma(fit)^2
    share <- grid$tau^2 / (grid$tau^2 + typical)
    expect_equal(table$mean[table$variable == "I2"], sum(grid$weight * share), tolerance = 1e-8)
    new <- of_combination(grid, unit[1, ] + unit[10, ])
    shown <- attr(summary(fit, interval = "central"), "new_study")
    expect_equal(shown[["mean"]], new$mean, tolerance = 1e-8)
    expect_equal(shown[["sd"]], new$sd, tolerance = 1e-8)
    expect_equal(c(new$cdf(shown[["lower"]]), new$cdf(shown[["upper"]])), c(0.03, 0.97), tolerance = 1e-7)
  }
})

test_that("moderators and several estimates of a study: the same", {
  fit <- quick(
    y ~ x + (1 | study), trials, vi = s^2,
    prior = list(beta_0 = dist_normal(0, 2), beta = dist_normal(0, 1), sigma_0 = dist_exponential(1))
  )
  x <- cbind(1, trials$x)
  grid_of <- function(rows) {
    study <- match(trials$study[rows], letters)
    grid_posterior(trials$y[rows], trials$s[rows], x[rows, ], study, c(0, 0), c(2, 1), function(t) dexp(t, 1, log = TRUE))
  }
  grid <- grid_of(1:12)
  expect_equal(log_marginal_likelihood(fit), grid$log_evidence, tolerance = 1e-9)
  table <- exact_summary(fit)
  unit <- diag(9)
  expect_same_row(table, "beta_0", of_combination(grid, unit[1, ]))
  expect_same_row(table, "beta[x]", of_combination(grid, unit[2, ]))
  for (j in 1:6) expect_same_row(table, sprintf("beta_0j[%s]", letters[j]), of_combination(grid, unit[1, ] + unit[2 + j, ]))
  w <- diag(1 / trials$s^2)
  p <- w - w %*% x %*% solve(t(x) %*% w %*% x) %*% t(x) %*% w
  expect_equal(sigma(fit)^2, (12 - 2) / sum(diag(p)), tolerance = 1e-12)
  # Observations left out, one at a time: what the others say of it.
  left_out <- vapply(seq_len(12), function(i) grid$log_evidence - grid_of(-i)$log_evidence, 0)
  expect_equal(unname(loo(fit)$pointwise[, "elpd_loo"]), left_out, tolerance = 1e-8)
  of_study <- loo(fit, unit = "group")$pointwise[, "elpd_logo"]
  expect_equal(of_study[[6]], grid$log_evidence - grid_of(trials$study != "f")$log_evidence, tolerance = 1e-8)
})

test_that("categories and formulas without an intercept are those of weights and a known sigma", {
  trials$kind <- factor(rep(c("a", "b", "c"), 4))
  flat <- list(beta = dist_normal(0, 3), sigma_0 = dist_exponential(1))
  for (formula in c(y ~ 0 + kind + (1 | study), y ~ kind + (1 | study), y ~ 0 + x + (1 | study))) {
    prior <- if (attr(terms(formula), "intercept")) c(flat, list(beta_0 = dist_normal(0, 3))) else flat
    fit <- quick(formula, trials, se = s, prior = prior)
    same <- varying_intercept(formula, trials, weights = 1 / s^2, prior = c(prior, list(sigma_y = dist_degenerate(1))), iter_sampling = 0)
    expect_equal(log_marginal_likelihood(fit), log_marginal_likelihood(same), tolerance = 1e-10)
    a <- exact_summary(fit)
    b <- exact_summary(same)
    rows <- setdiff(intersect(a$variable, b$variable), "icc")
    expect_equal(a[match(rows, a$variable), -1], b[match(rows, b$variable), -1], tolerance = 1e-9, ignore_attr = TRUE)
    x <- model.matrix(parse_formula(formula)$fixed, trials)
    w <- diag(1 / trials$s^2)
    p <- w - w %*% x %*% solve(t(x) %*% w %*% x) %*% t(x) %*% w
    expect_equal(sigma(fit)^2, (12 - ncol(x)) / sum(diag(p)), tolerance = 1e-12)
  }
})

test_that("without any coefficient effects are spread about 0", {
  fit <- quick(y ~ 0 + (1 | study), trials, se = s, prior = list(sigma_mu = dist_exponential(1)))
  grid <- grid_posterior(
    trials$y, trials$s, matrix(0, 12), match(trials$study, letters), 0, 1, function(t) dexp(t, 1, log = TRUE)
  )
  expect_equal(log_marginal_likelihood(fit), grid$log_evidence, tolerance = 1e-9)
  expect_equal(sigma(fit)^2, 12 / sum(1 / trials$s^2))
})

test_that("effects that vary between studies: as with weights and a known sigma", {
  prior <- list(
    beta_0 = dist_normal(0, 2), beta = dist_normal(0, 1), sigma_0 = dist_exponential(1), sigma_beta = dist_exponential(1), rho = dist_lkj(2)
  )
  fit <- meta_analysis(y ~ x + (1 + x | study), trials, se = s, prior = prior, seed = 1)
  same <- mixed_model(
    y ~ x + (1 + x | study), trials, weights = 1 / s^2, prior = c(prior, list(sigma_y = dist_degenerate(1))), iter_sampling = 0
  )
  expect_false(any(grepl("sigma_y", posterior::variables(fit))))
  expect_equal(log_marginal_likelihood(fit), log_marginal_likelihood(same), tolerance = 1e-7)
  a <- exact_summary(fit)
  b <- exact_summary(same)
  b <- b[b$variable %in% a$variable, ]
  expect_equal(a$mean, b$mean, tolerance = 1e-6)
  expect_equal(a$sd, b$sd, tolerance = 1e-6)
  draws <- posterior::as_draws_array(fit)
  for (name in c("beta[x]", "beta_j[x,b]", "rho[x]")) expect_within_mcse(draws[, , name], a$mean[a$variable == name])
  expect_equal(loo(fit)$estimates, loo(same)$estimates, tolerance = 1e-6)
  expect_equal(predictive_table(fit)$sd, predictive_table(same)$sd, tolerance = 1e-6)
})

# Means of 10,000 independent draws, with their Monte Carlo errors: posteriordb, eight_schools-eight_schools_noncentered.
test_that("the posterior of the eight schools is the published one", {
  fit <- quick(effect ~ 1 + (1 | school), schools, se = se, prior = list(hyper_mu = dist_normal(0, 5), sigma_mu = dist_cauchy(0, 5)))
  published <- c(4.41051, 6.15050, 4.93958, 3.90591, 4.79602, 3.61444, 4.05115, 6.31717, 4.88400, 3.60206)
  error <- c(0.03304, 0.05574, 0.04623, 0.05423, 0.04749, 0.04615, 0.04852, 0.04988, 0.05425, 0.03186)
  expect_true(all(abs(exact_summary(fit)$mean[1:10] - published) < 4 * error))
})

test_that("flat priors and a known heterogeneity give the estimates of least squares", {
  flat <- dist_uniform(-Inf, Inf)
  for (tau in c(0, 7, 40)) {
    fit <- quick(y ~ 1 + (1 | g), wheat, vi = v, prior = list(hyper_mu = flat, sigma_mu = dist_degenerate(tau)))
    w <- 1 / (wheat$v + tau^2)
    row <- exact_summary(fit)[1, ]
    expect_equal(row$mean, weighted.mean(wheat$y, w), tolerance = 1e-12)
    expect_equal(row$sd, 1 / sqrt(sum(w)), tolerance = 1e-12)
  }
  w <- 1 / wheat$v
  expect_equal(sigma(fit)^2, 6 * sum(w) / (sum(w)^2 - sum(w^2)), tolerance = 1e-12)
  slope <- quick(y ~ x + (1 | study), trials, se = s, prior = list(beta_0 = flat, beta = flat, sigma_0 = dist_degenerate(0)))
  least_squares <- summary(lm(y ~ x, trials, weights = 1 / s^2))
  row <- exact_summary(slope)[1:2, ]
  expect_equal(row$mean, unname(coef(least_squares)[, 1]), tolerance = 1e-10)
  expect_equal(row$sd, unname(coef(least_squares)[, 2]) / least_squares$sigma, tolerance = 1e-10)
})

test_that("means of groups with their known errors are as good as the rows with a known sigma", {
  rows <- withr::with_seed(4, data.frame(g = rep(letters[1:5], c(2, 9, 4, 20, 7)), y = rnorm(42, 3, 2)))
  rows$y <- rows$y + c(a = 1, b = -1, c = 0.5, d = 0, e = 2)[rows$g]
  prior <- list(hyper_mu = dist_normal(0, 10), sigma_mu = dist_cauchy(0, 2))
  of_rows <- partial_pooling(y ~ 1 + (1 | g), rows, prior = c(prior, list(sigma_y = dist_degenerate(2))), iter_sampling = 0)
  means <- aggregate(y ~ g, rows, mean)
  means$se <- 2 / sqrt(tabulate(factor(rows$g)))
  fit <- quick(y ~ 1 + (1 | g), means, se = se, prior = prior)
  a <- exact_summary(fit, probs = c(0.03, 0.2, 0.9))
  b <- exact_summary(of_rows, probs = c(0.03, 0.2, 0.9))
  rows <- c("hyper_mu", paste0("mu[", letters[1:5], "]"), "sigma_mu")
  expect_equal(a[match(rows, a$variable), -1], b[match(rows, b$variable), -1], tolerance = 1e-10, ignore_attr = TRUE)
})

test_that("errors may be a column, an expression, a vector, squares, or those of an escalc object", {
  prior <- list(hyper_mu = dist_normal(0, 10), sigma_mu = dist_cauchy(0, 10))
  fit <- quick(effect ~ 1 + (1 | school), schools, se = se, prior = prior)
  outside <- schools$se
  table <- function(fit) exact_summary(fit)[-1]
  expect_equal(table(quick(effect ~ 1 + (1 | school), schools, vi = se^2, prior = prior)), table(fit), tolerance = 1e-12)
  by_vector <- quick(effect ~ 1 + (1 | school), schools[c("effect", "school")], se = outside, prior = prior)
  expect_equal(table(by_vector), table(fit), tolerance = 1e-12)
  expect_equal(table(update(by_vector)), table(fit), tolerance = 1e-12)
  escalc <- structure(
    data.frame(yi = structure(schools$effect, ni = 1:8, measure = "GEN"), vi = schools$se^2, school = schools$school),
    class = c("escalc", "data.frame"), yi.names = "yi", vi.names = "vi"
  )
  expect_equal(table(quick(yi ~ 1 + (1 | school), escalc, prior = prior)), table(fit), tolerance = 1e-12)
  twice <- quick(effect ~ 1 + (1 | school), schools, se = 2 * outside, prior = prior)
  expect_equal(table(update(fit, se = 2 * se)), table(twice), tolerance = 1e-12)
  more <- rbind(schools, data.frame(school = "I", effect = 5, se = NA))
  expect_message(
    dropped <- quick(effect ~ 1 + (1 | school), more, se = se, prior = prior), class = "bayespool_message_dropped"
  )
  expect_equal(table(dropped), table(fit), tolerance = 1e-12)
  expect_equal(table(update(fit, data = more[9:1, ])), table(fit)[c(1, 2:9, 10:11), ], tolerance = 1e-10)
})

test_that("what is missing or impossible is refused", {
  expect_error(quick(effect ~ 1 + (1 | school), schools), "se = se", class = "bayespool_error_argument")
  expect_error(quick(effect ~ 1 + (1 | school), schools, se = se, vi = se), class = "bayespool_error_argument")
  for (bad in list(0, -1, Inf)) {
    expect_error(quick(effect ~ 1 + (1 | school), schools, se = c(bad, 2:8)), "row 1", class = "bayespool_error_argument")
  }
  expect_error(quick(effect ~ 1 + (1 | school), schools, se = 1:3), class = "bayespool_error_argument")
  expect_error(quick(effect ~ 1 + (1 | school), schools, se = school), class = "bayespool_error_argument")
  expect_error(quick(effect ~ 1 + (1 | school), schools, se = absent), class = "bayespool_error_data")
  expect_error(quick(effect ~ 1 + (1 | school), group_moments(effect ~ 1 + (1 | school), schools), se = 1), class = "bayespool_error_data")
  expect_error(quick(effect ~ 1, schools, se = se), class = "bayespool_error_formula")
  unknown <- list(sigma_y = dist_exponential(1))
  expect_error(quick(effect ~ 1 + (1 | school), schools, se = se, prior = unknown), class = "bayespool_error_prior")
  flat <- list(hyper_mu = dist_uniform(-Inf, Inf), sigma_mu = dist_uniform(0, Inf))
  expect_error(quick(effect ~ 1 + (1 | school), schools[1:2, ], se = se, prior = flat), class = "bayespool_error_improper")
})

test_that("predictions: effects of new studies need no standard error, estimates do", {
  fit <- meta_analysis(
    effect ~ 1 + (1 | school), schools, se = se, prior = list(hyper_mu = dist_normal(0, 20), sigma_mu = dist_cauchy(0, 10)), seed = 1,
    iter_sampling = 5000
  )
  new <- data.frame(school = c("A", "new"))
  effects <- predict(fit, new, interval = "confidence", se.fit = TRUE)
  expect_equal(effects$fit[[1, "fit"]], exact_summary(fit)$mean[2])
  expect_equal(effects$se.fit[[1]], exact_summary(fit)$sd[2])
  for (f in list(posterior_predict, predictive_table, function(fit, new) predict(fit, new, interval = "prediction"))) {
    expect_error(f(fit, new), "standard errors", class = "bayespool_error_data")
  }
  new$se <- c(15, 3)
  table <- predictive_table(fit, new)
  expect_equal(table$sd, sqrt(unname(effects$se.fit)^2 + new$se^2), tolerance = 1e-9)
  drawn <- posterior_predict(fit, new, seed = 1)
  expect_within_mcse(drawn[, 2], table$mean[2])
  expect_lt(abs(sd(drawn[, 2]) / table$sd[2] - 1), 0.05)
  effects <- draws_matrix(fit, NULL)[, sprintf("mu[%s]", LETTERS[1:8])]
  density <- sapply(1:8, function(j) dnorm(schools$effect[j], effects[, j], schools$se[j], log = TRUE))
  expect_equal(unname(log_lik(fit)), unname(density), tolerance = 1e-12)
  psis <- suppressWarnings(loo(fit, method = "psis"))$estimates["elpd_loo", 1]
  expect_lt(abs(psis - loo(fit)$estimates["elpd_loo", 1]), 0.1)
})

test_that("NUTS gives the same posterior", {
  skip_on_cran() # long
  prior <- list(hyper_mu = dist_normal(0, 20), sigma_mu = dist_normal(0, 10))
  fit <- suppressWarnings(meta_analysis(
    effect ~ 1 + (1 | school), schools, se = se, prior = prior, algorithm = "nuts", seed = 1, control = nuts_control(adapt_delta = 0.95)
  ))
  exact <- exact_summary(fit)
  draws <- posterior::as_draws_array(fit)
  for (i in 1:10) expect_within_mcse(draws[, , i], exact$mean[i])
  shown <- attr(summary(fit), "new_study")
  expect_lt(abs(shown[["sd"]] / attr(summary(update(fit, algorithm = "exact")), "new_study")[["sd"]] - 1), 0.1)
  expect_equal(variance_components(fit)$mean[2], sigma(fit)^2)
})

test_that("what is known is told: print, variance components, VarCorr, graph, tidiers", {
  fit <- quick(effect ~ 1 + (1 | school), schools, se = se, prior = list(hyper_mu = dist_normal(0, 20), sigma_mu = dist_cauchy(0, 10)))
  expect_output(print(fit), "estimates:    8 of 8 groups (school), with known errors", fixed = TRUE)
  expect_output(print(fit), "effect of a new study: mean", fixed = TRUE)
  expect_output(print(summary(fit)), "effect of a new study: mean", fixed = TRUE)
  expect_true("I2" %in% summary(fit)$variable)
  parts <- variance_components(fit)
  expect_equal(parts$mean[parts$variable == "share_between"], exact_summary(fit)$mean[11])
  expect_equal(parts$mean[2], sigma(fit)^2)
  expect_output(print(parts), "share_between: I2", fixed = TRUE)
  expect_output(print(parts), "within: the variance of a typical estimate", fixed = TRUE)
  expect_equal(as.data.frame(VarCorr(fit))$sdcor, c(exact_summary(fit)$mean[10], sigma(fit)))
  expect_output(print(model_graph(fit)), "s[i]\\nknown", fixed = TRUE)
  expect_identical(glance(fit)$model, "meta_analysis")
  expect_identical(nrow(tidy(fit, effects = c("fixed", "ran_pars"))), 2L)
  expect_s3_class(plot(model_graph(fit)), "ggplot")
  expect_equal(bayes_R2(update(fit, iter_sampling = 10))[1] >= 0, TRUE)
})
