# How large a problem may be: time and memory at the ends. Run: Rscript bench/limits.R
#
# Each case runs in an R process of its own (`Rscript bench/limits.R CASE` runs one), so that the peak is its own: "peak" is
# the largest resident memory of the process less what it held before the step, as Linux tells it.

source("bench/common.R")

# Prints one line a step.
step <- function(what, run) {
  cost <- seconds_and_peak(run)
  cat(sprintf("| %s | %s s | %s MB |\n", what, format(signif(cost$seconds, 2)), format(signif(cost$mb, 2))))
  invisible(cost$result)
}

# The first sentence of the refusal, and no result.
refused <- function(what, run) {
  message <- tryCatch({
    run()
    stop("not refused")
  }, bayespool_error_memory = function(cnd) cli::ansi_strip(conditionMessage(cnd)))
  cat(sprintf("| %s | refused | |\n", what))
  cat(paste0("    ", strsplit(message, "\n")[[1]], "\n"), sep = "", file = stderr())
}

cases <- list(
  groups = function() {
    set.seed(1)
    group <- sample.int(1e6, 1e7, replace = TRUE)
    data <- data.frame(y = 40 + 1.2 * rnorm(1e6)[group] + 7 * rnorm(1e7), g = group)
    rm(group)
    moments <- step("1e6 groups: moments of 1e7 rows", function() group_moments(y ~ 1 + (1 | g), data))
    rm(data)
    fit <- step("1e6 groups: fit without draws", function() partial_pooling(y ~ 1 + (1 | g), moments, iter_sampling = 0))
    step("1e6 groups: exact_summary() of all means", function() exact_summary(fit))
    step("1e6 groups: tidy() of the group means", function() tidy(fit, effects = "ran_coefs"))
    step("1e6 groups: 100 draws of all means", function() update(fit, iter_sampling = 25, seed = 1))
    refused("1e6 groups: 4 x 100,000 draws", function() update(fit, iter_sampling = 100000))
  },
  rows = function() {
    chunk <- function(i) {
      set.seed(i)
      data <- data.frame(g = sample.int(1e4, 1e6, replace = TRUE), x = rnorm(1e6))
      data$y <- 3 + 0.5 * data$x + 0.001 * data$g + rnorm(1e6)
      group_moments(y ~ x + (1 | g), data)
    }
    moments <- step("1e8 rows in 1e4 groups: 100 moments merged", function() {
      Reduce(function(moments, i) c(moments, chunk(i)), 2:100, chunk(1))
    })
    stopifnot(sum(moments$n) == 1e8)
    fit <- step("1e8 rows: varying intercept, 4 x 1,000 draws", function() varying_intercept(y ~ x + (1 | g), moments, seed = 1))
    step("1e8 rows: exact_summary()", function() exact_summary(fit))
  },
  draws = function() {
    priors <- course_priors
    fit <- step("five sites: 1e6 draws", function() {
      partial_pooling(scontrol ~ 1 + (1 | site), five_sites(), priors, iter_sampling = 250000, seed = 1)
    })
    step("1e6 draws: summary() with HDI, ESS and R-hat", function() summary(fit, diagnostics = TRUE))
    step("1e6 draws: prediction of 10 people at a new site", function() {
      posterior_predict(fit, data.frame(site = rep("New", 10)), seed = 1)
    })
  },
  predictors = function() {
    set.seed(1)
    x <- matrix(rnorm(5000 * 200), 5000)
    data <- data.frame(x, g = gl(100, 50))
    data$y <- as.vector(x %*% rnorm(200, sd = 0.1)) + rnorm(100)[data$g] + rnorm(5000)
    formula <- stats::reformulate(c(names(data)[1:200], "(1 | g)"), "y")
    fit <- step("200 predictors, 100 groups of 50: fit without draws", function() varying_intercept(formula, data, iter_sampling = 0))
    step("200 predictors: exact_summary()", function() exact_summary(fit))
    step("200 predictors: 4 x 1,000 draws", function() update(fit, iter_sampling = 1000, seed = 1))
    step("200 predictors: loo() of 5,000 observations", function() loo(fit))
  }
)

case <- commandArgs(TRUE)
if (length(case) == 1) {
  cases[[case]]()
} else {
  show_machine()
  cat("\n| request | time | peak |\n|---|---|---|\n")
  for (name in names(cases)) system2("Rscript", c("bench/limits.R", name))
}
