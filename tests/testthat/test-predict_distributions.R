# What predictions are distributed like: against mixtures of normals over the nodes of the brute-force quadrature, by
# coverage on simulated data, and on the study's data.

use_code("oracle")

simulate <- function(sizes, seed) {
  withr::with_seed(seed, {
    g <- rep(letters[seq_along(sizes)], sizes)
    x <- rnorm(length(g), 1)
    data.frame(g = g, x = x, y = 2 + x / 2 + rep(rnorm(length(sizes), 0, 2), sizes) + rnorm(length(g), 0, 3))
  })
}
data <- simulate(c(2, 8, 5), seed = 1)
priors <- list(
  beta_0 = p_normal(0, 5), beta = p_normal(0, 5), sigma_y = p_exponential(0.3), sigma_0 = p_exponential(0.4)
)
# The oracle: linear combinations of coefficients and group effects are normal at each node of (sigma, tau).
oracle <- oracle_fit("varying_intercept", data$y, priors, group = data$g, x = cbind(x = data$x))[[1]]
at <- oracle$at
nodes <- function(x, group = NULL) oracle_linear(oracle$problem, at, c(1, x), if (!is.null(group)) (c("a", "b", "c") == group) + 0)

# Distribution function, mean and second moment of the mixture over the nodes of N(mean, sd^2 + extra variance).
mixture <- function(normal, extra = 0) {
  sd <- sqrt(normal$sd^2 + extra)
  total <- sum(at$weight * normal$mean)
  variance <- sum(at$weight * (sd^2 + (normal$mean - total)^2))
  q <- total + sqrt(variance) * sinh(seq(-4.5, 4.5, length.out = 301)) / 4
  cdf <- vapply(q, function(value) sum(at$weight * pnorm(value, normal$mean, sd)), 0)
  use <- cdf > 1e-10 & cdf < 1 - 1e-10
  score <- splinefun(q[use], qnorm(cdf[use]), method = "monoH.FC")
  list(cdf = function(x) pnorm(score(x)), mean = total, variance = variance)
}
fit <- varying_intercept(
  y ~ x + (1 | g), data, prior = package_priors(priors), chains = 1, iter_sampling = 5e4, seed = 2
)
rows <- data.frame(x = c(0, 2, 2, -1), g = c("a", "c", "new", "new"))

test_that("expected values and predictions have the distributions of quadrature: groups old and new, and the population", {
  skip_on_cran() # long
  expect_follows <- function(draws, truth, label) {
    expect_distribution(draws, truth$cdf, label = label)
    expect_within_mcse(draws, truth$mean)
    expect_within_mcse((draws - truth$mean)^2, truth$variance)
  }
  expected <- posterior_epred(fit, rows, seed = 3)
  predicted <- posterior_predict(fit, rows, seed = 3)
  for (i in seq_len(nrow(rows))) {
    new <- rows$g[i] == "new"
    normal <- nodes(rows$x[i], if (!new) rows$g[i])
    between <- if (new) at$tau^2 else 0
    expect_follows(expected[, i], mixture(normal, between), paste("expected value of row", i))
    expect_follows(predicted[, i], mixture(normal, between + at$sigma^2), paste("prediction of row", i))
  }
  normal <- nodes(2)
  expect_follows(posterior_epred(fit, rows[2, ], re_formula = NA)[, 1], mixture(normal), "population")
  expect_follows(
    posterior_predict(fit, rows[2, ], re_formula = NA, seed = 4)[, 1], mixture(normal, at$sigma^2), "prediction for the population"
  )
  ends <- predictive_interval(fit, 0.8, newdata = rows, seed = 3)
  expect_equal(unname(colMeans(predicted < rep(ends[, 1], each = 5e4))), rep(0.1, 4), tolerance = 1e-3)
  expect_equal(predict(fit, rows), vapply(seq_len(nrow(rows)), function(i) {
    mixture(nodes(rows$x[i], if (rows$g[i] != "new") rows$g[i]))$mean
  }, 0), tolerance = 1e-8)
})

test_that("the mean of the densities is the density of the prediction", {
  densities <- exp(log_lik(fit, transform(rows, y = c(-2, 5, 1, 8)), seed = 5))
  for (i in seq_len(nrow(rows))) {
    new <- rows$g[i] == "new"
    normal <- nodes(rows$x[i], if (!new) rows$g[i])
    sd <- sqrt(normal$sd^2 + at$sigma^2 + if (new) at$tau^2 else 0)
    expect_within_mcse(densities[, i], sum(at$weight * dnorm(c(-2, 5, 1, 8)[i], normal$mean, sd)))
  }
  expect_within_mcse(exp(log_lik(fit))[, 5], sum(at$weight * {
    normal <- nodes(data$x[5], "b")
    dnorm(data$y[5], normal$mean, sqrt(normal$sd^2 + at$sigma^2))
  }))
})

test_that("new groups and the noise are independent of each other and of the parameters", {
  skip_on_cran() # long
  draws <- posterior::as_draws_df(fit)
  many <- data.frame(x = 0, g = c("m", "n", "n", "o", "a", "m"))
  expected <- posterior_epred(fit, many, seed = 6)
  z <- (expected - draws$beta_0) / draws$sigma_0
  noise <- (posterior_predict(fit, many, seed = 6) - expected) / draws$sigma_y
  standard <- cbind(z[, c(1, 2, 4)], noise)
  for (i in seq_len(ncol(standard))) {
    expect_distribution(standard[, i], pnorm, label = paste("standardised draws", i))
    for (j in seq_len(i - 1)) expect_within_mcse(standard[, i] * standard[, j], 0)
    expect_within_mcse(standard[, i] * (draws$beta_0 - mean(draws$beta_0)), 0)
    expect_within_mcse(standard[, i] * (draws$sigma_0 > median(draws$sigma_0)), 0)
    expect_within_mcse(standard[, i] * (draws$sigma_y > median(draws$sigma_y)), 0)
  }
  expect_identical(z[, 2], z[, 3])
  expect_identical(z[, 1], z[, 6])
})

test_that("predictions of a known group have the exact mean, and the variance of its mean and its noise", {
  for (model in c("partial_pooling", "no_pooling")) {
    sites <- get(model)(y ~ 1 + (1 | g), data, chains = 1, iter_sampling = 5e4, seed = 7)
    predicted <- posterior_predict(sites, data.frame(g = c("a", "b", "c")), seed = 8)
    exact <- exact_summary(sites)
    for (group in 1:3) {
      label <- c("a", "b", "c")[group]
      mu <- exact[exact$variable == sprintf("mu[%s]", label), ]
      sigma <- exact[exact$variable == if (model == "no_pooling") sprintf("sigma[%s]", label) else "sigma_y", ]
      expect_within_mcse(predicted[, group], mu$mean)
      expect_within_mcse((predicted[, group] - mu$mean)^2, mu$sd^2 + sigma$sd^2 + sigma$mean^2)
    }
  }
})

test_that("the prior predictive is the prior's", {
  prior <- list(hyper_mu = dist_normal(3, 2), sigma_y = dist_degenerate(1.5), sigma_mu = dist_degenerate(0.5))
  for (algorithm in c("exact", "nuts")) {
    prior_fit <- partial_pooling(
      y ~ 1 + (1 | g), data, prior = prior, prior_only = TRUE, algorithm = algorithm, chains = 2, iter_sampling = 5000, seed = 9
    )
    predicted <- posterior_predict(prior_fit, data.frame(g = c("a", "new")), seed = 10)
    for (i in 1:2) {
      expect_within_mcse(predicted[, i], 3)
      expect_within_mcse((predicted[, i] - 3)^2, 2^2 + 0.5^2 + 1.5^2)
    }
    expect_within_mcse((predicted[, 1] - 3) * (predicted[, 2] - 3), 2^2)
  }
})

test_that("predictions after NUTS are those of quadrature", {
  chains <- suppressWarnings( # a divergence or two
    update(fit, algorithm = "nuts", chains = 4, iter_sampling = 2000, seed = 11, control = nuts_control(adapt_delta = 0.99)),
    classes = "bayespool_warning"
  )
  predicted <- posterior_predict(chains, rows, seed = 12)
  for (i in seq_len(nrow(rows))) {
    new <- rows$g[i] == "new"
    normal <- nodes(rows$x[i], if (!new) rows$g[i])
    extra <- at$sigma^2 + if (new) at$tau^2 else 0
    truth <- mixture(normal, extra)
    score <- (predicted[, i] - truth$mean) / sqrt(truth$variance)
    by_chain <- function(x) matrix(x, ncol = 4)
    expect_within_mcse(by_chain(score), 0)
    expect_within_mcse(by_chain(score^2), 1)
    # The mean of Phi(a X + b) for normal X is Phi of (a E X + b) / sqrt(1 + a^2 Var X).
    shape <- sum(at$weight * pnorm((normal$mean - truth$mean) / sqrt(truth$variance + normal$sd^2 + extra)))
    expect_within_mcse(by_chain(pnorm(score)), shape)
  }
})

test_that("intervals cover as many observations to come as they say, in old groups and new ones", {
  skip_on_cran() # long
  # Parameters from the prior, data from the parameters: then coverage is exact on average, whatever the model.
  prior <- list(hyper_mu = dist_normal(0, 2), sigma_y = dist_gamma(4, 4), sigma_mu = dist_exponential(1))
  datasets <- 400
  inside <- withr::with_seed(13, replicate(datasets, {
    sigma <- rgamma(1, 4, 4)
    means <- rnorm(5, rnorm(1, 0, 2), rexp(1))
    train <- data.frame(g = rep(letters[1:4], 1:4), y = rnorm(10, rep(means[1:4], 1:4), sigma))
    sites <- partial_pooling(y ~ 1 + (1 | g), train, prior = prior, chains = 1, iter_sampling = 1000)
    to_come <- rnorm(2, means[c(2, 5)], sigma)
    vapply(c(0.5, 0.9), function(prob) {
      ends <- predictive_interval(sites, prob, newdata = data.frame(g = c("b", "e")))
      ends[, 1] < to_come & to_come < ends[, 2]
    }, logical(2))
  }))
  for (group in 1:2) {
    expect_gt(binom.test(sum(inside[group, 1, ]), datasets, 0.5)$p.value, 1e-6)
    expect_gt(binom.test(sum(inside[group, 2, ]), datasets, 0.9)$p.value, 1e-6)
  }
})

test_that("a site that was left out: Zurich, from the five sites of the course", {
  hpp <- shared_data("hpp.csv")
  five <- hpp[hpp$site %in% five_sites, ]
  prior <- list(hyper_mu = dist_normal(40, 20), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1))
  sites <- partial_pooling(scontrol ~ 1 + (1 | site), five, prior = prior, chains = 1, iter_sampling = 5e4, seed = 14)
  exact <- exact_summary(sites)
  of <- function(name) exact[exact$variable == name, ]
  between <- of("sigma_mu")$sd^2 + of("sigma_mu")$mean^2
  within <- of("sigma_y")$sd^2 + of("sigma_y")$mean^2
  zurich <- data.frame(site = rep("Zurich", 2))
  expected <- posterior_epred(sites, zurich, seed = 15)
  predicted <- posterior_predict(sites, zurich, seed = 15)
  expect_identical(expected[, 1], expected[, 2])
  expect_within_mcse(expected[, 1], of("hyper_mu")$mean)
  expect_within_mcse((expected[, 1] - of("hyper_mu")$mean)^2, of("hyper_mu")$sd^2 + between)
  expect_within_mcse((predicted[, 2] - of("hyper_mu")$mean)^2, of("hyper_mu")$sd^2 + between + within)
  # Two people there have in common what they have of the site.
  expect_within_mcse(
    (predicted[, 1] - of("hyper_mu")$mean) * (predicted[, 2] - of("hyper_mu")$mean), of("hyper_mu")$sd^2 + between
  )
  # The people of Zurich: as many within 90% intervals as intervals of a common site may have.
  people <- hpp$scontrol[hpp$site == "Zurich"]
  ends <- predictive_interval(sites, newdata = data.frame(site = rep("Zurich", length(people))), seed = 16)
  expect_gt(binom.test(sum(people > ends[, 1] & people < ends[, 2]), length(people), 0.9)$p.value, 1e-6)
})
