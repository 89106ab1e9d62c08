# Group moments of 1e7 rows in 1e4 groups with one predictor that are in a database or in files, not in R: where they are, beside
# reading all of them first. Run: tools/databases Rscript bench/rows.R
#
# Each case runs in an R process of its own (`Rscript bench/rows.R SOURCE REQUEST FOLDER` runs one). "Peak" is the largest resident
# memory of that process less what it held before, as Linux tells it: SQLite and DuckDB run in it, PostgreSQL's server does not.
# BENCH_ROWS: another number of rows, at least 10.

source("bench/common.R")
source("tests/testthat/helper-databases.R")

row_count <- as.numeric(Sys.getenv("BENCH_ROWS", "1e7"))
formula <- y ~ x + (1 | g)

# Made where they are to be, by the same rule everywhere: row i is in group i mod 10,000, x and the error of y go through a
# cycle of a prime number of values.
rows_in_sql <- function(source) {
  sprintf(
    "SELECT CAST(i %% 10000 AS INTEGER) AS g, CAST(i * 7919 %% 10007 AS DOUBLE PRECISION) / 10007 AS x,
       3 + 0.5 * CAST(i * 7919 %% 10007 AS DOUBLE PRECISION) / 10007 + CAST(i %% 10000 AS DOUBLE PRECISION) / 1e4
         + CAST(i * 104729 %% 1000003 AS DOUBLE PRECISION) / 1000003 AS y
     FROM %s",
    source
  )
}
rows_in_r <- function(i) {
  x <- (i * 7919) %% 10007 / 10007
  data.frame(g = as.integer(i %% 10000), x = x, y = 3 + 0.5 * x + i %% 10000 / 1e4 + (i * 104729) %% 1000003 / 1000003)
}

last_row <- format(row_count - 1, scientific = FALSE)
parquet_files <- function(folder) sprintf("%s/rows_%d.parquet", folder, 0:9)

# Each place where rows may be has functions of a folder: make() the rows, if they are not there yet, moments() of them there (of files,
# one after the other), parts() of 100,000 rows, or batches of a stream, one after the other, and read() all into R for their
# moments. `connect(folder, frame)` skips, as in tests, where there is no such database; `series` gives i = 0, 1, ... in its SQL;
# `from(folder)` is what to select rows from.
database <- function(connect, series = NULL, from = function(folder) "rows") {
  list(
    make = if (!is.null(series)) function(folder) {
      connection <- connect(folder, environment())
      DBI::dbExecute(connection, paste("CREATE TABLE rows AS", rows_in_sql(series)))
    },
    moments = function(folder) {
      connection <- connect(folder, environment())
      group_moments(formula, dplyr::tbl(connection, dbplyr::sql(paste("SELECT * FROM", from(folder)))))
    },
    parts = function(folder) {
      connection <- connect(folder, environment())
      query <- paste("SELECT y, x, g FROM", from(folder))
      if (inherits(connection, "AdbiConnection")) {
        return(group_moments(formula, DBI::dbGetQueryArrow(connection, query))) # its dbFetch() takes a second and more for each part
      }
      result <- DBI::dbSendQuery(connection, query)
      withr::defer(DBI::dbClearResult(result))
      group_moments(formula, result)
    },
    read = function(folder) {
      connection <- connect(folder, environment())
      group_moments(formula, DBI::dbGetQuery(connection, paste("SELECT y, x, g FROM", from(folder))))
    }
  )
}

places <- list(
  SQLite = database(
    function(folder, frame) sqlite_connection(file.path(folder, "rows.sqlite"), frame),
    sprintf("(WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < %s) SELECT i FROM s)", last_row)
  ),
  PostgreSQL = database(
    function(folder, frame) postgres_connection(frame),
    sprintf("generate_series(CAST(0 AS BIGINT), %s) AS s(i)", last_row)
  ),
  DuckDB = database(
    function(folder, frame) duckdb_connection(file.path(folder, "rows.duckdb"), frame),
    sprintf("range(%s + 1) AS s(i)", last_row)
  ),
  Parquet = list(
    make = function(folder) {
      of_file <- split(seq_len(row_count) - 1, cut(seq_len(row_count), 10, labels = FALSE))
      Map(function(i, file) nanoparquet::write_parquet(rows_in_r(i), file), of_file, parquet_files(folder))
    },
    moments = function(folder) {
      do.call(c, lapply(parquet_files(folder), function(file) group_moments(formula, nanoparquet::read_parquet(file))))
    },
    read = function(folder) group_moments(formula, do.call(rbind, lapply(parquet_files(folder), nanoparquet::read_parquet)))
  ),
  `Parquet, by DuckDB` = database(
    function(folder, frame) duckdb_connection(frame = frame),
    from = function(folder) sprintf("read_parquet('%s/*.parquet')", folder)
  )
)

# A case prints seconds and megabytes, or why it cannot be.
run_case <- function(place, request, folder) {
  for (package in c("adbi", "dbplyr", "nanoparquet", "RPostgres", "RSQLite")) has(package) # loaded, so that this is not timed
  refused <- function(cnd) cat("-", gsub("\\s+", " ", cli::ansi_strip(conditionMessage(cnd))))
  tryCatch({
    cost <- seconds_and_peak(function() places[[place]][[request]](folder))
    if (request != "make") saveRDS(cost$result, tempfile("moments", folder, ".rds"))
    cat(signif(cost$seconds, 3), signif(cost$mb, 3))
  }, skip = refused, error = refused)
}

case <- commandArgs(TRUE)
if (length(case) == 3) {
  run_case(case[1], case[2], case[3])
} else {
  show_machine(c("DBI", "dbplyr", "RSQLite", "nanoparquet"))
  folder <- withr::local_tempdir()
  in_new_process <- function(place, request) {
    line <- system2("Rscript", c("bench/rows.R", shQuote(place), request, shQuote(folder)), stdout = TRUE)
    strsplit(line[length(line)], " ")[[1]]
  }
  cat(sprintf("\n| %s rows in | request | seconds | peak, MB |\n|---|---|---|---|\n", format(row_count, big.mark = ",")))
  for (place in names(places)) {
    for (request in names(Filter(Negate(is.null), places[[place]]))) {
      cost <- in_new_process(place, request)
      cat(sprintf("| %s | %s | %s | %s |\n", place, request, cost[1], paste(cost[-1], collapse = " ")))
    }
  }
  # All have the same rows.
  statistics <- lapply(list.files(folder, "^moments.*rds$", full.names = TRUE), function(file) {
    moments <- readRDS(file)
    cbind(moments$n, moments$mean, moments$within)[order(as.numeric(moments$group)), ]
  })
  differences <- vapply(statistics, function(other) max(abs(other / statistics[[1]] - 1)), numeric(1))
  cat(sprintf("\nLargest relative difference between their moments: %.1g\n", max(differences)))
}
