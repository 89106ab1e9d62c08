# A correlated intercept and slope of each group, by brms (Stan's NUTS) and by quadrature, with the same priors. Run: Rscript bench/brms.R
#
# Shows the seconds that each takes, without those of compiling, and the posterior of both with the Monte Carlo error of Stan's. Needs brms
# and rstan; a few minutes, most of it to compile.

suppressPackageStartupMessages(library(brms))
source("bench/common.R")

sleepstudy <- lme4::sleepstudy
theirs_prior <- c(
  set_prior("normal(250, 100)", class = "b", coef = "Intercept"), set_prior("normal(0, 20)", class = "b", coef = "Days"),
  set_prior("exponential(0.02)", class = "sd", group = "Subject", coef = "Intercept"),
  set_prior("exponential(0.1)", class = "sd", group = "Subject", coef = "Days"),
  set_prior("exponential(0.02)", class = "sigma"), set_prior("lkj(2)", class = "cor")
)
ours_prior <- list(
  beta_0 = dist_normal(250, 100), beta = dist_normal(0, 20), sigma_0 = dist_exponential(0.02), sigma_beta = dist_exponential(0.1),
  sigma_y = dist_exponential(0.02), rho = dist_lkj(2)
)

ours <- function() {
  fit <- varying_intercept_slope(Reaction ~ Days + (1 + Days | Subject), sleepstudy, prior = ours_prior, iter_sampling = 0)
  summary(fit)
  fit
}
find_boost()
compiled <- suppressWarnings(brm(
  Reaction ~ 0 + Intercept + Days + (1 + Days | Subject), sleepstudy, prior = theirs_prior, chains = 4, iter = 100, seed = 1,
  refresh = 0, silent = 2, backend = "rstan"
))
theirs <- function(iter) {
  suppressMessages(suppressWarnings(
    update(compiled, iter = iter, chains = 4, cores = 1, seed = 2, refresh = 0, recompile = FALSE, silent = 2)
  ))
}

seconds <- median_seconds(list(bayespool = ours, brms = function() summary(theirs(2000))), 5)

long <- theirs(20000)
draws <- posterior::as_draws_array(long)
names <- c(
  beta_0 = "b_Intercept", `beta[Days]` = "b_Days", sigma_y = "sigma", sigma_0 = "sd_Subject__Intercept",
  `sigma_beta[Days]` = "sd_Subject__Days", `rho[Days]` = "cor_Subject__Intercept__Days"
)
exact <- exact_summary(ours(), pars = base::names(names))
exact <- exact[match(base::names(names), exact$variable), ]
stan <- posterior::summarise_draws(posterior::subset_draws(draws, unname(names)), "mean", "sd", "mcse_mean", "mcse_sd")
stan[-1] <- lapply(stan[-1], as.numeric)

show_machine(c("brms", "rstan"))
cat("sleepstudy, (1 + Days | Subject); brms, compiled before, with 4 chains of 1,000 draws after 1,000\n")
cat(sprintf(
  "Fit and summary in %s s, brms in %.1f s: %.0f times as long.\n\n",
  format(seconds[["bayespool"]], digits = 2), seconds[["brms"]], seconds[["brms"]] / seconds[["bayespool"]]
))
show_table(
  parameter = exact$variable, mean = signif(exact$mean, 6), stan = signif(stan$mean, 6),
  z = round((stan$mean - exact$mean) / stan$mcse_mean, 1), sd = signif(exact$sd, 5), `stan's` = signif(stan$sd, 5),
  `z of it` = round((stan$sd - exact$sd) / stan$mcse_sd, 1)
)
