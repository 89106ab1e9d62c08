# Method for effects: what it needs to make its pictures of predictors, as for a generalised linear model.

#' @exportS3Method effects::effSources
effSources.bayespool_fit <- function(mod) {
  call <- rlang::current_env()
  rows <- mod$data[observed_rows(mod, "Effect()", call)$row, , drop = FALSE]
  draws <- fixed_draws(mod, call)
  list(
    call = rlang::call2("glm", data = rows), formula = stats::formula(stats::terms(mod)), coefficients = colMeans(draws),
    vcov = stats::cov(draws)
  )
}
