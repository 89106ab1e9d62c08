# Rows that come in parts, beside the same rows at once.

skip_on_cran() # all of it takes long

use_code("elsewhere")
rows <- rows_of_all_kinds()
in_turn <- function(parts) {
  i <- 0
  function() if (i < length(parts)) parts[[i <<- i + 1]]
}
split_rows <- function(data, by) unname(split(data, by))
shuffled <- withr::with_seed(3, sample(nrow(rows)))

test_that("moments are those of all rows at once", {
  further <- list(y ~ log(s) * f + I(z^2) + (1 | k), sqrt(s) ~ z + (1 | g), y ~ z + (1 + exp(z) | g))
  for (formula in c(kinds_of_formula, further)) {
    for (parts in list(list(rows), split_rows(rows[shuffled, ], rep(1:7, length.out = nrow(rows))))) {
      expect_same_moments(moments_of(formula, in_turn(parts)), moments_of(formula, rows))
      expect_same_moments(moments_of(formula, in_turn(parts), weights = w), moments_of(formula, rows, weights = w))
    }
  }
})

test_that("a part may have a single row", {
  some <- rows[c(3, 20:60), ]
  formula <- y ~ I(as.numeric(cut(s, c(0, 1, 2)))) + log(s) + (1 | k)
  expect_same_moments(moments_of(formula, in_turn(list(some[1, ], some[-1, ]))), moments_of(formula, some))
})

test_that("a category may have a single value in a part", {
  complete <- rows[!is.na(rows$f), ]
  for (formula in list(y ~ f * z + (1 | g), y ~ 1 + (1 + f | g), y ~ f:h + (1 | k))) {
    found <- moments_of(formula, in_turn(split_rows(complete, complete$f)), weights = w)
    expect_same_moments(found, moments_of(formula, complete, weights = w))
  }
})

test_that("factors keep the order of their levels, groups that of their type", {
  complete <- rows[!is.na(rows$f), ]
  complete$f <- factor(complete$f, levels = c("unused", "b", "C", "a"))
  complete$k <- as.integer(complete$k * 2)
  parts <- split_rows(complete[rev(seq_len(nrow(complete))), ], rep(1:5, length.out = nrow(complete)))
  expect_same_moments(moments_of(y ~ z + (1 | f), in_turn(parts)), moments_of(y ~ z + (1 | f), complete))
  expect_same_moments(moments_of(y ~ f + (1 | k), in_turn(parts)), moments_of(y ~ f + (1 | k), complete))
  complete$day <- as.Date("2024-01-01") + complete$k
  parts <- split_rows(complete, rep(1:5, length.out = nrow(complete)))
  expect_same_moments(moments_of(y ~ z + (1 | day), in_turn(parts)), moments_of(y ~ z + (1 | day), complete))
  # factor() in the formula has the levels that all rows have, in order.
  of_number <- split_rows(complete, complete$u %% 2 == 0)
  expect_same_moments(moments_of(y ~ factor(u) + (1 | g), in_turn(of_number)), moments_of(y ~ factor(u) + (1 | g), complete))
  # Where parts have a factor and text, levels are text.
  parts[[2]]$f <- as.character(parts[[2]]$f)
  expect_identical(moments_of(y ~ z + (1 | f), in_turn(parts))$group, levels(factor(as.character(complete$f))))
})

test_that("factor() in the formula has levels in the order of all rows", {
  for (by in list(rows$u, -rows$u)) {
    for (formula in list(y ~ factor(u) + (1 | g), y ~ as.factor(f) + (1 | g), y ~ 1 + (1 + factor(u) | g))) {
      parts <- split_rows(rows[order(by), ], sort(by))
      expect_same_moments(moments_of(formula, in_turn(parts)), moments_of(formula, rows))
    }
  }
})

test_that("many parts with many groups are merged as they come", {
  withr::local_seed(1)
  n <- 3e5
  many <- data.frame(g = sample(60000, n, TRUE), y = 1e9 + rnorm(n), x = rnorm(n))
  parts <- split_rows(many, rep(1:6, length.out = n))
  expect_same_moments(moments_of(y ~ x + (1 | g), in_turn(parts)), moments_of(y ~ x + (1 | g), many))
})

test_that("rows are dropped and told of in all parts together", {
  empty_in_between <- c(list(rows[0, ]), split_rows(rows, is.na(rows$z)), list(rows[0, ]), list(rows[1:3, ]))
  empty_in_between[[2 + 1]]$f <- NA # a part without a complete row, of another type
  told <- NULL
  found <- withCallingHandlers(group_moments(y ~ z + f + (1 | g), in_turn(empty_in_between)), bayespool_message_dropped = function(cnd) {
    told <<- conditionMessage(cnd)
    tryInvokeRestart("muffleMessage")
  })
  together <- rbind(rows, rows[1:3, ])
  expect_same_moments(found, moments_of(y ~ z + f + (1 | g), together))
  expect_match(told, paste("Dropped", sum(!complete.cases(together[c("y", "z", "f", "g")])), "rows"))
  withr::local_options(na.action = "na.fail")
  expect_error(group_moments(y ~ z + (1 | g), in_turn(list(rows))), "na.fail", class = "bayespool_error_data")
})

test_that("fits take parts as data", {
  parts <- split_rows(rows, rep(1:4, length.out = nrow(rows)))
  found <- quietly(varying_intercept(z ~ s + (1 | k), in_turn(parts), iter_sampling = 0))
  wanted <- quietly(varying_intercept(z ~ s + (1 | k), rows, iter_sampling = 0))
  expect_equal(exact_summary(found), exact_summary(wanted), tolerance = 1e-10)
  expect_error(meta_analysis(z ~ 1 + (1 | k), in_turn(parts), se = s), "data frame", class = "bayespool_error_data")
  # A stream is read once, whatever is fitted.
  for (formula in list(z ~ s + (1 | k), z ~ s + (1 + s | h))) {
    compared <- quietly(suppressWarnings(compare_pooling(formula, in_turn(parts), weights = w, iter_sampling = 0)))
    moments <- moments_of(formula, rows, weights = w)
    wanted <- suppressWarnings(compare_pooling(formula, moments, iter_sampling = 0))
    expect_equal(compared$groups, wanted$groups, tolerance = 1e-6)
    expect_equal(compared$models, wanted$models, tolerance = 1e-6)
  }
})

test_that("results of a query and streams are read to their end", {
  connection <- sqlite_connection()
  database_table(connection, rows)
  query <- DBI::dbSendQuery(connection, "SELECT * FROM rows")
  expect_same_moments(moments_of(y ~ x * f + (1 | g), query, weights = w), moments_of(y ~ x * f + (1 | g), rows, weights = w))
  DBI::dbClearResult(query)

  skip_if_not_installed("nanoarrow")
  stream <- nanoarrow::basic_array_stream(lapply(split_rows(rows, rep(1:3, length.out = nrow(rows))), nanoarrow::as_nanoarrow_array))
  expect_same_moments(moments_of(y ~ x * f + (1 | g), stream, weights = w), moments_of(y ~ x * f + (1 | g), rows, weights = w))
})

test_that("a folder of Parquet files is read one after the other, or reduced side by side", {
  skip_if_not_installed("nanoparquet")
  folder <- withr::local_tempdir()
  parts <- split_rows(rows, rep(1:4, length.out = nrow(rows)))
  for (i in seq_along(parts)) nanoparquet::write_parquet(parts[[i]], file.path(folder, paste0(i, ".parquet")))
  files <- list.files(folder, full.names = TRUE)
  formula <- y ~ x * f + (1 | g)
  wanted <- moments_of(formula, rows)
  next_file <- function(files) {
    function() {
      if (length(files) == 0) {
        return(NULL)
      }
      file <- files[1]
      files <<- files[-1]
      nanoparquet::read_parquet(file)
    }
  }
  expect_same_moments(moments_of(formula, next_file(files)), wanted)
  skip_if_not_installed("future.apply")
  plan <- getExportedValue("future", "plan")
  withr::defer(plan("sequential"))
  plan("multisession", workers = 2)
  of_files <- getExportedValue("future.apply", "future_lapply")(files, function(file) {
    suppressMessages(bayespool::group_moments(formula, nanoparquet::read_parquet(file)))
  })
  expect_same_moments(do.call(c, of_files), wanted)
  # The other groups are 1e9 away, with a spread of 1.
  near <- function(moments) moments[intersect(moments$group, c("s10", "s2", "Tokyo"))]
  wanted <- near(wanted)
  found <- quietly(varying_intercept(formula, lapply(of_files, near), iter_sampling = 0))
  expect_equal(exact_summary(found), exact_summary(quietly(varying_intercept(formula, wanted, iter_sampling = 0))), tolerance = 1e-9)
})

test_that("what is no source of rows is refused", {
  formula <- y ~ x + (1 | g)
  refused <- function(data, text, ..., class = "data") {
    expect_error(quietly(group_moments(formula, data, ...)), text, class = paste0("bayespool_error_", class))
  }
  refused(function() 7, "NULL")
  refused(function() rows[0, ], "thousand")
  refused(function() NULL, "no rows")
  refused(function() stop("the file is not there"), "the file is not there")
  refused(in_turn(list(rows[c("y", "x")])), "not in")
  refused(in_turn(list(rows)), "column", weights = rep(1, nrow(rows)), class = "argument")
  refused(in_turn(list(rows)), "column", weights = nothing, class = "argument")
  others <- list(
    y ~ poly(s, 2) + (1 | g), y ~ scale(s) + (1 | g), scale(y) ~ 1 + (1 | g), y ~ I(s - mean(s)) + (1 | g), y ~ cut(s, 3) + (1 | g),
    y ~ 1 + (1 + rank(s) | g)
  )
  for (formula in others) refused(in_turn(list(rows)), "all rows")
  formula <- y ~ poly(s, 2, raw = TRUE) + (1 | g)
  refused(in_turn(list(rows)), "numbers or a category")
  formula <- y ~ u + (1 | g)
  refused(in_turn(list(rows, transform(rows, u = as.character(u)))), "in another")
  formula <- y ~ x + (1 | u)
  refused(in_turn(list(rows, transform(rows, u = as.character(u)))), "in another")
  infinite <- rows
  infinite$x[30] <- -Inf
  formula <- y ~ x + (1 | g)
  refused(in_turn(list(rows, infinite)), "infinite")
})

test_that("progress is shown where it is asked for, and nowhere else", {
  parts <- split_rows(rows, rep(1:5, length.out = nrow(rows)))
  slow <- function() {
    read <- in_turn(parts)
    function() {
      Sys.sleep(0.05)
      read()
    }
  }
  shown <- function(progress) {
    withr::local_options(bayespool.progress = progress, cli.progress_show_after = 0, cli.dynamic = TRUE, cli.progress_clear = TRUE)
    paste(cli::cli_fmt(quietly(group_moments(y ~ x + (1 | g), slow()))), collapse = "")
  }
  expect_identical(shown(FALSE), "")
  expect_match(shown(TRUE), "Rows read: 302")
})
