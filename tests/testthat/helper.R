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

# Names, classes and shapes of what a fit and lme4's fit to the same formula say of effects.
expect_shapes_of_lme4 <- function(ours, theirs) {
  same <- function(read_ours, read_theirs = read_ours) testthat::expect_identical(read_ours(ours), read_theirs(theirs))
  shape <- function(table) sapply(table, class)
  same(function(fit) names(fixef(fit)), function(fit) names(lme4::fixef(fit)))
  same(function(fit) names(ranef(fit)), function(fit) names(lme4::ranef(fit)))
  same(function(fit) lapply(ranef(fit), dimnames), function(fit) lapply(lme4::ranef(fit), dimnames))
  for (condVar in c(FALSE, TRUE)) {
    effects <- as.data.frame(ranef(ours, condVar = condVar))
    of_lme4 <- as.data.frame(lme4::ranef(theirs, condVar = condVar))
    testthat::expect_identical(shape(effects)[seq_along(of_lme4)], shape(of_lme4))
    for (name in c("grpvar", "term")) testthat::expect_identical(effects[[name]], of_lme4[[name]])
    testthat::expect_identical(as.character(effects$grp), as.character(of_lme4$grp))
  }
  same(function(fit) names(coef(fit)))
  same(function(fit) lapply(coef(fit), dimnames))
  variances <- as.data.frame(VarCorr(ours))
  of_lme4 <- as.data.frame(lme4::VarCorr(theirs))
  testthat::expect_identical(shape(variances), shape(of_lme4))
  testthat::expect_identical(variances[1:3], of_lme4[1:3])
  same(function(fit) names(model.frame(fit)))
  testthat::expect_equal(ngrps(ours), lme4::ngrps(theirs))
  testthat::expect_equal(nobs(ours), nobs(theirs))
}
