# Draws for rows of data: expected values, predictions, their errors, intervals and log densities.

#' Predictions of a fit
#'
#' Draws from the posterior, or with `prior_only = TRUE` the prior, of what concerns single rows of data: their expected
#' values, new observations, the differences from the observed ones, and the log densities of the latter. The rows are
#' those that were fitted or those of `newdata`.
#'
#' With draw \eqn{d} of the parameters, row \eqn{i} in group \eqn{j} has the expected value
#' \deqn{m_{di} = \theta_{dj} + x_i^\top \beta_d,}{m[d, i] = theta[d, j] + x[i]' beta[d],}
#' where \eqn{\theta_j} is the group's mean or intercept and \eqn{\beta} are the slopes, if there are predictors. With
#' \eqn{\sigma} the standard deviation within groups (`sigma` or `sigma_y`, or `sigma[j]` where each group has its own),
#' \deqn{\tilde y_{di} \sim N(m_{di}, \sigma_d^2)}{ytilde[d, i] ~ N(m[d, i], sigma[d]^2)}
#' is a prediction. `posterior_epred()` gives \eqn{m}, `posterior_predict()` \eqn{\tilde y}{ytilde}, `predictive_error()`
#' \eqn{y_i - \tilde y_{di}}{y[i] - ytilde[d, i]}, and `log_lik()` the natural logarithm of the density of \eqn{y_i} under
#' \eqn{N(m_{di}, \sigma_d^2)}.
#'
#' A group that was not fitted comes from the population: \eqn{\theta_{dj} \sim N(\mu_d, \tau_d^2)}{theta[d, j] ~ N(mu[d],
#' tau[d]^2)}, where \eqn{\mu} is the population's mean or intercept (0 with `y ~ 0 + (1 | g)`) and \eqn{\tau} the
#' standard deviation between groups. Rows of the same new group share these draws; different new groups have
#' independent ones. `re_formula = NA` puts \eqn{\mu_d} in the place of \eqn{\theta_{dj}}.
#'
#' Where slopes vary between groups, as in `varying_intercept_slope()`, each group has its own in the place of the population's. The
#' coefficients of a group that was not fitted are drawn together: normal around those of the population, with the standard deviations
#' and correlations of the draw. What varies between groups without being a predictor has the mean 0 in the population.
#'
#' With two grouping factors, as in [mixed_model()], \eqn{\theta_j} is the population's intercept and the effects of the row's groups of
#' both. Each factor's group may be known or new: a new item may stand beside a known subject. Rows of the same new item share its draw,
#' whoever the subject is; a new combination of known groups is nothing new.
#'
#' **Counts.** With `family = binomial()` or `poisson()` \eqn{m_{di}}{m[d, i]} is on the scale of the link, log odds or log rates, and
#' what the functions return are counts: of row \eqn{i} with \eqn{n_i}{n[i]} trials or the exposure \eqn{e_i}{e[i]},
#' \deqn{\tilde y_{di} \sim \mathrm{Binomial}(n_i, \mathrm{logit}^{-1}(m_{di})) \quad\mathrm{or}\quad
#'   \mathrm{Poisson}(e_i \exp(m_{di})).}{ytilde[d, i] ~ Binomial(n[i], 1 / (1 + exp(-m[d, i])))   or   Poisson(e[i] exp(m[d, i])).}
#' `posterior_epred()` gives the expected counts, \eqn{n_i p_{di}}{n[i] p[d, i]} or \eqn{e_i \lambda_{di}}{e[i] lambda[d, i]} (as
#' brms does; rstanarm gives \eqn{p}). `posterior_linpred()` gives \eqn{m} with the offset, and with `transform = TRUE` probabilities
#' or expected Poisson counts. `log_lik()` gives log probabilities, binomial coefficients and factorials included. In `newdata` the
#' number of trials comes from the variables of `cbind()` (in `cbind(k, n - k)` it is `n`) or of `weights`, if they are there;
#' without any of them each row is one trial. The exposure comes from the variables of the offset, which must be there. The predictors
#' of a group may have other values than in the data.
#'
#' [complete_pooling()] has one mean for all and asks for no grouping factor; [no_pooling()] has no population, so for it a new
#' group or `re_formula = NA` is an error.
#'
#' @inheritParams prediction_arguments
#' @param transform `TRUE`: on the scale of the response, for binomial counts as probabilities. With a normal outcome `TRUE` and
#'   `FALSE` give the same.
#' @return A matrix with one row a draw, in the order of [as_draws_matrix()][posterior::as_draws_matrix], and one column a
#'   row of data; on the scale of the response, for `log_lik()` natural logarithms of densities.
#' @section Errors: All have class `bayespool_error`. `bayespool_error_draws`: a fit without draws.
#'   `bayespool_error_data`: `newdata` without a column that is needed, with missing values or unknown levels, or with new
#'   groups that are not allowed, or for Poisson counts without the offset's variables; no `newdata` where the fit was made from
#'   group moments or counts, which keep no rows.
#'   `bayespool_error_argument`: an unknown or invalid argument, or both spellings of one. `bayespool_error_model`: a new
#'   group or `re_formula = NA` after [no_pooling()]. `bayespool_error_memory`: a matrix that would not fit in memory.
#' @seealso [predictive_interval()][predictive_interval.bayespool_fit] for intervals of predictions,
#'   [predict()][predict.bayespool_fit] for their mean.
#' @references Gelman, A., Carlin, J. B., Stern, H. S., Dunson, D. B., Vehtari, A. and Rubin, D. B. (2013). *Bayesian
#'   Data Analysis*, 3rd edition, sections 1.3, 5.4 and 15.1. Chapman and Hall/CRC.
#' @examples
#' fit <- varying_intercept(yield ~ N + (1 | block), npk, seed = 1)
#' dim(posterior_predict(fit, seed = 1))
#'
#' # A block that took part, one that did not, and the population:
#' new <- data.frame(N = factor(1), block = c("1", "new"))
#' apply(posterior_epred(fit, new, seed = 1), 2, sd)
#' sd(posterior_epred(fit, data.frame(N = factor(1)), re_formula = NA))
#'
#' # How probable is a yield above 60 in a block to come, with nitrogen?
#' mean(posterior_predict(fit, new[2, ], seed = 1) > 60)
#'
#' # Counts: is the gearbox of another ten cars manual?
#' manual <- partial_pooling(am ~ 1 + (1 | cyl), mtcars, family = binomial(), seed = 1)
#' new <- data.frame(cyl = rep(4, 10))
#' table(rowSums(posterior_predict(manual, new, seed = 1)))
#' @name predictions
#' @aliases posterior_predict.bayespool_fit
NULL

#' @rdname predictions
#' @export
posterior_predict.bayespool_fit <- function(object, newdata = NULL, ..., ndraws = NULL, draws = NULL, re_formula = NULL,
                                            re.form = NULL, allow_new_levels = TRUE, seed = NULL,
                                            cores = getOption("mc.cores", 1L)) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  options <- prediction_options(ndraws, draws, re_formula, re.form, allow_new_levels, seed, cores, call)
  task <- prediction_task(object, newdata, options, "posterior_predict()", call, noise = TRUE)
  check_prediction_memory(task, call)
  core_predict(task)
}

#' @rdname predictions
#' @export
posterior_epred.bayespool_fit <- function(object, newdata = NULL, ..., ndraws = NULL, draws = NULL, re_formula = NULL,
                                          re.form = NULL, allow_new_levels = TRUE, seed = NULL,
                                          cores = getOption("mc.cores", 1L)) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  options <- prediction_options(ndraws, draws, re_formula, re.form, allow_new_levels, seed, cores, call)
  task <- prediction_task(object, newdata, options, "posterior_epred()", call)
  check_prediction_memory(task, call)
  core_epred(task)
}

#' @rdname predictions
#' @export
posterior_linpred.bayespool_fit <- function(object, transform = FALSE, newdata = NULL, ..., ndraws = NULL, draws = NULL,
                                            re_formula = NULL, re.form = NULL, allow_new_levels = TRUE, seed = NULL,
                                            cores = getOption("mc.cores", 1L)) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_flag(transform, call)
  options <- prediction_options(ndraws, draws, re_formula, re.form, allow_new_levels, seed, cores, call)
  task <- prediction_task(object, newdata, options, "posterior_linpred()", call)
  check_prediction_memory(task, call)
  if (transform && task$family == "binomial") task$noise[] <- 1 # probabilities
  if (transform) core_epred(task) else core_linpred(task)
}

#' @rdname predictions
#' @export
predictive_error.bayespool_fit <- function(object, newdata = NULL, ..., ndraws = NULL, draws = NULL, re_formula = NULL,
                                           re.form = NULL, allow_new_levels = TRUE, seed = NULL,
                                           cores = getOption("mc.cores", 1L)) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  options <- prediction_options(ndraws, draws, re_formula, re.form, allow_new_levels, seed, cores, call)
  task <- prediction_task(object, newdata, options, "predictive_error()", call, noise = TRUE, response = TRUE)
  check_prediction_memory(task, call)
  core_predictive_error(task)
}

#' @rdname predictions
#' @export
log_lik.bayespool_fit <- function(object, newdata = NULL, ..., ndraws = NULL, draws = NULL, re_formula = NULL, re.form = NULL,
                                  allow_new_levels = TRUE, seed = NULL, cores = getOption("mc.cores", 1L)) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  options <- prediction_options(ndraws, draws, re_formula, re.form, allow_new_levels, seed, cores, call)
  task <- prediction_task(object, newdata, options, "log_lik()", call, response = TRUE)
  check_prediction_memory(task, call)
  core_log_lik(task)
}

#' @rdname intervals
#' @export
predictive_interval.bayespool_fit <- function(object, prob = 0.9, newdata = NULL, ..., ndraws = NULL, draws = NULL,
                                              re_formula = NULL, re.form = NULL, allow_new_levels = TRUE, seed = NULL,
                                              cores = getOption("mc.cores", 1L)) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_probability(prob, call)
  options <- prediction_options(ndraws, draws, re_formula, re.form, allow_new_levels, seed, cores, call)
  task <- prediction_task(object, newdata, options, "predictive_interval()", call, noise = TRUE)
  probs <- c((1 - prob) / 2, 1 - (1 - prob) / 2)
  ends <- core_predictive_quantiles(task, probs)
  colnames(ends) <- paste0(100 * probs, "%")
  ends
}
