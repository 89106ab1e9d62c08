# Whether accuracy() holds: random fits of all models and families of priors, and priors in conflict with the data, beside brute
# force.
#   Rscript tools/accuracy.R [fits] [conflicts]
# The status is 1 where an error is above its estimate by more than the oracle's own. Last figures in bench/README.md.

library(bayespool)
source("tests/testthat/helper-priors.R")
source("tests/testthat/oracle/posterior.R")
source("tests/testthat/accuracy/cases.R")
source("tests/testthat/conflicts/conflicts.R")

arguments <- as.integer(commandArgs(TRUE))
count <- if (length(arguments) == 2) arguments else c(2000L, 2000L)

judge_ordinary <- function(seed) {
  set.seed(seed)
  case <- ordinary_case()
  judge(fit_ordinary(case), function(fine) oracle_ordinary(case, fine))
}

# Their integrals are of the log evidence alone.
judge_conflict <- function(seed) {
  set.seed(seed)
  case <- conflict_of_means()
  fit <- exact_fit_of_means(case)
  c(
    estimate = accuracy(fit)$error, error = abs(log_marginal_likelihood(fit) - integrate_means(case)[["evidence"]]), oracle = 1e-8
  )
}

failed <- 0
for (kind in 1:2) {
  found <- vapply(seq_len(count[kind]), list(judge_ordinary, judge_conflict)[[kind]], numeric(3))
  above <- which(found["error", ] > found["estimate", ] + found["oracle", ])
  cat(sprintf(
    "%s: %d; largest error %.2g, estimates %.2g to %.2g; %d errors above their estimate%s\n",
    c("Fits", "Conflicts")[kind], count[kind], max(found["error", ]), min(found["estimate", ]), max(found["estimate", ]),
    length(above), if (length(above) > 0) paste0(" (seeds ", toString(above), ")") else ""
  ))
  failed <- failed + length(above)
}
quit(status = as.integer(failed > 0))
