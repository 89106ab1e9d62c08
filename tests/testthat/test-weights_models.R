# Weights, model by model: a row of weight w is one of weight 1 multiplied by sqrt(w), its intercept's column too.

skip_on_cran() # all of it takes long

withr::local_seed(3)
rows <- data.frame(g = rep(letters[1:6], c(1, 2, 5, 8, 3, 7)), x = rnorm(26), w = rexp(26) + 0.05)
rows$y <- 3 + rnorm(6)[factor(rows$g)] + 0.7 * rows$x + rnorm(26) / sqrt(rows$w)
rows[c("ys", "sw", "xs")] <- sqrt(rows$w) * cbind(rows$y, 1, rows$x)

centre <- dist_normal(2, 3)
slope <- dist_normal(0, 2)
sd <- dist_exponential(1)
new <- data.frame(g = c("a", "d", "new"), x = c(0.5, -1, 2), w = c(0.3, 2, 5))
new[c("sw", "xs")] <- sqrt(new$w) * cbind(1, new$x)

# `weighted`: a fit with weights; `times`: the fit of rows multiplied by sqrt(w), whose variables come in the same order. An icc has no
# counterpart there. All of what is read from one fit follows from the other.
expect_same_as_multiplied <- function(weighted, times, new_rows = new, tolerance = 1e-7) {
  w <- rows$w
  same <- function(object, expected, ...) expect_equal(object, expected, tolerance = tolerance, ignore_attr = TRUE, ...)
  same(log_marginal_likelihood(weighted), log_marginal_likelihood(times) + sum(log(w)) / 2)
  table <- exact_summary(weighted)
  table <- table[table$variable != "icc", ]
  same(table[-1], exact_summary(times)[-1])
  for (name in c("hdi", "central")) {
    same(
      predictive_table(weighted, prob = 0.8, interval = name)[c("mean", "sd", "lower", "upper")],
      predictive_table(times, prob = 0.8, interval = name)[c("mean", "sd", "lower", "upper")] / sqrt(w)
    )
  }
  same(fitted(weighted), fitted(times) / sqrt(w))
  same(residuals(weighted), residuals(times) / sqrt(w))
  for (interval in c("confidence", "prediction")) {
    same(predict(weighted, interval = interval), predict(times, interval = interval) / sqrt(w))
    same(predict(weighted, new_rows, interval = interval), predict(times, new_rows, interval = interval) / sqrt(new_rows$w))
  }
  ours <- loo(weighted)$pointwise
  theirs <- loo(times)$pointwise
  same(ours[, "elpd_loo"], theirs[, "elpd_loo"] + log(w) / 2)
  same(ours[, "p_loo"], theirs[, "p_loo"])
  if (bayespool:::has_population(weighted$model)) {
    of_groups <- function(fit) loo(fit, unit = "group")$pointwise[, 1]
    same(of_groups(weighted), of_groups(times) + tapply(log(w), rows$g, sum) / 2)
  }
}

test_that("complete pooling", {
  expect_same_as_multiplied(
    complete_pooling(y ~ x, rows, weights = w, prior = list(beta_0 = centre, beta = slope, sigma = sd), iter_sampling = 0),
    complete_pooling(ys ~ 0 + sw + xs, rows, prior = list("beta[sw]" = centre, "beta[xs]" = slope, sigma = sd), iter_sampling = 0)
  )
  expect_same_as_multiplied(
    complete_pooling(y ~ 1, rows, weights = w, prior = list(mu = centre, sigma = sd), iter_sampling = 0),
    complete_pooling(ys ~ 0 + sw, rows, prior = list("beta[sw]" = centre, sigma = sd), iter_sampling = 0)
  )
})

test_that("partial pooling", {
  expect_same_as_multiplied(
    partial_pooling(
      y ~ 1 + (1 | g), rows, weights = w, prior = list(hyper_mu = centre, sigma_y = sd, sigma_mu = sd), iter_sampling = 0
    ),
    varying_slope(
      ys ~ 0 + sw + (0 + sw | g), rows, prior = list("beta[sw]" = centre, sigma_y = sd, sigma_beta = sd), iter_sampling = 0
    )
  )
})

test_that("varying intercept", {
  expect_same_as_multiplied(
    varying_intercept(
      y ~ x + (1 | g), rows, weights = w, prior = list(beta_0 = centre, beta = slope, sigma_y = sd, sigma_0 = sd), iter_sampling = 0
    ),
    varying_slope(
      ys ~ 0 + sw + xs + (0 + sw | g), rows,
      prior = list("beta[sw]" = centre, "beta[xs]" = slope, sigma_y = sd, sigma_beta = sd), iter_sampling = 0
    )
  )
})

# So many sizes of groups are interpolated.
test_that("varying intercept, many groups with weights over ten orders of magnitude", {
  many <- withr::with_seed(5, data.frame(g = rep(1:80, each = 3), x = rnorm(240), w = 10^runif(240, -5, 5), noise = rnorm(240)))
  many$y <- 2 + withr::with_seed(6, rnorm(80))[many$g] + many$x + 0.5 * many$noise / sqrt(many$w)
  many[c("ys", "sw", "xs")] <- sqrt(many$w) * cbind(many$y, 1, many$x)
  weighted <- varying_intercept(
    y ~ x + (1 | g), many, weights = w, prior = list(beta_0 = centre, beta = slope, sigma_y = sd, sigma_0 = sd), iter_sampling = 0
  )
  times <- varying_slope(
    ys ~ 0 + sw + xs + (0 + sw | g), many,
    prior = list("beta[sw]" = centre, "beta[xs]" = slope, sigma_y = sd, sigma_beta = sd), iter_sampling = 0
  )
  expect_equal(log_marginal_likelihood(weighted), log_marginal_likelihood(times) + sum(log(many$w)) / 2, tolerance = 1e-9)
  table <- exact_summary(weighted)
  expect_equal(table[table$variable != "icc", -1], exact_summary(times)[-1], tolerance = 1e-7, ignore_attr = TRUE)
  expect_equal(loo(weighted)$pointwise[, "elpd_loo"], loo(times)$pointwise[, "elpd_loo"] + log(many$w) / 2, tolerance = 1e-7)
})

test_that("varying slope", {
  expect_same_as_multiplied(
    varying_slope(
      y ~ x + (0 + x | g), rows, weights = w, prior = list(beta_0 = centre, beta = slope, sigma_y = sd, sigma_beta = sd),
      iter_sampling = 0
    ),
    varying_slope(
      ys ~ 0 + sw + xs + (0 + xs | g), rows,
      prior = list("beta[sw]" = centre, "beta[xs]" = slope, sigma_y = sd, sigma_beta = sd), iter_sampling = 0
    )
  )
})

test_that("varying intercept and slope, with and without a correlation", {
  priors <- list(beta_0 = centre, beta = slope, sigma_y = sd, sigma_0 = sd, sigma_beta = sd)
  multiplied <- list("beta[sw]" = centre, "beta[xs]" = slope, sigma_y = sd, sigma_beta = sd)
  rho <- list(rho = dist_lkj(2))
  expect_same_as_multiplied(
    varying_intercept_slope(y ~ x + (1 + x | g), rows, weights = w, prior = c(priors, rho), iter_sampling = 0),
    mixed_model(ys ~ 0 + sw + xs + (0 + sw + xs | g), rows, prior = c(multiplied, rho), iter_sampling = 0)
  )
  expect_same_as_multiplied(
    mixed_model(y ~ x + (1 + x || g), rows, weights = w, prior = priors, iter_sampling = 0),
    mixed_model(ys ~ 0 + sw + xs + (0 + sw + xs || g), rows, prior = multiplied, iter_sampling = 0)
  )
})

test_that("no pooling with a common sigma: a column for each group", {
  of_group <- outer(rows$g, letters[1:6], "==") * rows$sw
  colnames(of_group) <- paste0("s", letters[1:6])
  wide <- cbind(rows, of_group)
  priors <- stats::setNames(rep(list(centre), 6), sprintf("beta[%s]", colnames(of_group)))
  known <- new[1:2, ]
  known[colnames(of_group)] <- outer(known$g, letters[1:6], "==") * known$sw
  expect_same_as_multiplied(
    no_pooling(y ~ x + (1 | g), rows, weights = w, prior = list(beta_0j = centre, beta = slope, sigma = sd), iter_sampling = 0),
    complete_pooling(
      ys ~ 0 + sa + sb + sc + sd + se + sf + xs, wide, prior = c(priors, list("beta[xs]" = slope, sigma = sd)), iter_sampling = 0
    ),
    known
  )
})

test_that("no pooling with a sigma for each group: each group by itself", {
  fit <- no_pooling(y ~ 1 + (1 | g), rows, weights = w, prior = list(mu = centre, sigma = sd), sigma = "group", iter_sampling = 0)
  alone <- lapply(split(rows, rows$g), function(group) {
    complete_pooling(ys ~ 0 + sw, group, prior = list("beta[sw]" = centre, sigma = sd), iter_sampling = 0)
  })
  same <- function(object, expected) expect_equal(object, expected, tolerance = 1e-8, ignore_attr = TRUE)
  same(log_marginal_likelihood(fit), sum(vapply(alone, log_marginal_likelihood, 0)) + sum(log(rows$w)) / 2)
  tables <- lapply(alone, exact_summary)
  same(exact_summary(fit)[1:6, -1], do.call(rbind, lapply(tables, `[`, 1, -1)))
  same(exact_summary(fit)[7:12, -1], do.call(rbind, lapply(tables, `[`, 2, -1)))
  # Left out, the only row of a group leaves the prior: its fit with that row's weight.
  more <- rows$g != "a"
  same(loo(fit)$pointwise[more, "elpd_loo"],
       unlist(lapply(alone[-1], function(fit) loo(fit)$pointwise[, "elpd_loo"])) + log(rows$w[more]) / 2)
  same(loo(fit)$pointwise[1, "elpd_loo"], log_marginal_likelihood(alone$a) + log(rows$w[1]) / 2)
  same(predictive_table(fit)$sd, unlist(lapply(alone, function(fit) predictive_table(fit)$sd)) / rows$sw)
  same(fitted(fit), unlist(lapply(alone, fitted)) / rows$sw)
})

test_that("a predictor that nearly explains y, and one that nearly explains another", {
  near <- rows
  near$z <- near$x + 1e-6 * withr::with_seed(1, rnorm(26))
  near$y <- near$y + 1e5 * near$x
  near[c("ys", "zs")] <- near$sw * near[c("y", "z")]
  # Given sigma, and without differences between groups, it is least squares.
  flat <- dist_uniform(-Inf, Inf)
  fit <- varying_intercept(
    y ~ x + z + (1 | g), near, weights = w, iter_sampling = 0,
    prior = list(beta_0 = flat, beta = flat, sigma_y = dist_degenerate(1), sigma_0 = dist_degenerate(0))
  )
  expect_false(is.null(fit$reduced$residual))
  least <- qr(near$sw * cbind(1, near$x, near$z), tol = 0)
  own <- exact_summary(fit)[1:3, ]
  spread <- sqrt(diag(chol2inv(qr.R(least))))
  expect_equal(own$sd, spread, tolerance = 1e-9)
  expect_lt(max(abs(own$mean - qr.coef(least, near$ys)) / spread), 1e-8)
  # Where all is unknown, residual columns of the rows multiplied by sqrt(w) are others, of three columns and no intercept.
  wide <- dist_normal(0, 1e7)
  expect_same_as_multiplied(
    complete_pooling(y ~ x + z, near, weights = w, prior = list(beta_0 = wide, beta = wide, sigma = sd), iter_sampling = 0),
    complete_pooling(ys ~ 0 + sw + xs + zs, near, prior = list(beta = wide, sigma = sd), iter_sampling = 0),
    transform(new, z = x + 1e-6, zs = (x + 1e-6) * sw)
  )
})

test_that("flat priors give the estimates of lm()", {
  flat <- dist_uniform(-Inf, Inf)
  prior <- list(beta_0 = flat, beta = flat, sigma = dist_uniform(0, Inf))
  fit <- complete_pooling(y ~ x, rows, weights = w, prior = prior, iter_sampling = 0)
  ols <- lm(y ~ x, rows, weights = w)
  table <- exact_summary(fit)
  expect_equal(table$mean[1:2], unname(coef(ols)), tolerance = 1e-10)
  # With the density 1 on sigma the coefficients are t with n - p - 1 degrees of freedom.
  df <- 23
  scale <- sqrt(diag(vcov(ols)) * 24 / df)
  expect_equal(table$sd[1:2], unname(scale * sqrt(df / (df - 2))), tolerance = 1e-8)
  new_row <- predict(fit, new[2, ], interval = "prediction", level = 0.9)
  spread <- sqrt(sum(ols$residuals^2 * rows$w) / df * (1 / new$w[2] + drop(t(c(1, -1)) %*% summary(ols)$cov.unscaled %*% c(1, -1))))
  expect_equal(new_row[3] - new_row[1], spread * qt(0.95, df), tolerance = 1e-7)
})

test_that("with the standard deviations that lmer() estimates, its estimates", {
  skip_if_not_installed("lme4")
  flat <- dist_uniform(-Inf, Inf)
  reml <- suppressMessages(lme4::lmer(y ~ x + (1 | g), rows, weights = w))
  sds <- as.data.frame(lme4::VarCorr(reml))$sdcor
  prior <- list(beta_0 = flat, beta = flat, sigma_y = dist_degenerate(sds[2]), sigma_0 = dist_degenerate(sds[1]))
  fit <- varying_intercept(y ~ x + (1 | g), rows, weights = w, prior = prior, iter_sampling = 0)
  expect_equal(unname(fixef(fit)), unname(lme4::fixef(reml)), tolerance = 1e-6)
  expect_equal(coef(fit)$g, coef(reml)$g, tolerance = 1e-6, ignore_attr = TRUE)
  expect_equal(exact_summary(fit)$sd[1:2], unname(sqrt(diag(as.matrix(vcov(reml))))), tolerance = 1e-5)
})

test_that("equal weights c multiply sigma by sqrt(c), also in its default prior, and leave all else", {
  rows$four <- 4
  for (verb in list(partial_pooling, varying_intercept, varying_intercept_slope, complete_pooling, no_pooling)) {
    formula <- if (identical(verb, partial_pooling)) y ~ 1 + (1 | g) else y ~ x + (1 | g)
    if (identical(verb, varying_intercept_slope)) formula <- y ~ x + (1 + x | g)
    one <- verb(formula, rows, iter_sampling = 0)
    four <- verb(formula, rows, weights = four, iter_sampling = 0)
    expect_equal(log_marginal_likelihood(four), log_marginal_likelihood(one), tolerance = 1e-10)
    expect_equal(loo(four)$pointwise, loo(one)$pointwise, tolerance = 1e-8)
    table <- exact_summary(one)
    within <- table$variable %in% c("sigma", "sigma_y")
    table[within, -1] <- 2 * table[within, -1]
    icc <- table$variable == "icc" # of an observation of weight 1
    expect_equal(exact_summary(four)[!icc, ], table[!icc, ], tolerance = 1e-8)
    expect_equal(predictive_table(four)$sd, predictive_table(one)$sd, tolerance = 1e-8)
    ones <- verb(formula, rows, weights = rep(1, 26), iter_sampling = 0)
    expect_equal(exact_summary(ones), exact_summary(one), tolerance = 1e-13)
    expect_equal(log_marginal_likelihood(ones), log_marginal_likelihood(one), tolerance = 1e-13)
  }
})

test_that("a weight of 2 is not a row that is there twice", {
  priors <- list(beta_0 = centre, beta = slope, sigma_y = sd, sigma_0 = sd)
  fit <- function(data, ...) varying_intercept(y ~ x + (1 | g), data, prior = priors, ..., iter_sampling = 0)
  two <- fit(rows, weights = rep(2, 26))
  twice <- fit(rows[rep(1:26, 2), ])
  expect_identical(c(nobs(two), nobs(twice)), c(26, 52))
  # Given sigma both say the same of the coefficients; of sigma the repeated rows say more.
  known <- priors
  known[c("sigma_y", "sigma_0")] <- list(dist_degenerate(1), dist_degenerate(0.5))
  of_known <- lapply(list(list(rows, weights = rep(2, 26)), list(rows[rep(1:26, 2), ])), function(arguments) {
    do.call(varying_intercept, c(list(y ~ x + (1 | g)), arguments, list(prior = known, iter_sampling = 0)))
  })
  expect_equal(exact_summary(of_known[[1]]), exact_summary(of_known[[2]]), tolerance = 1e-10)
  relative <- function(fit) with(exact_summary(fit), (sd / mean)[variable == "sigma_y"])
  expect_gt(relative(two), 1.3 * relative(twice))
})
