# Fits with slopes that vary, their exact summaries and draws, beside lme4's REML fits of the same data. Run: Rscript bench/slopes.R

source("bench/common.R")

# People's times for two conditions, the same numbers of trials of each: simulated as a Stroop task.
stroop <- function(people, trials) {
  set.seed(1)
  person <- rep(seq_len(people), each = trials)
  conflict <- rep_len(c(0, 1), length(person))
  effects <- matrix(stats::rnorm(2 * people), people) %*% chol(matrix(c(90^2, 0.3 * 90 * 30, 0.3 * 90 * 30, 30^2), 2))
  data.frame(
    person = factor(person), conflict = conflict,
    time = 700 + effects[person, 1] + (60 + effects[person, 2]) * conflict + 150 * stats::rnorm(length(person))
  )
}

# Groups of 5 to 30 rows with predictors of their own.
many_designs <- function(groups) {
  set.seed(2)
  g <- rep(seq_len(groups), sample(5:30, groups, replace = TRUE))
  x <- stats::rnorm(length(g))
  effects <- matrix(stats::rnorm(2 * groups), groups) %*% chol(matrix(c(1, 0.3, 0.3, 0.5), 2))
  data.frame(g = factor(g), x = x, y = 2 + effects[g, 1] + (1 + effects[g, 2]) * x + stats::rnorm(length(g)))
}

lmer_of <- function(formula, data) suppressMessages(lme4::lmer(formula, data, REML = TRUE))
exact_of <- function(formula, data) varying_intercept_slope(formula, data, iter_sampling = 0)

sleepstudy <- lme4::sleepstudy
sleep <- Reaction ~ Days + (1 + Days | Subject)
task <- time ~ conflict + (1 + conflict | person)
trials <- stroop(150, 300)
moments <- group_moments(task, trials)
designs <- many_designs(1000)
own <- y ~ x + (1 + x | g)

rows <- list(
  "sleepstudy: fit and summary" = median_seconds(
    list(bayespool = function() summary(exact_of(sleep, sleepstudy)), lme4 = function() lmer_of(sleep, sleepstudy)), 21
  ),
  "sleepstudy: fit" = median_seconds(
    list(bayespool = function() exact_of(sleep, sleepstudy), lme4 = function() lmer_of(sleep, sleepstudy)), 51
  ),
  "150 people x 300 trials: fit from rows" = median_seconds(
    list(bayespool = function() exact_of(task, trials), lme4 = function() lmer_of(task, trials)), 11
  ),
  "the same from moments" = median_seconds(
    list(bayespool = function() exact_of(task, moments), lme4 = function() lmer_of(task, trials)), 11
  ),
  "1,000 groups of different designs: fit" = median_seconds(
    list(bayespool = function() exact_of(own, designs), lme4 = function() lmer_of(own, designs)), 7
  ),
  "1,000 groups: 4,000 draws, beside the normals" = {
    many <- group_moments(own, designs)
    normals <- function() stats::rnorm(4000 * 2003)
    median_seconds(list(bayespool = function() varying_intercept_slope(own, many, seed = 1), lme4 = normals), 5)
  }
)

show_machine("lme4")
cat(
  "Models with an intercept and a slope of each group, default priors, beside lmer(REML = TRUE); the last line beside rnorm().",
  "Medians in ms.\n\n"
)
show_table(
  what = names(rows), bayespool = milliseconds(vapply(rows, `[[`, 0, "bayespool")),
  peer = milliseconds(vapply(rows, `[[`, 0, "lme4")),
  ratio = round(vapply(rows, function(row) row[["lme4"]] / row[["bayespool"]], 0), 2)
)
