# Tests the installed package. BAYESPOOL_TEST_COUNTS may name a file for the counts; BAYESPOOL_TEST_PART may be 1 or 2, every other file.

Sys.setenv(NOT_CRAN = "true")
files <- sub("^test-(.*)[.]R$", "\\1", list.files("tests/testthat", "^test-"))
part <- as.integer(Sys.getenv("BAYESPOOL_TEST_PART"))
if (!is.na(part)) files <- files[seq(part, length(files), by = 2)]
results <- testthat::test_dir(
  "tests/testthat",
  filter = paste0("^(", paste(files, collapse = "|"), ")$"), package = "bayespool", load_package = "installed", reporter = "check",
  stop_on_failure = FALSE
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
