# compare_meta(): evidences in closed form and by integrals in one dimension, averages and intervals by a fine grid.

skip_on_cran() # all of it takes long

schools <- data.frame(school = LETTERS[1:8], effect = c(28, 8, -3, 7, -1, 1, 18, 12), se = c(15, 10, 16, 11, 9, 11, 10, 18))
compared <- compare_meta(
  effect ~ 1 + (1 | school), schools, se = se, prior = list(hyper_mu = dist_normal(0, 20), sigma_mu = dist_cauchy(0, 10))
)

# log p(y | tau) with mu ~ N(0, sd^2)
given_tau <- function(tau, sd) {
  v <- diag(schools$se^2 + tau^2) + sd^2
  -0.5 * (8 * log(2 * pi) + as.numeric(determinant(v)$modulus) + sum(schools$effect * solve(v, schools$effect)))
}
u <- seq(-30, 12, by = 0.01)
log_prior <- log(2) + dcauchy(exp(u), 0, 10, log = TRUE) + u
on_grid <- function(sd) vapply(exp(u), given_tau, 0, sd = sd) + log_prior
log_sum <- function(x) max(x) + log(sum(exp(x - max(x)))) + log(0.01)

test_that("the four evidences are exact", {
  expected <- c(log_sum(on_grid(20)), given_tau(0, 20), log_sum(on_grid(0)), given_tau(0, 0))
  expect_equal(compared$models$log_evidence, expected, tolerance = 1e-10)
  posterior <- exp(expected - max(expected))
  expect_equal(compared$models$posterior, posterior / sum(posterior), tolerance = 1e-9)
  z <- exp(expected)
  expect_equal(unname(compared$bayes_factors), c((z[1] + z[2]) / (z[3] + z[4]), (z[1] + z[3]) / (z[2] + z[4])), tolerance = 1e-9)
})

test_that("prior probabilities change the posterior's, and the Bayes factor by what the other question makes of it", {
  other <- compare_meta(
    effect ~ 1 + (1 | school), schools, se = se, prior = list(hyper_mu = dist_normal(0, 20), sigma_mu = dist_cauchy(0, 10)),
    prior_prob = c(0.2, 0.9)
  )
  z <- exp(compared$models$log_evidence)
  expect_equal(other$models$prior, c(0.18, 0.02, 0.72, 0.08))
  expect_equal(other$models$posterior, other$models$prior * z / sum(other$models$prior * z), tolerance = 1e-12)
  expect_equal(other$bayes_factors[["effect"]], sum(c(0.9, 0.1) * z[1:2]) / sum(c(0.9, 0.1) * z[3:4]), tolerance = 1e-12)
})

test_that("averages and their intervals are those of the mixture", {
  models <- compared$models
  tables <- lapply(compared$fits, exact_summary)
  share <- models$posterior[1:2] / sum(models$posterior[1:2])
  mean <- c(tables[[1]]$mean[1], tables[[2]]$mean[1])
  sd <- c(tables[[1]]$sd[1], tables[[2]]$sd[1])
  average <- compared$average
  expect_equal(average$mean[2], sum(share * mean), tolerance = 1e-12)
  expect_equal(average$sd[2], sqrt(sum(share * (sd^2 + mean^2)) - sum(share * mean)^2), tolerance = 1e-10)
  expect_equal(average$mean[1], sum(models$posterior[1:2] * mean), tolerance = 1e-12)
  expect_true(all(is.na(average[1, c("lower", "upper")])))

  # Given tau, mu is normal.
  of_mu <- function(q) {
    precision <- vapply(exp(u), function(tau) 1 / 400 + sum(1 / (schools$se^2 + tau^2)), 0)
    centre <- vapply(exp(u), function(tau) sum(schools$effect / (schools$se^2 + tau^2)), 0) / precision
    weight <- exp(on_grid(20) - log_sum(on_grid(20))) * 0.01
    sum(weight * pnorm(q, centre, 1 / sqrt(precision)))
  }
  cdf <- function(q) share[1] * of_mu(q) + share[2] * pnorm(q, mean[2], sd[2])
  expect_equal(cdf(average$upper[2]) - cdf(average$lower[2]), 0.94, tolerance = 1e-7)
  width <- average$upper[2] - average$lower[2]
  for (p in c(0.02, 0.04)) {
    ends <- vapply(c(p, p + 0.94), function(target) uniroot(function(q) cdf(q) - target, c(-50, 80), tol = 1e-9)$root, 0)
    expect_gt(diff(ends), width)
  }
  central <- compare_meta(
    effect ~ 1 + (1 | school), schools, se = se, prior = list(hyper_mu = dist_normal(0, 20), sigma_mu = dist_cauchy(0, 10)),
    interval = "central", prob = 0.5
  )$average
  expect_equal(c(cdf(central$lower[2]), cdf(central$upper[2])), c(0.25, 0.75), tolerance = 1e-7)
  models_with <- models$posterior[c(1, 3)] / sum(models$posterior[c(1, 3)])
  # The trapezoidal sum up to a point is the integral up to half a step beyond it.
  below <- function(sd, q) stats::spline(u + 0.005, cumsum(exp(on_grid(sd) - log_sum(on_grid(sd)))) * 0.01, xout = log(q))$y
  of_tau <- function(q) sum(models_with * c(below(20, q), below(0, q)))
  expect_equal(c(of_tau(central$lower[3]), of_tau(central$upper[3])), c(0.25, 0.75), tolerance = 1e-5)
})

test_that("it needs both priors, proper ones, and no moderators; and says so", {
  formula <- effect ~ 1 + (1 | school)
  expect_error(compare_meta(formula, schools, se = se), class = "bayespool_error_prior")
  one <- list(hyper_mu = dist_normal(0, 1))
  expect_error(compare_meta(formula, schools, se = se, prior = one), "sigma_mu", class = "bayespool_error_prior")
  for (bad in list(dist_uniform(-Inf, Inf), dist_degenerate(0))) {
    prior <- list(hyper_mu = bad, sigma_mu = dist_normal(0, 1))
    expect_error(compare_meta(formula, schools, se = se, prior = prior), "hyper_mu", class = "bayespool_error_prior")
  }
  prior <- list(hyper_mu = dist_normal(0, 1), sigma_mu = dist_normal(0, 1))
  schools$x <- 1:8
  expect_error(compare_meta(effect ~ x + (1 | school), schools, se = se, prior = prior), class = "bayespool_error_formula")
  expect_error(compare_meta(formula, schools, se = se, prior = prior, prior_prob = c(0, 1)), class = "bayespool_error_argument")
  expect_error(compare_meta(formula, schools, prior = prior, se = -se), class = "bayespool_error_argument")
})

test_that("the printed table has the four models and both Bayes factors", {
  expect_output(print(compared), "Bayes factor of an effect: 1.04", fixed = TRUE)
  expect_output(print(compared), "effect, if there is one", fixed = TRUE)
  expect_output(print(compared), "    yes           yes       -32.17 0.250     0.157", fixed = TRUE)
})
