# Two grouping factors: fit and summary beside lmer(), in turns. Run: Rscript bench/crossed.R
#
# Needs lme4; some minutes, most of them the summary of InstEval's 4,100 effects.

source("bench/common.R")
suppressMessages(library(lme4))

set.seed(1)
priming <- expand.grid(subject = seq_len(60), item = seq_len(40))
priming <- priming[sample(nrow(priming), 1800), ]
priming$x <- rnorm(1800)
priming$y <- 5 + 0.3 * priming$x + rnorm(60)[priming$subject] + 0.5 * rnorm(40)[priming$item] + rnorm(1800)

cases <- list(
  Penicillin = list(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin), Pastes = list(strength ~ 1 + (1 | batch / cask), Pastes),
  "60 subjects x 40 items" = list(y ~ x + (1 | subject) + (1 | item), priming)
)
ours <- function(case) mixed_model(case[[1]], case[[2]], iter_sampling = 0)
show_machine("lme4")
for (name in names(cases)) {
  case <- cases[[name]]
  taken <- median_seconds(list(
    fit = function() ours(case), summary = function() summary(ours(case)), lmer = function() lmer(case[[1]], case[[2]])
  ), 15)
  cat(sprintf("%s, milliseconds: fit %s, fit and summary of all effects %s; lmer() %s: %.1f times as long\n",
              name, milliseconds(taken[["fit"]]), milliseconds(taken[["summary"]]), milliseconds(taken[["lmer"]]),
              taken[["lmer"]] / taken[["summary"]]))
}

# 73,421 rows, 2,972 students and 1,128 instructors: once.
seconds <- function(f) system.time(f())[["elapsed"]]
ratings <- y ~ service + (1 | s) + (1 | d)
cells <- seconds(function() moments <<- group_moments(ratings, InstEval))
fit <- seconds(function() large <<- mixed_model(ratings, moments, iter_sampling = 0))
scales <- seconds(function() exact_summary(large, regex_pars = "^beta|^sigma"))
lmer_fit <- seconds(function() lmer(ratings, InstEval))
cat(sprintf("InstEval, seconds: cells %.1f, fit %.1f, summary of coefficients and sds %.1f; lmer() %.1f\n", cells, fit, scales, lmer_fit))
cat(sprintf("and summary of all 4,100 effects %.0f\n", seconds(function() exact_summary(large))))
