# Parts of the rows in which factors have different levels.

use_code("oracle")

categories <- function(n = 300, seed = 1) {
  withr::with_seed(seed, data.frame(
    g = factor(sample(c("c", "a", "b"), n, TRUE), levels = c("c", "b", "q", "a")), x = rnorm(n, 3), y = rnorm(n),
    f = factor(sample(c("u", "v", "w", "k"), n, TRUE), levels = c("w", "k", "none", "u", "v")),
    o = factor(sample(c("low", "mid", "high"), n, TRUE), levels = c("low", "mid", "high"), ordered = TRUE),
    s = sample(c("p", "q", "r"), n, TRUE), l = sample(c(TRUE, FALSE), n, TRUE), h = sample(c(1, 2, 10, 20), n, TRUE),
    w = sample(c(0.5, 1, 3), n, TRUE), `a name` = factor(sample(c("p", "q", "r"), n, TRUE)), check.names = FALSE
  ))
}

# Parts with levels of their own: two or three of four, another first level, or a single one.
parts_by_level <- function(rows) {
  in_part <- list(
    rows$f %in% c("u", "v") & rows$s != "p", rows$f %in% c("u", "v") & rows$s == "p", rows$f == "k" & rows$h < 5,
    rows$f == "k" & rows$h > 5, rows$f == "w" & rows$o != "mid", rows$f == "w" & rows$o == "mid"
  )
  lapply(in_part, function(some) rows[some, ])
}

expect_merges <- function(formula, parts, weighted = FALSE, label = deparse(formula)) {
  moments <- function(rows) if (weighted) group_moments(formula, rows, weights = w) else group_moments(formula, rows)
  whole <- moments(do.call(rbind, parts))
  whole$residual <- NULL # merged moments have none
  expect_equal(do.call(c, lapply(parts, moments)), whole, tolerance = 1e-12, label = label)
  expect_equal(do.call(c, lapply(rev(parts), moments)), whole, tolerance = 1e-12, label = label)
}

test_that("factors with other levels in each part become the columns of all rows, with any contrasts", {
  parts <- parts_by_level(categories())
  for (contrasts in c("contr.treatment", "contr.sum", "contr.helmert", "contr.poly", "contr.SAS")) {
    withr::local_options(contrasts = c(contrasts, "contr.poly"))
    for (formula in list(
      y ~ f + (1 | g), y ~ f * x + (1 | g), y ~ f:x + (1 | g), y ~ 0 + f + (1 | g), y ~ 0 + x + o + f + (1 | g), y ~ f * o * x + (1 | g),
      y ~ o + I(x^2):f + (1 | g), y ~ poly(x, 2, raw = TRUE) + f + (1 | g), y ~ l * f + (1 | g), y ~ `a name` * f + (1 | g)
    )) {
      expect_merges(formula, parts)
    }
  }
})

test_that("factors that vary between groups do as well", {
  parts <- parts_by_level(categories())
  for (contrasts in c("contr.treatment", "contr.sum")) {
    withr::local_options(contrasts = c(contrasts, "contr.poly"))
    for (formula in list(
      y ~ 1 + (1 + f | g), y ~ f + (1 + f | g), y ~ f + (0 + f | g), y ~ x + (1 + x * f | g), y ~ f * x + (1 + f:x || g),
      y ~ o + (1 + f | g)
    )) {
      expect_merges(formula, parts)
    }
  }
})

test_that("text, logical values and numbers as factors are in the order of all rows", {
  rows <- categories()
  text <- lapply(list(c("r", "q"), c("q", "p")), function(levels) rows[rows$s %in% levels, ])
  expect_merges(y ~ s * x + (1 | g), text)
  numbers <- lapply(list(c(10, 2), c(20, 1)), function(values) rows[rows$h %in% values, ])
  expect_merges(y ~ factor(h) + (1 | g), numbers)
  expect_merges(y ~ as.factor(s) + factor(h):x + (1 | g), text)
  expect_merges(y ~ l * x + (1 | g), unname(split(rows, rows$l)))
  expect_merges(y ~ cut(x, c(-10, 2, 3, 4, 10)) + (1 | g), unname(split(rows, cut(rows$x, c(-10, 2.5, 3.5, 10)))))
  expect_merges(y ~ l + (1 + l | g), unname(split(rows, rows$l)))
})

test_that("contrasts by name belong to the factor, whatever levels a part has", {
  rows <- categories()
  stats::contrasts(rows$f) <- "contr.sum"
  parts <- list(rows[rows$f != "k", ], rows[rows$f %in% c("k", "w"), ])
  merged <- do.call(c, lapply(parts, function(some) group_moments(y ~ f + (1 | g), some)))
  whole <- group_moments(y ~ f + (1 | g), rows[c(which(rows$f != "k"), which(rows$f %in% c("k", "w"))), ])
  expect_identical(whole$coding$contrasts, list(f = "contr.sum"))
  expect_equal(merged, whole, tolerance = 1e-12)
})

test_that("weighted moments are recoded with their weights", {
  expect_merges(y ~ f * x + (1 | g), parts_by_level(categories()), weighted = TRUE)
})

test_that("merging in steps gives the columns of all rows", {
  parts <- lapply(parts_by_level(categories()), function(rows) group_moments(y ~ f * o + x + (1 | g), rows))
  whole <- do.call(c, parts)
  expect_equal(c(c(parts[[1]], parts[[5]], parts[[6]]), c(parts[[3]], c(parts[[4]], parts[[2]]))), whole, tolerance = 1e-12)
  # Parts that all have the same single level.
  single <- c(parts[[3]], parts[[4]])
  expect_identical(single$coding$single, list(f = "k"))
  expect_identical(c(single, parts[[1]])$terms$f, c("fu", "fv"))
})

test_that("columns that a part makes constant are exact, and others lose no digits far from zero", {
  # Everything is on a grid that doubles hold, so that sums of the whole numbers k know the truth.
  rows <- transform(categories(), k = round(1024 * x))
  rows$x <- 1e9 + rows$k / 1024
  parts <- lapply(parts_by_level(rows), function(some) group_moments(y ~ f * x + (1 | g), some))
  merged <- do.call(c, parts)
  for (j in seq_along(merged$group)) {
    in_group <- rows$g == merged$group[j]
    indicator <- rows$f[in_group] == "k"
    n <- sum(in_group)
    share <- sum(indicator) / n
    column <- match("fk", colnames(merged$mean))
    expect_equal(merged$mean[[j, column]], share, tolerance = 1e-15)
    expect_equal(merged$within[j, column * (column + 1) / 2], n * share * (1 - share), tolerance = 1e-14)
    # x, whose products the recoding leaves alone.
    k <- rows$k[in_group]
    x <- match("x", colnames(merged$mean))
    expect_equal(merged$within[j, x * (x + 1) / 2] * 1024^2, (n * sum(k^2) - sum(k)^2) / n, tolerance = 1e-13)
    # (1e9 + k / 1024) in level "k", 0 elsewhere: squares near 1e18, which have 16 digits.
    product <- match("fk:x", colnames(merged$mean))
    z <- ifelse(indicator, 1e9 * 1024 + k, 0)
    exact <- sum((z - mean(z))^2) / 1024^2
    expect_equal(merged$within[j, product * (product + 1) / 2], exact, tolerance = 1e-13)
  }
  alone <- c(parts[[3]], parts[[4]], parts[[5]][1:2])
  # In a group of which all rows have level k.
  only <- setdiff(alone$group, parts[[5]]$group[1:2])
  expect_length(only, 1)
  expect_identical(unname(alone$mean[alone$group == only, "fk"]), 1)
  expect_identical(alone$within[alone$group == only, 1], 0)
})

test_that("a fit of merged parts is that of the rows, new rows included", {
  rows <- categories()
  parts <- lapply(parts_by_level(rows), function(some) group_moments(y ~ f * x + (1 | g), some))
  fit <- varying_intercept(y ~ f * x + (1 | g), parts, iter_sampling = 0)
  whole <- varying_intercept(y ~ f * x + (1 | g), do.call(rbind, parts_by_level(rows)), iter_sampling = 0)
  expect_equal(exact_summary(fit), exact_summary(whole), tolerance = 1e-8)
  new <- data.frame(f = c("u", "k"), x = c(1, 2), g = c("a", "c"))
  expect_equal(predict(fit, new), predict(whole, new), tolerance = 1e-8)
  fewer <- varying_intercept(y ~ f + (1 | g), parts, iter_sampling = 0)
  expect_equal(exact_summary(fewer), exact_summary(update(whole, y ~ f + (1 | g))), tolerance = 1e-8)
})

test_that("a factor with a single level makes moments, but no fit", {
  rows <- categories()
  one <- rows[rows$f == "u", ]
  moments <- group_moments(y ~ f + x + (1 | g), one)
  expect_identical(moments$terms$f, c("fk", "fnone", "fu", "fv"))
  expect_identical(unique(moments$mean[, "fu"]), 1)
  for (data in list(one, moments, list(moments, moments))) {
    expect_error(varying_intercept(y ~ f + x + (1 | g), data, iter_sampling = 0), "only one value", class = "bayespool_error_data")
  }
  expect_error(mixed_model(y ~ x + (1 + f | g), one, iter_sampling = 0), "only one value", class = "bayespool_error_data")
  expect_s3_class(varying_intercept(y ~ x + (1 | g), moments, iter_sampling = 0), "bayespool_fit")
  # Text and a factor of one level say nothing of others.
  expect_error(group_moments(y ~ s + (1 | g), rows[rows$s == "p", ]), "levels", class = "bayespool_error_data")
  expect_error(group_moments(y ~ f + (1 | g), droplevels(one)), "levels", class = "bayespool_error_data")
})

test_that("columns without a common meaning are refused, with what would work", {
  rows <- categories()
  half <- rows$f %in% c("u", "v")
  refused <- function(message, formula, first = rows[half, ], second = rows[!half, ], formula2 = formula) {
    expect_error(
      c(group_moments(formula, first), group_moments(formula2, second)), message, class = "bayespool_error_moments", label = message
    )
  }
  refused("depend on all rows", y ~ poly(x, 2) + (1 | g))
  refused("depend on all rows", scale(y) ~ x + (1 | g))
  refused("depend on all rows", y ~ cut(x, 2) + (1 | g))
  refused("a number in one", y ~ h + (1 | g), transform(rows, h = factor(h)))
  refused("a number in one", y ~ h + f + (1 | g), transform(rows, h = factor(h)))
  refused("an intercept, or none", y ~ f + (1 | g), formula2 = y ~ 0 + f + (1 | g))
  refused("must have the same levels", y ~ f:poly(x, 2, raw = TRUE) + (1 | g))
  given <- droplevels(rows[half, ])
  stats::contrasts(given$f) <- matrix(c(-1, 1), 2)
  other <- droplevels(rows[!half, ])
  stats::contrasts(other$f) <- matrix(c(-1, 1), 2)
  refused("numbers for certain levels", y ~ f + (1 | g), given, other)
  refused("same contrasts", y ~ f + (1 | g), given, droplevels(rows[!half, ]))
  # With the same levels they are left as they are.
  parts <- lapply(list(1:30, 31:60), function(i) group_moments(y ~ f + (1 | g), given[i, ]))
  expect_equal(do.call(c, parts), group_moments(y ~ f + (1 | g), given[1:60, ]), tolerance = 1e-12)
  summed <- rows
  stats::contrasts(summed$f) <- "contr.sum"
  refused("same contrasts", y ~ f + (1 | g), summed, rows)
  expect_error(c(group_moments(y ~ f + (1 | g), rows), group_moments(y ~ f + x + (1 | g), rows)), "same columns",
               class = "bayespool_error_moments")
  expect_error(c(group_moments(y ~ x + (1 + f | g), rows), group_moments(y ~ x + (1 | g), rows)), "same columns",
               class = "bayespool_error_moments")
})

test_that("contrasts with the names of levels that another part brings in are refused", {
  withr::local_options(contrasts = c("contr.sum", "contr.poly"))
  rows <- data.frame(g = rep(1:2, 20), y = sin(1:40), f = factor(rep(c("a", "b", "1", "d"), each = 10)))
  part <- function(levels) group_moments(y ~ f + (0 + f | g), rows[rows$f %in% levels, ])
  expect_error(c(part(c("a", "b")), part(c("a", "d", "1"))), "one meaning", class = "bayespool_error_data")
})

test_that("codings saved by an earlier version merge, with levels in the order of the parts", {
  rows <- categories()
  old <- function(levels) {
    moments <- group_moments(y ~ f + (1 | g), rows[rows$f %in% levels, ])
    moments$coding$declared <- NULL
    moments
  }
  merged <- c(old(c("u", "v")), old(c("k", "v")))
  expect_identical(merged$coding$levels$f, c("u", "v", "k"))
  some <- rows[rows$f %in% c("u", "v"), ]
  again <- rows[rows$f %in% c("k", "v"), ]
  expected <- group_moments(y ~ f + (1 | g), transform(rbind(some, again), f = factor(f, levels = c("u", "v", "k"))))
  expect_equal(as.data.frame(merged), as.data.frame(expected), tolerance = 1e-12)
})
