# Calibration: with parameters from the prior and data from the model, ranks of parameters among draws are uniform.
#
# Each cell may fail by chance with a probability of at most 1e-5, all twenty together at most 2e-4; the seeds are fixed.
# tools/sbc.R runs many more cells, with more simulations.

use_code("sbc")

skip_on_cran()
alpha <- 1e-5

sds <- list(sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
several <- c(1, 2, 4, 9, 20)

# The judgement -----------------------------------------------------------------------------------------------------------

test_that("p values are exact: all samples of ranks enumerated", {
  for (size in list(c(3, 2), c(4, 3), c(2, 5), c(6, 2))) {
    samples <- as.matrix(expand.grid(rep(list(0:size[2]), size[1])))
    gamma <- apply(samples, 1, rank_gamma, draws = size[2])
    p <- apply(samples, 1, rank_p_value, draws = size[2])
    # The share of samples that are at least as extreme; equal ones differ by rounding.
    expect_equal(p, vapply(gamma, function(g) mean(gamma <= g * (1 + 1e-9)), 0), tolerance = 1e-12)
  }
})

test_that("p values of uniform ranks reject as often as they say", {
  withr::local_seed(1)
  p <- replicate(400, rank_p_value(sample(0:99, 200, TRUE), 99))
  for (level in c(0.05, 0.5)) {
    rejected <- sum(p <= level)
    expect_gt(pbinom(rejected - 1, 400, level, lower.tail = FALSE), 1e-4)
    expect_gt(pbinom(rejected, 400, level), 1e-4)
  }
})

# The exact algorithm -----------------------------------------------------------------------------------------------------

test_that("exact draws are calibrated: complete pooling with a predictor, half-Cauchy", {
  cell <- sbc_cell(
    "complete_pooling", 12, list(beta_0 = dist_normal(1, 2), beta = dist_normal(0, 2.5), sigma = dist_cauchy(0, 1)), "x"
  )
  expect_calibrated(sbc_ranks(cell, 200, seed = 1e5), alpha)
})

test_that("exact draws are calibrated: no pooling", {
  cell <- sbc_cell("no_pooling", several, list(mu = dist_normal(0, 2.5), sigma = dist_exponential(1)), sigma = "group")
  expect_calibrated(sbc_ranks(cell, 200, seed = 2e5), alpha)
  priors <- list(beta_0j = dist_normal(0, 2.5), beta = dist_normal(0, 2.5), sigma = dist_lognormal(0, 0.7))
  expect_calibrated(sbc_ranks(sbc_cell("no_pooling", several, priors, "x"), 200, seed = 3e5), alpha)
})

test_that("exact draws are calibrated: meta-analysis", {
  cell <- sbc_cell("meta_analysis", rep(1, 6), list(hyper_mu = dist_normal(0, 2.5), sigma_mu = dist_cauchy(0, 0.5)))
  expect_calibrated(sbc_ranks(cell, 200, seed = 1.4e6), alpha)
})

test_that("exact draws are calibrated: counts and proportions", {
  priors <- list(hyper_mu = dist_normal(0, 1.5), sigma_mu = dist_exponential(1))
  expect_calibrated(sbc_ranks(sbc_count_cell("partial_pooling", "binomial", c(1, 4, 10, 45, 200), priors), 150, seed = 1.5e6), alpha)
  expect_calibrated(sbc_ranks(sbc_count_cell("partial_pooling", "poisson", c(0.1, 0.5, 2, 10, 80), priors), 150, seed = 1.6e6), alpha)
  priors <- list(beta_0 = dist_normal(0, 1.5), beta = dist_normal(0, 1), sigma_0 = dist_exponential(1))
  cell <- sbc_count_cell("varying_intercept", "binomial", rep(c(1, 3, 20), 4), priors, TRUE)
  expect_calibrated(sbc_ranks(cell, 100, seed = 1.7e6), alpha)
})

test_that("exact draws are calibrated: two grouping factors, crossed with empty cells, nested, few levels under a half-Cauchy prior", {
  priors <- list(beta_0 = dist_normal(0, 2.5), beta = dist_normal(0, 2.5), sigma_y = dist_exponential(1), sigma_0 = dist_exponential(1))
  expect_calibrated(sbc_ranks(sbc_two_cell(sparse_pairs(12, 8), priors), 100, seed = 1.8e6), alpha)
  expect_calibrated(sbc_ranks(sbc_two_cell(nested_pairs(4), priors, nested = TRUE, weighted = TRUE), 100, seed = 1.9e6), alpha)
  priors$sigma_0 <- dist_cauchy(0, 1)
  expect_calibrated(sbc_ranks(sbc_two_cell(sparse_pairs(4, 3), priors), 100, seed = 2e6), alpha)
})

test_that("exact draws are calibrated: partial pooling", {
  cell <- sbc_cell("partial_pooling", several, c(list(hyper_mu = dist_normal(0, 2.5)), sds))
  expect_calibrated(sbc_ranks(cell, 400, seed = 4e5), alpha)
  cell <- sbc_cell("partial_pooling", several, c(list(hyper_mu = dist_normal(0, 2.5)), sds), weighted = TRUE)
  expect_calibrated(sbc_ranks(cell, 200, seed = 1.3e6), alpha)
  priors <- list(sigma_y = dist_gamma(2, 2), sigma_mu = dist_inverse_gamma(3, scale = 2))
  expect_calibrated(sbc_ranks(sbc_cell("partial_pooling", c(3, 7), priors, intercept = FALSE), 200, seed = 5e5), alpha)
})

test_that("exact draws are calibrated: varying intercept with two predictors, half-t and half-normal", {
  priors <- list(
    beta_0 = dist_normal(40, 20), beta = dist_normal(0, 5), sigma_y = dist_student_t(3, 0, 1), sigma_0 = dist_normal(0, 2)
  )
  cell <- sbc_cell("varying_intercept", several, priors, c("x", "z"), x_mean = 40, x_sd = 8)
  expect_calibrated(sbc_ranks(cell, 200, seed = 6e5), alpha)
})

test_that("exact draws are calibrated: varying slope, varying intercept and slope", {
  priors <- list(
    beta_0 = dist_normal(0, 2.5), beta = dist_normal(0, 2.5), sigma_y = dist_exponential(1), sigma_beta = dist_exponential(1)
  )
  cell <- sbc_cell("varying_slope", several, priors, c("x", "z"))
  expect_calibrated(sbc_ranks(cell, 200, seed = 1.1e6), alpha)
  cell <- sbc_cell("varying_intercept_slope", several, c(priors, list(sigma_0 = dist_exponential(1), rho = dist_lkj(2))), "x")
  expect_calibrated(sbc_ranks(cell, 60, seed = 1.2e6), alpha)
})

# NUTS --------------------------------------------------------------------------------------------------------------------

test_that("chains are calibrated: partial pooling non-centered, varying intercept centered", {
  cell <- sbc_cell("partial_pooling", several, c(list(hyper_mu = dist_normal(0, 2.5)), sds))
  expect_calibrated(sbc_ranks(cell, 100, seed = 7e5, sbc_nuts(), draws = 49), alpha)
  priors <- list(
    beta_0 = dist_normal(0, 2.5), beta = dist_normal(0, 2.5), sigma_y = dist_gamma(5, 5), sigma_0 = dist_gamma(5, 5)
  )
  cell <- sbc_cell("varying_intercept", rep(20, 5), priors, "x")
  expect_calibrated(sbc_ranks(cell, 100, seed = 8e5, sbc_nuts("centered"), draws = 49), alpha)
})

test_that("chains are calibrated: two grouping factors", {
  priors <- list(beta_0 = dist_normal(0, 2.5), beta = dist_normal(0, 2.5), sigma_y = dist_gamma(5, 5), sigma_0 = dist_gamma(5, 5))
  expect_calibrated(sbc_ranks(sbc_two_cell(sparse_pairs(8, 5), priors), 60, seed = 2.1e6, sbc_nuts(), draws = 49), alpha)
})

# Samplers that are wrong on purpose --------------------------------------------------------------------------------------

# With 100 groups the posterior sd of log(sigma_mu) is about 1 / sqrt(2 * 99) = 0.07, or 0.09 with what five rows leave open
# about a group's mean: 5 % are about 0.55 of it, and the share of ranks below the middle moves by 0.22. The standard error
# of that share in 400 simulations is 0.025: 8.8 times less, where the judgement asks for 5.9.
many_groups <- sbc_cell(
  "partial_pooling", rep(5, 100),
  list(hyper_mu = dist_normal(0, 2.5), sigma_y = dist_exponential(1), sigma_mu = dist_gamma(5, 5))
)

test_that("a sigma_mu that is 5 % too small is found out, where right draws pass", {
  expect_calibrated(sbc_ranks(many_groups, 400, seed = 9e5), alpha)
  broken <- sbc_ranks(many_groups, 400, seed = 9e5, sbc_broken(sbc_breaks$`sigma_mu 5 % too small`))
  expect_failure(expect_calibrated(broken, alpha), "ranks of (sigma_mu|icc) are not uniform")
})

test_that("draws of the wrong group, and draws that have not seen the data, are found out", {
  cell <- sbc_cell("partial_pooling", several, c(list(hyper_mu = dist_normal(0, 2.5)), sds))
  swapped <- sbc_ranks(cell, 200, seed = 1e6, sbc_broken(sbc_breaks$`groups 1 and 2 swapped`))
  expect_failure(expect_calibrated(swapped, alpha), "not uniform")
  prior <- function(cell, data, draws, seed) sbc_fit(cell, data, seed, chains = 1, iter_sampling = draws, prior_only = TRUE)
  expect_failure(expect_calibrated(sbc_ranks(cell, 60, seed = 1e6, prior), alpha), "ranks of log_lik are not uniform")
})
