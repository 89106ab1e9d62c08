# NUTS of counts and proportions: the log density against plain R, summed over the rows, and its gradient; the same posterior as
# quadrature gives.

use_code("density")
use_code("chains")

# The density in plain R ---------------------------------------------------------------------------------------------------

# Rows of each group, unbalanced, with groups at the edges: 2 has no event, 3 nothing but successes. Predictors belong to groups.
rows <- withr::with_seed(1, {
  g <- rep(1:5, c(6, 1, 2, 9, 4))
  data.frame(g = g, x = c(0.3, -1, 2, 0.6, -0.2)[g], z = c(1, 2, 0, -3, 1.5)[g], n = rpois(22, 6) + 1L, t = rexp(22) + 0.2)
})
rows$k <- withr::with_seed(2, rbinom(22, rows$n, 0.4))
rows$k[rows$g == 2] <- 0
rows$k[rows$g == 3] <- rows$n[rows$g == 3]

# `spec`: model, family, priors (see helper-priors.R), and where they apply predictors `x`, intercept, prior_only.
new_counts <- function(model, family, priors, x = character(), intercept = TRUE, prior_only = FALSE) {
  list(model = model, family = family, priors = priors, x = x, intercept = intercept, prior_only = prior_only)
}

# q: the coefficients that are not known, the groups' theta (or eta), then tau where it is not known.
plain_counts <- function(spec, q, centered) {
  read <- read_coordinates(q)
  add <- read$add
  location <- read$location
  groups <- 5
  x <- as.matrix(rows[match(1:groups, rows$g), spec$x])
  slopes_of <- function() {
    vapply(spec$x, function(name) location(spec$priors[[sprintf("beta[%s]", name)]] %||% spec$priors$beta), 0)
  }
  predictor <- function(slopes) if (length(slopes) > 0) drop(x %*% slopes) else 0

  if (spec$model == "complete_pooling") {
    population <- location(if (length(spec$x) > 0) spec$priors$beta_0 else spec$priors$mu)
    theta <- rep(population + predictor(slopes_of()), length.out = groups)
  } else if (spec$model == "no_pooling") {
    theta <- vapply(seq_len(groups), function(j) location(spec$priors$mu), 0)
  } else {
    hierarchy <- if (spec$model == "partial_pooling") c("hyper_mu", "sigma_mu") else c("beta_0", "sigma_0")
    population <- if (spec$intercept) location(spec$priors[[hierarchy[1]]]) else 0
    mean <- rep(population + predictor(slopes_of()), length.out = groups)
    known_equal <- identical(spec$priors[[hierarchy[2]]]$fixed, 0)
    coordinates <- if (known_equal) rep(0, groups) else read$take(groups)
    tau <- read$scale(spec$priors[[hierarchy[2]]])
    if (known_equal) {
      theta <- mean
    } else if (centered) {
      theta <- coordinates
      add(dnorm(theta, mean, tau, log = TRUE))
    } else {
      theta <- mean + tau * coordinates
      add(dnorm(coordinates, log = TRUE))
    }
  }
  of_rows <- theta[rows$g]
  if (!spec$prior_only) {
    binomial <- spec$family == "binomial"
    add(if (binomial) dbinom(rows$k, rows$n, plogis(of_rows), log = TRUE) else dpois(rows$k, rows$t * exp(of_rows), log = TRUE))
  }
  read$result()
}

# Without draws there is nothing to compute: chains are not run, and quadrature is not asked for.
fit_counts <- function(spec, data = rows, iter_sampling = 0, ...) {
  side <- paste(c(if (spec$intercept) "1" else "0", spec$x), collapse = " + ")
  response <- if (spec$family == "binomial") "cbind(k, n - k) ~" else "k ~ offset(log(t)) +"
  formula <- as.formula(paste(response, side, "+ (1 | g)"))
  fit <- get(spec$model)
  undetermined(fit(
    formula, data,
    prior = package_priors(spec$priors), family = spec$family, prior_only = spec$prior_only, algorithm = "nuts",
    iter_sampling = iter_sampling, ...
  ))
}

expect_counts <- function(..., points = 2) {
  for (family in c("binomial", "poisson")) {
    spec <- new_counts(family = family, ...)
    problem <- core_problem_of(fit_counts(spec))
    # No pooling has one form: each theta is a coordinate.
    for (centered in if (spec$model == "no_pooling") TRUE else c(FALSE, TRUE)) {
      dimension <- plain_counts(spec, numeric(1000), centered)$dimension
      q <- withr::with_seed(1, matrix(rnorm(points * dimension), dimension))
      plain <- function(q) plain_counts(spec, q, centered)$log_density
      for (i in seq_len(points)) expect_density_at(plain, problem, q[, i], centered, paste(spec$model, family))
    }
  }
}

normal <- p_normal(0.5, 2)
varying_priors <- function(...) {
  priors <- list(beta_0 = normal, beta = p_normal(-1, 1.5), sigma_0 = p_half_cauchy(0, 1))
  given <- list(...)
  priors[names(given)] <- given
  priors
}

test_that("the density of every model of counts is that of plain R", {
  expect_counts("complete_pooling", priors = list(mu = normal))
  expect_counts("complete_pooling", priors = list(beta_0 = normal, beta = p_normal(0, 1), "beta[z]" = p_normal(1, 3)), x = c("x", "z"))
  expect_counts("no_pooling", priors = list(mu = normal))
  expect_counts("partial_pooling", priors = list(hyper_mu = normal, sigma_mu = p_gamma(2, 1.5)))
  expect_counts("partial_pooling", priors = list(sigma_mu = p_gamma(2, 1.5)), intercept = FALSE)
  expect_counts("varying_intercept", priors = varying_priors(), x = c("x", "z"))
  expect_counts("varying_intercept", priors = varying_priors()[-1], x = c("z", "x"), intercept = FALSE)
})

test_that("the density is right with every family of priors on the standard deviation between groups", {
  skip_on_cran() # long
  for (family in scale_priors) expect_counts("varying_intercept", priors = varying_priors(sigma_0 = family), x = "x", points = 1)
})

test_that("the density is right with flat and with known parameters", {
  for (location in list(p_flat(), p_fixed(0.7))) {
    for (given in list("beta_0", "beta", "beta[x]", c("beta[z]", "beta_0"))) {
      priors <- do.call(varying_priors, stats::setNames(rep(list(location), length(given)), given))
      expect_counts("varying_intercept", priors = priors, x = c("x", "z"), points = 1)
    }
  }
  expect_counts("varying_intercept", priors = varying_priors(sigma_0 = p_fixed(0)), x = c("x", "z"))
  expect_counts("complete_pooling", priors = list(mu = p_flat()))
  # A flat prior of each group's own, which groups at an edge do not allow.
  inner <- rows[rows$g %in% c(1, 4), ]
  problem <- core_problem_of(fit_counts(new_counts("no_pooling", "binomial", list(mu = p_flat())), inner))
  plain <- function(q) sum(dbinom(inner$k, inner$n, plogis(q[match(inner$g, c(1, 4))]), log = TRUE))
  expect_density_at(plain, problem, c(0.4, -0.8), TRUE, "no_pooling, flat")
})

test_that("without data the density is that of the prior", {
  expect_counts("complete_pooling", priors = list(mu = normal), prior_only = TRUE)
  expect_counts("no_pooling", priors = list(mu = normal), prior_only = TRUE)
  expect_counts("partial_pooling", priors = list(hyper_mu = normal, sigma_mu = p_uniform(0.5, 4)), prior_only = TRUE)
  expect_counts("varying_intercept", priors = varying_priors(), x = c("x", "z"), prior_only = TRUE)
})

test_that("the density is right far from where the data are", {
  for (family in c("binomial", "poisson")) {
    spec <- new_counts("varying_intercept", family, varying_priors(), x = "x")
    problem <- core_problem_of(fit_counts(spec))
    for (far in list(c(-8, 1, 1), c(4, -3, 0), c(2, 1, -9))) {
      q <- c(far[1:2], 0.4, -1.3, 2, 0.1, -0.6, far[3])
      for (centered in c(FALSE, TRUE)) {
        ours <- package_density(problem, q, centered)
        plain <- function(q) plain_counts(spec, q, centered)$log_density
        expect_equal(ours$log_density, plain(q), tolerance = 1e-11)
        expect_equal(ours$gradient, numeric_gradient(plain, q), tolerance = 1e-8)
      }
    }
  }
})

test_that("the density of group counts is that of their rows", {
  spec <- new_counts("varying_intercept", "poisson", varying_priors(), x = c("x", "z"))
  counts <- group_counts(k ~ offset(log(t)) + x + z + (1 | g), rows, poisson)
  q <- withr::with_seed(2, rnorm(9))
  for (centered in c(FALSE, TRUE)) {
    expect_identical(
      package_density(core_problem_of(fit_counts(spec, counts)), q, centered),
      package_density(core_problem_of(fit_counts(spec)), q, centered)
    )
  }
})

# The same posterior -------------------------------------------------------------------------------------------------------

# Hits in 45 at bats (Efron & Morris 1975); failures of pumps in thousands of hours (Gaver & O'Muircheartaigh 1987).
batters <- data.frame(player = 1:18, hits = c(18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7), n = 45)
pumps <- data.frame(
  pump = 1:10, k = c(5, 1, 5, 14, 3, 19, 1, 1, 4, 22), t = c(94.3, 15.7, 62.9, 126, 5.24, 31.4, 1.05, 1.05, 2.1, 10.5),
  continuous = c(1, 0, 1, 1, 0, 1, 0, 0, 0, 0)
)
pooled_pumps <- k ~ 1 + offset(log(t)) + (1 | pump)

# On the scale of the response, means of the draws are within five Monte Carlo errors of those by quadrature.
expect_response_like_exact <- function(fit) {
  exact <- exact_summary(fit, scale = "response")
  drawn <- summary(fit, scale = "response")
  testthat::expect_identical(drawn$variable, exact$variable)
  testthat::expect_true(all(abs(drawn$mean - exact$mean) < 5 * exact$sd / sqrt(drawn$ess_bulk)))
}

test_that("NUTS gives the exact posterior of the batters and of the pumps, in both forms", {
  skip_on_cran() # long
  for (form in c("noncentered", "centered")) {
    fit <- nuts(partial_pooling, pooled_pumps, pumps, family = poisson(), form = form)
    expect_like_exact(fit)
    expect_response_like_exact(fit)
  }
  fit <- nuts(partial_pooling, cbind(hits, n - hits) ~ 1 + (1 | player), batters, family = binomial())
  expect_like_exact(fit)
  expect_response_like_exact(fit)
})

test_that("NUTS gives the exact posterior with predictors of groups, in both forms", {
  skip_on_cran() # long
  for (form in c("noncentered", "centered")) {
    fit <- nuts(varying_intercept, k ~ continuous + offset(log(t)) + (1 | pump), pumps, family = poisson(), form = form)
    expect_like_exact(fit)
    expect_response_like_exact(fit)
  }
  fit <- nuts(complete_pooling, k ~ continuous + offset(log(t)) + (1 | pump), pumps, family = poisson(), iter_sampling = 2000)
  expect_like_exact(fit)
})

test_that("NUTS gives the exact posterior of groups without events, and of nothing but successes", {
  skip_on_cran() # long
  edges <- data.frame(g = 1:6, k = c(0, 0, 3, 10, 4, 1), n = c(8, 20, 9, 10, 12, 30))
  bounded <- list(sigma_mu = dist_uniform(0, 3))
  fit <- nuts(partial_pooling, cbind(k, n - k) ~ 1 + (1 | g), edges, family = binomial(), prior = bounded)
  expect_like_exact(fit)
  expect_like_exact(nuts(no_pooling, cbind(k, n - k) ~ 1 + (1 | g), edges, family = binomial(), iter_sampling = 2000))
  none <- nuts(partial_pooling, k ~ 1 + offset(log(n)) + (1 | g), transform(edges, k = 0), family = poisson())
  expect_like_exact(none)
})

test_that("NUTS gives the gamma posterior of flat log rates", {
  skip_on_cran() # long
  # With density 1 of log(rate), a rate is gamma(k, t).
  flat <- list(mu = dist_uniform(-Inf, Inf))
  fit <- nuts(no_pooling, pooled_pumps, pumps, family = poisson(), prior = flat)
  pooled <- nuts(complete_pooling, pooled_pumps, pumps, family = poisson(), prior = flat)
  expect_identical(posterior::variables(fit), sprintf("mu[%d]", 1:10))
  expect_gamma <- function(fit, name, k, t) {
    thinned <- posterior::thin_draws(fit$draws, 10)
    expect_distribution(exp(posterior::extract_variable(thinned, name)), function(r) pgamma(r, k, t), label = name)
  }
  for (j in 1:10) expect_gamma(fit, sprintf("mu[%d]", j), pumps$k[j], pumps$t[j])
  expect_gamma(pooled, "mu", sum(pumps$k), sum(pumps$t))
  expect_equal(
    exact_summary(pooled, scale = "response")[, c("mean", "sd")], data.frame(mean = 75, sd = sqrt(75)) / sum(pumps$t),
    tolerance = 1e-7, ignore_attr = TRUE
  )
})

test_that("NUTS draws from the prior", {
  priors <- list(beta_0 = dist_normal(1, 2), beta = dist_normal(-1, 3), sigma_0 = dist_gamma(4, 2))
  fit <- nuts(
    varying_intercept, k ~ continuous + offset(log(t)) + (1 | pump), pumps,
    family = poisson(), prior = priors, prior_only = TRUE, iter_sampling = 2000
  )
  expect_distribution_of <- function(name, cdf) {
    thinned <- posterior::thin_draws(fit$draws, 10)
    expect_distribution(posterior::extract_variable(thinned, name), cdf, label = name)
  }
  expect_distribution_of("beta_0", function(x) pnorm(x, 1, 2))
  expect_distribution_of("beta[continuous]", function(x) pnorm(x, -1, 3))
  expect_distribution_of("sigma_0", function(x) pgamma(x, 4, 2))
  # Groups are normal about the population.
  expect_distribution((matrix_of(fit, "beta_0j[7]") - matrix_of(fit, "beta_0")) / matrix_of(fit, "sigma_0"), pnorm)
})

test_that("centered chains are short with a million trials and predictors", {
  # theta is known to 0.002 and moves by itself; the groups' own coefficients would have to move with the slopes.
  large <- withr::with_seed(3, data.frame(g = 1:20, x = rnorm(20), n = 1e6))
  large$k <- withr::with_seed(4, rbinom(20, 1e6, plogis(-1 + large$x + rnorm(20))))
  fit <- quietly(varying_intercept(
    cbind(k, n - k) ~ x + (1 | g), large,
    family = binomial(), algorithm = "nuts", seed = 1, control = nuts_control("centered")
  ))
  expect_like_exact(fit)
  expect_lt(mean(bayespool:::after_warmup(fit$nuts)[, , "n_leapfrog__"]), 15)
})

# The fit as an object -----------------------------------------------------------------------------------------------------

small <- quietly(varying_intercept(
  k ~ continuous + offset(log(t)) + (1 | pump), pumps,
  family = poisson(), algorithm = "nuts", seed = 1, iter_warmup = 150, iter_sampling = 50, control = nuts_control(save_warmup = TRUE)
))

test_that("coordinates have the names of what moves", {
  coordinates <- function(fit) rownames(nuts_adaptation(fit)$inverse_metric)
  short <- function(fit, ...) quietly(update(fit, iter_warmup = 10, iter_sampling = 5, ...))
  of_pumps <- function(name) sprintf("%s[%d]", name, 1:10)
  expect_identical(coordinates(small), c("beta_0", "beta[continuous]", of_pumps("eta"), "log(sigma_0)"))
  centered <- nuts_control("centered")
  expect_identical(
    coordinates(short(small, control = centered)), c("beta_0", "beta[continuous]", of_pumps("theta"), "log(sigma_0)")
  )
  fit <- function(f, ...) {
    quietly(f(pooled_pumps, pumps, family = poisson(), algorithm = "nuts", seed = 1, iter_warmup = 10, iter_sampling = 5, ...))
  }
  expect_identical(
    coordinates(fit(partial_pooling, control = centered, prior = list(sigma_mu = dist_uniform(0, 5)))),
    c("hyper_mu", of_pumps("mu"), "logit(sigma_mu)")
  )
  expect_identical(coordinates(fit(no_pooling)), of_pumps("mu"))
  expect_identical(coordinates(fit(complete_pooling)), "mu")
  expect_error(fit(no_pooling, control = centered), "no_pooling", class = "bayespool_error_argument")
  expect_error(fit(complete_pooling, prior = list(mu = dist_degenerate(-1))), "nothing to sample", class = "bayespool_error_argument")
})

# Draws from the coordinates: the log density that NUTS recorded is that of plain R.
test_that("draws are the parameters at the coordinates", {
  for (form in c("noncentered", "centered")) {
    spec <- new_counts("varying_intercept", "poisson", varying_priors(), x = "x")
    fit <- quietly(fit_counts(
      spec,
      seed = 2, chains = 1, iter_warmup = 100, iter_sampling = 5, control = nuts_control(form)
    ))
    at <- function(draw) {
      own <- unname(draw[sprintf("beta_0j[%d]", 1:5)])
      explained <- draw[["beta[x]"]] * rows$x[match(1:5, rows$g)]
      groups <- if (form == "centered") own + explained else (own - draw[["beta_0"]]) / draw[["sigma_0"]]
      plain_counts(spec, c(draw[["beta_0"]], draw[["beta[x]"]], groups, log(draw[["sigma_0"]])), form == "centered")$log_density
    }
    draws <- unclass(posterior::as_draws_matrix(fit))
    expect_equal(unname(fit$nuts$diagnostics[, 1, "lp"]), unname(apply(draws, 1, at)), tolerance = 1e-10)
  }
})

test_that("the same seed gives the same draws on one core and on two, from rows and from counts", {
  again <- function(...) quietly(update(small, ...))
  expect_identical(again(cores = 2)$draws, small$draws)
  expect_identical(again(cores = 2)$nuts, small$nuts)
  expect_identical(values_of(again(chains = 2)), values_of(small)[, 1:2, ])
  expect_false(identical(again(seed = 2)$draws, small$draws))
  expect_identical(again(data = group_counts(k ~ continuous + offset(log(t)) + (1 | pump), pumps, poisson))$draws, small$draws)
})

test_that("all but the draws is that of the exact fit", {
  exact <- update(small, algorithm = "exact", iter_sampling = 50)
  expect_identical(dimnames(small$draws), dimnames(exact$draws))
  expect_identical(exact_summary(small), exact_summary(exact))
  expect_identical(exact_summary(small, scale = "response"), exact_summary(exact, scale = "response"))
  expect_identical(log_marginal_likelihood(small), log_marginal_likelihood(exact))
  expect_identical(prior_summary(small), prior_summary(exact))
  expect_identical(summary(small)$variable, summary(exact)$variable)
  again <- quietly(update(exact, algorithm = "nuts", iter_warmup = 150, control = nuts_control(save_warmup = TRUE)))
  expect_identical(again$draws, small$draws)
  expect_output(print(small), "NUTS (noncentered); 4 x 50 draws", fixed = TRUE)
  none <- update(small, iter_sampling = 0)
  expect_identical(exact_summary(none), exact_summary(exact))
  expect_error(posterior::as_draws(none), class = "bayespool_error_draws")
})

test_that("warmup is kept, and bayesplot reads the diagnostics", {
  all <- posterior::as_draws(small, inc_warmup = TRUE)
  expect_identical(dim(all), c(200L, 4L, 13L))
  expect_identical(unname(unclass(all)[151:200, , ]), values_of(small))
  expect_named(posterior::rhat(small), posterior::variables(small))
  skip_if_not_installed("bayesplot")
  expect_identical(nrow(bayesplot::log_posterior(small, inc_warmup = TRUE)), 800L)
  expect_identical(max(bayesplot::nuts_params(small)$Iteration), 50L)
  expect_named(bayesplot::neff_ratio(small), posterior::variables(small))
  expect_s3_class(suppressMessages(plot(small, "trace")), "ggplot")
})

test_that("trouble is told", {
  expect_warning(
    suppressWarnings(
      partial_pooling(
        cbind(hits, n - hits) ~ 1 + (1 | player), batters,
        family = binomial(), algorithm = "nuts", seed = 1, control = nuts_control("centered")
      ),
      classes = paste0("bayespool_warning_", c("divergent", "ess", "rhat"))
    ),
    'parameterization = "noncentered"', class = "bayespool_warning_bfmi"
  )
})

# Bayes factors ------------------------------------------------------------------------------------------------------------

test_that("bridgesampling's functions take counts, and refuse others than the same", {
  skip_if_not_installed("bridgesampling")
  partial <- partial_pooling(pooled_pumps, pumps, family = poisson(), iter_sampling = 0)
  complete <- complete_pooling(pooled_pumps, pumps, family = poisson(), iter_sampling = 0)
  evidence <- vapply(list(partial, complete), log_marginal_likelihood, 0)
  expect_identical(bridgesampling::bf(partial, complete, log = TRUE)$bf, evidence[1] - evidence[2])
  # An exposure is no part of the outcome.
  expect_no_error(bridgesampling::bf(partial, update(partial, formula = k ~ 1 + (1 | pump))))
  expect_error(bridgesampling::bf(partial, update(complete, data = pumps[-1, ])), "of events", class = "bayespool_error_data")
  expect_error(
    bridgesampling::bf(partial, complete_pooling(k ~ 1, pumps, iter_sampling = 0)), "gaussian", class = "bayespool_error_data"
  )
  hits <- complete_pooling(cbind(hits, n - hits) ~ 1, batters, family = binomial(), iter_sampling = 0)
  expect_error(bridgesampling::bf(hits, update(hits, data = transform(batters, n = 46))), class = "bayespool_error_data")
})

# The evidence, by integrating the density that NUTS samples.
test_that("the density has the constants of the rows", {
  priors <- list(mu = dist_normal(-1, 2))
  single <- rows[rows$g == 4, ]
  for (family in c("binomial", "poisson")) {
    fit <- fit_counts(new_counts("complete_pooling", family, list(mu = p_normal(-1, 2))), single)
    problem <- core_problem_of(fit)
    density <- Vectorize(function(mu) exp(package_density(problem, mu, TRUE)$log_density + 40))
    evidence <- log(integrate(density, -6, 4, rel.tol = 1e-10)$value) - 40
    expect_equal(log_marginal_likelihood(fit), evidence, tolerance = 1e-8)
  }
})
