# Tests the installed package. BAYESPOOL_TEST_COUNTS may name a file for the counts.

Sys.setenv(NOT_CRAN = "true")
results <- testthat::test_dir(
  "tests/testthat",
  package = "bayespool", load_package = "installed", reporter = "check", stop_on_failure = FALSE
)
unlink("tests/testthat/testthat-problems.rds") # left by the reporter

tests <- as.data.frame(results)
counts <- c(
  passed = sum(tests$passed),
  failed = sum(tests$failed) + sum(tests$error),
  skipped = sum(tests$skipped)
)
counts_file <- Sys.getenv("BAYESPOOL_TEST_COUNTS")
if (nzchar(counts_file)) writeLines(paste(counts, collapse = " "), counts_file)
quit(status = as.integer(counts[["failed"]] > 0))
