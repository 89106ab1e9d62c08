# Eighteen batters and ten thousand groups: fit and summary beside glmer(), draws beside rstanarm. Run: Rscript bench/counts.R
#
# Needs lme4 and rstanarm; two minutes, most of them rstanarm's.

source("bench/common.R")

batters <- data.frame(player = 1:18, hits = c(18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7), at_bats = 45)
batting <- cbind(hits, at_bats - hits) ~ 1 + (1 | player)
of_batters <- function(...) partial_pooling(batting, batters, family = binomial(), ...)
by_stan <- function() {
  utils::capture.output(fit <- suppressWarnings(rstanarm::stan_glmer(
    batting, batters, family = binomial(), prior_intercept = rstanarm::normal(0, 2.5), chains = 4, iter = 2000, cores = 1, seed = 1,
    refresh = 0
  )))
  fit
}

set.seed(1)
many <- data.frame(g = 1:10000, n = sample(20:500, 10000, TRUE))
many$k <- rbinom(10000, many$n, plogis(rnorm(10000, -1, 0.5)))
of_many <- function() partial_pooling(cbind(k, n - k) ~ 1 + (1 | g), many, family = binomial(), iter_sampling = 0)

fits <- median_seconds(list(
  fit = function() of_batters(iter_sampling = 0), summary = function() summary(of_batters(iter_sampling = 0)),
  glmer = function() suppressMessages(lme4::glmer(batting, batters, family = binomial(), nAGQ = 25))
), 15)
large <- median_seconds(list(
  fit = of_many, glmer = function() lme4::glmer(cbind(k, n - k) ~ 1 + (1 | g), many, family = binomial())
), 3)
draws <- median_seconds(list(bayespool = function() of_batters(seed = 1), rstanarm = by_stan), 3)
ess <- function(x) posterior::ess_bulk(x)
ours <- ess(posterior::extract_variable_matrix(posterior::as_draws_array(of_batters(seed = 1)), "sigma_mu"))
stan <- posterior::as_draws_array(by_stan()$stanfit)
variance <- grep("^theta_L|^Sigma", posterior::variables(stan), value = TRUE)[1]
theirs <- ess(posterior::extract_variable_matrix(stan, variance))

show_machine(c("lme4", "rstanarm"))
cat(sprintf("18 batters, milliseconds: fit %s, fit and summary %s; glmer(nAGQ = 25) %s\n",
            milliseconds(fits[["fit"]]), milliseconds(fits[["summary"]]), milliseconds(fits[["glmer"]])))
cat(sprintf("10,000 groups of 20 to 500, milliseconds: fit %s; glmer() with Laplace's approximation %s\n",
            milliseconds(large[["fit"]]), milliseconds(large[["glmer"]])))
cat(sprintf("Effective draws of the sd a second: %.0f (%.0f in %.3f s), rstanarm %.0f (%.0f in %.1f s): %.0f times as many\n",
            ours / draws[["bayespool"]], ours, draws[["bayespool"]], theirs / draws[["rstanarm"]], theirs, draws[["rstanarm"]],
            ours / draws[["bayespool"]] / (theirs / draws[["rstanarm"]])))
