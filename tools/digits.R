# Random data whose moments cancel, beside the brute-force posterior, which works on the rows and squares nothing.
#   Rscript tools/digits.R [cases]
# Prints the largest errors; the status is 1 where one is above its tolerance. Last figures in bench/README.md.

library(bayespool)
source("tests/testthat/helper-priors.R")
source("tests/testthat/oracle/posterior.R")
source("tests/testthat/digits/digits.R")

argument <- as.integer(commandArgs(TRUE))
count <- if (length(argument) == 1) argument else 2000L
errors <- matrix(NA_real_, count, 3, dimnames = list(NULL, c("evidence", "mean", "sd")))
kind <- character(count)
tolerance <- numeric(count)
for (seed in seq_len(count)) {
  set.seed(seed)
  case <- lost_digits()
  kind[seed] <- case$kind
  tolerance[seed] <- case$tolerance
  fit <- tryCatch(fit_lost(case), bayespool_error = function(cnd) NULL)
  errors[seed, ] <- if (is.null(fit)) Inf else errors_of_lost(fit, oracle_lost(case))
}
worst <- apply(errors, 1, max)
cat(sprintf("%d cases: largest errors of the log evidence, of means and of sds (relative to the sd)\n", count))
print(signif(apply(errors, 2, function(e) tapply(e, paste0(kind, ifelse(tolerance > 1e-6, ", in conflict", "")), max)), 2))
failed <- which(worst > tolerance)
cat(sprintf("%d above their tolerance", length(failed)), if (length(failed) > 0) paste("(seeds", toString(failed), ")"), "\n")
quit(status = as.integer(length(failed) > 0))
