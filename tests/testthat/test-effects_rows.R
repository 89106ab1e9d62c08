# Rows where groups have several effects: predictions, intervals and leave-one-out, against normal algebra, draws and refits.

skip_on_cran() # all of it takes long

rows <- withr::with_seed(2, {
  size <- c(a = 5, b = 1, c = 7, d = 4, e = 6)
  n <- sum(size)
  g <- rep(names(size), size)
  x <- rnorm(n, 1)
  effect <- rep(c(-1, 0, 2, 1, 0), size)
  data.frame(g = g, x = x, w = rnorm(n), f = rep_len(c("u", "v", "w"), n), y = 2 + x / 2 + effect * (1 + x) + rnorm(n))
})
new <- data.frame(x = c(0, 2, -1, 2), w = c(1, 0, 2, 1), f = c("u", "v", "w", "v"), g = c("a", "b", "new", "other"))
priors <- list(
  beta_0 = dist_normal(2, 5), beta = dist_normal(0, 3), sigma_y = dist_exponential(0.5), sigma_0 = dist_exponential(0.5),
  sigma_beta = dist_exponential(0.5)
)
fit_to <- function(formula, data = rows, prior = priors, ...) mixed_model(formula, data, prior = prior, iter_sampling = 0, ...)
slopes <- priors[-4]
correlated <- fit_to(y ~ x + (1 + x | g))
drawn <- update(correlated, iter_sampling = 2000, seed = 1)

# Normal algebra -----------------------------------------------------------------------------------------------------------

# With known standard deviations: coefficients of the population and effects of the groups `a` to `e` and of a new one have a joint
# normal distribution. `fixed`, `bar`: one-sided formulas; `tau`: the standard deviations of the effects.
algebra <- function(fixed, bar, center, spread, tau, sigma) {
  labels <- c(names(size), "new")
  at <- function(data, group = data$g) {
    data$f <- factor(data$f, c("u", "v", "w"))
    z <- model.matrix(bar, data)
    effects <- lapply(labels, function(label) z * (group == label))
    unname(cbind(model.matrix(fixed, data), do.call(cbind, effects)))
  }
  prior <- c(center, rep(0, length(tau) * length(labels)))
  covariance <- diag(c(spread, rep(tau, length(labels)))^2)
  x <- at(rows)
  marginal <- x %*% covariance %*% t(x) + sigma^2 * diag(nrow(rows))
  gain <- covariance %*% t(x) %*% solve(marginal)
  list(
    at = at, mean = drop(prior + gain %*% (rows$y - x %*% prior)), variance = covariance - gain %*% x %*% covariance,
    prior = drop(x %*% prior), signal = x %*% covariance %*% t(x), marginal = marginal
  )
}

# A direction not in the population part, factors, polynomials, effects without an intercept; a group of one row; an effect of 0.
two <- c(4, 2)
known_cases <- list(
  list(y ~ x + (1 + x || g), ~x, ~x, two, c(sigma_0 = 0.7, `sigma_beta[x]` = 1.2)),
  list(y ~ w + (1 + x || g), ~w, ~x, two, c(sigma_0 = 0, `sigma_beta[x]` = 2)),
  list(y ~ x + (0 + x | g), ~x, ~ 0 + x, two, c(`sigma_beta[x]` = 0.9)),
  list(y ~ 0 + w + (0 + x | g), ~ 0 + w, ~ 0 + x, 2, c(`sigma_beta[x]` = 0.9)),
  list(y ~ 1 + (0 + f || g), ~1, ~ 0 + f, 4, c(`sigma_beta[fu]` = 0.5, `sigma_beta[fv]` = 3, `sigma_beta[fw]` = 1)),
  list(y ~ f + (0 + f || g), ~f, ~ 0 + f, c(4, 2, 2), c(`sigma_beta[fu]` = 0.5, `sigma_beta[fv]` = 3, `sigma_beta[fw]` = 1)),
  list(
    y ~ poly(x, 2) + (1 + poly(x, 2) || g), ~ poly(x, 2), ~ poly(x, 2), c(4, 2, 2),
    c(sigma_0 = 1, `sigma_beta[poly(x, 2)1]` = 3, `sigma_beta[poly(x, 2)2]` = 0)
  )
)
known_fit <- function(case, sigma) {
  tau <- lapply(case[[5]], dist_degenerate)
  fixed <- attr(terms(case[[2]]), "intercept") == 1
  prior <- c(if (fixed) list(beta_0 = dist_normal(3, 4)), if (length(case[[4]]) > fixed) list(beta = dist_normal(0.5, 2)), tau)
  fit_to(case[[1]], prior = c(prior, list(sigma_y = dist_degenerate(sigma))))
}
known_algebra <- function(case, sigma) {
  fixed <- attr(terms(case[[2]]), "intercept") == 1
  center <- c(if (fixed) 3, rep(0.5, length(case[[4]]) - fixed))
  # Polynomials of new rows have the basis of the fitted ones.
  basis <- poly(rows$x, 2)
  environment(case[[2]]) <- environment(case[[3]]) <- list2env(
    list(poly = function(x, degree) predict(basis, x)), parent = environment()
  )
  algebra(case[[2]], case[[3]], center, case[[4]], case[[5]], sigma)
}

test_that("with known standard deviations rows are normal: groups old and new, and the population", {
  for (case in known_cases) {
    fit <- known_fit(case, 1.3)
    truth <- known_algebra(case, 1.3)
    labelled <- transform(new, g = ifelse(g == "other", "new", g))
    check <- function(at, data, ...) {
      mean <- drop(at %*% truth$mean)
      sd <- sqrt(rowSums((at %*% truth$variance) * at))
      expected <- predict(fit, data, se.fit = TRUE, interval = "confidence", level = 0.9, ...)
      expect_equal(unname(expected$fit), cbind(mean, mean - qnorm(0.95) * sd, mean + qnorm(0.95) * sd, deparse.level = 0), tolerance = 1e-8)
      expect_equal(unname(expected$se.fit), sd, tolerance = 1e-8)
      expect_equal(unname(predict(fit, data, ...)), mean, tolerance = 1e-8)
      predicted <- predict(fit, data, interval = "prediction", level = 0.9, ...)
      expect_equal(unname(predicted[, "upr"]), mean + qnorm(0.95) * sqrt(sd^2 + 1.3^2), tolerance = 1e-8)
    }
    check(truth$at(labelled), new)
    check(truth$at(new, rep("none", 4)), new, re_formula = NA)
    check(truth$at(rows), NULL)
    expect_equal(fitted(fit), predict(fit, rows))
    expect_equal(residuals(fit), rows$y - drop(truth$at(rows) %*% truth$mean), tolerance = 1e-8)
    # Before the data.
    before <- predict(update(fit, prior_only = TRUE), se.fit = TRUE)
    expect_equal(unname(before$fit), truth$prior, tolerance = 1e-8)
    expect_equal(unname(before$se.fit), sqrt(diag(truth$signal)), tolerance = 1e-8)
  }
})

test_that("with known standard deviations what is left out is normal", {
  # The log density of element i of a normal vector given all others, and its error.
  given_others <- function(y, mean, covariance, i) {
    precision <- solve(covariance)
    error <- drop(precision %*% (y - mean))[i] / precision[i, i]
    c(dnorm(error, 0, 1 / sqrt(precision[i, i]), log = TRUE), error)
  }
  for (case in known_cases) {
    for (sigma in c(0.2, 1.3)) {
      fit <- known_fit(case, sigma)
      truth <- known_algebra(case, sigma)
      n <- nrow(rows)
      left_out <- vapply(seq_len(n), function(i) given_others(rows$y, truth$prior, truth$marginal, i), numeric(2))
      exact <- loo(fit)$pointwise
      expect_equal(exact[, "elpd_loo"], left_out[1, ], tolerance = 1e-8)
      expect_equal(loo_R2(fit), 1 - var(left_out[2, ]) / var(rows$y), tolerance = 1e-8)
      again <- vapply(seq_len(n), function(i) {
        both <- rbind(cbind(truth$marginal, truth$signal[, i]), c(truth$signal[i, ], truth$marginal[i, i]))
        given_others(c(rows$y, rows$y[i]), truth$prior[c(1:n, i)], both, n + 1)[1]
      }, 0)
      expect_equal(exact[, "p_loo"], again - left_out[1, ], tolerance = 1e-8)
      log_density <- function(keep) {
        root <- chol(truth$marginal[keep, keep])
        -sum(log(diag(root))) - sum(backsolve(root, (rows$y - truth$prior)[keep], transpose = TRUE)^2) / 2 - sum(keep) * log(2 * pi) / 2
      }
      of_groups <- vapply(names(size), function(g) log_density(rep(TRUE, n)) - log_density(rows$g != g), 0)
      expect_equal(loo(fit, unit = "group")$pointwise[, 1], of_groups, tolerance = 1e-8)
    }
  }
})

# Other fits ---------------------------------------------------------------------------------------------------------------

test_that("slopes of a constant are intercepts: the numbers of partial pooling", {
  # With few groups and flat priors moments do not exist, and the tables say so alike.
  flat <- dist_uniform(-Inf, Inf)
  few <- subset(rows, g %in% c("a", "c", "d"))
  few$one <- 1
  for (scale in list(dist_exponential(1), dist_uniform(0, Inf))) {
    prior <- list(flat, dist_exponential(1), scale)
    slope <- mixed_model(
      y ~ 0 + one + (0 + one | g), few, iter_sampling = 0, prior = stats::setNames(prior, c("beta", "sigma_y", "sigma_beta"))
    )
    mean <- partial_pooling(
      y ~ 1 + (1 | g), few, iter_sampling = 0, prior = stats::setNames(prior, c("hyper_mu", "sigma_y", "sigma_mu"))
    )
    at <- data.frame(one = 1, g = c("a", "d", "new"))
    for (interval in c("confidence", "prediction")) {
      rows_of <- function(fit, ...) predict(fit, at, se.fit = TRUE, interval = interval, ...)
      expect_equal(rows_of(slope), rows_of(mean), tolerance = 1e-6)
      expect_equal(rows_of(slope, re_formula = NA), rows_of(mean, re_formula = NA), tolerance = 1e-6)
    }
    expect_equal(predictive_table(slope)[4:8], predictive_table(mean)[4:8], tolerance = 1e-6)
    expect_equal(loo(slope)$pointwise, loo(mean)$pointwise, tolerance = 1e-6)
    expect_equal(loo_R2(slope), loo_R2(mean), tolerance = 1e-6)
  }
})

test_that("at 0 the expected value is an intercept, of the group or of the population", {
  at <- data.frame(x = 0, g = names(size))
  table <- exact_summary(correlated, probs = c(0.1, 0.9))
  check <- function(variables, ...) {
    of_variables <- table[match(variables, table$variable), ]
    ours <- row_table(correlated, matrix(0, 5), ..., noise = FALSE, prob = 0.8, interval = "central", call = NULL)
    expect_equal(unname(ours), unname(as.matrix(of_variables[c("mean", "sd", "q10", "q90")])), tolerance = 1e-7)
  }
  check(paste0("beta_0j[", names(size), "]"), 1:5)
  check(rep("beta_0", 5), rep(NA, 5))
  expect_equal(
    unname(predict(correlated, transform(at, x = 1)) - predict(correlated, at)),
    table$mean[match(paste0("beta_j[x,", names(size), "]"), table$variable)], tolerance = 1e-8
  )
})

# Refits without a row, and with one twice, where an outlier is among them and a group has one row.
test_that("leave-one-out is the evidence of refits", {
  skip_on_cran()
  wild <- rows
  wild$y[3] <- 40
  fits <- list(
    correlated, fit_to(y ~ w + (1 + x | g)), fit_to(y ~ x + (0 + x | g), prior = slopes), update(correlated, data = wild),
    fit_to(y ~ x + (0 + x | g), wild, slopes)
  )
  for (fit in fits) {
    data <- if (max(fit$data$y) == 40) wild else rows
    all <- log_marginal_likelihood(fit)
    evidence <- function(data) log_marginal_likelihood(update(fit, data = data))
    left_out <- c(1, 3, 6, 9, 20)
    without <- vapply(left_out, function(i) all - evidence(data[-i, ]), 0)
    again <- vapply(left_out, function(i) evidence(data[c(seq_len(nrow(data)), i), ]) - all, 0)
    exact <- loo(fit)$pointwise[left_out, ]
    expect_lt(max(abs(exact[, "elpd_loo"] - without)), 1e-6)
    expect_lt(max(abs(exact[, "p_loo"] - (again - without))), 1e-6)
    groups <- loo(fit, unit = "group")$pointwise[, 1]
    without <- vapply(names(size), function(g) all - evidence(data[data$g != g, ]), 0)
    expect_equal(groups, without, tolerance = 1e-6)
  }
})

# Draws --------------------------------------------------------------------------------------------------------------------

draws <- unclass(posterior::as_draws_matrix(drawn))
column <- function(name) draws[, name]
# The expected values of `new` given each draw: groups a and b; new ones by their mean and variance.
by_draw <- list(
  mean = cbind(
    column("beta_0j[a]"), column("beta_0j[b]") + 2 * column("beta_j[x,b]"), column("beta_0") - column("beta[x]"),
    column("beta_0") + 2 * column("beta[x]")
  ),
  variance_new = vapply(c(-1, 2), function(x) {
    tau <- column("sigma_0")
    slope <- column("sigma_beta[x]")
    tau^2 + x^2 * slope^2 + 2 * x * column("rho[x]") * tau * slope
  }, numeric(8000))
)

test_that("draws of rows are the groups' own coefficients", {
  expected <- posterior_epred(drawn, new, seed = 1)
  expect_equal(expected[, 1:2], unname(by_draw$mean[, 1:2]), tolerance = 1e-12)
  expect_identical(posterior_linpred(drawn, newdata = new, seed = 1), expected)
  population <- posterior_epred(drawn, data.frame(x = c(-1, 2)), re_formula = NA)
  expect_equal(population, unname(by_draw$mean[, 3:4]), tolerance = 1e-12)
  # New groups: standardised, they are standard normal; rows of one group share its coefficients, those of two do not.
  scores <- (expected[, 3:4] - by_draw$mean[, 3:4]) / sqrt(by_draw$variance_new)
  for (i in 1:2) expect_distribution(scores[, i], pnorm)
  expect_within_mcse(scores[, 1] * scores[, 2], 0)
  one_group <- posterior_epred(drawn, transform(new, g = "new"), seed = 1)
  line <- (one_group[, 4] - one_group[, 1]) / 2 # the slope
  expect_equal(one_group[, 3], one_group[, 1] - line, tolerance = 1e-12)
  effects <- cbind(one_group[, 1] - column("beta_0"), line - column("beta[x]")) / cbind(column("sigma_0"), column("sigma_beta[x]"))
  for (i in 1:2) expect_distribution(effects[, i], pnorm)
  expect_within_mcse(effects[, 1] * effects[, 2] - column("rho[x]"), 0)

  log_density <- log_lik(drawn)
  means <- posterior_epred(drawn)
  of_row <- function(i) dnorm(rows$y[i], means[, i], column("sigma_y"), log = TRUE)
  expect_equal(log_density, vapply(seq_len(nrow(rows)), of_row, numeric(8000)), tolerance = 1e-12)
  predicted <- posterior_predict(drawn, new, seed = 3)
  noise <- (predicted - posterior_epred(drawn, new, seed = 3)) / column("sigma_y")
  for (i in 1:4) expect_distribution(noise[, i], pnorm)
  expect_identical(posterior_predict(drawn, new, seed = 3, cores = 2), predicted)
  expect_equal(predictive_error(drawn, transform(new, y = 1), seed = 3), 1 - predicted)
  expect_equal(
    unname(predictive_interval(drawn, newdata = new, prob = 0.5, seed = 3)), unname(t(apply(predicted, 2, quantile, c(0.25, 0.75)))),
    tolerance = 1e-12
  )
})

test_that("three correlated effects of a new group have the correlations of each draw", {
  # A posterior with three effects takes long; its draws are not needed.
  n <- 4000
  values <- withr::with_seed(1, {
    tau <- matrix(rexp(3 * n), n)
    root <- array(rnorm(9 * n), c(n, 3, 3))
    correlation <- t(vapply(seq_len(n), function(d) {
      r <- cov2cor(crossprod(root[d, , ]))
      c(r[2, 1], r[3, 1], r[3, 2])
    }, numeric(3)))
    list(tau = tau, correlation = correlation)
  })
  task <- list(
    family = "gaussian",
    draws = cbind(1, 2, 3, matrix(0, n, 3), 1, values$tau, values$correlation), draws_in_all = n, draws_wanted = n,
    population = 0L, slopes = 1L, groups = 3L, sigma = 6L, tau = 7L, correlation = 10L, slope_count = 2L,
    directions = c(NA, 0L, 2L), separate = FALSE, x = rbind(c(0, 0, 0), c(1, 0, 0), c(0, 0, 1), c(0, 1, 0)), group = rep(2L, 4),
    known_groups = 1L, noise = rep(1, 4), known_sigma = NA_real_, seed = 1, cores = 1L
  )
  expected <- core_epred(task)
  effects <- cbind(expected[, 1] - 1, expected[, 2] - expected[, 1] - 2, expected[, 3] - expected[, 1]) / values$tau
  expect_equal(expected[, 4] - expected[, 1], rep(3, n), tolerance = 1e-12) # a slope that does not vary
  for (i in 1:3) expect_distribution(effects[, i], pnorm)
  pairs <- list(c(1, 2), c(1, 3), c(2, 3))
  for (i in 1:3) expect_within_mcse(effects[, pairs[[i]][1]] * effects[, pairs[[i]][2]] - values$correlation[, i], 0)
  # Given the draw's correlations, what one effect leaves of the others is independent of it.
  task$draws[, 11:13] <- rep(c(1, -1, -1), each = n)
  expected <- core_epred(task)
  effects <- cbind(expected[, 1] - 1, expected[, 2] - expected[, 1] - 2, expected[, 3] - expected[, 1]) / values$tau
  expect_equal(effects[, 2:3], cbind(effects[, 1], -effects[, 1]), tolerance = 1e-6)
})

test_that("tables by quadrature are those of draws", {
  table <- function(fit, noise) row_table(fit, matrix(new$x), c(1, 2, 6, 7), noise, 0.8, "central", NULL)
  for (noise in c(FALSE, TRUE)) {
    exact <- table(correlated, noise)
    simulated <- if (noise) posterior_predict(drawn, new, seed = 5) else posterior_epred(drawn, new, seed = 5)
    for (i in 1:4) {
      expect_within_mcse(simulated[, i], exact[i, "mean"])
      expect_within_mcse((simulated[, i] - exact[i, "mean"])^2, exact[i, "sd"]^2)
      expect_within_mcse(simulated[, i] < exact[i, "lower"], 0.1)
      expect_within_mcse(simulated[, i] > exact[i, "upper"], 0.1)
    }
    # From the draws themselves, as after NUTS: mixtures over them, of which the means are averages.
    chains <- drawn
    chains$settings$algorithm <- "nuts"
    of_draws <- table(chains, noise)
    expect_equal(of_draws[, "mean"], unname(colMeans(by_draw$mean)), tolerance = 1e-10)
    variance <- apply(by_draw$mean, 2, var) * 7999 / 8000 + c(0, 0, colMeans(by_draw$variance_new)) + noise * mean(column("sigma_y")^2)
    expect_equal(of_draws[3:4, "sd"], unname(sqrt(variance[3:4])), tolerance = 1e-8)
  }
  expect_equal(unname(colMeans(posterior_epred(drawn))), unname(fitted(chains)), tolerance = 1e-10)
})

test_that("bayes_R2() is var(fit) / (var(fit) + sigma^2) of each draw", {
  fits <- list(
    drawn, update(fit_to(y ~ w + (0 + f || g), prior = slopes), iter_sampling = 50, seed = 1),
    update(fit_to(y ~ x + (0 + x | g), prior = slopes), iter_sampling = 50, seed = 1)
  )
  for (fit in fits) {
    explained <- apply(posterior_epred(fit), 1, var)
    sigma <- unclass(posterior::as_draws_matrix(fit))[, "sigma_y"]
    expect_equal(bayes_R2(fit), unname(explained / (explained + sigma^2)), tolerance = 1e-8)
  }
  moments <- update(drawn, data = group_moments(y ~ x + (1 + x | g), rows))
  expect_equal(bayes_R2(moments), bayes_R2(drawn), tolerance = 1e-6)
})

test_that("psis estimates the exact leave-one-out; comparisons and checks work", {
  skip_on_cran()
  more <- withr::with_seed(3, {
    g <- rep(letters[1:6], each = 12)
    x <- rnorm(72)
    data.frame(g = g, x = x, y = rnorm(72, 1 + rep(rnorm(6), each = 12) + x * rep(rnorm(6), each = 12)))
  })
  fit <- mixed_model(y ~ x + (1 + x || g), more, prior = priors, iter_sampling = 2000, seed = 1)
  estimate <- suppressWarnings(loo(fit, method = "psis")) # of k above 0.5
  exact <- loo(fit)
  trusted <- estimate$diagnostics$pareto_k < 0.7 # as loo does
  expect_gt(mean(trusted), 0.95)
  error <- abs(estimate$pointwise[, "elpd_loo"] - exact$pointwise[, "elpd_loo"])
  expect_lt(max((error / pmax(estimate$pointwise[, "mcse_elpd_loo"], 1e-3))[trusted]), 5)
  other <- varying_intercept(y ~ x + (1 | g), more, prior = priors[-5], iter_sampling = 0)
  comparison <- loo_compare(exact, loo(other))
  expect_identical(rownames(comparison), c("fit", "other"))
  for (type in c("groups", "dens_overlay", "intervals_grouped", "loo_pit_overlay")) {
    expect_s3_class(suppressWarnings(pp_check(fit, type = type)), "ggplot")
  }
})

# Rows of data -------------------------------------------------------------------------------------------------------------

test_that("the variables in the bar are needed, unless the population is predicted", {
  fit <- fit_to(y ~ w + (1 + x | g))
  expect_equal(predict(fit, new["w"], re_formula = NA), predict(fit, new, re_formula = NA))
  error <- expect_error(predict(fit, new[c("w", "g")]), class = "bayespool_error_data")
  expect_match(conditionMessage(error), "no column \"x\"")
  expect_match(conditionMessage(error), "re_formula = NA")
  error <- expect_error(predict(fit, new[c("x", "g")]), class = "bayespool_error_data")
  expect_no_match(conditionMessage(error), "re_formula = NA")
  new$x[2] <- NA
  expect_error(predict(fit, new), "missing values in `x`", class = "bayespool_error_data")
  expect_length(predict(fit, new, re_formula = NA), 4)
  new$x[2] <- Inf
  expect_error(predict(fit, new), class = "bayespool_error_data")
  categories <- fit_to(y ~ 1 + (0 + f || g), prior = slopes[-2])
  expect_error(predict(categories, transform(new, f = "z")), "unknown value", class = "bayespool_error_data")
  expect_error(predict(categories, transform(new, f = 1)), class = "bayespool_error_data")
  expect_error(predict(fit, new[3, ], allow_new_levels = FALSE), class = "bayespool_error_data")
})

test_that("columns of one name must be one column", {
  numbered <- transform(rows, f = factor(as.integer(factor(f))))
  withr::local_options(contrasts = c("contr.sum", "contr.poly"))
  error <- expect_error(fit_to(y ~ f + (0 + f || g), numbered, slopes), class = "bayespool_error_data")
  expect_match(conditionMessage(error), "f1")
  expect_identical(fit_to(y ~ f + (0 + f || g), prior = slopes)$model$columns, c("f1", "f2", "fu", "fv", "fw"))
  expect_identical(fit_to(y ~ f + (1 + f || g), numbered)$model$columns, c("f1", "f2"))
})

test_that("rows with missing values in the bar are dropped everywhere", {
  holes <- rows
  holes$x[c(2, 9)] <- NA
  holes$f[12] <- NA
  formulas <- list(y ~ w + (1 + x || g), y ~ x + (0 + f || g))
  for (i in 1:2) {
    used <- stats::complete.cases(holes[all.vars(formulas[[i]])])
    prior <- list(priors, slopes)[[i]]
    fit <- suppressMessages(fit_to(formulas[[i]], holes, prior))
    same <- fit_to(formulas[[i]], holes[used, ], prior)
    expect_equal(unname(fitted(fit)), unname(fitted(same)))
    expect_identical(predictive_table(fit)$row, which(used))
    expect_equal(loo(fit)$pointwise, loo(same)$pointwise, tolerance = 1e-10)
  }
})

test_that("what needs data is refused before there are any, and what needs rows where there are none", {
  prior <- update(correlated, prior_only = TRUE)
  expect_error(loo(prior), class = "bayespool_error_argument")
  expect_error(loo(prior, unit = "group"), class = "bayespool_error_argument")
  expect_error(loo_R2(prior), class = "bayespool_error_argument")
  moments <- update(correlated, data = group_moments(y ~ x + (1 + x | g), rows))
  expect_error(loo(moments), class = "bayespool_error_data")
  expect_error(fitted(moments), class = "bayespool_error_data")
  expect_equal(predict(moments, new, interval = "prediction"), predict(correlated, new, interval = "prediction"), tolerance = 1e-6)
  expect_equal(loo(moments, unit = "group")$pointwise, loo(correlated, unit = "group")$pointwise, tolerance = 1e-6)
})
