# Priors: what is read from distributional, what is refused, the defaults, and what is shown.

partial <- c(hyper_mu = "location", sigma_y = "scale", sigma_mu = "scale")
regression <- c(
  beta_0 = "location", "beta[stress]" = "location", "beta[age]" = "location",
  sigma_y = "scale", sigma_0 = "scale"
)
stats <- list(
  n = 50, mean_y = 40, sd_y = 4,
  mean_x = c(stress = 3, age = 20), sd_x = c(stress = 0.5, age = 10)
)

read_scale <- function(dist, name = "sigma_y") {
  parse_prior(stats::setNames(list(dist), name), c(sigma_y = "scale", sigma_mu = "scale"))[[1]]
}
read_location <- function(dist) parse_prior(list(mu = dist), c(mu = "location"))[[1]]

expect_refused <- function(prior, message, parameters = partial) {
  expect_error(parse_prior(prior, parameters), message, class = "bayespool_error_prior")
}

# Reading -----------------------------------------------------------------------------------------

test_that("no prior at all is fine", {
  expect_identical(parse_prior(NULL, partial), list())
  expect_identical(parse_prior(list(), partial), list())
})

test_that("only what is named comes back, in the model's order", {
  prior <- list(sigma_mu = dist_exponential(2), hyper_mu = dist_normal(40, 20))
  expect_identical(
    parse_prior(prior, partial),
    list(
      hyper_mu = list(family = "normal", par = c(40, 20), kind = "location"),
      sigma_mu = list(family = "exponential", par = 2, kind = "scale")
    )
  )
})

test_that("a location prior is a normal, flat and fixed included", {
  expect_identical(read_location(dist_normal(1, 2))$par, c(1, 2))
  expect_identical(read_location(dist_normal(5, Inf))$par, c(0, Inf))
  expect_identical(read_location(dist_uniform(-Inf, Inf))$par, c(0, Inf))
  expect_identical(read_location(dist_degenerate(3))$par, c(3, 0))
  expect_identical(read_location(dist_degenerate(3L))$par, c(3, 0))
  expect_identical(read_location(dist_degenerate(3)), read_location(dist_normal(3, 0)))
})

test_that("each scale family keeps its parameters", {
  expect_identical(read_scale(dist_gamma(2, rate = 4)), new_prior("gamma", c(2, 4), "scale"))
  expect_identical(read_scale(dist_inverse_gamma(2, scale = 4)), new_prior("inverse_gamma", c(2, 4), "scale"))
  expect_identical(read_scale(dist_inverse_gamma(2, rate = 4)), new_prior("inverse_gamma", c(2, 0.25), "scale"))
  expect_identical(read_scale(dist_lognormal(-1, 2)), new_prior("lognormal", c(-1, 2), "scale"))
  expect_identical(read_scale(dist_uniform(0, 7)), new_prior("uniform", c(0, 7), "scale"))
  expect_identical(read_scale(dist_normal(-1, 5)), new_prior("normal", c(-1, 5), "scale"))
  expect_identical(read_scale(dist_student_t(3, 1, 2)), new_prior("student_t", c(3, 1, 2), "scale"))
  expect_identical(read_scale(dist_cauchy(1, 2)), new_prior("cauchy", c(1, 2), "scale"))
  expect_identical(read_scale(dist_degenerate(2)), new_prior("degenerate", 2, "scale"))
})

test_that("limits of a scale family become what they are", {
  flat <- new_prior("flat", numeric(), "scale")
  expect_identical(read_scale(dist_uniform(0, Inf)), flat)
  expect_identical(read_scale(dist_uniform(-Inf, Inf)), flat)
  expect_identical(read_scale(dist_normal(0, Inf)), flat)
  expect_identical(read_scale(dist_normal(2, 0)), new_prior("degenerate", 2, "scale"))
  expect_identical(read_scale(dist_student_t(Inf, 1, 2)), new_prior("normal", c(1, 2), "scale"))
})

test_that("`beta` is for all slopes that have no prior of their own", {
  prior <- list("beta[age]" = dist_normal(0, 1), beta = dist_normal(0, 9))
  parsed <- parse_prior(prior, regression)
  expect_named(parsed, c("beta[stress]", "beta[age]"))
  expect_identical(parsed[["beta[stress]"]]$par, c(0, 9))
  expect_identical(parsed[["beta[age]"]]$par, c(0, 1))
})

test_that("names with braces and other symbols work", {
  parameters <- c("beta[I(x^2)]" = "location", "beta[{odd}]" = "location")
  expect_named(parse_prior(list(beta = dist_normal(0, 1)), parameters), names(parameters))
  expect_refused(list("{x}" = dist_normal(0, 1)), "\\{x\\}", parameters)
})

test_that("a named distribution vector of length one works", {
  expect_identical(read_location(stats::setNames(dist_normal(1, 2), "a")), read_location(dist_normal(1, 2)))
})

# Densities ---------------------------------------------------------------------------------------

# The table at the top of R/priors.R: log density of the standard deviation up to a constant.
kernel <- function(prior, x) {
  a <- prior$par[1]
  b <- prior$par[2]
  switch(prior$family,
    exponential = -a * x,
    gamma = (a - 1) * log(x) - b * x,
    inverse_gamma = -(a + 1) * log(x) - b / x,
    lognormal = -(log(x) - a)^2 / (2 * b^2) - log(x),
    uniform = ifelse(x >= a & x <= b, 0, -Inf),
    normal = -(x - a)^2 / (2 * b^2),
    student_t = -(a + 1) / 2 * log1p(((x - b) / prior$par[3])^2 / a),
    cauchy = -log1p(((x - a) / b)^2)
  )
}

scale_examples <- list(
  dist_exponential(0.7), dist_gamma(2.5, 3), dist_lognormal(0.3, 0.8), dist_uniform(0.1, 4),
  dist_normal(1, 2), dist_student_t(3, -1, 2), dist_cauchy(0.5, 2)
)

test_that("the internal form has distributional's density above 0", {
  x <- c(0.2, 0.9, 1.7, 3.5)
  for (dist in scale_examples) {
    expected <- log(density(dist, x)[[1]])
    internal <- kernel(read_scale(dist), x)
    expect_equal(diff(internal), diff(expected), tolerance = 1e-12, info = format(dist))
  }
})

test_that("the scale of an inverse gamma is that of distributional's mean and density", {
  dist <- dist_inverse_gamma(3, 4)
  prior <- read_scale(dist)
  mean_of_inverse_gamma <- prior$par[2] / (prior$par[1] - 1)
  expect_equal(mean_of_inverse_gamma, mean(dist), tolerance = 1e-12)
  skip_if_not_installed("actuar")
  x <- c(0.2, 0.9, 1.7, 3.5)
  expect_equal(diff(kernel(prior, x)), diff(log(density(dist, x)[[1]])), tolerance = 1e-12)
})

test_that("as_distribution() and back is the same prior", {
  examples <- c(scale_examples[1:4], list(dist_inverse_gamma(2, 3), dist_uniform(0, Inf), dist_degenerate(2)))
  for (dist in examples) {
    prior <- read_scale(dist)
    expect_equal(read_scale(as_distribution(prior)), prior, tolerance = 1e-15)
  }
  for (dist in list(dist_normal(1, 2), dist_uniform(-Inf, Inf), dist_degenerate(2))) {
    expect_identical(read_location(as_distribution(read_location(dist))), read_location(dist))
  }
})

test_that("as_distribution() of a truncated prior integrates to 1 above 0", {
  for (dist in scale_examples[5:7]) {
    truncated <- as_distribution(read_scale(dist))
    total <- stats::integrate(function(x) density(truncated, x)[[1]], 0, Inf, rel.tol = 1e-9)$value
    expect_equal(total, 1, tolerance = 1e-7)
    expect_identical(density(truncated, -1)[[1]], 0)
  }
})

# Refusals ----------------------------------------------------------------------------------------

test_that("`prior` must be a list with a name for each element", {
  expect_refused(dist_normal(0, 1), "named list")
  expect_refused(c(hyper_mu = dist_normal(0, 1), sigma_y = dist_exponential(1)), "named list")
  expect_refused(mean, "named list")
  expect_refused("normal", "named list")
  expect_refused(list(dist_normal(0, 1)), "no names")
  expect_refused(list(hyper_mu = dist_normal(0, 1), dist_exponential(1)), "have no name")
  expect_refused(list(hyper_mu = dist_normal(0, 1), hyper_mu = dist_normal(0, 2)), "more than one")
})

test_that("an unknown name lists the valid ones and suggests the nearest", {
  expect_refused(list(tau = dist_exponential(1)), "hyper_mu, sigma_y, and sigma_mu")
  expect_refused(list(sigma_x = dist_exponential(1)), "Did you mean sigma_y")
  expect_refused(list(mu = dist_normal(0, 1)), "Did you mean hyper_mu")
  expect_refused(list("mu[Oslo]" = dist_normal(0, 1)), "Did you mean mu", c(mu = "location"))
  expect_refused(list("beta[stres]" = dist_normal(0, 1)), "Did you mean beta\\[stress\\]", regression)
  expect_refused(list("beta[height_of_mother]" = dist_normal(0, 1)), "Did you mean beta\\?", regression)
  expect_refused(list(beta = dist_normal(0, 1)), "does not have: beta")
})

test_that("each element must be one distribution", {
  expect_refused(list(hyper_mu = 3), "dist_degenerate")
  expect_refused(list(hyper_mu = NULL), "must be a distribution")
  expect_refused(list(hyper_mu = "normal"), "must be a distribution")
  expect_refused(list(hyper_mu = dist_normal(1:2, 1)), "vector of 2")
  expect_refused(list(hyper_mu = dist_normal(numeric(), 1)), "vector of 0")
  expect_refused(list(hyper_mu = distributional::dist_missing()), "missing distribution")
})

test_that("a family that the kind of parameter cannot have is refused", {
  expect_refused(list(hyper_mu = dist_exponential(1)), "dist_normal.*dist_uniform.*and.*dist_degenerate")
  expect_refused(list(hyper_mu = dist_cauchy(0, 1)), "location parameter")
  expect_refused(list(hyper_mu = dist_uniform(0, 1)), "with bounds")
  expect_refused(list(hyper_mu = dist_uniform(0, Inf)), "with bounds")
  expect_refused(list(sigma_y = distributional::dist_beta(1, 1)), "dist_exponential\\(\\)")
  half_normal <- distributional::dist_truncated(dist_normal(0, 1), 0, Inf)
  expect_refused(list(sigma_y = half_normal), "give the distribution itself")
  expect_refused(list(beta = dist_exponential(1)), "beta", regression)
})

test_that("a prior on `beta` is checked even where no slope uses it", {
  prior <- list(beta = dist_exponential(1), "beta[stress]" = dist_normal(0, 1), "beta[age]" = dist_normal(0, 1))
  expect_refused(prior, "location parameter", regression)
})

# distributional refuses some of these itself; a changed object must not get through either.
with_field <- function(dist, field, value) {
  object <- unclass(dist)
  object[[1]][[field]] <- value
  structure(object, class = class(dist))
}

test_that("parameters that are not possible are refused", {
  expect_refused(list(hyper_mu = dist_normal(NA, 1)), "mean = NA")
  expect_refused(list(hyper_mu = dist_normal(0, NA)), "sd = NA")
  expect_refused(list(hyper_mu = dist_normal(NaN, 1)), "mean = NaN")
  expect_refused(list(hyper_mu = dist_normal(Inf, 1)), "mean = Inf")
  expect_refused(list(hyper_mu = dist_degenerate(Inf)), "value = Inf")
  expect_refused(list(hyper_mu = dist_degenerate("a")), "one number")
  expect_refused(list(hyper_mu = with_field(dist_normal(0, 1), "sigma", -1)), "sd = -1")
  expect_refused(list(hyper_mu = with_field(dist_normal(0, 1), "sigma", NULL)), "one number")
  expect_refused(list(hyper_mu = with_field(dist_normal(0, 1), "sigma", 1:2)), "one number")
  expect_refused(list(sigma_y = dist_exponential(0)), "rate = 0")
  expect_refused(list(sigma_y = with_field(dist_exponential(1), "rate", -1)), "rate = -1")
  expect_refused(list(sigma_y = dist_exponential(Inf)), "rate = Inf")
  expect_refused(list(sigma_y = dist_gamma(0, 1)), "shape = 0")
  expect_refused(list(sigma_y = dist_gamma(NA, 1)), "shape = NA")
  expect_refused(list(sigma_y = with_field(dist_inverse_gamma(1, 1), "s", 0)), "shape = 0")
  expect_refused(list(sigma_y = dist_lognormal(0, 0)), "sigma = 0")
  expect_refused(list(sigma_y = with_field(dist_student_t(3), "df", 0)), "df = 0")
  expect_refused(list(sigma_y = dist_student_t(3, 0, Inf)), "scale = Inf")
  expect_refused(list(sigma_y = dist_student_t(3, 0, 1, ncp = 1)), "non-central")
  expect_refused(list(sigma_y = with_field(dist_cauchy(0, 1), "scale", 0)), "scale = 0")
  expect_refused(list(sigma_y = dist_cauchy(Inf, 1)), "location = Inf")
  expect_refused(list(sigma_y = with_field(dist_uniform(0, 1), "u", NA_real_)), "upper = NA")
})

test_that("a scale prior must have mass above 0", {
  expect_refused(list(sigma_y = dist_uniform(-2, -1)), "no mass")
  expect_refused(list(sigma_y = dist_uniform(-1, 0)), "no mass")
  expect_refused(list(sigma_y = dist_uniform(-Inf, -1)), "no mass")
  expect_refused(list(sigma_y = dist_degenerate(-1)), "no mass")
  expect_refused(list(sigma_mu = dist_degenerate(-1)), "no mass")
  expect_refused(list(sigma_y = dist_normal(-1, 0)), "no mass")
  expect_refused(list(sigma_y = dist_normal(-100, 1)), "no mass")
})

test_that("a uniform scale prior must be possible for a standard deviation", {
  expect_refused(list(sigma_y = dist_uniform(-1, 1)), "bounds")
  expect_refused(list(sigma_y = dist_uniform(-Inf, 1)), "bounds")
  expect_refused(list(sigma_y = dist_uniform(1, Inf)), "bounds")
  expect_refused(list(sigma_y = with_field(dist_uniform(0, 2), "l", 2)), "bounds")
})

test_that("only the scale between groups may be fixed at 0", {
  zero <- dist_degenerate(0)
  expect_identical(read_scale(zero, "sigma_mu"), new_prior("degenerate", 0, "scale"))
  expect_identical(parse_prior(list(sigma_0 = zero), regression)$sigma_0$par, 0)
  expect_refused(list(sigma_y = zero), "must be above 0")
  expect_refused(list(sigma = zero), "must be above 0", c(mu = "location", sigma = "scale"))
})

test_that("an error names the function that the user called", {
  partial_fit <- function(prior) resolve_priors(prior, partial, stats)
  error <- expect_error(partial_fit(list(mu = dist_normal(0, 1))), class = "bayespool_error")
  expect_identical(error$call[[1]], quote(partial_fit))
})

# Defaults ----------------------------------------------------------------------------------------

test_that("defaults are scaled by the data", {
  priors <- default_priors(partial, stats)
  expect_named(priors, names(partial))
  expect_equal(priors$hyper_mu$par, c(40, 10))
  expect_identical(priors$sigma_y, new_prior("exponential", 0.25, "scale"))
  expect_identical(priors$sigma_mu, new_prior("exponential", 0.25, "scale"))
})

test_that("an intercept beside predictors is as wide as the slopes imply", {
  priors <- default_priors(regression, stats)
  expect_equal(priors[["beta[stress]"]]$par, c(0, 20))
  expect_equal(priors[["beta[age]"]]$par, c(0, 1))
  # Variance by hand: 10^2, and for the slopes 60^2 and 20^2.
  expect_equal(priors$beta_0$par, c(40, sqrt(4100)))
})

test_that("a constant predictor counts as one with sd 1", {
  constant <- list(mean_y = 0, sd_y = 2, mean_x = c(one = 1), sd_x = c(one = 0))
  priors <- default_priors(c(mu = "location", "beta[one]" = "location"), constant)
  expect_equal(priors[["beta[one]"]]$par, c(0, 5))
  expect_equal(priors$mu$par, c(0, sqrt(50)))
})

test_that("resolve_priors() fills in the defaults and says which they are", {
  priors <- resolve_priors(list(sigma_0 = dist_cauchy(0, 1), beta = dist_normal(0, 7)), regression, stats)
  expect_named(priors, names(regression))
  expect_identical(
    vapply(priors, `[[`, NA, "default"),
    c(beta_0 = TRUE, "beta[stress]" = FALSE, "beta[age]" = FALSE, sigma_y = TRUE, sigma_0 = FALSE)
  )
  # The intercept's default is that of the data, whatever the user says of the slopes.
  expect_equal(priors$beta_0$par, c(40, sqrt(4100)))
  expect_identical(priors$sigma_0$family, "cauchy")
  expect_true(all(vapply(resolve_priors(NULL, partial, stats), `[[`, NA, "default")))
})

test_that("a response without spread needs all priors from the user", {
  all_given <- list(hyper_mu = dist_normal(0, 1), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
  for (sd_y in c(0, NA, 1e-17)) {
    no_spread <- list(mean_y = 0.1, sd_y = sd_y)
    expect_error(resolve_priors(NULL, partial, no_spread), "Cannot scale", class = "bayespool_error_prior")
    expect_error(
      resolve_priors(all_given[-2], partial, no_spread), "Give priors for sigma_y",
      class = "bayespool_error_prior"
    )
    expect_named(resolve_priors(all_given, partial, no_spread), names(partial))
  }
})

test_that("a small or an offset response has spread", {
  expect_equal(default_priors(c(sigma = "scale"), list(mean_y = 1e-9, sd_y = 1e-10))$sigma$par, 1e10)
  expect_equal(default_priors(c(sigma = "scale"), list(mean_y = 1e9, sd_y = 1))$sigma$par, 1)
})

# What is known about a prior ---------------------------------------------------------------------

test_that("tails and zeros of scale priors are known", {
  examples <- list(
    list(dist_exponential(1), Inf, 0), list(dist_gamma(2.5, 1), Inf, 1.5),
    list(dist_inverse_gamma(2, 3), 2, Inf), list(dist_lognormal(0, 1), Inf, Inf),
    list(dist_uniform(0, 2), Inf, 0), list(dist_uniform(1, 2), Inf, Inf),
    list(dist_uniform(0, Inf), -1, 0), list(dist_normal(1, 2), Inf, 0),
    list(dist_student_t(3, 0, 1), 3, 0), list(dist_cauchy(0, 1), 1, 0), list(dist_degenerate(1), Inf, Inf)
  )
  for (example in examples) {
    prior <- read_scale(example[[1]])
    expect_identical(prior_tail_index(prior), example[[2]])
    expect_identical(prior_zero_exponent(prior), example[[3]])
  }
})

test_that("flat priors are the improper ones", {
  expect_false(is_proper(read_location(dist_uniform(-Inf, Inf))))
  expect_false(is_proper(read_scale(dist_uniform(0, Inf))))
  expect_true(is_proper(read_location(dist_degenerate(0))))
  expect_true(is_proper(read_location(dist_normal(0, 1))))
  for (dist in scale_examples) expect_true(is_proper(read_scale(dist)))
})

# What is shown -----------------------------------------------------------------------------------

test_that("a prior reads as people write it", {
  scale_text <- function(dist) format_prior(read_scale(dist))
  location_text <- function(dist) format_prior(read_location(dist))
  expect_identical(location_text(dist_normal(40, 20)), "normal(40, 20)")
  expect_identical(location_text(dist_normal(40.4471, 9.87654)), "normal(40.4, 9.88)")
  expect_identical(location_text(dist_uniform(-Inf, Inf)), "flat")
  expect_identical(location_text(dist_degenerate(3)), "fixed at 3")
  expect_identical(scale_text(dist_exponential(0.1312)), "exponential(0.131)")
  expect_identical(scale_text(dist_normal(0, 5)), "half-normal(0, 5)")
  expect_identical(scale_text(dist_normal(1, 5)), "normal(1, 5) above 0")
  expect_identical(scale_text(dist_student_t(3, 0, 2.5)), "half-Student-t(3, 0, 2.5)")
  expect_identical(scale_text(dist_cauchy(0, 1)), "half-Cauchy(0, 1)")
  expect_identical(scale_text(dist_gamma(2, 3)), "gamma(2, 3)")
  expect_identical(scale_text(dist_inverse_gamma(2, scale = 3)), "inverse-gamma(2, scale = 3)")
  expect_identical(scale_text(dist_lognormal(0, 1)), "lognormal(0, 1)")
  expect_identical(scale_text(dist_uniform(0, 10)), "uniform(0, 10)")
  expect_identical(scale_text(dist_uniform(0, Inf)), "flat")
  expect_identical(scale_text(dist_degenerate(2)), "fixed at 2")
})

fit_with_priors <- function(prior, formula, name) {
  parsed <- model_formula(name, parse_formula(formula), NULL)
  model <- specify_model(name, parsed, parsed$terms, c("a", "b"), shared_sigma = TRUE)
  structure(list(priors = resolve_priors(prior, prior_kinds(model), stats), model = model), class = "bayespool_fit")
}

test_that("prior_summary() is a data frame with text, source and distribution", {
  fit <- fit_with_priors(list(hyper_mu = dist_normal(40, 20), sigma_mu = dist_cauchy(0, 5)), y ~ 1 + (1 | g), "partial_pooling")
  summary <- prior_summary(fit)
  expect_s3_class(summary, c("bayespool_prior_summary", "data.frame"), exact = TRUE)
  expect_identical(summary$parameter, names(partial))
  expect_identical(summary$prior, c("normal(40, 20)", "exponential(0.25)", "half-Cauchy(0, 5)"))
  expect_identical(summary$source, c("user", "default", "user"))
  expect_s3_class(summary$distribution, "distribution")
  # The half-Cauchy's median is its scale.
  expect_equal(stats::quantile(summary$distribution, 0.5)[c(1, 3)], c(40, 5), tolerance = 1e-12)
  expect_error(prior_summary(fit, digits = 2))
})

test_that("prior_summary() prints the table and what it means for the groups", {
  fit <- fit_with_priors(NULL, y ~ 1 + (1 | g), "partial_pooling")
  expect_output(print(prior_summary(fit)), "partial pooling.*hyper_mu +normal\\(40, 10\\) +default")
  expect_output(print(prior_summary(fit)), "mu\\[j\\] ~ normal\\(hyper_mu, sigma_mu\\)")
  fit <- fit_with_priors(NULL, y ~ 0 + (1 | g), "partial_pooling")
  expect_output(print(prior_summary(fit)), "mu\\[j\\] ~ normal\\(0, sigma_mu\\)")
  fit <- fit_with_priors(NULL, y ~ stress + age + (1 | g), "varying_intercept")
  expect_output(print(prior_summary(fit)), "beta_0j\\[j\\] ~ normal\\(beta_0, sigma_0\\)")
  fit <- fit_with_priors(NULL, y ~ 1 + (1 | g), "no_pooling")
  expect_output(print(prior_summary(fit)), "for each group")
  fit <- fit_with_priors(NULL, y ~ 1, "complete_pooling")
  expect_output(print(prior_summary(fit)), "complete pooling")
  # A part of the table still prints, and the note stays true.
  fit <- fit_with_priors(NULL, y ~ 1 + (1 | g), "partial_pooling")
  expect_output(print(prior_summary(fit)[2:3, ]), "normal\\(hyper_mu, sigma_mu\\)")
  expect_output(print(prior_summary(fit)[1, c("parameter", "prior")]), "normal\\(40, 10\\)")
})

test_that("parameters that squares would take out of the range of numbers are refused", {
  refused <- function(parameter, prior) {
    expect_error(
      partial_pooling(scontrol ~ 1 + (1 | site), hpp_sites, prior = stats::setNames(list(prior), parameter), iter_sampling = 0),
      "too large or too small", class = "bayespool_error_prior"
    )
  }
  refused("sigma_y", dist_gamma(1e306, 1))
  refused("sigma_mu", dist_exponential(1e-200))
  refused("sigma_mu", dist_degenerate(1e-300))
  refused("hyper_mu", dist_normal(0, 5e-324))
  refused("hyper_mu", dist_normal(-1e200, 1))
  expect_no_error(partial_pooling(
    scontrol ~ 1 + (1 | site), hpp_sites, prior = list(hyper_mu = dist_normal(0, Inf), sigma_mu = dist_degenerate(0)), iter_sampling = 0
  ))
})
