# Predictions beside the bare cost of as many normals. Run: Rscript bench/predict.R

source("bench/common.R")
compile_standard_normals()

observations <- 10000L

data <- simulate_groups(1000)
data$x <- stats::rnorm(nrow(data))
fit <- varying_intercept(y ~ x + (1 | g), data, seed = 1)
known <- data[seq_len(observations), c("x", "g")]
new <- transform(known, g = paste("new", g))

times <- median_seconds(
  list(
    normals = function() standard_normals(4000L, observations, 1),
    known = function() posterior_predict(fit, known, seed = 1),
    new = function() posterior_predict(fit, new, seed = 1),
    interval = function() predictive_interval(fit, newdata = known, seed = 1),
    expected = function() posterior_epred(fit, known),
    log_lik = function() log_lik(fit, transform(known, y = 40))
  ),
  repeats = 15
)

# R's memory at its highest, beyond what was there before.
peak <- function(run) {
  before <- sum(gc(reset = TRUE)[, 2])
  run()
  (sum(gc()[, 6]) - before) * 2^20 / (8 * 4000 * observations)
}

show_machine()
cat("Predictions of 4,000 draws x 10,000 observations, varying intercept with one predictor; medians of whole calls.\n\n")
show_table(
  what = c("standard normals", "posterior_predict(), known groups", "posterior_predict(), 500 new groups",
           "predictive_interval()", "posterior_epred()", "log_lik()"),
  seconds = signif(times, 3),
  ratio = round(times / times[["normals"]], 2),
  target = c("", "<= 1.5", "<= 1.5", "", "", "")
)
cat("\nR's memory at the peak, in copies of the matrix of predictions:",
    round(peak(function() posterior_predict(fit, known, seed = 1)), 2), "for posterior_predict(),",
    round(peak(function() predictive_interval(fit, newdata = known, seed = 1)), 2), "for predictive_interval()\n")
