# Independent draws beside the bare cost of as many normals. Run: Rscript bench/draws.R

source("bench/common.R")
compile_standard_normals()

core_sample <- function(fit, draws) {
  posterior <- bayespool:::fit_posterior(fit)
  function() bayespool:::core_fit(posterior, draws, 1, 1L, NULL)
}

sites <- five_sites()
fit_sites <- function(iter_sampling) {
  partial_pooling(scontrol ~ 1 + (1 | site), sites, course_priors, iter_sampling = iter_sampling, seed = 1, cores = 1)
}
small <- median_seconds(
  list(
    core = core_sample(fit_sites(0), 20000L),
    normals = function() standard_normals(20000L, 8L, 1),
    call = function() fit_sites(5000)
  ),
  repeats = 101
)

groups <- simulate_groups(1000)
fit_groups <- function(iter_sampling) {
  partial_pooling(y ~ 1 + (1 | g), groups, course_priors, iter_sampling = iter_sampling, seed = 1, cores = 1)
}
large <- median_seconds(
  list(
    core = core_sample(fit_groups(0), 4000L),
    normals = function() standard_normals(4000L, 1003L, 1),
    call = function() fit_groups(1000)
  ),
  repeats = 25
)

show_machine()
cat("Draws of all parameters under partial pooling, one core; medians in ms.\n\n")
show_table(
  data = c("five sites, 20,000 draws", "1,000 groups of 20, 4,000 draws"),
  `C++` = milliseconds(c(small[["core"]], large[["core"]])),
  normals = milliseconds(c(small[["normals"]], large[["normals"]])),
  ratio = round(c(small[["core"]] / small[["normals"]], large[["core"]] / large[["normals"]]), 2),
  target = c("<= 8", "<= 1.6"),
  `R call` = milliseconds(c(small[["call"]], large[["call"]])),
  target = c("< 25", "")
)
