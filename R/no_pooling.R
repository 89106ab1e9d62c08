# No pooling: each group has a mean of its own.

#' No pooling
#'
#' A mean for each group, estimated from that group's observations alone.
#'
#' The model is
#' \deqn{y_i \sim N(\mu_{g_i}, \sigma_{g_i}^2)}
#' with independent priors for each group, or with one \eqn{\sigma} that is common to all groups. With
#' predictors it is
#' \deqn{y_i \sim N(\beta_{0 g_i} + x_i^\top \beta, \sigma^2).}
#' By default the means have normal priors and the standard deviations, on the scale of `y`, exponential ones.
#'
#' @param formula Response, predictors and groups, as in `y ~ x + (1 | g)`. Each group has an intercept of its own, with or
#'   without `0 +`.
#' @param sigma `"group"`: a standard deviation for each group; `"common"`: one for all. The default is `"group"`
#'   without predictors and `"common"` with them, where `"group"` is not supported.
#' @param data A data frame with the variables of `formula`, or [group moments][group_moments()] that hold its columns.
#' @param prior A named list of priors, such as `list(sigma = dist_exponential(1))`; see
#'   [bayespool-priors]. Parameters that it does not name get a weakly informative default.
#' @param ... Not used: a misspelt argument is an error.
#' @inheritParams fit_arguments
#' @return A fit: an object of class `bayespool_fit`. [print()][print.bayespool_fit], [summary()][summary.bayespool_fit],
#'   [exact_summary()], [log_marginal_likelihood()], [prior_summary()] and
#'   [posterior::as_draws()][as_draws.bayespool_fit] read it. Its variables are `mu[g]` for each group `g` and `sigma[g]` or `sigma`; with predictors `beta_0j[g]`, `beta[x]` and `sigma`.
#' @inheritSection fit_arguments Errors
#' @references Gelman, A., Carlin, J. B., Stern, H. S., Dunson, D. B., Vehtari, A. and Rubin, D. B. (2013). *Bayesian Data
#'   Analysis*, 3rd edition, chapters 5 and 15. Chapman and Hall/CRC. Johnson, A. A., Ott, M. Q. and Dogucu, M. (2022).
#'   *Bayes Rules!*, chapters 15 to 17. Chapman and Hall/CRC.
#' @examples
#' fit <- no_pooling(yield ~ 1 + (1 | block), npk, seed = 1)
#' exact_summary(fit)
#' @export
no_pooling <- function(formula, data, prior = NULL, sigma = c("group", "common"), ..., algorithm = "exact", chains = 4,
                       iter_sampling = 1000, seed = NULL, prior_only = FALSE, cores = getOption("mc.cores", 1L)) {
  fit_model(
    "no_pooling", formula, data, prior, sigma = sigma, algorithm = algorithm, chains = chains, iter_sampling = iter_sampling,
    seed = seed, prior_only = prior_only, cores = cores, dots = rlang::exprs(...), call = rlang::current_env()
  )
}
