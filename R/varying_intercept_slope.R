# Regression in which each group has an intercept and a slope of its own.

#' Regression with an intercept and a slope of each group
#'
#' A regression in which each group has an intercept and a slope of its own, drawn together from a population.
#'
#' The model is
#' \deqn{y_i \sim N(\beta_{0 g_i} + x_i \beta_{g_i}, \sigma_y^2), \qquad
#'   (\beta_{0j}, \beta_j) \sim N\left((\beta_0, \beta), \Sigma\right),
#'   }{y[i] ~ N(beta_0j[j] + x[i] beta_j[j], sigma_y^2) in group j,   (beta_0j[j], beta_j[j]) ~ N((beta_0, beta), Sigma),}
#' where \eqn{\Sigma} has the standard deviations `sigma_0` (of the intercepts) and `sigma_beta[x]` (of the slopes) and the correlation
#' `rho[x]`. Other predictors have common slopes. `(1 + x || g)` leaves the correlation out. By default the coefficients have
#' normal priors, the standard deviations exponential ones, and the correlation the uniform one, `rho = ` [dist_lkj()]`(1)`.
#'
#' The prior of `beta_0` is on the intercept as written, where all predictors are 0, and so are `sigma_0` and `rho`: how much groups
#' differ there, and how that goes with their slopes. Predictors are not centred. Where 0 is far from the data, intercepts and slopes
#' are strongly correlated, the posterior is a narrow curved valley, and the fit takes seconds. Centring the predictor makes
#' it fast and the parameters easier to read.
#'
#' Given the standard deviations and the correlation all else is normal, so the posterior is computed by quadrature over
#' these, on a lattice of nodes in their logarithms. The article *How it works* has the details.
#'
#' @param formula Response, predictors, and what varies, as in `y ~ x + (1 + x | g)` or the same `y ~ x + (x | g)`;
#'   `(1 + x || g)` for effects without correlation.
#' @param data A data frame with the variables of `formula`, [group moments][group_moments()] that hold its columns, or a list of such
#'   moments of parts of the rows. A table in a database, or rows that come in parts: see [bayespool-rows].
#'   Rows with missing values are dropped, with a message.
#' @param prior A named list of priors, such as `list(rho = dist_lkj(2))`; see
#'   [bayespool-priors]. Parameters that it does not name get a weakly informative default.
#' @param ... Not used; it makes a misspelt argument an error. The arguments after it must be named.
#' @inheritParams fit_arguments
#' @return A fit: an object of class `bayespool_fit`. [print()][print.bayespool_fit],
#'   [summary()][summary.bayespool_fit], [exact_summary()], [log_marginal_likelihood()], [prior_summary()] and
#'   [as_draws()][as_draws.bayespool_fit] read it; [update()][update.bayespool_fit] changes it. Its variables are
#'   `beta_0`, `beta[x]` for each predictor `x`, `beta_0j[g]` and `beta_j[x,g]` for the intercept and the slope of each group `g`
#'   (the population's and the group's deviation), `sigma_y`, `sigma_0`, `sigma_beta[x]` and `rho[x]`.
#' @inheritSection fit_arguments Errors
#' @inheritSection fit_arguments Progress
#' @inherit fit_arguments seealso
#' @references Gelman, A. and Hill, J. (2007). *Data Analysis Using Regression and Multilevel/Hierarchical Models*, chapter 13.
#'   Cambridge University Press.
#'
#'   Lewandowski, D., Kurowicka, D. and Joe, H. (2009). Generating random correlation matrices based on vines and
#'   extended onion method. *Journal of Multivariate Analysis*, 100(9), 1989-2001. \doi{10.1016/j.jmva.2009.04.008}
#' @examples
#' fit <- varying_intercept_slope(height ~ age + (1 + age | Subject), nlme::Oxboys, seed = 1)
#' summary(fit, pars = c("beta_0", "beta[age]", "sigma_y", "sigma_0", "sigma_beta[age]", "rho[age]"))
#' @export
varying_intercept_slope <- function(formula, data, prior = NULL, ..., weights = NULL,
                                    algorithm = c("exact", "nuts"), chains = 4, iter_sampling = 1000, iter_warmup = 1000,
                                    seed = NULL, prior_only = FALSE, cores = getOption("mc.cores", 1L), control = nuts_control()) {
  call <- rlang::current_env()
  fit_model(
    "varying_intercept_slope", formula, data, prior, list(weights = rlang::enquo(weights)),
    new_settings(algorithm, chains, iter_sampling, iter_warmup, seed, prior_only, cores, control, rlang::exprs(...), call),
    call
  )
}
