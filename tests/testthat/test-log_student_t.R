# The log-Student-t distribution: as a distribution, and as a prior of standard deviations beside plain integrals.

use_code("fits")

prior <- dist_log_student_t(5, -1.72, 1.295)

test_that("the distribution agrees with its definition", {
  x <- c(1e-60, 0.003, 0.18, 1.7, 1e40)
  p <- c(1e-8, 0.03, 0.5, 0.97)
  expect_equal(distributional::cdf(prior, x)[[1]], pt((log(x) + 1.72) / 1.295, 5), tolerance = 1e-14)
  expect_equal(quantile(prior, p)[[1]], exp(-1.72 + 1.295 * qt(p, 5)), tolerance = 1e-14)
  expect_equal(distributional::cdf(prior, c(-1, 0, Inf))[[1]], c(0, 0, 1))
  expect_identical(quantile(prior, c(0, 1))[[1]], c(0, Inf))
  expect_identical(density(prior, c(-1, 0, Inf))[[1]], c(0, Inf, 0))
  between <- integrate(function(x) density(prior, x)[[1]], 0.05, 2, rel.tol = 1e-11)$value
  expect_equal(between, diff(distributional::cdf(prior, c(0.05, 2))[[1]]), tolerance = 1e-10)
  draws <- withr::with_seed(1, distributional::generate(prior, 2000)[[1]])
  expect_distribution(draws, function(x) distributional::cdf(prior, x)[[1]])
  expect_identical(c(mean(prior), distributional::variance(prior)), c(Inf, Inf))
  expect_identical(format(prior), "log-Student-t(5, -1.7, 1.3)")
  expect_identical(format(distributional::support(prior)), format(distributional::support(dist_lognormal(0, 1))))
})

test_that("parameters that are not possible are refused", {
  refused <- function(...) expect_error(dist_log_student_t(...), class = "bayespool_error_argument")
  for (df in list(1, 0, Inf, NA, "5", c(5, 6))) refused(df, 0, 1)
  for (mu in list(Inf, NaN, "0", 1:2)) refused(5, mu, 1)
  for (sigma in list(0, -1, Inf, NULL)) refused(5, 0, sigma)
  expect_error(
    partial_pooling(y ~ 1 + (1 | g), data, prior = list(hyper_mu = prior)), "cannot be .*dist_log_student_t",
    class = "bayespool_error_prior"
  )
})

# Five studies with their standard errors.
studies <- data.frame(study = letters[1:5], y = c(-0.2, 0.1, -0.6, -0.3, -0.4), se = c(0.25, 0.3, 0.2, 0.35, 0.15))
fit_studies <- function(data, tau, hyper_mu = dist_normal(0, 1), ...) {
  priors <- list(hyper_mu = hyper_mu, sigma_y = dist_degenerate(1), sigma_mu = tau)
  partial_pooling(y ~ 1 + (1 | study), data, prior = priors, weights = 1 / se^2, ...)
}

# The likelihood of tau, and mean and variance of the overall mean given tau; `sd`: of the mean's normal prior, centred at 0.
given_tau <- function(data, tau, sd) {
  of_one <- function(tau) {
    variance <- data$se^2 + tau^2
    precision <- sum(1 / variance) + 1 / sd^2
    mean <- sum(data$y / variance) / precision
    log_f <- -0.5 * sum(log(2 * pi * variance) + data$y^2 / variance) - 0.5 * log(precision) + 0.5 * precision * mean^2
    c(log_f - if (is.finite(sd)) log(sd) else 0, mean, 1 / precision)
  }
  vapply(tau, of_one, numeric(3))
}

# Integrals over z = (log(tau) - mu) / sigma, in pieces.
integrate_tau <- function(f, df, mu, sigma, up_to = Inf) {
  last <- min((log(up_to) - mu) / sigma, 300 / sigma)
  ends <- c(-Inf, -30, -8, -3, seq(-2, 4, by = 0.5), 6, 12, 30)
  ends <- c(ends[ends < last], last)
  on_z <- function(z) dt(z, df) * f(exp(mu + sigma * z))
  sum(mapply(function(from, to) integrate(on_z, from, to, rel.tol = 1e-12, subdivisions = 1000)$value, head(ends, -1), ends[-1]))
}

test_that("a meta-analysis agrees with plain integrals over tau", {
  for (par in list(c(5, -1.72, 1.295), c(5, -0.5, 1), c(20, -2, 0.7))) {
    tau <- do.call(dist_log_student_t, as.list(par))
    fit <- fit_studies(studies, tau, iter_sampling = 0)
    mean_of <- function(f, ...) integrate_tau(f, par[1], par[2], par[3], ...)
    likelihood <- function(tau) exp(given_tau(studies, tau, 1)[1, ])
    total <- mean_of(likelihood)
    moment <- function(g) mean_of(function(tau) likelihood(tau) * g(given_tau(studies, tau, 1), tau)) / total
    mean_mu <- moment(function(given, tau) given[2, ])
    sd_mu <- sqrt(moment(function(given, tau) given[3, ] + (given[2, ] - mean_mu)^2))
    mean_tau <- moment(function(given, tau) tau)
    sd_tau <- sqrt(moment(function(given, tau) tau^2) - mean_tau^2)

    table <- exact_summary(fit, probs = c(0.03, 0.5, 0.9))
    row <- function(name) unlist(table[table$variable == name, -1])
    expect_equal(as.numeric(log_marginal_likelihood(fit)), log(total), tolerance = 1e-8, info = format(tau))
    expect_equal(row("hyper_mu")[["mean"]], mean_mu, tolerance = 1e-8)
    expect_equal(row("hyper_mu")[["sd"]], sd_mu, tolerance = 1e-8)
    expect_equal(row("sigma_mu")[["mean"]], mean_tau, tolerance = 1e-8)
    expect_equal(row("sigma_mu")[["sd"]], sd_tau, tolerance = 1e-8)
    below <- vapply(row("sigma_mu")[c("q3", "q50", "q90")], function(q) mean_of(likelihood, q) / total, 0)
    expect_equal(unname(below), c(0.03, 0.5, 0.9), tolerance = 1e-8)
  }
})

test_that("moments exist as far as the data make them", {
  tau <- dist_log_student_t(5, -1.72, 1.295)
  flat <- dist_uniform(-Inf, Inf)
  summary_of <- function(data, ...) {
    table <- exact_summary(fit_studies(data, tau, iter_sampling = 0, ...), probs = c(0.1, 0.5, 0.9))
    unlist(table[table$variable == "sigma_mu", -1])
  }
  # One study and a flat mean say nothing: the prior, which has no mean.
  of_prior <- function(row) {
    expect_identical(unname(row[1:2]), c(Inf, Inf))
    expect_equal(unname(row[3:5]), quantile(tau, c(0.1, 0.5, 0.9))[[1]], tolerance = 1e-7)
  }
  of_prior(summary_of(studies[1, ], flat))
  of_prior(summary_of(studies, prior_only = TRUE))
  # Two: the likelihood falls like 1 / tau, so that a mean exists, but no variance.
  two <- studies[2:3, ]
  likelihood <- function(tau) exp(given_tau(two, tau, Inf)[1, ])
  mean_tau <- integrate_tau(function(x) x * likelihood(x), 5, -1.72, 1.295) / integrate_tau(likelihood, 5, -1.72, 1.295)
  row <- summary_of(two, flat)
  expect_equal(row[["mean"]], mean_tau, tolerance = 1e-8)
  expect_identical(row[["sd"]], Inf)
  # Three: a variance.
  expect_true(is.finite(summary_of(studies[1:3, ], flat)[["sd"]]))
})

test_that("it holds sigma together near 0 no more than a density must", {
  equal <- function(n) data.frame(g = seq_len(n), y = 2)
  prior <- dist_log_student_t(5, 0, 0.5)
  # As sigma goes to 0 alone: one observation a group leaves it to its prior, two that are equal do not.
  apart <- data.frame(g = 1:3, y = c(1, 3, 2))
  expect_no_error(undetermined(partial(apart, hyper_mu = normal, sigma_y = prior, sigma_mu = exponential)))
  expect_refused(complete(equal(2), mu = normal, sigma = prior), "improper")
  expect_refused(partial(rbind(equal(2), equal(2)), hyper_mu = normal, sigma_y = prior, sigma_mu = exponential), "improper")
  # Together with tau: two equal groups are at the border, where logarithms leave a posterior, out of reach; three are beyond.
  expect_refused(undetermined(partial(equal(2), hyper_mu = normal, sigma_y = exponential, sigma_mu = prior)), "numerical")
  expect_refused(partial(equal(3), hyper_mu = normal, sigma_y = exponential, sigma_mu = prior), "improper")
})

test_that("mass that the quadrature cannot reach is an error, which NUTS does not need", {
  wide <- dist_log_student_t(4, -1, 1.5)
  expect_error(fit_studies(studies, wide, iter_sampling = 0), "too small or too large", class = "bayespool_error_numerical")
  fit <- fit_studies(studies, wide, algorithm = "nuts", seed = 1, iter_sampling = 4000, control = nuts_control(adapt_delta = 0.99))
  below <- function(up_to) integrate_tau(function(tau) exp(given_tau(studies, tau, 1)[1, ]), 4, -1, 1.5, up_to)
  for (q in c(0.01, 0.1, 0.3)) {
    expect_within_mcse(posterior::extract_variable_matrix(as_draws(fit), "sigma_mu") < q, below(q) / below(Inf))
  }
})

test_that("groups that differ in two effects agree with a dense grid", {
  skip_on_cran() # long
  rows <- withr::with_seed(4, data.frame(g = rep(1:5, each = 3), x = rnorm(15), e = rnorm(15)))
  rows$y <- with(rows, c(0.3, -1, 0.8, 0.1, -0.5)[g] + c(0.5, 1, 0.2, 0.9, 0.4)[g] * x + e)
  par <- list(c(5, -0.5, 0.6), c(5, -1, 0.8))
  fit <- varying_intercept_slope(y ~ x + (1 + x || g), rows, iter_sampling = 0, prior = list(
    beta_0 = dist_normal(0, 2), beta = dist_normal(0, 2), sigma_y = dist_degenerate(1),
    sigma_0 = do.call(dist_log_student_t, as.list(par[[1]])), sigma_beta = do.call(dist_log_student_t, as.list(par[[2]]))
  ))
  # z = 3 sinh(s / 3): nodes for tails that fall by powers.
  step <- 0.25
  s <- seq(-17, 6, by = step)
  z <- 3 * sinh(s / 3)
  log_weight <- function(df) dt(z, df, log = TRUE) + log(cosh(s / 3)) + log(step)
  design <- cbind(1, rows$x)
  same <- outer(rows$g, rows$g, "==")
  fixed <- diag(15) + 4 * tcrossprod(design)
  at <- expand.grid(i = seq_along(s), j = seq_along(s))
  tau <- cbind(exp(par[[1]][2] + par[[1]][3] * z[at$i]), exp(par[[2]][2] + par[[2]][3] * z[at$j]))
  each <- apply(tau, 1, function(tau) {
    half <- chol(fixed + tau[1]^2 * same + tau[2]^2 * same * outer(rows$x, rows$x))
    solved <- backsolve(half, rows$y, transpose = TRUE)
    beta <- 4 * crossprod(design, backsolve(half, solved))
    c(-7.5 * log(2 * pi) - sum(log(diag(half))) - 0.5 * sum(solved^2), beta)
  })
  log_f <- each[1, ] + log_weight(par[[1]][1])[at$i] + log_weight(par[[2]][1])[at$j]
  weight <- exp(log_f - max(log_f))
  total <- log(sum(weight)) + max(log_f)
  mean_of <- function(value) sum(weight * value) / sum(weight)
  expect_lt(abs(as.numeric(log_marginal_likelihood(fit)) - total), 1e-6)
  table <- exact_summary(fit, probs = numeric())
  ours <- stats::setNames(table$mean, table$variable)
  truth <- c(beta_0 = mean_of(each[2, ]), "beta[x]" = mean_of(each[3, ]), sigma_0 = mean_of(tau[, 1]), "sigma_beta[x]" = mean_of(tau[, 2]))
  expect_equal(ours[names(truth)], truth, tolerance = 1e-6)
})

test_that("the tables of published priors are those of bayesmeta", {
  skip_if_not_installed("bayesmeta")
  p <- c(0.025, 0.5, 0.975)
  of_bayesmeta <- function(name) getExportedValue("bayesmeta", name)
  turner <- of_bayesmeta("TurnerEtAlParameters")
  rhodes <- of_bayesmeta("RhodesEtAlParameters")
  expect_identical(unname(turner_2015$mu), unname(turner[, , "mu"]))
  expect_identical(unname(turner_2015$sigma), unname(turner[, , "sigma"]))
  for (area in names(rhodes_2015)) {
    expect_identical(unname(rhodes_2015[[area]]$mu), unname(rhodes[, , "location", area]))
    expect_identical(unname(rhodes_2015[[area]]$sigma), unname(rhodes[, , "scale", area]))
  }
  # Theirs are of tau, as ours are once the numbers have been halved.
  theirs <- of_bayesmeta("TurnerEtAlPrior")("pain", "pharmacological", "placebo / control")
  ours <- dist_lognormal(turner_2015$mu["pain", 1] / 2, turner_2015$sigma["pain", 1] / 2)
  expect_equal(quantile(ours, p)[[1]], theirs$qprior(p), tolerance = 1e-14)
  theirs <- of_bayesmeta("RhodesEtAlPrior")("mental health", "pharmacological", "pharmacological", "cancer")
  numbers <- rhodes_2015$cancer
  ours <- dist_log_student_t(5, numbers$mu["mental health", 2] / 2, numbers$sigma["mental health", 2] / 2)
  expect_equal(quantile(ours, p)[[1]], theirs$qprior(p), tolerance = 1e-14)
  expect_equal(quantile(dist_log_student_t(5, -1.72, 1.295), p)[[1]], of_bayesmeta("RhodesEtAlPrior")()$qprior(p), tolerance = 1e-14)
  # What the page prints is that number.
  expect_match(empirical_tables(turner_2015, "dist_lognormal("), "| pain | -1.83 | 1.52 | `dist_lognormal(-0.915, 0.76)` |", fixed = TRUE)
})
