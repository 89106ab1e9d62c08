# Variance components: against the brute-force posterior, by what defines a shortest interval, and against draws.

use_code("oracle")

rows <- withr::with_seed(1, {
  g <- rep(1:5, c(2, 9, 6, 4, 7))
  data.frame(g = g, x = rnorm(28), y = rnorm(28, rnorm(5, 3, 2)[g], 3))
})
priors <- list(hyper_mu = p_normal(0, 5), sigma_y = p_exponential(0.3), sigma_mu = p_exponential(0.4))

fit_rows <- function(priors, ...) {
  partial_pooling(y ~ 1 + (1 | g), rows, prior = package_priors(priors), iter_sampling = 0, ...)
}

# Means and sds by the oracle's weights.
expect_components <- function(fit, oracle) {
  at <- oracle[[1]]$at # of a grid fine enough for fourth moments
  truth <- list(between = at$tau^2, within = at$sigma^2, share_between = at$tau^2 / (at$tau^2 + at$sigma^2))
  truth$share_within <- 1 - truth$share_between
  table <- variance_components(fit)
  expect_identical(table$variable, names(truth))
  for (name in names(truth)) {
    ours <- table[table$variable == name, ]
    mean <- sum(at$weight * truth[[name]])
    expect_equal(ours$mean, mean, tolerance = 1e-8, info = name)
    expect_equal(ours$sd, sqrt(sum(at$weight * (truth[[name]] - mean)^2)), tolerance = 1e-8, info = name)
  }
}

# The interval holds `prob`, by the oracle, and none of the others that exact quantiles make is shorter.
expect_shortest <- function(fit, oracle, prob = 0.94) {
  table <- variance_components(fit, prob = prob)
  layout <- fit$model$layout
  scale <- function(role) layout$variable[layout$role == role]
  below <- (1 - prob) * pnorm(seq(-4.5, 4.5, 0.5))
  quantiles <- exact_summary(fit, probs = c(below, below + prob))
  # `power`: of the parameter, whose square or self the component is.
  for (part in list(c("between", scale("scale_between"), 2), c("within", scale("scale_within"), 2), c("share_between", "icc", 1))) {
    ours <- table[table$variable == part[1], ]
    power <- as.numeric(part[3])
    cdf <- function(x) oracle[[1]]$cdf(part[2], x^(1 / power))
    expect_lt(abs(cdf(ours$hdi_upper) - cdf(ours$hdi_lower) - prob), 1e-6)
    q <- as.numeric(quantiles[quantiles$variable == part[2], -(1:3)])^power
    others <- q[-seq_along(below)] - q[seq_along(below)]
    expect_lt(ours$hdi_upper - ours$hdi_lower, min(others) * (1 + 1e-7))
  }
  within <- table[4, ]
  expect_equal(c(within$hdi_lower, within$hdi_upper), 1 - c(table$hdi_upper[3], table$hdi_lower[3]))
}

# Values -------------------------------------------------------------------------------------------------------------------

test_that("partial pooling: means, sds and intervals are those of the posterior", {
  skip_on_cran() # long
  fit <- fit_rows(priors)
  oracle <- oracle_fit("partial_pooling", rows$y, priors, group = rows$g, fine = 1.5)
  expect_components(fit, oracle)
  expect_shortest(fit, oracle)
  expect_shortest(fit, oracle, prob = 0.5)
})

test_that("varying intercepts: means, sds and intervals are those of the posterior", {
  priors <- list(beta_0 = p_normal(0, 5), beta = p_normal(0, 5), sigma_y = p_half_t(3, 0, 2), sigma_0 = p_lognormal(0, 0.5))
  fit <- varying_intercept(y ~ x + (1 | g), rows, prior = package_priors(priors), iter_sampling = 0)
  oracle <- oracle_fit("varying_intercept", rows$y, priors, group = rows$g, x = cbind(x = rows$x), fine = 1.5)
  expect_components(fit, oracle)
  expect_shortest(fit, oracle)
})

test_that("priors with edges: the interval ends there", {
  priors$sigma_y <- p_uniform(2.5, 4)
  priors$sigma_mu <- p_uniform(1, 3)
  fit <- fit_rows(priors)
  oracle <- oracle_fit("partial_pooling", rows$y, priors, group = rows$g, fine = 1.5)
  expect_components(fit, oracle)
  expect_shortest(fit, oracle)
  priors$sigma_mu <- p_uniform(2, 2.1) # rises or falls all along
  table <- variance_components(fit_rows(priors))
  expect_true(abs(table$hdi_lower[1] - 2^2) < 1e-5 || abs(table$hdi_upper[1] - 2.1^2) < 1e-5)
})

test_that("known standard deviations have no spread", {
  priors$sigma_mu <- p_fixed(2)
  fit <- fit_rows(priors)
  expect_components(fit, oracle_fit("partial_pooling", rows$y, priors, group = rows$g, fine = 1.5))
  expect_equal(unlist(variance_components(fit)[1, -1]), c(4, 0, 4, 4, 4), ignore_attr = TRUE)
  priors$sigma_y <- p_fixed(1)
  expect_equal(unlist(variance_components(fit_rows(priors))[3, -1]), c(0.8, 0, 0.8, 0.8, 0.8), ignore_attr = TRUE)
  priors$sigma_mu <- p_fixed(0)
  expect_equal(variance_components(fit_rows(priors))$mean, c(0, 1, 0, 1))
})

test_that("moments that do not exist are infinite", {
  # With a flat prior the density of sigma_mu falls like sigma_mu^-(groups - 1) where the mean has a proper prior.
  fit_groups <- function(groups) {
    priors$sigma_mu <- p_flat_scale()
    few <- rows[rows$g <= groups, ]
    partial_pooling(y ~ 1 + (1 | g), few, prior = package_priors(priors), iter_sampling = 0)
  }
  three <- variance_components(fit_groups(3))
  expect_identical(three$mean[1], Inf)
  expect_identical(three$sd[1], Inf)
  expect_true(all(is.finite(unlist(three[2:4, -1]))))
  four <- variance_components(fit_groups(4))
  expect_true(is.finite(four$mean[1]))
  expect_identical(four$sd[1], Inf)
  five <- variance_components(fit_groups(5))
  expect_identical(five$sd[1], Inf)

  heavy <- withr::with_seed(2, data.frame(g = rep(1:6, each = 4), y = rnorm(24, rep(rnorm(6, 0, 3), each = 4))))
  priors$sigma_mu <- p_half_cauchy(0, 3) # falls like sigma_mu^-8: a fourth moment exists
  fit <- partial_pooling(y ~ 1 + (1 | g), heavy, prior = package_priors(priors), iter_sampling = 0)
  expect_components(fit, oracle_fit("partial_pooling", heavy$y, priors, group = heavy$g, fine = 1.5))
})

test_that("the shares are those of exact_summary() and of the scale of the response", {
  fit <- fit_rows(priors)
  icc <- subset(exact_summary(fit), variable == "icc")
  table <- variance_components(fit)
  expect_equal(c(table$mean[3], table$sd[3]), c(icc$mean, icc$sd), tolerance = 1e-9)
  expect_equal(table$mean[1:2], with(exact_summary(fit), (mean^2 + sd^2)[match(c("sigma_mu", "sigma_y"), variable)]), tolerance = 1e-9)
  by_1000 <- list(hyper_mu = p_normal(0, 5000), sigma_y = p_exponential(0.0003), sigma_mu = p_exponential(0.0004))
  scaled <- variance_components(update(fit, data = transform(rows, y = 1000 * y), prior = package_priors(by_1000)))
  expect_equal(as.matrix(scaled[1:2, -1]) / 1e6, as.matrix(table[1:2, -1]), tolerance = 1e-6)
  expect_equal(as.matrix(scaled[3:4, -1]), as.matrix(table[3:4, -1]), tolerance = 1e-6)
})

# Draws --------------------------------------------------------------------------------------------------------------------

test_that("draws agree, and NUTS uses its own", {
  fit <- update(fit_rows(priors), iter_sampling = 5000, seed = 2)
  table <- variance_components(fit)
  expect_identical(table, variance_components(update(fit, iter_sampling = 0)))
  squares <- function(fit) {
    draws <- posterior::as_draws_matrix(fit)
    list(between = unclass(draws)[, "sigma_mu"]^2, within = unclass(draws)[, "sigma_y"]^2)
  }
  x <- squares(fit)
  expect_within_mcse(x$between, table$mean[1])
  expect_within_mcse(x$within, table$mean[2])
  expect_within_mcse((x$between - table$mean[1])^2, table$sd[1]^2)
  expect_within_mcse((x$within - table$mean[2])^2, table$sd[2]^2)
  expect_within_mcse(x$between > table$hdi_lower[1] & x$between < table$hdi_upper[1], 0.94)

  chains <- suppressWarnings(update(fit, algorithm = "nuts", iter_sampling = 1000, seed = 3))
  nuts <- variance_components(chains, prob = 0.8)
  x <- squares(chains)
  expect_equal(nuts$mean[1:2], c(mean(x$between), mean(x$within)))
  expect_equal(nuts$sd[3], sd(x$between / (x$between + x$within)))
  expect_equal(c(nuts$hdi_lower[2], nuts$hdi_upper[2]), HDInterval::hdi(x$within, credMass = 0.8), ignore_attr = TRUE)
  expect_equal(mean(x$between > nuts$hdi_lower[1] & x$between < nuts$hdi_upper[1]), 0.8, tolerance = 0.002)
  expect_equal(nuts$plug_in[1:2], c(mean(sqrt(x$between))^2, mean(sqrt(x$within))^2))
  expect_within_mcse(sqrt(x$between), sqrt(table$plug_in[1]))
})

# Plug-in figures ----------------------------------------------------------------------------------------------------------

test_that("plug-in figures are those of the posterior means of the standard deviations", {
  fit <- fit_rows(priors)
  means <- with(exact_summary(fit), stats::setNames(mean, variable))
  expect_equal(
    variance_components(fit)$plug_in,
    c(means[["sigma_mu"]]^2, means[["sigma_y"]]^2, c(means[["sigma_mu"]]^2, means[["sigma_y"]]^2) / sum(means[c("sigma_mu", "sigma_y")]^2))
  )
})

test_that("the course's shares come from its own means, and ours from the exact ones", {
  published <- shared_data("published_results.csv")
  published <- published[published$model == "partial" & published$library == "pymc", ]
  published <- stats::setNames(published$mean, published$parameter)
  squares <- published[c("sigma_mu", "sigma_y")]^2
  expect_equal(round(squares / sum(squares), 4), c(0.0258, 0.9742), ignore_attr = TRUE)

  hpp <- shared_data("hpp.csv")
  fit <- partial_pooling(
    scontrol ~ 1 + (1 | site), hpp[hpp$site %in% five_sites, ], iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(40, 20), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
  )
  exact <- shared_data("exact_reference.csv")
  value <- function(name) exact$mean[exact$parameter == name]
  table <- variance_components(fit)
  # The published sigma_mu, 1.211, is too large; with the exact 1.1870 the share is 0.0247.
  expect_lt(abs(table$plug_in[3] - value("sigma_mu")^2 / (value("sigma_mu")^2 + value("sigma_y")^2)), 1e-5)
  expect_equal(round(table$plug_in[3:4], 4), c(0.0247, 0.9753))
})

# The object ---------------------------------------------------------------------------------------------------------------

test_that("print() shows all rows, says what the columns are and returns the table", {
  table <- variance_components(fit_rows(priors), prob = 0.8)
  shown <- capture.output(result <- withVisible(print(table)))
  expect_false(result$visible)
  expect_identical(result$value, table)
  for (text in c(table$variable, names(table), "80%", "intraclass correlation", "posterior means of the two standard")) {
    expect_match(paste(shown, collapse = "\n"), text)
  }
  expect_match(grep("^ *between", shown, value = TRUE), formatC(table$mean[1], digits = 3, format = "f"), fixed = TRUE)
  expect_output(print(table[c("variable", "mean")]), "share_within")
  expect_no_match(capture.output(print(table[c("variable", "mean")])), "plug_in")
})

test_that("models without a population, and wrong arguments, are refused", {
  for (fit in list(
    complete_pooling(y ~ 1, rows, iter_sampling = 0), no_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0),
    no_pooling(y ~ x + (1 | g), rows, iter_sampling = 0)
  )) {
    expect_error(variance_components(fit), "partial_pooling", class = "bayespool_error_model")
  }
  fit <- fit_rows(priors)
  for (prob in list(0, 1, 2, "a", NA, c(0.5, 0.9))) {
    expect_error(variance_components(fit, prob = prob), class = "bayespool_error_argument")
  }
  expect_error(variance_components(fit, probs = 0.5), class = "bayespool_error_argument")
  expect_error(variance_components(update(fit, algorithm = "nuts")), class = "bayespool_error_draws")
})

test_that("intervals are right where the tables of quantiles end", {
  # The shortest interval of a decreasing density starts at 0; its upper end is then a quantile, near 1 for a wide one.
  fit <- partial_pooling(y ~ 1 + (1 | g), rows, prior_only = TRUE, iter_sampling = 0, prior = list(
    hyper_mu = dist_normal(0, 10), sigma_y = dist_normal(0, 5), sigma_mu = dist_exponential(1e6)
  ))
  for (prob in c(0.5, 0.94, 0.99)) {
    between <- variance_components(fit, prob = prob)[1, ]
    expect_lt(between$hdi_lower, 1e-24)
    expect_equal(between$hdi_upper, stats::qexp(prob, 1e6)^2, tolerance = 1e-5)
  }
})
