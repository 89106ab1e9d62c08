# The package as a guest in a session: interrupts, the random state, options, other processes, locales and knitr.

use_code("process")

rows <- function() {
  withr::local_seed(1)
  data <- data.frame(g = factor(rep(c("清华", "Åbo", "New York, NY", "7"), c(3, 5, 8, 4))), x = rnorm(20))
  data$y <- 2 * as.integer(data$g) + data$x + rnorm(20)
  data
}

# One call of each kind that draws random numbers, with a seed.
seeded <- function(fit, chains, new) {
  list(
    draws = unclass(update(fit, iter_sampling = 50, seed = 1)$draws),
    nuts = unclass(chains()$draws),
    predicted = posterior_predict(fit, seed = 2),
    expected = posterior_epred(fit, new, seed = 3),
    new = posterior_predict(fit, new, seed = 4)
  )
}

fit_rows <- function(data = rows()) {
  varying_intercept(y ~ x + (1 | g), data, prior = list(beta = dist_normal(0, 5)), iter_sampling = 100, seed = 1)
}
chains_of <- function(fit) {
  function() suppressWarnings(update(fit, algorithm = "nuts", chains = 2, iter_warmup = 100, iter_sampling = 50, seed = 1))
}
new_rows_of <- function() data.frame(g = c("清华", "Paris", "Paris", "Rome"), x = 0)

# Interrupts ---------------------------------------------------------------------------------------------------------------

test_that("an interrupt ends the moments, the quadrature, draws, leave-one-out and predictions", {
  skip_on_cran() # other processes
  skip_on_os("windows") # no SIGINT
  expect_interrupted(
    "repeat group_moments(y ~ 1 + (1 | g), data)",
    c("set.seed(1)", "data <- data.frame(y = rnorm(5e6), g = sample.int(1e5, 5e6, TRUE))")
  )
  wide <- c(
    "set.seed(1)", "data <- data.frame(matrix(rnorm(300 * 120), 300), g = gl(30, 10), y = rnorm(300))",
    "formula <- stats::reformulate(c(names(data)[1:120], '(1 | g)'), 'y')",
    "moments <- group_moments(formula, data)"
  )
  expect_interrupted("repeat varying_intercept(formula, moments, iter_sampling = 0)", wide)
  wide <- c(wide, "fit <- varying_intercept(formula, moments, iter_sampling = 0)")
  expect_interrupted("repeat exact_summary(fit)", wide)
  many <- c(
    "data <- data.frame(y = sin(1:20000), g = gl(200, 100))",
    "moments <- group_moments(y ~ 1 + (1 | g), data)",
    "fit <- partial_pooling(y ~ 1 + (1 | g), data, seed = 1)"
  )
  expect_interrupted("repeat partial_pooling(y ~ 1 + (1 | g), moments, iter_sampling = 50000)", many)
  expect_interrupted("repeat loo(fit)", many)
  expect_interrupted("repeat loo(fit, unit = 'group')", many)
  expect_interrupted("repeat posterior_predict(fit)", many)
  expect_interrupted("repeat compare_pooling(y ~ 1 + (1 | g), moments)", many)
})

# Random numbers -----------------------------------------------------------------------------------------------------------

test_that("seeded calls give the same bytes in any order, on any number of cores, and leave R's generator alone", {
  withr::local_seed(5)
  fit <- fit_rows()
  before <- .Random.seed
  first <- seeded(fit, chains_of(fit), new_rows_of())
  expect_identical(.Random.seed, before)
  loo(fit)
  posterior_predict(fit, seed = 9)
  summary(fit)
  again <- rev(seeded(fit, chains_of(fit), new_rows_of()))
  expect_identical(again[names(first)], first)
  withr::local_options(mc.cores = 2)
  expect_identical(seeded(fit, chains_of(fit), new_rows_of()), first)
})

test_that("unseeded calls take one number each from R's generator", {
  fit <- fit_rows()
  advance <- function(call) {
    withr::local_seed(7)
    call()
    .Random.seed
  }
  one <- advance(function() sample.int(.Machine$integer.max, 1))
  expect_identical(advance(function() update(fit, seed = NULL)), one)
  expect_identical(advance(function() posterior_predict(fit)), one)
  expect_identical(advance(function() suppressWarnings(update(fit, algorithm = "nuts", chains = 1, iter_sampling = 10, seed = NULL))), one)
  none <- advance(function() NULL)
  quiet <- list(exact_summary, summary, loo, variance_components, log_lik, posterior_linpred, fitted, residuals, coef, prior_summary)
  for (f in quiet) expect_identical(advance(function() f(fit)), none)
})

# Settings -----------------------------------------------------------------------------------------------------------------

test_that("options, random kinds and graphical parameters stay as they are", {
  skip_if_not_installed("bayesplot")
  fit <- fit_rows()
  settings <- function() list(options(), RNGkind(), bayesplot::color_scheme_get(), ggplot2::theme_get(), Sys.getlocale(), getwd())
  battery <- function() {
    withr::local_output_sink(withr::local_tempfile())
    withr::local_png(withr::local_tempfile()) # pdf() has no Chinese
    print(fit)
    print(exact_summary(fit))
    print(loo(fit))
    print(plot(fit))
    print(plot_groups(fit))
    print(bayesplot::pp_check(fit, type = "groups"))
    print(compare_pooling(y ~ 1 + (1 | g), rows(), seed = 1))
    try(varying_intercept(y ~ z + (1 | g), rows()), silent = TRUE)
    seeded(fit, chains_of(fit), new_rows_of())
  }
  battery() # what loading other packages sets is theirs
  before <- settings()
  battery()
  expect_identical(settings(), before)
})

# Other sessions -----------------------------------------------------------------------------------------------------------

test_that("a saved fit works in a new session, whatever its locale", {
  skip_on_cran() # other processes
  file <- withr::local_tempfile(fileext = ".rds")
  fit <- fit_rows()
  saveRDS(list(fit = fit, new = new_rows_of()), file)
  expected <- list(
    seeded = seeded(fit, chains_of(fit), new_rows_of()), summary = exact_summary(fit), loo = loo(fit)$pointwise,
    variables = posterior::variables(fit), groups = rownames(ranef(fit)$g)
  )
  for (locale in c("C", "C.UTF-8")) {
    process <- start_process(environment = paste0("LC_ALL=", locale), c(
      paste0("saved <- readRDS('", file, "')"),
      "fit <- saved$fit",
      paste("seeded <-", as_code(seeded)),
      paste("chains_of <-", as_code(chains_of)),
      "print(fit)", "print(update(fit, y ~ 1 + x + (1 | g)))", "print(tidy(fit, effects = 'ran_coefs'))", "loo(fit)",
      "done(list(",
      "  seeded = seeded(fit, chains_of(fit), saved$new), summary = exact_summary(fit), loo = loo(fit)$pointwise,",
      "  variables = posterior::variables(fit), groups = rownames(ranef(fit)$g)",
      "))"
    ))
    expect_identical(process$wait(), expected)
  }
})

test_that("parallel workers get what one session gets", {
  skip_on_cran() # other processes
  fit <- fit_rows()
  work <- function(seed) unclass(update(fit, iter_sampling = 100, seed = seed, cores = 2)$draws)
  here <- lapply(1:4, work)
  if (.Platform$OS.type == "unix") expect_identical(parallel::mclapply(1:4, work, mc.cores = 2), here) # forked after threads ran
  cluster <- parallel::makeCluster(2)
  withr::defer(parallel::stopCluster(cluster))
  parallel::clusterCall(cluster, function(paths) {
    .libPaths(paths)
    loadNamespace("bayespool")
    NULL
  }, .libPaths())
  environment(work) <- list2env(list(fit = fit), parent = globalenv())
  parallel::clusterEvalQ(cluster, library(bayespool))
  expect_identical(parallel::parLapply(cluster, 1:4, work), here)
})

test_that("a page of knitr holds what a session prints", {
  skip_if_not_installed("knitr")
  dir <- withr::local_tempdir()
  page <- file.path(dir, "page.Rmd")
  writeLines(c(
    "```{r}", "library(bayespool)", "fit <- partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1)", "exact_summary(fit)",
    "chains <- update(fit, algorithm = 'nuts', chains = 1, iter_sampling = 500, control = nuts_control(adapt_delta = 0.99))",
    "fit", "```"
  ), page)
  made <- withr::with_dir(dir, knitr::knit(page, quiet = TRUE, envir = new.env(parent = globalenv())))
  text <- readLines(file.path(dir, made))
  fit <- partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1)
  for (shown in list(exact_summary(fit), fit)) {
    expect_true(all(paste("##", capture.output(print(shown))) %in% sub(" +$", "", text) | capture.output(print(shown)) == ""))
  }
  expect_false(any(grepl("Error|%\\]|Chain", text)))
})
