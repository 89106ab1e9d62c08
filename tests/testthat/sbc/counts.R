# Cells of counts: see simulate.R.

# `family`: "binomial" or "poisson"; `sizes`: trials or exposures, a group each; `predictor`: whether the groups have one, from N(0, 1).
sbc_count_cell <- function(model, family, sizes, priors, predictor = FALSE) {
  left <- if (family == "binomial") quote(cbind(k, n - k)) else quote(k)
  right <- if (predictor) quote(x) else 1
  if (family == "poisson") right <- call("+", right, quote(offset(log(n))))
  list(
    model = model, family = family, sizes = sizes, priors = priors, predictor = predictor,
    formula = stats::as.formula(call("~", left, call("+", right, quote((1 | g))))), arguments = list(family = family),
    known = names(priors)[vapply(priors, stats::family, "") == "degenerate"]
  )
}

simulate_counts <- function(cell, seed) {
  withr::local_seed(seed)
  groups <- length(cell$sizes)
  labels <- paste0("g", seq_len(groups))
  drawn <- function(name, n = 1) draw_prior(cell$priors[[name]], n, startsWith(name, "sigma"))
  x <- if (cell$predictor) stats::rnorm(groups) else numeric(groups)
  truth <- switch(cell$model,
    complete_pooling = c(mu = drawn("mu")),
    no_pooling = stats::setNames(drawn("mu", groups), sprintf("mu[%s]", labels)),
    partial_pooling = {
      centre <- drawn("hyper_mu")
      tau <- drawn("sigma_mu")
      c(hyper_mu = centre, stats::setNames(stats::rnorm(groups, centre, tau), sprintf("mu[%s]", labels)), sigma_mu = tau)
    },
    varying_intercept = {
      centre <- drawn("beta_0")
      slope <- drawn("beta")
      tau <- drawn("sigma_0")
      own <- stats::setNames(stats::rnorm(groups, centre, tau), sprintf("beta_0j[%s]", labels))
      c(beta_0 = centre, `beta[x]` = slope, own, sigma_0 = tau)
    }
  )
  data <- data.frame(g = factor(labels, labels), n = cell$sizes, x = x)
  theta <- drop(linear_predictors(cell, data, t(truth)))
  data$k <- if (cell$family == "binomial") {
    stats::rbinom(groups, data$n, stats::plogis(theta))
  } else {
    stats::rpois(groups, data$n * exp(theta))
  }
  list(truth = truth, data = data)
}

# Draws x groups.
linear_predictors <- function(cell, data, parameters) {
  if (cell$model == "complete_pooling") {
    return(matrix(parameters[, "mu"], nrow(parameters), nrow(data)))
  }
  own <- parameters[, grep("^(mu|beta_0j)\\[", colnames(parameters)), drop = FALSE]
  if (cell$predictor) own + outer(parameters[, "beta[x]"], data$x) else own
}

# The parameters that are not known, and the log likelihood.
count_quantities <- function(cell, data, parameters) {
  theta <- linear_predictors(cell, data, parameters)
  k <- rep(data$k, each = nrow(theta))
  n <- rep(data$n, each = nrow(theta))
  log_lik <- if (cell$family == "binomial") {
    stats::dbinom(k, n, stats::plogis(theta), log = TRUE)
  } else {
    stats::dpois(k, n * exp(theta), log = TRUE)
  }
  cbind(
    parameters[, setdiff(colnames(parameters), cell$known), drop = FALSE], log_lik = rowSums(matrix(log_lik, nrow(theta)))
  )
}
