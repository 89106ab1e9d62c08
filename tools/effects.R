# Correlated intercepts and slopes against dense algebra and Gauss-Legendre rules in sigma, the two taus and rho, in full. Run from the root
# of the repository, with the package installed: Rscript tools/effects.R [nodes a dimension]. Tests have smaller cases.
#
# It prints, for each parameter, the difference of means in posterior sds, and of sds relative to them. The rule itself must have converged:
# compare with fewer nodes.
#
# With 32 nodes (a minute a case) the greatest were 3.4e-8 and 1.4e-6 for 11 rows in 4 groups, 5e-9 and 3.9e-8 for 25 rows in 6; the log
# evidence differed by 3.1e-8 and 1.5e-9. Those of sds in the first case change with the number of nodes, from 5e-5 at 24.

suppressPackageStartupMessages(library(bayespool))
for (file in c("helper-priors.R", "oracle/posterior.R", "oracle/effects.R")) source(file.path("tests/testthat", file))
size <- as.integer(c(commandArgs(trailingOnly = TRUE), 32)[1])

sigma <- p_exponential(1)
tau <- list(p_exponential(0.7), p_half_normal(0, 1.5))
prior <- list(
  beta_0 = dist_normal(0.5, 4), `beta[x]` = dist_normal(0, 2), sigma_y = sigma$dist, sigma_0 = tau[[1]]$dist,
  `sigma_beta[x]` = tau[[2]]$dist, rho = dist_lkj(2)
)
names <- c(
  sigma = "sigma_y", tau1 = "sigma_0", tau2 = "sigma_beta[x]", rho = "rho[x]", beta_0 = "beta_0", beta_x = "beta[x]",
  slope_1 = "beta_j[x,1]", slope_2 = "beta_j[x,2]"
)
targets <- list(
  beta_0 = list(a = c(1, 0), group = 1, e = c(0, 0)), beta_x = list(a = c(0, 1), group = 1, e = c(0, 0)),
  slope_1 = list(a = c(0, 1), group = 1, e = c(0, 1)), slope_2 = list(a = c(0, 1), group = 2, e = c(0, 1))
)

for (sizes in list(c(3, 2, 4, 2), c(4, 4, 4, 5, 5, 3))) {
  set.seed(7)
  g <- rep(seq_along(sizes), sizes)
  x <- rnorm(length(g), 0.5)
  y <- 1 + rnorm(length(sizes))[g] + (0.5 + rnorm(length(sizes), 0, 0.7)[g]) * x + rnorm(length(g), 0, 0.6)
  fit <- varying_intercept_slope(y ~ x + (1 + x | g), data.frame(g, x, y), prior = prior, iter_sampling = 0)
  dense <- dense_effects(y, cbind(1, x), cbind(1, x), g, c(0.5, 0), c(4, 2), sigma, tau, 2)
  truth <- dense_posterior(dense, size, c(0.7, 0.7, 0.7), targets)
  table <- exact_summary(fit)
  differences <- vapply(names(names), function(name) {
    ours <- table[table$variable == names[[name]], ]
    theirs <- dense_moments(truth, name)
    c(mean = (ours$mean - theirs[["mean"]]) / theirs[["sd"]], sd = ours$sd / theirs[["sd"]] - 1)
  }, c(mean = 0, sd = 0))
  cat(length(g), "rows in", length(sizes), "groups; log evidence:", log_marginal_likelihood(fit) - truth$log_total, "\n")
  print(t(differences), digits = 2)
}
