# Fits by NUTS: the same posterior as the exact algorithm, reproducible, with warnings and diagnostics that say what went
# wrong.

use_code("chains")

simulate <- function(sizes, seed) {
  withr::with_seed(seed, {
    g <- rep(seq_along(sizes), sizes)
    data.frame(g = g, x = rnorm(length(g), 1), z = rnorm(length(g)), y = rnorm(length(g), rnorm(length(sizes), 0, 2)[g], 3))
  })
}
three <- simulate(c(4, 9, 6), 1)
sites <- subset(hpp_sites, site %in% five_sites)
course_priors <- list(hyper_mu = dist_normal(40, 20), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
course <- function(form, seed, ...) {
  partial_pooling(
    scontrol ~ 1 + (1 | site), sites, prior = course_priors, algorithm = "nuts", seed = seed, control = nuts_control(form), ...
  )
}
small <- quietly(partial_pooling(y ~ 1 + (1 | g), three, algorithm = "nuts", iter_sampling = 100, iter_warmup = 200, seed = 1))

# The same posterior -------------------------------------------------------------------------------------------------------

test_that("NUTS gives the exact posterior of every model: five sites", {
  skip_on_cran() # long
  expect_like_exact(nuts(complete_pooling, scontrol ~ 1, sites))
  expect_like_exact(nuts(complete_pooling, scontrol ~ stress, sites))
  expect_like_exact(nuts(no_pooling, scontrol ~ 1 + (1 | site), sites))
  expect_like_exact(nuts(no_pooling, scontrol ~ 1 + (1 | site), sites, sigma = "common"))
  expect_like_exact(nuts(no_pooling, scontrol ~ stress + (1 | site), sites))
  # Under the default prior, exponential(1 / 7.6), about one run in a hundred gets lost where sigma_mu is above 10.
  expect_like_exact(nuts(partial_pooling, scontrol ~ 1 + (1 | site), sites, prior = course_priors))
  priors <- list(sigma_0 = dist_exponential(1))
  expect_like_exact(nuts(varying_intercept, scontrol ~ stress + (1 | site), sites, prior = priors))
})

test_that("NUTS gives the exact posterior from the study's rows", {
  hpp <- shared_data("hpp.csv")
  hpp <- hpp[hpp$site %in% five_sites, ]
  expect_like_exact(nuts(partial_pooling, scontrol ~ 1 + (1 | site), hpp, prior = course_priors))
})

test_that("NUTS gives the exact posterior with 3 and 8 groups, without a population mean, with flat and bounded priors", {
  skip_on_cran() # long
  tau <- list(sigma_mu = dist_exponential(1))
  expect_like_exact(nuts(partial_pooling, y ~ 1 + (1 | g), three, prior = tau))
  expect_like_exact(nuts(partial_pooling, y ~ 0 + (1 | g), three, prior = tau))
  eight <- simulate(2:9, 2)
  expect_like_exact(nuts(varying_intercept, y ~ x + z + (1 | g), eight))
  priors <- list(hyper_mu = dist_uniform(-Inf, Inf), sigma_y = dist_uniform(1, 4), sigma_mu = dist_uniform(0, 5))
  expect_like_exact(nuts(partial_pooling, y ~ 1 + (1 | g), eight, prior = priors))
  priors <- list(mu = dist_uniform(-Inf, Inf), sigma = dist_uniform(0, Inf))
  expect_like_exact(nuts(no_pooling, y ~ 1 + (1 | g), eight, sigma = "common", prior = priors))
})

test_that("NUTS gives the exact posterior with 100 groups, in both forms", {
  skip_on_cran() # long
  hundred <- simulate(rep(c(5, 10, 20), length.out = 100), 3)
  shown <- paste0("mu[", c(1:3, 50, 100), "]")
  for (form in c("noncentered", "centered")) {
    fit <- nuts(partial_pooling, y ~ 1 + (1 | g), hundred, form = form, iter_sampling = 2000)
    expect_like_exact(fit, c("hyper_mu", shown, "sigma_y", "sigma_mu"))
  }
  fit <- nuts(varying_intercept, y ~ x + z + (1 | g), hundred, form = "centered", iter_sampling = 2000)
  expect_like_exact(fit, c("beta_0", "beta[x]", "beta[z]", "beta_0j[1]", "beta_0j[100]", "sigma_y", "sigma_0"))
})

test_that("NUTS draws from the prior", {
  priors <- list(
    beta_0 = dist_normal(1, 2), beta = dist_normal(-1, 3), sigma_y = dist_gamma(3, 2), sigma_0 = dist_normal(1, 1)
  )
  expect_like_exact(nuts(varying_intercept, y ~ x + (1 | g), three, prior = priors, prior_only = TRUE))
})

# The lesson ---------------------------------------------------------------------------------------------------------------

test_that("on the course's example the centered form diverges and the non-centered form is right", {
  runs <- function(form) lapply(1:5, function(seed) quietly(course(form, seed, cores = 2)))
  centered <- vapply(runs("centered"), divergences, 0)
  noncentered <- runs("noncentered")
  # 414 of 20,000 were published; Stan has 20 to 400 of 4,000. How many depends on the step size and on whether a chain gets
  # stuck in the neck: 20 to 560 in 30 trial runs.
  expect_gt(min(centered), 4)
  expect_gt(median(centered), 10)
  expect_lt(median(centered), 600)
  few <- sum(vapply(noncentered, divergences, 0))
  expect_lt(few, 0.01 * 5 * 4000)
  expect_lt(few, sum(centered) / 2)
  exact <- exact_summary(noncentered[[1]])
  sigma_mu <- do.call(cbind, lapply(noncentered, matrix_of, "sigma_mu"))
  expect_within_mcse(sigma_mu, exact$mean[exact$variable == "sigma_mu"])
})

# Streams ------------------------------------------------------------------------------------------------------------------

test_that("the same seed gives the same draws on one core and on two", {
  fit <- function(...) quietly(update(small, ...))
  expect_identical(fit()$draws, small$draws)
  expect_identical(fit(cores = 2)$draws, small$draws)
  expect_identical(fit(cores = 2)$nuts$diagnostics, small$nuts$diagnostics)
  # A chain does not know how many others there are, nor how long it goes on.
  expect_identical(values_of(fit(chains = 2, cores = 2)), values_of(small)[, 1:2, ])
  expect_identical(values_of(fit(iter_sampling = 200))[1:100, , ], values_of(small))
  expect_false(identical(values_of(fit(seed = 2)), values_of(small)))
  for (pair in asplit(utils::combn(4, 2), 2)) {
    expect_false(any(values_of(small)[, pair[1], ] == values_of(small)[, pair[2], ]))
  }
})

test_that("set.seed() governs where there is no seed", {
  withr::local_preserve_seed()
  fit <- function(...) quietly(update(small, seed = NULL, iter_sampling = 20, ...))
  set.seed(1)
  first <- fit()
  second <- fit()
  set.seed(1)
  expect_identical(fit(cores = 2)$draws, first$draws)
  expect_false(identical(first$draws, second$draws))
  expect_identical(quietly(update(small, seed = second$seed, iter_sampling = 20))$draws, second$draws)
  before <- .Random.seed
  quietly(update(small))
  expect_identical(.Random.seed, before)
})

test_that("moments give the draws of their rows", {
  fit <- function(data) {
    quietly(varying_intercept(y ~ x + (1 | g), data, algorithm = "nuts", iter_warmup = 200, iter_sampling = 50, seed = 3))
  }
  expect_identical(fit(group_moments(y ~ x + (1 | g), three))$draws, fit(three)$draws)
})

# The fit as an object -----------------------------------------------------------------------------------------------------

test_that("all but the draws is that of the exact fit", {
  exact <- partial_pooling(y ~ 1 + (1 | g), three, iter_sampling = 100, seed = 1)
  expect_identical(dimnames(small$draws), dimnames(exact$draws))
  expect_identical(posterior::variables(small), posterior::variables(exact))
  expect_identical(exact_summary(small), exact_summary(exact))
  expect_identical(log_marginal_likelihood(small), log_marginal_likelihood(exact))
  expect_identical(prior_summary(small), prior_summary(exact))
  expect_identical(nobs(small), nobs(exact))
  expect_identical(summary(small)$variable, summary(exact)$variable)
  expect_output(print(small), "sigma_mu")
  expect_identical(update(small, algorithm = "exact")$draws, exact$draws)
  expect_identical(quietly(update(exact, algorithm = "nuts", iter_warmup = 200))$draws, small$draws)
  none <- update(small, iter_sampling = 0)
  expect_identical(exact_summary(none), exact_summary(exact))
  expect_error(posterior::as_draws(none), class = "bayespool_error_draws")
  expect_error(nuts_adaptation(none), class = "bayespool_error_draws")
})

test_that("all formats of posterior hold the draws", {
  array <- posterior::as_draws_array(small)
  for (convert in list(
    posterior::as_draws, posterior::as_draws_df, posterior::as_draws_matrix, posterior::as_draws_list,
    posterior::as_draws_rvars
  )) {
    expect_equal(posterior::as_draws_array(convert(small)), array)
  }
  for (size in list(c(1, 1), c(1, 2), c(3, 1))) {
    tiny <- quietly(update(small, iter_sampling = size[1], chains = size[2]))
    expect_equal(dim(tiny$draws), c(size, 6))
  }
})

test_that("a saved fit is small and comes back", {
  file <- withr::local_tempfile()
  saveRDS(small, file)
  expect_equal(readRDS(file), small)
  # Six variables and seven diagnostics of 400 draws.
  expect_lt(length(serialize(small, NULL)), 8 * 400 * (6 + 7) + 20000)
})

# Warnings -----------------------------------------------------------------------------------------------------------------

# The package's warnings as a list named by kind; others stay warnings.
caught <- function(fit) {
  found <- list()
  withCallingHandlers(fit, bayespool_warning = function(cnd) {
    found[[length(found) + 1]] <<- cnd
    invokeRestart("muffleWarning")
  })
  names(found) <- vapply(found, function(cnd) sub("bayespool_warning_", "", class(cnd)[1]), "")
  found
}
expect_warns <- function(found, kind, ...) {
  expect_false(anyDuplicated(names(found)) > 0)
  expect_true(kind %in% names(found))
  text <- gsub("\\s+", " ", conditionMessage(found[[kind]]))
  for (part in c(..., 'algorithm = "exact"')) expect_match(text, part, fixed = TRUE)
}

test_that("a good fit warns of nothing", {
  expect_no_warning(complete_pooling(yield ~ N, npk, algorithm = "nuts", seed = 1, iter_sampling = 2000))
  expect_no_warning(no_pooling(scontrol ~ 1 + (1 | site), sites, algorithm = "nuts", seed = 1, iter_sampling = 2000))
})

test_that("each kind of trouble has its warning, once, with the way out", {
  found <- caught(fit <- course("centered", 1))
  count <- sprintf("%d of 4000", divergences(fit))
  expect_warns(found, "divergent", count, 'parameterization = "noncentered"', "adapt_delta = 0.99")
  expect_identical(as.character(conditionCall(found$divergent)[[1]]), "partial_pooling")

  priors <- list(sigma_mu = dist_lognormal(0, 1.5), sigma_y = dist_degenerate(1))
  found <- caught(partial_pooling(
    y ~ 0 + (1 | g), data.frame(g = 1:9, y = 0), prior = priors, prior_only = TRUE, algorithm = "nuts", seed = 1,
    iter_sampling = 2000, control = nuts_control("centered")
  ))
  expect_warns(found, "bfmi", "E-BFMI", 'parameterization = "noncentered"', "iter_sampling")

  # Two predictors that are nearly the same, and hardly a step at a time.
  ridge <- transform(three, z = x + z / 100)
  found <- caught(complete_pooling(y ~ x + z, ridge, algorithm = "nuts", seed = 1, control = nuts_control(max_treedepth = 2)))
  expect_warns(found, "treedepth", "max_treedepth = 4")
  expect_warns(found, "rhat", "up to", "iter_warmup")
  expect_no_match(conditionMessage(found$treedepth), "noncentered")

  found <- caught(complete_pooling(yield ~ 1, npk, algorithm = "nuts", seed = 1, iter_sampling = 20))
  expect_warns(found, "ess", "below 400", "iter_sampling")
  expect_no_match(conditionMessage(found$ess), "noncentered")
})

# Diagnostics --------------------------------------------------------------------------------------------------------------

with_warmup <- quietly(update(small, iter_warmup = 50, iter_sampling = 30, control = nuts_control(save_warmup = TRUE)))

test_that("the draws of warmup come first where they were kept", {
  all <- posterior::as_draws(with_warmup, inc_warmup = TRUE)
  expect_identical(dim(all), c(80L, 4L, 6L))
  expect_identical(unname(unclass(all)[51:80, , ]), values_of(with_warmup))
  expect_equal(posterior::as_draws_array(posterior::as_draws_df(with_warmup, inc_warmup = TRUE)), all)
  # Keeping them changes nothing.
  without <- quietly(update(with_warmup, control = nuts_control()))
  expect_identical(without$draws, with_warmup$draws)
  expect_error(posterior::as_draws(without, inc_warmup = TRUE), "save_warmup", class = "bayespool_error_draws")
  expect_error(posterior::as_draws(small, inc_warmup = NA), class = "bayespool_error_argument")
})

test_that("diagnostics have bayesplot's form", {
  skip_if_not_installed("bayesplot")
  np <- bayesplot::nuts_params(small)
  expect_named(np, c("Chain", "Iteration", "Parameter", "Value"))
  names <- c("accept_stat__", "stepsize__", "treedepth__", "n_leapfrog__", "divergent__", "energy__")
  expect_identical(levels(np$Parameter), names)
  expect_identical(nrow(np), 6L * 400L)
  value <- function(np, chain, iteration) {
    np$Value[np$Chain == chain & np$Iteration == iteration & np$Parameter == "energy__"]
  }
  expect_identical(value(np, 3, 7), small$nuts$diagnostics[[7, 3, "energy__"]])
  chosen <- bayesplot::nuts_params(small, pars = c("energy__", "divergent__"))
  expect_setequal(as.character(chosen$Parameter), c("energy__", "divergent__"))
  expect_identical(value(chosen, 3, 7), value(np, 3, 7))
  all <- bayesplot::nuts_params(with_warmup, inc_warmup = TRUE)
  after <- bayesplot::nuts_params(with_warmup)
  expect_identical(max(all$Iteration), 80L)
  expect_identical(value(all, 2, 60), value(after, 2, 10))
  lp <- bayesplot::log_posterior(small)
  expect_named(lp, c("Chain", "Iteration", "Value"))
  expect_identical(lp$Value[lp$Chain == 2 & lp$Iteration == 5], small$nuts$diagnostics[[5, 2, "lp"]])
  expect_identical(nrow(bayesplot::log_posterior(with_warmup, inc_warmup = TRUE)), 320L)
  expect_error(bayesplot::nuts_params(small, pars = "energy"), class = "bayespool_error_argument")
  expect_error(bayesplot::nuts_params(small, inc_warmup = TRUE), "save_warmup", class = "bayespool_error_draws")
  expect_error(bayesplot::log_posterior(small, inc_warmup = TRUE), class = "bayespool_error_draws")
})

test_that("bayesplot draws them", {
  skip_if_not_installed("bayesplot")
  skip_if_not_installed("gridExtra") # bayesplot's pairs need it
  fit <- quietly(course("centered", 1, iter_sampling = 200))
  draws <- posterior::as_draws_array(fit)
  np <- bayesplot::nuts_params(fit)
  withr::local_pdf(NULL)
  pars <- c("hyper_mu", "sigma_mu")
  expect_no_error(print(bayesplot::mcmc_trace(draws, pars = pars, np = np)))
  expect_no_error(print(bayesplot::mcmc_pairs(draws, pars = pars, np = np)))
  expect_no_error(print(bayesplot::mcmc_parcoord(draws, np = np)))
  expect_no_error(suppressMessages(print(bayesplot::mcmc_nuts_energy(np))))
  expect_no_error(suppressMessages(print(bayesplot::mcmc_nuts_divergence(np, bayesplot::log_posterior(fit)))))
})

test_that("rhat() and neff_ratio() are posterior's", {
  for (fit in list(small, partial_pooling(y ~ 1 + (1 | g), three, iter_sampling = 100, seed = 1))) {
    rhat <- posterior::rhat(fit)
    expect_named(rhat, posterior::variables(fit))
    expect_identical(rhat[["sigma_mu"]], posterior::rhat(matrix_of(fit, "sigma_mu")))
    expect_identical(posterior::rhat(fit, pars = "sigma_mu"), rhat["sigma_mu"])
    skip_if_not_installed("bayesplot")
    expect_identical(bayesplot::rhat(fit), rhat)
    ratio <- bayesplot::neff_ratio(fit)
    expect_named(ratio, posterior::variables(fit))
    expect_equal(ratio[["mu[2]"]], posterior::ess_mean(matrix_of(fit, "mu[2]")) / 400)
  }
  expect_error(posterior::rhat(small, pars = "mu"), class = "bayespool_error_argument")
})

test_that("an exact fit says that there was no chain", {
  exact <- partial_pooling(y ~ 1 + (1 | g), three, iter_sampling = 10, seed = 1)
  expect_error(nuts_adaptation(exact), "no chain", class = "bayespool_error_algorithm")
  expect_error(posterior::as_draws(exact, inc_warmup = TRUE), "no chain", class = "bayespool_error_algorithm")
  skip_if_not_installed("bayesplot")
  expect_error(bayesplot::nuts_params(exact), "no chain", class = "bayespool_error_algorithm")
  expect_error(bayesplot::log_posterior(exact), "no chain", class = "bayespool_error_algorithm")
})

# Refusals -----------------------------------------------------------------------------------------------------------------

test_that("settings outside their range are refused", {
  expect_wrong <- function(...) expect_error(nuts_control(...), class = "bayespool_error_argument")
  for (value in list(0, 1, -0.1, 1.5, NA, Inf, "a", c(0.8, 0.9), NULL)) expect_wrong(adapt_delta = value)
  for (value in list(0, 21, 1.5, NA, Inf, "a", c(5, 10), NULL)) expect_wrong(max_treedepth = value)
  for (value in list("non-centered", 1, NA, NULL, c("centered", "noncentered"))) expect_wrong(parameterization = value)
  for (value in list("yes", NA, 1, NULL)) expect_wrong(save_warmup = value)
  for (control in list(list(adapt_delta = 0.9), NULL, 0.9)) {
    expect_error(update(small, control = control), class = "bayespool_error_argument")
  }
  for (warmup in list(-1, 1.5, NA, "a", c(1, 2))) {
    expect_error(update(small, iter_warmup = warmup), class = "bayespool_error_argument")
  }
})

test_that("settings of NUTS given to the exact algorithm are refused", {
  exact <- function(...) partial_pooling(y ~ 1 + (1 | g), three, iter_sampling = 0, ...)
  expect_error(exact(iter_warmup = 500), "iter_warmup", class = "bayespool_error_argument")
  expect_error(exact(control = nuts_control("centered")), "control", class = "bayespool_error_argument")
  expect_no_error(exact(iter_warmup = 1000, control = nuts_control()))
})

test_that("only models with a population have a centered form", {
  centered <- nuts_control("centered")
  run <- function(f, formula, ...) f(formula, three, algorithm = "nuts", iter_sampling = 10, iter_warmup = 10, seed = 1, ...)
  expect_error(run(complete_pooling, y ~ 1, control = centered), "complete_pooling", class = "bayespool_error_argument")
  expect_error(run(no_pooling, y ~ 1 + (1 | g), control = centered), "no_pooling", class = "bayespool_error_argument")
  expect_no_error(quietly(run(complete_pooling, y ~ 1, control = nuts_control("noncentered"))))
  expect_no_error(quietly(run(varying_intercept, y ~ x + (1 | g), control = centered)))
})

test_that("what cannot be sampled is refused", {
  run <- function(..., data = three) complete_pooling(y ~ 1, data, prior = list(...), algorithm = "nuts", seed = 1)
  known <- dist_degenerate(1)
  expect_error(run(mu = known, sigma = known), "nothing to sample", class = "bayespool_error_argument")
  far <- transform(three, y = 1e80 * y) # squares beyond the range of numbers
  expect_error(run(mu = dist_normal(0, 1), sigma = dist_degenerate(1e-90), data = far), class = "bayespool_error_numerical")
  error <- expect_error(update(small, chains = 1, iter_sampling = 2e9), class = "bayespool_error_memory")
  expect_match(conditionMessage(error), "iter_sampling = 0", fixed = TRUE)
  expect_error(update(small, chains = 2, iter_sampling = 1000, iter_warmup = 2e9), class = "bayespool_error_memory")
  expect_error(
    update(small, chains = 1, iter_sampling = 1, iter_warmup = 2e9, control = nuts_control(save_warmup = TRUE)),
    class = "bayespool_error_memory"
  )
})

test_that("without warmup there are no draws of it to keep", {
  fit <- quietly(update(small, iter_warmup = 0, iter_sampling = 30, control = nuts_control(save_warmup = TRUE)))
  expect_identical(posterior::as_draws(fit, inc_warmup = TRUE), fit$draws)
})
