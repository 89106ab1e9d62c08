# Tables with one row a group: made into moments, recognised where rows are expected, and what one row a group cannot tell.

skip_on_cran() # all of it takes long

paper <- data.frame(site = c("x", "y", "z"), size = c(3, 8, 1), m = c(1, 2.5, 4), s = c(1, 1.5, NA))
paper$error <- paper$s / sqrt(paper$size)
bare <- as_group_moments(group = paper$site, n = paper$size, mean = paper$m, sd = paper$s)
text_of <- function(cnd) gsub("\\s+", " ", conditionMessage(cnd))
refused <- function(expr, type) text_of(expect_error(expr, class = paste0("bayespool_error_", type)))
numbers <- c("group", "n", "within")

test_that("a data frame and its columns give the moments of the vectors", {
  made <- list(
    as_group_moments(paper, group = site, n = size, mean = m, sd = s),
    as_group_moments(paper, site, size, m, s),
    as_group_moments(paper, group = "site", n = "size", mean = "m", sd = "s"),
    as_group_moments(paper, group = site, n = size, mean = m, sd = error * sqrt(size)),
    as_group_moments(paper, group = .data[["site"]], n = size, mean = m, se = error),
    as_group_moments(paper, group = site, n = size, mean = m, se = error),
    as_group_moments(tibble::as_tibble(paper), group = site, n = size, mean = m, se = error)
  )
  for (moments in made) {
    expect_equal(unclass(moments)[numbers], unclass(bare)[numbers], tolerance = 1e-14)
    expect_identical(moments$mean, bare$mean)
  }
  expect_identical(made[[1]]$group_name, "site")
  expect_identical(made[[3]]$group_name, "site")
  expect_null(made[[5]]$group_name)
})

test_that("vectors go by position or by name, also through other functions", {
  labels <- paper$site
  through <- function(...) as_group_moments(...)
  made <- list(
    as_group_moments(labels, paper$size, paper$m, paper$s),
    as_group_moments(labels, n = paper$size, mean = paper$m, paper$s),
    as_group_moments(paper$m, group = labels, n = paper$size, sd = paper$s),
    bayespool::as_group_moments(labels, paper$size, paper$m, se = paper$error),
    through(labels, paper$size, paper$m, paper$s),
    lapply(list(labels), as_group_moments, paper$size, paper$m, paper$s)[[1]],
    do.call(as_group_moments, list(labels, paper$size, paper$m, paper$s))
  )
  for (moments in made) expect_equal(moments, bare, tolerance = 1e-14)
})

test_that("the formula must use the names that the table has", {
  fit <- function(formula, table) exact_summary(partial_pooling(formula, table, iter_sampling = 0))
  expected <- fit(y ~ 1 + (1 | g), bare)
  columns <- as_group_moments(paper, group = site, n = size, mean = m, sd = s)
  named <- as_group_moments(paper, group = site, n = size, mean = m, sd = s, response = "score")
  expect_identical(fit(anything ~ 1 + (1 | site), columns), expected)
  expect_identical(fit(score ~ 1 + (1 | site), named), expected)
  expect_match(refused(fit(anything ~ 1 + (1 | place), columns), "moments"), "not grouped by `place`.*grouped by `site`")
  expect_match(refused(fit(other ~ 1 + (1 | site), named), "moments"), "do not hold the response `other`.*can be `score`")
  expect_match(capture.output(named)[1:2], "3 groups of site, 12 observations|site +n +mean_score +sd_score")
  only_response <- as_group_moments(paper$site, paper$size, paper$m, paper$s, response = "score")
  expect_identical(fit(score ~ 1 + (1 | anything), only_response), expected)
  expect_error(fit(y ~ 1 + (1 | anything), only_response), class = "bayespool_error_moments")
  expect_identical(fit(other ~ 1 + (1 | site), c(columns["x"], columns[c("y", "z")])), expected)
})

test_that("what a table does not have is refused", {
  expect_match(
    refused(as_group_moments(paper, group = site, n = n, mean = m, sd = s), "data"),
    "`n` asks for \"n\", which is not in `data`. . Its columns are \"site\""
  )
  n <- paper$size # variables beside the table do not count
  expect_error(as_group_moments(paper, group = site, n = n, mean = m, sd = s), class = "bayespool_error_data")
  expect_match(refused(as_group_moments(paper, group = site, n = size, mean = m, sd = stop(s)), "data"), "cannot be computed")
  expect_match(refused(as_group_moments(paper, group = site, n = size, mean = m), "argument"), "`sd` must be given")
  expect_match(refused(as_group_moments(paper), "argument"), "`group`, `n`, `mean`, and `sd` must be given")
  expect_match(refused(as_group_moments(1:3), "argument"), "`n`, `mean`, and `sd` must be given")
  expect_match(refused(as_group_moments(paper, site, size, m, s, se = error), "argument"), "`sd` or `se`, not both")
  expect_match(refused(as_group_moments(data = as.list(paper)), "argument"), "`data` must be a data frame")
  expect_match(refused(as_group_moments(as.list(paper), group = site, n = size, mean = m, sd = s), "argument"), "`data` must be a data")
  for (response in list(1, NA_character_, "", c("a", "b"))) {
    expect_error(as_group_moments(paper, site, size, m, s, response = response), class = "bayespool_error_argument")
  }
  expect_match(refused(as_group_moments(paper, site, size, m, se = -error), "moments"), "`se` must not be negative")
  missing <- transform(paper, error = c(NA, 1, 1))
  expect_match(refused(as_group_moments(missing, site, size, m, se = error), "moments"), "`se` is missing for \"x\"")
  expect_match(refused(as_group_moments(paper, site, size, m, se = error * 1e300), "moments"), "`se` is too large")
})

# Where rows are expected --------------------------------------------------------------------------

test_that("a table in place of rows is recognised", {
  table <- data.frame(site = c("x", "y"), N = c(3, 4), mean = c(1, 2), sd = c(1, 1))
  call <- "as_group_moments(data, group = site, n = N, mean = mean, sd = sd)"
  expect_match(refused(partial_pooling(score ~ 1 + (1 | site), table), "data"), call, fixed = TRUE)
  expect_match(refused(complete_pooling(score ~ 1, table), "data"), call, fixed = TRUE)
  expect_match(refused(group_moments(score ~ 1 + (1 | site), table), "data"), call, fixed = TRUE)
  # The call does what it says.
  made <- eval(str2lang(call), list(data = table))
  expect_identical(made$within, as_group_moments(c("x", "y"), c(3, 4), c(1, 2), c(1, 1))$within)

  errors <- data.frame(`my site` = c("x", "y"), n = 3:4, mean_score = 1:2, se_score = 1, check.names = FALSE)
  expect_match(
    refused(complete_pooling(score ~ 1, errors), "data"),
    "as_group_moments(data, group = `my site`, n = n, mean = mean_score, se = se_score)", fixed = TRUE
  )
  expect_match(refused(complete_pooling(score ~ 1, errors[-1]), "data"), "group = ..., n = n", fixed = TRUE)
  shown <- as.data.frame(group_moments(yield ~ 1 + (1 | block), npk))
  expect_match(refused(partial_pooling(yield ~ 1 + (1 | block), shown), "data"), "mean = mean_yield, sd = sd_yield")
})

test_that("other data are not taken for a table", {
  expect_no_match(refused(partial_pooling(score ~ 1 + (1 | block), npk), "data"), "as_group_moments")
  # The response is there; a predictor is not.
  table <- data.frame(site = c("x", "y"), n = c(3, 4), mean = c(1, 2), sd = c(1, 1))
  expect_no_match(refused(varying_intercept(mean ~ z + (1 | site), table), "data"), "as_group_moments")
  for (name in names(table)[-1]) {
    expect_no_match(refused(complete_pooling(score ~ 1, table[names(table) != name]), "data"), "as_group_moments")
  }
})

# What the groups cannot tell ----------------------------------------------------------------------

single <- data.frame(site = letters[1:6], n = 5, mean = c(1, 4, 2, 6, 3, 5), sd = 1, x = c(2, 1, 4, 3, 6, 6))
warned <- function(expr) {
  found <- character()
  withCallingHandlers(expr, bayespool_warning_undetermined = function(cnd) {
    found <<- c(found, text_of(cnd))
    invokeRestart("muffleWarning")
  })
  found
}

test_that("one observation in each group is said once, with the table that it may be", {
  hint <- "as_group_moments(data, group = site, n = n, mean = mean, sd = sd)"
  partial <- warned(partial_pooling(mean ~ 1 + (1 | site), single, iter_sampling = 0))
  expect_length(partial, 1)
  expect_match(partial, "Every group has one observation, so the data cannot tell sigma_y from sigma_mu.", fixed = TRUE)
  expect_match(partial, "`sigma_y^2 + sigma_mu^2`", fixed = TRUE)
  expect_match(partial, hint, fixed = TRUE)
  varying <- warned(varying_intercept(mean ~ x + (1 | site), single[c("site", "mean", "x")], iter_sampling = 0))
  expect_match(varying, "cannot tell sigma_y from sigma_0")
  expect_no_match(varying, "as_group_moments")
  none <- warned(no_pooling(mean ~ 1 + (1 | site), single, iter_sampling = 0))
  expect_match(none, "next to nothing about sigma, the standard deviation within groups")
  moments <- group_moments(mean ~ 1 + (1 | site), single)
  expect_length(warned(partial_pooling(mean ~ 1 + (1 | site), moments, iter_sampling = 0)), 1)
  expect_match(warned(compare_pooling(mean ~ 1 + (1 | site), single, iter_sampling = 0)), "cannot tell sigma_y from sigma_mu")
})

test_that("one group is said to say nothing about the spread between groups", {
  rows <- npk[npk$block == "1", ]
  text <- warned(partial_pooling(yield ~ 1 + (1 | block), rows, iter_sampling = 0))
  expect_length(text, 1)
  expect_match(text, "There is one group, which says next to nothing about sigma_mu.*`complete_pooling\\(\\)`")
  expect_length(warned(no_pooling(yield ~ 1 + (1 | block), rows, iter_sampling = 0)), 0)
})

test_that("nothing is said where the data can tell, or are not used", {
  fit <- function(..., data = single) warned(partial_pooling(mean ~ 1 + (1 | site), data, ..., iter_sampling = 0))
  expect_length(fit(prior_only = TRUE), 0)
  expect_length(fit(prior = list(sigma_y = dist_degenerate(1))), 0)
  expect_length(fit(prior = list(sigma_mu = dist_degenerate(1))), 0)
  expect_length(fit(data = rbind(single, transform(single[1, ], mean = 2))), 0)
  expect_length(warned(complete_pooling(mean ~ 1 + (1 | site), single, iter_sampling = 0)), 0)
  expect_length(warned(no_pooling(mean ~ 1 + (1 | site), single, prior = list(sigma = dist_degenerate(1)), iter_sampling = 0)), 0)
})
