# The explorer's state: what the page may ask, and the data and fits that follow.

use_code("app")

test_that("another size keeps the spread, another mean the predictors", {
  exploration <- explore(scontrol ~ stress + (1 | site), hpp_sites)
  data <- changed_data(exploration$data, read_state(changes(45), exploration))
  old <- exploration$data
  expect_identical(data$group, c(old$group[-(1:2)], "Kassel 1"))
  expect_identical(data$n[1], 60)
  expect_equal(moments_sd(data)[1, ], moments_sd(old)[3, ], tolerance = 1e-12)
  expect_identical(unname(data$mean[1, ]), c(old$mean[[3, 1]], 45))
  # The copy is of the group as it was.
  copy <- length(data$n)
  expect_identical(data$n[copy], old$n[3])
  expect_identical(data$mean[copy, ], old$mean[3, ])
})

test_that("a group of one takes the spread of the others when it grows", {
  table <- as_group_moments(group = c("a", "b", "c"), n = c(1, 5, 9), mean = c(1, 2, 3), sd = c(NA, 2, 3), response = "y")
  exploration <- explore(y ~ 1 + (1 | g), table)
  data <- changed_data(exploration$data, read_state(list(edits = list(list(at = 1, n = 11))), exploration))
  expect_equal(moments_sd(data)[[1]]^2, (4 * 2^2 + 8 * 3^2) / 12)
})

test_that("changed moments are those of rows that have this mean and size", {
  rows <- data.frame(g = rep(letters[1:4], each = 6), y = c(1, 4, 2, 8, 5, 7, 3, 6, 9, 11, 10, 2, 4, 4, 8, 1, 7, 5, 9, 6, 3, 2, 8, 4))
  exploration <- explore(y ~ 1 + (1 | g), rows)
  moved <- transform(rows, y = ifelse(g == "b", y - mean(y[g == "b"]) + 12.5, y))
  fits <- fits_of(exploration, list(edits = list(list(at = 2, mean = 12.5)), dropped = list(4)))
  truth <- compare_pooling(y ~ 1 + (1 | g), subset(moved, g != "d"), iter_sampling = 0)$fits
  for (name in names(truth)) {
    expect_equal(exact_summary(fits[[name]])$mean, exact_summary(truth[[name]])$mean, tolerance = 1e-9)
    expect_equal(log_marginal_likelihood(fits[[name]]), log_marginal_likelihood(truth[[name]]), tolerance = 1e-9)
  }
})

test_that("changed counts are those of a table that has them", {
  exploration <- explore(cbind(Admitted, Rejected) ~ 1 + (1 | dept), admissions(), family = "binomial")
  fits <- fits_of(exploration, list(edits = list(list(at = 2, n = 50, mean = 0.29)), dropped = list(1)))
  table <- admissions()[-1, ]
  table[1, 1:2] <- c(14, 36) # of 14.5 the nearest even number
  truth <- compare_pooling(cbind(Admitted, Rejected) ~ 1 + (1 | dept), table, family = "binomial", iter_sampling = 0)$fits
  for (name in names(truth)) {
    expect_equal(exact_summary(fits[[name]])$mean, exact_summary(truth[[name]])$mean, tolerance = 1e-9)
    expect_equal(log_marginal_likelihood(fits[[name]]), log_marginal_likelihood(truth[[name]]), tolerance = 1e-9)
  }
})

test_that("priors of the page take the place of the user's, one by one", {
  exploration <- explore(
    scontrol ~ 1 + (1 | site), hpp_sites,
    prior = list(partial = list(sigma_y = dist_exponential(2), sigma_mu = dist_cauchy(0, 5)))
  )
  sent <- list(priors = list(list(model = "partial", parameter = "sigma_mu", family = "normal", par = list(0, 3))))
  fit <- fits_of(exploration, sent)$partial
  truth <- partial_pooling(
    scontrol ~ 1 + (1 | site), hpp_sites, list(sigma_y = dist_exponential(2), sigma_mu = dist_normal(0, 3)), iter_sampling = 0
  )
  expect_equal(exact_summary(fit), exact_summary(truth))
})

test_that("what a control says of a prior gives that prior again", {
  for (prior in c(lapply(unname(scale_priors), function(entry) read_prior(entry$dist, "s", "scale_between", NULL)), list(
    read_prior(dist_normal(3, 2), "m", "location", NULL), read_prior(dist_uniform(-Inf, Inf), "m", "location", NULL),
    read_prior(dist_degenerate(3), "m", "location", NULL), read_prior(dist_lkj(2), "r", "correlation", NULL)
  ))) {
    again <- read_prior(read_control(control_of(prior), NULL), "p", if (prior$kind == "scale") "scale_between" else prior$kind, NULL)
    expect_equal(again, prior)
  }
})

test_that("a fit is made again only where its data or priors change", {
  exploration <- explore(scontrol ~ 1 + (1 | site), hpp_sites)
  memory <- new.env()
  first <- explored_fits(exploration, read_state(list(), exploration), memory)$fits
  memory$none$value$mark <- TRUE
  memory$partial$value$mark <- TRUE
  sent <- list(priors = list(list(model = "partial", parameter = "sigma_mu", family = "exponential", par = list(1))))
  second <- explored_fits(exploration, read_state(sent, exploration), memory)$fits
  expect_true(second$none$mark)
  expect_null(second$partial$mark)
  expect_named(first, c("complete", "none", "partial"))
})

test_that("what makes no posterior is said in the package's words, and the other models stay", {
  exploration <- explore(scontrol ~ 1 + (1 | site), hpp_sites)
  sent <- list(
    priors = list(list(model = "partial", parameter = "sigma_mu", family = "flat", par = list())), dropped = as.list(3:15)
  )
  result <- explored_fits(exploration, read_state(sent, exploration), new.env())
  expect_named(result$fits, c("complete", "none"))
  expect_named(result$problems, "partial")
  truth <- expect_error(
    partial_pooling(scontrol ~ 1 + (1 | site), hpp_sites[1:2], list(sigma_mu = dist_uniform(0, Inf)), iter_sampling = 0),
    class = "bayespool_error_improper"
  )
  expect_match(result$problems[["partial"]], cli::ansi_strip(rlang::cnd_header(truth)), fixed = TRUE)
  # There is nothing to draw then but the message.
  answer <- explorer_answer(exploration, sent, new.env())
  expect_null(answer$message$numbers)
  expect_identical(answer$message$problems, list(result$problems[["partial"]]))
  expect_identical(answer$tasks, NULL)
})

test_that("what a browser should not send is refused", {
  exploration <- explore(scontrol ~ 1 + (1 | site), hpp_sites)
  prior <- function(model = "partial", parameter = "sigma_mu", family = "exponential", par = list(1)) {
    list(priors = list(list(model = model, parameter = parameter, family = family, par = par)))
  }
  bad <- list(
    "system('id')", 1, list(edits = list(list(at = 99, n = 5))), list(edits = list(list(at = 1, n = "q()"))),
    list(edits = list(list(at = 1, n = 2.5))), list(edits = list(list(at = 1, n = -1))), list(edits = list(list(at = 1, n = 1e12))),
    list(edits = list(list(n = 5))), list(edits = list("x")), list(edits = list(list(at = 1, mean = NA))),
    list(edits = list(list(at = 1, mean = c(1, 2)))), list(dropped = list("1; q()")), list(dropped = list(0)), list(added = list(16)),
    list(added = as.list(rep(1, 101))), list(group = 99), prior(family = "system"), prior(family = "base::q"),
    prior(family = c("normal", "gamma")), prior(par = list("q()")), prior(par = list(1, 2)), prior(par = list(Inf)), prior(par = list()),
    prior(model = "other"), prior(model = 1), prior(parameter = list("a", "b"))
  )
  for (sent in bad) expect_error(read_state(sent, exploration), class = "bayespool_error_argument")
  # A parameter that there is not is for the fit to refuse.
  sent <- prior(parameter = "quit()")
  expect_match(explorer_answer(exploration, sent, new.env())$message$problems[[1]], "quit()", fixed = TRUE)
})

test_that("explore_pooling() says what it does not take", {
  skip_if_not_installed("shiny")
  skip_if_not_installed("bslib")
  expect_error(explore_pooling(), class = "bayespool_error_argument")
  expect_error(explore_pooling(scontrol ~ 1 + (1 | site), hpp_sites, lang = "fr"), class = "bayespool_error_argument")
  expect_error(explore_pooling(scontrol ~ 1 + (1 | site), hpp_sites, iter = 5), class = "bayespool_error_argument")
  expect_error(explore_pooling(scontrol ~ 1, hpp_sites), class = "bayespool_error_formula")
  expect_error(explore_pooling(yield ~ 1 + (1 | block) + (1 | N), npk), class = "bayespool_error_formula")
  expect_error(explore_pooling(scontrol ~ 1 + (1 | site), hpp_sites, prior = list(a = 1)), class = "bayespool_error_prior")
  fit <- meta_analysis(y ~ 1 + (1 | s), data.frame(y = 1:3, s = 1:3, se = 1), se = se, iter_sampling = 0)
  expect_error(explore_pooling(fit), class = "bayespool_error_model")
  expect_s3_class(explore_pooling(scontrol ~ 1 + (1 | site), hpp_sites), "shiny.appobj")
})
