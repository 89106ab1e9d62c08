# Posteriors that do not exist where groups have several effects, and the powers with which densities fall.

flat_sd <- dist_uniform(0, Inf)
flat <- dist_uniform(-Inf, Inf)
all_flat <- list(beta_0 = flat, beta = flat, sigma_0 = flat_sd, sigma_beta = flat_sd)
expect_improper <- function(fit) expect_error(suppressWarnings(fit), class = "bayespool_error_improper")

# Groups with these numbers of rows, all of them different.
rows_of <- function(sizes) {
  g <- rep(seq_along(sizes), sizes)
  i <- seq_along(g)
  data.frame(g = g, x = sin(3 * i) + i / 5, y = cos(5 * i) + g)
}

test_that("data that are explained exactly, by whatever effects, have no posterior", {
  d <- data.frame(g = rep(1:5, each = 4), x = rep(1:4, 5))
  intercepts <- c(3.3, 1.7, 8.1, 2.2, 5)[d$g]
  slopes <- c(0.3, 1.1, 0.7, 2, 1.3)[d$g]
  exact <- list(
    "a line of each group" = intercepts + slopes * d$x, "intercepts" = intercepts + 0.7 * d$x, "slopes" = 2 + slopes * d$x,
    "one line" = 2 + 0.7 * d$x, "far from 0" = 1e6 + intercepts + slopes * d$x
  )
  for (name in names(exact)) {
    d$y <- exact[[name]]
    for (formula in list(y ~ x + (1 + x | g), y ~ x + (1 + x || g))) {
      expect_improper(mixed_model(formula, d, iter_sampling = 0))
    }
  }
  # A prior that vanishes at 0 gives a posterior, and so does a known value.
  d$y <- exact[[1]]
  for (sigma in list(dist_lognormal(0, 1), dist_degenerate(0.5))) {
    fit <- mixed_model(y ~ x + (1 + x || g), d, prior = list(sigma_y = sigma), iter_sampling = 0)
    expect_true(is.finite(log_marginal_likelihood(fit)))
  }
})

test_that("standard deviations that grow together need data together", {
  formula <- y ~ x + (1 + x || g)
  # One row a group tells of one effect: four groups are enough for each flat sd alone, but not for both.
  single <- rows_of(rep(1, 4))
  expect_improper(mixed_model(formula, single, prior = all_flat, iter_sampling = 0))
  for (name in c("sigma_0", "sigma_beta")) {
    one_flat <- suppressWarnings(mixed_model(formula, single, prior = all_flat[setdiff(names(all_flat), name)], iter_sampling = 0))
    expect_s3_class(one_flat, "bayespool_fit")
  }
  expect_improper(mixed_model(formula, rows_of(c(3, 3)), prior = all_flat, iter_sampling = 0))
})

test_that("the density falls with the powers from which it follows whether the posterior exists", {
  for (sizes in list(rep(1, 6), c(1, 1, 2, 3), c(4, 3, 5), c(3, 3, 3, 1))) {
    d <- rows_of(sizes)
    model <- suppressWarnings(
      mixed_model(y ~ x + (1 + x || g), d, prior = list(sigma_0 = dist_cauchy(0, 5), sigma_beta = dist_cauchy(0, 5)), iter_sampling = 0)
    )
    priors <- model$priors
    priors[c("beta_0", "beta[x]")] <- list(new_prior("normal", c(0, Inf), "location"))
    priors[c("sigma_0", "sigma_beta[x]")] <- list(flat_scale_prior())
    problem <- new_effect_problem(model$model, model$reduced, priors, FALSE)
    for (directions in list(1, 2, 1:2)) {
      power <- effect_power(problem, model$model, c(TRUE, TRUE), directions, NULL)
      at <- function(t) cpp_effects_log_density(problem, replace(c(-1, -1.5), directions, t), 0)
      # The coordinates are logarithms, which adds one power for each.
      expect_equal((at(13) - at(11)) / 2, length(directions) - power, tolerance = 1e-4)
    }
  }
})
