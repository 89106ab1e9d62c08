# The joint log density that NUTS samples: its value against plain R, summed over the rows, and its gradient against finite
# differences of that.

use_code("density")

# The density in plain R ---------------------------------------------------------------------------------------------------

# `spec`: model, y, priors (see helper-priors.R), and where they apply g, x (a matrix), intercept, sigma, prior_only.
new_spec <- function(model, data, priors, x = NULL, intercept = TRUE, sigma = "common", prior_only = FALSE) {
  list(
    model = model, y = data$y, g = factor(data$g), x = if (!is.null(x)) as.matrix(data[x]), priors = priors,
    intercept = intercept, sigma = sigma, prior_only = prior_only
  )
}

# q: the coefficients that are not fixed, the group means (or eta), then sigma and tau where they are not known. A standard
# deviation moves on its logarithm, or between the bounds of a uniform prior on the logit.
plain_log_density <- function(spec, q, centered) {
  read <- read_coordinates(q)
  add <- read$add
  take <- read$take
  location <- read$location
  scale <- read$scale
  observe <- function(rows, mean, sd) {
    force(sd)
    if (!spec$prior_only) add(dnorm(spec$y[rows], mean, sd, log = TRUE))
  }
  predictor <- function(slopes) if (is.null(spec$x)) 0 else drop(spec$x %*% slopes)
  slopes_of <- function() {
    vapply(colnames(spec$x), function(name) location(spec$priors[[sprintf("beta[%s]", name)]] %||% spec$priors$beta), 0)
  }
  all_rows <- seq_along(spec$y)
  group <- as.integer(spec$g)
  groups <- nlevels(spec$g)

  if (spec$model == "complete_pooling") {
    population <- location(if (is.null(spec$x)) spec$priors$mu else spec$priors$beta_0)
    mean <- population + predictor(slopes_of())
    observe(all_rows, mean, scale(spec$priors$sigma))
  } else if (spec$model == "no_pooling" && spec$sigma == "group") {
    for (j in seq_len(groups)) {
      mean <- location(spec$priors$mu)
      observe(group == j, mean, scale(spec$priors$sigma))
    }
  } else if (spec$model == "no_pooling") {
    slopes <- slopes_of()
    prior <- if (is.null(spec$x)) spec$priors$mu else spec$priors$beta_0j
    means <- vapply(seq_len(groups), function(j) location(prior), 0)
    observe(all_rows, means[group] + predictor(slopes), scale(spec$priors$sigma))
  } else {
    hierarchy <- list(
      partial_pooling = c("hyper_mu", "sigma_mu"), varying_intercept = c("beta_0", "sigma_0")
    )[[spec$model]]
    population <- if (spec$intercept) location(spec$priors[[hierarchy[1]]]) else 0
    slopes <- slopes_of()
    known_equal <- identical(spec$priors[[hierarchy[2]]]$fixed, 0)
    coordinates <- if (known_equal) rep(0, groups) else take(groups)
    sigma <- scale(spec$priors$sigma_y)
    tau <- scale(spec$priors[[hierarchy[2]]])
    if (known_equal) {
      means <- rep(population, groups)
    } else if (centered) {
      means <- coordinates
      add(dnorm(means, population, tau, log = TRUE))
    } else {
      means <- population + tau * coordinates
      add(dnorm(coordinates, log = TRUE))
    }
    observe(all_rows, means[group] + predictor(slopes), sigma)
  }
  read$result()
}

# The package's density --------------------------------------------------------------------------------------------------

problem_of <- function(spec) {
  data <- data.frame(y = spec$y, g = spec$g)
  if (!is.null(spec$x)) data <- cbind(data, spec$x)
  fixed <- paste(c(if (spec$intercept) "1" else "0", colnames(spec$x)), collapse = " + ")
  arguments <- list(
    as.formula(paste("y ~", fixed, if (spec$model != "complete_pooling") "+ (1 | g)")), data,
    prior = package_priors(spec$priors), iter_sampling = 0, prior_only = spec$prior_only
  )
  if (spec$model == "no_pooling") arguments$sigma <- spec$sigma
  core_problem_of(undetermined(do.call(spec$model, arguments)))
}
# No pooling has one form: each group mean is a coordinate.
forms_of <- function(spec) if (spec$model %in% c("partial_pooling", "varying_intercept")) c(FALSE, TRUE) else TRUE

# Compares value and gradient at `points` random points.
expect_density <- function(spec, points = 3, seed = 1) {
  problem <- problem_of(spec)
  for (centered in forms_of(spec)) {
    dimension <- plain_log_density(spec, numeric(1000), centered)$dimension
    q <- withr::with_seed(seed, matrix(rnorm(points * dimension), dimension))
    for (i in seq_len(points)) {
      plain <- function(q) plain_log_density(spec, q, centered)$log_density
      expect_density_at(plain, problem, q[, i], centered, spec$model)
    }
  }
}

# Unbalanced groups, one of them a single observation.
rows <- withr::with_seed(1, data.frame(
  g = rep(1:4, c(6, 1, 9, 4)), x = rnorm(20, 1), z = rnorm(20, -0.5, 2), y = rnorm(20, 1, 1.5)
))
normal <- p_normal(0.5, 2)
exponential <- p_exponential(0.7)
partial_priors <- function(sigma_y = exponential, sigma_mu = p_gamma(2, 1.5), hyper_mu = normal) {
  list(hyper_mu = hyper_mu, sigma_y = sigma_y, sigma_mu = sigma_mu)
}
varying_priors <- function(...) {
  priors <- list(beta_0 = normal, beta = p_normal(-1, 1.5), sigma_y = exponential, sigma_0 = p_half_cauchy(0, 1))
  given <- list(...)
  priors[names(given)] <- given
  priors
}

# Models -----------------------------------------------------------------------------------------------------------------

test_that("the density of every model is that of plain R", {
  complete <- list(mu = normal, sigma = exponential)
  expect_density(new_spec("complete_pooling", rows, complete))
  priors <- list(beta_0 = normal, beta = p_normal(0, 1), "beta[z]" = p_normal(1, 3), sigma = exponential)
  expect_density(new_spec("complete_pooling", rows, priors, x = c("x", "z")))
  expect_density(new_spec("no_pooling", rows, complete, sigma = "group"))
  expect_density(new_spec("no_pooling", rows, complete))
  priors <- list(beta_0j = normal, beta = p_normal(0, 1), sigma = exponential)
  expect_density(new_spec("no_pooling", rows, priors, x = c("x", "z")))
  expect_density(new_spec("partial_pooling", rows, partial_priors()))
  expect_density(new_spec("partial_pooling", rows, partial_priors()[-1], intercept = FALSE))
  expect_density(new_spec("varying_intercept", rows, varying_priors(), x = c("x", "z")))
  expect_density(new_spec("varying_intercept", rows, varying_priors()[-1], x = c("z", "x"), intercept = FALSE))
})

test_that("the order and the scale of predictors do not matter", {
  # The sum of squares within groups is factorised with pivoting: all orders of the pivots.
  columns <- withr::with_seed(4, matrix(rnorm(60), 20, dimnames = list(NULL, c("a", "b", "c"))))
  for (scale in list(c(1, 5, 25), c(1, 25, 5), c(5, 1, 25), c(5, 25, 1), c(25, 1, 5), c(25, 5, 1))) {
    data <- cbind(rows, sweep(columns, 2, scale, `*`))
    expect_density(new_spec("varying_intercept", data, varying_priors(), x = c("a", "b", "c")), points = 1)
  }
})

test_that("the density is right with every family of priors on the standard deviations", {
  skip_on_cran() # long
  spread <- rows[rows$g != 2, ] # a single observation does not go with every family
  for (family in scale_priors) {
    expect_density(new_spec("partial_pooling", rows, partial_priors(sigma_y = family, sigma_mu = family)))
    expect_density(new_spec("complete_pooling", rows, list(mu = normal, sigma = family)))
    expect_density(new_spec("no_pooling", spread, list(mu = normal, sigma = family), sigma = "group"), points = 1)
  }
  priors <- varying_priors(sigma_y = p_uniform(0.5, 4), sigma_0 = p_half_t(3, 0.8, 0.6))
  expect_density(new_spec("varying_intercept", rows, priors, x = "x"))
})

test_that("the density is right where groups are known to be equal", {
  expect_density(new_spec("partial_pooling", rows, partial_priors(sigma_mu = p_fixed(0))))
  expect_density(new_spec("varying_intercept", rows, varying_priors(sigma_0 = p_fixed(0)), x = c("x", "z")))
})

test_that("the density is right with flat and with known coefficients", {
  skip_on_cran() # long
  for (location in list(p_flat(), p_fixed(0.7))) {
    single <- list(mu = location, sigma = exponential)
    expect_density(new_spec("complete_pooling", rows, single))
    expect_density(new_spec("no_pooling", rows, single))
    expect_density(new_spec("no_pooling", rows, single, sigma = "group"))
    expect_density(new_spec("no_pooling", rows, list(beta_0j = location, beta = normal, sigma = exponential), x = "x"))
    expect_density(new_spec("partial_pooling", rows, partial_priors(hyper_mu = location)))
    for (given in list("beta_0", "beta", "beta[x]", "beta[z]", c("beta[z]", "beta_0"))) {
      priors <- do.call(varying_priors, stats::setNames(rep(list(location), length(given)), given))
      expect_density(new_spec("varying_intercept", rows, priors, x = c("x", "z")))
    }
  }
})

test_that("without data the density is that of the prior", {
  expect_prior <- function(...) expect_density(new_spec(..., prior_only = TRUE))
  single <- list(mu = normal, sigma = exponential)
  expect_prior("complete_pooling", rows, single)
  expect_prior("no_pooling", rows, single)
  expect_prior("no_pooling", rows, single, sigma = "group")
  expect_prior("partial_pooling", rows, partial_priors())
  expect_prior("varying_intercept", rows, varying_priors(), x = c("x", "z"))
})

test_that("the density is right for single observations, one group, and predictors that do not vary within groups", {
  single <- data.frame(g = 1:6, x = rows$x[1:6], y = rows$y[1:6])
  expect_density(new_spec("partial_pooling", single, partial_priors()))
  expect_density(new_spec("varying_intercept", single, varying_priors(), x = "x"))
  expect_density(new_spec("no_pooling", single, list(mu = normal, sigma = p_gamma(2, 1)), sigma = "group"))
  expect_density(new_spec("complete_pooling", single[1, ], list(mu = normal, sigma = p_gamma(2, 1))))
  expect_density(new_spec("partial_pooling", transform(rows, g = 1), partial_priors()))
  expect_density(new_spec("varying_intercept", transform(rows, x = g^2), varying_priors(), x = c("x", "z")))
  expect_density(new_spec("varying_intercept", transform(rows, z = 2 * x - 1), varying_priors(), x = c("x", "z")))
})

test_that("the density is right far from where the data are", {
  spec <- new_spec("partial_pooling", rows, partial_priors(sigma_mu = p_uniform(0.5, 4)))
  problem <- problem_of(spec)
  for (centered in c(FALSE, TRUE)) {
    for (far in list(c(-8, -8), c(12, 20), c(-12, 30))) {
      q <- c(3, -1, 2, 0.5, -1.5, far)
      ours <- package_density(problem, q, centered)
      plain <- function(q) plain_log_density(spec, q, centered)$log_density
      expect_equal(ours$log_density, plain(q), tolerance = 1e-11)
      expect_equal(ours$gradient, numeric_gradient(plain, q), tolerance = 1e-8)
    }
  }
})

# Data ---------------------------------------------------------------------------------------------------------------------

test_that("the density of moments is that of rows", {
  spec <- new_spec("varying_intercept", rows, varying_priors(), x = c("x", "z"))
  fit <- function(data) {
    varying_intercept(y ~ x + z + (1 | g), data, prior = package_priors(spec$priors), iter_sampling = 0)
  }
  q <- withr::with_seed(2, rnorm(9))
  for (centered in c(FALSE, TRUE)) {
    expect_equal(
      package_density(core_problem_of(fit(group_moments(y ~ x + z + (1 | g), rows))), q, centered),
      package_density(core_problem_of(fit(rows)), q, centered), tolerance = 1e-13
    )
  }
})

test_that("a large offset costs no more than the rounding of the means", {
  # Responses with short fractions, in groups of 2, 4 and 8: their means at 1e9 are exact in binary.
  near <- withr::with_seed(3, data.frame(
    g = rep(1:3, c(2, 4, 8)), x = round(rnorm(14) * 64) / 64, y = round(rnorm(14) * 1024) / 1024
  ))
  far <- transform(near, y = y + 1e9)
  at <- function(offset) varying_priors(beta_0 = p_normal(offset, 5))
  spec <- new_spec("varying_intercept", near, at(0), x = "x")
  problem <- problem_of(new_spec("varying_intercept", far, at(1e9), x = "x"))
  for (centered in c(FALSE, TRUE)) {
    # beta_0, beta[x], three groups, sigma_y, sigma_0; short fractions again.
    q <- c(0.25, -0.5, if (centered) c(0.5, -0.25, 1) else c(0.3, -1.1, 0.7), -0.2, 0.4)
    locations <- if (centered) c(1, 3:5) else 1
    ours <- package_density(problem, replace(q, locations, q[locations] + 1e9), centered)
    plain <- function(q) plain_log_density(spec, q, centered)$log_density
    # The non-centered group means are rounded to multiples of 2^-23; each of 14 observations then errs by at most half of
    # that, in units of sigma^2, times |x| or |eta| < 4.
    rounding <- 14 * 4 * 2^-24 / exp(2 * -0.2)
    expect_lt(max(abs(ours$gradient - numeric_gradient(plain, q))), if (centered) 1e-8 else rounding)
    expect_lt(abs(ours$log_density - plain(q)), if (centered) 1e-8 else rounding)
  }
})

# Start --------------------------------------------------------------------------------------------------------------------

test_that("chains start around the mean of the response, in units of its spread; the metric knows the sizes", {
  start <- function(spec, centered) {
    dimension <- plain_log_density(spec, numeric(100), centered)$dimension
    package_density(problem_of(spec), rep(0.1, dimension), centered)[c("centre", "unit", "scale")]
  }
  spec <- new_spec("varying_intercept", rows, varying_priors(sigma_0 = p_uniform(0, 5)), x = c("x", "z"))
  s <- sd(rows$y)
  logit <- function(value) log(value / (5 - value))
  centered <- start(spec, TRUE)
  expect_equal(centered$centre, c(mean(rows$y), 0, 0, rep(mean(rows$y), 4), log(s), logit(s)))
  expect_equal(centered$unit, c(s, s / sd(rows$x), s / sd(rows$z), rep(s, 4), 1, 1))
  n <- nrow(rows)
  sizes <- as.vector(table(rows$g))
  expect_equal(centered$scale, centered$unit / sqrt(c(length(sizes), n, n, 1 + sizes, n, length(sizes))))
  noncentered <- start(spec, FALSE)
  expect_equal(noncentered$centre, c(mean(rows$y), rep(0, 6), log(s), logit(s)))
  expect_equal(noncentered$unit, c(s, s / sd(rows$x), s / sd(rows$z), rep(1, 6)))
  # Without data, around the centre of the prior.
  prior <- start(new_spec("partial_pooling", rows, partial_priors(sigma_mu = p_fixed(3)), prior_only = TRUE), TRUE)
  expect_equal(prior$centre[1:5], rep(0.5, 5))
  expect_equal(prior$unit[1:5], c(2, rep(3, 4)))
  expect_equal(prior$scale, prior$unit)
})
