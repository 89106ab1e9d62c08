# Meta-analysis beside bayesmeta, on its own data sets that need no other preparation, and beside metafor. Run: Rscript bench/meta.R
# Needs bayesmeta (from CRAN) and, with it, metafor.

source("bench/common.R")
stopifnot(has("bayesmeta"), has("metafor"))

own <- function(name) {
  space <- new.env()
  data(list = name, package = "bayesmeta", envir = space)
  space[[name]]
}
columns <- list(
  Cochran1954 = c(y = "mean", v = "se2"), HinksEtAl2010 = c(y = "log.or", s = "log.or.se"), Rubin1981 = c(y = "effect", s = "stderr"),
  SnedecorCochran = c(y = "mean", v = "var")
)
sets <- lapply(names(columns), function(name) {
  data <- own(name)
  names <- columns[[name]]
  spread <- data[[names[2]]]
  data.frame(study = as.character(seq_len(nrow(data))), y = data[[names[["y"]]]], s = if (names(names)[2] == "v") sqrt(spread) else spread)
})
names(sets) <- names(columns)

# The scales of the priors are those of each set; bayesmeta takes the density as a function.
ours <- function(data, sd) {
  meta_analysis(
    y ~ 1 + (1 | study), data, se = s, prior = list(hyper_mu = dist_normal(mean(data$y), 2 * sd), sigma_mu = dist_cauchy(0, sd / 2)),
    iter_sampling = 0
  )
}
theirs <- function(data, sd) {
  bayesmeta::bayesmeta(
    y = data$y, sigma = data$s, labels = data$study, mu.prior.mean = mean(data$y), mu.prior.sd = 2 * sd,
    tau.prior = function(t) bayesmeta::dhalfcauchy(t, scale = sd / 2)
  )
}

# The mean of mu by a sum over a fine grid of log tau, given which it is normal.
mean_by_grid <- function(data, sd) {
  u <- seq(-25, 12, by = 0.01) + log(sd)
  given <- vapply(exp(u), function(tau) {
    w <- 1 / (data$s^2 + tau^2)
    precision <- sum(w) + 1 / (4 * sd^2)
    centre <- (sum(w * data$y) + mean(data$y) / (4 * sd^2)) / precision
    rest <- sum(w * (data$y - centre)^2) + (mean(data$y) - centre)^2 / (4 * sd^2)
    c(0.5 * (sum(log(w)) - log(precision) - rest) + dcauchy(tau, 0, sd / 2, log = TRUE) + log(tau), centre)
  }, numeric(2))
  weight <- exp(given[1, ] - max(given[1, ]))
  sum(weight * given[2, ]) / sum(weight)
}

rows <- lapply(names(sets), function(name) {
  data <- sets[[name]]
  sd <- stats::sd(data$y)
  # Ours a hundred times in a turn: one call is shorter than collecting the other's garbage.
  ours_often <- function() for (i in seq_len(100)) exact_summary(ours(data, sd))
  times <- median_seconds(list(ours = ours_often, theirs = function() theirs(data, sd)), 3)
  times[["ours"]] <- times[["ours"]] / 100
  a <- exact_summary(ours(data, sd), probs = c(0.5))
  b <- theirs(data, sd)$summary
  tau <- a[a$variable == "sigma_mu", ]
  mu <- a[1, ]
  by_grid <- mean_by_grid(data, sd)
  list(
    studies = nrow(data), tau = max(abs(c(tau$mean / b["mean", "tau"], tau$sd / b["sd", "tau"]) - 1)),
    mu = abs(mu$mean - b["mean", "mu"]) / mu$sd, grid = abs(mu$mean - by_grid) / mu$sd,
    theirs_grid = abs(b["mean", "mu"] - by_grid) / mu$sd,
    ours_ms = milliseconds(times[["ours"]]), theirs_ms = milliseconds(times[["theirs"]]), ratio = round(times[["theirs"]] / times[["ours"]])
  )
})
column <- function(name, ...) vapply(rows, function(row) format(row[[name]], ...), "")

show_machine(c("bayesmeta", "metafor"))
cat(
  "Fit and exact_summary() beside bayesmeta(), the same priors; medians of three turns in ms. tau: relative difference of its mean and sd;",
  "mu: difference of its mean in posterior sds, between both packages and from a sum over a fine grid in R.\n\n"
)
show_table(
  data = names(sets), studies = column("studies"), tau = column("tau", digits = 1), mu = column("mu", digits = 1),
  "mu, bayespool - grid" = column("grid", digits = 1), "mu, bayesmeta - grid" = column("theirs_grid", digits = 1),
  bayespool = column("ours_ms"), bayesmeta = column("theirs_ms"), ratio = column("ratio")
)

# metafor has no posterior; where the heterogeneity is known and the prior of the effect flat it has the same answer.
flat <- dist_uniform(-Inf, Inf)
difference <- vapply(sets, function(data) {
  fit <- metafor::rma(y, s^2, data = data, method = "DL")
  same <- meta_analysis(
    y ~ 1 + (1 | study), data, se = s, prior = list(hyper_mu = flat, sigma_mu = dist_degenerate(sqrt(fit$tau2))), iter_sampling = 0
  )
  row <- exact_summary(same)[1, ]
  max(abs(c(row$mean - fit$b[1], row$sd - fit$se) / fit$se), abs(sigma(same)^2 / fit$vt - 1))
}, 0)
cat("\nBeside metafor::rma(), its tau^2 and a flat prior: estimate, its error and the typical variance differ by up to ", sep = "")
cat(format(max(difference), digits = 1), "\n\n")

set.seed(1)
many <- data.frame(study = seq_len(10000), s = stats::rexp(10000) + 0.1)
many$y <- 1 + stats::rnorm(10000, 0, 0.5) + stats::rnorm(10000, 0, many$s)
fit <- function() meta_analysis(y ~ 1 + (1 | study), many, se = s, iter_sampling = 0)
times <- median_seconds(
  list(fit = fit, pooled = function() exact_summary(fit(), pars = c("hyper_mu", "sigma_mu")), all = function() exact_summary(fit())), 11
)
cat("10,000 studies, medians of eleven turns in ms (metafor::rma() takes minutes, with matrices of 10,000 x 10,000):\n\n")
show_table(
  what = c("fit", "fit, pooled effect and heterogeneity", "fit, all studies"), ms = milliseconds(times)
)
