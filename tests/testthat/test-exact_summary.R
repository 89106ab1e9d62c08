# exact_summary() and the log evidence against the brute-force posterior of oracle/posterior.R: 1e-6 relative in means and sds,
# 1e-6 in probability for quantiles, 1e-6 in the log evidence.

use_code("oracle")

make_groups <- function(sizes, seed, between = 3, within = 5, centre = 40) {
  withr::with_seed(seed, {
    g <- rep(letters[seq_along(sizes)], sizes)
    effects <- rnorm(length(sizes), 0, between)
    data <- data.frame(g = g, x = rnorm(length(g), 2, 1.5), f = sample(c("u", "v", "w"), length(g), replace = TRUE))
    data$y <- centre + effects[match(g, letters)] + 1.2 * data$x + rnorm(length(g), 0, within)
    data
  })
}

fit_functions <- list(
  complete_pooling = complete_pooling, no_pooling = no_pooling, partial_pooling = partial_pooling,
  varying_intercept = varying_intercept
)

# Fits `model` and compares everything with the oracle. `predictors`: a one-sided formula.
expect_exact <- function(model, data, priors, predictors = ~1, intercept = TRUE, sigma = "common", fine = 1) {
  x <- model.matrix(predictors, data)[, -1, drop = FALSE]
  right <- c(if (intercept) "1" else "0", attr(terms(predictors), "term.labels"), if (model != "complete_pooling") "(1 | g)")
  formula <- as.formula(paste("y ~", paste(right, collapse = " + ")))
  arguments <- list(formula, data, prior = package_priors(priors), iter_sampling = 0)
  if (model == "no_pooling") arguments$sigma <- sigma
  oracle <- oracle_fit(
    model, data$y, priors,
    group = if (model != "complete_pooling") data$g, x = if (ncol(x) > 0) x, intercept = intercept, sigma = sigma, fine = fine
  )
  expect_oracle(undetermined(do.call(fit_functions[[model]], arguments)), oracle)
}

balanced <- make_groups(rep(4, 5), 1)
unbalanced <- make_groups(c(1, 60, 2, 7, 1), 2)
two <- make_groups(c(3, 9), 3)
one <- make_groups(6, 4)
data_sets <- list(balanced = balanced, unbalanced = unbalanced, two = two, one = one)

course <- list(hyper_mu = p_normal(40, 20), sigma_y = p_exponential(1), sigma_mu = p_exponential(1))
regression <- list(beta_0 = p_normal(40, 20), beta = p_normal(0, 5), sigma_y = p_exponential(1), sigma_0 = p_exponential(1))

# Every model ------------------------------------------------------------------------------------------------------------

for (name in names(data_sets)) {
  data <- data_sets[[name]]
  test_that(paste("complete and no pooling are exact:", name), {
    if (name != "balanced") skip_on_cran() # long
    expect_exact("complete_pooling", data, list(mu = p_normal(0, 50), sigma = p_exponential(1)))
    expect_exact("no_pooling", data, list(mu = p_normal(0, 50), sigma = p_exponential(2)), sigma = "group")
    expect_exact("no_pooling", data, list(mu = p_normal(30, 10), sigma = p_exponential(0.2)))
  })
  test_that(paste("partial pooling is exact:", name), {
    if (name != "balanced") skip_on_cran() # long
    expect_exact("partial_pooling", data, course)
    expect_exact("partial_pooling", data, course[-1], intercept = FALSE, fine = 1.6)
  })
  test_that(paste("varying intercepts are exact:", name), {
    if (name != "balanced") skip_on_cran() # long
    expect_exact("varying_intercept", data, regression, ~x)
  })
}

test_that("several predictors, a factor among them, are exact", {
  skip_on_cran() # long
  priors <- c(regression, list("beta[fw]" = p_normal(1, 2)))
  for (data in list(balanced, unbalanced)) {
    expect_exact("varying_intercept", data, priors, ~ x + f)
    expect_exact("complete_pooling", data, list(beta_0 = p_normal(40, 20), beta = p_normal(0, 5), sigma = p_exponential(1)), ~ x + f)
    expect_exact("no_pooling", data, list(beta_0j = p_normal(40, 20), beta = p_normal(0, 5), sigma = p_exponential(1)), ~ x + f)
  }
  expect_exact("varying_intercept", balanced, regression[-1], ~x, intercept = FALSE, fine = 1.6)
  expect_exact("complete_pooling", balanced, list(beta = p_normal(0, 5), sigma = p_exponential(0.1)), ~x, intercept = FALSE)
})

# Every prior ------------------------------------------------------------------------------------------------------------

for (name in names(scale_priors)) {
  prior <- scale_priors[[name]]
  test_that(paste("a prior on a scale is exact:", name), {
    if (name != "half-Cauchy(0, 5)") skip_on_cran() # long
    expect_exact("partial_pooling", balanced, c(course[1:2], list(sigma_mu = prior)))
    expect_exact("partial_pooling", balanced, c(course[c(1, 3)], list(sigma_y = prior)))
    expect_exact("complete_pooling", two, list(mu = p_normal(40, 20), sigma = prior))
  })
}

test_that("a prior on both scales is exact where it has edges or heavy tails", {
  skip_on_cran() # long
  expect_exact("partial_pooling", balanced, list(hyper_mu = p_flat(), sigma_y = p_uniform(0, 6), sigma_mu = p_uniform(0, 4)))
  half_cauchy <- p_half_cauchy(0, 2)
  expect_exact("partial_pooling", balanced, list(hyper_mu = p_normal(40, 20), sigma_y = half_cauchy, sigma_mu = half_cauchy))
  expect_exact("partial_pooling", unbalanced, list(hyper_mu = p_flat(), sigma_y = p_flat_scale(), sigma_mu = p_flat_scale()))
})

test_that("priors on locations are exact", {
  skip_on_cran() # long
  for (prior in list(p_normal(0, 1), p_flat(), p_fixed(38))) {
    expect_exact("partial_pooling", balanced, c(list(hyper_mu = prior), course[-1]))
    expect_exact("complete_pooling", two, list(mu = prior, sigma = p_exponential(0.3)))
    expect_exact("no_pooling", balanced, list(mu = prior, sigma = p_exponential(0.3)), sigma = "group")
    expect_exact("no_pooling", balanced, list(mu = prior, sigma = p_exponential(0.3)))
  }
  expect_exact("varying_intercept", two, replace(regression, "beta", list(p_flat())), ~x)
  for (prior in list(p_normal(0, 1), p_flat(), p_fixed(38))) {
    expect_exact("varying_intercept", two, replace(regression, "beta_0", list(prior)), ~x, fine = 1.6)
  }
})

# Closed forms -----------------------------------------------------------------------------------------------------------

test_that("known standard deviations leave a normal posterior", {
  y <- two$y
  fit <- complete_pooling(y ~ 1, two, prior = list(mu = dist_normal(30, 4), sigma = dist_degenerate(5)), iter_sampling = 0)
  precision <- length(y) / 25 + 1 / 16
  mean <- (sum(y) / 25 + 30 / 16) / precision
  table <- exact_summary(fit, probs = c(0.03, 0.5))
  expect_equal(table$mean, c(mean, 5), tolerance = 1e-10)
  expect_equal(table$sd, c(1 / sqrt(precision), 0), tolerance = 1e-10)
  expect_equal(table$q3, c(qnorm(0.03, mean, 1 / sqrt(precision)), 5), tolerance = 1e-10)
  covariance <- diag(25, length(y)) + 16
  expect_equal(
    log_marginal_likelihood(fit),
    -0.5 * (length(y) * log(2 * pi) + c(determinant(covariance)$modulus) + sum((y - 30) * solve(covariance, y - 30))),
    tolerance = 1e-10
  )
})

test_that("flat mu and flat sigma give Student's t and an inverse chi", {
  y <- two$y
  n <- length(y)
  fit <- complete_pooling(
    y ~ 1, two, prior = list(mu = dist_uniform(-Inf, Inf), sigma = dist_uniform(0, Inf)), iter_sampling = 0
  )
  probs <- c(1e-6, 0.03, 0.5, 0.97, 1 - 1e-6)
  table <- exact_summary(fit, probs = probs)
  # p(sigma | y) ~ sigma^-(n - 1) exp(-S / (2 sigma^2)): S / sigma^2 is chi-squared with n - 2 degrees of freedom.
  df <- n - 2
  squares <- sum((y - mean(y))^2)
  scale <- sqrt(squares / df / n)
  quantiles <- as.matrix(table[, -(1:3)])
  expect_lt(max(abs(pt((quantiles[1, ] - mean(y)) / scale, df) - probs)), 1e-6)
  expect_lt(max(abs(pchisq(squares / quantiles[2, ]^2, df, lower.tail = FALSE) - probs)), 1e-6)
  expect_equal(table$mean[1], mean(y), tolerance = 1e-8)
  expect_equal(table$sd[1], scale * sqrt(df / (df - 2)), tolerance = 1e-8)
  sigma_mean <- sqrt(squares / 2) * exp(lgamma((df - 1) / 2) - lgamma(df / 2))
  expect_equal(table$mean[2], sigma_mean, tolerance = 1e-8)
  expect_equal(table$sd[2], sqrt(squares / (df - 2) - sigma_mean^2), tolerance = 1e-8)
})

test_that("the exponential prior agrees with stats::integrate()", {
  y <- one$y
  log_density <- function(sigma) {
    vapply(sigma, function(s) {
      v <- s^2 / length(y) + 50^2
      dnorm(mean(y), 0, sqrt(v), log = TRUE) - (length(y) - 1) * log(s) - sum((y - mean(y))^2) / (2 * s^2) -
        (length(y) - 1) / 2 * log(2 * pi) - log(length(y)) / 2 - s
    }, 0)
  }
  integral <- function(f) {
    integrate(function(s) f(s) * exp(log_density(s) + 20), 0, 40, rel.tol = 1e-12, subdivisions = 1000)$value
  }
  total <- integral(function(s) 1)
  fit <- complete_pooling(y ~ 1, one, prior = list(mu = dist_normal(0, 50), sigma = dist_exponential(1)), iter_sampling = 0)
  table <- exact_summary(fit)
  expect_equal(log_marginal_likelihood(fit), log(total) - 20, tolerance = 1e-9)
  expect_equal(table$mean[2], integral(identity) / total, tolerance = 1e-8)
})

test_that("sigma_mu = 0 is complete pooling", {
  none <- partial_pooling(
    y ~ 1 + (1 | g), balanced, iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(40, 20), sigma_y = dist_exponential(1), sigma_mu = dist_degenerate(0))
  )
  complete <- complete_pooling(
    y ~ 1, balanced, prior = list(mu = dist_normal(40, 20), sigma = dist_exponential(1)), iter_sampling = 0
  )
  expect_equal(log_marginal_likelihood(none), log_marginal_likelihood(complete), tolerance = 1e-10)
  partial <- exact_summary(none)
  pooled <- exact_summary(complete)
  for (name in c("hyper_mu", "mu[a]", "mu[e]")) {
    expect_equal(partial[partial$variable == name, -1], pooled[1, -1], tolerance = 1e-8, ignore_attr = TRUE)
  }
  expect_equal(partial[partial$variable == "sigma_y", -1], pooled[2, -1], tolerance = 1e-8, ignore_attr = TRUE)
  expect_equal(unlist(partial[partial$variable %in% c("sigma_mu", "icc"), -1], use.names = FALSE), rep(0, 10))
})

test_that("the factorisation of the evidence holds: no pooling by group is the product of its groups", {
  prior <- list(mu = dist_normal(40, 20), sigma = dist_exponential(0.3))
  parts <- vapply(split(unbalanced, unbalanced$g), function(rows) {
    log_marginal_likelihood(complete_pooling(y ~ 1, rows, prior = prior, iter_sampling = 0))
  }, 0)
  fit <- no_pooling(y ~ 1 + (1 | g), unbalanced, prior = prior, iter_sampling = 0)
  expect_equal(log_marginal_likelihood(fit), sum(parts), tolerance = 1e-10)
})

# Many groups ------------------------------------------------------------------------------------------------------------

# The same by generalised least squares at each (sigma, tau): a row of group effects at a time. `x`: N x P, intercept included.
expect_many_groups <- function(fit, y, x, g, prior_mean, prior_sd, log_prior, names) {
  table <- exact_summary(fit, probs = c(0.03, 0.5))
  get <- function(name) table[table$variable == name, ]
  n <- as.numeric(table(g))
  sums <- rowsum(cbind(x, y), g)
  total <- crossprod(cbind(x, y))
  p <- ncol(x)
  scales <- rbind(get(names$sigma), get(names$tau))
  centre <- log(scales$mean)
  width <- 9 * scales$sd / scales$mean
  s_log <- seq(-1, 1, length.out = 37) * width[1] + centre[1]
  t_log <- seq(-1.5, 1, length.out = 61) * width[2] + centre[2]
  grid <- exp(expand.grid(s = s_log, t = t_log))
  at <- lapply(seq_len(nrow(grid)), function(i) {
    s2 <- grid$s[i]^2
    t2 <- grid$t[i]^2
    shrink <- t2 / (s2 + n * t2)
    # (X, y)'V^-1 (X, y), where V = s2 I + t2 within a group
    a <- (total - crossprod(sums * sqrt(shrink))) / s2
    q <- a[1:p, 1:p] + diag(1 / prior_sd^2, p)
    beta <- solve(q, a[1:p, p + 1] + prior_mean / prior_sd^2)
    fit_squares <- a[p + 1, p + 1] - 2 * sum(beta * a[1:p, p + 1]) + sum(beta * (a[1:p, 1:p] %*% beta))
    log_density <- -0.5 * (length(y) * log(2 * pi) + (length(y) - length(n)) * log(s2) + sum(log(s2 + n * t2)) +
      2 * sum(log(prior_sd)) + c(determinant(q)$modulus) + fit_squares + sum(((beta - prior_mean) / prior_sd)^2)) +
      log_prior(grid$s[i], grid$t[i]) + log(grid$s[i] * grid$t[i])
    list(log_density = log_density, beta = beta, covariance = solve(q), kappa = n * shrink)
  })
  log_density <- vapply(at, `[[`, 0, "log_density")
  top <- max(log_density)
  weight <- exp(log_density - top)
  evidence <- top + log(sum(weight)) + log(diff(s_log)[1]) + log(diff(t_log)[1])
  weight <- weight / sum(weight)
  expect_lt(abs(log_marginal_likelihood(fit) - evidence), 1e-6)

  moments <- function(mean, variance = 0) {
    expected <- sum(weight * mean)
    c(expected, sqrt(sum(weight * (variance + (mean - expected)^2))))
  }
  compare <- function(name, truth) expect_equal(c(get(name)$mean, get(name)$sd), truth, tolerance = 1e-6)
  compare(names$sigma, moments(grid$s))
  compare(names$tau, moments(grid$t))
  compare("icc", moments(grid$t^2 / (grid$t^2 + grid$s^2)))
  for (k in seq_len(p)) {
    compare(names$beta[k], moments(vapply(at, function(a) a$beta[k], 0), vapply(at, function(a) a$covariance[k, k], 0)))
  }
  # Group effects: mean m = beta_0 + kappa (ybar - xbar'beta) and variance by row of group, all nodes at once.
  means <- sums / n
  kept <- which(weight > 1e-11)
  effects <- vapply(at[kept], function(a) {
    slope <- -a$kappa * means[, 1:p, drop = FALSE]
    slope[, 1] <- slope[, 1] + 1
    c(slope %*% a$beta + a$kappa * means[, p + 1], rowSums((slope %*% a$covariance) * slope))
  }, numeric(2 * length(n)))
  m <- effects[seq_along(n), ]
  own <- vapply(kept, function(i) grid$t[i]^2 * (1 - at[[i]]$kappa), numeric(length(n)))
  v <- effects[-seq_along(n), ] + own
  w <- weight[kept]
  rows <- match(paste0(names$group, "[", names(table(g)), "]"), table$variable)
  expected <- unname(drop(m %*% w))
  expect_equal(table$mean[rows], expected, tolerance = 1e-6)
  expect_lt(max(abs(table$sd[rows] / sqrt(drop((v + (m - expected)^2) %*% w)) - 1)), 1e-6)
  probability <- function(q) drop(pnorm((q - m) / sqrt(v)) %*% w)
  expect_lt(max(abs(probability(table$q3[rows]) - 0.03)), 1e-6)
  expect_lt(max(abs(probability(table$q50[rows]) - 0.5)), 1e-6)
}

course_log_prior <- function(s, t) dexp(s, 0.1, log = TRUE) + log(2) + dcauchy(t, 0, 2, log = TRUE)

test_that("a thousand groups are exact", {
  skip_on_cran() # long
  for (sizes in list(c(1, 2, 5, 30), 4)) {
    data <- withr::with_seed(7, {
      g <- rep(1:1000, rep_len(sizes, 1000))
      data.frame(g = g, y = rnorm(length(g), 10 + rnorm(1000, 0, 1.3)[g], 4))
    })
    fit <- partial_pooling(
      y ~ 1 + (1 | g), data, iter_sampling = 0,
      prior = list(hyper_mu = dist_normal(0, 30), sigma_y = dist_exponential(0.1), sigma_mu = dist_cauchy(0, 2))
    )
    expect_many_groups(
      fit, data$y, matrix(1, nrow(data)), data$g, 0, 30, course_log_prior,
      list(sigma = "sigma_y", tau = "sigma_mu", beta = "hyper_mu", group = "mu")
    )
  }
})

test_that("hundreds of groups with predictors are exact", {
  data <- withr::with_seed(8, {
    g <- rep(1:300, sample(c(1, 3, 3, 12), 300, replace = TRUE))
    data.frame(g = g, x = rnorm(length(g), 5), z = rnorm(300)[g])
  })
  data$y <- withr::with_seed(9, rnorm(nrow(data), 10 + data$x - 0.5 * data$z + rnorm(300, 0, 2)[data$g], 3))
  fit <- varying_intercept(
    y ~ x + z + (1 | g), data, iter_sampling = 0,
    prior = list(beta_0 = dist_normal(0, 30), beta = dist_normal(1, 5), sigma_y = dist_exponential(0.1), sigma_0 = dist_cauchy(0, 2))
  )
  expect_many_groups(
    fit, data$y, cbind(1, data$x, data$z), data$g, c(0, 1, 1), c(30, 5, 5), course_log_prior,
    list(sigma = "sigma_y", tau = "sigma_0", beta = c("beta_0", "beta[x]", "beta[z]"), group = "beta_0j")
  )
})

# Values computed elsewhere -----------------------------------------------------------------------------------------------

test_that("the five sites agree with reference values", {
  hpp <- shared_data("hpp.csv")
  reference <- shared_data("exact_reference.csv")
  fit <- partial_pooling(
    scontrol ~ 1 + (1 | site), hpp[hpp$site %in% five_sites, ], iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(40, 20), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
  )
  table <- exact_summary(fit)
  evidence <- reference$parameter == "log_marginal_likelihood"
  expect_lt(abs(log_marginal_likelihood(fit) - reference$mean[evidence]), 0.51e-6)
  reference <- reference[!evidence, ]
  rows <- match(reference$parameter, table$variable)
  expect_false(anyNA(rows))
  expect_lt(max(abs(table$mean[rows] - reference$mean)), 0.51e-6)
  expect_lt(max(abs(table$sd[rows] - reference$sd)), 0.51e-6)
})

test_that("rows that are asked for are computed alone, and are those of the whole table", {
  data <- withr::with_seed(4, {
    group <- rep(1:300, rep_len(c(2, 3, 7), 300))
    data.frame(g = group, x = rnorm(length(group)), y = rnorm(length(group), rnorm(300)[group]))
  })
  expect_rows_alone <- function(fit, pars) {
    for (part in as.list(pars)) {
      alone <- exact_summary(fit, pars = part)
      whole <- exact_summary(fit)
      whole <- whole[match(part, whole$variable), ]
      expect_equal(alone[2:3], whole[2:3], tolerance = 1e-12, ignore_attr = TRUE)
      # Of many groups quantiles are interpolated, to 1e-7 of a probability.
      expect_lt(max(abs(as.matrix(alone[4:6] - whole[4:6])) / whole$sd), 2e-6)
      shortest <- summary(fit)
      expect_lt(max(abs(as.matrix(summary(fit, pars = part)[4:5] - shortest[match(part, shortest$variable), 4:5])) / whole$sd), 1e-4)
    }
  }
  fit <- varying_intercept(y ~ x + (1 | g), data, iter_sampling = 0)
  expect_rows_alone(fit, c("beta_0", "beta[x]", "beta_0j[7]", "beta_0j[300]", "sigma_y", "sigma_0", "icc"))
  expect_rows_alone(fit, list(c("icc", "beta_0j[20]", "beta_0j[2]", "beta_0"), paste0("beta_0j[", 250:20, "]")))
  few <- data[data$g < 5, ]
  expect_rows_alone(no_pooling(y ~ 1 + (1 | g), few, iter_sampling = 0), c("mu[1]", "mu[3]", "sigma[2]"))
  expect_rows_alone(no_pooling(y ~ x + (1 | g), few, iter_sampling = 0), c("beta_0j[3]", "beta[x]", "sigma"))
  expect_rows_alone(complete_pooling(y ~ x, few, iter_sampling = 0), c("beta[x]", "sigma"))
})
