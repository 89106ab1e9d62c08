# simulate(), pairs(), nsamples(): what base R and rstanarm have for all models.

rows <- withr::with_seed(1, data.frame(
  g = rep(c("b", "a", "c", "d"), c(4, 9, 8, 9)), x = rnorm(30), n = rep(c(5, 8, 6), 10), e = runif(30, 1, 3), row.names = paste0("r", 1:30)
))
rows <- withr::with_seed(2, transform(
  rows, y = x + rnorm(30, match(g, letters)), k = rbinom(30, n, plogis(match(g, letters) / 3)), c = rpois(30, 2 * e)
))
slopes <- varying_intercept(y ~ x + (1 | g), rows, seed = 1, iter_sampling = 250)

test_that("simulate() has the numbers of posterior_predict(), in the shape that stats::simulate() documents", {
  table <- simulate(slopes, nsim = 3, seed = 1)
  expect_identical(names(table), paste0("sim_", 1:3))
  expect_identical(row.names(table), row.names(rows))
  expect_identical(attr(table, "seed"), 1)
  expect_identical(unname(t(as.matrix(table))), unname(posterior_predict(slopes, ndraws = 3, seed = 1)))
  population <- posterior_predict(slopes, ndraws = 2, seed = 1, re_formula = NA)
  expect_identical(unname(t(as.matrix(simulate(slopes, 2, seed = 1, re_formula = NA)))), unname(population))
  expect_identical(dim(simulate(slopes)), c(30L, 1L))
  expect_identical(dim(simulate(slopes, 1000)), c(30L, 1000L))
})

test_that("without a seed R's generator governs, and its state is kept", {
  withr::local_seed(3)
  first <- simulate(slopes, 2)
  second <- simulate(slopes, 2)
  expect_false(identical(first$sim_1, second$sim_1))
  assign(".Random.seed", attr(first, "seed"), globalenv())
  expect_identical(simulate(slopes, 2), first)
  before <- .Random.seed
  simulate(slopes, seed = 1)
  expect_identical(.Random.seed, before)
})

test_that("rows that were dropped are not simulated", {
  fit <- suppressMessages(update(slopes, data = transform(rows, y = replace(y, 2, NA))))
  expect_identical(row.names(simulate(fit, seed = 1)), row.names(rows)[-2])
})

test_that("responses of counts have the form of the observed ones", {
  of <- function(formula, family, ...) partial_pooling(formula, rows, family = family, seed = 1, iter_sampling = 100, ...)
  expected <- posterior_predict(of(cbind(k, n - k) ~ 1 + (1 | g), binomial()), ndraws = 2, seed = 1)
  pairs <- simulate(of(cbind(k, n - k) ~ 1 + (1 | g), binomial()), 2, seed = 1)
  expect_identical(unname(pairs$sim_2), unname(cbind(expected[2, ], rows$n - expected[2, ])))
  expect_identical(colnames(pairs$sim_2), c("k", ""))
  proportions <- simulate(of(I(k / n) ~ 1 + (1 | g), binomial(), weights = n), 2, seed = 1)
  expect_equal(proportions$sim_2, unname(expected[2, ]) / rows$n)
  rows$above <- rows$y > 2
  rows$level <- factor(ifelse(rows$above, "yes", "no"))
  rows$one <- as.integer(rows$above)
  above <- simulate(of(above ~ 1 + (1 | g), binomial()), 2, seed = 1)$sim_1
  expect_identical(above, unname(posterior_predict(of(above ~ 1 + (1 | g), binomial()), ndraws = 2, seed = 1)[1, ]) == 1)
  expect_identical(simulate(of(level ~ 1 + (1 | g), binomial()), 2, seed = 1)$sim_1, factor(ifelse(above, "yes", "no")))
  expect_equal(simulate(of(one ~ 1 + (1 | g), binomial()), 2, seed = 1)$sim_1, as.numeric(above))
  counts <- of(c ~ 1 + offset(log(e)) + (1 | g), poisson())
  expect_identical(simulate(counts, seed = 1)$sim_1, unname(posterior_predict(counts, ndraws = 1, seed = 1)[1, ]))
})

test_that("a simulation for each draw at most, of rows that the fit holds", {
  expect_error(simulate(slopes, 1001), "nsim.*1000", class = "bayespool_error_argument")
  expect_error(simulate(slopes, 0), class = "bayespool_error_argument")
  expect_error(simulate(slopes, seed = "a"), class = "bayespool_error_argument")
  expect_error(simulate(update(slopes, iter_sampling = 0)), class = "bayespool_error_draws")
  expect_error(simulate(update(slopes, data = group_moments(y ~ x + (1 | g), rows))), class = "bayespool_error_data")
})

test_that("pairs() draws the variables that were asked for", {
  skip_on_cran() # grids of pictures take long
  skip_if_not_installed("bayesplot")
  withr::local_pdf(NULL)
  # Some versions of bayesplot use arguments that newer ones of ggplot2 do not know.
  grid_of <- function(...) suppressWarnings(pairs(...))
  titles <- function(grid) unlist(lapply(grid$bayesplots, function(plot) plot$labels$subtitle))
  grid <- grid_of(slopes, "beta_0", regex_pars = "^sigma")
  expect_s3_class(grid, "bayesplot_grid")
  expect_identical(titles(grid), c("beta_0", "sigma_y", "sigma_0"))
  # Below the diagonal half of the chains, above it the others.
  shown <- c(grid$bayesplots[[2]]$data$x, grid$bayesplots[[4]]$data$y)
  expect_setequal(shown, as.data.frame(slopes)$sigma_y)
  groups <- no_pooling(y ~ 1 + (1 | g), transform(rows, g = rep(letters[1:6], 5)), seed = 1, iter_sampling = 10)
  expect_message(expect_length(titles(grid_of(groups)), 9), class = "bayespool_message_pars")
  nuts <- suppressWarnings(update(slopes, algorithm = "nuts", iter_warmup = 200)) # of few draws
  condition <- bayesplot::pairs_condition(nuts = "accept_stat__")
  by_acceptance <- grid_of(nuts, c("beta_0", "sigma_0"), condition = condition)
  accepted <- subset(bayesplot::nuts_params(nuts), Parameter == "accept_stat__")$Value
  above <- accepted >= median(accepted)
  expect_setequal(by_acceptance$bayesplots[[2]]$data$x, as.data.frame(nuts)$sigma_0[above])
  expect_error(pairs(slopes, "beta_0"), "two variables", class = "bayespool_error_argument")
  expect_error(pairs(slopes, "beta_1"), class = "bayespool_error_argument")
  expect_error(pairs(update(slopes, iter_sampling = 0)), class = "bayespool_error_draws")
})

test_that("nsamples() counts draws, and shinystan takes the array", {
  expect_equal(rstantools::nsamples(slopes), 1000)
  suppressWarnings(skip_if_not_installed("shinystan")) # rstan uses arguments that newer versions of ggplot2 do not know
  shiny <- suppressMessages(getExportedValue("shinystan", "as.shinystan")(as.array(slopes)))
  expect_identical(shiny@param_names, variables(slopes))
  expect_identical(unname(shiny@posterior_sample[, 1, "beta_0"]), unname(as.array(slopes)[, 1, "beta_0"]))
})
