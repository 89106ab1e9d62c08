# From rows ----------------------------------------------------------------------------------------

use_code("oracle")

test_that("moments agree with means and cross-products by group", {
  data <- simulate_rows()
  expect_moments(group_moments(y ~ x + (1 | g), data), data, c("x", "y"), data$g)
  expect_moments(group_moments(y ~ 1 + (1 | g), data), data, "y", data$g)
})

test_that("moments agree for any number of columns", {
  data <- simulate_rows()
  withr::with_seed(2, for (k in 1:5) data[[paste0("x", k)]] <- rnorm(nrow(data), sd = 10^(k - 3)))
  for (k in 1:5) {
    columns <- c(paste0("x", seq_len(k)), "y")
    formula <- reformulate(c(columns[seq_len(k)], "(1 | g)"), "y")
    expect_moments(group_moments(formula, data), data, columns, data$g)
  }
})

test_that("a hand-computed case comes out exactly", {
  data <- data.frame(g = c("b", "a", "b", "a"), x = c(1, 0, 3, 2), y = c(2, 5, 6, 5))
  moments <- group_moments(y ~ x + (1 | g), data)
  expect_identical(moments$group, c("a", "b"))
  expect_identical(moments$n, c(2, 2))
  expect_identical(moments$mean, cbind(x = c(1, 2), y = c(5, 4)))
  expect_identical(moments$within, rbind(c(2, 0, 0), c(2, 4, 8)))
})

test_that("more rows than a block agree too, one group or many", {
  n <- 2e5
  data <- withr::with_seed(3, data.frame(x = rnorm(n, 5), y = rexp(n), few = sample(3, n, TRUE)))
  data$many <- withr::with_seed(4, sample(2e4, n, TRUE))
  expect_moments(group_moments(y ~ x + (1 | few), data), data, c("x", "y"), data$few, tolerance = 1e-11)
  many <- group_moments(y ~ 1 + (1 | many), data)
  expect_equal(many$mean[, "y"], as.vector(tapply(data$y, data$many, mean)), tolerance = 1e-12)
  squares <- tapply(data$y, data$many, function(y) sum((y - mean(y))^2))
  expect_equal(many$within[, 1], as.vector(squares), tolerance = 1e-12)
  one <- reduce(y ~ x, data)
  expect_equal(one$within[1, ], pack(cov(data[c("x", "y")]) * (n - 1)), tolerance = 1e-11)
})

test_that("a large offset costs no accuracy", {
  data <- simulate_rows()
  # On a grid that survives the addition exactly, so that both have the same cross-products.
  data[c("x", "y")] <- round(data[c("x", "y")] * 1024) / 1024
  plain <- group_moments(y ~ x + (1 | g), data)
  data[c("x", "y")] <- data[c("x", "y")] + 1e9
  far <- group_moments(y ~ x + (1 | g), data)
  expect_equal(far$within, plain$within, tolerance = 1e-12)
  expect_equal(unname(far$mean) - 1e9, unname(plain$mean), tolerance = 1e-6)
})

test_that("an outlier as the first row of a large group costs no accuracy", {
  y <- withr::with_seed(4, c(1e8, rnorm(1e6)))
  moments <- reduce(y ~ 1, data.frame(y = y))
  # The rest, and Chan's update with the one outlier.
  rest <- y[-1]
  squares <- sum((rest - mean(rest))^2) + 1e6 / (1e6 + 1) * (1e8 - mean(rest))^2
  expect_equal(moments$within[1, 1], squares, tolerance = 1e-11)
})

test_that("scale does not matter", {
  data <- simulate_rows()
  plain <- group_moments(y ~ x + (1 | g), data)
  for (scale in c(1e-9, 1e9)) {
    scaled <- data
    scaled[c("x", "y")] <- data[c("x", "y")] * scale
    moments <- group_moments(y ~ x + (1 | g), scaled)
    expect_equal(moments$within / scale^2, plain$within, tolerance = 1e-12)
    expect_equal(moments$mean / scale, plain$mean, tolerance = 1e-12)
  }
})

test_that("a constant group has cross-products of exactly zero", {
  for (value in c(0.1, 1 / 3, 1e9 + 0.1, 1e-9)) {
    for (n in c(1, 2, 3, 1000, 2e5)) {
      data <- data.frame(g = "a", x = seq_len(n), y = rep(value, n))
      moments <- group_moments(y ~ x + (1 | g), data)
      expect_identical(moments$within[1, 2:3], c(0, 0))
      expect_identical(moments$mean[[1, "y"]], value)
    }
  }
})

test_that("the order of the rows does not matter", {
  data <- simulate_rows()
  shuffled <- data[withr::with_seed(5, sample(nrow(data))), ]
  expect_equal(group_moments(y ~ x + (1 | g), shuffled), group_moments(y ~ x + (1 | g), data), tolerance = 1e-12)
})

test_that("integer columns count as numbers", {
  data <- data.frame(g = c(1, 1, 2), x = 1:3, y = 4:6)
  doubles <- transform(data, x = as.double(x), y = as.double(y))
  expect_identical(group_moments(y ~ x + (1 | g), data), group_moments(y ~ x + (1 | g), doubles))
})

test_that("tibbles and data.tables work", {
  data <- simulate_rows()
  moments <- group_moments(y ~ x + (1 | g), data)
  skip_if_not_installed("tibble")
  expect_identical(group_moments(y ~ x + (1 | g), tibble::as_tibble(data)), moments)
  skip_if_not_installed("data.table")
  expect_identical(group_moments(y ~ x + (1 | g), data.table::as.data.table(data)), moments)
})

# Groups -------------------------------------------------------------------------------------------

test_that("groups of every type come in the order and under the labels of factor()", {
  y <- withr::with_seed(6, rnorm(60))
  columns <- list(
    integer = rep(c(10L, 9L, -2L), 20),
    `integers far apart` = rep(c(2147483647L, 5L, -2147483647L), 20),
    `large integers` = rep(c(100000L, 99999L, 100001L), 20),
    `whole doubles` = rep(c(1e5, 99999, 100001), 20),
    `whole doubles far apart` = rep(c(1e5, 9, 10), 20),
    `large doubles` = rep(c(1e15, 3, 1e300), 20),
    doubles = rep(c(0.5, -1, 10), 20),
    `doubles that print alike` = rep(c(0.1 + 0.2, 0.3, 1), 20),
    character = rep(c("b", "a", "B 1"), 20),
    logical = rep(c(TRUE, FALSE), 30),
    date = rep(as.Date("2020-01-03") - 0:2, 20),
    factor = factor(rep(c("b", "a", "c"), 20), levels = c("c", "b", "a")),
    ordered = factor(rep(c("b", "a", "c"), 20), levels = c("c", "b", "a"), ordered = TRUE),
    `unused levels` = factor(rep(c("b", "a", "c"), 20), levels = c("z", "c", "q", "b", "a"))
  )
  for (type in names(columns)) {
    data <- data.frame(y = y)
    data$g <- columns[[type]]
    moments <- group_moments(y ~ 1 + (1 | g), data)
    group <- droplevels(factor(columns[[type]]))
    expect_identical(moments$group, levels(group), label = type)
    expect_identical(moments$n, as.double(table(group)), label = type)
    expect_equal(moments$mean[, "y"], as.vector(tapply(y, group, mean)), tolerance = 1e-12, label = type)
  }
})

test_that("the group may also be a predictor", {
  data <- simulate_rows()
  moments <- group_moments(y ~ g + (1 | g), data)
  expect_identical(moments$mean[, "g"], as.double(moments$group))
  expect_true(all(moments$within[, 1:2] == 0))
})

test_that("one group per row works", {
  data <- data.frame(g = letters, y = as.double(1:26))
  moments <- group_moments(y ~ 1 + (1 | g), data)
  expect_identical(moments$n, rep(1, 26))
  expect_true(all(moments$within == 0))
})

test_that("a column that cannot be a grouping factor is refused", {
  data <- data.frame(y = 1:2)
  data$list <- list(1, 2)
  data$matrix <- matrix(1:4, 2)
  expect_error(group_moments(y ~ 1 + (1 | list), data), class = "bayespool_error_data")
  expect_error(group_moments(y ~ 1 + (1 | matrix), data), class = "bayespool_error_data")
})

# Coding of predictors -----------------------------------------------------------------------------

test_that("factors, interactions and functions go through model.matrix", {
  data <- simulate_rows()
  data$f <- factor(rep_len(c("u", "v", "w"), nrow(data)), levels = c("w", "unused", "u", "v"))
  data$s <- rep_len(c("p", "q"), nrow(data))
  data$l <- data$x > 3
  for (formula in list(~f, ~ s + x, ~l, ~ f * x, ~ 0 + f, ~ 0 + x + f + s, ~ poly(x, 2) + s, ~ I(x^2) + x, ~ x:s)) {
    design <- model.matrix(formula, droplevels(data))
    labels <- attr(terms(formula), "term.labels")
    assign <- attr(design, "assign")
    design <- design[, assign > 0, drop = FALSE]
    columns <- c(colnames(design), "y")
    full <- update(formula, y ~ . + (1 | g))
    moments <- group_moments(full, data)
    expect_moments(moments, data.frame(design, y = data$y, check.names = FALSE), columns, data$g, tolerance = 1e-11)
    expect_identical(names(moments$terms), labels)
    expect_identical(unlist(moments$terms, use.names = FALSE), columns[-length(columns)])
  }
})

test_that("a numeric predictor beside a factor is the same column as alone", {
  data <- simulate_rows()
  data$s <- rep_len(c("p", "q"), nrow(data))
  expect_equal(reduce(y ~ x + (1 | g), group_moments(y ~ s + x + (1 | g), data))$within,
               group_moments(y ~ x + (1 | g), data)$within, tolerance = 1e-12)
})

test_that("contrasts are R's, and are kept with the moments", {
  data <- simulate_rows()
  data$f <- factor(rep_len(c("u", "v", "w"), nrow(data)))
  withr::local_options(contrasts = c("contr.sum", "contr.poly"))
  moments <- group_moments(y ~ f + (1 | g), data)
  expect_identical(moments$terms$f, c("f1", "f2"))
  expect_identical(moments$coding$contrasts, list(f = "contr.sum"))
})

test_that("the response may be transformed, by functions from where the formula was written", {
  data <- simulate_rows()
  data$y <- exp(data$y)
  halve <- function(y) y / 2
  moments <- group_moments(halve(log(y)) ~ 1 + (1 | g), data)
  expect_identical(moments$response, "halve(log(y))")
  expect_equal(unname(moments$mean[, 1]), as.vector(tapply(log(data$y) / 2, data$g, mean)), tolerance = 1e-12)
})

test_that("names that need backticks work", {
  data <- simulate_rows()
  odd <- setNames(data, c("the g", "the x", "the y"))
  moments <- group_moments(`the y` ~ `the x` + (1 | `the g`), odd)
  expect_identical(colnames(moments$mean), c("`the x`", "the y"))
  expect_identical(moments$within, group_moments(y ~ x + (1 | g), data)$within)
})

# Missing values and refusals ----------------------------------------------------------------------

test_that("rows with NA in used columns are dropped and counted", {
  data <- simulate_rows()
  data$unused <- NA
  data$y[3] <- NA
  data$x[c(3, 5)] <- NaN
  data$g[7] <- NA
  expect_message(moments <- group_moments(y ~ x + (1 | g), data), "3 rows", class = "bayespool_message_dropped")
  expect_identical(moments$dropped, 3)
  expect_identical(nobs(moments), nrow(data) - 3)
  clean <- data[-c(3, 5, 7), ]
  expect_moments(moments, clean, c("x", "y"), clean$g)
  expect_message(group_moments(y ~ 1 + (1 | g), data), "2 rows", class = "bayespool_message_dropped")
  expect_no_message(group_moments(y ~ x + (1 | g), clean))
})

test_that("NA is dropped whatever the column and the type of the group", {
  data <- simulate_rows()
  data$s <- rep_len(c("p", "q", "r"), nrow(data))
  data$s[4] <- NA
  for (as_group in list(as.integer, as.double, as.character, factor, function(g) g + 0.5)) {
    rows <- transform(data, g = as_group(replace(g, 9, NA)))
    moments <- suppressMessages(group_moments(y ~ s + (1 | g), rows), classes = "bayespool_message_dropped")
    kept <- rows[-c(4, 9), ]
    design <- model.matrix(~s, kept)[, -1]
    expect_moments(moments, data.frame(design, y = kept$y), c("sq", "sr", "y"), kept$g)
  }
})

test_that("a level that is lost with its NA rows is dropped", {
  data <- simulate_rows()
  data$f <- factor(c("only", rep_len(c("p", "q"), nrow(data) - 1)))
  data$g <- factor(c("lone", as.character(data$g[-1])))
  data$y[1] <- NA
  moments <- suppressMessages(group_moments(y ~ f + (1 | g), data))
  expect_identical(moments$terms$f, "fq")
  expect_false("lone" %in% moments$group)
})

test_that("options(na.action) decides", {
  data <- data.frame(g = 1:3, y = c(1, NA, 3))
  for (action in list("na.omit", "na.exclude", stats::na.omit, NULL)) {
    withr::local_options(na.action = action)
    expect_message(group_moments(y ~ 1 + (1 | g), data), class = "bayespool_message_dropped")
  }
  for (action in list("na.fail", "na.pass", stats::na.fail)) {
    withr::local_options(na.action = action)
    expect_error(group_moments(y ~ 1 + (1 | g), data), class = "bayespool_error_data")
    expect_s3_class(group_moments(y ~ 1 + (1 | g), data[-2, ]), "group_moments")
  }
})

test_that("data that cannot be used are refused", {
  data <- data.frame(g = 1:3, x = 1:3, y = c(1, 2, 4), f = letters[1:3], same = "a")
  data$matrix <- matrix(1:6, 3)
  data$date <- as.Date("2020-01-01") + 0:2
  data$inf <- c(1, Inf, -Inf)
  data$na <- NA_real_
  data$huge <- c(1e200, -1e200, 0)
  formulas <- list(
    factor = f ~ 1 + (1 | g), matrix = matrix ~ 1 + (1 | g), date = date ~ 1 + (1 | g), logical = (x > 1) ~ 1 + (1 | g),
    `wrong length` = mean(y) ~ 1 + (1 | g), `fails` = stop(y) ~ 1 + (1 | g), `predictor fails` = y ~ stop(x) + (1 | g),
    `one level` = y ~ same + (1 | g), `log of zero` = log(y - 1) ~ 1 + (1 | g),
    `infinite response` = inf ~ 1 + (1 | g), `infinite predictor` = y ~ inf + (1 | g),
    `infinite in a matrix` = y ~ f + inf + (1 | g), `all NA` = na ~ 1 + (1 | g), `overflow` = huge ~ 1 + (1 | same),
    missing = y ~ z + (1 | g), `missing group` = y ~ x + (1 | h), `missing response` = z ~ x + (1 | g)
  )
  for (case in names(formulas)) {
    expect_error(group_moments(formulas[[case]], data), class = "bayespool_error_data", label = case)
  }
  expect_error(group_moments(y ~ x + (1 | g), data[0, ]), class = "bayespool_error_data")
  expect_error(group_moments(y ~ x + (1 | g), as.list(data)), class = "bayespool_error_data")
  expect_error(group_moments(y ~ x + (1 | g), NULL), class = "bayespool_error_data")
  expect_error(group_moments(y ~ x + (1 | g)), "data")
  expect_error(group_moments(y ~ x, data), class = "bayespool_error_formula")
})

test_that("variables are only looked up in the data", {
  outside <- c(1, 2, 3)
  data <- data.frame(g = 1:3, y = c(1, 2, 4))
  error <- expect_error(group_moments(y ~ outside + (1 | g), data), class = "bayespool_error_data")
  expect_match(conditionMessage(error), "outside")
  expect_identical(error$call[[1]], quote(group_moments))
})

test_that("an infinite value is counted and placed", {
  data <- data.frame(g = 1, y = 1, x = c(1, 2, Inf, -Inf, 3))
  expect_error(group_moments(y ~ x + (1 | g), data), "`x` has 2 infinite values", class = "bayespool_error_data")
  expect_error(group_moments(y ~ x + (1 | g), data), "row 3", class = "bayespool_error_data")
  expect_error(group_moments(y ~ x + (1 | g), data[c(3, 1), ]), "1 infinite value\\.", class = "bayespool_error_data")
})

test_that("64-bit integers are refused rather than misread", {
  data <- data.frame(g = 1:2, y = 1:2)
  data$y <- structure(c(1, 2), class = "integer64")
  expect_error(group_moments(y ~ 1 + (1 | g), data), class = "bayespool_error_data")
})

# What a fit gets ----------------------------------------------------------------------------------

test_that("pooled cross-products are the sum over the groups", {
  data <- simulate_rows()
  by_group <- reduce(y ~ x + (1 | g), data)
  pooled <- reduce(y ~ x + (1 | g), data, pooled = TRUE)
  expect_true(pooled$pooled)
  expect_equal(pooled$within, matrix(colSums(by_group$within), 1), tolerance = 1e-13)
  expect_identical(pooled$mean, by_group$mean)
})

test_that("rows and their moments reduce to the same", {
  data <- simulate_rows()
  data$z <- withr::with_seed(7, rnorm(nrow(data)))
  moments <- group_moments(y ~ x + z + (1 | g), data)
  for (formula in list(y ~ x + z + (1 | g), y ~ z + x + (1 | g), y ~ z + (1 | g), y ~ 1 + (1 | g), y ~ 0 + x + (1 | g),
                       y ~ x + z, y ~ z, y ~ 1)) {
    expect_equal(reduce(formula, moments), reduce(formula, data), tolerance = 1e-12)
    # Nothing else tells the cross-products of each group.
    expect_identical(reduce(formula, moments, pooled = TRUE), reduce(formula, moments))
  }
})

test_that("without a grouping factor there is one group", {
  data <- simulate_rows()
  moments <- reduce(y ~ x, data)
  expect_identical(moments$group, "")
  expect_null(moments$group_name)
  expect_moments(moments, data, c("x", "y"), rep("", nrow(data)))
})

test_that("a formula that the moments cannot answer is refused", {
  data <- simulate_rows()
  data$f <- factor(rep_len(c("u", "v", "w"), nrow(data)))
  moments <- group_moments(y ~ x + (1 | g), data)
  expect_error(reduce(y ~ x + (1 | h), moments), "g", class = "bayespool_error_moments")
  expect_error(reduce(z ~ 1 + (1 | g), moments), class = "bayespool_error_moments")
  expect_error(reduce(log(y) ~ 1 + (1 | g), moments), class = "bayespool_error_moments")
  expect_error(reduce(y ~ z + (1 | g), moments), "z", class = "bayespool_error_moments")
  expect_error(reduce(y ~ I(x^2) + (1 | g), moments), class = "bayespool_error_moments")
})

test_that("any column of the moments can be the response, but no factor", {
  data <- simulate_rows()
  data$f <- factor(rep_len(c("u", "v"), nrow(data)))
  moments <- group_moments(y ~ x + f + (1 | g), data)
  swapped <- reduce(x ~ y + (1 | g), moments)
  expect_moments(swapped, data, c("y", "x"), data$g)
  expect_error(reduce(f ~ 1 + (1 | g), moments), class = "bayespool_error_moments")
})

test_that("a factor must be coded as the formula asks", {
  data <- simulate_rows()
  data$f <- factor(rep_len(c("u", "v", "w"), nrow(data)))
  data$h <- factor(rep_len(c("p", "q"), nrow(data)))
  with_intercept <- group_moments(y ~ f + h + x + (1 | g), data)
  without <- group_moments(y ~ 0 + f + h + x + (1 | g), data)
  good <- list(
    list(y ~ f + (1 | g), with_intercept), list(y ~ h + f + (1 | g), with_intercept),
    list(y ~ 0 + f + h + (1 | g), without),
    list(y ~ 0 + x + (1 | g), with_intercept), list(y ~ x + (1 | g), without), list(y ~ h + (1 | g), without)
  )
  for (case in good) {
    expect_equal(reduce(case[[1]], case[[2]])$within, reduce(case[[1]], data)$within, tolerance = 1e-12)
  }
  bad <- list(
    list(y ~ 0 + f + (1 | g), with_intercept), list(y ~ f + (1 | g), without), list(y ~ 0 + h + (1 | g), without),
    list(y ~ 0 + h + f + (1 | g), without)
  )
  for (case in bad) {
    expect_error(reduce(case[[1]], case[[2]]), "intercept", class = "bayespool_error_moments")
  }
})

test_that("classes of numeric columns do not take part", {
  data <- simulate_rows()
  # Without the package that made them, such columns cannot even be converted.
  labelled <- function(x) structure(x, class = c("haven_labelled", "vctrs_vctr", "double"), label = "a label")
  classed <- transform(data, x = labelled(x), y = labelled(y))
  expect_identical(group_moments(y ~ x + (1 | g), classed), group_moments(y ~ x + (1 | g), data))
  expect_identical(group_moments(y ~ x + (1 | g), transform(data, g = labelled(g))), group_moments(y ~ x + (1 | g), data))
  table <- data.frame(group = c("a", "b"), n = c(3, 4), mean = c(1, 2), sd = c(0.5, 1))
  expect_identical(
    as_group_moments(table$group, labelled(table$n), labelled(table$mean), labelled(table$sd)),
    as_group_moments(table$group, table$n, table$mean, table$sd)
  )
  classed <- transform(data, x = I(x), y = stats::ts(y))
  expect_identical(group_moments(y ~ x + (1 | g), classed), group_moments(y ~ x + (1 | g), data))
})

# From a table -------------------------------------------------------------------------------------

test_that("a published table gives the moments of the rows behind it", {
  data <- transform(simulate_rows(), g = letters[g])
  by_group <- function(f) as.vector(tapply(data$y, data$g, f))
  table <- as_group_moments(sort(unique(data$g)), by_group(length), by_group(mean), by_group(sd))
  expect_null(table$group_name)
  expect_identical(table$response, "y")
  expect_equal(reduce(score ~ 1 + (1 | site), table)$within, group_moments(y ~ 1 + (1 | g), data)$within,
               tolerance = 1e-12)
  expect_identical(reduce(score ~ 1 + (1 | site), table)$group_name, "site")
  expect_identical(reduce(log(score) ~ 1, table)$response, "log(score)")
  expect_equal(reduce(score ~ 1, table)$within, matrix(var(data$y) * (nrow(data) - 1)), tolerance = 1e-12)
  expect_error(reduce(score ~ x + (1 | site), table), class = "bayespool_error_moments")
})

test_that("a group of one needs no standard deviation", {
  for (sd in list(NA, NA_real_, 0)) {
    expect_identical(as_group_moments("a", 1, 5, sd)$within, matrix(0))
  }
})

test_that("a factor gives its labels", {
  expect_identical(as_group_moments(factor(c("b", "a")), c(2, 2), c(1, 2), c(1, 1))$group, c("b", "a"))
})

test_that("a table that cannot be is refused", {
  good <- list(group = c("a", "b"), n = c(2, 3), mean = c(1, 2), sd = c(1, 2))
  expect_s3_class(do.call(as_group_moments, good), "group_moments")
  bad <- list(
    list(n = 2), list(mean = 1:3), list(group = c("a", "a")), list(group = c("a", NA)), list(group = character()),
    list(n = c(0, 3)), list(n = c(-1, 3)), list(n = c(2.5, 3)), list(n = c(NA, 3)), list(n = c(Inf, 3)),
    list(n = c("2", "3")),
    list(mean = c(NA, 1)), list(mean = c(1, Inf)), list(mean = c("1", "2")),
    list(sd = c(-1, 2)), list(sd = c(NA, 2)), list(sd = c(NaN, 2)), list(sd = c(1, Inf)), list(sd = c("1", "2")),
    list(group = character(), n = numeric(), mean = numeric(), sd = numeric())
  )
  for (change in bad) {
    arguments <- utils::modifyList(good, change)
    expect_error(do.call(as_group_moments, arguments), class = "bayespool_error_moments", label = deparse(change)[1])
  }
})

test_that("hpp_sites holds the 15 sites", {
  expect_length(hpp_sites$group, 15)
  expect_identical(nobs(hpp_sites), 1523)
  expect_identical(nobs(subset(hpp_sites, site %in% c("Southampton", "METU", "Kassel", "Tsinghua", "Oslo"))), 552)
  expect_identical(colnames(hpp_sites$mean), c("stress", "scontrol"))
})

test_that("hpp_sites is what the rows give", {
  folder <- Sys.getenv("BAYESPOOL_SHARED_DATA")
  skip_if(folder == "", "the rows are not part of the package")
  rows <- utils::read.csv(file.path(folder, "hpp.csv"))
  rows$site <- factor(rows$site, levels = hpp_sites$group)
  expect_equal(hpp_sites, group_moments(scontrol ~ stress + (1 | site), rows), tolerance = 1e-12)
})

test_that("a standard deviation whose square is infinite is refused", {
  expect_error(as_group_moments("a", 3, 0, 1e200), "too large", class = "bayespool_error_moments")
})
