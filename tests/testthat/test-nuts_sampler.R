# NUTS on targets that are known in closed form, written as models: the sampler, its adaptation, what it says of itself.

use_code("process")

matrix_of <- function(fit, name) posterior::extract_variable_matrix(fit$draws, name)
# For chains that are too short, or meant to go wrong.
quietly <- function(fit) suppressWarnings(fit, classes = "bayespool_warning")
# Iterations x chains of one diagnostic, after warmup.
diagnostic <- function(fit, name) bayespool:::after_warmup(fit$nuts)[, , name]

expect_sd_within_mcse <- function(draws, truth, z = 5) {
  error <- abs(sd(draws) - truth) / posterior::mcse_sd(draws)
  expect(isTRUE(error < z), sprintf("sd %.6g is %.1f MCSE from %.6g", sd(draws), error, truth))
}
# On the scale of probability: mcse_quantile() takes the density near the quantile from few draws, and scatters by a third at
# the first percentile.
expect_quantiles_within_mcse <- function(draws, quantiles, probs = c(0.01, 0.1, 0.5, 0.9, 0.99)) {
  for (p in probs) expect_within_mcse(1 * (draws <= quantiles(p)), p)
}
expect_normal <- function(draws, mean = 0, sd = 1) {
  expect_within_mcse(draws, mean)
  expect_sd_within_mcse(draws, sd)
  expect_quantiles_within_mcse(draws, function(p) qnorm(p, mean, sd))
}

# Independent N(0, 1) in `dimensions` dimensions: the prior of as many group means.
standard_normal <- function(dimensions, ...) {
  no_pooling(
    y ~ 1 + (1 | g), data.frame(g = seq_len(dimensions), y = 0), sigma = "common", prior_only = TRUE, algorithm = "nuts",
    prior = list(mu = dist_normal(0, 1), sigma = dist_degenerate(1)), ...
  )
}
normal_100 <- standard_normal(100, iter_sampling = 2500, seed = 1)

# A regression with a known standard deviation: its coefficients are normal. Predictors of different scales, correlated.
regression <- withr::with_seed(1, {
  x <- rnorm(200)
  data.frame(x = x, z = 100 * (0.9 * x + sqrt(1 - 0.9^2) * rnorm(200)), y = rnorm(200, 1 + x, 1.5))
})
regression_fit <- complete_pooling(
  y ~ x + z, regression, algorithm = "nuts", iter_sampling = 5000, seed = 2,
  prior = list(beta_0 = dist_normal(0, 3), beta = dist_normal(0, 2), sigma = dist_degenerate(1.5))
)
regression_posterior <- local({
  x <- cbind(1, regression$x, regression$z)
  covariance <- solve(crossprod(x) / 1.5^2 + diag(1 / c(3, 2, 2)^2))
  list(mean = drop(covariance %*% crossprod(x, regression$y)) / 1.5^2, covariance = covariance)
})

# Neal's funnel: log sigma_mu ~ N(0, 1.5), nine group means ~ N(0, sigma_mu).
funnel <- function(form, ...) {
  partial_pooling(
    y ~ 0 + (1 | g), data.frame(g = 1:9, y = 0), prior_only = TRUE, algorithm = "nuts", control = nuts_control(form), ...,
    prior = list(sigma_mu = dist_lognormal(0, 1.5), sigma_y = dist_degenerate(1))
  )
}

# Targets ------------------------------------------------------------------------------------------------------------------

test_that("a normal in 100 dimensions is right", {
  skip_on_cran() # long
  for (name in paste0("mu[", 1:100, "]")) {
    draws <- matrix_of(normal_100, name)
    expect_within_mcse(draws, 0)
    expect_within_mcse(draws^2, 1)
  }
  for (i in 1:10) expect_quantiles_within_mcse(matrix_of(normal_100, sprintf("mu[%d]", i)), qnorm)
})

test_that("a normal in 100 dimensions has no correlations", {
  skip_on_cran() # long
  draws <- unclass(normal_100$draws)[, , 1:100]
  for (i in 1:99) expect_within_mcse(draws[, , i] * draws[, , i + 1], 0)
  # All pairs at once.
  total <- apply(draws, c(1, 2), sum)
  expect_within_mcse(total, 0)
  expect_within_mcse(total^2, 100)
  # The distance from the centre, which mixes slowest: chi-square with 100 degrees of freedom.
  squares <- apply(draws^2, c(1, 2), sum)
  expect_within_mcse(squares, 100)
  expect_within_mcse((squares - 100)^2, 200)
  expect_quantiles_within_mcse(squares, function(p) qchisq(p, 100))
})

test_that("correlated coefficients of different scales are right", {
  names <- c("beta_0", "beta[x]", "beta[z]")
  mean <- regression_posterior$mean
  sd <- sqrt(diag(regression_posterior$covariance))
  correlation <- cov2cor(regression_posterior$covariance)
  for (k in 1:3) expect_normal(matrix_of(regression_fit, names[k]), mean[k], sd[k])
  z <- lapply(1:3, function(k) (matrix_of(regression_fit, names[k]) - mean[k]) / sd[k])
  for (pair in list(1:2, 2:3, c(1, 3))) {
    expect_within_mcse(z[[pair[1]]] * z[[pair[2]]], correlation[pair[1], pair[2]])
  }
})

test_that("the non-centered form gets Neal's funnel right", {
  fit <- expect_no_warning(funnel("noncentered", iter_sampling = 4000, seed = 3))
  log_tau <- log(matrix_of(fit, "sigma_mu"))
  expect_normal(log_tau, 0, 1.5)
  for (name in c("mu[1]", "mu[9]")) {
    expect_normal(matrix_of(fit, name) / exp(log_tau))
    # The scale of a group mean does not depend on its sign.
    expect_within_mcse(matrix_of(fit, name) / exp(log_tau) * log_tau, 0)
  }
})

test_that("the centered form does not reach into the neck of Neal's funnel, and says so", {
  warnings <- capture_warnings(fit <- funnel("centered", iter_sampling = 4000, seed = 3))
  expect_match(warnings, "diverged", all = FALSE)
  expect_match(warnings, "effective sample size", all = FALSE)
  # 1 % of the draws should be below the first percentile. Steps short enough for that part are far below those that the
  # rest asks for: in 20 trial runs not one of 16,000 draws was there.
  log_tau <- log(matrix_of(fit, "sigma_mu"))
  expect_lt(mean(log_tau < qnorm(0.01, 0, 1.5)), 0.005)
})

# Adaptation -----------------------------------------------------------------------------------------------------------------

test_that("warmup finds the step size for the acceptance that is asked for", {
  # The step that is averaged over the last phase of warmup is a little short, in Stan too: acceptance is 0.85 for a target of
  # 0.8. From chain to chain it scatters by 0.02.
  accepted <- vapply(c(0.8, 0.9, 0.95), function(target) {
    fit <- quietly(standard_normal(100, iter_sampling = 250, seed = 4, control = nuts_control(adapt_delta = target)))
    mean(diagnostic(fit, "accept_stat__"))
  }, 0)
  expect_lt(max(abs(accepted - c(0.8, 0.9, 0.95))), 0.1)
  expect_gt(min(diff(accepted)), 0)
})

test_that("warmup learns the variances of the coordinates", {
  # The first metric is some hundred times too large: chains start in units of the spread of the response.
  metric <- nuts_adaptation(regression_fit)$inverse_metric
  expect_identical(rownames(metric), c("beta_0", "beta[x]", "beta[z]"))
  expect_lt(max(abs(log(metric / diag(regression_posterior$covariance)))), log(1.5))
})

test_that("the step size stays as it is after warmup", {
  fit <- quietly(
    standard_normal(3, iter_warmup = 200, iter_sampling = 100, seed = 5, control = nuts_control(save_warmup = TRUE))
  )
  steps <- fit$nuts$diagnostics[, , "stepsize__"]
  expect_identical(steps[201:300, ], matrix(nuts_adaptation(fit)$step_size, 100, 4, byrow = TRUE))
  expect_identical(apply(steps[1:200, ], 2, anyDuplicated), integer(4))
})

test_that("a warmup of any length works", {
  data <- withr::with_seed(6, data.frame(g = rep(1:3, each = 5), y = rnorm(15)))
  none <- partial_pooling(y ~ 1 + (1 | g), data, iter_sampling = 0)
  start <- bayespool:::cpp_log_density(bayespool:::fit_posterior(none)$problem, FALSE, numeric(6))$scale^2
  for (warmup in c(0, 1, 10, 19, 20, 21, 30, 75, 149, 150, 151)) {
    fit <- quietly(update(none, algorithm = "nuts", iter_warmup = warmup, iter_sampling = 40, seed = 6))
    expect_identical(dim(fit$draws), c(40L, 4L, 6L))
    expect_true(all(is.finite(fit$draws)))
    adaptation <- nuts_adaptation(fit)
    expect_true(all(is.finite(adaptation$step_size) & adaptation$step_size > 0))
    expect_true(all(is.finite(adaptation$inverse_metric) & adaptation$inverse_metric > 0))
    # Below 20 iterations there is no telling the variances: the metric stays as it was.
    expect_identical(all(adaptation$inverse_metric == start), warmup < 20)
  }
})

# What a transition says of itself -----------------------------------------------------------------------------------------

# Trajectories of all lengths: the neck of a funnel needs many steps, its mouth few.
deep <- quietly(funnel("centered", iter_sampling = 1000, seed = 8))

test_that("the number of steps goes with the tree depth", {
  for (fit in list(deep, regression_fit, normal_100)) {
    depth <- diagnostic(fit, "treedepth__")
    steps <- diagnostic(fit, "n_leapfrog__")
    # `depth` doublings were completed, and at most one more was begun.
    expect_true(all(steps >= pmax(1, 2^depth - 1) & steps <= 2^(depth + 1) - 1))
    accepted <- diagnostic(fit, "accept_stat__")
    expect_true(all(accepted >= 0 & accepted <= 1))
    expect_true(all(diagnostic(fit, "divergent__") %in% c(0, 1)))
  }
  expect_gt(length(unique(as.vector(diagnostic(deep, "treedepth__")))), 3)
})

test_that("trajectories are no longer than allowed", {
  for (limit in 1:3) {
    fit <- quietly(update(regression_fit, iter_sampling = 200, control = nuts_control(max_treedepth = limit)))
    depth <- diagnostic(fit, "treedepth__")
    expect_equal(max(depth), limit)
    expect_identical(max(fit$nuts$diagnostics[, , "n_leapfrog__"]), 2^limit - 1)
    # Nothing is begun after the last doubling.
    expect_identical(unique(diagnostic(fit, "n_leapfrog__")[depth == limit]), 2^limit - 1)
  }
})

test_that("short trajectories are right all the same", {
  fit <- quietly(standard_normal(3, iter_sampling = 10000, seed = 9, control = nuts_control(max_treedepth = 1)))
  for (name in c("mu[1]", "mu[2]", "mu[3]")) expect_normal(matrix_of(fit, name))
})

test_that("the energy is that of the draw and a fresh momentum", {
  for (fit in list(regression_fit, normal_100)) {
    dimension <- nrow(nuts_adaptation(fit)$inverse_metric)
    # Twice the kinetic energy is chi-square with as many degrees of freedom as there are coordinates.
    kinetic <- diagnostic(fit, "energy__") + diagnostic(fit, "lp")
    expect_true(all(kinetic > 0))
    expect_within_mcse(kinetic, dimension / 2)
    expect_within_mcse((kinetic - dimension / 2)^2, dimension / 2)
    expect_quantiles_within_mcse(kinetic, function(p) qchisq(p, dimension) / 2)
  }
})

test_that("the log posterior is the density at the draw", {
  data <- withr::with_seed(10, data.frame(g = rep(1:3, each = 5), x = rnorm(15), y = rnorm(15)))
  # The coordinates of a draw.
  coordinates <- function(draw, centered) {
    group <- paste0("beta_0j[", 1:3, "]")
    groups <- if (centered) draw[group] else (draw[group] - draw[["beta_0"]]) / draw[["sigma_0"]]
    c(draw[c("beta_0", "beta[x]")], groups, log(draw[["sigma_y"]]), qlogis(draw[["sigma_0"]] / 4))
  }
  for (form in c("noncentered", "centered")) {
    fit <- quietly(varying_intercept(
      y ~ x + (1 | g), data, prior = list(sigma_0 = dist_uniform(0, 4)), algorithm = "nuts", iter_sampling = 50, seed = 10,
      control = nuts_control(form)
    ))
    draws <- unclass(posterior::as_draws_matrix(fit))
    problem <- bayespool:::fit_posterior(fit)$problem
    values <- apply(draws, 1, function(draw) {
      bayespool:::cpp_log_density(problem, form == "centered", unname(coordinates(draw, form == "centered")))$log_density
    })
    # 200 draws, chain after chain.
    expect_equal(as.vector(diagnostic(fit, "lp")), unname(values), tolerance = 1e-10)
  }
})

# Progress and interrupts --------------------------------------------------------------------------------------------------

# Trajectories of thousands of steps: two predictors that are nearly the same.
long_run <- function(iter_sampling, cores = 1) {
  ridge <- data.frame(x = c(1, 3, 2, 5, 4, 6), y = c(2, 1, 4, 4, 5, 7))
  ridge$z <- ridge$x + c(1, -1, 2, 0, -1, -1) / 300
  priors <- list(beta_0 = dist_normal(0, 1), beta = dist_normal(0, 1000), sigma = dist_degenerate(1))
  quietly(complete_pooling(
    y ~ x + z, ridge, prior = priors, algorithm = "nuts", iter_warmup = 150, iter_sampling = iter_sampling, seed = 1,
    cores = cores, control = nuts_control(max_treedepth = 15)
  ))
}

test_that("a run of more than a second shows its progress where that is wanted", {
  skip_on_cran() # long
  shown <- function(...) paste(capture.output(fit <- long_run(...)), collapse = "\n")
  withr::local_options(bayespool.progress = TRUE)
  # How many draws take a second depends on the machine.
  size <- 400
  repeat {
    text <- shown(size)
    if (nzchar(text) || size > 30000) break
    size <- 2 * size
  }
  expect_match(text, "100%", fixed = TRUE)
  expect_match(shown(4 * size, cores = 2), "%", fixed = TRUE)
  withr::local_options(bayespool.progress = FALSE)
  expect_identical(shown(size), "")
  skip_if(interactive(), "an interactive session shows it by default")
  withr::local_options(bayespool.progress = NULL)
  expect_identical(shown(size, cores = 2), "")
})

test_that("an interrupt ends a run and leaves the session usable", {
  skip_on_cran() # another process
  skip_on_os("windows") # no SIGINT
  skip_on_covr() # it would read the counts that the other process had no time to write
  for (cores in 1:2) {
    expect_interrupted(
      sprintf("long_run(1e5, %d)", cores), c("quietly <- identity", paste("long_run <-", as_code(long_run)))
    )
  }
})
