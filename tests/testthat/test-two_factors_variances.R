# Variance components, shares and differences of two grouping factors: beside brute force where the design is balanced, whose likelihood
# is one of sums of squares; and draws.

skip_on_cran() # all of it takes long

use_code("oracle")

balanced_rows <- function(subjects, items, times, seed) {
  withr::with_seed(seed, {
    d <- expand.grid(subject = seq_len(subjects), item = seq_len(items), time = seq_len(times))
    d$y <- 1 + rnorm(subjects, 0, 0.8)[d$subject] + rnorm(items, 0, 0.5)[d$item] + rnorm(nrow(d), 0, 0.6)
    d
  })
}
priors <- list(sigma = p_exponential(1), tau = list(p_exponential(0.7), p_half_normal(0, 1.5)))
balanced_fit <- function(data, ...) {
  prior <- list(
    beta_0 = dist_normal(0.5, 4), sigma_y = priors$sigma$dist, `sigma_0[subject]` = priors$tau[[1]]$dist,
    `sigma_0[item]` = priors$tau[[2]]$dist
  )
  mixed_model(y ~ 1 + (1 | subject) + (1 | item), data, prior = prior, ...)
}

# The log density of the data and (sigma, tau_1, tau_2), the columns of `at`. The covariance matrix of a balanced table has four
# eigenvalues: of the mean, of differences of subjects, of items, and of what is left.
balanced_density <- function(data, at) {
  n <- nrow(data)
  n1 <- max(data$subject)
  n2 <- max(data$item)
  mean <- mean(data$y)
  squares <- c(
    n / n1 * sum((tapply(data$y, data$subject, mean) - mean)^2), n / n2 * sum((tapply(data$y, data$item, mean) - mean)^2)
  )
  rest <- sum((data$y - mean)^2) - sum(squares)
  own <- at[, 1]^2
  by_subject <- own + n / n1 * at[, 2]^2
  by_item <- own + n / n2 * at[, 3]^2
  of_mean <- by_subject + n / n2 * at[, 3]^2 + n * 4^2 # and the prior of the intercept
  -n / 2 * log(2 * pi) - (log(of_mean) + (n1 - 1) * log(by_subject) + (n2 - 1) * log(by_item) + (n - n1 - n2 + 1) * log(own)) / 2 -
    (n * (mean - 0.5)^2 / of_mean + squares[1] / by_subject + squares[2] / by_item + rest / own) / 2 +
    priors$sigma$log_density(at[, 1]) + priors$tau[[1]]$log_density(at[, 2]) + priors$tau[[2]]$log_density(at[, 3])
}

# Nodes and log weights in (sigma, tau_1, tau_2): over all of it, or where the share of variance `k` is at most `q`.
balanced_nodes <- function(data, k = NULL, q = NULL, size = 64) {
  index <- as.matrix(expand.grid(seq_len(size), seq_len(size), seq_len(size)))
  whole <- half_line(size, 0.7)
  at <- matrix(whole$x[index], ncol = 3)
  weight <- matrix(whole$weight[index], ncol = 3)
  if (!is.null(k)) {
    rule <- gauss_legendre(size)
    end <- sqrt(q / (1 - q) * rowSums(at[, -k]^2))
    at[, k] <- end * rule$x[index[, k]]
    weight[, k] <- end * rule$weight[index[, k]]
  }
  list(at = at, log_weight = balanced_density(data, at) + rowSums(log(weight)))
}

test_that("variances and shares are those of brute force: means, sds, and the probabilities below the ends", {
  for (size in list(c(5, 3, 1), c(4, 5, 2))) {
    data <- balanced_rows(size[1], size[2], size[3], 1)
    fit <- balanced_fit(data, iter_sampling = 0)
    nodes <- balanced_nodes(data)
    total <- fit$log_evidence
    expect_lt(abs(log(sum(exp(nodes$log_weight - total)))), 1e-7)
    weight <- exp(nodes$log_weight - total)
    squares <- nodes$at[, c(2, 3, 1)]^2
    values <- cbind(squares, squares / rowSums(squares))
    mean <- colSums(weight * values)
    sd <- sqrt(colSums(weight * sweep(values, 2, mean)^2))
    below <- function(row, q) sum(exp(balanced_nodes(data, c(2, 3, 1)[row - 3], q)$log_weight - total))

    for (interval in c("hdi", "central")) {
      table <- variance_components(fit, prob = 0.8, interval = interval)
      expect_identical(table$variable, c(
        "between[subject]", "between[item]", "within", "share_between[subject]", "share_between[item]", "share_within"
      ))
      expect_lt(max(abs(table$mean - mean) / sd), 1e-7)
      expect_lt(max(abs(table$sd / sd - 1)), 1e-6)
      expect_equal(table$plug_in[1:3], as.data.frame(VarCorr(fit))$sdcor^2)
      expect_equal(table$plug_in[4:6], table$plug_in[1:3] / sum(table$plug_in[1:3]))
      for (row in 4:6) {
        ends <- unlist(table[row, 4:5])
        p <- c(below(row, ends[1]), below(row, ends[2]))
        expect_lt(abs(diff(p) - 0.8), 1e-5, label = paste(interval, table$variable[row]))
        if (interval == "central") expect_lt(abs(p[1] - 0.1), 1e-5, label = table$variable[row])
      }
      # Variances have the ends of the standard deviations.
      if (interval == "central") {
        of_sds <- exact_summary(fit, c(0.1, 0.9), pars = c("sigma_0[subject]", "sigma_0[item]", "sigma_y"))
        expect_equal(as.matrix(table[1:3, 4:5]), as.matrix(of_sds[4:5])^2, tolerance = 1e-6, ignore_attr = TRUE)
      }
    }

    iccs <- exact_summary(fit, probs = c(0.01, 0.5, 0.9), regex_pars = "^icc")
    expect_identical(iccs$variable, c("icc[subject]", "icc[item]"))
    expect_equal(as.matrix(iccs[2:3]), as.matrix(variance_components(fit)[4:5, 2:3]), ignore_attr = TRUE)
    for (i in 1:2) {
      p <- vapply(unlist(iccs[i, 4:6]), function(q) below(3 + i, q), 0)
      expect_lt(max(abs(p - c(0.01, 0.5, 0.9))), 1e-5)
    }
    last <- utils::tail(summary(fit, prob = 0.8), 2)
    expect_identical(last$variable, iccs$variable)
    shares <- variance_components(fit, prob = 0.8)[4:5, ]
    expect_equal(as.matrix(last[-1]), as.matrix(shares[2:5]), ignore_attr = TRUE)
  }
})

test_that("differences within a factor are those of brute force", {
  data <- balanced_rows(5, 3, 1, 1)
  fit <- balanced_fit(data, iter_sampling = 0)
  nodes <- balanced_nodes(data)
  weight <- exp(nodes$log_weight - fit$log_evidence)
  kept <- weight > 1e-14 * max(weight)
  weight <- weight[kept]
  squares <- nodes$at[kept, ]^2
  # Given the standard deviations the difference of two groups depends on the difference of their means alone.
  rows_of <- c(subject = 3, item = 5)
  for (k in 1:2) {
    factor <- names(rows_of)[k]
    means <- tapply(data$y, data[[factor]], mean)
    left <- squares[, 1] / (squares[, 1] + rows_of[[k]] * squares[, 1 + k]) # 1 - kappa
    for (interval in c("hdi", "central")) {
      table <- group_contrasts(fit, groups = 2:3, reference = 1, factor = factor, interval = interval, prob = 0.8)
      for (i in 1:2) {
        difference <- means[[table$group[i]]] - means[["1"]]
        expect_contrast(table[i, ], weight, (1 - left) * difference, sqrt(2 * squares[, 1 + k] * left), 0.8, interval)
      }
    }
  }
})

test_that("of draws the same, within Monte Carlo error", {
  data <- balanced_rows(5, 4, 2, 2)
  fit <- balanced_fit(data, seed = 1)
  exact <- variance_components(fit, interval = "central")
  draws <- posterior::as_draws_matrix(fit)
  squares <- unclass(draws[, c("sigma_0[subject]", "sigma_0[item]", "sigma_y")])^2
  values <- cbind(squares, squares / rowSums(squares))
  drawn <- drawn_components(fit, c(1, 1), 0.94, "central", NULL)
  expect_equal(drawn[, "mean"], c(colMeans(values[, 1:5]), 1 - mean(values[, 6])), ignore_attr = TRUE)
  for (k in 1:6) {
    expect_within_mcse(values[, k], exact$mean[k])
    expect_within_mcse((values[, k] - exact$mean[k])^2, exact$sd[k]^2)
    expect_within_mcse(as.numeric(values[, k] < exact$central_lower[k]), 0.03)
    expect_within_mcse(as.numeric(values[, k] < exact$central_upper[k]), 0.97)
  }
  iccs <- drawn_iccs(fit, draws)
  expect_identical(colnames(iccs), c("icc[subject]", "icc[item]"))
  expect_equal(unclass(iccs), values[, 4:5], ignore_attr = TRUE)
  diagnosed <- summary(fit, regex_pars = "^icc|^sigma_y", diagnostics = TRUE)
  expect_equal(diagnosed$mcse_mean[diagnosed$variable == "icc[item]"], posterior::mcse_mean(matrix(values[, 5], 1000)))
})

test_that("where a fit has chains its tables are those of the draws", {
  fit <- balanced_fit(balanced_rows(5, 4, 2, 2), seed = 1)
  fit$settings$algorithm <- "nuts" # as its methods see it
  draws <- unclass(posterior::as_draws_matrix(fit))
  groups <- paste0("b_0[", rep(c("subject,", "item,"), c(5, 4)), c(1:5, 1:4), "]")
  of_draws <- data.frame(colMeans(draws), apply(draws, 2, sd))
  expect_equal(as.data.frame(ranef(fit, condVar = TRUE))[4:5], of_draws[groups, ], ignore_attr = TRUE)
  sums <- draws[, groups] + draws[, "beta_0"]
  coefficients <- coef(fit, condVar = TRUE, interval = "central")
  expect_equal(unlist(coefficients), colMeans(sums), ignore_attr = TRUE)
  expect_equal(unlist(lapply(coefficients, attr, "sd")), apply(sums, 2, sd), ignore_attr = TRUE)
  expect_equal(unlist(lapply(coefficients, attr, "upper")), apply(sums, 2, quantile, 0.97), ignore_attr = TRUE)
  sds <- draws[, c("sigma_0[subject]", "sigma_0[item]", "sigma_y")]
  expect_equal(as.data.frame(VarCorr(fit))[4:5], data.frame(colMeans(sds^2), colMeans(sds)), ignore_attr = TRUE)
  shares <- sds^2 / rowSums(sds^2)
  expect_equal(variance_components(fit)$mean, c(colMeans(sds^2), colMeans(shares)), ignore_attr = TRUE)
  expect_equal(summary(fit, regex_pars = "^icc")$mean, colMeans(shares[, 1:2]), ignore_attr = TRUE)
  difference <- draws[, "b_0[item,3]"] - draws[, "b_0[item,1]"]
  expect_equal(
    unlist(group_contrasts(fit, 3, 1, factor = "item")[c("mean", "sd", "p_greater")]),
    c(mean(difference), sd(difference), mean(difference > 0)), ignore_attr = TRUE
  )
})

test_that("variances that have no mean, or no standard deviation, are Inf", {
  data <- balanced_rows(2, 6, 3, 3)
  # The prior of tau_1 falls as its power -2. Two subjects, whose effects are known beside a proper prior of the intercept, add another -2:
  # the second moment exists, the fourth does not. The prior alone has neither.
  prior <- list(`sigma_0[subject]` = dist_cauchy(0, 1), `sigma_0[item]` = dist_exponential(1))
  for (prior_only in c(FALSE, TRUE)) {
    fit <- mixed_model(y ~ 1 + (1 | subject) + (1 | item), data, prior = prior, prior_only = prior_only, iter_sampling = 0)
    table <- variance_components(fit)
    expect_identical(is.finite(table$mean[1]), !prior_only)
    expect_identical(table$sd[1], Inf)
    expect_true(all(is.finite(unlist(table[-1, 2:3]))))
    expect_true(all(is.finite(unlist(table[4:5]))))
    shown <- capture.output(print(table))[2]
    expect_match(shown, formatC(table$hdi_upper[1], digits = 3, format = "f"), fixed = TRUE)
  }
})

test_that("print() says what the shares are; parts of the table print as data frames", {
  fit <- balanced_fit(balanced_rows(4, 3, 1, 4), iter_sampling = 0)
  table <- variance_components(fit)
  expect_output(print(table), "share_between: the correlation of two observations that share this factor")
  expect_output(print(table), "posterior means of the three standard")
  expect_output(print(table[1:3]), "between\\[item\\]")
  expect_error(variance_components(fit, at = list(x = 1)), "slopes vary", class = "bayespool_error_argument")
})
