# NUTS with two grouping factors: the log density against plain R, summed over the rows, and its gradient; the same posterior as
# quadrature gives.

skip_on_cran() # all of it takes long

use_code("density")
use_code("chains")

# The density in plain R ---------------------------------------------------------------------------------------------------

# `factors`: names of columns, or "a:b" for their combinations.
new_two <- function(data, priors, x = "x", intercept = TRUE, factors = c("a", "b"), weights = NULL, prior_only = FALSE) {
  left <- c(if (intercept) "1" else "0", x)
  list(
    formula = as.formula(sprintf("y ~ %s + (1 | %s) + (1 | %s)", paste(left, collapse = " + "), factors[1], factors[2])),
    data = data, x = as.matrix(data[x]), factors = factors, intercept = intercept, priors = priors, weights = weights,
    prior_only = prior_only,
    codes = lapply(strsplit(factors, ":"), function(columns) {
      as.integer(interaction(data[columns], lex.order = TRUE, drop = TRUE)) # levels in the order of the columns
    })
  )
}

# q: the coefficients that are not fixed; the deviations of the first factor, then of the second, or these by their standard deviation,
# unless that is 0; sigma and the standard deviations between groups.
plain_two <- function(spec, q, centered) {
  read <- read_coordinates(q)
  priors <- spec$priors
  beta_0 <- if (spec$intercept) read$location(priors$beta_0) else 0
  beta <- vapply(colnames(spec$x), function(name) read$location(priors[[sprintf("beta[%s]", name)]] %||% priors$beta), 0)
  still <- vapply(priors$tau, function(prior) identical(prior$fixed, 0), NA)
  coordinates <- Map(function(code, still) if (still) rep(0, max(code)) else read$take(max(code)), spec$codes, still)
  sigma <- read$scale(priors$sigma_y)
  tau <- vapply(priors$tau, read$scale, 0)
  expected <- beta_0 + drop(spec$x %*% beta)
  for (k in which(!still)) {
    own <- coordinates[[k]]
    read$add(if (centered) dnorm(own, 0, tau[k], log = TRUE) else dnorm(own, log = TRUE))
    expected <- expected + (if (centered) own else tau[k] * own)[spec$codes[[k]]]
  }
  if (!spec$prior_only) read$add(dnorm(spec$data$y, expected, sigma / sqrt(spec$weights %||% 1), log = TRUE))
  read$result()
}

fit_two <- function(spec, data = spec$data, ...) {
  taus <- stats::setNames(spec$priors$tau, sprintf("sigma_0[%s]", spec$factors))
  priors <- package_priors(c(spec$priors[names(spec$priors) != "tau"], taus))
  arguments <- list(spec$formula, data, priors, algorithm = "nuts", iter_sampling = 0, prior_only = spec$prior_only, ...)
  arguments$weights <- spec$weights # where there are any
  undetermined(do.call(mixed_model, arguments))
}

expect_two <- function(..., points = 2, seed = 1) {
  spec <- new_two(...)
  problem <- core_problem_of(fit_two(spec))
  for (centered in c(FALSE, TRUE)) {
    dimension <- plain_two(spec, numeric(1000), centered)$dimension
    q <- withr::with_seed(seed, matrix(rnorm(points * dimension), dimension))
    for (i in seq_len(points)) {
      expect_density_at(function(q) plain_two(spec, q, centered)$log_density, problem, q[, i], centered, format(spec$formula))
    }
  }
}

# Unbalanced, with cells of one row and cells that are missing.
rows <- withr::with_seed(1, data.frame(
  a = sample(5, 24, TRUE, c(8, 1, 4, 4, 4)), b = sample(3, 24, TRUE), x = rnorm(24, 1), w = rnorm(24, -0.5, 2), y = rnorm(24, 1, 1.5)
))
priors <- function(..., tau = list(p_gamma(2, 1.5), p_half_cauchy(0, 1))) {
  priors <- list(beta_0 = p_normal(0.5, 2), beta = p_normal(-1, 1.5), sigma_y = p_exponential(0.7), tau = tau)
  given <- list(...)
  priors[names(given)] <- given
  priors
}

test_that("the density is that of plain R: crossed, nested, with and without an intercept, without a slope", {
  expect_two(rows, priors())
  expect_two(rows, priors(), c("x", "w"))
  expect_two(rows, priors()[-1], c("x", "w"), intercept = FALSE)
  expect_two(rows, priors()[-2], character())
  expect_two(rows, priors(), factors = c("a", "a:b"))
  expect_two(rows, priors(), factors = c("a:b", "b"))
})

test_that("the density is right with every family of priors on the standard deviations", {
  skip_on_cran() # long
  for (family in scale_priors) expect_two(rows, priors(sigma_y = family, tau = list(family, family)), points = 1)
  for (tau in list(list(p_fixed(0), p_uniform(0, 3)), list(p_uniform(0.5, 4), p_fixed(0)), list(p_fixed(0.8), p_fixed(0)))) {
    expect_two(rows, priors(tau = tau))
    expect_two(rows, priors(tau = tau), factors = c("a", "a:b"))
  }
  expect_two(rows, priors(tau = list(p_fixed(0), p_fixed(0)), sigma_y = p_fixed(1.3)))
})

test_that("the density is right with flat and known coefficients, and without data", {
  for (location in list(p_flat(), p_fixed(0.7))) {
    expect_two(rows, priors(beta_0 = location), c("x", "w"))
    expect_two(rows, priors(beta = location), c("x", "w"))
    expect_two(rows, priors(`beta[w]` = location), c("x", "w"))
  }
  expect_two(rows, priors(), prior_only = TRUE)
  expect_two(rows, priors(), factors = c("a", "a:b"), prior_only = TRUE)
})

test_that("the density is right with weights, single rows, one level, one-to-one factors and parts that do not meet", {
  expect_two(rows, priors(), weights = withr::with_seed(2, rexp(24) + 0.1))
  expect_two(transform(rows, a = 1), priors())
  expect_two(transform(rows, b = letters[a]), priors())
  expect_two(transform(rows, a = seq_along(a)), priors())
  expect_two(transform(rows, b = ifelse(a < 3, 1, 2) * 10 + b), priors())
  expect_two(transform(rows, w = a^2), priors(), c("x", "w"))
})

test_that("the density is right far from where the data are", {
  spec <- new_two(rows, priors())
  problem <- core_problem_of(fit_two(spec))
  near <- withr::with_seed(3, rnorm(10))
  for (centered in c(FALSE, TRUE)) {
    plain <- function(q) plain_two(spec, q, centered)$log_density
    for (far in list(c(-4, -4, -3), c(8, 12, -6), c(-6, 3, 14))) {
      ours <- package_density(problem, c(near, far), centered)
      expect_equal(ours$log_density, plain(c(near, far)), tolerance = 1e-10)
      expect_equal(ours$gradient, numeric_gradient(plain, c(near, far)), tolerance = 1e-8)
    }
  }
})

test_that("a large offset costs no more than the rounding of the means", {
  # As with one factor: short fractions, whose sums at 1e9 are exact in binary, in cells of 2 and 4.
  near <- withr::with_seed(3, {
    cells <- expand.grid(a = 1:3, b = 1:2)[rep(1:6, c(2, 4, 2, 4, 4, 2)), ]
    transform(cells, x = round(rnorm(18) * 64) / 64, y = round(rnorm(18) * 1024) / 1024)
  })
  spec <- new_two(near, priors(beta_0 = p_normal(0, 5)))
  problem <- core_problem_of(fit_two(new_two(transform(near, y = y + 1e9), priors(beta_0 = p_normal(1e9, 5)))))
  q <- c(0.25, -0.5, 0.5, -0.25, 1, 0.75, -1.25, -0.2, 0.4, 0.1)
  plain <- function(q) plain_two(spec, q, TRUE)$log_density
  ours <- package_density(problem, replace(q, 1, q[1] + 1e9), TRUE)
  expect_lt(abs(ours$log_density - plain(q)), 1e-8)
  expect_lt(max(abs(ours$gradient - numeric_gradient(plain, q))), 1e-8)
})

test_that("the density of moments is that of rows", {
  spec <- new_two(rows, priors(), c("x", "w"))
  for (centered in c(FALSE, TRUE)) {
    densities <- lapply(list(rows, group_moments(spec$formula, rows)), function(data) {
      package_density(core_problem_of(fit_two(spec, data)), withr::with_seed(2, rnorm(14)), centered)
    })
    expect_equal(densities[[1]], densities[[2]], tolerance = 1e-13)
  }
})

test_that("chains start by the mean of the response and the spreads of the columns; the metric knows the sizes", {
  start <- function(centered, ...) {
    spec <- new_two(rows, priors(...), prior_only = length(list(...)) > 0)
    package_density(core_problem_of(fit_two(spec)), rep(0.1, 13), centered)[c("centre", "unit", "scale")]
  }
  s <- sd(rows$y)
  slope <- s / sd(rows$x)
  sizes <- c(table(rows$a), table(rows$b))
  centered <- start(TRUE)
  expect_equal(centered$centre, c(mean(rows$y), rep(0, 9), rep(log(s), 3)))
  expect_equal(centered$unit, c(s, slope, rep(s, 8), 1, 1, 1))
  expect_equal(centered$scale, centered$unit / sqrt(c(3, 24, 1 + unname(sizes), 24, 5, 3)))
  noncentered <- start(FALSE)
  expect_equal(noncentered$centre, centered$centre)
  expect_equal(noncentered$unit, c(s, slope, rep(1, 11)))
  prior <- start(TRUE, sigma_y = p_gamma(3, 2))
  expect_equal(prior$centre[1:10], c(0.5, -1, rep(0, 8)))
  expect_equal(prior$unit[1:2], c(2, 1.5))
  expect_equal(prior$scale, prior$unit)
})

# The same posterior -------------------------------------------------------------------------------------------------------

simulated <- withr::with_seed(5, {
  d <- data.frame(subject = sample(10, 80, TRUE), item = sample(6, 80, TRUE), x = rnorm(80, 0.5), w = rexp(80) + 0.2)
  d$y <- 1 + rnorm(10, 0, 0.8)[d$subject] + rnorm(6, 0, 0.6)[d$item] + 0.5 * d$x + rnorm(80, 0, 0.6)
  d
})
crossed <- y ~ x + (1 | subject) + (1 | item)

test_that("NUTS gives the exact posterior, crossed and nested, in both forms", {
  skip_on_cran() # long
  for (form in c("noncentered", "centered")) {
    expect_like_exact(nuts(mixed_model, crossed, simulated, form = form))
    expect_like_exact(nuts(mixed_model, y ~ x + (1 | item / subject), simulated, form = form))
  }
  expect_like_exact(nuts(mixed_model, crossed, simulated, weights = simulated$w, iter_sampling = 2000))
})

test_that("NUTS gives the exact posterior with flat, bounded and known priors, and the prior itself", {
  skip_on_cran() # long
  known <- list(
    beta_0 = dist_uniform(-Inf, Inf), sigma_y = dist_uniform(0.2, 2), "sigma_0[subject]" = dist_degenerate(0.7),
    "sigma_0[item]" = dist_uniform(0, 2)
  )
  fit <- nuts(mixed_model, crossed, simulated, prior = known, iter_sampling = 2000)
  expect_like_exact(fit, setdiff(posterior::variables(fit), "sigma_0[subject]"))
  none <- nuts(mixed_model, crossed, simulated, prior = list("sigma_0[item]" = dist_degenerate(0)), iter_sampling = 2000)
  of_items <- grep("item", posterior::variables(none), value = TRUE)
  expect_like_exact(none, setdiff(posterior::variables(none), of_items))
  expect_true(all(unclass(posterior::subset_draws(none$draws, of_items)) == 0))
  proper <- list(
    beta_0 = dist_normal(1, 2), beta = dist_normal(-1, 3), sigma_y = dist_gamma(3, 2), "sigma_0[subject]" = dist_gamma(4, 2),
    "sigma_0[item]" = dist_gamma(5, 2)
  )
  expect_like_exact(nuts(mixed_model, crossed, subset(simulated, subject < 4), prior = proper, prior_only = TRUE))
})

# The fit as an object -----------------------------------------------------------------------------------------------------

small <- quietly(mixed_model(
  crossed, simulated,
  algorithm = "nuts", seed = 1, iter_warmup = 150, iter_sampling = 50, control = nuts_control(save_warmup = TRUE)
))

test_that("coordinates and draws have the names of the model", {
  effects <- function(root) c(sprintf("%s[subject,%d]", root, 1:10), sprintf("%s[item,%d]", root, 1:6))
  scales <- c("log(sigma_y)", "log(sigma_0[subject])", "log(sigma_0[item])")
  named <- function(fit) rownames(nuts_adaptation(fit)$inverse_metric)
  short <- function(...) quietly(update(small, ..., iter_warmup = 10, iter_sampling = 5))
  expect_identical(named(small), c("beta_0", "beta[x]", effects("eta"), scales))
  expect_identical(named(short(control = nuts_control("centered"))), c("beta_0", "beta[x]", effects("b_0"), scales))
  still <- short(prior = list("sigma_0[subject]" = dist_degenerate(0)))
  expect_identical(named(still), c("beta_0", "beta[x]", effects("eta")[11:16], scales[-2]))
})

test_that("draws are the parameters at the coordinates: the log density that NUTS recorded is that of plain R", {
  spec <- new_two(simulated, priors(), factors = c("subject", "item"))
  for (form in c("noncentered", "centered")) {
    fit <- quietly(fit_two(spec, chains = 1, seed = 2, iter_warmup = 100, control = nuts_control(form)))
    fit <- quietly(update(fit, iter_sampling = 5))
    at <- function(row) {
      tau <- row[c("sigma_0[subject]", "sigma_0[item]")]
      own <- row[grepl("^b_0", names(row))] / rep(if (form == "centered") c(1, 1) else tau, c(10, 6))
      plain_two(spec, unname(c(row[c("beta_0", "beta[x]")], own, log(c(row["sigma_y"], tau)))), form == "centered")$log_density
    }
    found <- apply(unclass(posterior::as_draws_matrix(fit)), 1, at)
    expect_equal(unname(fit$nuts$diagnostics[, 1, "lp"]), unname(found), tolerance = 1e-9)
  }
})

test_that("the same seed gives the same draws on one core and on two", {
  again <- function(...) quietly(update(small, ...))
  expect_identical(again(cores = 2)[c("draws", "nuts")], small[c("draws", "nuts")])
  expect_identical(values_of(again(chains = 2)), values_of(small)[, 1:2, ])
  expect_false(identical(again(seed = 2)$draws, small$draws))
})

test_that("all but the draws is that of the exact fit; warmup is kept, and bayesplot reads the diagnostics", {
  exact <- update(small, algorithm = "exact")
  expect_identical(posterior::variables(small), posterior::variables(exact))
  expect_identical(exact_summary(small), exact_summary(exact))
  expect_identical(log_marginal_likelihood(small), log_marginal_likelihood(exact))
  expect_output(print(small), "sigma_0[item]", fixed = TRUE)
  expect_identical(summary(small)$variable, summary(exact)$variable)
  all <- posterior::as_draws(small, inc_warmup = TRUE)
  expect_identical(dim(all), c(200L, 4L, 21L))
  expect_identical(unname(unclass(all)[151:200, , ]), values_of(small))
  skip_if_not_installed("bayesplot")
  expect_identical(nrow(bayesplot::log_posterior(small, inc_warmup = TRUE)), 800L)
  expect_identical(max(bayesplot::nuts_params(small)$Iteration), 50L)
})

test_that("where all is known there is nothing to sample", {
  known <- lapply(c(beta_0 = 1, beta = 1, sigma_y = 1, sigma_0 = 0), dist_degenerate)
  expect_error(
    mixed_model(crossed, simulated, prior = known, algorithm = "nuts"), "nothing to sample", class = "bayespool_error_argument"
  )
})
