# Models whose groups have several effects, or with two grouping factors, by dense algebra: the covariance matrix of all observations,
# nothing collapsed by group. The standard deviations themselves are integrated, by Gauss-Legendre rules, not their logarithms on a lattice.

# y = x beta + z b + e; beta ~ N(mean, sd^2), independent, flat where sd is Inf; `sigma` and the list `tau` as p_scale() makes them; `eta`
# of the LKJ prior, NULL for independent effects.
dense_effects <- function(y, x, z, g, mean, sd, sigma, tau, eta = NULL) {
  list(y = y, x = x, z = z, same = outer(g, g, `==`), g = g, mean = mean, sd = sd, sigma = sigma, tau = tau, eta = eta)
}

# Two grouping factors, each with an intercept: `factors`, a list of the rows' groups. Effects are by factor then, and a target's
# `group` has one of each.
dense_crossed <- function(y, x, factors, mean, sd, sigma, tau) {
  list(y = y, x = x, z = matrix(1, length(y), 2), factors = factors, mean = mean, sd = sd, sigma = sigma, tau = tau)
}

# Covariance of z b.
dense_between <- function(problem, tau, correlation) {
  if (!is.null(problem$factors)) {
    return(Reduce(`+`, Map(function(g, tau) tau^2 * outer(g, g, `==`), problem$factors, tau)))
  }
  problem$same * (problem$z %*% (outer(tau, tau) * correlation) %*% t(problem$z))
}

# Covariance of z b with the effects `e` of a group, which have this covariance.
dense_with_group <- function(problem, group, covariance, e) {
  if (!is.null(problem$factors)) {
    return(Reduce(`+`, Map(function(g, own, weight) weight * (g == own), problem$factors, group, drop(covariance %*% e))))
  }
  (problem$g == group) * drop(problem$z %*% covariance %*% e)
}

# log p(y | sigma, tau, correlation)
dense_log_likelihood <- function(problem, sigma, tau, correlation) {
  n <- length(problem$y)
  factor <- chol(sigma^2 * diag(n) + dense_between(problem, tau, correlation))
  white <- backsolve(factor, cbind(problem$x, problem$y), transpose = TRUE)
  known <- is.finite(problem$sd)
  # A prior of a coefficient is one more row of data.
  prior <- cbind(diag(1 / problem$sd, length(problem$sd)), ifelse(known, problem$mean / problem$sd, 0))
  p <- ncol(problem$x)
  r <- qr.R(qr(rbind(white, prior[known, , drop = FALSE]), LAPACK = FALSE, tol = 0))
  -n / 2 * log(2 * pi) - sum(log(diag(factor))) - sum(log(problem$sd[known])) + sum(!known) / 2 * log(2 * pi) -
    sum(log(abs(diag(r)[seq_len(p)]))) - r[p + 1, p + 1]^2 / 2
}

# log of the integral of det(R)^(eta - 1) over correlation matrices of q variables.
lkj_log_constant <- function(q, eta) {
  k <- seq_len(q - 1)
  sum(k / 2 * log(pi) + lgamma(eta + (q - 1 - k) / 2) - lgamma(eta + (q - 1) / 2))
}

# The correlation of i and j given 1, ..., j - 1, by rows of the lower triangle.
partial_correlations <- function(correlation) {
  q <- nrow(correlation)
  pairs <- do.call(rbind, lapply(seq_len(q)[-1], function(i) cbind(i, seq_len(i - 1))))
  apply(pairs, 1, function(pair) {
    chosen <- c(seq_len(pair[2] - 1), pair[2], pair[1])
    precision <- solve(correlation[chosen, chosen])
    last <- length(chosen)
    -precision[last - 1, last] / sqrt(precision[last - 1, last - 1] * precision[last, last])
  })
}

# log of the density of (y, log sigma, log(tau / sigma), atanh of the partial correlations).
dense_log_density <- function(problem, sigma, tau, correlation) {
  q <- length(tau)
  value <- dense_log_likelihood(problem, sigma, tau, correlation) + problem$sigma$log_density(sigma) + log(sigma)
  for (k in seq_len(q)) value <- value + problem$tau[[k]]$log_density(tau[k]) + log(tau[k])
  if (is.null(problem$eta) || q == 1) {
    return(value)
  }
  z <- partial_correlations(correlation)
  j <- sequence(seq_len(q - 1)) - 1 # of each pair, from 0
  value + (problem$eta - 1) * as.numeric(determinant(correlation)$modulus) - lkj_log_constant(q, problem$eta) +
    sum(log1p(-z^2) * (1 + (q - 2 - j) / 2))
}

# Nodes and weights on (0, upper).
half_line <- function(size, scale, upper = Inf) {
  rule <- gauss_legendre(size)
  if (is.finite(upper)) {
    return(list(x = upper * rule$x, weight = upper * rule$weight))
  }
  list(x = scale * rule$x / (1 - rule$x), weight = scale * rule$weight / (1 - rule$x)^2)
}

# All nodes in sigma, tau and, for two correlated effects, rho: a data frame of `weight` (times the likelihood: `log_total` is the log
# of their sum, 1 after), the parameters, and the normal distributions of `targets`, each list(a, group, e) for a'beta + e'b of that group:
# columns mean_<name>, var_<name>. `scale`: about where sigma and the taus are. `upper`: named limits instead of Inf (or 1).
dense_posterior <- function(problem, size, scale, targets = list(), upper = c()) {
  limit <- function(name, otherwise) if (name %in% names(upper)) upper[[name]] else otherwise
  q <- ncol(problem$z)
  p <- ncol(problem$x)
  n <- length(problem$y)
  correlated <- q == 2 && !is.null(problem$eta)
  # One decomposition serves all sigmas.
  sigmas <- half_line(3 * size, scale[1], limit("sigma", Inf))
  axes <- lapply(seq_len(q), function(k) half_line(size, scale[1 + k], limit(paste0("tau", k), Inf)))
  if (correlated) {
    to <- limit("rho", 1)
    rule <- gauss_legendre(size)
    axes <- c(axes, list(list(x = -1 + (to + 1) * rule$x, weight = (to + 1) * rule$weight)))
  }
  index <- as.matrix(expand.grid(lapply(axes, function(axis) seq_along(axis$x))))
  known <- is.finite(problem$sd)
  precision <- ifelse(known, 1 / problem$sd^2, 0)
  pull <- ifelse(known, problem$mean / problem$sd^2, 0)
  log_sigma_part <- log(sigmas$weight) + problem$sigma$log_density(sigmas$x)
  rows <- lapply(seq_len(nrow(index)), function(i) {
    at <- vapply(seq_along(axes), function(a) axes[[a]]$x[index[i, a]], 0)
    tau <- at[seq_len(q)]
    correlation <- diag(q)
    log_prior <- sum(vapply(seq_along(axes), function(a) log(axes[[a]]$weight[index[i, a]]), 0)) +
      sum(vapply(seq_len(q), function(k) problem$tau[[k]]$log_density(tau[k]), 0))
    if (correlated) {
      correlation[1, 2] <- correlation[2, 1] <- at[3]
      log_prior <- log_prior + (problem$eta - 1) * log1p(-at[3]^2) - lkj_log_constant(2, problem$eta)
    }
    axis <- eigen(dense_between(problem, tau, correlation), symmetric = TRUE)
    inverse <- 1 / outer(sigmas$x^2, pmax(axis$values, 0), `+`) # sigma x observation
    v <- crossprod(axis$vectors, cbind(problem$x, problem$y))
    # Q and r of the coefficients, p at most 2
    product <- function(a, b) drop(inverse %*% (v[, a] * v[, b]))
    q11 <- product(1, 1) + precision[1]
    r1 <- product(1, p + 1) + pull[1]
    if (p == 2) {
      q12 <- product(1, 2)
      q22 <- product(2, 2) + precision[2]
      r2 <- product(2, 3) + pull[2]
    } else {
      q12 <- r2 <- 0
      q22 <- 1
    }
    det <- q11 * q22 - q12^2
    beta <- cbind((q22 * r1 - q12 * r2) / det, (q11 * r2 - q12 * r1) / det)[, seq_len(p), drop = FALSE]
    rest <- product(p + 1, p + 1) + sum(pull[known] * problem$mean[known]) - beta[, 1] * r1 - (if (p == 2) beta[, 2] * r2 else 0)
    log_f <- log_prior + log_sigma_part + rowSums(log(inverse)) / 2 - log(det) / 2 - rest / 2
    out <- cbind(log_f, sigmas$x, matrix(at, length(sigmas$x), length(at), byrow = TRUE))
    covariance <- outer(tau, tau) * correlation
    for (target in targets) {
      # b's covariance with y, in the axes
      own <- crossprod(axis$vectors, dense_with_group(problem, target$group, covariance, target$e))
      mean <- drop(beta %*% target$a) + drop(inverse %*% (own * v[, p + 1])) -
        rowSums(beta * vapply(seq_len(p), function(k) drop(inverse %*% (own * v[, k])), numeric(nrow(inverse))))
      h <- vapply(seq_len(p), function(k) target$a[k] - drop(inverse %*% (own * v[, k])), numeric(nrow(inverse)))
      h <- cbind(h, 0)[, 1:2]
      var <- drop(target$e %*% covariance %*% target$e) - drop(inverse %*% own^2) +
        (h[, 1]^2 * q22 - 2 * h[, 1] * h[, 2] * q12 + h[, 2]^2 * q11) / det
      out <- cbind(out, mean, var)
    }
    out
  })
  all <- as.data.frame(do.call(rbind, rows))
  names(all) <- c(
    "weight", "sigma", paste0("tau", seq_len(q)), if (correlated) "rho",
    if (length(targets) > 0) paste0(c("mean_", "var_"), rep(names(targets), each = 2))
  )
  top <- max(all$weight)
  total <- sum(exp(all$weight - top))
  all$weight <- exp(all$weight - top) / total
  constant <- -n / 2 * log(2 * pi) - sum(log(problem$sd[known])) + sum(!known) / 2 * log(2 * pi)
  list(nodes = all, log_total = top + log(total) + constant)
}

# Mean and sd of a parameter or a target.
dense_moments <- function(posterior, name) {
  nodes <- posterior$nodes
  target <- paste0("mean_", name) %in% names(nodes)
  mean <- nodes[[if (target) paste0("mean_", name) else name]]
  var <- if (target) nodes[[paste0("var_", name)]] else 0
  centre <- sum(nodes$weight * mean)
  c(mean = centre, sd = sqrt(sum(nodes$weight * ((mean - centre)^2 + var))))
}

# The probability that target is at most x.
dense_below <- function(posterior, name, x) {
  nodes <- posterior$nodes
  sum(nodes$weight * pnorm(x, nodes[[paste0("mean_", name)]], sqrt(nodes[[paste0("var_", name)]])))
}
