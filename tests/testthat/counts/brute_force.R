# The posterior of a small model of counts by sums over a grid, in plain R: nodes of the population's parameters, and at each of them
# one density of theta a group, on a grid that all nodes share.

# `nodes`: a data frame with `eta_<j>` of each group j, `tau`, and `log_prior` (of a node, with what its cell measures).
brute_force <- function(nodes, log_likelihood, theta) {
  groups <- length(log_likelihood)
  step <- theta[2] - theta[1]
  masses <- lapply(seq_len(groups), function(j) {
    outer(seq_len(nrow(nodes)), theta, function(t, at) {
      exp(log_likelihood[[j]](at) + dnorm(at, nodes[[paste0("eta_", j)]][t], nodes$tau[t], log = TRUE))
    })
  })
  z <- vapply(masses, function(mass) rowSums(mass) * step, numeric(nrow(nodes)))
  weight <- exp(nodes$log_prior) * apply(z, 1, prod)
  list(
    weight = weight / sum(weight), evidence = sum(weight), theta = theta,
    density = lapply(masses, function(mass) mass / rowSums(mass)) # nodes x theta
  )
}

# Mean, sd, and the distribution function at `x`, of theta_j - theta_k - shift (one shift a node), where its characteristic function is
# negligible beyond the frequency `most`.
brute_difference <- function(brute, j, k, shift = 0, x = 0, most) {
  theta <- brute$theta
  shift <- rep_len(shift, length(brute$weight))
  means <- lapply(c(j, k), function(i) drop(brute$density[[i]] %*% theta))
  squares <- lapply(c(j, k), function(i) drop(brute$density[[i]] %*% theta^2))
  of_node <- means[[1]] - means[[2]] - shift
  variance <- squares[[1]] - means[[1]]^2 + squares[[2]] - means[[2]]^2
  mean <- sum(brute$weight * of_node)
  # The characteristic function at the midpoints of a rule that is exact for what vanishes at the distance of the grid's length.
  step <- pi / diff(range(theta))
  omega <- (seq_len(ceiling(most / step)) - 0.5) * step
  wave <- exp(1i * outer(theta, omega))
  used <- brute$weight > 1e-15
  at <- function(i) brute$density[[i]][used, ] %*% wave
  phi <- colSums(brute$weight[used] * at(j) * Conj(at(k)) * exp(-1i * outer(shift[used], omega)))
  list(
    mean = mean, sd = sqrt(sum(brute$weight * (variance + of_node^2)) - mean^2),
    # Gil-Pelaez
    below = vapply(x, function(at) 0.5 + sum(Im(exp(1i * omega * at) * Conj(phi)) / omega) * step / pi, 0)
  )
}
