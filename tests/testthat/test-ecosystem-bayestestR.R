# bayestestR: what its functions say of a fit is what they say of its draws, in the shape that they have for fits of others.

skip_on_cran() # all of it takes long

exported <- function(package, name) getExportedValue(package, name)

rows <- withr::with_seed(1, {
  g <- rep(c("b", "a", "c", "d"), c(2, 9, 6, 4))
  data.frame(g = g, x = rnorm(21), f = rep(c("u", "v", "w"), 7), y = rnorm(21, match(g, letters), 2))
})
slopes <- varying_intercept(y ~ x + f + (1 | g), rows, seed = 1, prior = list(beta_0 = dist_normal(0, 5)))
fixed <- c("beta_0", "beta[x]", "beta[fv]", "beta[fw]")
draws <- as.data.frame(slopes, pars = fixed)
width <- 0.1 * sd(rows$y)

# The columns and attributes of `ours` that `theirs`, of a data frame of the same draws, has.
expect_of_draws <- function(ours, theirs) {
  expect_equal(as.data.frame(ours)[names(theirs)], as.data.frame(theirs), ignore_attr = TRUE)
  expect_identical(ours$Effects, rep("fixed", nrow(theirs)))
  expect_identical(ours$Component, rep("conditional", nrow(theirs)))
  expect_identical(attr(ours, "object_name"), "slopes")
}

test_that("bayestestR: intervals, estimates and tests are those of the draws, with the name of the fit", {
  skip_if_not_installed("bayestestR")
  expect_of_draws(bayestestR::hdi(slopes, ci = c(0.5, 0.9)), bayestestR::hdi(draws, ci = c(0.5, 0.9)))
  expect_of_draws(bayestestR::hdi(slopes, 0.9), bayestestR::hdi(draws, ci = 0.9))
  expect_of_draws(bayestestR::eti(slopes), bayestestR::eti(draws))
  expect_of_draws(bayestestR::bci(slopes), bayestestR::bci(draws))
  expect_of_draws(bayestestR::ci(slopes, method = "HDI"), bayestestR::hdi(draws))
  expect_of_draws(bayestestR::p_direction(slopes), bayestestR::p_direction(draws))
  expect_of_draws(bayestestR::p_map(slopes), bayestestR::p_map(draws))
  expect_of_draws(bayestestR::map_estimate(slopes), bayestestR::map_estimate(draws))
  expect_of_draws(bayestestR::point_estimate(slopes, centrality = "mean"), bayestestR::point_estimate(draws, centrality = "mean"))
  expect_of_draws(bayestestR::rope(slopes), bayestestR::rope(draws, range = c(-width, width)))
  expect_of_draws(bayestestR::rope(slopes, c(-1, 1)), bayestestR::rope(draws, range = c(-1, 1)))
  expect_of_draws(bayestestR::equivalence_test(slopes), bayestestR::equivalence_test(draws, range = c(-width, width)))
  expect_of_draws(bayestestR::p_significance(slopes), bayestestR::p_significance(draws, threshold = width))
  expect_equal(
    as.data.frame(bayestestR::estimate_density(slopes)), as.data.frame(bayestestR::estimate_density(draws)),
    ignore_attr = TRUE
  )
  table <- bayestestR::eti(slopes, ci = 0.94)
  expect_equal(table$CI_low, unname(vapply(draws, quantile, 0, 0.03)))
})

test_that("bayestestR: effects, component and parameters say which", {
  skip_if_not_installed("bayestestR")
  expect_setequal(bayestestR::hdi(slopes, effects = "all")$Parameter, posterior::variables(slopes))
  table <- bayestestR::eti(slopes, effects = "all", parameters = "sigma")
  expect_identical(table$Parameter, c("sigma_0", "sigma_y"))
  expect_identical(table$Effects, c("random", "fixed"))
  expect_identical(table$Component, c("conditional", "sigma"))
  expect_identical(bayestestR::p_direction(slopes, parameters = "f[vw]")$Parameter, fixed[3:4])
  expect_output(print(bayestestR::hdi(slopes)), "(Intercept)", fixed = TRUE)
  separate <- no_pooling(y ~ x + (1 | g), rows, seed = 1, iter_sampling = 50)
  expect_identical(bayestestR::p_direction(separate)$Parameter, c(paste0("beta_0j[", c("a", "b", "c", "d"), "]"), "beta[x]"))
})

test_that("bayestestR: one table of all, with diagnostics by chain and priors", {
  skip_if_not_installed("bayestestR")
  table <- as.data.frame(bayestestR::describe_posterior(slopes, priors = TRUE, diagnostic = "all"))
  expect_identical(table$Parameter, fixed)
  expect_equal(table$Median, unname(vapply(draws, median, 0)))
  expect_equal(table$ROPE_high, rep(width, 4))
  summary <- posterior::summarise_draws(posterior::as_draws_array(slopes), "rhat", "ess_bulk", "ess_tail", "mcse_median")
  summary <- lapply(summary[match(fixed, summary$variable), -1], as.double)
  expect_equal(table$Rhat, summary$rhat)
  expect_equal(table$ESS_tail, round(summary$ess_tail))
  expect_equal(table$MCSE, summary$mcse_median)
  expect_equal(bayestestR::effective_sample(slopes)$ESS_bulk, round(summary$ess_bulk))
  expect_equal(bayestestR::mcse(slopes)$MCSE, summary$mcse_median)
  expect_identical(table$Prior_Location[1], 0)
  expect_identical(table$Prior_Scale[1], 5)
  expect_equal(as.data.frame(bayestestR::describe_posterior(slopes, rope_range = c(-1, 1)))$ROPE_high[2], 1)
  expect_error(bayestestR::diagnostic_posterior(slopes, "rhat"), "Rhat", class = "bayespool_error_argument")
})

test_that("bayestestR: regions of counts and of moments, and thresholds", {
  skip_if_not_installed("bayestestR")
  expect_equal(bayestestR::rope_range(slopes), c(-width, width))
  counts <- varying_intercept(I(y > 2) ~ 1 + (1 | g), rows, family = binomial(), iter_sampling = 0)
  expect_equal(bayestestR::rope_range(counts), c(-0.1, 0.1) * pi / sqrt(3))
  moments <- update(slopes, data = group_moments(y ~ x + f + (1 | g), rows), iter_sampling = 0)
  expect_equal(bayestestR::rope_range(moments), c(-width, width))
  expect_equal(bayestestR::sexit(slopes)$Direction, bayestestR::p_direction(slopes)$pd)
  expect_equal(attr(bayestestR::sexit(slopes), "sexit_significance"), width / 2)
})

test_that("bayestestR: draws of the prior are of the prior", {
  skip_if_not_installed("bayestestR")
  prior <- withr::with_seed(1, bayestestR::simulate_prior(slopes, n = 4000))
  expect_identical(names(prior), fixed)
  expect_distribution(prior$beta_0, function(q) pnorm(q, 0, 5))
  every <- bayestestR::simulate_prior(update(slopes, prior = list(sigma_0 = dist_exponential(2))), n = 4000, effects = "all")
  expect_distribution(every$sigma_0, function(q) pexp(q, 2))
  from_prior <- bayestestR::unupdate(slopes)
  expect_identical(bayestestR::unupdate(from_prior), from_prior)
  expect_identical(bayestestR::check_prior(slopes)$Prior_Quality[1], "informative") # sd 5 is not ten times that of the posterior
  wide <- update(slopes, prior = list(beta_0 = dist_normal(0, 1000), sigma_0 = dist_exponential(1)))
  expect_identical(bayestestR::check_prior(wide)$Prior_Quality[1], "uninformative")
  far <- update(slopes, prior = list(beta_0 = dist_normal(-200, 50)))
  expect_identical(bayestestR::check_prior(far, "lakeland")$Prior_Quality[1], "misinformative")
  flat <- update(slopes, prior = list(beta_0 = dist_normal(0, Inf)))
  expect_error(bayestestR::unupdate(flat), class = "bayespool_error_improper")
})

test_that("bayestestR: Bayes factors of models are exact", {
  skip_if_not_installed("bayestestR")
  smaller <- update(slopes, . ~ . - f, iter_sampling = 0)
  pooled <- complete_pooling(y ~ x + (1 | g), rows, iter_sampling = 0)
  evidence <- c(log_marginal_likelihood(slopes), log_marginal_likelihood(smaller), log_marginal_likelihood(pooled))
  table <- bayestestR::bayesfactor_models(slopes, smaller, pooled, denominator = pooled)
  expect_equal(as.numeric(table, log = TRUE), evidence - evidence[3])
  expect_identical(as.data.frame(table)$Model, c("x + f + (1 | g)", "x + (1 | g)", "x"))
  expect_equal(as.numeric(bayestestR::bayesfactor_models(slopes, smaller), log = TRUE), evidence[1:2] - evidence[1])
  expect_equal(as.numeric(bayestestR::bayesfactor_models(slopes, denominator = smaller), log = TRUE), evidence[1:2] - evidence[2])
  expect_output(print(table), "marginal likelihoods (exact)", fixed = TRUE)
  # Of two models with and without f, each as probable before.
  inclusion <- as.data.frame(bayestestR::bayesfactor_inclusion(bayestestR::bayesfactor_models(slopes, smaller)))
  expect_equal(inclusion["f", "p_posterior"], plogis(evidence[1] - evidence[2]))
  expect_error(bayestestR::bayesfactor_models(slopes, lm(y ~ x, rows)), "bridgesampling", class = "bayespool_error_argument")
  expect_error(bayestestR::bayesfactor_models(slopes, smaller, denominator = 3), class = "bayespool_error_argument")
  other <- update(smaller, data = rows[-1, ])
  expect_error(bayestestR::bayesfactor_models(slopes, other), class = "bayespool_error_data")
})

test_that("bayestestR: Bayes factors of parameters and support intervals are of the draws of prior and posterior", {
  skip_if_not_installed("bayestestR")
  skip_if_not_installed("logspline")
  prior <- bayestestR::unupdate(slopes)
  prior_draws <- as.data.frame(prior, pars = fixed)
  of_draws <- suppressWarnings(bayestestR::bayesfactor_parameters(draws, prior_draws))
  expect_equal(suppressWarnings(bayestestR::bayesfactor_parameters(slopes, prior))$log_BF, of_draws$log_BF)
  expect_equal(suppressWarnings(bayestestR::bayesfactor_parameters(slopes))$log_BF, of_draws$log_BF) # the same seed
  expect_equal(suppressWarnings(bayestestR::si(slopes))$CI_low, suppressWarnings(bayestestR::si(draws, prior_draws))$CI_low)
  # The posterior over the prior at 0, with the exact density of the prior and a kernel estimate of the posterior's.
  smooth <- density(draws$`beta[x]`, from = 0, to = 0, n = 1)$y
  scale <- quantile(prior_summary(slopes)$distribution[[2]], pnorm(1))
  expect_equal(of_draws$log_BF[2], log(dnorm(0, 0, scale) / smooth), tolerance = 0.1)
  restricted <- bayestestR::bayesfactor_restricted(slopes, hypothesis = "`beta[x]` > 0")
  expect_equal(restricted$p_posterior, mean(draws$`beta[x]` > 0))
  table <- suppressWarnings(bayestestR::describe_posterior(slopes, test = "bf"))
  expect_equal(table$log_BF, of_draws$log_BF)
})

test_that("bayestestR: a fit without draws says what it lacks", {
  skip_if_not_installed("bayestestR")
  bare <- update(slopes, iter_sampling = 0)
  asked <- c("hdi", "ci", "rope", "p_significance", "describe_posterior", "effective_sample", "check_prior", "bayesfactor_parameters")
  for (name in asked) {
    expect_error(exported("bayestestR", name)(bare), class = "bayespool_error_draws", info = name)
  }
})

test_that("bayestestR: shapes are those for a fit of rstanarm", {
  skip_if_not_installed("bayestestR", "0.14")
  skip_if_not_installed("rstanarm")
  theirs <- suppressWarnings(exported("rstanarm", "stan_glmer")(y ~ x + f + (1 | g), rows, chains = 1, iter = 200, refresh = 0, seed = 1))
  quiet <- function(x) suppressMessages(suppressWarnings(x))
  asked <- c("hdi", "eti", "p_direction", "p_map", "point_estimate", "rope", "equivalence_test", "p_significance", "estimate_density")
  for (name in asked) {
    f <- exported("bayestestR", name)
    expect_identical(names(quiet(f(slopes))), names(quiet(f(theirs))), info = name)
    expect_identical(class(quiet(f(slopes))), class(quiet(f(theirs))), info = name)
  }
})

test_that("see: pictures find the draws of the fit again", {
  skip_if_not_installed("bayestestR")
  skip_if_not_installed("see")
  skip_if_not_installed("ggridges")
  exported("see", "theme_modern") # loads its methods
  withr::local_pdf(withr::local_tempfile(fileext = ".pdf"))
  assign("bayespool_picture", slopes, globalenv()) # where see looks
  withr::defer(rm("bayespool_picture", envir = globalenv()))
  for (name in c("hdi", "p_direction", "rope", "estimate_density", "equivalence_test", "point_estimate", "p_significance")) {
    table <- eval(call(name, quote(bayespool_picture)), asNamespace("bayestestR"), globalenv())
    plot <- suppressMessages(graphics::plot(table))
    expect_s3_class(plot, "ggplot")
    expect_gt(nrow(ggplot2::ggplot_build(plot)$data[[1]]), 0)
  }
})
