# Priors in conflict with the data and with each other, at random, beside integrals on dense grids.
#   Rscript tools/conflicts.R [cases with one sd] [cases with two]
# Prints the largest error of the log evidence; the status is 1 where one is above 1e-6. Last figures in bench/README.md.

library(bayespool)
source("tests/testthat/helper-priors.R")
source("tests/testthat/conflicts/conflicts.R")

arguments <- as.integer(commandArgs(TRUE))
cases <- if (length(arguments) == 2) arguments else c(6000L, 400L)

compare <- function(count, draw, fit, integrate, seed) {
  set.seed(seed)
  errors <- vapply(seq_len(count), function(i) {
    case <- draw()
    exact <- integrate(case)
    if (isTRUE(exact["error"] > 1e-7)) return(NA) # the grid is too coarse for it
    found <- tryCatch(fit(case), bayespool_error = function(cnd) c(evidence = Inf))
    abs(found[["evidence"]] - exact[["evidence"]])
  }, 0)
  cat(sprintf("%d cases, %d of them beyond the grid: largest error %.2g, %d above 1e-6\n",
              count, sum(is.na(errors)), max(errors, na.rm = TRUE), sum(errors > 1e-6, na.rm = TRUE)))
  if (any(errors > 1e-6, na.rm = TRUE)) cat("cases:", which(errors > 1e-6), "\n")
  any(errors > 1e-6, na.rm = TRUE)
}

cat("A mean 5 to 400 prior sds away, one sd: ")
one <- compare(cases[1], conflict_of_means, fit_means, integrate_means, 1)
cat("Groups, two sds: ")
two <- compare(cases[2], conflict_of_groups, fit_groups, integrate_groups, 2)
quit(status = as.integer(one || two))
