# Merging parts of the rows: as accurate as one pass, in the order of factor(), from lists.

use_code("oracle")

# Rows far from zero, offset + k / 1024, with integers k and weights that are powers of 2: their moments are known exactly. 250 rows a
# group, whose sums in one pass may be off by 250 half units of rounding, 3e-14.
far_rows <- function(seed = 1, rows = 1000, offset = 1e9) {
  withr::with_seed(seed, {
    k <- sample(0:4095, rows, TRUE)
    l <- k + sample(0:4095, rows, TRUE)
    data.frame(g = rep_len(letters[1:4], rows), x = offset + k / 1024, y = offset + l / 1024, k = k, l = l,
               w = sample(c(0.25, 0.5, 1, 2), rows, TRUE))
  })
}

# Everything below is a whole number of quarters that a double holds.
expect_exact <- function(moments, rows, weight = rep(1, nrow(rows)), offset = 1e9) {
  for (label in moments$group) {
    some <- rows$g == label
    position <- match(label, moments$group)
    w <- weight[some]
    z <- as.matrix(rows[some, c("k", "l")])
    sums <- colSums(w * z)
    exact <- (sum(w) * crossprod(z, w * z) - tcrossprod(sums)) / 1024^2
    expect_lt(max(abs(moments$within[position, ] * sum(w) / pack(exact) - 1)), 1e-13)
    mean <- (moments$mean[position, ] - offset) + moments$mean_low[position, ]
    expect_lt(max(abs(mean / (sums / sum(w) / 1024) - 1)), 1e-14)
    expect_identical(moments$n[position], as.double(sum(some)))
  }
}

split_rows <- function(rows, parts, weighted = FALSE, seed = 2) {
  part <- withr::with_seed(seed, sample(rep_len(seq_len(parts), nrow(rows))))
  lapply(unname(split(rows, part)), function(some) {
    if (weighted) group_moments(y ~ x + (1 | g), some, weights = w) else group_moments(y ~ x + (1 | g), some)
  })
}

test_that("merged moments have the digits of one pass far from zero, in any number of parts", {
  rows <- far_rows()
  for (weighted in c(FALSE, TRUE)) {
    weight <- if (weighted) rows$w else rep(1, nrow(rows))
    for (parts in c(1, 2, 10, 1000)) {
      merged <- do.call(c, split_rows(rows, parts, weighted))
      expect_identical(merged$group, letters[1:4])
      expect_exact(merged, rows, weight)
      if (weighted) {
        expect_identical(merged$weight, as.vector(tapply(rows$w, rows$g, sum)))
        expect_equal(merged$log_weight, as.vector(tapply(log(rows$w), rows$g, sum)), tolerance = 1e-14)
      }
    }
  }
})

test_that("merging is associative and does not depend on the order", {
  rows <- far_rows()
  parts <- split_rows(rows, 3)
  a <- parts[[1]]
  b <- parts[[2]]
  d <- parts[[3]]
  for (merged in list(c(a, c(b, d)), c(c(a, b), d), c(d, a, b), c(b, c(d, a)))) expect_exact(merged, rows)
  parts <- split_rows(rows, 500)
  one_by_one <- Reduce(function(a, b) c(a, b), parts)
  expect_exact(one_by_one, rows)
  expect_exact(do.call(c, rev(parts)), rows)
})

test_that("all groups as one have the moments of all rows far from zero", {
  rows <- far_rows()
  moments <- group_moments(y ~ x + (1 | g), rows)
  for (one in list(merge_into_one(moments), merge_into_one(reduce(y ~ x + (1 | g), rows, pooled = TRUE)))) {
    expect_identical(one$group, "")
    expect_exact(one, transform(rows, g = ""))
  }
})

test_that("constant groups, groups of one row and groups of one part", {
  rows <- data.frame(g = c("c", "c", "c", "c", "s", "p", "p"), x = 1, y = 1e9 + c(0.1, 0.1, 0.1, 0.1, 3, 1, 2))
  part <- function(i) group_moments(y ~ x + (1 | g), rows[i, ])
  whole <- part(1:7)
  whole$residual <- NULL # as x is constant
  for (merged in list(c(part(1), part(2:4), part(5:7)), c(part(c(1, 6, 7)), part(2), part(c(3, 4, 5))))) {
    expect_identical(merged, whole)
    expect_identical(merged$within[merged$group %in% c("c", "s"), ], matrix(0, 2, 3))
  }
})

test_that("lines merge into the groups of their codes", {
  lines <- list(n = c(1, 2, 0, 3), mean = cbind(c(1, 4, NaN, 10)), within = cbind(c(0, 2, 0, 5)))
  merged <- merge_lines(lines, c(3L, 3L, 1L, 2L), 4)
  expect_identical(merged$n, c(0, 3, 3, 0))
  expect_identical(merged$mean, cbind(c(NaN, 10, 3, NaN)))
  # 2 within, and 1 * 2 / 3 * 3^2 between.
  expect_equal(merged$within, cbind(c(0, 5, 8, 0)), tolerance = 1e-15)
  weighted <- c(lines, list(weight = c(2, 4, 0, 6), log_weight = c(1, 2, 0, 3)))
  merged <- merge_lines(weighted, c(3L, 3L, 1L, 2L), 4)
  expect_identical(merged[c("n", "weight", "log_weight")], list(n = c(0, 3, 3, 0), weight = c(0, 6, 6, 0), log_weight = c(0, 3, 3, 0)))
  expect_equal(merged$within, cbind(c(0, 5, 14, 0)), tolerance = 1e-15)
  expect_identical(merge_lines(list(n = 2, mean = cbind(1e9), mean_low = cbind(1e-8), within = cbind(1)), 1L, 1)$mean_low, cbind(1e-8))
})

test_that("squares that are too large are refused", {
  part <- function(y) group_moments(y ~ 1 + (1 | g), data.frame(g = 1, y = y))
  expect_error(c(part(1e200), part(-1e200)), "too large", class = "bayespool_error_moments")
})

# Order of groups ----------------------------------------------------------------------------------

# Parts that hold two groups each, the last ones first.
by_groups <- function(y, group) {
  rows <- data.frame(y = y)
  rows$g <- group
  number <- match(group, unique(group))
  lapply(list(number > 3, number == 1 | number == 4, number == 2 | number == 3), function(some) rows[some, ])
}
of_groups <- function(rows) group_moments(y ~ 1 + (1 | g), rows)

test_that("groups come as factor() orders those of all rows, whatever part they came from", {
  columns <- list(
    integer = c(10L, 9L, -2L, 100000L), double = c(10, 9, 0.5, 1e5), text = c("b", "a", "B 1", "10"),
    date = as.Date("2020-01-03") - c(0, 10, 200, 9), difftime = as.difftime(c(10, 9, 1, 100), units = "days"),
    factor = factor(c("b", "a", "d", "c"), levels = c("c", "z", "b", "d", "a"))
  )
  y <- withr::with_seed(3, rnorm(60))
  for (type in names(columns)) {
    parts <- by_groups(y, rep(columns[[type]], 15))
    merged <- do.call(c, lapply(parts, of_groups))
    whole <- of_groups(do.call(rbind, parts))
    expect_identical(merged$group, levels(droplevels(factor(columns[[type]]))), label = type)
    expect_equal(merged, whole, tolerance = 1e-12, label = type)
    expect_identical(merged$group_levels, whole$group_levels, label = type)
  }
})

test_that("whole numbers are the same groups as integers and as doubles", {
  a <- data.frame(y = 1:4, g = c(100000L, 200000L, 7L, 7L))
  b <- data.frame(y = 1:3, g = c(1e5, 1e5, 0.5))
  expect_identical(c(of_groups(a), of_groups(b))$group, levels(factor(c(a$g, b$g))))
  expect_identical(c(of_groups(b), of_groups(a))$n, c(1, 2, 3, 1))
})

test_that("factors with other levels are combined as c() does it", {
  a <- data.frame(y = 1:4, g = factor(c("m", "k", "m", "k"), levels = c("m", "q", "k")))
  b <- data.frame(y = 1:3, g = factor(c("b", "q", "k"), levels = c("z", "b", "k", "q")))
  expect_identical(c(of_groups(a), of_groups(b))$group, levels(droplevels(c(a$g, b$g))))
  expect_identical(c(of_groups(b), of_groups(a))$group, levels(droplevels(c(b$g, a$g))))
  # Labels of other columns and of tables follow.
  text <- of_groups(data.frame(y = 1:3, g = c("x", "b", "a")))
  expect_identical(c(of_groups(a), text)$group, c("m", "k", "a", "b", "x"))
  table <- as_group_moments(data.frame(g = c("x", "k"), n = 2, m = 1, s = 1), group = g, n = n, mean = m, sd = s)
  expect_identical(c(of_groups(a), table)$group, c("m", "k", "x"))
  numbers <- of_groups(data.frame(y = 1:3, g = c(10, 9, 2)))
  expect_identical(c(numbers, text)$group, sort(c("10", "2", "9", "a", "b", "x")))
})

test_that("the order is kept through choosing and through the steps of merging", {
  rows <- data.frame(y = 1:6, g = factor(c("c", "a", "b", "c", "a", "b"), levels = c("c", "d", "a", "b")))
  moments <- of_groups(rows)
  expect_identical(c(moments["b"], moments[c("a", "c")])$group, c("c", "a", "b"))
  expect_identical(c(c(moments["b"], moments["a"]), moments["c"])$group, c("c", "a", "b"))
})

# Lists --------------------------------------------------------------------------------------------

test_that("lists of moments merge", {
  parts <- split_rows(far_rows(), 4)
  merged <- do.call(c, parts)
  expect_identical(c(parts[[1]], parts[-1]), merged)
  expect_identical(c(parts[[1]], list(parts[2:3], parts[[4]])), merged)
  expect_identical(group_moments(y ~ x + (1 | g), parts), merged)
  expect_identical(group_moments(y ~ x + (1 | g), stats::setNames(parts, 2001:2004)), merged)
})

test_that("fitting functions take lists of moments", {
  rows <- transform(simulate_rows(), g = letters[g])
  parts <- lapply(split(rows, rep_len(1:3, nrow(rows))), function(some) group_moments(y ~ x + (1 | g), some))
  fit <- varying_intercept(y ~ x + (1 | g), parts, iter_sampling = 0)
  whole <- varying_intercept(y ~ x + (1 | g), rows, iter_sampling = 0)
  expect_equal(exact_summary(fit), exact_summary(whole), tolerance = 1e-8)
  expect_equal(exact_summary(update(fit, . ~ . - x)), exact_summary(update(whole, . ~ . - x)), tolerance = 1e-8)
  one <- complete_pooling(y ~ x, parts, iter_sampling = 0)
  expect_equal(exact_summary(one), exact_summary(complete_pooling(y ~ x, rows, iter_sampling = 0)), tolerance = 1e-8)
  expect_error(varying_intercept(y ~ x + (1 | g), parts, weights = x), class = "bayespool_error_argument")
  skip_if_not_installed("bayesplot")
  means <- lapply(split(rows, rep_len(1:3, nrow(rows))), function(some) group_moments(y ~ 1 + (1 | g), some))
  expect_equal(plot_data(y ~ 1 + (1 | g), means)$data, plot_data(y ~ 1 + (1 | g), do.call(c, unname(means)))$data)
})

test_that("what is no list of moments is refused by position", {
  moments <- split_rows(far_rows(), 1)[[1]]
  refused <- function(data, message) {
    expect_error(group_moments(y ~ x + (1 | g), data), message, class = "bayespool_error_data", fixed = TRUE)
  }
  refused(list(), "an empty list")
  refused(list(moments, 3), "[[2]]")
  refused(list(moments, npk), "data frame at `[[2]]`")
  refused(list(moments, list(moments, NULL)), "NULL at `[[2]][[2]]`")
  refused(list(moments, list()), "an empty list at `[[2]]`")
  expect_error(c(moments, list(moments, "a")), "[[2]][[2]]", class = "bayespool_error_moments", fixed = TRUE)
  error <- expect_error(do.call(c, list(moments, 1)), class = "bayespool_error_moments")
  expect_identical(error$call, quote(c()))
})

# Moments without the digits and the order ---------------------------------------------------------

test_that("moments saved by an earlier version merge as they did", {
  rows <- simulate_rows()
  old <- function(rows) {
    moments <- group_moments(y ~ x + (1 | g), rows)
    moments[c("mean_low", "group_levels")] <- NULL
    moments
  }
  whole <- group_moments(y ~ x + (1 | g), rows)
  one <- rows$g %in% c(2, 5)
  merged <- c(old(rows[one, ]), old(rows[!one, ]))
  expect_identical(merged$group, c("2", "5", "1", "3", "4", "6", "7"))
  expect_null(merged$group_levels)
  shown <- as.data.frame(whole)
  expect_equal(as.data.frame(merged[whole$group]), shown, tolerance = 1e-12)
  expect_equal(as.data.frame(c(old(rows[one, ]), group_moments(y ~ x + (1 | g), rows[!one, ]))[whole$group]), shown, tolerance = 1e-12)
  expect_equal(merge_into_one(old(rows))$within, merge_into_one(whole)$within, tolerance = 1e-13)
  expect_identical(old(rows)[c("3", "1")]$mean, whole[c("3", "1")]$mean)
  expect_equal(reduce(x ~ y + (1 | g), old(rows))$within, reduce(x ~ y + (1 | g), rows)$within, tolerance = 1e-12)
})
