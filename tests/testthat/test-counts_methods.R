# What users of lme4, broom and other packages ask of a fit of counts.

skip_on_cran() # all of it takes long

use_code("counts")
hits <- cbind(hits, at_bats - hits) ~ 1 + (1 | player)
rates <- failures ~ age + offset(log(hours)) + (1 | pump)
batting <- partial_pooling(hits, batters, family = binomial(), seed = 1)
failing <- varying_intercept(rates, pumps, family = poisson(), seed = 1)
draws <- posterior::as_draws_matrix(batting)
# As if the draws were those of chains: what is computed of draws.
from_draws <- function(fit) {
  fit$settings$algorithm <- "nuts"
  fit
}

test_that("variance components are on the scale of the link", {
  found <- variance_components(batting, interval = "central")
  expect_identical(found$variable, c("between", "within", "share_between", "share_within"))
  summary <- exact_summary(batting, probs = c(0.03, 0.97), pars = c("sigma_mu", "icc"))
  expect_equal(found$mean[1], sum(summary[1, c("mean", "sd")]^2), tolerance = 1e-8)
  expect_equal(unlist(found[1, 4:5], use.names = FALSE), unlist(summary[1, 4:5], use.names = FALSE)^2, tolerance = 1e-6)
  expect_identical(unlist(found[2, -1], use.names = FALSE), c(pi^2 / 3, 0, pi^2 / 3, pi^2 / 3, pi^2 / 3))
  expect_equal(unlist(found[3, 2:5], use.names = FALSE), unlist(summary[2, 2:5], use.names = FALSE), tolerance = 1e-8)
  expect_equal(found$mean[4], 1 - found$mean[3])
  expect_equal(found$plug_in[3], summary$mean[1]^2 / (summary$mean[1]^2 + pi^2 / 3))
  expect_within_mcse(draws[, "sigma_mu"]^2, found$mean[1])
  expect_output(print(found), "within: pi^2 / 3, the variance", fixed = TRUE)

  drawn <- variance_components(from_draws(batting))
  tau <- draws[, "sigma_mu"]
  expect_equal(drawn$mean[1:3], c(mean(tau^2), pi^2 / 3, mean(tau^2 / (tau^2 + pi^2 / 3))))
  expect_error(variance_components(batting, at = list(x = 1)), class = "bayespool_error_argument")
  pooled <- complete_pooling(hits, batters, family = binomial(), iter_sampling = 0)
  expect_error(variance_components(pooled), class = "bayespool_error_model")
})

test_that("Poisson counts have a variance between groups alone", {
  found <- variance_components(failing)
  expect_identical(found$variable, "between")
  summary <- exact_summary(failing, pars = "sigma_0")
  expect_equal(found$mean, sum(summary[c("mean", "sd")]^2), tolerance = 1e-8)
  expect_equal(found$plug_in, summary$mean^2)
  expect_output(print(found), "logarithms of rates", fixed = TRUE)
  expect_identical(variance_components(from_draws(failing))$variable, "between")
})

test_that("variances that do not exist are infinite", {
  cauchy <- function(data) {
    fit <- partial_pooling(
      cbind(k, n - k) ~ 1 + (1 | g), data, family = binomial(), prior = list(sigma_mu = dist_cauchy(0, 1)), iter_sampling = 0
    )
    unlist(variance_components(fit)[1, 2:3], use.names = FALSE)
  }
  # tau has as many moments as there are groups with both outcomes, and less than one more.
  expect_identical(cauchy(data.frame(g = 1:2, k = c(0, 3), n = 4)), c(Inf, Inf))
  expect_identical(is.finite(cauchy(data.frame(g = 1:3, k = c(1, 3, 2), n = 4))), c(TRUE, FALSE))
  expect_true(all(is.finite(cauchy(data.frame(g = 1:5, k = c(1, 3, 2, 1, 2), n = 4)))))
})

test_that("VarCorr() has no residual, and sigma() is 1", {
  variances <- VarCorr(batting)
  expect_identical(attr(variances, "sc"), 1)
  table <- as.data.frame(variances)
  expect_identical(table$grp, "player")
  expect_equal(table$vcov, variance_components(batting)$mean[1], tolerance = 1e-8)
  expect_equal(table$sdcor, exact_summary(batting, pars = "sigma_mu")$mean)
  expect_output(print(variances), "player", fixed = TRUE)
  none <- no_pooling(hits, batters, family = binomial(), iter_sampling = 0)
  for (fit in list(batting, failing, none)) expect_identical(sigma(fit), 1)
})

test_that("effects are those of glmer()", {
  skip_if_not_installed("lme4")
  ours <- varying_intercept(failures ~ age + (1 | Subject), transform(pumps, Subject = pump), family = poisson(), seed = 1)
  data <- transform(pumps, Subject = pump)
  theirs <- lme4::glmer(failures ~ age + (1 | Subject), data, poisson())
  expect_shapes_of_lme4(ours, theirs)
  expect_identical(sigma(ours), sigma(theirs))
})

test_that("deviations are theta less what the population expects", {
  fixed <- fixef(failing)
  own <- coef(failing)$pump
  deviations <- ranef(failing, condVar = TRUE)
  expect_equal(own[["(Intercept)"]], fixed[["(Intercept)"]] + deviations$pump[["(Intercept)"]], tolerance = 1e-8)
  expect_identical(own$age, rep(fixed[["age"]], 10))
  table <- as.data.frame(deviations)
  sample <- posterior::as_draws_matrix(failing)
  for (j in c(1, 6)) {
    drawn <- as.vector(sample[, paste0("beta_0j[", j, "]")] - sample[, "beta_0"])
    expect_within_mcse(drawn, table$condval[j])
    expect_within_mcse((drawn - table$condval[j])^2, table$condsd[j]^2)
    expect_within_mcse(drawn > table$lower[j] & drawn < table$upper[j], 0.94)
  }
  expect_equal(dimnames(vcov(failing)), list(c("(Intercept)", "age"), c("(Intercept)", "age")))
  expect_identical(ngrps(failing), c(pump = 10L))
  expect_identical(nobs(failing), 10)
})

test_that("rows and their trials are found again", {
  data <- rbind(batters, data.frame(player = "Alvis", hits = NA, at_bats = 45))
  fit <- suppressMessages(partial_pooling(hits, data, family = binomial(), iter_sampling = 0))
  frame <- model.frame(fit)
  expect_identical(unname(frame[[1]][, 1]), batters$hits)
  expect_identical(frame$player, batters$player)
  expect_identical(weights(fit), batters$at_bats)
  shares <- transform(batters, share = hits / at_bats)
  proportions <- partial_pooling(share ~ 1 + (1 | player), shares, family = binomial(), weights = at_bats, iter_sampling = 0)
  expect_identical(weights(proportions), batters$at_bats)
  expect_equal(exact_summary(proportions), exact_summary(fit), tolerance = 1e-8)
  expect_null(weights(failing))
  expect_null(weights(complete_pooling(am ~ 1, mtcars, family = binomial(), iter_sampling = 0)))
  reduced <- partial_pooling(hits, group_counts(hits, batters, binomial()), family = binomial(), iter_sampling = 0)
  expect_error(model.frame(reduced), class = "bayespool_error_data")
  expect_error(weights(reduced), class = "bayespool_error_data")
})

test_that("update() keeps family, trials and priors", {
  shares <- transform(batters, share = hits / at_bats)
  fit <- partial_pooling(
    share ~ 1 + (1 | player), shares, family = binomial(), weights = at_bats, prior = list(sigma_mu = dist_normal(0, 0.5)),
    iter_sampling = 0
  )
  same <- update(fit)
  expect_identical(exact_summary(same), exact_summary(fit))
  changed <- update(fit, prior = list(hyper_mu = dist_normal(-1, 1)))
  expect_identical(changed$model$family, "binomial")
  expect_identical(prior_summary(changed)$source, c("user", "default"))
  fewer <- update(failing, . ~ . - age, iter_sampling = 0)
  expect_identical(fewer$reduced$size, pumps$hours)
  expect_identical(fewer$reduced$events, pumps$failures)
  expect_identical(length(fewer$model$slopes), 0L)
  other <- update(batting, data = batters[1:5, ], iter_sampling = 0)
  expect_identical(other$reduced$events, batters$hits[1:5])
})

test_that("no pooling of counts has no standard deviations within groups", {
  fit <- no_pooling(hits, batters, family = binomial(), seed = 1)
  expect_identical(posterior::variables(posterior::as_draws_df(fit)), paste0("mu[", players, "]"))
  expect_error(
    no_pooling(hits, batters, family = binomial(), sigma = "common", iter_sampling = 0), class = "bayespool_error_argument"
  )
  expect_identical(tidy(fit)$effect, rep("ran_coefs", 18))
  expect_error(tidy(fit, "ran_pars"), class = "bayespool_error_model")
})

test_that("tidy() and glance() have the columns of broom.mixed", {
  table <- tidy(batting, conf.int = TRUE)
  expect_identical(table$term[table$effect == "ran_pars"], "sd__(Intercept)")
  summary <- exact_summary(batting, pars = c("hyper_mu", "sigma_mu"))
  expect_equal(table$estimate[table$effect %in% c("fixed", "ran_pars")], summary$mean)
  glanced <- glance(batting)
  expect_identical(glanced$sigma, 1)
  expect_equal(glanced$log_evidence, log_marginal_likelihood(batting))
  expect_identical(tidy(complete_pooling(hits, batters, family = binomial(), iter_sampling = 0))$effect, "fixed")
  expect_match(attr(prior_summary(batting), "note"), "log odds", fixed = TRUE)
  expect_match(attr(prior_summary(failing), "note"), "logarithms of rates", fixed = TRUE)
})

test_that("accuracy() says how counts are integrated, and is right", {
  expect_match(accuracy(batting)$scheme, "a lattice in 2 dimensions (hyper_mu, sigma_mu), and at each of its nodes", fixed = TRUE)
  known <- update(batting, prior = list(sigma_mu = dist_degenerate(0.2)), iter_sampling = 0)
  expect_match(accuracy(known)$scheme, "in 1 dimension (hyper_mu)", fixed = TRUE)
  none <- no_pooling(hits, batters, family = binomial(), prior = list(mu = flat), iter_sampling = 0)
  expect_identical(accuracy(none)$scheme, "a trapezoidal rule for each group")
  k <- batters$hits
  truth <- digamma(k) - digamma(45 - k)
  expect_lt(max(abs(exact_summary(none)$mean - truth) / sqrt(trigamma(k) + trigamma(45 - k))), accuracy(none)$error)
  complete <- complete_pooling(hits, batters, family = binomial(), prior = list(mu = dist_normal(0, 1)), iter_sampling = 0)
  expect_identical(accuracy(complete)$scheme, "a lattice in 1 dimension (mu)")
  top <- sum(dbinom(k, 45, plogis(-1), log = TRUE))
  likelihood <- function(mu) vapply(mu, function(m) exp(sum(dbinom(k, 45, plogis(m), log = TRUE)) - top), 0) * dnorm(mu)
  evidence <- log(integrate(likelihood, -2, 0.5, rel.tol = 1e-12)$value) + top
  expect_lt(abs(log_marginal_likelihood(complete) - evidence), accuracy(complete)$error)
})

test_that("shares of a variance within groups are refused", {
  expect_error(loo_R2(failing), class = "bayespool_error_model")
})

test_that("other packages know the link", {
  skip_if_not_installed("emmeans")
  link <- summary(emmeans::emmeans(failing, ~age, at = list(age = c(1, 3))))
  response <- summary(emmeans::emmeans(failing, ~age, at = list(age = c(1, 3)), type = "response"))
  sample <- posterior::as_draws_matrix(failing)
  rate <- exp(sample[, "beta_0"] + 3 * sample[, "beta[age]"])
  expect_equal(response$rate[2], median(rate))
  expect_equal(exp(link$emmean), response$rate, tolerance = 1e-3)
  expect_equal(summary(emmeans::emmeans(batting, ~1, type = "response"))$prob, median(plogis(draws[, "hyper_mu"])))
})

test_that("evidence is compared where counts are the same", {
  skip_if_not_installed("bridgesampling")
  pooled <- complete_pooling(hits, batters, family = binomial(), iter_sampling = 0)
  factor <- bridgesampling::bf(batting, pooled)$bf
  expect_equal(factor, exp(log_marginal_likelihood(batting) - log_marginal_likelihood(pooled)))
  expect_error(bridgesampling::bf(batting, failing), class = "bayespool_error_data")
  # Single trials are other data than their sums.
  rows <- data.frame(player = rep(batters$player, each = 45), hit = unlist(lapply(batters$hits, function(k) rep(1:0, c(k, 45 - k)))))
  single <- partial_pooling(hit ~ 1 + (1 | player), rows, family = binomial(), iter_sampling = 0)
  expect_error(bridgesampling::bf(batting, single), class = "bayespool_error_data")
})

test_that("the region of practical equivalence is that of log odds", {
  skip_if_not_installed("bayestestR")
  expect_equal(as.data.frame(bayestestR::rope(batting))$ROPE_high[1], 0.1 * pi / sqrt(3))
  expect_equal(as.data.frame(bayestestR::rope(failing))$ROPE_high[1], 0.1)
})

test_that("a rate has a mean where nothing that a flat prior leaves open can grow", {
  pooled <- complete_pooling(
    failures ~ 1 + offset(log(hours)), pumps, family = poisson(), prior = list(mu = flat), iter_sampling = 0
  )
  expect_equal(summary(pooled, scale = "response")$mean, sum(pumps$failures) / sum(pumps$hours), tolerance = 1e-8)
})
