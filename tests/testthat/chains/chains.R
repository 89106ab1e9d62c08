# Fits by NUTS, and their draws beside what quadrature says.

matrix_of <- function(fit, name) posterior::extract_variable_matrix(fit$draws, name)
divergences <- function(fit) sum(bayespool:::after_warmup(fit$nuts)[, , "divergent__"])
# For chains that are short on purpose.
quietly <- function(fit) suppressWarnings(fit, classes = "bayespool_warning")
values_of <- function(fit) unname(unclass(posterior::as_draws_array(fit)))

# Means, sds and quantiles by quadrature. Quantiles as probabilities: an MCSE of a quantile is itself a rough estimate.
expect_like_exact <- function(fit, variables = posterior::variables(fit), probs = c(0.05, 0.5, 0.95)) {
  testthat::expect_lte(divergences(fit), posterior::ndraws(fit) / 1000)
  exact <- exact_summary(fit, probs = probs)
  for (name in variables) {
    draws <- matrix_of(fit, name)
    truth <- exact[exact$variable == name, ]
    expect_within_mcse(draws, truth$mean)
    error <- abs(sd(draws) - truth$sd) / posterior::mcse_sd(draws)
    testthat::expect(isTRUE(error < 5), sprintf("sd of %s, %.6g, is %.1f MCSE from %.6g", name, sd(draws), error, truth$sd))
    for (k in seq_along(probs)) expect_within_mcse(1 * (draws <= truth[[3 + k]]), probs[k])
  }
}
# With small steps: few groups leave a long tail in the standard deviation between them.
nuts <- function(f, ..., form = "noncentered", iter_sampling = 4000) {
  control <- nuts_control(form, adapt_delta = 0.99)
  quietly(f(..., algorithm = "nuts", iter_sampling = iter_sampling, seed = 1, cores = 2, control = control))
}
