# Group moments by several grouping columns, beside plain R.

use_code("elsewhere")

# Combinations of `columns` as interaction() orders them; those that occur.
cell_of <- function(data, columns) {
  interaction(lapply(data[columns], function(x) factor(x)), sep = ":", lex.order = TRUE, drop = TRUE)
}

# Columns of a model's moments (a matrix of columns that are exact minus `offset`) by cell, in plain R: about an offset nothing cancels.
expect_cells <- function(moments, data, columns, z, offset) {
  cell <- cell_of(data, columns)
  expect_identical(moments$group, levels(cell))
  expect_identical(moments$n, as.vector(table(cell)) + 0)
  frame <- as.data.frame(moments)[columns]
  first <- match(levels(cell), cell)
  expect_identical(unname(as.list(frame)), unname(lapply(data[first, columns], as.character)))
  z <- sweep(z, 2, offset)
  for (k in seq_along(offset)) {
    mean <- as.vector(tapply(z[, k], cell, mean))
    expect_lt(max(abs((moments$mean[, k] - offset[k]) + moments$mean_low[, k] - mean)), 1e-13 * max(abs(z[, k])))
  }
  packed <- upper.tri(diag(ncol(z)), diag = TRUE)
  wanted <- t(vapply(split(seq_len(nrow(z)), cell), function(i) {
    crossprod(scale(z[i, , drop = FALSE], scale = FALSE))[packed]
  }, numeric(sum(packed))))
  expect_lt(max(abs(moments$within - unname(wanted))), 1e-12 * max(wanted))
  expect_identical(moments$within[moments$n == 1, , drop = FALSE], matrix(0, sum(moments$n == 1), sum(packed)))
}

crossed <- withr::with_seed(11, data.frame(
  y = 1e9 + rnorm(400), x = 1e9 + rnorm(400), z = rnorm(400), weight = sample(c(0.5, 1, 2), 400, TRUE),
  text = sample(c("b", "a", "B 1", "10", "9"), 400, TRUE, c(0.4, 0.3, 0.1, 0.1, 0.1)),
  factor = factor(sample(c("high", "low", "mid"), 400, TRUE), levels = c("low", "absent", "mid", "high", "none")),
  number = sample(c(10, 2.5, 1e5, -3), 400, TRUE), whole = sample(c(100000L, 7L, 30L), 400, TRUE),
  logical = sample(c(TRUE, FALSE), 400, TRUE)
))
crossed <- crossed[!(crossed$text == "a" & crossed$factor == "low"), ] # a combination that does not occur
crossed <- rbind(crossed, transform(crossed[1, ], text = "only", factor = "mid", number = 77, whole = 9L)) # a cell of one row

kinds <- list(
  list(y ~ x + (1 | text) + (1 | factor), c("text", "factor")), list(y ~ x + (1 | factor) + (1 | text), c("factor", "text")),
  list(y ~ x + (1 | number) + (1 | logical), c("number", "logical")), list(y ~ x + (1 | text / whole), c("text", "whole")),
  list(y ~ x + (1 | logical) + (1 | factor:logical), c("logical", "factor")), list(y ~ x + (1 | text:number), c("text", "number")),
  list(y ~ x + (1 | factor:text:whole), c("factor", "text", "whole")),
  list(y ~ x + (1 | number) + (1 | text:factor), c("number", "text", "factor"))
)

test_that("means and cross-products of cells are those of plain R", {
  for (kind in kinds) {
    moments <- quietly(group_moments(kind[[1]], crossed))
    expect_cells(moments, crossed, kind[[2]], as.matrix(crossed[c("x", "y")]), c(1e9, 1e9))
    expect_identical(moments$group_name, paste(kind[[2]], collapse = ":"))
    expect_identical(names(moments$cells$columns), kind[[2]])
    expect_false(moments$pooled)
    expect_null(moments$group_levels)
  }
})

test_that("columns of cells have the labels that occur, in their own order", {
  cells <- group_moments(y ~ z + (1 | factor) + (1 | text), crossed)$cells$columns
  expect_identical(cells$factor$labels, c("low", "mid", "high"))
  expect_identical(cells$factor$levels, levels(crossed$factor))
  expect_identical(cells$text$labels, levels(factor(crossed$text)))
  expect_identical(cells$text$levels, character())
  cells <- group_moments(y ~ z + (1 | number:whole), crossed)$cells$columns
  expect_identical(cells$number$labels, c("-3", "2.5", "10", "77", "1e+05"))
  expect_identical(cells$whole$labels, c("7", "9", "30", "100000"))
  expect_identical(list(cells$number$levels, cells$whole$levels), list(numeric(), integer()))
})

test_that("rows with a missing grouping column or of weight 0 are dropped with the usual message", {
  missing <- crossed
  missing$text[c(3, 20)] <- NA
  missing$factor[c(20, 21)] <- NA
  expect_message(
    moments <- group_moments(y ~ x + (1 | text) + (1 | factor), missing), "Dropped 3 rows with missing values in `text` and `factor`",
    class = "bayespool_message_dropped"
  )
  expect_cells(moments, missing[-c(3, 20, 21), ], c("text", "factor"), as.matrix(missing[-c(3, 20, 21), c("x", "y")]), c(1e9, 1e9))
  expect_identical(moments$dropped, 3)
  some <- crossed$text == "only" # a label of rows of weight 0 does not occur
  weighted <- quietly(group_moments(y ~ z + (1 | text) + (1 | factor), crossed, weights = ifelse(text == "only", 0, weight)))
  rows <- crossed[!some, ]
  cell <- cell_of(rows, c("text", "factor"))
  expect_identical(weighted$group, levels(cell))
  expect_false("only" %in% weighted$cells$columns$text$labels)
  expect_equal(weighted$weight, as.vector(tapply(rows$weight, cell, sum)), tolerance = 1e-14)
  mean <- tapply(rows$weight * rows$z, cell, sum) / tapply(rows$weight, cell, sum)
  expect_equal(weighted$mean[, "z"], as.vector(mean), tolerance = 1e-12)
  about <- rows$weight * (rows$z - mean[cell])^2
  expect_equal(weighted$within[, 1], as.vector(tapply(about, cell, sum)), tolerance = 1e-12)
})

test_that("grouping columns that are none are refused", {
  data <- data.frame(y = rnorm(6), a = rep(1:2, 3))
  data$b <- as.list(1:6)
  expect_error(group_moments(y ~ (1 | a) + (1 | b), data), "`?b", class = "bayespool_error_data")
  expect_error(group_moments(y ~ (1 | a) + (1 | item), data), "item", class = "bayespool_error_data")
  expect_error(group_moments(y ~ (1 | a:item), data), "item", class = "bayespool_error_data")
})

test_that("different cells are never taken for one another", {
  data <- data.frame(y = 1:4, a = c("p:q", "p", "p:q", "r"), b = c("s", "q:s", "t", "s"))
  error <- expect_error(group_moments(y ~ (1 | a) + (1 | b), data), "p:q:s", class = "bayespool_error_data")
  expect_match(gsub("\\s+", " ", conditionMessage(error)), "\"p and q:s\", and \"p:q and s\"", fixed = TRUE)
  apart <- group_moments(y ~ (1 | a) + (1 | b), data[-2, ])
  expect_identical(apart$group, c("p:q:s", "p:q:t", "r:s"))
  expect_identical(apart$cells$columns$a$labels, c("p:q", "r"))
  # The parts tell labels apart that would be alike together; so would cells of which a factor is an interaction.
  expect_error(c(apart, group_moments(y ~ (1 | a) + (1 | b), data[2, ])), "p:q:s", class = "bayespool_error_moments")
  three <- group_moments(y ~ (1 | k) + (1 | a:b), transform(data, k = 1:4))
  expect_error(factor_levels(three, list(k = "k", "a:b" = c("a", "b"))), "p:q:s", class = "bayespool_error_moments")
})

test_that("levels of factors in cells are those of interaction()", {
  levels_of <- function(columns) {
    own <- cell_of(crossed, columns)
    list(labels = levels(own), rows = as.integer(own))
  }
  for (formula in list(
    y ~ (1 | text) + (1 | factor), y ~ (1 | factor / text), y ~ (1 | number) + (1 | text:factor), y ~ (1 | text:number), y ~ (1 | text),
    y ~ (1 | whole) + (1 | factor:whole)
  )) {
    parsed <- parse_formula(formula)
    moments <- group_moments(formula, crossed)
    line <- as.integer(cell_of(crossed, group_columns(parsed)))
    found <- factor_levels(moments, parsed$factors)
    expect_identical(names(found), names(parsed$factors))
    for (name in names(found)) {
      wanted <- levels_of(parsed$factors[[name]])
      expect_identical(found[[name]]$labels, wanted$labels, label = name)
      expect_identical(found[[name]]$code[line], wanted$rows, label = name)
    }
  }
  # Chosen cells have the order in which they were chosen; so has a factor whose levels they are.
  nested <- group_moments(y ~ (1 | factor / text), crossed)[c(5, 1, 2)]
  found <- factor_levels(nested, parse_formula(y ~ (1 | factor / text))$factors)
  expect_identical(found[["factor:text"]], list(labels = nested$group, code = 1:3))
  expect_identical(found$factor$labels[found$factor$code], sub(":.*", "", nested$group))
})

test_that("moments of cells give those of their columns, in any order, and of none", {
  cells <- group_moments(y ~ x + z + (1 | text) + (1 | factor), crossed, weights = weight)
  asked <- list(
    y ~ x + z + (1 | text), y ~ x + z + (1 | factor), y ~ x + z, y ~ x + z + (1 | factor) + (1 | text), y ~ z + (1 | text:factor),
    z ~ x + (1 | factor / text), x ~ 1 + (1 | factor), y ~ x + (1 + z | text), y ~ z + x + (1 | factor:text)
  )
  for (formula in asked) {
    found <- quietly(reduce_data(parse_formula(formula), cells, FALSE))
    expect_same_moments(found, moments_of(formula, crossed, weights = weight))
    expect_null(found$residual)
  }
  same <- reduce_data(parse_formula(y ~ x + z + (1 | text) + (1 | factor)), cells, FALSE)
  expect_identical(same, cells)
})

test_that("moments of cells refuse a grouping that they do not tell", {
  cells <- group_moments(y ~ z + (1 | text) + (1 | factor), crossed)
  refused <- function(formula, moments, ...) {
    error <- expect_error(reduce_data(parse_formula(formula), moments, FALSE), class = "bayespool_error_moments")
    for (text in c(...)) expect_match(conditionMessage(error), text, fixed = TRUE)
  }
  refused(y ~ z + (1 | number), cells, "not grouped by `number`", "by `text:factor`")
  refused(y ~ z + (1 | text) + (1 | number), cells, "not grouped by `text:number`", "group_moments()")
  one <- group_moments(y ~ z + (1 | text), crossed)
  refused(y ~ z + (1 | text) + (1 | factor), one, "not grouped by `text:factor`", "by `text`")
  refused(y ~ z + (1 | text:factor), one, "not grouped by `text:factor`")
  table <- as_group_moments(c("a", "b"), c(3, 4), c(1, 2), c(1, 1))
  refused(y ~ 1 + (1 | a) + (1 | b), table, "not grouped by `a:b`", "one column")
})

test_that("parts merge to the cells of all rows", {
  shuffled <- crossed[withr::with_seed(2, sample(nrow(crossed))), ]
  for (kind in kinds) {
    whole <- quietly(group_moments(kind[[1]], crossed, weights = weight))
    parts <- lapply(split(shuffled, rep(1:7, length.out = nrow(crossed))), function(rows) {
      quietly(group_moments(kind[[1]], rows, weights = weight))
    })
    expect_same_moments(do.call(c, unname(parts)), whole)
    expect_same_moments(quietly(group_moments(kind[[1]], unname(parts))), whole)
    expect_same_moments(c(parts[[1]], do.call(c, unname(parts[7:2]))), whole)
  }
  # Labels of each column merge by its type: numbers by size, also where they print in another way.
  part <- function(a, b) group_moments(y ~ (1 | a) + (1 | b), data.frame(y = seq_along(a), a = a, b = b))
  merged <- c(part(c(100000L, 7L), factor(c("v", "u"), levels = c("v", "u"))), part(c(1e5, 0.5), factor(c("u", "w"), levels = c("u", "w"))))
  expect_identical(merged$group, c("0.5:w", "7:u", "1e+05:v", "1e+05:u"))
  expect_identical(merged$cells$columns$b$levels, c("v", "u", "w"))
})

test_that("moments of other grouping columns do not merge", {
  crossed <- crossed[c("y", "text", "factor", "number")]
  a <- group_moments(y ~ (1 | text) + (1 | factor), crossed)
  for (formula in list(y ~ (1 | text), y ~ (1 | factor) + (1 | text), y ~ (1 | text) + (1 | number))) {
    expect_error(c(a, group_moments(formula, crossed)), "same grouping factor", class = "bayespool_error_moments")
  }
  same_name <- group_moments(y ~ (1 | `text:factor`), transform(crossed, "text:factor" = text, check.names = FALSE))
  expect_error(c(a, same_name), "same grouping factor", class = "bayespool_error_moments")
})

test_that("cells are chosen by their labels, positions and columns", {
  moments <- group_moments(y ~ z + (1 | text) + (1 | factor), crossed)
  expect_identical(subset(moments, text != "b"), group_moments(y ~ z + (1 | text) + (1 | factor), crossed[crossed$text != "b", ]))
  low <- subset(moments, factor == "low" & n > 1)
  expect_identical(low$cells$columns$factor$labels, "low")
  expect_identical(low$cells$columns$factor$levels, levels(crossed$factor))
  chosen <- moments[c("b:mid", "9:high")]
  expect_identical(chosen$group, c("b:mid", "9:high"))
  expect_identical(as.list(as.data.frame(chosen)[1:2]), list(text = c("b", "9"), factor = c("mid", "high")))
  expect_identical(moments[match(chosen$group, moments$group)], chosen)
  expect_identical(moments[-1]$group, moments$group[-1])
  expect_identical(moments[moments$n == 1]$group, "only:mid")
  expect_error(moments["b:absent"], "b:absent", class = "bayespool_error_moments")
  expect_same_moments(c(moments[5:8], moments[c(9, 1:4)], moments[-(1:9)]), moments)
})

test_that("printing shows a column for each grouping column", {
  moments <- group_moments(y ~ z + (1 | text) + (1 | factor), transform(crossed, y = y - 1e9))
  printed <- capture.output(print(moments, max_groups = 3))
  title <- paste0("<group_moments> ", length(moments$n), " groups of text:factor, ", nrow(crossed), " observations")
  expect_identical(printed[1], title)
  expect_match(printed[2], "^ *text +factor +n +mean_z +sd_z +mean_y +sd_y$")
  expect_match(printed[3], "^ *10 +low ")
  expect_match(printed[6], paste("and", length(moments$n) - 3, "more"))
  frame <- as.data.frame(moments)
  expect_identical(names(frame)[1:3], c("text", "factor", "n"))
  expect_identical(paste(frame$text, frame$factor, sep = ":"), moments$group)
})

test_that("residual moments belong to one factor", {
  close <- withr::with_seed(4, transform(crossed, x = z, y = 5 * z + 1e-7 * rnorm(nrow(crossed))))
  of_cells <- group_moments(y ~ x + (1 | text:factor), close)
  expect_false(is.null(of_cells$residual))
  two_factors <- parse_formula(y ~ x + (1 | text) + (1 | factor))
  expect_warning(two <- reduce_data(two_factors, of_cells, FALSE), class = "bayespool_warning_precision")
  expect_null(two$residual)
  expect_null(group_moments(y ~ x + (1 | text) + (1 | factor), close)$residual)
})
