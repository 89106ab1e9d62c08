# Connections to databases, closed at the end of the test that asked for them; where one cannot be had the test is skipped.
# SQLite comes with RSQLite. For the others see tools/databases; their R packages are not in Suggests, and called without `::`.
# SQLite and DuckDB are in memory unless `path` names a file.

sqlite_connection <- function(path = ":memory:", frame = parent.frame()) {
  for (package in c("dbplyr", "RSQLite")) testthat::skip_if_not_installed(package)
  closed_later(DBI::dbConnect(RSQLite::SQLite(), path), frame)
}

postgres_connection <- function(frame = parent.frame()) {
  settings <- Sys.getenv("BAYESPOOL_TEST_POSTGRES")
  testthat::skip_if(settings == "", "no PostgreSQL server here (tools/databases starts one)")
  for (package in c("dbplyr", "RPostgres")) testthat::skip_if_not_installed(package)
  settings <- strsplit(strsplit(settings, " ")[[1]], "=")
  settings <- stats::setNames(lapply(settings, `[`, 2), vapply(settings, `[`, "", 1))
  driver <- getExportedValue("RPostgres", "Postgres")()
  closed_later(do.call(DBI::dbConnect, c(driver, settings)), frame)
}

# By the package duckdb where that is installed, else by adbi and DuckDB's library.
duckdb_connection <- function(path = ":memory:", frame = parent.frame()) {
  testthat::skip_if_not_installed("dbplyr")
  if (requireNamespace("duckdb", quietly = TRUE)) {
    return(closed_later(DBI::dbConnect(getExportedValue("duckdb", "duckdb")(), path), frame))
  }
  shared_library <- Sys.getenv("BAYESPOOL_TEST_DUCKDB")
  testthat::skip_if(shared_library == "", "neither the package duckdb nor its library here (tools/databases fetches that)")
  testthat::skip_if_not_installed("adbi")
  driver <- getExportedValue("adbcdrivermanager", "adbc_driver")(shared_library, "duckdb_adbc_init")
  connection <- DBI::dbConnect(getExportedValue("adbi", "adbi")(driver), path = path, bigint = "integer64")
  suppressWarnings(dplyr::tbl(connection, dbplyr::sql("SELECT 1 AS one"))) # once a session: adbi has no dialect for dbplyr
  closed_later(connection, frame)
}

closed_later <- function(connection, frame) {
  withr::local_timezone("UTC", .local_envir = frame) # times are written in it; not every machine tells its own
  withr::defer(DBI::dbDisconnect(connection), frame)
  connection
}

# A data frame as a table of a database that lasts as long as the connection, and dplyr's view of it.
database_table <- function(connection, data, name = "rows") {
  force(connection) # a driver that is loaded while a method is looked for is not found
  DBI::dbWriteTable(connection, name, data, temporary = TRUE)
  dplyr::tbl(connection, name)
}
