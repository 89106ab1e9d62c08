# Simulation-based calibration (Talts et al. 2018; Modrak et al. 2023): parameters drawn from the prior, data from the model, and
# the ranks of these parameters among draws of the posterior. If the draws are right each rank is uniform.
#
# Simulation is plain R, after the equations of the models, and shares nothing with the package. tools/sbc.R uses this folder too.

# Cells -------------------------------------------------------------------------------------------------------------------

# One setting to calibrate. `model`: name of the fitting function; `sizes`: of the groups; `priors`: all that the model has;
# `predictors`: names; their values are drawn from N(x_mean, x_sd^2). Slopes that vary are those of the first, of all for mixed_model().
# `weighted`: rows have weights, from 0.1 to 10; those of a meta-analysis have known errors, from 0.2 to 2. `...`: further
# arguments of the fitting function.
sbc_cell <- function(model, sizes, priors, predictors = NULL, intercept = TRUE, x_mean = 0, x_sd = 1, weighted = FALSE, ...) {
  bar <- switch(model,
    complete_pooling = NULL, varying_slope = sprintf("(0 + %s | g)", predictors[1]),
    varying_intercept_slope = sprintf("(1 + %s | g)", predictors[1]),
    mixed_model = sprintf("(1 + %s | g)", paste(predictors, collapse = " + ")), "(1 | g)"
  )
  terms <- c("1"[length(predictors) == 0 && intercept], predictors, bar)
  list(
    model = model, sizes = sizes, priors = priors, predictors = predictors, intercept = intercept, x_mean = x_mean,
    x_sd = x_sd, formula = stats::reformulate(terms, "y", intercept),
    arguments = c(list(...), if (weighted) list(weights = quote(w)), if (model == "meta_analysis") list(se = quote(s))),
    known = names(priors)[vapply(priors, stats::family, "") == "degenerate"]
  )
}

# Simulation --------------------------------------------------------------------------------------------------------------

# `n` draws of a prior; those of standard deviations are cut at 0.
draw_prior <- function(prior, n, positive) {
  x <- numeric(0)
  while (length(x) < n) {
    x <- c(x, draw_whole(prior, n))
    if (positive) x <- x[x > 0]
  }
  x[seq_len(n)]
}

# distributional needs one more package for the inverse gamma distribution: the inverse of a gamma variable.
draw_whole <- function(prior, n) {
  if (stats::family(prior) == "inverse_gamma") {
    par <- distributional::parameters(prior)
    return(1 / stats::rgamma(n, par$s, scale = par$r))
  }
  unlist(distributional::generate(prior, n))
}

# Parameters from the prior and data given them: `truth`, named as the draws are, and `data`.
sbc_simulate <- function(cell, seed) {
  if (!is.null(cell$family)) {
    return(simulate_counts(cell, seed))
  }
  if (!is.null(cell$pairs)) {
    return(simulate_two_factors(cell, seed))
  }
  withr::local_seed(seed)
  groups <- length(cell$sizes)
  index <- function(x, name) stats::setNames(x, paste0(name, "[g", seq_len(groups), "]"))
  location <- function(name, n = 1) draw_prior(cell$priors[[name]], n, FALSE)
  scale <- function(name, n = 1) stats::setNames(draw_prior(cell$priors[[name]], n, TRUE), if (n == 1) name)
  with_predictors <- length(cell$predictors) > 0

  slopes <- vapply(cell$predictors, function(name) location("beta"), 0)
  names(slopes) <- if (with_predictors) paste0("beta[", cell$predictors, "]")
  truth <- switch(cell$model,
    complete_pooling = {
      name <- if (with_predictors) "beta_0" else "mu"
      c(stats::setNames(location(name), name), slopes, scale("sigma"))
    },
    no_pooling = {
      name <- if (with_predictors) "beta_0j" else "mu"
      sigma <- if (identical(cell$arguments$sigma, "group")) index(scale("sigma", groups), "sigma") else scale("sigma")
      c(index(location(name, groups), name), slopes, sigma)
    },
    partial_pooling = {
      centre <- if (cell$intercept) c(hyper_mu = location("hyper_mu"))
      tau <- scale("sigma_mu")
      effects <- stats::rnorm(groups, 0, tau)
      c(centre, index(sum(centre) + effects, "mu"), scale("sigma_y"), tau)
    },
    meta_analysis = {
      centre <- location(if (with_predictors) "beta_0" else "hyper_mu")
      tau <- scale(if (with_predictors) "sigma_0" else "sigma_mu")
      names <- if (with_predictors) c("beta_0", "beta_0j") else c("hyper_mu", "mu")
      c(stats::setNames(centre, names[1]), slopes, index(stats::rnorm(groups, centre, tau), names[2]), tau)
    },
    varying_intercept = {
      centre <- c(beta_0 = location("beta_0"))
      tau <- scale("sigma_0")
      c(centre, slopes, index(stats::rnorm(groups, centre, tau), "beta_0j"), scale("sigma_y"), tau)
    },
    varying_slope = {
      tau <- scale("sigma_beta")
      own <- stats::setNames(stats::rnorm(groups, slopes[1], tau), sprintf("beta_j[%s,g%d]", cell$predictors[1], seq_len(groups)))
      c(beta_0 = location("beta_0"), slopes, own, scale("sigma_y"), named_by(tau, "sigma_beta", cell))
    },
    varying_intercept_slope = {
      centre <- c(beta_0 = location("beta_0"))
      taus <- c(scale("sigma_0"), scale("sigma_beta"))
      # LKJ of two effects: (rho + 1) / 2 has a beta distribution.
      eta <- distributional::parameters(cell$priors$rho)$eta
      rho <- 2 * stats::rbeta(1, eta, eta) - 1
      first <- stats::rnorm(groups)
      second <- rho * first + sqrt(1 - rho^2) * stats::rnorm(groups)
      own <- stats::setNames(slopes[1] + taus[2] * second, sprintf("beta_j[%s,g%d]", cell$predictors[1], seq_len(groups)))
      c(
        centre, slopes, index(centre + taus[1] * first, "beta_0j"), own, scale("sigma_y"), taus[1],
        named_by(taus[2], "sigma_beta", cell), named_by(rho, "rho", cell)
      )
    },
    mixed_model = simulate_three_effects(cell, location, scale, slopes, groups)
  )

  g <- rep(seq_len(groups), cell$sizes)
  data <- data.frame(g = factor(paste0("g", g), paste0("g", seq_len(groups))))
  data[cell$predictors] <- lapply(cell$predictors, function(name) stats::rnorm(length(g), cell$x_mean, cell$x_sd))
  if (!is.null(cell$arguments$weights)) data$w <- 10^stats::runif(length(g), -1, 1)
  if (!is.null(cell$arguments$se)) data$s <- 2 * 10^stats::runif(length(g), -1, 0)
  given <- observation_model(cell, data, t(truth))
  data$y <- stats::rnorm(length(g), given$mean, given$sd)
  list(truth = truth, data = data)
}

# Correlated intercept and two slopes of each group. LKJ(1) is uniform on correlation matrices.
simulate_three_effects <- function(cell, location, scale, slopes, groups) {
  stopifnot(distributional::parameters(cell$priors$rho)$eta == 1)
  centre <- c(beta_0 = location("beta_0"))
  taus <- c(scale("sigma_0"), scale("sigma_beta", 2))
  repeat {
    rho <- stats::runif(3, -1, 1)
    correlation <- matrix(c(1, rho[1:2], rho[1], 1, rho[3], rho[2:3], 1), 3)
    if (det(correlation) > 0) break
  }
  effects <- matrix(stats::rnorm(3 * groups), groups) %*% chol(correlation)
  own <- rep(c(centre, slopes), each = groups) + effects * rep(taus, each = groups)
  x <- cell$predictors
  g <- paste0("g", seq_len(groups))
  names(own) <- c(sprintf("beta_0j[%s]", g), sprintf("beta_j[%s,%s]", rep(x, each = groups), g))
  names(taus)[2:3] <- sprintf("sigma_beta[%s]", x)
  names(rho) <- c(sprintf("rho[%s]", x), sprintf("rho[%s,%s]", x[1], x[2]))
  c(centre, slopes, own, scale("sigma_y"), taus, rho)
}

# A parameter of the slope that varies.
named_by <- function(x, name, cell) stats::setNames(x, sprintf("%s[%s]", name, cell$predictors[1]))

# Mean and sd of each observation, draws x observations, given parameters, draws x variables.
observation_model <- function(cell, data, parameters) {
  named <- function(pattern) parameters[, grep(pattern, colnames(parameters)), drop = FALSE]
  g <- as.integer(data$g)
  all <- rep(1, length(g))
  mean <- if (cell$model %in% c("complete_pooling", "varying_slope")) {
    named("^(mu|beta_0)$")[, all, drop = FALSE]
  } else {
    named("^(mu|beta_0j)\\[")[, g, drop = FALSE]
  }
  varying <- switch(cell$model, varying_slope = , varying_intercept_slope = cell$predictors[1], mixed_model = cell$predictors)
  for (name in cell$predictors) {
    own <- named(sprintf("^beta_j\\[%s,", name))
    slope <- if (name %in% varying) own[, g, drop = FALSE] else parameters[, paste0("beta[", name, "]")]
    mean <- mean + slope * rep(data[[name]], each = nrow(parameters))
  }
  sigma <- named("^sigma(_y)?(\\[|$)")
  sd <- if (is.null(data$s)) {
    sigma[, if (ncol(sigma) > 1) g else all, drop = FALSE]
  } else {
    matrix(data$s, nrow(mean), length(g), byrow = TRUE)
  }
  if (!is.null(data$w)) sd <- sd / rep(sqrt(data$w), each = nrow(sd))
  list(mean = mean, sd = sd)
}

# Each parameter that is not known, and what depends on several of them: the log likelihood, which notices a posterior that
# has not seen all of the data, and the intraclass correlation.
sbc_quantities <- function(cell, data, parameters) {
  if (!is.null(cell$family)) {
    return(count_quantities(cell, data, parameters))
  }
  if (!is.null(cell$pairs)) {
    return(two_factors_quantities(cell, data, parameters))
  }
  given <- observation_model(cell, data, parameters)
  y <- rep(data$y, each = nrow(parameters))
  log_lik <- rowSums(matrix(stats::dnorm(y, given$mean, given$sd, log = TRUE), nrow(parameters)))
  between <- if (cell$model %in% c("partial_pooling", "varying_intercept")) intersect(c("sigma_mu", "sigma_0"), colnames(parameters))
  icc <- if (length(between) > 0) parameters[, between]^2 / (parameters[, between]^2 + parameters[, "sigma_y"]^2)
  parameters <- parameters[, setdiff(colnames(parameters), cell$known), drop = FALSE]
  cbind(parameters, icc = icc, log_lik = log_lik)
}

# Samplers ----------------------------------------------------------------------------------------------------------------

# A sampler gives draws, `draws` x variables, that are independent or nearly so.
sbc_exact <- function(cell, data, draws, seed) {
  sbc_fit(cell, data, seed, chains = 1, iter_sampling = draws)
}

# Every `thin`-th draw of one chain.
sbc_nuts <- function(form = "noncentered", thin = 20, adapt_delta = 0.95) {
  function(cell, data, draws, seed) {
    every <- sbc_fit(
      cell, data, seed, algorithm = "nuts", chains = 1, iter_sampling = draws * thin,
      control = nuts_control(form, adapt_delta = adapt_delta)
    )
    every[thin * seq_len(draws), , drop = FALSE]
  }
}

sbc_fit <- function(cell, data, seed, ...) {
  fitter <- get(cell$model, envir = asNamespace("bayespool"))
  fit <- suppressWarnings(
    do.call(fitter, c(list(cell$formula, data, prior = cell$priors, seed = seed, ...), cell$arguments)),
    classes = "bayespool_warning"
  )
  draws <- unclass(posterior::as_draws_matrix(fit))
  matrix(draws, nrow(draws), dimnames = list(NULL, colnames(draws)))
}

# An exact sampler that is wrong on purpose: `spoil` changes its draws.
sbc_broken <- function(spoil) {
  function(cell, data, draws, seed) spoil(sbc_exact(cell, data, draws, seed))
}

# Ways to spoil draws of partial pooling.
sbc_breaks <- list(
  `sigma_mu 5 % too small` = function(draws) {
    draws[, "sigma_mu"] <- 0.95 * draws[, "sigma_mu"]
    draws
  },
  `groups 1 and 2 swapped` = function(draws) {
    draws[, c("mu[g1]", "mu[g2]")] <- draws[, c("mu[g2]", "mu[g1]")]
    draws
  },
  `hyper_mu up by 0.1 posterior sd` = function(draws) {
    draws[, "hyper_mu"] <- draws[, "hyper_mu"] + 0.1 * stats::sd(draws[, "hyper_mu"])
    draws
  },
  `group means up by 0.1 posterior sd` = function(draws) {
    means <- grep("^mu\\[", colnames(draws))
    draws[, means] <- draws[, means] + rep(0.1 * apply(draws[, means], 2, stats::sd), each = nrow(draws))
    draws
  },
  `intervals of mu[g1] 20 % too narrow` = function(draws) {
    draws[, "mu[g1]"] <- mean(draws[, "mu[g1]"]) + 0.8 * (draws[, "mu[g1]"] - mean(draws[, "mu[g1]"]))
    draws
  },
  `each draw twice` = function(draws) draws[(seq_len(nrow(draws)) + 1) %/% 2, ]
)

# Ranks, from 0 to `draws`: simulations x quantities. Simulation i has seed `seed` + i, for the data and for the draws.
sbc_ranks <- function(cell, sims, seed, sampler = sbc_exact, draws = 99) {
  ranks <- lapply(seed + seq_len(sims), function(seed) {
    simulated <- sbc_simulate(cell, seed)
    sampled <- sampler(cell, simulated$data, draws, seed)
    values <- sbc_quantities(cell, simulated$data, rbind(simulated$truth, sampled[, names(simulated$truth), drop = FALSE]))
    colSums(values[-1, , drop = FALSE] < rep(values[1, ], each = draws))
  })
  structure(do.call(rbind, ranks), draws = draws)
}
