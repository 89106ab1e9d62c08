# Varying-intercept regression: common slopes, an intercept for each group.

#' Varying-intercept regression
#'
#' A regression in which each group has an intercept of its own, drawn from a population, and the slopes are common.
#'
#' The model is
#' \deqn{y_i \sim N(\beta_{0 g_i} + x_i^\top \beta, \sigma_y^2), \qquad \beta_{0j} \sim N(\beta_0, \sigma_0^2).
#'   }{y[i] ~ N(beta_0j[j] + x[i]' beta, sigma_y^2) in group j,   beta_0j[j] ~ N(beta_0, sigma_0^2).}
#' By default the coefficients have normal priors, and the standard deviations `sigma_y` (within groups) and `sigma_0`
#' (between intercepts), on the scale of `y`, have exponential ones. The prior of `beta_0` is on the intercept as
#' written, where all predictors are 0; predictors are not centred. Given the two standard deviations all else is
#' normal, so the posterior is computed by quadrature over these two.
#'
#' @param formula Response, predictors and groups, as in `y ~ x + (1 | g)`. `y ~ 0 + x + (1 | g)` has no
#'   `beta_0`: the intercepts are drawn around 0.
#' @param data A data frame with the variables of `formula`, [group moments][group_moments()] or, with `family`,
#'   [group counts][group_counts()] that hold its columns, or a list of such of parts of the rows. A table in a database, or rows that
#'   come in parts: see [bayespool-rows].
#'   Rows with missing values are dropped, with a message.
#' @param prior A named list of priors, such as `list(sigma_0 = dist_exponential(1))`; see
#'   [bayespool-priors]. Parameters that it does not name get a weakly informative default.
#' @param ... Not used; it makes a misspelt argument an error. The arguments after it must be named.
#' @inheritParams fit_arguments
#' @return A fit: an object of class `bayespool_fit`. [print()][print.bayespool_fit],
#'   [summary()][summary.bayespool_fit], [exact_summary()], [log_marginal_likelihood()], [prior_summary()] and
#'   [as_draws()][as_draws.bayespool_fit] read it; [update()][update.bayespool_fit] changes it. Its variables are
#'   `beta_0`, `beta[x]` for each predictor `x`, `beta_0j[g]` for each group `g`, `sigma_y` and `sigma_0`. A factor
#'   becomes one or more predictors, named as in [lm()], such as `beta[N1]`.
#' @inheritSection fit_arguments Errors
#' @inheritSection fit_arguments Progress
#' @inherit fit_arguments seealso
#' @references Gelman, A., Carlin, J. B., Stern, H. S., Dunson, D. B., Vehtari, A. and Rubin, D. B. (2013). *Bayesian
#'   Data Analysis*, 3rd edition, chapters 5 and 15. Chapman and Hall/CRC.
#'
#'   Johnson, A. A., Ott, M. Q. and Dogucu, M. (2022). *Bayes Rules!*, chapters 15 to 17. Chapman and Hall/CRC.
#' @examples
#' fit <- varying_intercept(yield ~ N + (1 | block), npk, seed = 1)
#' fit
#' exact_summary(fit)
#' @export
varying_intercept <- function(formula, data, prior = NULL, ..., family = gaussian(), weights = NULL,
                              algorithm = c("exact", "nuts"), chains = 4, iter_sampling = 1000, iter_warmup = 1000,
                              seed = NULL, prior_only = FALSE, cores = getOption("mc.cores", 1L), control = nuts_control()) {
  call <- rlang::current_env()
  fit_model(
    "varying_intercept", formula, data, prior, list(weights = rlang::enquo(weights)),
    new_settings(algorithm, chains, iter_sampling, iter_warmup, seed, prior_only, cores, control, rlang::exprs(...), call),
    call, own_arguments = list(family = family)
  )
}
