# An independent brute-force posterior, to test the engine against.
#
# Nothing is collapsed and nothing is reduced to moments: for each (sigma, tau) on a dense grid the joint normal posterior of
# all coefficients and group effects is formed by least squares, one QR factorisation a grid point.

# The posterior given (sigma, tau) ----------------------------------------------------------------------------------------

# `x`: N x P with prior mean and sd of each coefficient; `z`: N x J, or NULL where there are no random effects.
oracle_problem <- function(y, x, mean, sd, sigma, z = NULL, tau = NULL, intercept = 0) {
  fixed <- sd == 0
  list(
    y = y - drop(x[, fixed, drop = FALSE] %*% mean[fixed]), x = x[, !fixed, drop = FALSE], mean = mean[!fixed],
    sd = sd[!fixed], z = z, sigma = sigma, tau = tau, all_mean = mean, free = which(!fixed), intercept = intercept
  )
}

# QR of many R x K matrices at once by modified Gram-Schmidt: `a` is a list of K columns, each G x R. Returns R as r[[i]][[j]],
# j >= i, of G numbers.
batch_qr <- function(a) {
  size <- length(a)
  r <- rep(list(vector("list", size)), size)
  for (i in seq_len(size)) {
    r[[i]][[i]] <- sqrt(rowSums(a[[i]]^2))
    if (i == size) break
    q <- a[[i]] / r[[i]][[i]]
    for (j in (i + 1):size) {
      r[[i]][[j]] <- rowSums(q * a[[j]])
      a[[j]] <- a[[j]] - q * r[[i]][[j]]
    }
  }
  r
}

# theta = (coefficients, eta) with group effects tau * eta: log p(y | sigma, tau), and the mean and the factor of the normal
# posterior of theta, at each point of the grid. With a prior as one more row of data for each element of theta, the
# posterior is the least-squares fit of (design / sigma, 1 / prior sd) to (y / sigma, prior mean / prior sd).
oracle_conditional <- function(problem, sigma, tau) {
  design <- cbind(problem$x, problem$z)
  size <- ncol(design)
  points <- length(sigma)
  effects <- if (is.null(problem$z)) 0 else ncol(problem$z)
  coefficients <- size - effects
  root_precision <- c(1 / problem$sd, rep(1, effects))
  center <- c(ifelse(is.infinite(problem$sd), 0, problem$mean), rep(0, effects))
  scale <- matrix(1, points, size)
  scale[, coefficients + seq_len(effects)] <- tau

  data <- qr.R(qr(cbind(design, problem$y), LAPACK = FALSE, tol = 0)) # the rows, rotated to at most K + 1
  column <- function(data, prior, scale) cbind(outer(scale / sigma, data), matrix(prior, points, size, byrow = TRUE))
  columns <- lapply(seq_len(size), function(k) {
    column(data[, k], root_precision * (seq_len(size) == k), scale[, k])
  })
  columns[[size + 1]] <- column(data[, size + 1], root_precision * center, rep(1, points))
  r <- batch_qr(columns)

  theta <- matrix(0, points, size)
  for (k in rev(seq_len(size))) {
    theta[, k] <- r[[k]][[size + 1]]
    for (j in seq_len(size)[seq_len(size) > k]) theta[, k] <- theta[, k] - r[[k]][[j]] * theta[, j]
    theta[, k] <- theta[, k] / r[[k]][[k]]
  }
  log_det <- 0
  for (k in seq_len(size)) log_det <- log_det + 2 * log(r[[k]][[k]])
  proper <- root_precision > 0
  # p(y) = p(y | theta) p(theta) / p(theta | y) at the posterior mean; a flat prior has density 1.
  log_lik <- -length(problem$y) / 2 * log(2 * pi) - length(problem$y) * log(sigma) - r[[size + 1]][[size + 1]]^2 / 2 +
    sum(log(root_precision[proper])) - log_det / 2 + sum(!proper) / 2 * log(2 * pi)
  list(log_lik = log_lik, theta = theta, factor = r, scale = scale, coefficients = coefficients)
}

# Solves R'x = b for each grid point; `b` is G x K.
batch_forward <- function(r, b) {
  for (j in seq_len(ncol(b))) {
    for (k in seq_len(j - 1)) b[, j] <- b[, j] - r[[k]][[j]] * b[, k]
    b[, j] <- b[, j] / r[[j]][[j]]
  }
  b
}

# Mean and sd of sum_k weight_k coefficient_k + sum_j effect_j tau eta_j at each grid point. `weight` is on all coefficients,
# fixed ones included.
oracle_linear <- function(problem, at, weight, effect = NULL) {
  contrast <- sweep(at$scale, 2, c(weight[problem$free], effect %||% rep(0, ncol(at$scale) - at$coefficients)), `*`)
  fixed <- setdiff(seq_along(weight), problem$free)
  list(
    mean = rowSums(contrast * at$theta) + sum(weight[fixed] * problem$all_mean[fixed]),
    sd = sqrt(rowSums(batch_forward(at$factor, contrast)^2))
  )
}

`%||%` <- function(x, y) if (is.null(x)) y else x

# The grid ----------------------------------------------------------------------------------------------------------------

# Gauss-Legendre nodes and weights on (0, 1), by the eigenvalues of the Jacobi matrix.
gauss_legendre <- function(size) {
  k <- seq_len(size - 1)
  jacobi <- matrix(0, size, size)
  jacobi[cbind(k, k + 1)] <- jacobi[cbind(k + 1, k)] <- k / sqrt(4 * k^2 - 1)
  rule <- eigen(jacobi, symmetric = TRUE)
  list(x = (rule$values + 1) / 2, weight = rule$vectors[1, ]^2)
}

# log of the data's spread; 0 where there is none.
oracle_spread <- function(problem) {
  spread <- log(sd(problem$y))
  if (is.finite(spread)) spread else 0
}

# Where log sigma and log tau can be: a wide range around the data's spread, cut at the ends of the priors.
oracle_range <- function(problem, name) {
  prior <- problem[[name]]
  if (name == "tau" && is.null(problem$z)) {
    return(c(-Inf, -Inf))
  }
  if (!is.null(prior$fixed)) {
    return(rep(log(prior$fixed), 2))
  }
  spread <- oracle_spread(problem)
  c(max(spread - 40, log(prior$lower)), min(spread + 26, log(prior$upper)))
}

# log p(y, log sigma, log tau) at the points of the grid.
oracle_evaluate <- function(problem, log_sigma, log_tau) {
  sigma <- exp(log_sigma)
  tau <- exp(log_tau)
  at <- suppressWarnings(oracle_conditional(problem, sigma, tau)) # far out, rounding leaves nothing to take a root of
  at$sigma <- sigma
  at$tau <- tau
  at$log_density <- at$log_lik
  if (is.null(problem$sigma$fixed)) at$log_density <- at$log_density + problem$sigma$log_density(sigma) + log_sigma
  if (!is.null(problem$z) && is.null(problem$tau$fixed)) {
    at$log_density <- at$log_density + problem$tau$log_density(tau) + log_tau
  }
  at$log_density[is.na(at$log_density)] <- -Inf
  at
}

# The box of (log sigma, log tau) that holds the mass, squares of the scales included.
oracle_box <- function(problem) {
  box <- list(oracle_range(problem, "sigma"), oracle_range(problem, "tau"))
  # While the grid is coarse its best point may be far below the top, and tau beside it another.
  for (drop in c(512, 256, 128, 64, 32)) {
    axes <- lapply(box, function(range) if (range[1] == range[2]) range[1] else seq(range[1], range[2], length.out = 60))
    grid <- expand.grid(sigma = axes[[1]], tau = axes[[2]])
    at <- oracle_evaluate(problem, grid$sigma, grid$tau)
    # The mass, and what the squares of sigma and of tau weigh.
    high <- function(height) height > max(height) - drop
    inside <- high(at$log_density) | high(at$log_density + 2 * grid$sigma)
    if (is.finite(grid$tau[1])) inside <- inside | high(at$log_density + 2 * grid$tau)
    inside <- which(matrix(inside, length(axes[[1]])), arr.ind = TRUE)
    for (d in 1:2) {
      reach <- range(inside[, d]) + c(-1, 1)
      box[[d]] <- axes[[d]][pmin(pmax(reach, 1), length(axes[[d]]))]
    }
  }
  box
}

# Integrates over the box, within the given upper ends, by Gauss-Legendre in log sigma and, given sigma, in log tau.
oracle_integrate <- function(problem, box, sigma_upper = Inf, tau_upper = Inf, icc_upper = 1, fine = 1) {
  # Nodes: the posterior of log sigma given tau is about 1 / sqrt(2 N) wide, that of log tau has features of about 1.
  width <- vapply(box, function(range) if (range[1] == range[2]) 0 else diff(range), 0)
  size <- if (is.null(problem$z)) c(400, 1) else c(25 + 2 * width[1] * sqrt(2 * length(problem$y)), 40 + 6 * width[2])
  size <- ceiling(fine * size)
  # Where the bound on the icc meets an end of the box the inner integral has a kink in sigma: panels end there.
  icc_shift <- log(icc_upper / (1 - icc_upper)) / 2
  ends <- c(box[[1]][1], max(box[[1]][1], min(box[[1]][2], log(sigma_upper))))
  kinks <- box[[2]] - icc_shift
  ends <- sort(unique(c(ends, kinks[kinks > ends[1] & kinks < ends[2]])))
  sigma <- list(x = ends[1], weight = 1)
  if (box[[1]][1] < box[[1]][2]) {
    rule <- gauss_legendre(size[1])
    sigma <- list(x = as.vector(outer(rule$x, diff(ends)) + rep(ends[-length(ends)], each = size[1])),
                  weight = as.vector(outer(rule$weight, diff(ends))))
  }
  tau <- if (box[[2]][1] < box[[2]][2]) gauss_legendre(size[2])
  tau_length <- pmax(0, pmin(box[[2]][2], log(tau_upper), sigma$x + icc_shift) - box[[2]][1])
  log_tau <- if (is.null(tau)) rep(box[[2]][1], length(sigma$x)) else as.vector(box[[2]][1] + outer(tau_length, tau$x))
  weight <- sigma$weight * if (is.null(tau)) 1 else as.vector(outer(tau_length, tau$weight))
  at <- oracle_evaluate(problem, rep(sigma$x, length.out = length(log_tau)), log_tau)
  top <- max(at$log_density)
  at$weight <- exp(at$log_density - top) * weight
  at$log_mass <- top + log(sum(at$weight))
  at$weight <- at$weight / sum(at$weight)
  at
}

# One posterior: `variables` are those of exact_summary() for it.
oracle_posterior <- function(problem, rows, sigma_name, tau_name = NULL, fine = 1) {
  box <- oracle_box(problem)
  at <- oracle_integrate(problem, box, fine = fine)
  normal <- lapply(rows, function(row) oracle_linear(problem, at, row$weight, row$effect))
  scales <- stats::setNames(list(at$sigma), sigma_name)
  if (!is.null(tau_name)) {
    scales[[tau_name]] <- at$tau
    scales$icc <- at$tau^2 / (at$tau^2 + at$sigma^2)
  }
  moments <- function(mean, variance = 0) {
    expected <- sum(at$weight * mean)
    c(mean = expected, sd = sqrt(sum(at$weight * (variance + (mean - expected)^2))))
  }
  limits <- stats::setNames(c("sigma_upper", if (!is.null(tau_name)) c("tau_upper", "icc_upper")), names(scales))
  known <- c(!is.null(problem$sigma$fixed), !is.null(problem$tau$fixed))
  known <- c(known, all(known))
  known <- stats::setNames(known[seq_along(scales)], names(scales))
  list(
    at = at, problem = problem, log_evidence = at$log_mass,
    moments = do.call(rbind, c(lapply(normal, function(x) moments(x$mean, x$sd^2)), lapply(scales, moments))),
    cdf = function(name, q) {
      if (name %in% names(normal)) {
        return(sum(at$weight * pnorm(q, normal[[name]]$mean, normal[[name]]$sd)))
      }
      if (known[[name]]) {
        return(NA)
      }
      if (name == "icc" && !is.null(problem$tau$fixed)) {
        # A small icc is a large sigma.
        q <- problem$tau$fixed * sqrt((1 - q) / q)
        return(1 - exp(oracle_integrate(problem, box, sigma_upper = q, fine = fine)$log_mass - at$log_mass))
      }
      limit <- stats::setNames(list(q), limits[[name]])
      exp(do.call(oracle_integrate, c(list(problem, box), limit, list(fine = fine)))$log_mass - at$log_mass)
    }
  )
}

# The models ---------------------------------------------------------------------------------------------------------------

# A posterior, or a list of them where each group has its own sigma. `x`: N x P matrix of predictors, named.
oracle_fit <- function(model, y, priors, group = NULL, x = NULL, intercept = TRUE, sigma = "common", fine = 1) {
  labels <- if (!is.null(group)) levels(factor(group))
  z <- if (!is.null(group)) outer(as.character(group), labels, `==`) + 0
  slopes <- if (!is.null(x)) paste0("beta[", colnames(x), "]")
  slope_prior <- lapply(slopes, function(name) priors[[name]] %||% priors$beta)
  get <- function(list, what) vapply(list, `[[`, 0, what)

  if (model == "no_pooling" && sigma == "group") {
    parts <- lapply(labels, function(label) {
      oracle_posterior(
        oracle_problem(y[group == label], matrix(1, sum(group == label)), priors$mu$mean, priors$mu$sd, priors$sigma),
        stats::setNames(list(list(weight = 1)), paste0("mu[", label, "]")), paste0("sigma[", label, "]"), fine = fine
      )
    })
    return(parts)
  }
  if (model == "no_pooling") {
    name <- if (is.null(x)) "mu" else "beta_0j"
    location <- c(rep(list(priors[[name]]), length(labels)), slope_prior)
    names <- c(paste0(name, "[", labels, "]"), slopes)
    design <- cbind(z, x)
  } else {
    name <- switch(model, complete_pooling = if (is.null(x)) "mu" else "beta_0", partial_pooling = "hyper_mu",
                   varying_intercept = "beta_0")
    location <- c(if (intercept) list(priors[[name]]), slope_prior)
    names <- c(if (intercept) name, slopes)
    design <- cbind(if (intercept) rep(1, length(y)), x)
    if (is.null(design)) design <- matrix(0, length(y), 0)
  }
  rows <- lapply(seq_along(names), function(k) list(weight = as.numeric(seq_along(names) == k)))
  names(rows) <- names
  random <- model %in% c("partial_pooling", "varying_intercept")
  if (random) {
    group_name <- if (model == "partial_pooling") "mu" else "beta_0j"
    population <- as.numeric(seq_along(names) == 1 & intercept)
    rows[paste0(group_name, "[", labels, "]")] <- lapply(seq_along(labels), function(j) {
      list(weight = population, effect = as.numeric(seq_along(labels) == j))
    })
  }
  sigma_name <- if (random) "sigma_y" else "sigma"
  tau_name <- if (random) c(partial_pooling = "sigma_mu", varying_intercept = "sigma_0")[[model]]
  problem <- oracle_problem(
    y, design, as.numeric(get(location, "mean")), as.numeric(get(location, "sd")), priors[[sigma_name]],
    z = if (random) z, tau = if (random) priors[[tau_name]]
  )
  list(oracle_posterior(problem, rows, sigma_name, tau_name, fine = fine))
}

# Expectations -------------------------------------------------------------------------------------------------------------

test_probs <- c(0.001, 0.5, 0.97)

# Compares all rows of exact_summary() and the log evidence with an oracle; the tolerances are those promised.
expect_oracle <- function(fit, oracle, probs = test_probs, variables = NULL) {
  table <- exact_summary(fit, probs = probs)
  checked <- character()
  worst <- c(mean = 0, sd = 0, probability = 0)
  where <- worst
  note <- function(what, error, name) {
    if (!is.finite(error)) error <- Inf
    if (error > worst[[what]]) {
      worst[[what]] <<- error
      where[[what]] <<- name
    }
  }
  for (part in oracle) {
    for (name in variables %||% rownames(part$moments)) {
      ours <- table[table$variable == name, ]
      if (nrow(ours) != 1) testthat::fail(paste(name, "is not in the summary"))
      truth <- part$moments[name, ]
      size <- max(abs(truth[["mean"]]), truth[["sd"]])
      note("mean", abs(ours$mean - truth[["mean"]]) / size, name)
      if (truth[["sd"]] > 1e-12 * size) {
        note("sd", abs(ours$sd / truth[["sd"]] - 1), name)
        for (k in seq_along(probs)) note("probability", abs(part$cdf(name, ours[[3 + k]]) - probs[k]), name)
      } else {
        note("sd", abs(ours$sd) / size, name)
        for (k in seq_along(probs)) note("mean", abs(ours[[3 + k]] - truth[["mean"]]) / size, name)
      }
      checked <- c(checked, name)
    }
  }
  if (is.null(variables)) testthat::expect_setequal(checked, table$variable)
  for (what in names(worst)) {
    testthat::expect(
      worst[[what]] < 1e-6, sprintf("error of %s is %.2g at %s, should be below 1e-6", what, worst[[what]], where[[what]])
    )
  }
  if (all(vapply(fit$priors, is_proper, NA))) {
    truth <- sum(vapply(oracle, `[[`, 0, "log_evidence"))
    error <- abs(log_marginal_likelihood(fit) - truth)
    testthat::expect(
      isTRUE(error < 1e-6), sprintf("error of the log evidence is %.2g, should be below 1e-6", error)
    )
  }
  invisible(fit)
}
