# Group counts of rows in parts, and of tables that R does not hold, beside those of all rows in R.

skip_on_cran() # all of it takes long

use_code("group_counts")

kinds_of_counts <- list(
  list(y ~ z + f + (1 | g), binomial()), list(cbind(k, m) ~ f * z + (1 | g), binomial()),
  list(cbind(k, m) ~ factor(z) + (1 | g), binomial()), list(count ~ z + (1 | g), poisson()),
  list(count ~ f + offset(log(days)) + (1 | g), poisson()),
  list(count ~ 1 + offset(log(days)) + offset(log(w)) + (1 | f), poisson()), list(count ~ z + offset(log(w)) + (1 | z), poisson())
)

test_that("rows in parts are those of all rows at once", {
  expressions <- list(
    list(log1p(k) > 1 ~ I(z^2) + (1 | g), binomial()), list(word ~ log(z + 3) * f + (1 | g), binomial()),
    list(count ~ offset(log(days * w)) + (1 | f), poisson()), list(count ~ offset(z) + (1 | f), poisson())
  )
  for (kind in c(kinds_of_counts, expressions)) {
    wanted <- suppressMessages(group_counts(kind[[1]], people, kind[[2]]))
    for (parts in list(list(people), unname(split(people[400:1, ], rep(1:6, length.out = 400))), unname(split(people, people$g)))) {
      expect_same_counts(suppressMessages(group_counts(kind[[1]], in_turn(parts), kind[[2]])), wanted)
    }
  }
  parts <- unname(split(with_trials, with_trials$w))
  formula <- k / n ~ z + (1 | g)
  wanted <- group_counts(formula, with_trials, binomial(), weights = n)
  expect_same_counts(group_counts(formula, in_turn(parts), binomial(), weights = n), wanted)
  skip_if_not_installed("nanoarrow")
  stream <- nanoarrow::as_nanoarrow_array_stream(people)
  expect_same_counts(group_counts(y ~ f + (1 | g), stream, binomial()), group_counts(y ~ f + (1 | g), people, binomial()))
})

test_that("parts that do not fit together are refused", {
  by_part <- function(formula, parts, family = binomial()) group_counts(formula, in_turn(parts), family)
  expect_refused(by_part(y ~ days + (1 | g), list(people)), "data", "`days` varies")
  one_a_group <- lapply(1:2, function(i) people[tapply(seq_len(400), people$g, `[`, i), ])
  expect_refused(by_part(y ~ days + (1 | g), one_a_group), "data", "`days` varies") # not within a part
  flipped <- transform(people, word = factor(word, levels = c("alive", "dead")))
  expect_refused(by_part(word ~ 1 + (1 | g), list(people, flipped)), "moments", "success")
  bad <- transform(people, k = replace(k, 3, -1))
  expect_refused(by_part(cbind(k, m) ~ 1 + (1 | g), list(with_trials, bad)), "data", "-1 in row 3 of part 2")
  expect_refused(by_part(y ~ poly(z, 2) + (1 | g), list(people)), "data", "poly")
  expect_refused(by_part(count ~ offset(scale(days)) + (1 | g), list(people), poisson()), "data", "scale")
  expect_refused(by_part(y ~ 1 + (1 | g), list()), "data", "no rows")
  told <- NULL
  holes <- transform(people, z = replace(z, 1:5, NA))
  withCallingHandlers(by_part(y ~ z + (1 | g), list(holes, people)), bayespool_message_dropped = function(cnd) {
    told <<- conditionMessage(cnd)
    tryInvokeRestart("muffleMessage")
  })
  expect_match(told, "Dropped 5 rows")
})

test_that("a result of DBI is read to its end", {
  connection <- sqlite_connection()
  DBI::dbWriteTable(connection, "rows", people[setdiff(names(people), "word")])
  result <- DBI::dbSendQuery(connection, "SELECT * FROM rows")
  found <- group_counts(count ~ f + offset(log(days)) + (1 | g), result, poisson())
  DBI::dbClearResult(result)
  expect_same_counts(found, group_counts(count ~ f + offset(log(days)) + (1 | g), people, poisson()))
})

test_that("the query is written for databases that are not here, and with the names of columns", {
  skip_if_not_installed("dbplyr")
  for (dialect in c("hive", "snowflake", "mssql", "oracle", "redshift", "mysql", "hana", "teradata", "impala")) {
    simulated <- getExportedValue("dbplyr", paste0("simulate_", dialect))()
    table <- dbplyr::lazy_frame(y = 1, x = 1, e = 2, g = "b", con = simulated)
    query <- as.character(dbplyr::sql_render(counts_by_cell(table, c("g", "y"), "x", "e")))
    expect_match(query, "GROUP BY .bayespool_key1., .bayespool_key2.$")
    expect_match(query, "SUM\\((LOG|LN)\\(.bayespool_e1.\\)\\)")
    expect_no_match(query, "CAST")
  }
})

test_that("tables that other packages hold are reduced by the same verbs", {
  skip_if_not_installed("dplyr")
  parsed <- parse_formula(count ~ f + offset(log(days)) + (1 | g), family = families$poisson)
  found <- reduce_counts.Dataset(parsed, tibble::as_tibble(people))
  expect_same_counts(found, reduce_counts(parsed, people))
})

engines <- list(SQLite = sqlite_connection, PostgreSQL = postgres_connection, DuckDB = duckdb_connection)
stored <- people[setdiff(names(people), "word")]
stored$z[2:3] <- stored$g[5] <- stored$k[9] <- stored$count[10] <- NA

for (engine in names(engines)) {
  test_that(paste("tables of a database are their rows:", engine), {
    if (engine != "SQLite") skip_on_cran()
    table <- database_table(engines[[engine]](), stored)
    in_r <- as.data.frame(dplyr::collect(table)) # SQLite has no logical values
    for (kind in c(kinds_of_counts, list(list(yes ~ z + (1 | g), binomial())))) {
      found <- lapply(list(table, in_r), function(data) {
        told <- character()
        counts <- withCallingHandlers(group_counts(kind[[1]], data, kind[[2]]), bayespool_message_dropped = function(cnd) {
          told <<- c(told, conditionMessage(cnd))
          tryInvokeRestart("muffleMessage")
        })
        list(counts, sub("missing values in .*", "", told)) # a table names the columns, R the response
      })
      expect_same_counts(found[[1]][[1]], found[[2]][[1]])
      expect_identical(found[[1]][[2]], found[[2]][[2]])
    }
    proportions <- dplyr::mutate(dplyr::filter(table, n > 0), p = k * 1 / n, q = ifelse(p > 0.5, 1, 0))
    in_r <- transform(subset(in_r, n > 0), p = k / n)
    found <- suppressMessages(group_counts(q ~ z + (1 | g), proportions, binomial(), weights = n))
    in_r$q <- ifelse(in_r$p > 0.5, 1, 0)
    expect_same_counts(found, suppressMessages(group_counts(q ~ z + (1 | g), in_r, binomial(), weights = n)))
    thirds <- dplyr::mutate(proportions, third = w / 3.0, three = 3)
    in_r[c("third", "three")] <- list(in_r$w / 3, 3)
    found <- suppressMessages(group_counts(third ~ 1 + (1 | g), thirds, binomial(), weights = three))
    expect_same_counts(found, suppressMessages(group_counts(third ~ 1 + (1 | g), in_r, binomial(), weights = three)))
  })

  test_that(paste("odd names, logical predictors, labels that are numbers:", engine), {
    if (engine != "SQLite") skip_on_cran()
    odd <- data.frame(
      `my k` = people$k, key1 = people$m, `Größe "x"` = people$days, SELECT = people$g == "s2", n = people$z,
      low1 = c(b = 1e5, s10 = 0.1, s2 = 1e15, tokyo = 3)[people$g], check.names = FALSE
    )
    table <- database_table(engines[[engine]](), odd)
    in_r <- as.data.frame(dplyr::collect(table))
    for (kind in list(
      list(cbind(`my k`, key1) ~ SELECT + n + (1 | low1), binomial()), list(SELECT ~ 1 + (1 | low1), binomial()),
      list(`my k` ~ SELECT + offset(log(`Größe "x"`)) + (1 | n), poisson())
    )) {
      of <- function(data) suppressMessages(group_counts(kind[[1]], data, kind[[2]]))
      expect_same_counts(of(dplyr::filter(table, n > -1)), of(subset(in_r, n > -1)))
    }
  })

  test_that(paste("what is no count, or varies, is refused in tables too:", engine), {
    if (engine != "SQLite") skip_on_cran()
    table <- database_table(engines[[engine]](), people[setdiff(names(people), "word")])
    at <- function(formula, text, class = "data", family = poisson(), data = table) {
      expect_refused(group_counts(formula, data, family), class, text)
    }
    at(count ~ days + (1 | g), "`days` varies within groups")
    at(count ~ f + (1 | w), "`f` varies within groups")
    at(days ~ 1 + (1 | g), "whole numbers")
    at(count ~ 1 + (1 | g), "0 or 1", family = binomial())
    at(cbind(k, z) ~ 1 + (1 | g), "whole numbers", family = binomial())
    at(f ~ 1 + (1 | g), "column of numbers")
    for (bad in list(NA, 0, -2)) {
      at(count ~ offset(log(days)) + (1 | g), paste("exposure of", bad), data = dplyr::mutate(table, days = ifelse(g == "s2", !!bad, days)))
    }
    at(count ~ offset(log(days * w)) + (1 | g), "mutate", "formula")
    at(count ~ offset(days) + (1 | g), "mutate", "formula")
    at(sqrt(count) ~ 1 + (1 | g), "mutate", "formula")
    at(cbind(k, n - k) ~ 1 + (1 | g), "mutate", "formula", binomial())
    expect_refused(group_counts(y ~ 1 + (1 | g), table, binomial(), weights = w / 2), "argument", "column")
    expect_refused(group_counts(y ~ 1 + (1 | g), table, binomial(), weights = days), "argument", "whole numbers of trials")
    at(count ~ 1 + (1 | g), "no rows", data = dplyr::filter(table, days > 99))
  })
}
