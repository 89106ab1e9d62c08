# Short ways to fit twelve rows, for tests of what is refused and of what must work.

data <- data.frame(
  g = rep(c("a", "b", "c"), c(4, 3, 5)), h = rep(1:2, 6), x = c(2, 1, 4, 3, 7, 5, 6, 1, 9, 2, 2, 8),
  y = c(3.1, 4.2, 2.0, 5.5, 6.1, 7.3, 5.2, 1.9, 0.4, 2.2, 3.0, 1.1)
)
flat <- dist_uniform(-Inf, Inf)
flat_scale <- dist_uniform(0, Inf)

expect_refused <- function(call, type) {
  error <- expect_error(call, class = paste0("bayespool_error_", type))
  expect_s3_class(error, "bayespool_error")
  invisible(error)
}
complete <- function(data, ..., formula = y ~ 1) complete_pooling(formula, data, iter_sampling = 0, prior = list(...))
none <- function(data, mu, sd, sigma = "group") {
  no_pooling(y ~ 1 + (1 | g), data, sigma = sigma, iter_sampling = 0, prior = list(mu = mu, sigma = sd))
}
partial <- function(data, ...) partial_pooling(y ~ 1 + (1 | g), data, iter_sampling = 0, prior = list(...))
varying <- function(data, ..., formula = y ~ x + (1 | g)) varying_intercept(formula, data, iter_sampling = 0, prior = list(...))

normal <- dist_normal(0, 10)
exponential <- dist_exponential(1)
