# The published tables come back within their Monte Carlo error, from the rows of the study.

skip_if(Sys.getenv("BAYESPOOL_SHARED_DATA") == "", "no shared data")
shared <- function(name) utils::read.csv(file.path(Sys.getenv("BAYESPOOL_SHARED_DATA"), name))
people <- shared("hpp.csv")
published <- shared("published_results.csv")
five <- people[people$site %in% c("Southampton", "METU", "Kassel", "Tsinghua", "Oslo"), ]
four <- people[people$site %in% c("Southampton", "Portugal", "Kassel", "Tsinghua", "UCSB"), ]

# |published - exact| within 5 Monte Carlo standard errors of the published figure and its rounding.
expect_published <- function(fit, model, library, except = character()) {
  exact <- exact_summary(fit)
  rows <- published[published$model == model & published$library == library, ]
  rows <- rows[!rows$parameter %in% except, ]
  expect_gt(nrow(rows), 1)
  at <- match(rows$parameter, exact$variable)
  expect_false(anyNA(at))
  mean_error <- 5 * rows$sd / sqrt(rows$ess_bulk) + 0.0005
  sd_error <- 5 * rows$sd / sqrt(2 * pmin(rows$ess_bulk, rows$ess_tail)) + 0.0005
  expect_true(all(abs(rows$mean - exact$mean[at]) < mean_error), label = paste(library, model, "means"))
  expect_true(all(abs(rows$sd - exact$sd[at]) < sd_error), label = paste(library, model, "sds"))
}

test_that("complete pooling", {
  fit <- complete_pooling(scontrol ~ 1, five, iter_sampling = 0,
                          prior = list(mu = dist_normal(0, 50), sigma = dist_exponential(1)))
  expect_published(fit, "complete", "pymc")
})

test_that("no pooling", {
  fit <- no_pooling(scontrol ~ 1 + (1 | site), five, iter_sampling = 0,
                    prior = list(mu = dist_normal(0, 50), sigma = dist_exponential(2)))
  expect_published(fit, "none", "pymc")
})

test_that("partial pooling, but for the biased sigma_mu of the run with 414 divergences", {
  priors <- list(hyper_mu = dist_normal(40, 20), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
  fit <- partial_pooling(scontrol ~ 1 + (1 | site), five, prior = priors, iter_sampling = 0)
  expect_published(fit, "partial", "pymc", except = "sigma_mu")
  exact <- exact_summary(fit)
  sigma_mu <- exact[exact$variable == "sigma_mu", ]
  expect_equal(round(c(sigma_mu$mean, sigma_mu$sd), 4), c(1.1870, 0.6548))
  reference <- shared("exact_reference.csv")
  expect_lt(max(abs(exact$mean - reference$mean[1:9])), 6e-7)
  expect_lt(max(abs(exact$sd - reference$sd[1:9])), 6e-7)
  expect_lt(abs(log_marginal_likelihood(fit) - reference$mean[10]), 6e-7)
})

test_that("varying intercept: the two coefficients that were printed", {
  priors <- list(beta_0 = dist_normal(40, 20), beta = dist_normal(0, 5), sigma_y = dist_exponential(1),
                 sigma_0 = dist_exponential(1))
  exact <- exact_summary(varying_intercept(scontrol ~ stress + (1 | site), four, prior = priors, iter_sampling = 0))
  # Printed without their Monte Carlo error: 20,000 draws with an ESS of at least 1,000 for beta_0.
  expect_lt(abs(exact$mean[1] - 63.11), 5 * exact$sd[1] / sqrt(1000) + 0.005)
  expect_lt(abs(exact$mean[2] + 0.56), 5 * exact$sd[2] / sqrt(1000) + 0.005)
})

test_that("bambi's automatic priors", {
  sd_y <- sqrt(mean((five$scontrol - mean(five$scontrol))^2))
  location <- dist_normal(mean(five$scontrol), 2.5 * sd_y)
  sigma <- dist_student_t(4, 0, sd_y)
  complete <- complete_pooling(scontrol ~ 1, five, prior = list(mu = location, sigma = sigma), iter_sampling = 0)
  expect_published(complete, "complete", "bambi")
  partial <- partial_pooling(
    scontrol ~ 1 + (1 | site), five, iter_sampling = 0,
    prior = list(hyper_mu = location, sigma_y = sigma, sigma_mu = dist_normal(0, 2.5 * sd_y))
  )
  expect_published(partial, "partial", "bambi")
})
