# Priors in conflict with the data and with each other, at random, beside integrals on dense grids: every mode must be found.

# Scale priors with a known log density, at random scales.
conflict_scale <- function() {
  s <- exp(stats::runif(1, -3, 5))
  pick <- sample(8, 1)
  list(
    function() p_exponential(1 / s), function() p_gamma(exp(stats::runif(1, -0.5, 4)), exp(stats::runif(1, -0.5, 4)) / s),
    function() p_inverse_gamma(exp(stats::runif(1, 0, 4)), s * exp(stats::runif(1, 0, 4))),
    function() p_lognormal(log(s), exp(stats::runif(1, -3, 1))), function() p_half_normal(s * stats::rbinom(1, 1, 0.5), s / 3),
    function() p_half_t(exp(stats::runif(1, 0, 3)), 0, s), function() p_half_cauchy(0, s),
    function() p_half_cauchy(s, s * exp(stats::runif(1, -4, 0)))
  )[[pick]]()
}

log_sum_exp <- function(x) max(x) + log(sum(exp(x - max(x))))

# y of size n with mean 0 and mean square 1; mu ~ N(distance * sd, sd^2).
conflict_of_means <- function() {
  sigma <- conflict_scale()
  list(n = sample(c(3:40, 200), 1), sd = exp(stats::runif(1, -3, 4)), distance = exp(stats::runif(1, log(5), log(400))), sigma = sigma)
}

# log evidence, E mu and E sigma by the trapezoidal rule in log sigma: mean and sum of squares are sufficient.
integrate_means <- function(case) {
  log_sigma <- seq(-40, 40, by = 1e-3)
  sigma <- exp(log_sigma)
  n <- case$n
  m <- case$distance * case$sd
  variance <- case$sd^2 + sigma^2 / n
  log_f <- -n / 2 * log(2 * pi) - (n - 1) * log_sigma - 0.5 * log(n) - n / (2 * sigma^2) + 0.5 * log(2 * pi) +
    stats::dnorm(m, 0, sqrt(variance), log = TRUE) + case$sigma$log_density(sigma) + log_sigma
  log_f[!is.finite(log_f)] <- -Inf
  weight <- exp(log_f - max(log_f))
  mu <- m * (sigma^2 / n) / variance
  c(evidence = log_sum_exp(log_f) + log(1e-3), mu = sum(weight * mu) / sum(weight), sigma = sum(weight * sigma) / sum(weight))
}

exact_fit_of_means <- function(case) {
  table <- as_group_moments(group = "a", n = case$n, mean = 0, sd = sqrt(case$n / (case$n - 1)))
  complete_pooling(
    y ~ 1, table, prior = list(mu = dist_normal(case$distance * case$sd, case$sd), sigma = case$sigma$dist), iter_sampling = 0
  )
}

fit_means <- function(case) {
  fit <- exact_fit_of_means(case)
  c(evidence = log_marginal_likelihood(fit), stats::setNames(exact_summary(fit, probs = numeric())$mean, c("mu", "sigma")))
}

# J groups of n: their means at random, maybe one far out; sds within them 1.
conflict_of_groups <- function() {
  groups <- sample(2:12, 1)
  n <- sample(c(1:10, 50), 1)
  means <- stats::rnorm(groups) * exp(stats::runif(1, -4, 2))
  if (stats::runif(1) < 0.3) means[1] <- means[1] + exp(stats::runif(1, 0, 4))
  list(
    n = n, means = means, squares = groups * (n - 1), mean = stats::rnorm(1) * exp(stats::runif(1, -1, 5)),
    sd = exp(stats::runif(1, -3, 4)), sigma = conflict_scale(), tau = conflict_scale()
  )
}

# log of the joint density at (log sigma, log tau), the mean integrated out.
log_joint <- function(case, log_sigma, log_tau) {
  sigma2 <- exp(2 * log_sigma)
  n <- case$n
  groups <- length(case$means)
  of_mean <- exp(2 * log_tau) + sigma2 / n # variance of a group's mean
  centre <- mean(case$means)
  of_all <- case$sd^2 + of_mean / groups
  observations <- groups * n
  -observations / 2 * log(2 * pi) - (observations - groups) * log_sigma - case$squares / (2 * sigma2) - groups / 2 * log(n) -
    (groups - 1) / 2 * log(of_mean) - sum((case$means - centre)^2) / (2 * of_mean) - 0.5 * log(groups) - 0.5 * log(of_all) -
    (centre - case$mean)^2 / (2 * of_all) + case$sigma$log_density(exp(log_sigma)) + log_sigma +
    case$tau$log_density(exp(log_tau)) + log_tau
}

# The trapezoidal rule on a grid: first everywhere, then where there is mass, ever closer until two grids agree.
integrate_groups <- function(case) {
  grid <- function(a, b) {
    value <- outer(a, b, function(x, y) log_joint(case, x, y))
    value[!is.finite(value)] <- -Inf
    value
  }
  a <- b <- seq(-25, 25, length.out = 501)
  for (zoom in 1:4) {
    value <- grid(a, b)
    # What a narrow peak may have between two points.
    near <- which(value > max(value) - (if (zoom == 1) 400 else 60), arr.ind = TRUE)
    pad <- function(x, i) x[pmin(pmax(range(i) + c(-2, 2), 1), length(x))]
    box_a <- pad(a, near[, 1])
    box_b <- pad(b, near[, 2])
    a <- seq(box_a[1], box_a[2], length.out = 701)
    b <- seq(box_b[1], box_b[2], length.out = 701)
  }
  value <- grid(a, b)
  fine <- log_sum_exp(value) + log(diff(a[1:2])) + log(diff(b[1:2]))
  coarse <- log_sum_exp(value[c(TRUE, FALSE), c(TRUE, FALSE)]) + log(diff(a[1:2]) * 4) + log(diff(b[1:2]))
  weight <- exp(value - max(value))
  c(
    evidence = fine, tau = sum(colSums(weight) * exp(b)) / sum(weight), sigma = sum(rowSums(weight) * exp(a)) / sum(weight),
    error = abs(fine - coarse)
  )
}

fit_groups <- function(case) {
  groups <- length(case$means)
  table <- as_group_moments(
    group = seq_len(groups), n = rep(case$n, groups), mean = case$means, sd = if (case$n == 1) rep(NA, groups) else rep(1, groups)
  )
  fit <- partial_pooling(
    y ~ 1 + (1 | g), table, iter_sampling = 0,
    prior = list(hyper_mu = dist_normal(case$mean, case$sd), sigma_y = case$sigma$dist, sigma_mu = case$tau$dist)
  )
  summary <- exact_summary(fit, probs = numeric())
  mean_of <- function(name) summary$mean[summary$variable == name]
  c(evidence = log_marginal_likelihood(fit), tau = mean_of("sigma_mu"), sigma = mean_of("sigma_y"))
}
