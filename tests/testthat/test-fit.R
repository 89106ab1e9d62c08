# The fit as an object: what it answers, prints, keeps and refuses.

data <- withr::with_seed(1, data.frame(
  g = rep(c("a", "b", "c"), c(5, 8, 4)), x = rnorm(17), k = rnorm(17), unused = rnorm(17), y = rnorm(17, 5, 2)
))
fit <- partial_pooling(y ~ 1 + (1 | g), data, seed = 1, iter_sampling = 100)

# Answers ------------------------------------------------------------------------------------------------------------------

test_that("nobs() and formula() are those of the data and the call", {
  expect_equal(nobs(fit), 17)
  expect_identical(nobs(suppressMessages(update(fit, data = transform(data, y = c(NA, NA, y[-(1:2)]))))), 15)
  expect_equal(formula(fit), y ~ 1 + (1 | g), ignore_formula_env = TRUE)
  expect_identical(posterior::nchains(fit), 4L)
  expect_identical(posterior::niterations(fit), 100L)
  expect_identical(posterior::ndraws(fit), 400L)
  expect_identical(posterior::nvariables(fit), 6L)
})

test_that("update() changes what is asked and keeps the rest", {
  expect_identical(update(fit)$draws, fit$draws)
  more <- update(fit, iter_sampling = 200, chains = 2)
  expect_identical(dim(more$draws), c(200L, 2L, 6L))
  expect_identical(unname(c(more$draws)), unname(c(fit$draws)))
  narrow <- update(fit, prior = list(hyper_mu = dist_normal(0, 0.1)))
  expect_lt(abs(exact_summary(narrow)$mean[1]), 1)
  expect_identical(update(narrow, seed = 2)$priors, narrow$priors)
  slopes <- varying_intercept(y ~ x + (1 | g), data, iter_sampling = 0)
  expect_identical(
    exact_summary(update(slopes, . ~ . + k, data = data)), exact_summary(varying_intercept(y ~ x + k + (1 | g), data, iter_sampling = 0))
  )
  expect_error(update(slopes, . ~ . + k), class = "bayespool_error_data")
  expect_identical(update(fit, data = data[data$g != "c", ])$model$terms[[1]]$labels, c("a", "b"))
  common <- no_pooling(y ~ 1 + (1 | g), data, sigma = "common", iter_sampling = 0)
  expect_identical(posterior::variables(update(common, prior = list(mu = dist_normal(0, 1)))), posterior::variables(common))
  expect_error(update(fit, chain = 2), class = "bayespool_error_argument")
})

test_that("factors give a variable for each contrast, and update() takes terms away", {
  expect_identical(prior_summary(complete_pooling(yield ~ N, npk, iter_sampling = 0))$parameter, c("beta_0", "beta[N1]", "sigma"))
  slopes <- varying_intercept(yield ~ N + K + (1 | block), npk, iter_sampling = 0)
  expect_identical(posterior::variables(update(slopes, . ~ . - K))[1:3], c("beta_0", "beta[N1]", "beta_0j[1]"))
  expect_identical(prior_summary(update(slopes, prior = list(sigma_0 = dist_cauchy(0, 2))))$source[5], "user")
})

test_that("rows with missing values are dropped and counted", {
  missing <- transform(data, y = replace(y, c(2, 5), NA))
  expect_message(update(fit, data = missing), "Dropped 2 rows", class = "bayespool_message_dropped")
})

test_that("update() works where the data are gone", {
  make <- function() {
    local_data <- data
    local_prior <- dist_normal(4, 2)
    partial_pooling(y ~ 1 + (1 | g), local_data, prior = list(hyper_mu = local_prior), seed = 1, iter_sampling = 10)
  }
  kept <- make()
  expect_identical(update(kept)$draws, kept$draws)
  from_moments <- partial_pooling(y ~ 1 + (1 | g), group_moments(y ~ 1 + (1 | g), data), seed = 1, iter_sampling = 10)
  expect_identical(update(from_moments)$draws, from_moments$draws)
})

test_that("summary() of an exact fit is exact, with what there is to say of draws on request", {
  table <- summary(fit)
  expect_named(table, c("variable", "mean", "sd", "hdi_lower", "hdi_upper"))
  expect_identical(table, summary(update(fit, iter_sampling = 0)))
  expect_identical(table$variable, c(posterior::variables(fit), "icc"))
  exact <- exact_summary(fit, probs = c(0.2, 0.8))
  expect_equal(table[1:3], exact[1:3], tolerance = 1e-12, ignore_attr = TRUE)
  central <- summary(fit, prob = 0.6, interval = "central", pars = "icc", regex_pars = c("^sigma", "icc"))
  expect_named(central, c("variable", "mean", "sd", "central_lower", "central_upper"))
  expect_identical(central$variable, c("icc", "sigma_y", "sigma_mu"))
  expect_equal(central$central_upper, exact$q80[match(central$variable, exact$variable)], tolerance = 1e-10)
  diagnosed <- summary(fit, diagnostics = TRUE)
  expect_identical(diagnosed[1:5], table[1:5], ignore_attr = TRUE)
  x <- posterior::extract_variable_matrix(fit$draws, "hyper_mu")
  expect_equal(diagnosed$ess_bulk[1], posterior::ess_bulk(x))
  expect_equal(diagnosed$rhat[1], posterior::rhat(x))
  expect_error(summary(fit, pars = "mu"), "mu\\[a\\]", class = "bayespool_error_argument")
  expect_error(summary(fit, regex_pars = "tau"), "matches no variable", class = "bayespool_error_argument")
  expect_error(summary(fit, regex_pars = "("), class = "bayespool_error_argument")
  expect_error(summary(fit, interval = "eti"), class = "bayespool_error_argument")
})

test_that("summary() of a fit by NUTS has one row a parameter and the promised columns", {
  fit <- suppressWarnings(update(fit, algorithm = "nuts", iter_sampling = 300, seed = 1))
  table <- summary(fit)
  expect_named(
    table, c("variable", "mean", "sd", "hdi_lower", "hdi_upper", "mcse_mean", "mcse_sd", "ess_bulk", "ess_tail", "rhat")
  )
  expect_identical(table$variable, c(posterior::variables(fit), "icc"))
  x <- posterior::extract_variable_matrix(fit$draws, "hyper_mu")
  expect_equal(table$mean[1], mean(x))
  expect_equal(table$sd[1], sd(x))
  expect_equal(table$ess_bulk[1], posterior::ess_bulk(x))
  expect_equal(table$rhat[1], posterior::rhat(x))
  inside <- function(prob) {
    row <- summary(fit, prob = prob)[1, ]
    mean(x >= row$hdi_lower & x <= row$hdi_upper)
  }
  expect_lt(abs(inside(0.94) - 0.94), 0.01)
  expect_lt(abs(inside(0.5) - 0.5), 0.01)
  for (prob in list(0, 1, 2, "a", NA)) expect_error(summary(fit, prob = prob), class = "bayespool_error_argument")
})

test_that("print() shows the model and every parameter, and returns the fit", {
  shown <- paste(capture.output(result <- withVisible(print(fit))), collapse = "\n")
  expect_false(result$visible)
  expect_identical(result$value, fit)
  for (text in c("artial pooling", "y ~ 1 + (1 | g)", "17", posterior::variables(fit)[c(1, 5, 6)], "mu[a]", "icc", "hdi_lower")) {
    expect_match(shown, text, fixed = TRUE)
  }
  expect_output(print(update(fit, prior_only = TRUE)), "prior")
  expect_output(print(update(fit, iter_sampling = 0)), "icc")
})

# No draws ---------------------------------------------------------------------------------------------------------------

test_that("a fit without draws answers what needs none and says so for the rest", {
  none <- update(fit, iter_sampling = 0)
  expect_identical(exact_summary(none), exact_summary(fit))
  expect_identical(log_marginal_likelihood(none), log_marginal_likelihood(fit))
  expect_identical(posterior::ndraws(none), 0L)
  expect_identical(posterior::variables(none), posterior::variables(fit))
  expect_error(posterior::as_draws_df(none), "iter_sampling", class = "bayespool_error_draws")
  expect_error(posterior::as_draws(none), class = "bayespool_error_draws")
  expect_error(summary(none, diagnostics = TRUE), class = "bayespool_error_draws")
  expect_identical(update(none, iter_sampling = 100)$draws, fit$draws)
})

test_that("a fit without draws leaves R's generator alone", {
  withr::local_seed(1)
  before <- .Random.seed
  complete_pooling(y ~ 1, data, iter_sampling = 0)
  expect_identical(.Random.seed, before)
})

test_that("draws that would not fit in memory are refused with their size", {
  error <- expect_error(update(fit, chains = 1, iter_sampling = 2e9), class = "bayespool_error_memory")
  expect_match(conditionMessage(error), "iter_sampling = 0", fixed = TRUE)
  expect_error(update(fit, chains = 1000, iter_sampling = 1e9), class = "bayespool_error")
})

# Formats ------------------------------------------------------------------------------------------------------------------

test_that("all formats of posterior hold the same draws", {
  array <- posterior::as_draws_array(fit)
  expect_identical(array, posterior::as_draws(fit))
  for (convert in list(
    posterior::as_draws_df, posterior::as_draws_matrix, posterior::as_draws_list, posterior::as_draws_rvars, posterior::as_draws_array
  )) {
    format <- convert(fit)
    expect_identical(posterior::variables(format)[1], if (inherits(format, "draws_rvars")) "hyper_mu" else posterior::variables(array)[1])
    expect_equal(posterior::as_draws_array(format), array)
  }
  expect_equal(posterior::as_draws_rvars(fit)$mu, posterior::as_draws_rvars(array)$mu)
  expect_identical(dim(posterior::as_draws_array(update(fit, chains = 1, iter_sampling = 1))), c(1L, 1L, 6L))
})

# Labels -------------------------------------------------------------------------------------------------------------------

test_that("group labels are the user's own", {
  labels <- c("\u6e05\u534e \u5927\u5b66", "a, b [c]", "it's 100%", "{braces}", " ")
  wild <- data.frame(g = factor(rep(labels, 4), levels = labels), y = data$y[rep(1:10, 2)])
  f <- partial_pooling(y ~ 1 + (1 | g), wild, seed = 1, iter_sampling = 100)
  expected <- paste0("mu[", labels, "]")
  expect_identical(posterior::variables(f)[2:6], expected)
  expect_identical(exact_summary(f)$variable[2:6], expected)
  expect_identical(dimnames(posterior::as_draws_matrix(f))$variable[2:6], expected)
  expect_identical(summary(f)$variable[2:6], expected)
  expect_no_error(capture.output(print(f)))
  numbers <- data.frame(g = rep(c(10, 9, 2.5), each = 4), y = data$y[1:12])
  f <- no_pooling(y ~ 1 + (1 | g), numbers, sigma = "common", iter_sampling = 0)
  expect_identical(posterior::variables(f), c("mu[2.5]", "mu[9]", "mu[10]", "sigma"))
  f <- partial_pooling(y ~ 1 + (1 | g), transform(data, g = g == "a"), iter_sampling = 0)
  expect_identical(posterior::variables(f)[2:3], c("mu[FALSE]", "mu[TRUE]"))
})

test_that("an error about a wild label is still the package's", {
  constant <- data.frame(g = rep(c("{x}", "it's"), each = 3), y = c(1, 1, 1, 2, 3, 4))
  expect_error(no_pooling(y ~ 1 + (1 | g), constant, iter_sampling = 0), class = "bayespool_error_improper")
})

# Size -------------------------------------------------------------------------------------------------------------------

test_that("a saved fit is small and carries no environment of the caller", {
  make <- function() {
    ballast <- runif(1e6)
    formula <- y ~ 1 + (1 | g)
    prior <- list(hyper_mu = dist_normal(0, 1))
    partial_pooling(formula, data, prior = prior, iter_sampling = 100, seed = 1)
  }
  # What the quadrature found is 8 bytes a node.
  size <- function(fit) {
    expect_lt(length(fit$record), 10000)
    length(serialize(fit, NULL)) - 8 * length(fit$record)
  }
  expect_lt(size(make()), 8 * 4 * 100 * 6 + 15000)
  slopes <- local({
    ballast <- runif(1e6)
    varying_intercept(y ~ x + I(k^2) + (1 | g), data, iter_sampling = 0)
  })
  expect_lt(size(slopes), 20000)
  file <- withr::local_tempfile()
  saveRDS(fit, file)
  expect_identical(exact_summary(readRDS(file)), exact_summary(fit))
})

# Arguments ----------------------------------------------------------------------------------------------------------------

test_that("wrong arguments are refused by class", {
  expect_wrong <- function(...) {
    expect_error(complete_pooling(y ~ 1, data, ...), class = "bayespool_error_argument")
    expect_error(varying_intercept(y ~ x + (1 | g), data, ...), class = "bayespool_error_argument")
  }
  expect_wrong(chains = 0)
  expect_wrong(chains = -1)
  expect_wrong(chains = 1.5)
  expect_wrong(chains = NA)
  expect_wrong(iter_sampling = -1)
  expect_wrong(iter_sampling = "many")
  expect_wrong(iter_sampling = c(10, 20))
  expect_wrong(seed = -1)
  expect_wrong(seed = "one")
  expect_wrong(seed = NA)
  expect_wrong(seed = c(1, 2))
  expect_wrong(seed = Inf)
  expect_wrong(cores = 0)
  expect_wrong(prior_only = NA)
  expect_wrong(prior_only = "yes")
  expect_wrong(algorithm = "foo")
  expect_wrong(algorithm = 1)
  expect_wrong(iter_samplin = 10)
  expect_wrong(iters = 10)
  expect_wrong(priors = list())
  expect_error(no_pooling(y ~ 1 + (1 | g), data, sigma = "groups"), class = "bayespool_error_argument")
  expect_error(no_pooling(y ~ x + (1 | g), data, sigma = "group"), class = "bayespool_error_argument")
})

test_that("errors name the function that was called", {
  error <- expect_error(varying_intercept(y ~ x + (1 | g), data, chains = 0), class = "bayespool_error")
  expect_identical(as.character(error$call[[1]]), "varying_intercept")
  error <- expect_error(complete_pooling(y ~ 1, data.frame(y = c(1, 1)), prior = list(mu = dist_normal(0, 1), sigma = dist_exponential(1))),
                        class = "bayespool_error_improper")
  expect_identical(as.character(error$call[[1]]), "complete_pooling")
})

test_that("grouped fits of tibbles and data.tables are those of data frames", {
  skip_if_not_installed("tibble")
  expect_identical(update(fit, data = tibble::as_tibble(data))$draws, fit$draws)
  skip_if_not_installed("data.table")
  expect_identical(update(fit, data = data.table::as.data.table(data))$draws, fit$draws)
})

test_that("long tables are cut, and small numbers keep their digits", {
  many <- partial_pooling(y ~ 1 + (1 | g), data.frame(g = rep(1:40, 2), y = c(1:40, 40:1)), iter_sampling = 0)
  table <- exact_summary(many)
  shown <- capture.output(result <- withVisible(print(table, n_rows = 10)))
  expect_false(result$visible)
  expect_identical(result$value, table)
  expect_length(shown, 12) # a line of names, ten rows, and the count
  expect_match(shown[12], "34 more", fixed = TRUE)
  # What does not belong to a group is always there.
  for (name in c("hyper_mu", "mu[6]", "sigma_y", "sigma_mu", "icc")) expect_match(shown, name, fixed = TRUE, all = FALSE)
  shown <- capture.output(print(many))
  expect_match(shown, "... and 14 more rows of groups", fixed = TRUE, all = FALSE)
  expect_match(shown, "^ +sigma_mu", all = FALSE)
  expect_identical(sum(grepl("mu[", capture.output(print(many, n_rows = Inf)), fixed = TRUE)), 40L)
  expect_identical(sum(grepl("mu[", capture.output(print(many, regex_pars = "[12]\\]$")), fixed = TRUE)), 8L)
  # Small numbers keep digits that are not zero.
  tiny <- exact_summary(complete_pooling(y ~ 1, transform(data, y = y / 1e6), iter_sampling = 0))
  expect_match(capture.output(print(tiny))[2], formatC(tiny$mean[1], digits = 4, format = "e"), fixed = TRUE)
  # One number of decimals down a column, and no line longer than the screen.
  long <- transform(data, g = paste("a label of a group that is as long as titles of books are, number", g))
  for (table in list(summary(fit, diagnostics = TRUE), summary(update(fit, data = long)), exact_summary(update(fit, data = long)))) {
    shown <- capture.output(print(table))
    expect_lte(max(nchar(shown)), 80)
    means <- sub("^.*[^ ] +(-?[0-9.]+) +[0-9.]+ +-?[0-9.]+ +-?[0-9.]+.*$", "\\1", shown[2:6])
    expect_length(unique(nchar(sub("^.*[.]", "", means))), 1)
  }
  expect_output(print(exact_summary(fit)[1:2, 2:3]), "mean")
})
