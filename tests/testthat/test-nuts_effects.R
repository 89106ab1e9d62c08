# NUTS where groups have several effects: the log density against plain R, summed over the rows, and its gradient; the same posterior
# as quadrature gives.

skip_on_cran() # all of it takes long

use_code("density")
use_code("chains")

# The density in plain R ---------------------------------------------------------------------------------------------------

# `formula` has the terms `x` of the population and `z` of the groups, where "1" is the intercept.
new_effects <- function(x, z, data, priors, correlated = TRUE, prior_only = FALSE) {
  side <- function(terms) paste(c(if (!"1" %in% terms) "0", terms), collapse = " + ")
  values <- function(terms) vapply(terms, function(term) if (term == "1") rep(1, nrow(data)) else data[[term]], numeric(nrow(data)))
  list(
    formula = as.formula(sprintf("y ~ %s + (%s %s g)", side(x), side(z), if (correlated) "|" else "||")),
    data = data, x = values(x), z = values(z), correlated = correlated && length(z) > 1, priors = priors, prior_only = prior_only
  )
}

# The correlation matrix of up to three variables with the partial correlations z: r_12, r_13, and r_23 given the first.
correlations <- function(z) {
  r <- diag((1 + sqrt(1 + 8 * length(z))) / 2)
  r[2, 1] <- z[1]
  if (length(z) > 1) {
    r[3, 1] <- z[2]
    r[3, 2] <- z[3] * sqrt((1 - z[1]^2) * (1 - z[2]^2)) + z[1] * z[2]
  }
  r + t(r) - diag(nrow(r))
}

# q: the coefficients that are not fixed, the groups' coefficients (or eta) of the directions that vary, sigma, the sds between groups,
# and atanh of the partial correlations, among directions of which those that do not vary are last.
plain_effects <- function(spec, q, centered) {
  read <- read_coordinates(q)
  add <- read$add
  take <- read$take
  scale <- read$scale
  prior_of <- function(term, intercept, slope) {
    if (term == "1") spec$priors[[intercept]] else spec$priors[[sprintf("%s[%s]", slope, term)]] %||% spec$priors[[slope]]
  }
  beta <- vapply(colnames(spec$x), function(term) read$location(prior_of(term, "beta_0", "beta")), 0)
  terms <- colnames(spec$z)
  tau_priors <- lapply(terms, prior_of, "sigma_0", "sigma_beta")
  still <- vapply(tau_priors, function(prior) identical(prior$fixed, 0), NA)
  order <- c(which(!still), which(still))
  group <- as.integer(factor(spec$data$g))
  groups <- max(group)
  a <- sum(!still)
  coordinates <- matrix(take(groups * a), groups)
  sigma <- scale(spec$priors$sigma_y)
  tau <- vapply(tau_priors[order], scale, 0)
  r <- diag(length(terms))
  if (spec$correlated) {
    z <- tanh(take(length(terms) * (length(terms) - 1) / 2))
    # Partial correlations under the LKJ distribution are independent and beta distributed on (-1, 1).
    given <- list(0, c(0, 0, 1))[[length(terms) - 1]]
    shape <- spec$priors$rho + (length(terms) - 2 - given) / 2
    add(dbeta((1 + z) / 2, shape, shape, log = TRUE) - log(2))
    add(log(1 - z^2))
    r <- correlations(z)
  }
  mean <- stats::setNames(beta[terms], terms)
  mean[is.na(mean)] <- 0
  theta <- matrix(mean, groups, length(terms), byrow = TRUE)
  if (a > 0) {
    varying <- order[seq_len(a)]
    own <- r[seq_len(a), seq_len(a), drop = FALSE]
    tau <- tau[seq_len(a)]
    if (centered) {
      u <- sweep(sweep(coordinates, 2, mean[varying]), 2, tau, `/`)
      theta[, varying] <- coordinates
      add(-rowSums((u %*% solve(own)) * u) / 2 - log(det(2 * pi * own)) / 2 - sum(log(tau)))
    } else {
      theta[, varying] <- theta[, varying] + sweep(coordinates %*% chol(own), 2, tau, `*`)
      add(dnorm(coordinates, log = TRUE))
    }
  }
  if (!spec$prior_only) {
    others <- setdiff(colnames(spec$x), terms)
    expected <- rowSums(spec$z * theta[group, , drop = FALSE]) + drop(spec$x[, others, drop = FALSE] %*% beta[others])
    add(dnorm(spec$data$y, expected, sigma, log = TRUE))
  }
  read$result()
}

fit_effects <- function(spec, data = spec$data) {
  priors <- spec$priors
  priors[names(priors) != "rho"] <- package_priors(priors[names(priors) != "rho"])
  priors$rho <- if (spec$correlated) dist_lkj(priors$rho)
  undetermined(mixed_model(spec$formula, data, priors, algorithm = "nuts", iter_sampling = 0, prior_only = spec$prior_only))
}

expect_effects <- function(..., points = 2, seed = 1) {
  spec <- new_effects(...)
  problem <- core_problem_of(fit_effects(spec))
  for (centered in c(FALSE, TRUE)) {
    dimension <- plain_effects(spec, numeric(1000), centered)$dimension
    q <- withr::with_seed(seed, matrix(rnorm(points * dimension), dimension))
    for (i in seq_len(points)) {
      expect_density_at(function(q) plain_effects(spec, q, centered)$log_density, problem, q[, i], centered, format(spec$formula))
    }
  }
}

# Unbalanced groups: one of a single row, one of two.
rows <- withr::with_seed(1, data.frame(
  g = rep(1:5, c(6, 1, 9, 2, 4)), x = rnorm(22, 1), w = rnorm(22, -0.5, 2), y = rnorm(22, 1, 1.5)
))
exponential <- p_exponential(0.7)
priors <- function(...) {
  priors <- list(
    beta_0 = p_normal(0.5, 2), beta = p_normal(-1, 1.5), sigma_y = exponential, sigma_0 = p_gamma(2, 1.5),
    sigma_beta = p_half_cauchy(0, 1), rho = 1.7
  )
  given <- list(...)
  priors[names(given)] <- given
  priors
}
# Those that a model has.
with_priors <- function(x, z, ...) {
  all <- priors(...)
  has <- c(
    beta_0 = "1" %in% x, beta = any(x != "1"), sigma_0 = "1" %in% z, sigma_beta = any(z != "1")
  )
  all[setdiff(names(all), names(has)[!has])]
}
expect_model <- function(x, z, ..., data = rows, correlated = TRUE, prior_only = FALSE) {
  expect_effects(x, z, data, with_priors(x, z, ...), correlated, prior_only)
}

test_that("the density of one, two and three effects is that of plain R", {
  expect_model(c("1", "x"), "x")
  expect_model(c("1", "x", "w"), "x")
  expect_model("x", "x")
  expect_model(c("1", "x"), c("1", "x"))
  expect_model(c("1", "x"), c("1", "x"), correlated = FALSE)
  expect_model(c("1", "w", "x"), c("1", "x"))
  expect_model(c("1", "w", "x"), c("1", "x", "w"))
  expect_model(c("1", "w", "x"), c("1", "x", "w"), correlated = FALSE)
})

test_that("the density is right where the population has none of the groups' coefficients", {
  expect_model("1", "x")
  expect_model("x", c("1", "x"))
  expect_model(c("1", "x"), c("1", "w"))
  expect_model("w", c("1", "x", "w"))
})

test_that("the density is right with flat and known coefficients, and with bounded and known standard deviations", {
  for (location in list(p_flat(), p_fixed(0.7))) {
    expect_model(c("1", "x", "w"), c("1", "x"), beta_0 = location)
    expect_model(c("1", "x", "w"), c("1", "x"), "beta[x]" = location)
    expect_model(c("1", "x", "w"), "x", "beta[w]" = location, "beta_0" = location)
  }
  expect_model(c("1", "x"), c("1", "x"), sigma_y = p_uniform(0.5, 4), sigma_0 = p_uniform(0, 3), sigma_beta = p_half_t(3, 0.8, 0.6))
  expect_model(c("1", "x"), c("1", "x"), sigma_y = p_fixed(1.3), sigma_0 = p_fixed(0.8))
  expect_model(c("1", "x"), c("1", "x", "w"), "sigma_beta[x]" = p_fixed(0.5), "sigma_beta[w]" = p_uniform(0.1, 2))
})

test_that("the density is right where groups are known to be equal in some directions", {
  none <- p_fixed(0)
  expect_model(c("1", "x"), c("1", "x"), sigma_0 = none)
  expect_model(c("1", "x"), c("1", "x"), sigma_beta = none)
  expect_model(c("1", "x"), c("1", "x"), sigma_beta = none, correlated = FALSE)
  expect_model(c("1", "x"), c("1", "x", "w"), "sigma_beta[x]" = none)
  expect_model(c("1", "x"), c("1", "x", "w"), sigma_0 = none)
  expect_model(c("1", "x"), c("1", "x"), sigma_0 = none, sigma_beta = none)
  expect_model(c("1", "x"), "x", sigma_beta = none)
})

test_that("without data the density is that of the prior", {
  expect_model(c("1", "x"), "x", prior_only = TRUE)
  expect_model(c("1", "x"), c("1", "x"), prior_only = TRUE)
  expect_model(c("1", "w", "x"), c("1", "x", "w"), prior_only = TRUE)
})

test_that("the density is right for one group, single rows, and directions that do not vary within groups", {
  expect_model(c("1", "x"), c("1", "x"), data = transform(rows, g = 1))
  expect_model(c("1", "x"), c("1", "x"), data = transform(rows[1:6, ], g = 1:6))
  expect_model(c("1", "x"), c("1", "x"), data = transform(rows, x = g^2))
  expect_model(c("1", "x"), c("1", "x", "w"), data = transform(rows, w = 2 * x - 1))
})

test_that("the density is right far from where the data are", {
  spec <- new_effects(c("1", "x"), c("1", "x"), rows, with_priors(c("1", "x"), c("1", "x")))
  problem <- core_problem_of(fit_effects(spec))
  near <- withr::with_seed(3, rnorm(12))
  for (centered in c(FALSE, TRUE)) {
    plain <- function(q) plain_effects(spec, q, centered)$log_density
    # sigma_y, sigma_0, sigma_beta[x], rho
    for (far in list(c(-4, -4, -3, 3), c(8, 12, -6, -4), c(-6, 3, 14, 2.5))) {
      q <- c(near, far)
      ours <- package_density(problem, q, centered)
      expect_equal(ours$log_density, plain(q), tolerance = 1e-10)
      expect_equal(ours$gradient, numeric_gradient(plain, q), tolerance = 1e-8)
    }
    # A correlation of 1 - 2e-26 is 1 in plain R.
    ours <- package_density(problem, c(near, 0, 0, 0, 30), centered)
    expect_true(all(is.finite(unlist(ours[c("log_density", "gradient")]))))
  }
})

test_that("the density of moments is that of rows", {
  spec <- new_effects(c("1", "x"), c("1", "w"), rows, with_priors(c("1", "x"), c("1", "w")))
  moments <- group_moments(spec$formula, rows)
  q <- withr::with_seed(2, rnorm(16))
  for (centered in c(FALSE, TRUE)) {
    expect_identical(
      package_density(core_problem_of(fit_effects(spec, moments)), q, centered),
      package_density(core_problem_of(fit_effects(spec)), q, centered)
    )
  }
})

test_that("chains start by the mean of the response and the spreads of the columns; the metric knows the sizes", {
  start <- function(centered, ...) {
    spec <- new_effects(c("1", "x", "w"), c("1", "x"), rows, priors(sigma_0 = p_uniform(0, 5), ...), prior_only = length(list(...)) > 0)
    package_density(core_problem_of(fit_effects(spec)), rep(0.1, 17), centered)[c("centre", "unit", "scale")]
  }
  s <- sd(rows$y)
  by_x <- s / sd(rows$x)
  n <- nrow(rows)
  sizes <- as.vector(table(rows$g))
  scales <- c(log(s), log(s / (5 - s)), log(by_x), 0)
  centered <- start(TRUE)
  expect_equal(centered$centre, c(mean(rows$y), 0, 0, rep(c(mean(rows$y), 0), each = 5), scales))
  expect_equal(centered$unit, c(s, by_x, s / sd(rows$w), rep(c(s, by_x), each = 5), 1, 1, 1, 1))
  expect_equal(centered$scale, centered$unit / sqrt(c(5, 5, n, 1 + sizes, 1 + sizes, n, 5, 5, 5)))
  noncentered <- start(FALSE)
  expect_equal(noncentered$centre, c(mean(rows$y), 0, 0, rep(0, 10), scales))
  expect_equal(noncentered$unit, c(s, by_x, s / sd(rows$w), rep(1, 14)))
  prior <- start(TRUE, sigma_beta = p_fixed(3))
  expect_equal(prior$centre[1:13], c(0.5, -1, -1, rep(c(0.5, -1), each = 5)))
  expect_equal(prior$unit[9:13], rep(3, 5))
  expect_equal(prior$scale, prior$unit)
})

# The same posterior -------------------------------------------------------------------------------------------------------

# 12 groups of 10 to 25 rows, with effects that are correlated.
simulated <- withr::with_seed(5, {
  g <- rep(1:12, rep(c(10, 15, 20, 25), 3))
  effects <- matrix(rnorm(36), 12) %*% chol(matrix(c(4, 1.2, 0, 1.2, 1, -0.3, 0, -0.3, 1.5), 3))
  x <- rnorm(length(g))
  w <- rnorm(length(g))
  data.frame(g = g, x = x, w = w, y = rnorm(length(g), 5 + x + rowSums(cbind(1, x, w) * effects[g, ]), 1.5))
})

test_that("NUTS gives the exact posterior of the sleep study, in both forms", {
  skip_on_cran() # long
  skip_if_not_installed("lme4")
  sleep <- lme4::sleepstudy
  for (form in c("noncentered", "centered")) {
    fit <- nuts(varying_intercept_slope, Reaction ~ Days + (1 + Days | Subject), sleep, form = form)
    expect_like_exact(fit)
    fit <- nuts(varying_slope, Reaction ~ Days + (0 + Days | Subject), sleep, form = form, iter_sampling = 2000)
    expect_like_exact(fit)
  }
  fit <- nuts(varying_intercept_slope, Reaction ~ Days + (1 + Days || Subject), sleep, iter_sampling = 2000)
  expect_like_exact(fit)
})

test_that("NUTS gives the exact posterior of three effects, in both forms", {
  skip_on_cran() # long
  # Quadrature in six dimensions would take minutes; in four there are still all correlations.
  known <- list(sigma_y = dist_degenerate(1.5), sigma_0 = dist_degenerate(2), "sigma_beta[x]" = dist_degenerate(1))
  for (form in c("noncentered", "centered")) {
    fit <- nuts(mixed_model, y ~ x + (1 + x + w | g), simulated, prior = known, form = form, iter_sampling = 2000)
    expect_like_exact(fit, setdiff(posterior::variables(fit), names(known)))
    fit <- nuts(mixed_model, y ~ x + w + (1 + x + w || g), simulated, form = form, iter_sampling = 2000)
    expect_like_exact(fit)
  }
})

test_that("NUTS gives the exact posterior with flat, bounded and known priors", {
  skip_on_cran() # long
  priors <- list(
    beta_0 = dist_uniform(-Inf, Inf), sigma_y = dist_uniform(1, 4), sigma_0 = dist_degenerate(2), sigma_beta = dist_uniform(0, 3),
    rho = dist_lkj(3)
  )
  fit <- nuts(mixed_model, y ~ x + (1 + x | g), simulated, prior = priors, iter_sampling = 2000)
  # The sd of a known value has no Monte Carlo error.
  expect_like_exact(fit, setdiff(posterior::variables(fit), "sigma_0"))
  expect_true(all(matrix_of(fit, "sigma_0") == 2))
})

test_that("NUTS draws from the prior", {
  priors <- list(
    beta_0 = dist_normal(1, 2), beta = dist_normal(-1, 3), sigma_y = dist_gamma(3, 2), sigma_0 = dist_gamma(4, 2),
    sigma_beta = dist_gamma(5, 2), rho = dist_lkj(2)
  )
  fit <- nuts(mixed_model, y ~ x + (1 + x | g), subset(simulated, g < 4), prior = priors, prior_only = TRUE)
  expect_like_exact(fit)
  # rho is beta distributed on (-1, 1).
  thinned <- posterior::thin_draws(posterior::as_draws_array(fit), 20)
  expect_distribution(posterior::extract_variable(thinned, "rho[x]"), function(r) pbeta((1 + r) / 2, 2, 2))
})

# The fit as an object -----------------------------------------------------------------------------------------------------

small <- quietly(mixed_model(
  y ~ x + (1 + x + w | g), simulated,
  algorithm = "nuts", seed = 1, iter_warmup = 150, iter_sampling = 50, control = nuts_control(save_warmup = TRUE)
))

test_that("coordinates and draws have the names of the model", {
  effects <- function(root) sprintf("%s%d]", root, 1:12)
  scales <- c(
    "log(sigma_y)", "log(sigma_0)", "log(sigma_beta[x])", "log(sigma_beta[w])", "atanh(rho[x])", "atanh(rho[w])", "atanh_partial(rho[x,w])"
  )
  expect_identical(
    rownames(nuts_adaptation(small)$inverse_metric),
    c("beta_0", "beta[x]", effects("eta["), effects("eta[x,"), effects("eta[w,"), scales)
  )
  centered <- quietly(update(small, control = nuts_control("centered"), iter_warmup = 10, iter_sampling = 5))
  groups <- c(effects("beta_0j["), effects("beta_j[x,"), effects("beta_j[w,"))
  expect_identical(rownames(nuts_adaptation(centered)$inverse_metric), c("beta_0", "beta[x]", groups, scales))
  # Directions that do not vary are last.
  still <- quietly(update(small, prior = list(sigma_0 = dist_degenerate(0)), iter_warmup = 10, iter_sampling = 5))
  expect_identical(
    rownames(nuts_adaptation(still)$inverse_metric),
    c(
      "beta_0", "beta[x]", effects("eta[x,"), effects("eta[w,"), "log(sigma_y)", "log(sigma_beta[x])", "log(sigma_beta[w])",
      "atanh(rho[x,w])", "atanh(rho[x])", "atanh_partial(rho[w])"
    )
  )
  expect_identical(matrix_of(still, "beta_0j[3]"), matrix_of(still, "beta_0"))
})

# Draws from the coordinates: the log density that NUTS recorded is that of plain R.
test_that("draws are the parameters at the coordinates", {
  density <- function(form) {
    fit <- quietly(mixed_model(
      y ~ x + (1 + x | g), simulated,
      prior = list(
        beta_0 = dist_normal(5, 3), beta = dist_normal(0, 2), sigma_y = dist_exponential(0.7), sigma_0 = dist_gamma(2, 1.5),
        sigma_beta = dist_cauchy(0, 1), rho = dist_lkj(1.7)
      ), algorithm = "nuts", seed = 2, chains = 1, iter_warmup = 100, iter_sampling = 5, control = nuts_control(form)
    ))
    spec <- new_effects(c("1", "x"), c("1", "x"), simulated, priors(beta_0 = p_normal(5, 3), beta = p_normal(0, 2)))
    draws <- unclass(posterior::as_draws_matrix(fit))
    at <- function(row) {
      own <- function(pattern) unname(row[grepl(pattern, names(row))])
      groups <- c(own("^beta_0j"), own("^beta_j"))
      taus <- row[c("sigma_0", "sigma_beta[x]")]
      if (form == "noncentered") {
        r <- chol(correlations(row["rho[x]"]))
        groups <- sweep(matrix(groups, 12), 2, row[c("beta_0", "beta[x]")]) %*% diag(1 / taus) %*% solve(r)
      }
      q <- c(row[c("beta_0", "beta[x]")], groups, log(row["sigma_y"]), log(taus), atanh(row["rho[x]"]))
      plain_effects(spec, unname(q), form == "centered")$log_density
    }
    expect_equal(unname(fit$nuts$diagnostics[, 1, "lp"]), unname(apply(draws, 1, at)), tolerance = 1e-9)
  }
  density("centered")
  density("noncentered")
})

test_that("the same seed gives the same draws on one core and on two, from rows and from moments", {
  again <- function(...) quietly(update(small, ...))
  expect_identical(again(cores = 2)$draws, small$draws)
  expect_identical(again(cores = 2)$nuts, small$nuts)
  expect_identical(values_of(again(chains = 2)), values_of(small)[, 1:2, ])
  expect_false(identical(again(seed = 2)$draws, small$draws))
  expect_identical(again(data = group_moments(y ~ x + (1 + x + w | g), simulated))$draws, small$draws)
})

test_that("all but the draws is that of the exact fit", {
  fit <- quietly(update(small, formula = y ~ x + (1 + x | g), iter_sampling = 20))
  exact <- update(fit, algorithm = "exact")
  expect_identical(posterior::variables(fit), posterior::variables(exact))
  expect_identical(dimnames(fit$draws), dimnames(exact$draws))
  expect_identical(exact_summary(fit), exact_summary(exact))
  expect_identical(log_marginal_likelihood(fit), log_marginal_likelihood(exact))
  expect_output(print(fit), "rho[x]", fixed = TRUE)
  expect_identical(summary(fit)$variable, summary(exact)$variable)
})

test_that("warmup is kept, and bayesplot reads the diagnostics", {
  all <- posterior::as_draws(small, inc_warmup = TRUE)
  expect_identical(dim(all), c(200L, 4L, 45L))
  expect_identical(unname(unclass(all)[151:200, , ]), values_of(small))
  skip_if_not_installed("bayesplot")
  expect_identical(nrow(bayesplot::log_posterior(small, inc_warmup = TRUE)), 800L)
  expect_identical(max(bayesplot::nuts_params(small)$Iteration), 50L)
})

test_that("trouble is told, and what cannot be sampled is refused", {
  few_groups <- subset(simulated, g < 5)
  expect_warning(
    suppressWarnings(
      mixed_model(y ~ x + (1 + x | g), few_groups, algorithm = "nuts", seed = 1, control = nuts_control("centered")),
      classes = paste0("bayespool_warning_", c("ess", "rhat", "bfmi", "treedepth"))
    ),
    'parameterization = "noncentered"', class = "bayespool_warning_divergent"
  )
  known <- list(
    beta_0 = dist_degenerate(5), beta = dist_degenerate(1), sigma_y = dist_degenerate(1), sigma_0 = dist_degenerate(0),
    sigma_beta = dist_degenerate(0)
  )
  expect_error(
    mixed_model(y ~ x + (1 + x || g), simulated, prior = known, algorithm = "nuts", seed = 1),
    "nothing to sample", class = "bayespool_error_argument"
  )
})
