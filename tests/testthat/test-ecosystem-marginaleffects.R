# marginaleffects, tried for real: predictions, comparisons and slopes beside draws and quadrature by hand.

skip_on_cran() # all of it takes long
skip_if_not_installed("marginaleffects", "1.0.0")
skip_without_averages <- function() skip_if_not_installed("collapse", "2.0.18") # which averages need
# marginaleffects uses the operator %||%, which R has since 4.4.
if (getRversion() < "4.4") withr::local_package("rlang", .local_envir = teardown_env())

marginal <- function(name, ...) {
  # It warns of `re_formula` for all classes that are not its own, and passes it on; and once of "b1".
  withCallingHandlers(getExportedValue("marginaleffects", name)(...), warning = function(cnd) {
    if (grepl("not known to be supported|positional indices", conditionMessage(cnd))) invokeRestart("muffleWarning")
  })
}
draws_of <- function(fit, variable) unclass(posterior::as_draws_matrix(fit))[, variable]
medians <- function(draws) unname(apply(draws, 2, median))
ends <- function(table) cbind(table$conf.low, table$conf.high)
central <- function(draws) unname(t(apply(draws, 2, quantile, c(0.025, 0.975))))

rows <- withr::with_seed(1, data.frame(
  g = rep(c("b", "a", "c", "d"), c(4, 9, 8, 9)), h = rep(letters[1:5], 6), x = rnorm(30), f = factor(rep(c("u", "v", "w"), 10)),
  n = rep(c(5, 8, 6), 10), e = runif(30, 1, 3)
))
rows <- withr::with_seed(2, transform(
  rows, y = x + rnorm(30, match(g, letters)), k = rbinom(30, n, plogis(match(g, letters) / 3)), c = rpois(30, 2 * e)
))
slopes <- varying_intercept(y ~ x + f + (1 | g), rows, seed = 1, iter_sampling = 500)

test_that("predictions are of the draws of expected values, of groups and of the population", {
  table <- marginal("predictions", slopes)
  expect_equal(table$estimate, medians(posterior_epred(slopes)))
  expect_equal(ends(table), central(posterior_epred(slopes)))
  grid <- marginal("datagrid", model = slopes, f = c("u", "w"), x = c(-1, 1))
  population <- marginal("predictions", slopes, newdata = grid, re_formula = NA)
  by_hand <- posterior_epred(slopes, as.data.frame(population)[c("x", "f")], re_formula = NA)
  expect_equal(population$estimate, medians(by_hand))
  draws <- marginal("get_draws", population, shape = "DxP")
  expect_equal(unname(draws), unname(by_hand))
  exact <- predict(slopes, as.data.frame(population)[c("x", "f")], re_formula = NA)
  for (i in seq_along(exact)) expect_within_mcse(draws[, i], exact[[i]])
  skip_without_averages()
  average <- marginal("avg_predictions", slopes, by = "f")
  expect_equal(average$estimate, medians(t(rowsum(t(posterior_epred(slopes)), rows$f) / 10)))
  long <- marginal("posterior_draws", average)
  expect_identical(nrow(long), 3L * 2000L)
})

test_that("slopes and comparisons are differences of the same draws, as contrasts of emmeans are", {
  skip_without_averages()
  table <- marginal("avg_slopes", slopes, re_formula = NA)
  expect_identical(table$term, c("f", "f", "x"))
  by_hand <- cbind(draws_of(slopes, "beta[fv]"), draws_of(slopes, "beta[fw]"), draws_of(slopes, "beta[x]"))
  expect_equal(table$estimate, medians(by_hand), tolerance = 1e-6) # of a numerical derivative
  expect_equal(ends(table), central(by_hand), tolerance = 1e-6)
  exact <- exact_summary(slopes)
  draws <- marginal("get_draws", table, shape = "DxP")
  for (i in 1:3) expect_within_mcse(draws[, i], exact$mean[match(c("beta[fv]", "beta[fw]", "beta[x]")[i], exact$variable)])
  pairs <- marginal("avg_comparisons", slopes, variables = list(f = "pairwise"))
  expect_equal(pairs$estimate[pairs$contrast == "w - v"], median(by_hand[, 2] - by_hand[, 1]))
  tested <- marginal("avg_comparisons", slopes, variables = "f", hypothesis = "b2 - b1 = 0")
  expect_equal(tested$estimate, median(by_hand[, 2] - by_hand[, 1]))
  each <- marginal("slopes", slopes, variables = "x", newdata = head(rows, 3))
  expect_equal(each$estimate, rep(median(by_hand[, 3]), 3), tolerance = 1e-6)
})

test_that("lines of one new group that are compared have the same effect of it, and observations have noise of their own", {
  new <- data.frame(x = 0, f = "u", g = c("a", "new"))
  expected <- marginal("predictions", slopes, newdata = new)
  expect_gt(diff(ends(expected)[2, ]), 1.5 * diff(ends(expected)[1, ]))
  compared <- marginal("comparisons", slopes, newdata = new, variables = "x")
  expect_equal(marginal("get_draws", compared, shape = "DxP")[, 2], draws_of(slopes, "beta[x]"), ignore_attr = TRUE)
  observed <- withr::with_seed(1, marginal("comparisons", slopes, newdata = new, variables = "x", type = "prediction"))
  difference <- draws_of(slopes, "beta[x]") + withr::with_seed(2, rnorm(2000)) * sqrt(2) * draws_of(slopes, "sigma_y")
  expect_equal(sd(marginal("get_draws", observed, shape = "DxP")[, 1]) / sd(difference), 1, tolerance = 5 / sqrt(2000))
})

test_that("slopes that vary are those of the rows' groups, and of the population's", {
  vary <- varying_intercept_slope(y ~ x + (1 + x | g), rows, seed = 1, iter_sampling = 300)
  skip_without_averages()
  by_group <- marginal("avg_slopes", vary, variables = "x", by = "g")
  own <- draws_of(vary, paste0("beta_j[x,", by_group$g, "]"))
  expect_equal(by_group$estimate, medians(own), tolerance = 1e-6)
  expect_equal(marginal("avg_slopes", vary, re_formula = NA)$estimate, median(draws_of(vary, "beta[x]")), tolerance = 1e-6)
})

test_that("two grouping factors, complete and no pooling, and NUTS", {
  two <- mixed_model(y ~ x + (1 | g) + (1 | h), rows, seed = 1, iter_sampling = 200)
  expect_equal(marginal("predictions", two)$estimate, medians(posterior_epred(two)))
  skip_without_averages()
  expect_equal(marginal("avg_slopes", two)$estimate, median(draws_of(two, "beta[x]")), tolerance = 1e-6)
  complete <- complete_pooling(y ~ x, rows, seed = 1, iter_sampling = 200)
  expect_equal(marginal("avg_comparisons", complete)$estimate, median(draws_of(complete, "beta[x]")))
  none <- no_pooling(y ~ x + (1 | g), rows, seed = 1, iter_sampling = 200)
  means <- marginal("avg_predictions", none, by = "g")
  by_group <- rowsum(t(posterior_epred(none)), rows$g) / as.vector(table(rows$g))
  expect_equal(means$estimate, medians(t(by_group[means$g, ])))
  # marginaleffects quotes errors of predictions.
  expect_error(marginal("predictions", none, re_formula = NA), "has no population to predict for")
  nuts <- suppressWarnings(update(complete, algorithm = "nuts", iter_warmup = 200)) # of few draws
  expect_equal(marginal("predictions", nuts)$estimate, medians(posterior_epred(nuts)))
})

test_that("of counts the response is probabilities and expected counts, and the link log odds and log rates", {
  rows$z <- match(rows$g, letters)
  trials <- varying_intercept(cbind(k, n - k) ~ z + (1 | g), rows, family = binomial(), seed = 1, iter_sampling = 200)
  probabilities <- stats::plogis(posterior_linpred(trials))
  expect_equal(marginal("predictions", trials)$estimate, medians(probabilities))
  skip_without_averages()
  expect_equal(marginal("avg_predictions", trials)$estimate, median(rowMeans(probabilities)))
  expect_equal(marginal("predictions", trials, type = "link")$estimate, medians(posterior_linpred(trials)))
  ratio <- marginal("avg_comparisons", trials, variables = "z", type = "link")
  expect_equal(ratio$estimate, median(draws_of(trials, "beta[z]")))
  counts <- partial_pooling(c ~ 1 + offset(log(e)) + (1 | g), rows, family = poisson(), seed = 1, iter_sampling = 200)
  expect_equal(marginal("predictions", counts)$estimate, medians(posterior_epred(counts)))
})

test_that("pictures have these numbers", {
  skip_if_not_installed("ggplot2", "4.0.0")
  withr::local_pdf(NULL)
  drawn <- marginal("plot_predictions", slopes, condition = "f", re_formula = NA, draw = FALSE)
  expect_equal(drawn$estimate[1], median(posterior_epred(slopes, data.frame(x = mean(rows$x), f = "u"), re_formula = NA)))
  for (picture in list(
    marginal("plot_predictions", slopes, condition = c("x", "f"), re_formula = NA),
    marginal("plot_slopes", slopes, variables = "x", condition = "f"),
    marginal("plot_comparisons", slopes, variables = "f", condition = "x")
  )) {
    expect_s3_class(ggplot2::ggplot_build(picture), "ggplot_built")
  }
})

test_that("what cannot be had is an error that says so", {
  expect_error(marginal("hypotheses", slopes, "b1 = b2"), "hypothesis", class = "bayespool_error_model")
  expect_error(marginal("predictions", slopes, type = "probs"), "must be \"response\", \"link\", or \"prediction\"")
  expect_error(marginal("predictions", update(slopes, iter_sampling = 0)), "no draws")
  moments <- update(slopes, data = group_moments(y ~ x + f + (1 | g), rows))
  expect_equal(
    marginal("predictions", moments, newdata = rows[1:3, ])$estimate, medians(posterior_epred(slopes, rows[1:3, ])), tolerance = 1e-8
  )
})
