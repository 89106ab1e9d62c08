# What many tests need: code of a folder beside them, Monte Carlo expectations, the study's data.

# Sources the code in tests/testthat/<folder>, which only some tests need.
use_code <- function(folder, env = parent.frame()) {
  for (file in list.files(testthat::test_path(folder), full.names = TRUE)) source(file, local = env, encoding = "UTF-8")
}

# A fit to groups of which the package says that they cannot tell its standard deviations apart.
undetermined <- function(fit) suppressWarnings(fit, classes = "bayespool_warning_undetermined")

expect_within_mcse <- function(draws, truth, z = 5) {
  error <- abs(mean(draws) - truth) / posterior::mcse_mean(draws)
  testthat::expect(isTRUE(error < z), sprintf("mean %.6g is %.1f MCSE from %.6g", mean(draws), error, truth))
}

# Kolmogorov-Smirnov against a distribution function, at level 1e-6.
expect_distribution <- function(draws, cdf, alpha = 1e-6, label = "draws") {
  p <- suppressWarnings(stats::ks.test(as.vector(draws), cdf))$p.value
  testthat::expect(isTRUE(p > alpha), sprintf("%s: KS test has p = %.2g", label, p))
}

shared_data <- function(file) {
  dir <- Sys.getenv("BAYESPOOL_SHARED_DATA")
  testthat::skip_if(dir == "", "the study's data are not here (BAYESPOOL_SHARED_DATA)")
  utils::read.csv(file.path(dir, file), stringsAsFactors = FALSE)
}
five_sites <- c("Southampton", "METU", "Kassel", "Tsinghua", "Oslo")
