# Complete pooling: one mean or one regression for all rows.

#' Complete pooling
#'
#' One mean for all observations, whatever their group; or, with predictors, one regression line.
#'
#' The model is
#' \deqn{y_i \sim N(\mu, \sigma^2),}{y[i] ~ N(mu, sigma^2),}
#' or with predictors
#' \deqn{y_i \sim N(\beta_0 + x_i^\top \beta, \sigma^2).}{y[i] ~ N(beta_0 + x[i]' beta, sigma^2).}
#' By default \eqn{\mu} has a normal prior and \eqn{\sigma}, a standard deviation on the scale of `y`, an exponential
#' one. Given \eqn{\sigma} the coefficients are normal, so the posterior is computed by quadrature over
#' \eqn{\sigma} alone.
#'
#' @param formula Response and predictors, as in [lm()]. A `(1 | g)` is allowed, so that the formula of another
#'   model can be used as it is; the groups do not enter this model.
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
#'   `mu` and `sigma`; with predictors `beta_0`, `beta[x]` for each predictor `x`, and `sigma`.
#' @inheritSection fit_arguments Errors
#' @inheritSection fit_arguments Progress
#' @inherit fit_arguments seealso
#' @references Gelman, A., Carlin, J. B., Stern, H. S., Dunson, D. B., Vehtari, A. and Rubin, D. B. (2013). *Bayesian
#'   Data Analysis*, 3rd edition, chapters 5 and 15. Chapman and Hall/CRC.
#'
#'   Johnson, A. A., Ott, M. Q. and Dogucu, M. (2022). *Bayes Rules!*, chapters 15 to 17. Chapman and Hall/CRC.
#' @examples
#' fit <- complete_pooling(yield ~ N, npk, seed = 1)
#' fit
#' exact_summary(fit)
#' @export
complete_pooling <- function(formula, data, prior = NULL, ..., family = gaussian(), weights = NULL,
                             algorithm = c("exact", "nuts"), chains = 4, iter_sampling = 1000, iter_warmup = 1000,
                             seed = NULL, prior_only = FALSE, cores = getOption("mc.cores", 1L), control = nuts_control()) {
  call <- rlang::current_env()
  fit_model(
    "complete_pooling", formula, data, prior, list(weights = rlang::enquo(weights)),
    new_settings(algorithm, chains, iter_sampling, iter_warmup, seed, prior_only, cores, control, rlang::exprs(...), call),
    call, own_arguments = list(family = family)
  )
}
