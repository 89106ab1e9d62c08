# Draws of the engines as arrays of the posterior package, and how to measure few of them.

new_draws <- function(draws, iterations, chains, variables) {
  dim(draws) <- c(iterations, chains, length(variables))
  dimnames(draws) <- list(iteration = NULL, chain = NULL, variable = variables)
  posterior::as_draws_array(draws)
}

# Warnings of posterior where draws are few: that it takes a bound in the place of an effective sample size, or that a Monte Carlo
# error cannot be estimated. Tables show the one as it is and the other as NaN.
muffle_few_draws <- function(expr) {
  withCallingHandlers(expr, warning = function(cnd) {
    if (grepl("^The ESS has been capped|^NaNs produced$", conditionMessage(cnd))) invokeRestart("muffleWarning")
  })
}

# Monte Carlo errors of the means of columns of draws; 0 where all draws agree.
mcse_of_means <- function(x, chains) {
  errors <- muffle_few_draws(apply(x, 2, function(draws) posterior::mcse_mean(matrix(draws, ncol = chains))))
  ifelse(is.na(errors), 0, errors)
}
