# The bridgesampling package's functions on fits.

pooled <- complete_pooling(yield ~ N + (1 | block), npk, iter_sampling = 0)
varying <- varying_intercept(yield ~ N + (1 | block), npk, iter_sampling = 0)
none <- no_pooling(yield ~ N + (1 | block), npk, iter_sampling = 0)
evidence <- vapply(list(pooled, varying, none), log_marginal_likelihood, 0)

test_that("Bayes factors and posterior probabilities are exact", {
  skip_if_not_installed("bridgesampling")
  expect_equal(bridgesampling::bayes_factor(varying, pooled)$bf, exp(evidence[2] - evidence[1]))
  expect_equal(bridgesampling::bf(varying, pooled, log = TRUE)$bf, evidence[2] - evidence[1])
  expect_output(print(bridgesampling::bayes_factor(varying, pooled)), "in favor of varying over pooled")
  expect_output(print(bridgesampling::bf(varying, pooled)), "in favor of varying over pooled")
  expect_equal(bridgesampling::logml(pooled), evidence[1])
  weights <- exp(evidence - max(evidence))
  expect_equal(
    bridgesampling::post_prob(pooled, varying, none),
    c(pooled = weights[1], varying = weights[2], none = weights[3]) / sum(weights)
  )
  prior <- c(0.5, 0.3, 0.2)
  expect_equal(
    bridgesampling::post_prob(pooled, varying, none, prior_prob = prior, model_names = c("u", "v", "w")),
    stats::setNames(weights * prior / sum(weights * prior), c("u", "v", "w"))
  )
})

test_that("a fit can be compared with a model of another package", {
  skip_if_not_installed("bridgesampling")
  bridge <- bridgesampling::bridge_sampler(varying)
  expect_s3_class(bridge, "bridge")
  expect_identical(bridge$logml, evidence[2])
  expect_output(print(bridge), "exact by quadrature")
  other <- structure(list(logml = evidence[1]), class = "bridge")
  expect_equal(bridgesampling::bf(varying, other)$bf, exp(evidence[2] - evidence[1]))
  expect_equal(bridgesampling::bf(other, bridge)$bf, exp(evidence[1] - evidence[2]))
})

test_that("fits of other data, and flat priors, are refused", {
  skip_if_not_installed("bridgesampling")
  other <- update(pooled, data = npk[-1, ])
  expect_error(bridgesampling::bf(pooled, other), class = "bayespool_error_data")
  expect_error(bridgesampling::post_prob(pooled, varying, other), class = "bayespool_error_data")
  doubled <- update(pooled, data = transform(npk, yield = 2 * yield))
  expect_error(bridgesampling::bayes_factor(pooled, doubled), class = "bayespool_error_data")
  expect_error(bridgesampling::bf(pooled, update(varying, prior_only = TRUE)), class = "bayespool_error_argument")
  expect_error(
    bridgesampling::bf(pooled, update(varying, prior = list(beta = dist_uniform(-Inf, Inf)))), class = "bayespool_error_improper"
  )
  expect_identical(bridgesampling::bridge_sampler(pooled, silent = TRUE), bridgesampling::bridge_sampler(pooled))
  expect_equal(bridgesampling::bf(pooled, update(varying, data = group_moments(yield ~ N + (1 | block), npk)))$bf,
               exp(evidence[1] - evidence[2]))
})
