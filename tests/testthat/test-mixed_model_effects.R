# Methods of models whose groups have several effects: closed forms, brute force, draws, and the shapes that lme4 gives them.

skip_on_cran() # all of it takes long

use_code("oracle")

rows <- withr::with_seed(1, {
  g <- rep(c("b", "a", "c", "d", "e"), c(4, 7, 1, 6, 5))
  x <- rnorm(23, 1)
  data.frame(g = g, x = x, y = 2 + x + rnorm(5, 0, 2)[match(g, letters)] + x * rnorm(5)[match(g, letters)] + rnorm(23))
})
labels <- c("a", "b", "c", "d", "e")
flat <- dist_uniform(-Inf, Inf)
sds <- c(sigma_y = 1.3, sigma_0 = 2, "sigma_beta[x]" = 0.8)
known <- c(list(beta_0 = flat, beta = flat), lapply(sds, dist_degenerate))
independent <- mixed_model(y ~ x + (1 + x || g), rows, prior = known, iter_sampling = 0)
correlated <- mixed_model(y ~ x + (1 + x | g), rows, prior = c(known, list(rho = dist_lkj(2))), iter_sampling = 0)
sleep <- varying_intercept_slope(Reaction ~ Days + (1 + Days | Subject), lme4::sleepstudy, seed = 1)
drawn <- unclass(posterior::as_draws_matrix(sleep))

# Dense algebra given the standard deviations and rho, with flat coefficients: `beta`, `b` (all intercepts, then all slopes) and the
# covariance of the latter; `log_density` of y with the coefficients integrated out.
dense <- function(rho) {
  x <- cbind(1, rows$x)
  indicator <- outer(rows$g, labels, `==`)
  z <- cbind(indicator, indicator * rows$x)
  effects <- matrix(c(sds[2]^2, rho * sds[2] * sds[3], rho * sds[2] * sds[3], sds[3]^2), 2) %x% diag(5)
  v <- sds[1]^2 * diag(nrow(rows)) + z %*% effects %*% t(z)
  precision <- solve(v)
  information <- t(x) %*% precision %*% x
  beta <- solve(information, t(x) %*% precision %*% rows$y)
  projected <- precision - precision %*% x %*% solve(information, t(x) %*% precision)
  weights <- effects %*% t(z) %*% projected
  list(
    beta = drop(beta), b = drop(weights %*% rows$y), covariance = effects - weights %*% z %*% effects,
    log_density = -0.5 * (determinant(v)$modulus + determinant(information)$modulus + sum(rows$y * (projected %*% rows$y)))
  )
}

# Over rho by the trapezoidal rule in atanh(rho), with the density (1 - rho^2)^(eta - 1), eta = 2.
brute <- local({
  at <- tanh(seq(-9, 9, 0.05))
  each <- lapply(at, dense)
  weight <- exp(vapply(each, `[[`, 0, "log_density") + 2 * log1p(-at^2))
  list(rho = at, each = each, weight = weight / sum(weight))
})
averaged <- function(f) rowSums(mapply(function(one, weight) weight * f(one), brute$each, brute$weight))

# Values -------------------------------------------------------------------------------------------------------------------

test_that("with known standard deviations and independent effects all is as by dense algebra", {
  truth <- dense(0)
  expect_equal(fixef(independent), c("(Intercept)" = truth$beta[1], x = truth$beta[2]), tolerance = 1e-9)
  effects <- ranef(independent, condVar = TRUE)$g
  expect_equal(unlist(effects, use.names = FALSE), truth$b, tolerance = 1e-9)
  for (j in 1:5) expect_equal(attr(effects, "postVar")[, , j], truth$covariance[c(j, 5 + j), c(j, 5 + j)], tolerance = 1e-9)
  expect_equal(as.matrix(coef(independent)$g), matrix(truth$b + rep(truth$beta, each = 5), 5), tolerance = 1e-9, ignore_attr = TRUE)
  for (name in c("(Intercept)", "x")) {
    contrast <- (rep(c("(Intercept)", "x"), each = 5) == name) * rep((labels == "b") - (labels == "c"), 2)
    ours <- group_contrasts(independent, c("b", "c"), coefficient = name)
    mean <- sum(contrast * truth$b)
    sd <- sqrt(drop(contrast %*% truth$covariance %*% contrast))
    expect_equal(c(ours$mean, ours$sd, ours$p_greater), c(mean, sd, pnorm(mean / sd)), tolerance = 1e-9)
    expect_equal(c(ours$lower, ours$upper), mean + c(-1, 1) * qnorm(0.97) * sd, tolerance = 1e-7)
  }
})

test_that("with known standard deviations and independent effects ranef() and coef() are lme4's", {
  skip_if_not_installed("lme4")
  formula <- y ~ x + (1 + x || g)
  parts <- lme4::lFormula(formula, rows)
  deviance <- do.call(lme4::mkLmerDevfun, parts)
  theta <- unname(sds[2:3] / sds[1])
  optimum <- list(par = theta, fval = deviance(theta), conv = 0, message = NULL)
  theirs <- lme4::mkMerMod(environment(deviance), optimum, parts$reTrms, fr = parts$fr)
  expect_equal(fixef(independent), lme4::fixef(theirs), tolerance = 1e-8)
  expect_equal(ranef(independent)$g, lme4::ranef(theirs, condVar = FALSE)$g, tolerance = 1e-8)
  expect_equal(coef(independent)$g, coef(theirs)$g, tolerance = 1e-8)
})

test_that("a correlation is integrated out: effects, covariances and variances are those of brute force", {
  error <- accuracy(correlated)$error
  expect_lt(error, 1e-6)
  expect_close <- function(ours, truth, sd) expect_lt(max(abs(ours - truth) / sd), error)
  b <- averaged(function(one) one$b)
  squares <- averaged(function(one) as.vector(one$covariance + one$b %o% one$b))
  covariance <- matrix(squares, 10) - b %o% b
  effects <- ranef(correlated, condVar = TRUE)$g
  expect_close(unlist(effects), b, sqrt(diag(covariance)))
  for (j in 1:5) {
    own <- covariance[c(j, 5 + j), c(j, 5 + j)]
    expect_close(attr(effects, "postVar")[, , j], own, sqrt(diag(own) %o% diag(own)))
  }
  rho <- sum(brute$weight * brute$rho)
  sd_rho <- sqrt(sum(brute$weight * (brute$rho - rho)^2))
  table <- as.data.frame(VarCorr(correlated))
  expect_equal(table$vcov[-3], unname(sds[c(2, 3, 1)]^2), tolerance = 1e-12)
  expect_equal(table$sdcor[-3], unname(sds[c(2, 3, 1)]), tolerance = 1e-12)
  expect_close(c(table$sdcor[3], table$vcov[3] / prod(sds[2:3])), rep(rho, 2), sd_rho)

  contrast <- c(rep(0, 5), 1, 0, 0, -1, 0)
  ours <- group_contrasts(correlated, c("a", "d"), coefficient = "x")
  expect_close(ours$mean, sum(contrast * b), sqrt(drop(contrast %*% covariance %*% contrast)))
  expect_equal(ours$sd, sqrt(drop(contrast %*% covariance %*% contrast)), tolerance = 1e-6)
  above <- vapply(brute$each, function(one) {
    pnorm(sum(contrast * one$b) / sqrt(drop(contrast %*% one$covariance %*% contrast)))
  }, 0)
  expect_lt(abs(ours$p_greater - sum(brute$weight * above)), 1e-7)
})

test_that("variance components are those of brute force, where they are wanted", {
  for (at in c(-1, 0, 2.5)) {
    between <- sds[2]^2 + at^2 * sds[3]^2 + 2 * at * brute$rho * sds[2] * sds[3]
    components <- cbind(between, sds[1]^2, between / (between + sds[1]^2), sds[1]^2 / (between + sds[1]^2))
    means <- colSums(brute$weight * components)
    ours <- variance_components(correlated, at = list(x = at))
    expect_equal(ours$mean, unname(means), tolerance = 1e-7)
    expect_equal(ours$sd, unname(sqrt(colSums(brute$weight * sweep(components, 2, means)^2))), tolerance = 1e-6)
  }
  # A quantile of z'Tz is that of rho, as z'Tz increases with it.
  central <- variance_components(correlated, prob = 0.8, interval = "central", at = data.frame(x = 2.5))
  rho <- exact_summary(correlated, probs = c(0.1, 0.9), pars = "rho[x]")
  between <- sds[2]^2 + 2.5^2 * sds[3]^2 + 2 * 2.5 * c(rho$q10, rho$q90) * sds[2] * sds[3]
  expect_equal(c(central$central_lower[1], central$central_upper[1]), between, tolerance = 1e-6)
  expect_equal(c(central$central_lower[3], central$central_upper[3]), between / (between + sds[[1]]^2), tolerance = 1e-6)
  # A linear function of rho has the shortest interval where rho has it.
  shortest <- variance_components(correlated, at = list(x = -1))
  rho <- summary(correlated, pars = "rho[x]")
  between <- sds[2]^2 + sds[3]^2 - 2 * c(rho$hdi_upper, rho$hdi_lower) * sds[2] * sds[3]
  expect_equal(c(shortest$hdi_lower[1], shortest$hdi_upper[1]), between, tolerance = 1e-4)
  mean_x <- mean(rows$x)
  expect_equal(variance_components(correlated)$mean, variance_components(correlated, at = list(x = mean_x))$mean, tolerance = 1e-12)
  expect_output(print(variance_components(correlated)), paste("between: at x =", format(mean_x, digits = 4)), fixed = TRUE)
})

test_that("a variance that is known to be 0 is 0", {
  slope <- varying_slope(y ~ x + (0 + x | g), rows, iter_sampling = 0)
  table <- variance_components(slope, at = list(x = 0))
  expect_identical(table$mean[c(1, 3, 4)], c(0, 0, 1))
  expect_identical(table$sd[c(1, 3, 4)], c(0, 0, 0))
  # Without slopes that vary the model is that of varying intercepts.
  none <- mixed_model(y ~ x + (1 + x || g), rows, prior = list("sigma_beta[x]" = dist_degenerate(0)), iter_sampling = 0)
  intercepts <- varying_intercept(y ~ x + (1 | g), rows, iter_sampling = 0)
  expect_equal(variance_components(none)[2:3], variance_components(intercepts)[2:3], tolerance = 1e-6, ignore_attr = TRUE)
  expect_equal(ranef(none)$g[[1]], ranef(intercepts)$g[[1]], tolerance = 1e-6)
})

test_that("means and covariances agree with independent draws", {
  rho <- drawn[, "rho[Days]"]
  covariance <- rho * drawn[, "sigma_0"] * drawn[, "sigma_beta[Days]"]
  table <- as.data.frame(VarCorr(sleep))
  expect_within_mcse(covariance, table$vcov[3])
  expect_within_mcse(rho, table$sdcor[3])
  expect_within_mcse(drawn[, "sigma_beta[Days]"]^2, table$vcov[2])
  effects <- ranef(sleep, condVar = TRUE)$Subject
  for (j in c(1, 9)) {
    label <- rownames(effects)[j]
    b <- cbind(
      drawn[, sprintf("beta_0j[%s]", label)] - drawn[, "beta_0"],
      drawn[, sprintf("beta_j[Days,%s]", label)] - drawn[, "beta[Days]"]
    )
    for (k in 1:2) expect_within_mcse(b[, k], effects[j, k])
    for (k in 1:2) for (l in 1:2) {
      expect_within_mcse((b[, k] - effects[j, k]) * (b[, l] - effects[j, l]), attr(effects, "postVar")[k, l, j])
    }
    expect_within_mcse(b[, 2] > attr(effects, "lower")[j, 2] & b[, 2] < attr(effects, "upper")[j, 2], 0.94)
  }
  at_nine <- variance_components(sleep, at = list(Days = 9))
  between <- drawn[, "sigma_0"]^2 + 81 * drawn[, "sigma_beta[Days]"]^2 + 18 * covariance
  within <- drawn[, "sigma_y"]^2
  expect_within_mcse(between, at_nine$mean[1])
  expect_within_mcse((between - at_nine$mean[1])^2, at_nine$sd[1]^2)
  expect_within_mcse(between / (between + within), at_nine$mean[3])
  expect_within_mcse(between > at_nine$hdi_lower[1] & between < at_nine$hdi_upper[1], 0.94)
})

test_that("what is computed from draws is as by quadrature", {
  # The same draws, read as if they were those of chains.
  chains <- sleep
  chains$settings$algorithm <- "nuts"
  effects <- ranef(chains, condVar = TRUE)$Subject
  b <- cbind(drawn[, "beta_0j[310]"] - drawn[, "beta_0"], drawn[, "beta_j[Days,310]"] - drawn[, "beta[Days]"])
  expect_equal(unlist(effects["310", ], use.names = FALSE), colMeans(b))
  expect_equal(attr(effects, "postVar")[, , 3], cov(b))
  table <- as.data.frame(VarCorr(chains))
  expect_equal(table$vcov[3], mean(drawn[, "rho[Days]"] * drawn[, "sigma_0"] * drawn[, "sigma_beta[Days]"]))
  expect_equal(table$sdcor[3], mean(drawn[, "rho[Days]"]))
  components <- variance_components(chains, at = list(Days = 2))
  between <- drawn[, "sigma_0"]^2 + 4 * drawn[, "sigma_beta[Days]"]^2 +
    4 * drawn[, "rho[Days]"] * drawn[, "sigma_0"] * drawn[, "sigma_beta[Days]"]
  expect_equal(components$mean[1:2], c(mean(between), mean(drawn[, "sigma_y"]^2)))
  difference <- drawn[, "beta_j[Days,308]"] - drawn[, "beta_j[Days,309]"]
  contrast <- group_contrasts(chains, c("308", "309"), coefficient = "Days")
  expect_equal(c(contrast$mean, contrast$sd, contrast$p_greater), c(mean(difference), sd(difference), mean(difference > 0)))
})

test_that("ranks are of the coefficients that are chosen", {
  table <- group_ranks(sleep, coefficient = "Days")
  slopes <- drawn[, startsWith(colnames(drawn), "beta_j[Days,")]
  ranks <- t(apply(-slopes, 1, rank))
  expect_equal(table$mean, unname(colMeans(ranks)))
  expect_equal(table$p_best, unname(colMeans(ranks == 1)))
  expect_output(print(table), "highest slope of Days")
  expect_identical(group_ranks(sleep), group_ranks(sleep, coefficient = "(Intercept)"))
  expect_output(print(group_ranks(sleep)), "highest intercept of Reaction")
})

# Shapes -------------------------------------------------------------------------------------------------------------------

test_that("everything has the shape and the names that lme4 gives it", {
  skip_if_not_installed("lme4")
  data <- transform(lme4::sleepstudy, late = factor(ifelse(Days > 5, "yes", "no")))
  for (formula in list(
    Reaction ~ Days + (Days | Subject), Reaction ~ Days + (0 + Days | Subject), Reaction ~ Days + (1 + Days || Subject),
    Reaction ~ 1 + (0 + Days | Subject), Reaction ~ late + Days + (1 + Days | Subject), Reaction ~ Days + (0 + late | Subject)
  )) {
    theirs <- suppressMessages(lme4::lmer(formula, data))
    ours <- mixed_model(formula, data, iter_sampling = 0)
    expect_shapes_of_lme4(ours, theirs)
    expect_identical(names(VarCorr(ours)), names(lme4::VarCorr(theirs)))
    for (name in names(VarCorr(ours))) {
      a <- VarCorr(ours)[[name]]
      b <- lme4::VarCorr(theirs)[[name]]
      expect_identical(dimnames(a), dimnames(b))
      expect_identical(names(attr(a, "stddev")), names(attr(b, "stddev")))
      expect_identical(dimnames(attr(a, "correlation")), dimnames(attr(b, "correlation")))
    }
    expect_identical(class(update(ours, iter_sampling = 0)), class(ours))
  }
})

test_that("VarCorr() prints correlations beside the effects", {
  shown <- capture.output(print(VarCorr(correlated), digits = 3))
  expect_match(shown[1], "Groups +Name +Variance +Std.Dev. +Corr")
  expect_match(shown[2], "g +\\(Intercept\\) +4.00 +2.0")
  expect_match(shown[3], paste0("^ +x +0.64 +0.8 +", formatC(exact_summary(correlated, pars = "rho[x]")$mean, digits = 3, format = "f")))
  expect_no_match(capture.output(print(VarCorr(independent))), "Corr")
})

test_that("tidy() has broom.mixed's terms, in its order", {
  table <- tidy(sleep, effects = c("ran_vals", "ran_pars"))
  pars <- table[table$effect == "ran_pars", ]
  expect_identical(pars$term, c("sd__(Intercept)", "cor__(Intercept).Days", "sd__Days", "sd__Observation"))
  expect_identical(pars$group, c("Subject", "Subject", "Subject", "Residual"))
  exact <- exact_summary(sleep)
  expect_equal(
    pars$estimate, exact$mean[match(c("sigma_0", "rho[Days]", "sigma_beta[Days]", "sigma_y"), exact$variable)],
    tolerance = 1e-12
  )
  values <- table[table$effect == "ran_vals", ]
  effects <- as.data.frame(ranef(sleep, condVar = TRUE))
  expect_identical(values$term, as.character(effects$term))
  expect_identical(values$level, as.character(effects$grp))
  expect_equal(values$estimate, effects$condval, tolerance = 1e-12)
  expect_equal(values$std.error, effects$condsd, tolerance = 1e-12)
  coefs <- tidy(sleep, effects = "ran_coefs")
  expect_equal(coefs$estimate, unlist(coef(sleep)$Subject, use.names = FALSE), tolerance = 1e-12)
  expect_identical(tidy(independent, effects = "ran_pars")$term, c("sd__(Intercept)", "sd__x", "sd__Observation"))
  expect_equal(glance(sleep)$ngrps, 18)
})

test_that("the correlations of three effects are in columns of the lower triangle", {
  term <- new_group_term("g", "g", "a", "population", c("(Intercept)", "x", "z"), NULL, NULL, c("rho[x]", "rho[z]", "rho[x,z]"))
  expect_identical(direction_pairs(term$directions), c("x", "z", "x,z"))
  expect_identical(effect_pairs(term), rbind(c(1L, 2L), c(1L, 3L), c(2L, 3L)))
  # sds 1 to 3, correlations 4 to 6, sigma 7
  expect_identical(lower_triangle_order(list(terms = list(term), layout = list(role = "scale_within"))), c(1, 4, 5, 2, 6, 3, 7))
  known <- list(terms = list(term), scale_within = list(known = 2))
  expect_equal(lower_triangle_order(known), c(1, 4, 5, 2, 6, 3))
  expect_identical(unname(effects_matrix(term, 1, c(0.1, 0.2, 0.3))), matrix(c(1, 0.1, 0.2, 0.1, 1, 0.3, 0.2, 0.3, 1), 3))
})

# Priors, evidence, accuracy -------------------------------------------------------------------------------------------------

test_that("the log density of correlations is that of the LKJ distribution", {
  # Of two effects (r + 1) / 2 has a beta distribution.
  r <- c(-0.95, 0, 0.3)
  expect_equal(log_prior(new_prior("lkj", 1.7, "correlation"), cbind(r))[, 1], dbeta((r + 1) / 2, 1.7, 1.7, log = TRUE) - log(2))
  # Of three: integrated over r12, r13 and the partial correlation z of 2 and 3, each the sine of an angle, it is 1.
  rule <- gauss_legendre(20)
  at <- expand.grid(a = pi * (rule$x - 0.5), b = pi * (rule$x - 0.5), c = pi * (rule$x - 0.5))
  weight <- pi^3 * as.vector(rule$weight %o% rule$weight %o% rule$weight) * with(at, cos(a)^2 * cos(b)^2 * cos(c))
  r <- with(at, cbind(sin(a), sin(b), sin(a) * sin(b) + sin(c) * cos(a) * cos(b)))
  for (eta in c(1, 2.5)) expect_equal(sum(weight * exp(log_prior(new_prior("lkj", eta, "correlation"), r))), 1, tolerance = 1e-8)
  draws <- log_prior_draws.bayespool_fit(sleep)
  expect_equal(as.vector(draws[, , "lprior_rho"]), rep(-log(2), 4000))
})

test_that("accuracy() is what the quadrature estimates of itself", {
  result <- accuracy(sleep)
  expect_identical(
    result$scheme,
    "a lattice in 3 dimensions (sigma_0, sigma_beta[Days], rho[Days]), and at each of its nodes a trapezoidal rule over sigma_y"
  )
  expect_gt(result$nodes, 1000)
  expect_gte(result$error, sleep$lattice$error)
  expect_lt(result$error, 1e-6)
  expect_identical(accuracy(independent)$scheme, "closed form: all standard deviations are known")
  expect_identical(accuracy(correlated)$scheme, "a lattice in 1 dimension (rho[x])")
  ratio <- mixed_model(y ~ x + (1 + x || g), rows, prior = list(sigma_0 = dist_degenerate(2)), iter_sampling = 0)
  expect_identical(accuracy(ratio)$scheme, "a lattice in 2 dimensions (sigma_y, sigma_beta[x])")
  expect_no_match(capture.output(print(sleep)), "estimated error")
  rough <- sleep
  rough$lattice$error <- 3e-5
  expect_output(print(rough, n_rows = 0), "Quadrature: estimated error 3e-05 posterior sds; see accuracy()", fixed = TRUE)
})

test_that("bridgesampling's functions use the exact evidence", {
  skip_if_not_installed("bridgesampling")
  other <- varying_intercept(Reaction ~ Days + (1 | Subject), lme4::sleepstudy, iter_sampling = 0)
  factor <- bridgesampling::bayes_factor(sleep, other, log = TRUE)
  expect_equal(factor$bf, log_marginal_likelihood(sleep) - log_marginal_likelihood(other))
})

test_that("prior_summary() says what the coefficients of the groups are", {
  expect_output(
    print(prior_summary(sleep)), fixed = TRUE,
    "beta_0j[j] ~ normal(beta_0, sigma_0), beta_j[Days,j] ~ normal(beta[Days], sigma_beta[Days]), correlated by rho[Days]."
  )
  expect_output(print(prior_summary(independent)), "independent.", fixed = TRUE)
  only_slopes <- varying_slope(y ~ 1 + (0 + x | g), rows, iter_sampling = 0)
  expect_output(print(prior_summary(only_slopes)), "Group slopes: beta_j[x,j] ~ normal(0, sigma_beta[x]).", fixed = TRUE)
})

# Refusals and warnings --------------------------------------------------------------------------------------------------------

test_that("a coefficient must be chosen where there is no intercept among several", {
  data <- transform(rows, z = rep(c(0.3, 1.2, -1, 0.1), length.out = 23))
  fit <- mixed_model(y ~ x + (0 + x + z || g), data, iter_sampling = 0)
  expect_error(group_contrasts(fit), "Choose `coefficient` from \"x\" and \"z\"", class = "bayespool_error_argument")
  expect_output(print(group_contrasts(fit, c("a", "b"), coefficient = "z")), "slope of z")
  for (wrong in list("y", c("(Intercept)", "x"), 1)) {
    expect_error(group_contrasts(independent, coefficient = wrong), class = "bayespool_error_argument")
  }
  # One of one direction needs no choice.
  slopes <- varying_slope(y ~ x + (0 + x | g), rows, iter_sampling = 0)
  expect_identical(group_contrasts(slopes), group_contrasts(slopes, coefficient = "x"))
  intercepts <- partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0)
  expect_identical(group_contrasts(intercepts), group_contrasts(intercepts, coefficient = "(Intercept)"))
  expect_error(group_contrasts(intercepts, coefficient = "x"), class = "bayespool_error_argument")
})

test_that("`at` must have one value of each variable that varies between groups", {
  for (wrong in list(1, list(z = 1), list(x = 1:2), list(x = NA), list(x = Inf))) {
    expect_error(variance_components(independent, at = wrong), class = "bayespool_error_argument")
  }
  expect_error(variance_components(independent, at = list(x = "a")), class = "bayespool_error_data")
  intercepts <- varying_intercept(y ~ x + (1 | g), rows, iter_sampling = 0)
  expect_error(variance_components(intercepts, at = list(x = 1)), "only an intercept varies", class = "bayespool_error_argument")
})

test_that("categories that vary between groups are given by their labels", {
  data <- transform(rows, f = factor(rep(c("u", "v"), length.out = 23)))
  fit <- mixed_model(y ~ f + (0 + f || g), data[data$g != "c", ], iter_sampling = 0)
  exact <- exact_summary(fit)
  for (level in c("u", "v")) {
    sd <- exact[exact$variable == paste0("sigma_beta[f", level, "]"), ]
    expect_equal(variance_components(fit, at = list(f = level))$mean[1], sd$mean^2 + sd$sd^2, tolerance = 1e-8)
  }
  expect_error(variance_components(fit, at = list(f = "w")), "unknown value", class = "bayespool_error_data")
})

test_that("data that cannot tell the standard deviations apart are named", {
  one <- rows[rows$g == "a", ]
  expect_warning(
    mixed_model(y ~ x + (1 + x | g), one, iter_sampling = 0), "sigma_0 and sigma_beta\\[x\\], the standard deviations",
    class = "bayespool_warning_undetermined"
  )
  single <- transform(rows, g = seq_len(23))
  expect_warning(
    varying_slope(y ~ x + (0 + x | g), single, iter_sampling = 0), "hardly tell sigma_y from sigma_beta",
    class = "bayespool_warning_undetermined"
  )
  expect_no_warning(varying_slope(y ~ x + (0 + x | g), single, prior = list(sigma_y = dist_degenerate(1)), iter_sampling = 0))
})
