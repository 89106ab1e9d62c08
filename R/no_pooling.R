# No pooling: each group has a mean of its own.

#' No pooling
#'
#' A mean for each group, estimated from that group's observations alone.
#'
#' The model is
#' \deqn{y_i \sim N(\mu_{g_i}, \sigma_{g_i}^2)}{y[i] ~ N(mu[j], sigma[j]^2) in group j,}
#' with independent priors for each group, or with one \eqn{\sigma} that is common to all groups. With
#' predictors it is
#' \deqn{y_i \sim N(\beta_{0 g_i} + x_i^\top \beta, \sigma^2).}{y[i] ~ N(beta_0j[j] + x[i]' beta, sigma^2) in group j.}
#' By default the means have normal priors and the standard deviations, on the scale of `y`, exponential ones.
#'
#' @param formula Response, predictors and groups, as in `y ~ x + (1 | g)`. Each group has an intercept of its own;
#'   `y ~ 0 + (1 | g)` and `y ~ 1 + (1 | g)` are the same model.
#' @param sigma `"group"`: a standard deviation for each group; `"common"`: one for all. The default is `"group"`
#'   without predictors and `"common"` with them, where `"group"` is not supported.
#' @param data A data frame with the variables of `formula`, [group moments][group_moments()] or, with `family`,
#'   [group counts][group_counts()] that hold its columns, or a list of such of parts of the rows. A table in a database, or rows that
#'   come in parts: see [bayespool-rows].
#'   Rows with missing values are dropped, with a message.
#' @param prior A named list of priors, such as `list(sigma = dist_exponential(1))`; see
#'   [bayespool-priors]. Parameters that it does not name get a weakly informative default.
#' @param ... Not used; it makes a misspelt argument an error. The arguments after it must be named.
#' @inheritParams fit_arguments
#' @return A fit: an object of class `bayespool_fit`. [print()][print.bayespool_fit],
#'   [summary()][summary.bayespool_fit], [exact_summary()], [log_marginal_likelihood()], [prior_summary()] and
#'   [as_draws()][as_draws.bayespool_fit] read it; [update()][update.bayespool_fit] changes it. Its variables are
#'   `mu[g]` for each group `g`, and `sigma[g]` or one `sigma`; with predictors `beta_0j[g]` for each group `g`,
#'   `beta[x]` for each predictor `x`, and `sigma`.
#' @inheritSection fit_arguments Errors
#' @inheritSection fit_arguments Progress
#' @inherit fit_arguments seealso
#' @references Gelman, A., Carlin, J. B., Stern, H. S., Dunson, D. B., Vehtari, A. and Rubin, D. B. (2013). *Bayesian
#'   Data Analysis*, 3rd edition, chapters 5 and 15. Chapman and Hall/CRC.
#'
#'   Johnson, A. A., Ott, M. Q. and Dogucu, M. (2022). *Bayes Rules!*, chapters 15 to 17. Chapman and Hall/CRC.
#' @examples
#' fit <- no_pooling(yield ~ 1 + (1 | block), npk, seed = 1)
#' exact_summary(fit)
#' @export
no_pooling <- function(formula, data, prior = NULL, sigma = c("group", "common"), ..., family = gaussian(), weights = NULL,
                       algorithm = c("exact", "nuts"), chains = 4, iter_sampling = 1000, iter_warmup = 1000,
                       seed = NULL, prior_only = FALSE, cores = getOption("mc.cores", 1L), control = nuts_control()) {
  call <- rlang::current_env()
  fit_model(
    "no_pooling", formula, data, prior, list(weights = rlang::enquo(weights)),
    new_settings(algorithm, chains, iter_sampling, iter_warmup, seed, prior_only, cores, control, rlang::exprs(...), call),
    call, own_arguments = list(sigma = sigma, family = family)
  )
}
