# Merging, choosing and printing group moments.

use_code("oracle")

test_that("merging parts in any order gives the whole", {
  data <- simulate_rows()
  whole <- group_moments(y ~ x + (1 | g), data)
  part <- withr::with_seed(8, sample(4, nrow(data), replace = TRUE))
  parts <- lapply(split(data, part), function(rows) group_moments(y ~ x + (1 | g), rows))
  for (order in list(1:4, 4:1, c(2, 4, 1, 3))) {
    expect_equal(do.call(c, unname(parts[order]))[whole$group], whole, tolerance = 1e-12)
  }
  expect_equal(c(c(parts[[1]], parts[[2]]), c(parts[[3]], parts[[4]]))[whole$group], whole, tolerance = 1e-12)
  expect_identical(c(whole), whole)
})

test_that("merging keeps the first's order, then new groups", {
  a <- as_group_moments(c("b", "a"), c(2, 2), c(1, 3), c(1, 1))
  b <- as_group_moments(c("c", "b"), c(1, 2), c(9, 3), c(NA, 1))
  merged <- c(a, b)
  expect_identical(merged$group, c("b", "a", "c"))
  expect_identical(merged$n, c(4, 2, 1))
  expect_equal(merged$mean[, "y"], c(2, 3, 9))
  # 1 + 1 within, and 2 * 2 / 4 * (3 - 1)^2 between.
  expect_equal(merged$within[, 1], c(6, 1, 0))
})

test_that("merging stays exact at a large offset and for constant groups", {
  data <- data.frame(g = "a", y = 1e9 + c(0, 0, 1, 1))
  part <- function(rows) group_moments(y ~ 1 + (1 | g), data[rows, ])
  expect_identical(c(part(1:2), part(3:4))$within, matrix(1))
  expect_identical(c(part(1), part(2))$within, matrix(0))
  expect_identical(c(part(1), part(2))$mean[[1]], 1e9)
})

test_that("dropped rows add up when moments are merged", {
  data <- data.frame(g = 1:4, y = c(1, NA, NA, 4))
  part <- function(rows) suppressMessages(group_moments(y ~ 1 + (1 | g), data[rows, ]))
  expect_identical(c(part(1:2), part(3:4))$dropped, 2)
})

test_that("moments with different columns, groups or coding are not merged", {
  data <- simulate_rows()
  data$h <- data$g
  base <- group_moments(y ~ x + (1 | g), data)
  expect_error(c(base, group_moments(y ~ 1 + (1 | g), data)), class = "bayespool_error_moments")
  expect_error(c(base, group_moments(y ~ x + (1 | h), data)), class = "bayespool_error_moments")
  expect_error(c(base, 1), class = "bayespool_error_moments")
  expect_error(c(base, reduce(y ~ x + (1 | g), data, pooled = TRUE)), class = "bayespool_error_moments")
  expect_error(c(group_moments(y ~ poly(x, 2) + (1 | g), data), group_moments(y ~ poly(x, 2) + (1 | g), data[-1, ])),
               class = "bayespool_error_moments")
})

test_that("[ takes labels, positions and logical vectors", {
  data <- simulate_rows()
  moments <- group_moments(y ~ x + (1 | g), data)
  two <- moments[c("3", "1")]
  expect_identical(two$group, c("3", "1"))
  expect_identical(two$n, moments$n[c(3, 1)])
  expect_identical(two$mean, moments$mean[c(3, 1), ])
  expect_identical(two$within, moments$within[c(3, 1), ])
  expect_identical(moments[c(3, 1)], two)
  expect_identical(moments[factor(c("3", "1"))], two)
  expect_identical(moments[moments$n > 20]$group, moments$group[moments$n > 20])
  expect_identical(moments[-(1:5)]$group, c("6", "7"))
  expect_identical(moments[], moments)
  expect_identical(dim(moments["2"]$mean), c(1L, 2L))
})

test_that("[ refuses what is no choice of groups", {
  moments <- as_group_moments(c("a", "b"), c(2, 2), c(1, 3), c(1, 1))
  wrong <- list("z", c("a", "a"), c(1, 1), 3, -3, c(-1, 1), 1.5, NA, c(TRUE, NA), c(TRUE, FALSE, TRUE), integer(),
                character(), FALSE, list(1))
  for (i in wrong) {
    expect_error(moments[i], class = "bayespool_error_moments", label = deparse(i))
  }
  expect_error(moments["z"], "\"z\"", fixed = TRUE)
})

test_that("subset() sees the columns of as.data.frame() and the caller's variables", {
  data <- transform(simulate_rows(), g = letters[g])
  moments <- group_moments(y ~ x + (1 | g), data)
  wanted <- c("c", "a")
  expect_identical(subset(moments, g %in% wanted)$group, c("a", "c"))
  expect_identical(subset(moments, n > 20 & mean_x > 4)$group, moments$group[moments$n > 20 & moments$mean[, "x"] > 4])
  expect_identical(subset(moments), moments)
  expect_error(subset(moments, g == "z"), class = "bayespool_error_moments")
  expect_error(subset(moments, n), class = "bayespool_error_moments")
  expect_error(subset(moments, n > 1, select = n), class = "rlib_error_dots_nonempty")
})

test_that("as.data.frame() shows everything", {
  data <- simulate_rows()
  moments <- group_moments(y ~ x + (1 | g), data)
  frame <- as.data.frame(moments)
  expect_named(frame, c("g", "n", "mean_x", "sd_x", "mean_y", "sd_y", "ss_x", "sp_x_y", "ss_y"))
  expect_identical(frame$g, moments$group)
  expect_equal(frame$mean_y, as.vector(tapply(data$y, data$g, mean)), tolerance = 1e-12)
  expect_equal(frame$sd_x, as.vector(tapply(data$x, data$g, sd)), tolerance = 1e-12)
  expect_identical(frame$sp_x_y, moments$within[, 2])
})

test_that("print() shows a table and cuts a long one", {
  data <- data.frame(g = c(1:30, 1), y = c(1:30, 4))
  moments <- group_moments(y ~ 1 + (1 | g), data)
  expect_output(print(moments), "30 groups of g, 31 observations")
  expect_output(print(moments), "10 more groups")
  expect_output(print(moments["1"]), "1 2    2.5 2.121", fixed = TRUE)
  expect_output(print(moments["2"]), "NA")
  expect_output(expect_invisible(print(moments)))
})

test_that("nobs() counts the rows", {
  expect_identical(nobs(group_moments(y ~ x + (1 | g), simulate_rows(n = 50))), 50)
})

test_that("what goes wrong in the condition of subset() is an error of the package", {
  moments <- group_moments(y ~ x + (1 | g), simulate_rows())
  expect_error(subset(moments, nosuch > 1), "mean_x", class = "bayespool_error_moments")
  expect_error(subset(moments, stop("my own")), class = "bayespool_error_moments")
})
