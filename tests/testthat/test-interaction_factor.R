# One grouping factor that is an interaction of columns, beside a column of the joined labels; and levels of rows.

skip_on_cran() # all of it takes long

use_code("elsewhere")

rows <- withr::with_seed(8, data.frame(
  y = rnorm(120), z = rnorm(120), a = sample(c("p", "q", "r"), 120, TRUE), b = sample(c(1, 2.5, 10), 120, TRUE), n = sample(5:9, 120, TRUE)
))
rows$k <- withr::with_seed(9, rbinom(120, rows$n, 0.4))
rows$a[7] <- rows$b[9] <- NA
rows$cell <- interaction(rows$a, rows$b, sep = ":", lex.order = TRUE)
rows$failures <- rows$n - rows$k
rows$share <- ave(rows$z, rows$cell, FUN = mean)
new <- data.frame(
  y = 1:5, z = c(0, 1, 2, 3, 4), share = 0.5, k = 1, failures = 4, a = c("p", "new", "p", "new", "q"), b = c(2.5, 1, 99, 1, 10)
)
new$cell <- paste(new$a, new$b, sep = ":")

# Fits by `a:b` and by `cell`.
both <- function(verb, of_columns, of_cell, ...) {
  lapply(list(of_columns, of_cell), function(formula) quietly(verb(formula, rows, ..., seed = 1, iter_sampling = 100)))
}

expect_same_of_both <- function(fits, read) {
  testthat::expect_equal(read(fits[[1]]), read(fits[[2]]), tolerance = 1e-12, ignore_attr = TRUE)
}

test_that("an interaction is a grouping factor in every verb", {
  cases <- list(
    both(complete_pooling, y ~ z + (1 | a:b), y ~ z + (1 | cell)), both(no_pooling, y ~ z + (1 | a:b), y ~ z + (1 | cell)),
    both(partial_pooling, y ~ 1 + (1 | a:b), y ~ 1 + (1 | cell)), both(varying_intercept, y ~ z + (1 | a:b), y ~ z + (1 | cell)),
    both(varying_intercept_slope, y ~ z + (1 + z | a:b), y ~ z + (1 + z | cell)),
    both(varying_slope, y ~ z + (0 + z | a:b), y ~ z + (0 + z | cell)), both(mixed_model, y ~ z + (1 + z || a:b), y ~ z + (1 + z || cell)),
    both(meta_analysis, y ~ 1 + (1 | a:b), y ~ 1 + (1 | cell), se = rep(c(1, 2), 60)),
    both(varying_intercept, cbind(k, failures) ~ share + (1 | a:b), cbind(k, failures) ~ share + (1 | cell), family = binomial()),
    both(partial_pooling, k ~ 1 + (1 | a:b), k ~ 1 + (1 | cell), family = poisson())
  )
  for (fits in cases) {
    expect_identical(fits[[1]]$reduced$group, fits[[2]]$reduced$group)
    expect_identical(fits[[1]]$reduced$dropped, 2)
    expect_same_of_both(fits, function(fit) as.data.frame(exact_summary(fit)))
    expect_same_of_both(fits, function(fit) predict(fit))
    takes_new <- fits[[1]]$model$name != "no_pooling"
    some <- if (takes_new) new else new[c(1, 5), ]
    if (fits[[1]]$model$name != "meta_analysis") {
      expect_same_of_both(fits, function(fit) as.data.frame(predictive_table(fit, some)))
    }
    expect_same_of_both(fits, function(fit) posterior_epred(fit, some, seed = 1))
  }
})

test_that("groups of new rows are told by their columns", {
  fits <- both(varying_intercept, y ~ z + (1 | a:b), y ~ z + (1 | cell))
  found <- new_rows(fits[[1]], new, population = FALSE, call = NULL)
  expect_identical(found$labels, c(fits[[1]]$reduced$group, "new:1", "p:99"))
  expect_identical(found$labels[found$group], new$cell)
  expect_identical(found$levels[, 1], found$group)
  expect_identical(found$group[2], found$group[4])
  expect_error(posterior_epred(fits[[1]], new[c("z", "a")]), "\"b\"", class = "bayespool_error_data")
  expect_error(posterior_epred(fits[[1]], transform(new, b = NA)), "missing values in `b`", class = "bayespool_error_data")
  population <- new_rows(fits[[1]], new["z"], population = TRUE, call = NULL)
  expect_identical(population$levels, matrix(NA_integer_, 5, 1))
  used <- observed_rows(fits[[1]], "This", NULL)
  expect_identical(fits[[1]]$reduced$group[used$levels], as.character(rows$cell)[used$row])
})

test_that("tables and pictures take an interaction", {
  fits <- both(varying_intercept, y ~ z + (1 | a:b), y ~ z + (1 | cell))
  expect_identical(levels(pp_check(fits[[1]], newdata = new, type = "intervals_grouped")$data$group), levels(
    pp_check(fits[[2]], newdata = new, type = "intervals_grouped")$data$group
  ))
  of_data <- lapply(list(y ~ 1 + (1 | a:b), y ~ 1 + (1 | cell)), function(formula) quietly(plot_data(formula, rows))$data)
  expect_identical(of_data[[1]], of_data[[2]])
  expect_error(plot_data(y ~ 1 + (1 | a) + (1 | b), rows), "two grouping factors", class = "bayespool_error_argument")
  expect_s3_class(plot_new_group(fits[[1]], new[c("z", "a")][c(2, 4), ]), "ggplot") # without its `b`, which is then new
  expect_error(plot_new_group(fits[[1]], new[1, ]), "p:2.5", class = "bayespool_error_data")
  frame <- model.frame(fits[[1]])
  expect_identical(frame[c("a", "b")], rows[observed_rows(fits[[1]], "This", NULL)$row, c("a", "b")], ignore_attr = TRUE)
})

test_that("comparisons take an interaction", {
  compared <- lapply(list(y ~ z + (1 + z | a:b), y ~ z + (1 + z | cell)), function(formula) quietly(compare_pooling(formula, rows)))
  expect_equal(generics::tidy(compared[[1]]), generics::tidy(compared[[2]]), tolerance = 1e-12)
  counts <- lapply(list(k ~ share + (1 | a:b), k ~ share + (1 | cell)), function(formula) {
    quietly(compare_pooling(formula, rows, family = poisson()))
  })
  expect_equal(generics::tidy(counts[[1]]), generics::tidy(counts[[2]]), tolerance = 1e-12)
})

test_that("group counts by an interaction are those of joined labels, whatever holds the rows", {
  quiet_counts <- function(formula, data) quietly(group_counts(formula, data, family = binomial()))
  formula <- cbind(k, failures) ~ share + (1 | a:b)
  counts <- quiet_counts(formula, rows)
  of_cell <- quiet_counts(cbind(k, failures) ~ share + (1 | cell), rows)
  same <- c("group", "n", "events", "size", "log_constant", "x")
  expect_identical(unclass(counts)[same], unclass(of_cell)[same])
  expect_identical(names(as.data.frame(counts))[1:3], c("a", "b", "n"))
  expect_match(capture.output(print(counts))[2], "^ *a +b +n ")
  expect_identical(subset(counts, a == "p")$group, grep("^p:", counts$group, value = TRUE))
  expect_identical(subset(counts, a == "p")$cells$columns$a$labels, "p")
  parts <- split(rows, rep(1:4, 30))
  expect_equal(do.call(c, lapply(unname(parts), quiet_counts, formula = formula)), counts, tolerance = 1e-12)
  i <- 0
  expect_equal(quiet_counts(formula, function() if (i < 4) parts[[i <<- i + 1]]), counts, tolerance = 1e-12)
  expect_equal(quiet_counts(formula, database_table(sqlite_connection(), rows)), counts, tolerance = 1e-12)
  expect_error(varying_intercept(cbind(k, failures) ~ (1 | a), counts, family = binomial()), "a:b", class = "bayespool_error_moments")
})

test_that("counts by two grouping factors are refused with what would work", {
  for (refused in list(
    function() group_counts(k ~ (1 | a) + (1 | b), rows, family = poisson()),
    function() mixed_model(cbind(k, failures) ~ (1 | a / b), rows, family = binomial())
  )) {
    expect_error(refused(), "one grouping factor.*\\(1 \\| a:b\\)", class = "bayespool_error_formula")
  }
})

test_that("levels of rows are those of the data, and new ones", {
  data <- data.frame(
    y = 1:7, s = factor(c("u", "v", "w", "u", "v", "w", "u"), levels = c("x", "w", "v", "u")), i = c(1e5, 2, 2, 3, 1e5, 3, 2),
    l = c(TRUE, FALSE, TRUE, TRUE, FALSE, TRUE, FALSE)
  )
  levels_in <- function(formula, values, moments = group_moments(formula, data)) {
    levels_of_rows(moments, parse_formula(formula)$factors, values, NULL)
  }
  crossed <- levels_in(y ~ (1 | s) + (1 | i), data)
  expect_identical(crossed$labels, list(s = c("w", "v", "u"), i = c("2", "3", "1e+05")))
  expect_identical(crossed$code, cbind(s = c(3L, 2L, 1L, 3L, 2L, 1L, 3L), i = c(3L, 1L, 1L, 2L, 3L, 2L, 1L)))
  # Known labels in any order and type; new ones are distinct, equal ones the same.
  values <- list(s = c("v", "new", NA, "x", "new", "u"), i = c(100000L, 7L, 2L, 3L, 8L, NA))
  found <- levels_in(y ~ (1 | s) + (1 | i), values)
  expect_identical(found$labels, list(s = c("w", "v", "u", "new", "x"), i = c("2", "3", "1e+05", "7", "8")))
  expect_identical(found$code, cbind(s = c(2L, 4L, NA, 5L, 4L, 3L), i = c(3L, 4L, 1L, 2L, 5L, NA)))

  # Nested: a known class of a known school; a new class of a known school; classes of a new one; a class known elsewhere.
  nested <- y ~ (1 | s / l)
  known <- levels_in(nested, data)
  expect_identical(known$labels, list(s = c("w", "v", "u"), "s:l" = c("w:TRUE", "v:FALSE", "u:FALSE", "u:TRUE")))
  expect_identical(known$code[, "s:l"], c(4L, 2L, 1L, 4L, 2L, 1L, 3L))
  found <- levels_in(nested, list(s = c("u", "v", "new", "new", "new", NA), l = c(FALSE, TRUE, TRUE, FALSE, TRUE, TRUE)))
  expect_identical(found$labels[["s:l"]], c(known$labels[["s:l"]], "v:TRUE", "new:TRUE", "new:FALSE"))
  expect_identical(found$code[, "s:l"], c(3L, 5L, 6L, 7L, 6L, NA))
  expect_identical(found$code[, "s"], c(3L, 2L, 4L, 4L, 4L, NA))

  # An interaction whose columns are in another order than the lines', and moments of chosen cells.
  turned <- levels_in(y ~ (1 | s) + (1 | i:s), data)
  expect_identical(turned$labels[["i:s"]], levels(interaction(data$i, data$s, sep = ":", lex.order = TRUE, drop = TRUE)))
  expect_identical(
    turned$labels[["i:s"]][turned$code[, "i:s"]], as.character(interaction(data$i, data$s, sep = ":"))
  )
  chosen <- group_moments(nested, data)[c(3, 1)]
  found <- levels_in(nested, data, chosen)
  expect_identical(found$labels, list(s = c("w", "u", "v"), "s:l" = c("u:FALSE", "w:TRUE", "u:TRUE", "v:FALSE")))

  one <- levels_in(y ~ (1 | s), list(s = c("u", "q", "w")))
  expect_identical(one, list(code = cbind(s = c(3L, 4L, 1L)), labels = list(s = c("w", "v", "u", "q"))))
  # Labels that join to the same are not one level.
  expect_error(
    levels_in(nested, list(s = c("u:1", "u"), l = c("2", "1:2"))), "u:1:2", class = "bayespool_error_data"
  )
})
