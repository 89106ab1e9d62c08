# Varying-slope regression: a common intercept, slopes for each group.

#' Varying-slope regression
#'
#' A regression in which each group has a slope of its own, drawn from a population, and the intercept is common.
#'
#' The model is
#' \deqn{y_i \sim N(\beta_0 + x_i \beta_{g_i}, \sigma_y^2), \qquad \beta_j \sim N(\beta, \sigma_\beta^2),
#'   }{y[i] ~ N(beta_0 + x[i] beta_j[j], sigma_y^2) in group j,   beta_j[j] ~ N(beta, sigma_beta^2),}
#' beside slopes of other predictors that are common. A slope may vary that the formula has not among its predictors; its
#' mean in the population is then 0, as in lme4. By default the coefficients have normal priors, and the standard deviations
#' `sigma_y` (within groups, on the scale of `y`) and `sigma_beta[x]` (between slopes, on the scale of `y` per unit of `x`)
#' exponential ones. Given the standard deviations all else is normal, so the posterior is computed by quadrature over these.
#'
#' Where all groups meet is at x = 0: the lines have one intercept. Whether that makes sense depends on where 0 is;
#' [varying_intercept_slope()] does not ask for it.
#'
#' @param formula Response, predictors, and the slopes that vary, as in `y ~ x + (0 + x | g)`.
#' @param data A data frame with the variables of `formula`, [group moments][group_moments()] that hold its columns, or a list of such
#'   moments of parts of the rows. A table in a database, or rows that come in parts: see [bayespool-rows].
#'   Rows with missing values are dropped, with a message.
#' @param prior A named list of priors, such as `list(sigma_beta = dist_exponential(1))`; see
#'   [bayespool-priors]. Parameters that it does not name get a weakly informative default.
#' @param ... Not used; it makes a misspelt argument an error. The arguments after it must be named.
#' @inheritParams fit_arguments
#' @return A fit: an object of class `bayespool_fit`. [print()][print.bayespool_fit],
#'   [summary()][summary.bayespool_fit], [exact_summary()], [log_marginal_likelihood()], [prior_summary()] and
#'   [as_draws()][as_draws.bayespool_fit] read it; [update()][update.bayespool_fit] changes it. Its variables are
#'   `beta_0`, `beta[x]` for each predictor `x`, `beta_j[x,g]` for the slope of `x` in each group `g` (the population's and the
#'   group's deviation), `sigma_y` and `sigma_beta[x]`; with two slopes that vary also their correlation `rho[x1,x2]`.
#' @inheritSection fit_arguments Errors
#' @inheritSection fit_arguments Progress
#' @inherit fit_arguments seealso
#' @references Gelman, A. and Hill, J. (2007). *Data Analysis Using Regression and Multilevel/Hierarchical Models*, chapter 13.
#'   Cambridge University Press.
#' @examples
#' fit <- varying_slope(height ~ age + (0 + age | Subject), nlme::Oxboys, seed = 1)
#' summary(fit, pars = c("beta_0", "beta[age]", "sigma_y", "sigma_beta[age]"))
#' @export
varying_slope <- function(formula, data, prior = NULL, ..., weights = NULL,
                          algorithm = c("exact", "nuts"), chains = 4, iter_sampling = 1000, iter_warmup = 1000,
                          seed = NULL, prior_only = FALSE, cores = getOption("mc.cores", 1L), control = nuts_control()) {
  call <- rlang::current_env()
  fit_model(
    "varying_slope", formula, data, prior, list(weights = rlang::enquo(weights)),
    new_settings(algorithm, chains, iter_sampling, iter_warmup, seed, prior_only, cores, control, rlang::exprs(...), call),
    call
  )
}
