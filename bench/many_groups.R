# Exact summaries of all group means at 1e5 groups. Run: Rscript bench/many_groups.R
#
# Groups of random size, as in bench/moments.R; BENCH_ROWS and BENCH_GROUPS change the size.

source("bench/common.R")

rows <- as.integer(Sys.getenv("BENCH_ROWS", "10000000"))
groups <- as.integer(Sys.getenv("BENCH_GROUPS", "100000"))

set.seed(1)
data <- data.frame(x = rnorm(rows), g = sample.int(groups, rows, replace = TRUE))
data$y <- 3 + 0.5 * data$x + rnorm(groups)[data$g] + rnorm(rows)
moments <- group_moments(y ~ x + (1 | g), data)
rm(data)
invisible(gc())

partial <- function() partial_pooling(y ~ 1 + (1 | g), moments, iter_sampling = 0)
regression <- function() varying_intercept(y ~ x + (1 | g), moments, iter_sampling = 0)
partial_fit <- partial()
regression_fit <- regression()
times <- median_seconds(
  list(
    partial, function() exact_summary(partial_fit),
    regression, function() exact_summary(regression_fit)
  ),
  repeats = 9
)

show_machine()
cat(sprintf("%g rows, %g groups of %d sizes; median seconds.\n\n", rows, groups, length(unique(moments$n))))
show_table(
  model = c("partial pooling", "varying intercept, one predictor"),
  `fit from moments` = signif(times[c(1, 3)], 3),
  `exact_summary()` = signif(times[c(2, 4)], 3),
  target = "< 1"
)
