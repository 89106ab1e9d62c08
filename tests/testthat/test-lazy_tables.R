# Tables in databases, beside the same rows in R.

skip_on_cran() # all of it takes long

use_code("elsewhere")
rows <- rows_of_all_kinds()
engines <- list(SQLite = sqlite_connection, PostgreSQL = postgres_connection, DuckDB = duckdb_connection)

for (engine in names(engines)) {
  test_that(paste("moments are those of the rows:", engine), {
    skip_on_cran() # dbplyr takes a minute to write all queries
    connection <- engines[[engine]]()
    table <- database_table(connection, rows)
    for (formula in kinds_of_formula) expect_same_moments(moments_of(formula, table), moments_of(formula, rows))
    for (formula in kinds_of_formula[c(4, 8, 9)]) {
      expect_same_moments(moments_of(formula, table, weights = w), moments_of(formula, rows, weights = w))
    }
  })

  test_that(paste("missing rows, rows of weight 0 and their columns are told as those of rows in R:", engine), {
    table <- database_table(engines[[engine]](), rows)
    told <- function(...) {
      text <- character()
      withCallingHandlers(group_moments(...), bayespool_message_dropped = function(cnd) {
        text <<- c(text, conditionMessage(cnd))
        invokeRestart("muffleMessage")
      })
      text
    }
    for (formula in list(y ~ z + f + (1 | g), y ~ x + (1 | k))) {
      expect_identical(sort(told(formula, table)), sort(told(formula, rows)))
    }
    expect_identical(told(y ~ x + (1 | k), table, weights = w), told(y ~ x + (1 | k), rows, weights = w))
    withr::with_options(list(na.action = "na.fail"), {
      expect_error(group_moments(y ~ z + (1 | g), table), "na.fail", class = "bayespool_error_data")
    })
  })

  test_that(paste("odd names, logical values, other orders and numbers of every size:", engine), {
    named <- data.frame(one = rnorm(60), x1 = rnorm(60), key1 = rep(c("p", "q", "r"), 20), g = rep(1:4, 15), weight = 1:60, n = rnorm(60))
    connection <- engines[[engine]]()
    formula <- n ~ x1 * one + key1 + (1 | g)
    expect_same_moments(
      moments_of(formula, database_table(connection, named, "named"), weights = weight), moments_of(formula, named, weights = weight)
    )
    odd <- data.frame(
      `my y` = 1e9 + rnorm(60), `Größe "x"` = rnorm(60), SELECT = rep(c(TRUE, FALSE, NA), 20),
      key1 = sample(c(100000, 1e15, 0.1), 60, TRUE), average1 = 1:60, check.names = FALSE
    )
    table <- database_table(connection, odd)
    of_rows <- as.data.frame(dplyr::collect(table)) # SQLite has no logical values
    formula <- `my y` ~ `Größe "x"` * SELECT + average1 + (1 | key1)
    expect_same_moments(moments_of(formula, table), moments_of(formula, of_rows))
    formula <- `my y` ~ average1 + (0 + `Größe "x"` | key1)
    expect_same_moments(moments_of(formula, dplyr::filter(table, average1 > 5)), moments_of(formula, subset(of_rows, average1 > 5)))
  })

  test_that(paste("groups of one value have no spread, however their average is rounded:", engine), {
    size <- rep(2:61, 3)
    constant <- data.frame(g = rep(seq_along(size), size), y = rep(withr::with_seed(6, rnorm(size, 0, 1e3)), size), x = 1:6)
    found <- moments_of(y ~ x + (1 | g), database_table(engines[[engine]](), constant))
    wanted <- moments_of(y ~ x + (1 | g), constant)
    expect_identical(found$within[, 2:3], wanted$within[, 2:3])
    expect_true(all(found$within[, 2:3] == 0))
    expect_identical(found$mean[, "y"], wanted$mean[, "y"])
  })

  test_that(paste("columns may have the names that the query could give:", engine), {
    named <- stats::setNames(rows[c("u", "f", "h", "z", "s", "w", "k", "g")], c("one", "key2", "key1", "x2", "x1", "n", "low1", "average1"))
    table <- database_table(engines[[engine]](), named)
    for (formula in list(x1 ~ x2 + key1 * key2 + (1 | one), n ~ x1:low1 + x2 + key2 + (1 | key1), low1 ~ one * n + key1 + (1 | average1))) {
      expect_same_moments(moments_of(formula, table), moments_of(formula, named))
    }
  })

  test_that(paste("verbs of dplyr come first:", engine), {
    table <- database_table(engines[[engine]](), rows)
    computed <- dplyr::group_by(dplyr::mutate(dplyr::filter(table, s < 1.8), high = z * 2 + s), g)
    in_r <- transform(subset(rows, s < 1.8), high = z * 2 + s)
    expect_same_moments(moments_of(y ~ high + (1 | g), computed), moments_of(y ~ high + (1 | g), in_r))
  })
}

test_that("fits from a table are those from moments", {
  rows <- subset(rows, !is.na(f) & !g %in% "alike") # a table does not give rows back that once were dropped
  table <- database_table(sqlite_connection(), rows)
  for (verb in list(complete_pooling, no_pooling, partial_pooling)) {
    formula <- z ~ 1 + (1 | g)
    found <- quietly(suppressWarnings(verb(formula, table, seed = 1)))
    expect_equal(exact_summary(found), exact_summary(quietly(suppressWarnings(verb(formula, rows, seed = 1)))), tolerance = 1e-10)
  }
  formula <- z ~ s + f + (1 + s | k)
  found <- quietly(varying_intercept_slope(formula, table, weights = w, iter_sampling = 0))
  wanted <- quietly(varying_intercept_slope(formula, rows, weights = w, iter_sampling = 0))
  expect_equal(exact_summary(found), exact_summary(wanted), tolerance = 1e-8)
  # New rows are coded and weighted as those of the table.
  new <- data.frame(s = 1, f = "C", k = 10, w = c(1, 4))
  expect_equal(predictive_table(found, new), predictive_table(wanted, new), tolerance = 1e-8)
  expect_equal(loo(found, unit = "group")$estimates, loo(wanted, unit = "group")$estimates, tolerance = 1e-8)
  expect_equal(exact_summary(update(found, . ~ . - f)), exact_summary(quietly(update(wanted, . ~ . - f))), tolerance = 1e-8)
  compared <- quietly(suppressWarnings(compare_pooling(z ~ 1 + (1 | g), table, iter_sampling = 0)))
  in_r <- quietly(suppressWarnings(compare_pooling(z ~ 1 + (1 | g), rows, iter_sampling = 0)))
  expect_equal(compared$groups, in_r$groups, tolerance = 1e-7)
})

test_that("meta-analyses are those of the rows", {
  studies <- data.frame(d = c(0.4, -0.1, 0.7, 0.3, 0.2, NA), se = c(0.2, 0.1, 0.3, 0.15, 0.25, 0.1), study = letters[1:6], year = 1:6)
  table <- database_table(sqlite_connection(), studies)
  for (formula in list(d ~ 1 + (1 | study), d ~ year + (1 | study))) {
    found <- quietly(meta_analysis(formula, table, se = se, iter_sampling = 0))
    wanted <- quietly(meta_analysis(formula, studies, se = se, iter_sampling = 0))
    expect_equal(exact_summary(found), exact_summary(wanted), tolerance = 1e-10)
    expect_equal(variance_components(found), variance_components(wanted), tolerance = 1e-10)
  }
  squares <- dplyr::mutate(table, v = se * se)
  by_variance <- quietly(meta_analysis(d ~ year + (1 | study), squares, vi = v, iter_sampling = 0))
  expect_equal(exact_summary(by_variance), exact_summary(wanted), tolerance = 1e-10)
  expect_error(meta_analysis(d ~ 1 + (1 | study), table), "se = se", class = "bayespool_error_argument")
  expect_error(meta_analysis(d ~ 1 + (1 | study), table, se = se / 2), "column", class = "bayespool_error_argument")
  for (bad in c(0, -1)) {
    wrong <- dplyr::mutate(table, se = ifelse(study == "b", !!bad, se))
    expect_error(meta_analysis(d ~ 1 + (1 | study), wrong, se = se), "above 0", class = "bayespool_error_argument")
  }
})

test_that("what single rows are needed for takes some of them", {
  table <- database_table(sqlite_connection(), rows)
  formula <- z ~ s + (1 | k)
  found <- quietly(varying_intercept(formula, table, weights = w, seed = 1))
  wanted <- quietly(varying_intercept(formula, rows, weights = w, seed = 1))
  some <- as.data.frame(dplyr::collect(utils::head(dplyr::filter(table, w > 0, !is.na(z)), 100)))
  used <- which(rows$w > 0 & !is.na(rows$z))[1:100]
  expect_equal(some$z, rows$z[used])
  expect_equal(posterior_predict(found, some, seed = 2), posterior_predict(wanted, rows[used, ], seed = 2), tolerance = 1e-8)
  whole <- loo(wanted)$pointwise[seq_along(used), ]
  expect_equal(loo(found, newdata = some)$pointwise, whole, tolerance = 1e-8)
  expect_s3_class(pp_check(found, newdata = some), "ggplot")
  expect_error(pp_check(found), "newdata", class = "bayespool_error_data")
  expect_error(loo(found), "newdata", class = "bayespool_error_data")
  expect_error(posterior_predict(found), "newdata", class = "bayespool_error_data")
  expect_error(posterior_predict(found, table), "collect", class = "bayespool_error_data")
  expect_error(loo(found, newdata = some[c("z", "s", "k")]), "weights", class = "bayespool_error_data")
})

test_that("what a database would have to compute in its own way is refused", {
  table <- database_table(sqlite_connection(), rows)
  expect_refused <- function(formula, class, text) {
    expect_error(quietly(group_moments(formula, table)), text, class = paste0("bayespool_error_", class))
  }
  others <- list(log(s) ~ 1 + (1 | g), y ~ log(s) + (1 | g), y ~ I(z^2) + (1 | g), y ~ poly(z, 2) + (1 | g), y ~ z + (1 + exp(z) | g))
  for (formula in others) expect_refused(formula, "formula", "mutate")
  expect_refused(y ~ nothing + (1 | g), "data", "nothing")
  expect_refused(f ~ 1 + (1 | g), "data", "numbers")
  expect_error(group_moments(y ~ 1 + (1 | g), table, weights = w / 2), "column", class = "bayespool_error_argument")
  expect_error(group_moments(y ~ 1 + (1 | g), dplyr::mutate(table, w = -w), weights = w), "negative", class = "bayespool_error_argument")
})

test_that("tables without a complete row are refused", {
  connection <- sqlite_connection()
  table <- database_table(connection, rows)
  expect_error(group_moments(y ~ 1 + (1 | g), dplyr::filter(table, s > 9)), "no rows", class = "bayespool_error_data")
  without <- dplyr::filter(table, is.na(z))
  expect_error(group_moments(y ~ z + (1 | g), without), "Every row", class = "bayespool_error_data")
  expect_error(group_moments(y ~ 1 + (1 | g), dplyr::filter(table, w == 0), weights = w), "above 0", class = "bayespool_error_argument")
})

test_that("a query that changes is told from one that does not", {
  table <- database_table(sqlite_connection(), rows)
  unstable <- dplyr::filter(table, dplyr::sql("RANDOM() > 0"))
  expect_error(quietly(group_moments(y ~ 1 + (1 | g), unstable)), "compute", class = "bayespool_error_data")
})

test_that("values that are no numbers and types without an order are refused", {
  for (connect in list(postgres_connection, duckdb_connection)) {
    connection <- connect()
    odd <- database_table(connection, data.frame(
      y = c(1, 2, 3, 4), x = c(1, NaN, 2, 3), z = c(1, 2, Inf, 3), g = c("a", "a", "b", "b"), day = as.Date("2024-01-01") + 0:3
    ))
    odd <- dplyr::mutate(odd, x = dplyr::sql("CASE WHEN y = 2 THEN CAST('NaN' AS DOUBLE PRECISION) ELSE y END"))
    odd <- dplyr::mutate(odd, big = dplyr::sql("CAST(9007199254740993 AS BIGINT)"), small = dplyr::sql("CAST(y AS BIGINT)"))
    for (column in c("x", "z")) {
      formula <- stats::reformulate(c(column, "(1 | g)"), "y")
      expect_error(group_moments(formula, odd), "infinite", class = "bayespool_error_data")
    }
    expect_error(group_moments(y ~ 1 + (1 | day), odd), "text, numbers", class = "bayespool_error_data")
    expect_error(group_moments(y ~ day + (1 | g), odd), "numbers", class = "bayespool_error_data")
    expect_error(group_moments(y ~ 1 + (1 | big), odd), "2\\^53", class = "bayespool_error_data")
    expect_identical(group_moments(y ~ 1 + (1 | small), odd)$group, c("1", "2", "3", "4"))
  }
})

test_that("the query is written for databases that are not here", {
  skip_if_not_installed("dbplyr")
  dialects <- c("spark_sql", "hive", "snowflake", "mssql", "oracle", "redshift", "mysql", "hana", "teradata", "impala")
  known <- intersect(paste0("simulate_", dialects), getNamespaceExports("dbplyr")) # older versions call Spark's hive
  expect_gte(length(known), 9)
  for (dialect in known) {
    simulated <- getExportedValue("dbplyr", dialect)()
    table <- dbplyr::lazy_frame(y = 1, x = 1, f = "a", g = "b", bayespool_weights = 1, con = simulated)
    for (weighted in c(FALSE, TRUE)) {
      query <- as.character(dbplyr::sql_render(sums_by_cell(table, c("g", "f"), list("x", c("x", "y"), "y"), weighted)))
      expect_match(query, "LEFT JOIN")
      expect_match(query, "GROUP BY .bayespool_one., .bayespool_key1., .bayespool_key2.$")
      expect_match(query, "SUM\\(.*x2. - .average2.\\)+ \\* \\(.bayespool_x3. - .average3.\\)\\) AS .product5.")
      # Casts mean different types in different databases.
      expect_no_match(query, "CAST")
    }
  }
})

test_that("the same verbs reduce what other packages than dbplyr hold", {
  skip_if_not_installed("dplyr")
  # arrow is not on all machines: its tables are stood in for by a data frame that nothing else of the package's methods can reduce.
  elsewhere <- tibble::as_tibble(rows)
  for (formula in kinds_of_formula) {
    wanted <- moments_of(formula, rows)
    parsed <- parse_formula(formula)
    expect_same_moments(quietly(reduce_data.Dataset(parsed, elsewhere, FALSE)), wanted)
  }
})
