# Random fits of all models and all families of priors beside the brute-force posterior, to see whether an estimate of their
# error holds. Needs the code of oracle and digits, and the priors of the tests.

ordinary_case <- function() {
  model <- sample(c("complete_pooling", "no_pooling", "partial_pooling", "varying_intercept"), 1)
  groups <- sample(3:8, 1)
  g <- factor(rep(seq_len(groups), sample(1:9, groups, replace = TRUE)))
  x <- if (model == "varying_intercept") cbind(x = rnorm(length(g)))
  scale <- 10^runif(1, -1, 1)
  y <- 3 * rnorm(1) + scale * (rnorm(groups, sd = runif(1, 0, 2))[g] + rnorm(length(g)) + if (is.null(x)) 0 else x[, 1])
  # Families with moments: an error in sds needs one.
  families <- scale_priors[setdiff(names(scale_priors), c("flat", "half-Cauchy(0, 5)", "Cauchy(2, 2) above 0"))]
  draw <- function() families[[sample(length(families), 1)]]
  names <- switch(model,
    complete_pooling = c("mu", "sigma"), no_pooling = c("mu", "sigma"),
    partial_pooling = c("hyper_mu", "sigma_y", "sigma_mu"), varying_intercept = c("beta_0", "beta[x]", "sigma_y", "sigma_0")
  )
  priors <- lapply(names, function(name) if (startsWith(name, "sigma")) draw() else p_normal(rnorm(1), 10^runif(1, -1, 2)))
  names(priors) <- names
  list(model = model, y = y, g = g, x = x, priors = priors)
}

fit_ordinary <- function(case) {
  data <- data.frame(y = case$y, g = case$g)
  data$x <- case$x[, 1]
  formula <- switch(case$model, complete_pooling = y ~ 1, varying_intercept = y ~ x + (1 | g), y ~ 1 + (1 | g))
  own <- if (case$model == "no_pooling") list(sigma = "common")
  do.call(case$model, c(list(formula, data, prior = package_priors(case$priors), iter_sampling = 0), own))
}

oracle_ordinary <- function(case, fine) {
  oracle_fit(
    case$model, case$y, case$priors, group = if (case$model != "complete_pooling") case$g, x = case$x, fine = fine
  )[[1]]
}

# The largest error of a mean in posterior sds, of an sd, relative, and of the log evidence.
error_beside <- function(fit, oracle) {
  table <- exact_summary(fit, probs = numeric())
  names <- intersect(table$variable, rownames(oracle$moments))
  truth <- oracle$moments[names, , drop = FALSE]
  ours <- table[match(names, table$variable), ]
  exist <- is.finite(ours$sd) & truth[, "sd"] > 1e-9 * abs(truth[, "mean"])
  max(c(
    abs(log_marginal_likelihood(fit) - oracle$log_evidence),
    (abs(ours$mean - truth[, "mean"]) / truth[, "sd"])[exist], abs(ours$sd / truth[, "sd"] - 1)[exist]
  ))
}

# What a case shows: the estimate, the error, and how much of the latter is the oracle's, by one with another grid.
judge <- function(fit, oracle) {
  first <- oracle(1.3)
  second <- oracle(1.7)
  errors <- c(error_beside(fit, first), error_beside(fit, second))
  c(estimate = accuracy(fit)$error, error = min(errors), oracle = abs(diff(errors)))
}
