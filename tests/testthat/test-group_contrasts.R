# Differences between groups: against brute force, closed forms and draws.

skip_on_cran() # all of it takes long

use_code("oracle")
use_code("fits")

rows <- withr::with_seed(1, {
  g <- rep(letters[1:5], c(2, 9, 6, 4, 7))
  x <- rnorm(28)
  data.frame(g = g, x = x, y = x / 3 + rep(rnorm(5, 3, 2), c(2, 9, 6, 4, 7)) + rnorm(28, 0, 3))
})

effects <- function(a, b) (letters[1:5] == a) - (letters[1:5] == b)

# Values -------------------------------------------------------------------------------------------------------------------

test_that("partial pooling: differences are those of brute force", {
  priors <- list(hyper_mu = p_normal(0, 5), sigma_y = p_exponential(0.3), sigma_mu = p_exponential(0.4))
  fit <- partial_pooling(y ~ 1 + (1 | g), rows, prior = package_priors(priors), iter_sampling = 0)
  oracle <- oracle_fit("partial_pooling", rows$y, priors, group = rows$g, fine = 1.5)[[1]]
  for (interval in c("hdi", "central")) {
    table <- group_contrasts(fit, interval = interval, prob = 0.8)
    expect_identical(table$group, rep(letters[1:4], 4:1))
    expect_identical(table$other, letters[c(2:5, 3:5, 4:5, 5)])
    for (i in c(1, 4, 8, 10)) {
      linear <- oracle_linear(oracle$problem, oracle$at, 0, effects(table$group[i], table$other[i]))
      expect_contrast(table[i, ], oracle$at$weight, linear$mean, linear$sd, 0.8, interval)
    }
  }
})

test_that("varying intercepts: differences are those of brute force", {
  priors <- list(
    beta_0 = p_normal(0, 5), beta = p_normal(0, 5), sigma_y = p_half_t(3, 0, 2), sigma_0 = p_half_normal(0, 2)
  )
  fit <- varying_intercept(y ~ x + (1 | g), rows, prior = package_priors(priors), iter_sampling = 0)
  oracle <- oracle_fit("varying_intercept", rows$y, priors, group = rows$g, x = cbind(x = rows$x), fine = 1.5)[[1]]
  table <- group_contrasts(fit, reference = "c")
  expect_identical(table$group, c("a", "b", "d", "e"))
  expect_identical(table$other, rep("c", 4))
  for (i in c(1, 3)) {
    linear <- oracle_linear(oracle$problem, oracle$at, c(0, 0), effects(table$group[i], "c"))
    expect_contrast(table[i, ], oracle$at$weight, linear$mean, linear$sd)
  }
})

test_that("groups without a population: a common sigma, and one each", {
  priors <- list(mu = p_normal(0, 5), sigma = p_exponential(0.3))
  fit <- no_pooling(y ~ 1 + (1 | g), rows, sigma = "common", prior = package_priors(priors), iter_sampling = 0)
  oracle <- oracle_fit("no_pooling", rows$y, priors, group = rows$g)[[1]]
  linear <- oracle_linear(oracle$problem, oracle$at, effects("a", "d"))
  expect_contrast(group_contrasts(fit, c("a", "d")), oracle$at$weight, linear$mean, linear$sd)

  separate <- no_pooling(y ~ 1 + (1 | g), rows, prior = package_priors(priors), iter_sampling = 0)
  parts <- oracle_fit("no_pooling", rows$y, priors, group = rows$g, sigma = "group")
  normal <- lapply(parts[c(1, 4)], function(part) {
    linear <- oracle_linear(part$problem, part$at, 1)
    keep <- part$at$weight > 1e-12
    list(weight = part$at$weight[keep], mean = linear$mean[keep], sd = linear$sd[keep])
  })
  expect_contrast(
    group_contrasts(separate, c("a", "d")), as.vector(outer(normal[[1]]$weight, normal[[2]]$weight)),
    as.vector(outer(normal[[1]]$mean, normal[[2]]$mean, `-`)),
    as.vector(sqrt(outer(normal[[1]]$sd^2, normal[[2]]$sd^2, `+`)))
  )
})

test_that("known standard deviations: differences are normal, or nothing", {
  prior <- list(hyper_mu = dist_degenerate(1), sigma_mu = dist_degenerate(2), sigma_y = dist_degenerate(3))
  fit <- partial_pooling(y ~ 1 + (1 | g), rows, prior = prior, iter_sampling = 0)
  of_group <- function(label) {
    y <- rows$y[rows$g == label]
    variance <- 1 / (length(y) / 9 + 1 / 4)
    c(variance * (sum(y) / 9 + 1 / 4), variance)
  }
  mean <- of_group("b")[1] - of_group("e")[1]
  sd <- sqrt(of_group("b")[2] + of_group("e")[2])
  for (interval in c("hdi", "central")) {
    table <- group_contrasts(fit, c("b", "e"), interval = interval)
    expect_equal(unlist(table[-(1:2)]), c(mean, sd, mean + c(-1, 1) * qnorm(0.97) * sd, pnorm(mean / sd)), ignore_attr = TRUE)
  }
  prior$sigma_mu <- dist_degenerate(0)
  alike <- group_contrasts(update(fit, prior = prior), c("b", "e"))
  expect_identical(unlist(alike[-(1:2)], use.names = FALSE), c(0, 0, 0, 0, 0))
  # From the prior: means of new groups differ by N(0, 2 tau^2).
  prior$sigma_mu <- dist_degenerate(2)
  drawn <- group_contrasts(update(fit, prior = prior, prior_only = TRUE))
  expect_equal(drawn$sd, rep(sqrt(8), 10))
  expect_equal(drawn$p_greater, rep(0.5, 10))
})

test_that("flat priors: a known sigma makes normal differences, unknown ones may have no moments", {
  fit <- no_pooling(
    y ~ 1 + (1 | g), rows, sigma = "common", prior = list(mu = flat, sigma = dist_degenerate(3)), iter_sampling = 0
  )
  table <- group_contrasts(fit, c("a", "c"))
  means <- tapply(rows$y, rows$g, mean)
  expect_equal(table$mean, means[["a"]] - means[["c"]])
  expect_equal(table$sd, 3 * sqrt(1 / 2 + 1 / 6))
  three <- rows[rows$g %in% c("b", "d"), ][c(1:3, 10:13), ]
  separate <- no_pooling(y ~ 1 + (1 | g), three, prior = list(mu = flat, sigma = flat_scale), iter_sampling = 0)
  table <- group_contrasts(separate, c("d", "b"))
  expect_identical(table$mean, NaN) # t with one degree of freedom less t with two
  expect_identical(table$sd, Inf)
  # P(d > b) by integrating over b.
  of <- function(label) {
    y <- three$y[three$g == label]
    list(df = length(y) - 2, center = mean(y), scale = sqrt(var(y) * (length(y) - 1) / (length(y) - 2) / length(y)))
  }
  b <- of("b")
  d <- of("d")
  above <- integrate(function(t) pt((d$center - b$center - b$scale * t) / d$scale, d$df) * dt(t, b$df), -Inf, Inf, rel.tol = 1e-10)
  expect_equal(table$p_greater, above$value, tolerance = 1e-6)
})

test_that("where tau may be 0 differences have a narrow peak, and intervals are still the shortest", {
  alike <- withr::with_seed(3, data.frame(g = rep(letters[1:5], each = 6), y = rnorm(30)))
  priors <- list(hyper_mu = p_normal(0, 5), sigma_y = p_exponential(1), sigma_mu = p_exponential(1))
  fit <- partial_pooling(y ~ 1 + (1 | g), alike, prior = package_priors(priors), iter_sampling = 0)
  oracle <- oracle_fit("partial_pooling", alike$y, priors, group = alike$g, fine = 2)[[1]]
  table <- group_contrasts(fit, prob = 0.5)
  for (i in c(2, 7)) {
    linear <- oracle_linear(oracle$problem, oracle$at, 0, effects(table$group[i], table$other[i]))
    expect_contrast(table[i, ], oracle$at$weight, linear$mean, linear$sd, 0.5)
  }
})

# Draws --------------------------------------------------------------------------------------------------------------------

test_that("draws agree, and NUTS uses its own", {
  for (formula in list(y ~ 1 + (1 | g), y ~ x + (1 | g))) {
    for (verb in c("no_pooling", if (identical(formula, y ~ 1 + (1 | g))) "partial_pooling" else "varying_intercept")) {
      fit <- get(verb)(formula, rows, chains = 1, iter_sampling = 2e4, seed = 5)
      table <- group_contrasts(fit, c("e", "a"))
      draws <- unclass(posterior::as_draws_matrix(fit))
      name <- if (identical(formula, y ~ 1 + (1 | g))) "mu" else "beta_0j"
      difference <- draws[, paste0(name, "[e]")] - draws[, paste0(name, "[a]")]
      expect_within_mcse(difference, table$mean)
      expect_within_mcse((difference - table$mean)^2, table$sd^2)
      expect_within_mcse(difference > 0, table$p_greater)
      expect_within_mcse(difference > table$lower & difference < table$upper, 0.94)
    }
  }
  chains <- suppressWarnings(update(fit, algorithm = "nuts", chains = 2, iter_sampling = 300, seed = 6))
  draws <- unclass(posterior::as_draws_matrix(chains))
  difference <- draws[, "beta_0j[a]"] - draws[, "beta_0j[b]"]
  central <- group_contrasts(chains, c("a", "b"), prob = 0.8, interval = "central")
  expect_equal(
    unlist(central[-(1:2)], use.names = FALSE),
    c(mean(difference), sd(difference), quantile(difference, c(0.1, 0.9), names = FALSE), mean(difference > 0))
  )
  hdi <- group_contrasts(chains, c("a", "b"), prob = 0.8)
  expect_equal(c(hdi$lower, hdi$upper), HDInterval::hdi(difference, credMass = 0.8), ignore_attr = TRUE)
  expect_output(print(hdi), "from 600 draws")
  # print() tells the largest Monte Carlo errors.
  all <- group_contrasts(chains, reference = "b")
  errors <- apply(draws[, paste0("beta_0j[", all$group, "]")] - draws[, "beta_0j[b]"], 2, function(x) {
    c(mean = posterior::mcse_mean(matrix(x, ncol = 2)), p_greater = posterior::mcse_mean(matrix(x > 0, ncol = 2)))
  })
  errors[is.na(errors)] <- 0
  expect_equal(attr(all, "mcse"), apply(errors, 1, max))
  largest <- vapply(apply(errors, 1, max), format, "", digits = 2)
  told <- sprintf("Monte Carlo errors: up to %s (mean), %s (p_greater)", largest[1], largest[2])
  expect_output(print(all), told, fixed = TRUE)
  expect_no_match(capture.output(print(group_contrasts(fit))), "Monte Carlo")
  expect_error(group_contrasts(update(chains, iter_sampling = 0)), class = "bayespool_error_draws")
})

# The object ---------------------------------------------------------------------------------------------------------------

test_that("pairs are those asked for, and turn around", {
  fit <- partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0)
  forth <- group_contrasts(fit, c("b", "d"))
  back <- group_contrasts(fit, c("d", "b"))
  expect_equal(c(back$mean, back$sd, back$lower, back$upper, back$p_greater),
               c(-forth$mean, forth$sd, -forth$upper, -forth$lower, 1 - forth$p_greater), tolerance = 1e-8)
  expect_equal(group_contrasts(fit, "b", reference = "d"), forth, ignore_attr = TRUE)
  expect_identical(group_contrasts(fit, c("a", "d", "b"), "d")$group, c("a", "b"))
  expect_identical(nrow(group_contrasts(fit, c("a", "b", "a"))), 1L)
  means <- with(exact_summary(fit), stats::setNames(mean, variable))
  expect_equal(forth$mean, means[["mu[b]"]] - means[["mu[d]"]], tolerance = 1e-8)
  moments <- group_moments(y ~ 1 + (1 | g), rows)
  expect_equal(group_contrasts(update(fit, data = moments)), group_contrasts(fit), tolerance = 1e-8)
})

test_that("labels of any kind, numbers too", {
  wild <- c("\u5317\u4eac", "mu[1], \"q\" \\", "{x} %s", strrep("x", 100), "e")
  plain <- partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0)
  fit <- update(plain, data = transform(rows, g = factor(wild[match(g, letters)], wild)))
  table <- group_contrasts(fit)
  expect_identical(unique(c(table$group, table$other)), wild)
  expect_equal(table[-(1:2)], group_contrasts(plain)[-(1:2)], ignore_attr = TRUE)
  expect_true(all(nchar(capture.output(print(table)), "width") <= 80))
  numbered <- update(plain, data = transform(rows, g = match(g, letters)))
  expect_identical(group_contrasts(numbered, c(2, 5))$other, "5")
  expect_error(group_contrasts(plain, c("b", "{x}")), "{x}", fixed = TRUE, class = "bayespool_error_argument")
})

test_that("print() shows the first rows, what they are and how many are left", {
  table <- group_contrasts(partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0), prob = 0.9)
  shown <- capture.output(result <- withVisible(print(table, n_rows = 4)))
  expect_false(result$visible)
  expect_identical(result$value, table)
  expect_match(shown[1], "group other +mean +sd +lower +upper +p_greater")
  expect_identical(shown[6], "... and 6 more pairs")
  expect_match(shown[7], "mean of y is greater")
  expect_identical(shown[8], "lower, upper: shortest (hdi) 90% interval of the difference, by quadrature")
  expect_no_match(capture.output(print(table[c("group", "mean")])), "quadrature")
})

test_that("what is refused", {
  expect_error(
    group_contrasts(complete_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0)), "no_pooling", class = "bayespool_error_model"
  )
  fit <- partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0)
  for (groups in list("z", NA, character(), list("a"), "a")) {
    expect_error(group_contrasts(fit, groups), class = "bayespool_error_argument")
  }
  for (reference in list("z", NA, c("a", "b"), list("a"))) {
    expect_error(group_contrasts(fit, reference = reference), class = "bayespool_error_argument")
  }
  expect_error(group_contrasts(fit, "a", reference = "a"), "two groups", class = "bayespool_error_argument")
  one <- undetermined(partial_pooling(y ~ 1 + (1 | g), rows[rows$g == "b", ], iter_sampling = 0))
  expect_error(group_contrasts(one), "two groups", class = "bayespool_error_argument")
  for (prob in list(0, 1, "a", NA)) expect_error(group_contrasts(fit, prob = prob), class = "bayespool_error_argument")
  expect_error(group_contrasts(fit, interval = "eti"), class = "bayespool_error_argument")
  expect_error(group_contrasts(rows), class = "bayespool_error_argument")
  many <- partial_pooling(y ~ 1 + (1 | g), data.frame(g = rep(1:100, 2), y = sin(1:200)), iter_sampling = 0)
  expect_error(group_contrasts(many), "reference", class = "bayespool_error_argument")
  expect_identical(nrow(group_contrasts(many, reference = 7)), 99L)
})

# Pictures -----------------------------------------------------------------------------------------------------------------

test_that("the picture has each pair once, the largest difference at the top, and a line at zero", {
  skip_if_not_installed("ggplot2")
  skip_if_not_installed("bayesplot")
  table <- group_contrasts(partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0))
  picture <- plot(table)
  drawn <- ggplot2::layer_data(picture, 3)
  expect_equal(sort(drawn$x), sort(table$mean))
  from_top <- drawn[order(-as.numeric(drawn$y)), ]
  expect_equal(from_top$x, sort(table$mean, decreasing = TRUE))
  lines <- ggplot2::layer_data(picture, 1)
  expect_equal(lines$xmin[order(-as.numeric(lines$y))], table$lower[order(-table$mean)])
  expect_identical(ggplot2::layer_data(picture, 2)$xintercept, 0)
  expect_match(picture$labels$caption, "94% shortest interval")
  expect_match(plot(group_contrasts(partial_pooling(y ~ 1 + (1 | g), rows, iter_sampling = 0), reference = "b"))$labels$x, "from b")
  expect_error(plot(table, 3), class = "bayespool_error_argument")
})
