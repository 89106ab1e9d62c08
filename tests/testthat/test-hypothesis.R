# hypothesis(): exact probabilities and Bayes factors against closed forms, other tables and draws; what statements may say.

skip_on_cran() # all of it takes long

rows <- withr::with_seed(1, {
  g <- rep(letters[1:5], c(2, 9, 6, 4, 7))
  x <- rnorm(28)
  f <- rep(c("u", "v"), 14)
  data.frame(g, x, f, h = rep(c("p", "q", "r", "s"), 7), y = x / 3 + rep(rnorm(5, 3, 2), c(2, 9, 6, 4, 7)) + rnorm(28, 0, 3))
})

# With known standard deviations everything is normal: mean and covariance of (beta_0, beta, deviations of the groups).
known <- list(sigma_y = dist_degenerate(3), sigma_0 = dist_degenerate(1.5), beta_0 = dist_normal(2, 4), beta = dist_normal(0.5, 2))
normal_posterior <- local({
  x <- cbind(1, rows$x, rows$f == "v", sapply(letters[1:5], function(j) rows$g == j))
  precision <- crossprod(x) / 3^2 + diag(1 / c(4, 2, 2, rep(1.5, 5))^2)
  covariance <- solve(precision)
  list(mean = drop(covariance %*% (crossprod(x, rows$y) / 3^2 + c(2 / 16, 0.5 / 4, 0.5 / 4, rep(0, 5)))), covariance = covariance)
})
closed <- function(multiple) {
  c(mean = sum(multiple * normal_posterior$mean), sd = sqrt(drop(multiple %*% normal_posterior$covariance %*% multiple)))
}
of_known <- varying_intercept(y ~ x + f + (1 | g), rows, prior = known, iter_sampling = 0)

proper <- list(sigma_y = dist_exponential(0.3), sigma_0 = dist_exponential(0.5), beta_0 = dist_normal(2, 4), beta = dist_normal(0, 2))
fit <- varying_intercept(y ~ x + f + (1 | g), rows, prior = proper, seed = 1)

# Exact ----------------------------------------------------------------------------------------------------------------------

test_that("with known standard deviations all is normal", {
  cases <- list(
    "x > 0.4" = c(0, 1, 0, 0, 0, 0, 0, 0), "fv < -1" = c(0, 0, 1, 0, 0, 0, 0, 0), "(Intercept) > 3" = c(1, rep(0, 7)),
    "beta[x] - 2 * fv > 1" = c(0, 1, -2, rep(0, 5)), "beta_0j[a] > 2" = c(1, 0, 0, 1, 0, 0, 0, 0),
    "beta_0j[a] > beta_0j[d]" = c(0, 0, 0, 1, 0, 0, -1, 0),
    "(beta_0j[a] + beta_0j[b]) / 2 > beta_0j[c] + x" = c(0, -1, 0, 0.5, 0.5, -1, 0, 0), "beta_0j[e] - Intercept > 1" = c(rep(0, 7), 1)
  )
  threshold <- c(0.4, -1, 3, 1, 2, 0, 0, 1)
  for (interval in c("hdi", "central")) {
    table <- hypothesis(of_known, names(cases), prob = 0.8, interval = interval)
    truth <- t(sapply(cases, closed))
    expect_identical(unique(table$method), "exact")
    expect_true(all(is.na(table$mcse)))
    expect_equal(table$estimate, unname(truth[, "mean"] - threshold), tolerance = 1e-9)
    expect_equal(table$sd, unname(truth[, "sd"]), tolerance = 1e-9)
    expect_equal(table$lower, unname(truth[, "mean"] - threshold + qnorm(0.1) * truth[, "sd"]), tolerance = 1e-6)
    expect_equal(table$upper, unname(truth[, "mean"] - threshold + qnorm(0.9) * truth[, "sd"]), tolerance = 1e-6)
    above <- pnorm(threshold, truth[, "mean"], truth[, "sd"], lower.tail = FALSE)
    above[2] <- 1 - above[2]
    expect_equal(table$post_prob, unname(above), tolerance = 1e-9)
    expect_equal(table$evidence_ratio, unname(above / (1 - above)), tolerance = 1e-9)
  }
})

test_that("tails are exact as far as they reach", {
  x <- closed(c(0, 1, rep(0, 6)))
  for (at in c(5, 12)) {
    expect_equal(
      hypothesis(of_known, paste("x >", at))$post_prob, pnorm(at, x[["mean"]], x[["sd"]], lower.tail = FALSE), tolerance = 1e-9
    )
  }
})

test_that("the evidence ratio of an equation is the ratio of the densities", {
  table <- hypothesis(of_known, c("x = 0", "x - 2 * fv = 1", "Intercept = 12"))
  densities <- function(multiple, at, mean, sd) {
    posterior <- closed(multiple)
    dnorm(at, posterior[["mean"]], posterior[["sd"]]) / dnorm(at, mean, sd)
  }
  ratio <- c(
    densities(c(0, 1, rep(0, 6)), 0, 0.5, 2), densities(c(0, 1, -2, rep(0, 5)), 1, -0.5, sqrt(20)),
    densities(c(1, rep(0, 7)), 12, 2, 4)
  )
  expect_equal(table$evidence_ratio, ratio, tolerance = 1e-8)
  expect_equal(table$post_prob, ratio / (1 + ratio), tolerance = 1e-8)
})

test_that("the evidence ratio is the Bayes factor of the two fits", {
  ratio <- hypothesis(fit, "fv = 0")$evidence_ratio
  without <- varying_intercept(y ~ x + (1 | g), rows, prior = proper, iter_sampling = 0)
  expect_equal(log(ratio), log_marginal_likelihood(without) - log_marginal_likelihood(fit), tolerance = 1e-6, ignore_attr = TRUE)
  # The prior of a slope does not depend on the others, so that a value may be fixed as well.
  fixed <- update(fit, prior = c(proper, list("beta[x]" = dist_degenerate(0.7))), iter_sampling = 0)
  expect_equal(
    log(hypothesis(fit, "x = 0.7")$evidence_ratio), log_marginal_likelihood(fixed) - log_marginal_likelihood(fit), tolerance = 1e-6,
    ignore_attr = TRUE
  )
})

test_that("single parameters: probabilities are those of the quantiles", {
  probs <- c(0.03, 0.5, 0.97)
  table <- exact_summary(fit, probs)
  for (i in seq_len(nrow(table))) {
    quantiles <- unlist(table[i, c("q3", "q50", "q97")])
    found <- hypothesis(fit, sprintf("%s > %.17g", table$variable[i], quantiles), interval = "central")
    expect_equal(found$post_prob, 1 - probs, tolerance = 1e-6)
    expect_equal(found$estimate, table$mean[i] - unname(quantiles), tolerance = 1e-8)
    expect_equal(found$sd, rep(table$sd[i], 3), tolerance = 1e-8)
    expect_equal(found$upper, table$q97[i] - unname(quantiles), tolerance = 1e-6)
  }
  expect_true("icc" %in% table$variable)
  expect_identical(unique(hypothesis(fit, sprintf("%s > 0.1", table$variable))$method), "exact")
  # What is a multiple of one.
  of_sigma <- exact_summary(fit, probs, pars = "sigma_y")
  found <- hypothesis(fit, sprintf("1 - 2 * sigma_y > %.17g", 1 - 2 * of_sigma$q97), interval = "central")
  expect_equal(found$post_prob, 0.97, tolerance = 1e-7)
  expect_equal(c(found$lower, found$upper), 2 * (of_sigma$q97 - c(of_sigma$q97, of_sigma$q3)), tolerance = 1e-6)
  expect_equal(found$sd, 2 * of_sigma$sd, tolerance = 1e-8)
})

test_that("nothing and all beyond where quantiles are computed", {
  found <- hypothesis(fit, c("sigma_y > 1000", "sigma_y > 1e-9", "sigma_y < 1e-9"))
  expect_identical(found$post_prob, c(0, 1, 0))
  expect_identical(found$evidence_ratio, c(0, Inf, 0))
})

test_that("two groups are compared as group_contrasts() does", {
  slopes <- varying_intercept_slope(y ~ x + (1 + x | g), rows, seed = 1, iter_sampling = 0)
  crossed <- mixed_model(y ~ x + (1 | g) + (1 | h), rows, iter_sampling = 0)
  shared <- no_pooling(y ~ x + (1 | g), rows, iter_sampling = 0)
  compare <- function(fit, statement, first, second, ...) {
    ours <- hypothesis(fit, statement, interval = "central")
    theirs <- group_contrasts(fit, c(first, second), interval = "central", ...)
    expect_identical(ours$method, "exact")
    expect_equal(
      unlist(ours[c("estimate", "sd", "lower", "upper", "post_prob")], use.names = FALSE),
      unlist(theirs[c("mean", "sd", "lower", "upper", "p_greater")], use.names = FALSE), tolerance = 1e-5
    )
  }
  compare(fit, "beta_0j[b] > beta_0j[e]", "b", "e")
  compare(slopes, "beta_j[x,b] > beta_j[x,e]", "b", "e", coefficient = "x")
  compare(slopes, "beta_0j[b] > beta_0j[e]", "b", "e")
  compare(crossed, "b_0[g,b] > b_0[g,e]", "b", "e", factor = "g")
  compare(crossed, "b_0[h,p] > b_0[h,r]", "p", "r", factor = "h")
  compare(shared, "beta_0j[b] > beta_0j[e]", "b", "e")
  # Of several effects, single coefficients have quantiles.
  for (other in list(slopes, crossed, shared)) {
    table <- exact_summary(other, 0.2)
    table <- table[!grepl("^(sigma|rho|icc)", table$variable), ]
    found <- hypothesis(other, sprintf("%s > %.17g", table$variable, table$q20))
    expect_equal(found$post_prob, rep(0.8, nrow(table)), tolerance = 1e-5)
  }
})

test_that("combinations are those of the draws", {
  slopes <- varying_intercept_slope(y ~ x + f + (1 + x | g), rows, seed = 1, iter_sampling = 2000)
  crossed <- mixed_model(y ~ x + f + (1 | g) + (1 | h), rows, seed = 1, iter_sampling = 2000)
  draws <- function(fit) as.list(as_draws_df(fit))
  check <- function(fit, statement, difference) {
    found <- hypothesis(fit, statement)
    expect_identical(found$method, "exact")
    expect_within_mcse(difference, found$estimate)
    expect_within_mcse(as.numeric(difference > 0), found$post_prob)
  }
  d <- draws(slopes)
  several <- d[["beta_0j[b]"]] + 2 * d[["beta_j[x,b]"]] - d[["beta_0j[e]"]] - d[["beta[fv]"]]
  check(slopes, "beta_0j[b] + 2 * beta_j[x,b] > beta_0j[e] + fv", several)
  check(slopes, "x - fv > 1", d[["beta[x]"]] - d[["beta[fv]"]] - 1)
  d <- draws(crossed)
  check(crossed, "Intercept + b_0[g,a] + b_0[h,q] > 3", d[["beta_0"]] + d[["b_0[g,a]"]] + d[["b_0[h,q]"]] - 3)
  d <- draws(fit)
  check(fit, "beta_0j[b] - 2 * beta_0j[a] + x > -3", d[["beta_0j[b]"]] - 2 * d[["beta_0j[a]"]] + d[["beta[x]"]] + 3)
})

test_that("meta-analysis, moments and weights are exact, too", {
  studies <- data.frame(study = letters[1:6], y = c(1, 2, 0, 3, 1, 4), se = c(1, 2, 1, 1.5, 1, 2))
  meta <- meta_analysis(y ~ 1 + (1 | study), studies, se = se, iter_sampling = 0)
  of_mu <- exact_summary(meta, 0.3, pars = "hyper_mu")$q30
  expect_equal(hypothesis(meta, sprintf("hyper_mu > %.17g", of_mu))$post_prob, 0.7, tolerance = 1e-6)
  by_rows <- partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0)
  by_moments <- partial_pooling(y ~ 1 + (1 | g), group_moments(y ~ 1 + (1 | g), rows), iter_sampling = 0)
  statements <- c("mu[a] > mu[b]", "hyper_mu > 2", "sigma_mu > 1", "icc > 0.2")
  expect_equal(hypothesis(by_rows, statements)$post_prob, hypothesis(by_moments, statements)$post_prob, tolerance = 1e-8)
})

# From draws -----------------------------------------------------------------------------------------------------------------

test_that("all else is from draws, and says so", {
  d <- as.list(as_draws_df(fit))
  statements <- c("beta[x] > 2 * sigma_y", "exp(x) / sigma_0 < 1.5", "log(sigma_y^2) = 2", "icc > plogis(x)")
  found <- hypothesis(fit, statements, interval = "central")
  expect_identical(found$method, rep("draws", 4))
  difference <- list(
    d[["beta[x]"]] - 2 * d$sigma_y, exp(d[["beta[x]"]]) / d$sigma_0 - 1.5, log(d$sigma_y^2) - 2,
    d$sigma_0^2 / (d$sigma_0^2 + d$sigma_y^2) - plogis(d[["beta[x]"]])
  )
  expect_equal(found$estimate, sapply(difference, mean))
  expect_equal(found$sd, sapply(difference, sd))
  expect_equal(found$lower, sapply(difference, quantile, 0.03), ignore_attr = TRUE)
  expect_equal(found$post_prob, c(mean(difference[[1]] > 0), mean(difference[[2]] < 0), NA, mean(difference[[4]] > 0)))
  expect_equal(found$mcse[2], sqrt(found$post_prob[2] * (1 - found$post_prob[2]) / ndraws(fit)), tolerance = 0.1)
  expect_identical(is.na(found$evidence_ratio), c(FALSE, FALSE, TRUE, FALSE))
  expect_output(print(found), "no evidence ratio of log\\(sigma_y\\^2\\) = 2: its densities are not known exactly")
})

test_that("chains give draws, for the same statements", {
  chains <- suppressWarnings(update(fit, algorithm = "nuts", chains = 2, iter_sampling = 1000, seed = 1), "bayespool_warning")
  statements <- c("x > 0.3", "beta_0j[a] > beta_0j[b]", "sigma_y > 3")
  found <- hypothesis(chains, statements)
  expect_identical(found$method, rep("draws", 3))
  expect_true(all(abs(found$post_prob - hypothesis(fit, statements)$post_prob) < 5 * found$mcse))
})

test_that("groups with a sigma each: single ones are exact, others from draws", {
  separate <- no_pooling(y ~ 1 + (1 | g), rows, seed = 1)
  of_b <- exact_summary(separate, 0.4, pars = "mu[b]")$q40
  found <- hypothesis(separate, c(sprintf("mu[b] > %.17g", of_b), "mu[b] > mu[c]"))
  expect_identical(found$method, c("exact", "draws"))
  expect_equal(found$post_prob[1], 0.6, tolerance = 1e-7)
  expect_lt(abs(found$post_prob[2] - group_contrasts(separate, c("b", "c"))$p_greater), 5 * found$mcse[2])
})

test_that("counts: single parameters are exact, on the scale of the link", {
  counts <- varying_intercept(
    am ~ wt + (1 | cyl), transform(mtcars, wt = ave(wt, cyl)), family = binomial(), prior = list(beta = dist_normal(0, 2)), seed = 1
  )
  table <- exact_summary(counts, 0.2)
  table <- table[table$variable != "icc", ]
  found <- hypothesis(counts, sprintf("%s > %.17g", table$variable, table$q20))
  expect_identical(unique(found$method), "exact")
  expect_equal(found$post_prob, rep(0.8, nrow(table)), tolerance = 1e-5)
  expect_identical(hypothesis(counts, "wt > (Intercept)")$method, "draws")
  equal <- hypothesis(counts, "wt = 0")
  expect_true(is.na(equal$evidence_ratio))
  expect_output(print(equal), "not computed")
})

# Words --------------------------------------------------------------------------------------------------------------------

test_that("names stand in the table; parts of it print as data frames", {
  table <- hypothesis(fit, c("slope is positive" = "x > 0", "fv > 0"))
  expect_identical(table$hypothesis, c("slope is positive", "fv > 0"))
  expect_output(print(table), "exact: by quadrature, without Monte Carlo error")
  expect_output(print(table), "lower, upper: shortest \\(hdi\\) 94% interval of the left side less the right side")
  expect_output(print(table[, 1:2]), "slope is positive")
})

test_that("names are read as they stand in the draws, whatever is in them", {
  odd <- rows
  odd$g <- c(a = "New York", b = "x > 0", c = "a`b\\", d = "0 = 1", e = "北京")[rows$g]
  names(odd)[names(odd) == "x"] <- "exp"
  other <- varying_intercept(y ~ exp + I(exp^2) + (1 | g), odd, prior = proper, iter_sampling = 0)
  names <- variables(other)
  expect_identical(unique(hypothesis(other, paste(names, "> 0"))$method), "exact")
  bare <- hypothesis(other, c("exp > 0", "I(exp^2)<-0.1", "exp<(Intercept)"))
  quoted <- hypothesis(other, c("`beta[exp]`>0", "`beta[I(exp^2)]` < -0.1", "beta_0 - beta[exp] > 0"))
  expect_equal(bare$post_prob, quoted$post_prob)
  expect_equal(
    hypothesis(other, "beta_0j[New York] > beta_0j[北京]")$post_prob, group_contrasts(other, c("New York", "北京"))$p_greater,
    tolerance = 1e-6
  )
})

test_that("signs, brackets and constants are arithmetic", {
  same <- hypothesis(fit, c(
    "x > 0.5", "x >= 0.5", "2 * x > 1", "-x < -0.5", "x - 0.5 > 0", "(x) > sqrt(0.25)", "x + fv > fv + 0.5", "0.5 < x"
  ))
  expect_equal(same$post_prob, rep(same$post_prob[1], 8))
  expect_identical(hypothesis(fit, "x == 0.5")$evidence_ratio, hypothesis(fit, "x = 0.5")$evidence_ratio)
})

test_that("text is never run", {
  ran <- tempfile()
  argument_error <- function(statement) expect_error(hypothesis(fit, statement), class = "bayespool_error_argument")
  for (statement in c(
    sprintf("file.create('%s') > x", ran), sprintf("x > (function() file.create('%s'))()", ran), "x > base::Sys.time()", "x > {1}",
    "x[1] > 0", "x$y > 0", "x > c(1, 2)", "x > 'a'", "x > TRUE", "x > NULL", "x > 1i"
  )) {
    argument_error(statement)
  }
  expect_false(file.exists(ran))
})

test_that("what is no statement says what would be one", {
  argument_error <- function(statement, text) {
    expect_error(hypothesis(fit, statement), text, class = "bayespool_error_argument", fixed = TRUE)
  }
  argument_error("x", "must compare two expressions, such as `beta_0 > 0`")
  argument_error("x > 0 > 1", "must compare two expressions")
  argument_error("x + > 0", "must compare two expressions")
  argument_error("1 > 0", "must be about a parameter")
  argument_error("sigma > 0", "unknown parameter `sigma`")
  argument_error("fw > 0", "Did you mean `fv`?")
  argument_error("x > (fv > 0)", "can have no `>`")
  argument_error("log(-1) > x", "no finite value")
  argument_error("log(x - 100) > fv", "no finite value")
  argument_error(1, "must be statements, as text")
  argument_error(NA_character_, "must be statements, as text")
  expect_error(hypothesis(fit, "x > 0", class = "b"), "class", class = "bayespool_error_argument")
  expect_error(hypothesis(fit, "x > 0", prob = 1), class = "bayespool_error_argument")
  expect_error(hypothesis(of_known, "x > sigma_y"), "needs draws", class = "bayespool_error_draws")
})

test_that("an equation without a prior density has no ratio", {
  flat <- update(fit, prior = c(proper[-4], list(beta = dist_uniform(-Inf, Inf))), iter_sampling = 0)
  reason <- function(fit, statement) {
    table <- hypothesis(fit, statement)
    expect_true(is.na(table$evidence_ratio) && is.na(table$post_prob))
    attr(table, "no_ratio")[[1]]
  }
  expect_match(reason(flat, "x = 0"), "flat")
  expect_match(reason(fit, "beta_0j[a] = beta_0j[b]"), "groups")
  expect_match(reason(fit, "sigma_0 = 1"), "not computed")
})

# Pictures and others' generics ----------------------------------------------------------------------------------------------

test_that("the picture has the densities", {
  statements <- c("x > 0.4", "beta_0j[a] < 2", "fv = 0")
  picture <- plot(hypothesis(of_known, statements))
  expect_s3_class(picture, "ggplot")
  multiples <- list(c(0, 1, rep(0, 6)), c(1, 0, 0, 1, 0, 0, 0, 0), c(0, 0, 1, rep(0, 5)))
  for (i in 1:3) {
    curve <- picture$data[picture$data$group == statements[i], ]
    truth <- closed(multiples[[i]])
    expect_equal(curve$density, dnorm(curve$x + c(0.4, 2, 0)[i], truth[["mean"]], truth[["sd"]]), tolerance = 1e-7)
    expect_identical(curve$holds, switch(i, curve$x > 0, curve$x < 0, curve$x > Inf))
  }
  of_sigma <- plot(hypothesis(fit, c("sigma_y > 3", "sigma_y > 2 * sigma_0")))$data
  for (curve in split(of_sigma, of_sigma$group)) {
    expect_equal(sum(diff(curve$x) * (curve$density[-1] + curve$density[-nrow(curve)]) / 2), 1, tolerance = 0.01)
  }
  expect_silent(ggplot2::ggplotGrob(picture))
  expect_error(plot(hypothesis(of_known, "sigma_y > 1")), class = "bayespool_error_argument")
})

test_that("brms' generic finds the method, and ours brms'", {
  skip_if_not_installed("brms")
  theirs <- getExportedValue("brms", "hypothesis")
  expect_equal(theirs(fit, "x > 0"), hypothesis(fit, "x > 0"))
  draws <- data.frame(a = as.double(1:10) - 3)
  expect_equal(hypothesis(draws, "a > 0")$hypothesis, theirs(draws, "a > 0")$hypothesis)
})
