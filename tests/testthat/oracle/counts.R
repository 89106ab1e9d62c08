# Counts of groups by brute force: sums over a dense grid of mu and log tau, and at each of its nodes sums over each group's theta. Nothing
# of it is shared with the package.

# `k` of `n` (trials or exposure); mu ~ N(mean, sd); `tau_density`, the prior of tau; `x`: a predictor of the groups with a known slope of
# `slope`. `mu`, `log_tau`, `z`: grids. theta = mu + slope x + tau z; or, with `theta` (groups x points), at these points, for counts that
# say much more than the population does.
count_oracle <- function(family, k, n, mean, sd, tau_density, mu, log_tau, z = seq(-9, 9, length.out = 181), theta = NULL, shift = 0) {
  log_likelihood <- function(theta, j) {
    switch(family,
      binomial = stats::dbinom(k[j], n[j], stats::plogis(theta), log = TRUE),
      poisson = stats::dpois(k[j], n[j] * exp(theta), log = TRUE)
    )
  }
  nodes <- expand.grid(mu = mu, log_tau = log_tau)
  tau <- exp(nodes$log_tau)
  step <- diff(mu)[1] * diff(log_tau)[1]
  log_f <- stats::dnorm(nodes$mu, mean, sd, log = TRUE) + log(tau_density(tau)) + nodes$log_tau + log(step)
  shift <- rep_len(shift, length(k))
  key <- paste(k, n, shift)
  distinct <- which(!duplicated(key))
  inner <- lapply(distinct, function(j) {
    total <- first <- second <- response <- square <- 0
    points <- if (is.null(theta)) z else theta[j, ]
    top <- log_likelihood(if (family == "binomial") stats::qlogis((k[j] + 0.5) / (n[j] + 1)) else log((k[j] + 0.5) / n[j]), j)
    for (point in points) {
      at <- if (is.null(theta)) nodes$mu + shift[j] + tau * point else rep(point, nrow(nodes))
      weight <- if (is.null(theta)) {
        stats::dnorm(point) * diff(z)[1]
      } else {
        stats::dnorm(point, nodes$mu + shift[j], tau) * diff(points)[1]
      }
      mass <- exp(log_likelihood(at, j) - top) * weight
      p <- if (family == "binomial") stats::plogis(at) else exp(at)
      total <- total + mass
      first <- first + mass * at
      second <- second + mass * at^2
      response <- response + ifelse(mass > 0, mass * p, 0) # p may be beyond numbers
      square <- square + ifelse(mass > 0, mass * p^2, 0)
    }
    average <- function(sum) ifelse(total > 0, sum / total, 0) # far nodes may have nothing
    list(
      log_z = log(total) + top, first = average(first), second = average(second), response = average(response), square = average(square)
    )
  })
  own <- match(key, key[distinct])
  for (j in own) log_f <- log_f + inner[[j]]$log_z
  top <- max(log_f)
  weight <- exp(log_f - top)
  evidence <- top + log(sum(weight))
  weight <- weight / sum(weight)
  moments <- function(first, second) c(mean = sum(weight * first), sd = sqrt(sum(weight * second) - sum(weight * first)^2))
  list(
    log_evidence = evidence, edge = sum(weight[nodes$mu %in% range(mu) | nodes$log_tau %in% range(log_tau)]),
    table = rbind(
      moments(nodes$mu, nodes$mu^2), t(vapply(inner[own], function(g) moments(g$first, g$second), numeric(2))), moments(tau, tau^2)
    ),
    response = t(vapply(inner[own], function(g) moments(g$response, g$square), numeric(2)))
  )
}
