# Random data whose moments cancel: responses that predictors nearly explain, predictors that nearly explain each other, values
# far from zero. The brute-force posterior works on the rows and squares nothing.

lost_digits <- function() {
  loss <- function() 10^runif(1, 2, 7)
  groups <- sample(3:6, 1)
  rows <- data.frame(g = factor(rep(seq_len(groups), sample(4:9, groups, replace = TRUE))))
  n <- nrow(rows)
  of_groups <- function() rnorm(groups)[rows$g]
  kind <- sample(c("response", "predictor", "within", "between", "offset", "both"), 1)
  x <- rnorm(n) + of_groups()
  z <- rnorm(n)
  y <- x + z + of_groups() + rnorm(n)
  if (kind %in% c("predictor", "both")) z <- x + rnorm(n) / loss()
  if (kind == "within") z <- x + of_groups() + rnorm(n) / loss()
  if (kind == "between") z <- x + of_groups() / loss()
  if (kind %in% c("response", "both")) y <- y + loss() * (x - z / 3)
  if (kind == "offset") {
    x <- x + loss()
    y <- y + loss()
  }
  scale <- max(sd(y), abs(mean(y)), sd(x) / sd(stats::lm.fit(cbind(1, x), z)$residuals))
  model <- sample(c("complete_pooling", "varying_intercept", "no_pooling"), 1)
  slope <- function() if (runif(1) < 0.2) p_normal(rnorm(1), 1e-3) else p_normal(0, 10 * scale)
  slopes <- list("beta[x]" = slope(), "beta[z]" = slope())
  # A slope that is known and explains nothing leaves all of the response.
  left <- if (any(vapply(slopes, `[[`, 0, "sd") < 1) && kind %in% c("response", "both", "offset")) scale else 1
  spread <- p_exponential(1 / left)
  list(
    kind = kind, model = model, rows = cbind(rows, x = x, z = z, y = y),
    tolerance = if (left == 1) 1e-6 else 1e-5, # where priors and data differ by 1e4 sds and more, the evidence is of that size
    priors = c(
      list(
        beta_0 = p_normal(0, 10 * scale), beta_0j = p_normal(0, 10 * scale), sigma = spread, sigma_y = spread, sigma_0 = spread
      ),
      slopes
    )
  )
}

fit_lost <- function(case) {
  used <- switch(case$model,
    complete_pooling = c("beta_0", "sigma"), no_pooling = c("beta_0j", "sigma"), varying_intercept = c("beta_0", "sigma_y", "sigma_0")
  )
  arguments <- list(
    if (case$model == "complete_pooling") y ~ x + z else y ~ x + z + (1 | g), case$rows,
    prior = package_priors(case$priors[c(used, "beta[x]", "beta[z]")]), iter_sampling = 0
  )
  do.call(case$model, c(arguments, if (case$model == "no_pooling") list(sigma = "common")))
}

oracle_lost <- function(case, fine = 1) {
  oracle_fit(
    case$model, case$rows$y, case$priors, group = if (case$model != "complete_pooling") case$rows$g,
    x = as.matrix(case$rows[c("x", "z")]), fine = fine
  )[[1]]
}

# Largest errors: of the log evidence, of means and of sds, both relative to the sd (that of an icc near 1 may have no digits
# beside it).
errors_of_lost <- function(fit, oracle) {
  table <- exact_summary(fit)
  truth <- oracle$moments[intersect(table$variable, rownames(oracle$moments)), ]
  ours <- table[match(rownames(truth), table$variable), ]
  c(
    evidence = abs(log_marginal_likelihood(fit) - oracle$log_evidence),
    mean = max(abs(ours$mean - truth[, "mean"]) / (truth[, "sd"] + 1e-9 * abs(truth[, "mean"]))),
    sd = max(abs(ours$sd / truth[, "sd"] - 1)[truth[, "sd"] > 1e-9 * abs(truth[, "mean"])])
  )
}
