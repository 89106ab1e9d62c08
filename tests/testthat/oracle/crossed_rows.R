# Rows and leave-one-out with two grouping factors and weights by brute force: at each node in sigma and both standard deviations between
# groups all observations are jointly normal, with coefficients and effects integrated out by dense algebra.

# `x` (n x P), `factors`: a list of the rows' labels; beta ~ N(mean, sd^2); an observation has the variance sigma^2 / weight. `rows`: more
# rows as list(x = , factors = ), where NA is no effect of a factor. `scale`: about where the standard deviations are. A list of `weight` of
# the nodes, `log_evidence`, `sigma`, and matrices, nodes x rows: `mean` and `var` of what is expected in `rows`, `loo_mean` and `loo_var`
# of each observation given the others.
crossed_grid <- function(y, x, factors, weight, mean, sd, sigma, tau, rows, size, scale) {
  root <- sqrt(weight)
  axes <- lapply(scale, function(scale) half_line(size, scale))
  s <- axes[[1]]$x
  log_sigma <- log(axes[[1]]$weight) + sigma$log_density(s)
  same <- function(a, b) 1 * outer(a, b, function(a, b) !is.na(a) & !is.na(b) & a == b)
  residual <- root * drop(y - x %*% mean)
  of_x <- list(data = x %*% (sd^2 * t(x)), cross = rows$x %*% (sd^2 * t(x)), rows = drop(rows$x^2 %*% sd^2))
  alike <- Map(function(a, b) list(data = same(a, a), cross = same(b, a), rows = 1 * !is.na(b)), factors, rows$factors)
  covariance <- function(part, tau) of_x[[part]] + tau[1]^2 * alike[[1]][[part]] + tau[2]^2 * alike[[2]][[part]]
  index <- expand.grid(i = seq_len(size), j = seq_len(size))
  blocks <- Map(function(i, j) {
    taus <- c(axes[[2]]$x[i], axes[[3]]$x[j])
    axis <- eigen(root * covariance("data", taus) * rep(root, each = length(y)), symmetric = TRUE)
    inverse <- 1 / outer(s^2, pmax(axis$values, 0), `+`) # sigma x axis
    pull <- drop(crossprod(axis$vectors, residual))
    cross <- crossprod(axis$vectors, root * t(covariance("cross", taus))) # axis x row
    precision <- inverse %*% t(axis$vectors^2)
    list(
      log_weight = log_sigma + log(axes[[2]]$weight[i]) + log(axes[[3]]$weight[j]) + tau[[1]]$log_density(taus[1]) +
        tau[[2]]$log_density(taus[2]) + rowSums(log(inverse)) / 2 - drop(inverse %*% pull^2) / 2,
      sigma = s,
      mean = sweep(inverse %*% (pull * cross), 2, drop(rows$x %*% mean), `+`),
      var = pmax(sweep(-inverse %*% cross^2, 2, covariance("rows", taus), `+`), 0), # rounding
      loo_mean = sweep(-(inverse %*% (pull * t(axis$vectors))) / precision, 2, residual, `+`),
      loo_var = 1 / precision
    )
  }, index$i, index$j)
  all <- lapply(stats::setNames(nm = names(blocks[[1]])), function(name) {
    parts <- lapply(blocks, `[[`, name)
    if (is.matrix(parts[[1]])) do.call(rbind, parts) else unlist(parts)
  })
  top <- max(all$log_weight)
  unnormalised <- exp(all$log_weight - top)
  all$weight <- unnormalised / sum(unnormalised)
  all$log_evidence <- top + log(sum(unnormalised)) - length(y) / 2 * log(2 * pi) + sum(log(root))
  # On the scale of the observations.
  all$loo_mean <- sweep(sweep(all$loo_mean, 2, root, `/`), 2, drop(x %*% mean), `+`)
  all$loo_var <- sweep(all$loo_var, 2, weight, `/`)
  all
}

# Mean and sd of each row, or of another observation there with the variance noise * sigma^2.
grid_moments <- function(grid, noise = 0) {
  mean <- drop(grid$weight %*% grid$mean)
  var <- grid$weight %*% (grid$var + noise * grid$sigma^2 + sweep(grid$mean, 2, mean)^2)
  cbind(mean = mean, sd = sqrt(drop(var)))
}

# The probability that each row is below its number in `at`.
grid_below <- function(grid, at, noise = 0) {
  drop(grid$weight %*% pnorm(sweep(-grid$mean, 2, at, `+`) / sqrt(grid$var + noise * grid$sigma^2)))
}

# log p(y_i | y_-i) and E(y_i | y_-i).
grid_leave_one_out <- function(grid, y) {
  log_density <- dnorm(grid$loo_mean, rep(y, each = nrow(grid$loo_mean)), sqrt(grid$loo_var), log = TRUE)
  log_without <- grid$log_weight - log_density
  top <- apply(log_without, 2, max)
  without <- exp(sweep(log_without, 2, top))
  total <- max(grid$log_weight) + log(sum(exp(grid$log_weight - max(grid$log_weight))))
  cbind(elpd = total - top - log(colSums(without)), mean = colSums(without * grid$loo_mean) / colSums(without))
}
