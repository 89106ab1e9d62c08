# The log density that NUTS samples, beside one in plain R and its numerical gradient.

core_problem_of <- function(fit) bayespool:::fit_posterior(fit)$problem

package_density <- function(problem, q, centered) bayespool:::cpp_log_density(problem, centered, q)

# `plain`: the log density as a function of the coordinates. `label`: for messages.
expect_density_at <- function(plain, problem, q, centered, label) {
  ours <- package_density(problem, q, centered)
  testthat::expect_length(ours$centre, length(q))
  value <- plain(q)
  gradient <- numeric_gradient(plain, q)
  errors <- c(abs(ours$log_density / value - 1), abs(ours$gradient - gradient) / pmax(1, abs(gradient)))
  where <- sprintf("%s, %s", label, if (centered) "centered" else "non-centered")
  testthat::expect(isTRUE(errors[1] < 1e-11), sprintf("%s: relative error of the log density is %.2g", where, errors[1]))
  testthat::expect(
    isTRUE(all(errors[-1] < 1e-9)),
    sprintf("%s: relative error of the gradient is %.2g at coordinate %d", where, max(errors[-1]), which.max(errors[-1]))
  )
}

# Central differences at steps 2^-4, ..., 2^-7, extrapolated to 0 (Romberg): the error is of order step^8.
numeric_gradient <- function(f, q) {
  vapply(seq_along(q), function(k) {
    estimates <- vapply(2^-(4:7), function(h) (f(replace(q, k, q[k] + h)) - f(replace(q, k, q[k] - h))) / (2 * h), 0)
    for (power in 4^(1:3)) estimates <- (power * estimates[-1] - estimates[-length(estimates)]) / (power - 1)
    estimates
  }, 0)
}

# Reads coordinates `q` one after another and sums log densities. A standard deviation moves on its logarithm, or between the bounds of
# a uniform prior on the logit.
read_coordinates <- function(q) {
  total <- 0
  used <- 0
  add <- function(x) {
    force(x) # it may itself add
    total <<- total + sum(x)
  }
  take <- function(count = 1) {
    used <<- used + count
    q[used - count + seq_len(count)]
  }
  location <- function(prior) {
    if (prior$sd == 0) {
      return(prior$mean)
    }
    value <- take()
    if (is.finite(prior$sd)) add(dnorm(value, prior$mean, prior$sd, log = TRUE))
    value
  }
  scale <- function(prior) {
    if (!is.null(prior$fixed)) {
      return(prior$fixed)
    }
    u <- take()
    bounded <- is.finite(prior$upper)
    value <- if (bounded) prior$lower + (prior$upper - prior$lower) * plogis(u) else exp(u)
    # d plogis(u) / du is dlogis(u).
    add(if (bounded) log(prior$upper - prior$lower) + dlogis(u, log = TRUE) else u)
    add(prior$log_density(value))
    value
  }
  list(
    add = add, take = take, location = location, scale = scale,
    result = function() list(log_density = total, dimension = used)
  )
}
