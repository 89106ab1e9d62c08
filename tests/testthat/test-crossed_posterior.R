# Posteriors of two grouping factors against dense algebra and Gauss-Legendre rules in the standard deviations themselves, and against
# models of one factor.

skip_on_cran() # all of it takes long

use_code("oracle")

factor_rows <- function(subjects, items, rows, seed) {
  withr::with_seed(seed, {
    d <- data.frame(subject = sample(subjects, rows, TRUE), item = sample(items, rows, TRUE), x = rnorm(rows, 0.5))
    d$y <- 1 + rnorm(subjects, 0, 0.8)[d$subject] + rnorm(items, 0, 0.6)[d$item] + 0.5 * d$x + rnorm(rows, 0, 0.6)
    d
  })
}
priors <- list(sigma = p_exponential(1), tau = list(p_exponential(0.7), p_half_normal(0, 1.5)))
prior_of <- function(factors, tau = priors$tau) {
  c(
    list(beta_0 = dist_normal(0.5, 4), `beta[x]` = dist_normal(0, 2), sigma_y = priors$sigma$dist),
    stats::setNames(lapply(tau, `[[`, "dist"), paste0("sigma_0[", factors, "]"))
  )
}
dense_of <- function(data, factors, tau = priors$tau) {
  dense_crossed(data$y, cbind(1, data$x), factors, c(0.5, 0), c(4, 2), priors$sigma, tau)
}
effect_of <- function(k, group) list(a = c(0, 0), group = replace(c(0, 0), k, group), e = as.numeric(1:2 == k))
coefficient <- function(k) list(a = as.numeric(1:2 == k), group = c(0, 0), e = c(0, 0))

# `targets`: named by variable. Evidence, means, sds, and the probabilities below quantiles.
expect_same_as_dense <- function(fit, dense, scale, targets, sds, tolerance = 1e-7, size = 72) {
  truth <- dense_posterior(dense, size, scale, targets)
  expect_lt(abs(truth$log_total - dense_posterior(dense, size - 8, scale)$log_total), tolerance) # the truth is one
  expect_lt(abs(as.numeric(log_marginal_likelihood(fit)) - truth$log_total), tolerance)
  probs <- c(0.03, 0.5, 0.97)
  table <- exact_summary(fit, probs = probs)
  for (name in c(names(targets), sds)) {
    ours <- table[table$variable == name, ]
    theirs <- dense_moments(truth, if (name %in% sds) names(sds)[sds == name] else name)
    expect_lt(abs(ours$mean - theirs[["mean"]]) / theirs[["sd"]], tolerance, label = name)
    expect_lt(abs(ours$sd / theirs[["sd"]] - 1), 5 * tolerance, label = name) # a tail weighs more
    if (name %in% names(targets)) {
      below <- vapply(as.numeric(ours[-(1:3)]), function(q) dense_below(truth, name, q), 0)
      expect_lt(max(abs(below - probs)), tolerance, label = name)
    }
  }
}

test_that("crossed, with cells that are missing: evidence, moments, quantiles", {
  data <- factor_rows(5, 3, 14, 1)
  fit <- mixed_model(y ~ x + (1 | subject) + (1 | item), data, prior = prior_of(c("subject", "item")), iter_sampling = 0)
  targets <- list(
    beta_0 = coefficient(1), `beta[x]` = coefficient(2), `b_0[subject,1]` = effect_of(1, 1), `b_0[subject,4]` = effect_of(1, 4),
    `b_0[item,2]` = effect_of(2, 2)
  )
  sds <- c(sigma = "sigma_y", tau1 = "sigma_0[subject]", tau2 = "sigma_0[item]")
  expect_same_as_dense(fit, dense_of(data, data[c("subject", "item")]), c(0.7, 0.7, 0.7), targets, sds)
})

test_that("nested", {
  data <- factor_rows(4, 2, 13, 2)
  fit <- mixed_model(y ~ x + (1 | subject / item), data, prior = prior_of(c("subject", "subject:item")), iter_sampling = 0)
  cell <- paste0(data$subject, ":", data$item)
  targets <- list(
    beta_0 = coefficient(1), `beta[x]` = coefficient(2), `b_0[subject,2]` = effect_of(1, 2), `b_0[subject:item,2:1]` = effect_of(2, "2:1")
  )
  sds <- c(sigma = "sigma_y", tau1 = "sigma_0[subject]", tau2 = "sigma_0[subject:item]")
  expect_same_as_dense(fit, dense_of(data, list(data$subject, cell)), c(0.7, 0.7, 0.7), targets, sds)
})

test_that("prior families, and the order of factors that does not matter", {
  data <- factor_rows(5, 4, 16, 3)
  families <- list(p_half_t(4, 0, 1), p_lognormal(-0.5, 0.7), p_gamma(2.5, 3), p_inverse_gamma(3, 1.5))
  for (pair in list(1:2, 3:4)) {
    tau <- families[pair]
    fit <- mixed_model(y ~ x + (1 | subject) + (1 | item), data, prior = prior_of(c("subject", "item"), tau), iter_sampling = 0)
    truth <- dense_posterior(dense_of(data, data[c("subject", "item")], tau), 48, c(0.7, 0.7, 0.7))
    expect_lt(abs(as.numeric(log_marginal_likelihood(fit)) - truth$log_total), 1e-5)
    other <- mixed_model(y ~ x + (1 | item) + (1 | subject), data, prior = prior_of(c("subject", "item"), tau), iter_sampling = 0)
    table <- exact_summary(fit)
    same <- exact_summary(other)[match(table$variable, exact_summary(other)$variable), ]
    expect_lt(max(abs(table$mean - same$mean) / table$sd), 1e-7)
    expect_lt(max(abs(same$sd / table$sd - 1)), 1e-7)
  }
})

test_that("without the effects of one factor it is the model of the other", {
  data <- factor_rows(6, 4, 20, 4)
  for (k in 1:2) {
    factors <- c("subject", "item")
    prior <- c(prior_of(factors)[1:3], list(sigma_0 = dist_exponential(0.7)))
    prior[[paste0("sigma_0[", factors[-k], "]")]] <- dist_degenerate(0)
    fit <- mixed_model(y ~ x + (1 | subject) + (1 | item), data, prior = prior, iter_sampling = 0)
    alone <- varying_intercept(
      stats::reformulate(c("x", sprintf("(1 | %s)", factors[k])), "y"), data, prior = prior[1:4], iter_sampling = 0
    )
    expect_lt(abs(fit$log_evidence - alone$log_evidence), 1e-8)
    ours <- exact_summary(fit)
    theirs <- exact_summary(alone)
    of_groups <- function(table, start) table[startsWith(table$variable, start), ]
    common <- function(table) table[table$variable %in% c("beta_0", "beta[x]", "sigma_y"), ]
    pairs <- list(
      list(common(ours), common(theirs)),
      list(of_groups(ours, paste0("sigma_0[", factors[k])), of_groups(theirs, "sigma_0"))
    )
    for (pair in pairs) {
      expect_lt(max(abs(pair[[1]]$mean - pair[[2]]$mean) / pair[[2]]$sd), 1e-8)
      expect_lt(max(abs(pair[[1]]$sd / pair[[2]]$sd - 1)), 1e-8)
    }
    deviations <- posterior_table(alone, deviations = TRUE, call = NULL)
    deviations <- deviations[startsWith(rownames(deviations), "beta_0j"), ]
    effects <- of_groups(ours, paste0("b_0[", factors[k]))
    expect_lt(max(abs(effects$mean - deviations[, "mean"]) / deviations[, "sd"]), 1e-8)
    expect_lt(max(abs(effects$sd / deviations[, "sd"] - 1)), 1e-8)
    expect_identical(of_groups(ours, paste0("b_0[", factors[-k]))$sd, numeric(c(4, 6)[k]))
  }
})

test_that("standard deviations that are known", {
  data <- factor_rows(5, 3, 15, 5)
  known <- c(sigma = 0.6, tau1 = 0.9, tau2 = 0.5)
  factors <- list(data$subject, data$item)
  prior <- prior_of(c("subject", "item"))
  prior[3:5] <- lapply(unname(known), dist_degenerate)
  fit <- mixed_model(y ~ x + (1 | subject) + (1 | item), data, prior = prior, iter_sampling = 0)
  dense <- dense_of(data, factors)
  expect_equal(fit$log_evidence, dense_log_likelihood(dense, known[[1]], known[2:3], diag(2)), tolerance = 1e-11)
  # The normal posterior of all effects in the units of the data, by least squares.
  design <- cbind(1, data$x, outer(data$subject, 1:5, `==`), outer(data$item, 1:3, `==`))
  precision <- crossprod(design) / known[[1]]^2 + diag(1 / c(4, 2, rep(known[[2]], 5), rep(known[[3]], 3))^2)
  mean <- solve(precision, crossprod(design, data$y) / known[[1]]^2 + c(0.5 / 16, numeric(9)))
  table <- exact_summary(fit)[1:10, ]
  expect_equal(table$mean, drop(mean), tolerance = 1e-10)
  expect_equal(table$sd, sqrt(diag(solve(precision))), tolerance = 1e-10)
  # One of them: a rule over the others.
  for (name in names(known)) {
    prior <- prior_of(c("subject", "item"))
    prior[[c(sigma = 3, tau1 = 4, tau2 = 5)[[name]]]] <- dist_degenerate(known[[name]])
    fit <- mixed_model(y ~ x + (1 | subject) + (1 | item), data, prior = prior, iter_sampling = 0)
    others <- setdiff(names(known), name)
    rule <- half_line(48, 0.7)
    at <- expand.grid(i = seq_along(rule$x), j = seq_along(rule$x))
    prior_density <- list(sigma = priors$sigma, tau1 = priors$tau[[1]], tau2 = priors$tau[[2]])
    logs <- mapply(function(i, j) {
      value <- replace(known, others, rule$x[c(i, j)])
      dense_log_likelihood(dense, value[["sigma"]], value[c("tau1", "tau2")], diag(2)) +
        prior_density[[others[1]]]$log_density(rule$x[i]) + prior_density[[others[2]]]$log_density(rule$x[j]) +
        log(rule$weight[i]) + log(rule$weight[j])
    }, at$i, at$j)
    expect_lt(abs(fit$log_evidence - max(logs) - log(sum(exp(logs - max(logs))))), 1e-6, label = name)
  }
})

test_that("weights are as rows that are there as often", {
  data <- factor_rows(5, 3, 12, 6)
  data$w <- rep(1:3, 4)
  prior <- prior_of(c("subject", "item"))
  prior$sigma_y <- dist_degenerate(0.6) # weights are precisions: with another sigma the numbers of rows matter
  weighted <- mixed_model(y ~ x + (1 | subject) + (1 | item), data, prior = prior, weights = w, iter_sampling = 0)
  repeated <- mixed_model(y ~ x + (1 | subject) + (1 | item), data[rep(seq_len(12), data$w), ], prior = prior, iter_sampling = 0)
  expect_equal(exact_summary(weighted)[-1], exact_summary(repeated)[-1], tolerance = 1e-7)
})

test_that("draws are those of the quadrature", {
  data <- factor_rows(6, 4, 25, 7)
  fit <- mixed_model(y ~ x + (1 | subject) + (1 | item), data, seed = 1)
  table <- exact_summary(fit, probs = seq(0.01, 0.99, by = 0.01))
  draws <- unclass(posterior::as_draws_matrix(fit))
  draws <- cbind(draws, drawn_iccs(fit, draws))
  expect_identical(colnames(draws), table$variable)
  for (name in table$variable) {
    values <- as.numeric(draws[, name])
    row <- table[table$variable == name, ]
    expect_within_mcse(values, row$mean)
    q <- as.numeric(row[-(1:3)])
    below <- findInterval(values, q) # uniform on 0, ..., 99
    p <- stats::chisq.test(tabulate(below + 1, 100))$p.value
    expect_gt(p, 1e-6, label = name)
  }
  # Of pairs as well: the sum of what two factors share is known better than each.
  sums <- draws[, "beta_0"] + rowMeans(draws[, startsWith(colnames(draws), "b_0[subject")]) +
    rowMeans(draws[, startsWith(colnames(draws), "b_0[item")])
  expect_lt(stats::sd(sums), table$sd[1] / 2)
})

test_that("the prior alone", {
  data <- factor_rows(5, 3, 15, 8)
  fit <- mixed_model(y ~ x + (1 | subject) + (1 | item), data, prior = prior_of(c("subject", "item")), prior_only = TRUE, iter_sampling = 0)
  table <- exact_summary(fit)
  at <- function(name) unlist(table[table$variable == name, c("mean", "sd")], use.names = FALSE)
  expect_equal(at("beta_0"), c(0.5, 4), tolerance = 1e-8)
  expect_equal(at("sigma_0[subject]"), c(1, 1) / 0.7, tolerance = 1e-6)
  expect_equal(at("sigma_0[item]"), 1.5 * c(sqrt(2 / pi), sqrt(1 - 2 / pi)), tolerance = 1e-6)
  expect_equal(at("b_0[subject,1]"), c(0, sqrt(2) / 0.7), tolerance = 1e-6)
  expect_equal(at("b_0[item,1]"), c(0, 1.5), tolerance = 1e-6)
  expect_lt(abs(fit$log_evidence), 1e-8)
})

test_that("a fit prints its factors; accuracy() says how it is integrated; update() refits", {
  data <- factor_rows(6, 4, 25, 9)
  fit <- mixed_model(y ~ x + (1 | subject) + (1 | item), data, iter_sampling = 0)
  expect_output(print(fit), "observations: 25 in 6 groups \\(subject\\) and 4 groups \\(item\\)")
  expect_false(any(c("icc", "I2") %in% summary(fit)$variable))
  expect_match(accuracy(fit)$scheme, "a lattice in 2 dimensions (sigma_0[subject], sigma_0[item])", fixed = TRUE)
  expect_lt(accuracy(fit)$error, 1e-6)
  changed <- update(fit, prior = list(`sigma_0[item]` = dist_degenerate(0)))
  expect_identical(changed$model, fit$model)
  one <- update(fit, . ~ x + (1 | subject))
  expect_lt(abs(changed$log_evidence - one$log_evidence), 1e-8)
})

test_that("leave-one-out: the evidence of all rows beside that of the others, in data frames and moments", {
  data <- factor_rows(5, 3, 12, 10)
  prior <- prior_of(c("subject", "item"))
  formula <- y ~ x + (1 | subject) + (1 | item)
  fit <- mixed_model(formula, data, prior = prior, iter_sampling = 0)
  others <- vapply(seq_len(12), function(i) mixed_model(formula, data[-i, ], prior = prior, iter_sampling = 0)$log_evidence, 0)
  expect_equal(unname(loo(fit)$pointwise[, "elpd_loo"]), fit$log_evidence - others, tolerance = 1e-6)
  # An outlier, and a group of one row, whose nodes the full posterior may not have.
  data$y[4] <- 40
  fit <- mixed_model(formula, data, prior = prior, iter_sampling = 0)
  others <- mixed_model(formula, data[-4, ], prior = prior, iter_sampling = 0)$log_evidence
  expect_equal(unname(loo(fit)$pointwise[4, "elpd_loo"]), fit$log_evidence - others, tolerance = 1e-6)
})

test_that("ngrps() counts the groups of each factor", {
  data <- factor_rows(5, 3, 15, 11)
  fit <- mixed_model(y ~ x + (1 | subject) + (1 | item), data, seed = 1, iter_sampling = 10)
  expect_identical(ngrps(fit), c(subject = 5L, item = 3L))
})
