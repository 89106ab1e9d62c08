# Draws: each parameter has the distribution that quadrature gives it, parameters are jointly right, and the random streams
# do what is promised.

use_code("oracle")

draws_of <- function(fit, name) as.vector(posterior::extract_variable(fit$draws, name))

# The distribution functions of parameters, from exact quantiles: monotone interpolation in normal scores.
exact_cdfs <- function(fit, variables) {
  z <- seq(-5.5, 5.5, length.out = 177)
  table <- exact_summary(fit, probs = pnorm(z))
  table <- table[table$variable %in% variables, ]
  cdfs <- lapply(seq_len(nrow(table)), function(i) {
    q <- as.numeric(table[i, -(1:3)])
    # A heavy tail is interpolated better on the scale of its logarithm.
    positive <- all(q > 0)
    score <- splinefun(if (positive) log(q) else q, z, method = "monoH.FC")
    function(x) pnorm(score(if (positive) log(x) else x))
  })
  stats::setNames(cdfs, table$variable)
}

expect_exact_draws <- function(fit, variables = posterior::variables(fit)) {
  cdfs <- exact_cdfs(fit, variables)
  for (name in variables) expect_distribution(draws_of(fit, name), cdfs[[name]], label = name)
}

simulated <- function(sizes, seed = 1) {
  withr::with_seed(seed, {
    g <- rep(seq_along(sizes), sizes)
    data.frame(g = g, x = rnorm(length(g), 1), y = rnorm(length(g), rnorm(length(sizes), 0, 2)[g], 3))
  })
}
small <- simulated(c(2, 8, 5))

# Distributions ------------------------------------------------------------------------------------------------------------

test_that("1e5 draws of each parameter follow the quadrature: every model", {
  skip_on_cran() # long
  size <- list(chains = 1, iter_sampling = 1e5, seed = 20)
  fit <- function(f, ...) do.call(f, c(list(...), size))
  expect_exact_draws(fit(complete_pooling, y ~ x, small))
  expect_exact_draws(fit(no_pooling, y ~ 1 + (1 | g), small))
  expect_exact_draws(fit(no_pooling, y ~ x + (1 | g), small))
  expect_exact_draws(fit(partial_pooling, y ~ 1 + (1 | g), simulated(c(1, 20, 3, 3, 7))))
  expect_exact_draws(fit(varying_intercept, y ~ x + (1 | g), small))
  expect_exact_draws(fit(partial_pooling, y ~ 0 + (1 | g), small))
})

test_that("1e5 draws follow the quadrature: three groups, half-Cauchy", {
  heavy <- list(sigma_y = dist_cauchy(0, 1), sigma_mu = dist_cauchy(0, 5))
  fit <- partial_pooling(y ~ 1 + (1 | g), small, prior = heavy, chains = 1, iter_sampling = 1e5, seed = 3)
  expect_exact_draws(fit)
  flat <- c(heavy, list(hyper_mu = dist_uniform(-Inf, Inf)))
  fit <- partial_pooling(y ~ 1 + (1 | g), small, prior = flat, chains = 1, iter_sampling = 1e5, seed = 4)
  expect_exact_draws(fit)
})

test_that("1e5 draws follow the quadrature: priors with edges", {
  fit <- partial_pooling(
    y ~ 1 + (1 | g), small, chains = 1, iter_sampling = 1e5, seed = 5,
    prior = list(sigma_y = dist_uniform(2, 5), sigma_mu = dist_uniform(0, 3))
  )
  expect_exact_draws(fit, c("hyper_mu", "mu[1]", "mu[2]"))
  # Splines overshoot at an edge; between, the distribution is smooth.
  for (name in c("sigma_y", "sigma_mu")) {
    x <- draws_of(fit, name)
    edges <- if (name == "sigma_y") c(2, 5) else c(0, 3)
    expect_true(all(x >= edges[1] & x <= edges[2]))
    probs <- seq(0.02, 0.98, by = 0.02)
    table <- exact_summary(fit, probs = probs)
    q <- as.numeric(table[table$variable == name, -(1:3)])
    counts <- tabulate(findInterval(x, q) + 1, length(q) + 1)
    expect_gt(stats::chisq.test(counts, p = diff(c(0, probs, 1)))$p.value, 1e-6)
  }
})

test_that("parameters are jointly right", {
  data <- simulated(c(2, 8, 5, 3), seed = 6)
  priors <- list(hyper_mu = p_normal(0, 5), sigma_y = p_exponential(0.3), sigma_mu = p_half_cauchy(0, 3))
  fit <- partial_pooling(y ~ 1 + (1 | g), data, prior = package_priors(priors), chains = 1, iter_sampling = 1e5, seed = 7)
  oracle <- oracle_fit("partial_pooling", data$y, priors, group = data$g)[[1]]
  at <- oracle$at
  linear <- function(weight, effect) oracle_linear(oracle$problem, at, weight, effect)
  mu1 <- draws_of(fit, "mu[1]")
  mu2 <- draws_of(fit, "mu[2]")
  hyper_mu <- draws_of(fit, "hyper_mu")
  sigma <- draws_of(fit, "sigma_y")
  tau <- draws_of(fit, "sigma_mu")

  difference <- linear(0, c(1, -1, 0, 0))
  expect_within_mcse(mu1 - mu2, sum(at$weight * difference$mean))
  expect_within_mcse((mu1 - mu2)^2, sum(at$weight * (difference$mean^2 + difference$sd^2)))
  total <- linear(1, c(1, 1, 0, 0) / 2)
  expect_within_mcse(((mu1 + mu2) / 2)^2, sum(at$weight * (total$mean^2 + total$sd^2)))
  effect <- linear(0, c(1, 0, 0, 0))
  expect_within_mcse((mu1 - hyper_mu)^2, sum(at$weight * (effect$mean^2 + effect$sd^2)))
  first <- linear(1, c(1, 0, 0, 0))
  expect_within_mcse(log(sigma) * mu1, sum(at$weight * log(at$sigma) * first$mean))
  expect_within_mcse(log(tau) * mu1, sum(at$weight * log(at$tau) * first$mean))
  expect_within_mcse(log(tau) * log(sigma), sum(at$weight * log(at$sigma) * log(at$tau)))
  expect_within_mcse(tau / (1 + tau) * (mu1 - mu2)^2, sum(at$weight * at$tau / (1 + at$tau) * (difference$mean^2 + difference$sd^2)))
})

test_that("coefficients are jointly right", {
  skip_on_cran() # long
  data <- transform(simulated(c(2, 8, 5), seed = 8), z = x + withr::with_seed(9, rnorm(15, 0, 0.5)))
  priors <- list(beta_0 = p_normal(0, 5), beta = p_normal(0, 5), sigma_y = p_exponential(0.3), sigma_0 = p_exponential(0.5))
  fit <- varying_intercept(y ~ x + z + (1 | g), data, prior = package_priors(priors), chains = 1, iter_sampling = 1e5, seed = 9)
  oracle <- oracle_fit("varying_intercept", data$y, priors, group = data$g, x = cbind(x = data$x, z = data$z))[[1]]
  weight <- oracle$at$weight
  second <- function(...) {
    combination <- oracle_linear(oracle$problem, oracle$at, ...)
    sum(weight * (combination$mean^2 + combination$sd^2))
  }
  slope <- draws_of(fit, "beta[x]")
  expect_within_mcse((draws_of(fit, "beta_0") + 2 * slope)^2, second(c(1, 2, 0), c(0, 0, 0)))
  expect_within_mcse((draws_of(fit, "beta_0j[2]") + slope)^2, second(c(1, 1, 0), c(0, 1, 0)))
  expect_within_mcse((draws_of(fit, "beta_0j[1]") - draws_of(fit, "beta_0j[3]"))^2, second(c(0, 0, 0), c(1, 0, -1)))
  expect_within_mcse((slope + draws_of(fit, "beta[z]"))^2, second(c(0, 1, 1), c(0, 0, 0)))
})

test_that("draws look independent to posterior", {
  fit <- partial_pooling(y ~ 1 + (1 | g), small, seed = 10)
  table <- summary(fit, pars = posterior::variables(fit), diagnostics = TRUE)
  expect_lt(max(abs(table$rhat - 1)), 0.005)
  expect_gt(min(table$ess_bulk), 3500)
  expect_lt(max(table$ess_bulk), 4600)
  x <- matrix(draws_of(fit, "hyper_mu"), ncol = 1)
  expect_lt(max(abs(acf(x, plot = FALSE)$acf[-1])), 5.5 / sqrt(4000))
})

# The prior ----------------------------------------------------------------------------------------------------------------

test_that("prior_only draws from the prior", {
  prior <- list(hyper_mu = dist_normal(3, 2), sigma_y = dist_cauchy(0, 2), sigma_mu = dist_gamma(2, 3))
  fit <- partial_pooling(y ~ 1 + (1 | g), small, prior = prior, prior_only = TRUE, chains = 1, iter_sampling = 1e5, seed = 11)
  expect_distribution(draws_of(fit, "hyper_mu"), function(x) pnorm(x, 3, 2), label = "hyper_mu")
  expect_distribution(draws_of(fit, "sigma_y"), function(x) 2 * pcauchy(x, 0, 2) - 1, label = "sigma_y")
  expect_distribution(draws_of(fit, "sigma_mu"), function(x) pgamma(x, 2, 3), label = "sigma_mu")
  eta <- (draws_of(fit, "mu[2]") - draws_of(fit, "hyper_mu")) / draws_of(fit, "sigma_mu")
  expect_distribution(eta, pnorm, label = "standardised group effect")
  other <- (draws_of(fit, "mu[3]") - draws_of(fit, "hyper_mu")) / draws_of(fit, "sigma_mu")
  expect_within_mcse(eta * other, 0)
  expect_within_mcse(eta * draws_of(fit, "hyper_mu"), 0)
})

test_that("prior_only draws from the prior: each group on its own, and scales of every family", {
  scale_cdfs <- list(
    list(dist_exponential(2), function(x) pexp(x, 2)), list(dist_lognormal(1, 0.5), function(x) plnorm(x, 1, 0.5)),
    list(dist_inverse_gamma(3, scale = 2), function(x) pgamma(1 / x, 3, rate = 2, lower.tail = FALSE)),
    list(dist_uniform(1, 4), function(x) punif(x, 1, 4)), list(dist_uniform(0, 4), function(x) punif(x, 0, 4)),
    list(dist_normal(0, 3), function(x) 2 * pnorm(x, 0, 3) - 1),
    list(dist_normal(2, 3), function(x) (pnorm(x, 2, 3) - pnorm(0, 2, 3)) / pnorm(0, 2, 3, lower.tail = FALSE)),
    list(dist_student_t(4, 0, 3), function(x) 2 * pt(x / 3, 4) - 1)
  )
  for (i in seq_along(scale_cdfs)) {
    fit <- no_pooling(
      y ~ 1 + (1 | g), small, prior = list(mu = dist_normal(-1, 4), sigma = scale_cdfs[[i]][[1]]),
      prior_only = TRUE, chains = 1, iter_sampling = 2e4, seed = i
    )
    expect_distribution(draws_of(fit, "sigma[2]"), scale_cdfs[[i]][[2]], label = format(scale_cdfs[[i]][[1]]))
    expect_distribution(draws_of(fit, "mu[3]"), function(x) pnorm(x, -1, 4), label = "mu[3]")
    # Groups are independent of each other: no stream is used twice.
    expect_within_mcse((draws_of(fit, "mu[1]") + 1) * (draws_of(fit, "mu[2]") + 1), 0)
  }
})

# Streams ------------------------------------------------------------------------------------------------------------------

test_that("the same seed gives the same draws, whatever the cores and the layout", {
  fit <- function(...) varying_intercept(y ~ x + (1 | g), small, seed = 12, ...)
  values <- function(fit) unname(unclass(posterior::as_draws_matrix(fit)))
  one <- fit(cores = 1)
  expect_identical(values(fit(cores = 2)), values(one))
  expect_identical(values(fit(cores = 1)), values(one))
  strip <- function(x) {
    attributes(x) <- list(dim = dim(x))
    x
  }
  expect_identical(strip(values(fit(chains = 1, iter_sampling = 4000, cores = 2))), strip(values(one)))
  expect_identical(strip(values(fit(chains = 8, iter_sampling = 500))), strip(values(one)))
  expect_identical(dim(one$draws), c(1000L, 4L, 7L))
  groups <- function(cores) values(no_pooling(y ~ 1 + (1 | g), small, seed = 12, cores = cores))
  expect_identical(groups(2), groups(1))
  expect_false(identical(values(varying_intercept(y ~ x + (1 | g), small, seed = 13)), values(one)))
})

test_that("set.seed() governs where there is no seed, and R's generator advances", {
  withr::local_preserve_seed()
  fit <- function(...) complete_pooling(y ~ 1, small, iter_sampling = 50, ...)$draws
  set.seed(1)
  first <- fit()
  second <- fit()
  set.seed(1)
  expect_identical(fit(), first)
  expect_false(identical(first, second))

  set.seed(1)
  before <- .Random.seed
  fit(seed = 5)
  expect_identical(.Random.seed, before)
  fit()
  expect_false(identical(.Random.seed, before))
})

test_that("the seed that a fit drew for itself repeats it", {
  fit <- complete_pooling(y ~ 1, small, iter_sampling = 50)
  expect_identical(complete_pooling(y ~ 1, small, iter_sampling = 50, seed = fit$seed)$draws, fit$draws)
})

# Names --------------------------------------------------------------------------------------------------------------------

test_that("the variables of each model have the promised names, in order", {
  data <- data.frame(site = rep(c("Oslo", "Kassel"), each = 4), stress = c(1, 3, 2, 5, 4, 1, 2, 2), y = c(3, 4, 6, 5, 9, 8, 7, 11))
  names_of <- function(f, formula, ...) {
    fit <- f(formula, data, iter_sampling = 10, seed = 1, ...)
    expect_identical(dimnames(posterior::as_draws_array(fit))$variable, posterior::variables(fit))
    expect_identical(dimnames(posterior::as_draws_matrix(fit))$variable, posterior::variables(fit))
    shown <- exact_summary(fit)$variable
    expect_identical(setdiff(shown, "icc"), posterior::variables(fit))
    posterior::variables(fit)
  }
  mu <- c("mu[Kassel]", "mu[Oslo]")
  expect_identical(names_of(complete_pooling, y ~ 1), c("mu", "sigma"))
  expect_identical(names_of(complete_pooling, y ~ stress), c("beta_0", "beta[stress]", "sigma"))
  expect_identical(names_of(no_pooling, y ~ 1 + (1 | site)), c(mu, "sigma[Kassel]", "sigma[Oslo]"))
  expect_identical(names_of(no_pooling, y ~ 1 + (1 | site), sigma = "common"), c(mu, "sigma"))
  expect_identical(names_of(no_pooling, y ~ stress + (1 | site)), c("beta_0j[Kassel]", "beta_0j[Oslo]", "beta[stress]", "sigma"))
  expect_identical(names_of(partial_pooling, y ~ 1 + (1 | site)), c("hyper_mu", mu, "sigma_y", "sigma_mu"))
  expect_identical(
    names_of(varying_intercept, y ~ stress + (1 | site)),
    c("beta_0", "beta[stress]", "beta_0j[Kassel]", "beta_0j[Oslo]", "sigma_y", "sigma_0")
  )
  data$site <- factor(data$site, levels = c("Oslo", "nowhere", "Kassel"))
  expect_identical(names_of(no_pooling, y ~ 1 + (1 | site), sigma = "common"), c(rev(mu), "sigma"))
})

test_that("few draws give no warnings of other packages", {
  fit <- complete_pooling(yield ~ 1, npk, chains = 1, iter_sampling = 100, seed = 1)
  # Draws that swing have more than their number's worth, of which posterior takes a bound.
  fit$draws[, 1, "mu"] <- 55 + rep(c(-1, 1), 50) + 1e-3 * sin(seq_len(100))
  expect_warning(posterior::ess_bulk(matrix(fit$draws[, 1, "mu"])), "capped")
  expect_no_warning(summary(fit))
  expect_no_warning(bayesplot::neff_ratio(fit))
})

test_that("1e5 draws follow the quadrature where the standard deviation within groups is known", {
  fit <- partial_pooling(
    y ~ 1 + (1 | g), small, prior = list(sigma_y = dist_degenerate(3)), chains = 1, iter_sampling = 1e5, seed = 6
  )
  expect_exact_draws(fit, setdiff(posterior::variables(fit), "sigma_y"))
  expect_identical(unique(draws_of(fit, "sigma_y")), 3)
})

test_that("as.matrix(), as.array() and as.data.frame() give draws as they do for rstanarm's fits", {
  fit <- partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1, iter_sampling = 10, chains = 3)
  array <- as.array(fit)
  expect_identical(dimnames(array), list(iterations = NULL, chains = paste0("chain:", 1:3), parameters = variables(fit)))
  expect_identical(c(array), c(unclass(as_draws_array(fit))))
  matrix <- as.matrix(fit)
  expect_identical(dimnames(matrix), list(iterations = NULL, parameters = variables(fit)))
  expect_identical(c(matrix), c(array))
  frame <- as.data.frame(fit)
  expect_s3_class(frame, "data.frame", exact = TRUE)
  expect_named(frame, variables(fit))
  expect_identical(unlist(frame, use.names = FALSE), c(matrix))
  some <- c("hyper_mu", "sigma_y", "sigma_mu")
  expect_identical(as.matrix(fit, pars = "hyper_mu", regex_pars = "^sigma"), matrix[, some])
  expect_identical(as.array(fit, pars = some), array[, , some])
  expect_identical(as.data.frame(fit, pars = some), frame[some])
  for (f in list(as.matrix, as.array, as.data.frame)) {
    expect_error(f(fit, pars = "tau"), "hyper_mu", class = "bayespool_error_argument")
    expect_error(f(update(fit, iter_sampling = 0)), class = "bayespool_error_draws")
  }
})

test_that("coda gets a list of chains", {
  skip_if_not_installed("coda")
  fit <- partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1, iter_sampling = 10, chains = 3)
  chains <- coda::as.mcmc.list(fit)
  expect_identical(coda::as.mcmc(fit), chains)
  expect_identical(c(coda::nchain(chains), coda::niter(chains), coda::nvar(chains)), c(3L, 10L, 9L))
  expect_identical(c(unclass(chains[[2]])[, "sigma_y"]), c(as.array(fit)[, 2, "sigma_y"]))
  expect_identical(coda::varnames(coda::as.mcmc(fit, regex_pars = "sigma")), c("sigma_y", "sigma_mu"))
})
