# posterior_vs_prior(): both sides against the distributions of the priors, exact_summary() and fits to no data.

rows <- withr::with_seed(1, {
  g <- rep(letters[1:5], c(2, 9, 6, 4, 7))
  data.frame(g, x = rnorm(28, 3), y = rep(rnorm(5, 3, 2), c(2, 9, 6, 4, 7)) + rnorm(28, 0, 3))
})
proper <- list(
  sigma_y = dist_gamma(2, rate = 0.5), sigma_0 = dist_student_t(3, 0, 2), beta_0 = dist_normal(2, 4), "beta[x]" = dist_normal(1, 2)
)
fit <- varying_intercept(y ~ x + (1 | g), rows, prior = proper, seed = 1)
ends <- c("lower", "inner_lower", "median", "inner_upper", "upper")
side <- function(picture, name) picture$data[picture$data$distribution == name, ]
values <- function(data) unname(as.matrix(data[ends]))
probs <- c(0.1, 0.3, 0.5, 0.7, 0.9) # of 0.8 and 0.4

test_that("priors are the quantiles of their distributions", {
  prior <- side(posterior_vs_prior(fit, prob = 0.8), "prior")
  expect_identical(as.character(prior$parameter), c("beta_0", "beta[x]", "sigma_y", "sigma_0"))
  half_t <- 2 * qt(0.5 + probs / 2, 3)
  expect_equal(values(prior), rbind(qnorm(probs, 2, 4), qnorm(probs, 1, 2), qgamma(probs, 2, 0.5), half_t), ignore_attr = TRUE)
})

test_that("posteriors are exact", {
  posterior <- side(posterior_vs_prior(fit, prob = 0.8), "posterior")
  exact <- exact_summary(fit, probs, pars = as.character(posterior$parameter))
  expect_equal(values(posterior), unname(as.matrix(exact[paste0("q", 100 * probs)])), tolerance = 1e-10)
})

test_that("groups have the prior that the population implies", {
  known <- partial_pooling(
    y ~ 1 + (1 | g), rows, prior = list(hyper_mu = dist_normal(1, 3), sigma_mu = dist_degenerate(4), sigma_y = dist_exponential(1)),
    iter_sampling = 0
  )
  picture <- posterior_vs_prior(known, regex_pars = "^mu", prob = 0.8)
  expect_equal(values(side(picture, "prior")), matrix(qnorm(probs, 1, 5), 5, 5, byrow = TRUE), tolerance = 1e-7)
  without_data <- update(fit, prior_only = TRUE)
  prior <- side(posterior_vs_prior(fit, pars = "beta_0j[b]", prob = 0.8), "prior")
  expect_equal(values(prior), unname(as.matrix(exact_summary(without_data, probs, pars = "beta_0j[b]")[-(1:3)])), tolerance = 1e-8)
})

test_that("correlations have the marginal of their LKJ prior", {
  slopes <- varying_intercept_slope(
    y ~ x + (1 + x | g), rows, prior = c(proper, list("sigma_beta[x]" = dist_exponential(1), rho = dist_lkj(2))), seed = 1,
    iter_sampling = 0
  )
  prior <- side(posterior_vs_prior(slopes, pars = "rho[x]", prob = 0.8), "prior")
  expect_equal(drop(values(prior)), 2 * qbeta(probs, 2, 2) - 1, tolerance = 1e-12)
})

test_that("independent groups, counts and chains", {
  alone <- no_pooling(y ~ 1 + (1 | g), rows, prior = list(mu = dist_normal(2, 3), sigma = dist_exponential(0.5)), iter_sampling = 0)
  prior <- side(posterior_vs_prior(alone, pars = c("mu[b]", "sigma[b]"), prob = 0.8), "prior")
  expect_equal(values(prior), rbind(qnorm(probs, 2, 3), qexp(probs, 0.5)), ignore_attr = TRUE)
  counts <- varying_intercept(
    am ~ wt + (1 | cyl), transform(mtcars, wt = ave(wt, cyl)), family = binomial(),
    prior = list(beta_0 = dist_normal(0, 3), beta = dist_normal(0, 2), sigma_0 = dist_exponential(1)), iter_sampling = 0
  )
  picture <- posterior_vs_prior(counts, prob = 0.8)
  expect_equal(values(side(picture, "prior"))[2, ], qnorm(probs, 0, 2))
  expect_equal(values(side(picture, "posterior"))[2, 3], exact_summary(counts, 0.5, pars = "beta[wt]")$q50)
  chains <- suppressWarnings(update(fit, algorithm = "nuts", chains = 1, iter_sampling = 300, iter_warmup = 300), "bayespool_warning")
  posterior <- side(posterior_vs_prior(chains, prob = 0.8, pars = "beta_0"), "posterior")
  expect_equal(drop(values(posterior)), quantile(as_draws_matrix(chains)[, "beta_0"], probs), ignore_attr = TRUE)
})

test_that("flat priors are left out, or said to have nothing to show", {
  flat <- varying_intercept(y ~ x + (1 | g), rows, prior = c(proper[-3], list(beta_0 = dist_uniform(-Inf, Inf))), iter_sampling = 0)
  expect_identical(levels(posterior_vs_prior(flat)$data$parameter), c("beta[x]", "sigma_y", "sigma_0"))
  expect_error(posterior_vs_prior(flat, "beta_0"), "flat", class = "bayespool_error_argument")
  expect_error(posterior_vs_prior(flat, regex_pars = "beta_0j"), "flat", class = "bayespool_error_argument")
  all_flat <- complete_pooling(y ~ 1, rows, prior = list(mu = dist_uniform(-Inf, Inf), sigma = dist_uniform(0, Inf)), iter_sampling = 0)
  expect_error(posterior_vs_prior(all_flat), "no prior distribution", class = "bayespool_error_argument")
  expect_error(posterior_vs_prior(fit, "q"), class = "bayespool_error_argument")
  expect_error(posterior_vs_prior(fit, facet = 1), class = "bayespool_error_argument")
  expect_error(posterior_vs_prior(fit, color_by = "vs"), "color_by", class = "bayespool_error_argument")
})

test_that("it draws, and rstanarm's generic finds the method", {
  for (facet in c(TRUE, FALSE)) expect_silent(ggplot2::ggplotGrob(posterior_vs_prior(fit, facet = facet)))
  skip_if_not_installed("rstanarm")
  expect_equal(getExportedValue("rstanarm", "posterior_vs_prior")(fit)$data, posterior_vs_prior(fit)$data)
  expect_error(posterior_vs_prior(1), "posterior_vs_prior") # rstanarm's own default
})
