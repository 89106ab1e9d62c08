# Priors: what is read from distributional, what is refused, the defaults, and what is shown.

partial <- c(hyper_mu = "location", sigma_y = "scale", sigma_mu = "scale_between")
regression <- c(
  beta_0 = "location", "beta[stress]" = "slope", "beta[age]" = "slope",
  sigma_y = "scale", sigma_0 = "scale_between"
)
stats <- list(
  n = 50, mean_y = 40, sd_y = 4, sigma = 8,
  mean_x = c(stress = 3, age = 20), sd_x = c(stress = 0.5, age = 10)
)

read_scale <- function(dist, name = "sigma_y") {
  parse_prior(stats::setNames(list(dist), name), c(sigma_y = "scale", sigma_mu = "scale_between"))[[1]]
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
  parameters <- c("beta[I(x^2)]" = "slope", "beta[{odd}]" = "slope")
  expect_named(parse_prior(list(beta = dist_normal(0, 1)), parameters), names(parameters))
  expect_refused(list("{x}" = dist_normal(0, 1)), "\\{x\\}", parameters)
})

test_that("a named distribution vector of length one works", {
  expect_identical(read_location(stats::setNames(dist_normal(1, 2), "a")), read_location(dist_normal(1, 2)))
})

# Densities ---------------------------------------------------------------------------------------

test_that("as_distribution() has the density that is written down, cut at 0", {
  for (name in names(scale_densities)) {
    prior <- scale_densities[[name]]
    if (startsWith(name, "inverse-gamma") && !rlang::is_installed("actuar")) next # distributional needs it
    ours <- as_distribution(read_scale(prior$dist))
    expect_equal(density(ours, inside(prior))[[1]], exp(prior$log_density(inside(prior))), tolerance = 1e-12, info = name)
    expect_identical(density(ours, -1)[[1]], 0, info = name)
  }
})

test_that("the scale of an inverse gamma is that of distributional's mean", {
  prior <- read_scale(dist_inverse_gamma(3, 4))
  expect_equal(prior$par[2] / (prior$par[1] - 1), mean(dist_inverse_gamma(3, 4)), tolerance = 1e-12)
})

test_that("as_distribution() and back is the same prior", {
  for (name in names(scale_priors)) {
    prior <- read_scale(scale_priors[[name]]$dist)
    dist <- as_distribution(prior)
    # A distribution that is cut already is not taken.
    if (!is_cut(prior)) expect_equal(read_scale(dist), prior, tolerance = 1e-15, info = name)
  }
  for (dist in list(dist_normal(1, 2), dist_uniform(-Inf, Inf), dist_degenerate(2))) {
    expect_identical(read_location(as_distribution(read_location(dist))), read_location(dist))
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
  expect_identical(priors$sigma_y, new_prior("exponential", 0.125, "scale")) # of an observation of weight 1
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
  priors <- default_priors(c(mu = "location", "beta[one]" = "slope"), constant)
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
  expect_equal(default_priors(c(sigma = "scale"), list(mean_y = 1e-9, sd_y = 1e-10, sigma = 1e-10))$sigma$par, 1e10)
  expect_equal(default_priors(c(sigma = "scale"), list(mean_y = 1e9, sd_y = 1, sigma = 1))$sigma$par, 1)
})

# What is known about a prior ---------------------------------------------------------------------

test_that("tails and zeros of scale priors are known", {
  for (name in names(scale_priors)) {
    prior <- read_scale(scale_priors[[name]]$dist)
    expect_identical(prior_tail_index(prior), scale_priors[[name]]$tail, info = name)
    expect_identical(prior_zero_exponent(prior), scale_priors[[name]]$zero, info = name)
  }
})

test_that("flat priors are the improper ones", {
  for (prior in scale_priors) expect_identical(is_proper(read_scale(prior$dist)), prior$proper)
  for (prior in list(p_normal(0, 1), p_flat(), p_fixed(0))) expect_identical(is_proper(read_location(prior$dist)), prior$proper)
})

test_that("known values are those with a fixed value", {
  for (prior in scale_priors) expect_identical(is_fixed(read_scale(prior$dist)), !is.null(prior$fixed))
  for (prior in list(p_normal(0, 1), p_flat(), p_fixed(0))) {
    expect_identical(is_fixed(read_location(prior$dist)), !is.null(prior$fixed))
  }
})

test_that("only a prior with an upper end is bounded", {
  for (prior in scale_priors) {
    expect_identical(is_bounded(read_scale(prior$dist)), is.null(prior$fixed) && is.finite(prior$upper))
  }
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
  for (name in names(scale_priors)) expect_identical(scale_text(scale_priors[[name]]$dist), name)
})

# Mean 40, sd 4.
scored <- data.frame(site = rep(letters[1:4], each = 3), stress = c(2, 4, 3), score = 40 + 4 * as.vector(scale(c(1:5, 3:9))))
summarise_priors <- function(f, formula, ...) prior_summary(f(formula, scored, iter_sampling = 0, ...))

test_that("prior_summary() is a data frame with text, source and distribution", {
  given <- list(hyper_mu = dist_normal(40, 20), sigma_mu = dist_cauchy(0, 5))
  fit <- partial_pooling(score ~ 1 + (1 | site), scored, prior = given, iter_sampling = 0)
  summary <- prior_summary(fit)
  expect_s3_class(summary, c("bayespool_prior_summary", "data.frame"), exact = TRUE)
  expect_identical(summary$parameter, names(partial))
  expect_identical(summary$prior, c("normal(40, 20)", "exponential(0.25)", "half-Cauchy(0, 5)"))
  expect_identical(summary$source, c("user", "default", "user"))
  expect_s3_class(summary$distribution, "distribution")
  # The half-Cauchy's median is its scale.
  expect_equal(stats::quantile(summary$distribution, 0.5)[c(1, 3)], c(40, 5), tolerance = 1e-12)
  expect_identical(prior_summary(fit, digits = 2), prior_summary(fit))
})

test_that("prior_summary() prints the table and what it means for the groups", {
  summary <- summarise_priors(partial_pooling, score ~ 1 + (1 | site))
  expect_output(print(summary), "partial pooling.*hyper_mu +normal\\(40, 10\\) +default")
  expect_output(print(summary), "mu\\[j\\] ~ normal\\(hyper_mu, sigma_mu\\)")
  # A part of the table still prints, and the note stays true.
  expect_output(print(summary[2:3, ]), "normal\\(hyper_mu, sigma_mu\\)")
  expect_output(print(summary[1, c("parameter", "prior")]), "normal\\(40, 10\\)")
  summary <- summarise_priors(partial_pooling, score ~ 0 + (1 | site))
  expect_output(print(summary), "mu\\[j\\] ~ normal\\(0, sigma_mu\\)")
  summary <- summarise_priors(varying_intercept, score ~ stress + (1 | site))
  expect_output(print(summary), "beta_0j\\[j\\] ~ normal\\(beta_0, sigma_0\\)")
  expect_output(print(summarise_priors(no_pooling, score ~ 1 + (1 | site))), "for each group")
  expect_output(print(summarise_priors(complete_pooling, score ~ 1)), "complete pooling")
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
    scontrol ~ 1 + (1 | site), hpp_sites, iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(0, Inf), sigma_mu = dist_degenerate(0))
  ))
})
