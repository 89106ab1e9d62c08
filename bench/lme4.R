# A fit without draws and its exact summary beside lme4's REML fit of the same data. Run: Rscript bench/lme4.R

source("bench/common.R")

compare <- function(groups, repeats, size = 20) {
  data <- simulate_groups(groups, size)
  median_seconds(
    list(
      bayespool = function() exact_summary(partial_pooling(y ~ 1 + (1 | g), data, iter_sampling = 0)),
      lme4 = function() suppressMessages(lme4::lmer(y ~ 1 + (1 | g), data, REML = TRUE))
    ),
    repeats
  )
}

groups <- c(10, 1000, 10000)
times <- cbind(mapply(compare, groups, c(201, 51, 11)), compare(400, 11, size = 1:400))

show_machine("lme4")
cat(
  "y ~ 1 + (1 | g), 20 rows a group, in the last line 1, 2, ..., 400: fit without draws and exact_summary() with default priors,",
  "beside lmer(REML = TRUE); medians in ms.\n\n"
)
show_table(
  groups = format(c(groups, 400), big.mark = ","),
  bayespool = milliseconds(times["bayespool", ]),
  lme4 = milliseconds(times["lme4", ]),
  ratio = round(times["lme4", ] / times["bayespool", ], 1),
  target = c(">= 3", ">= 10", ">= 50", "")
)
