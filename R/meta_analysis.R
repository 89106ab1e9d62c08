# meta_analysis(): estimates with known standard errors.

#' Meta-analysis
#'
#' Estimates of several studies, each with its standard error, around effects of the studies that come from a common normal population: the
#' random-effects model. With moderators it is a meta-regression.
#'
#' \deqn{y_i \sim N(\mu_{j[i]} + x_i^\top \beta, s_i^2), \qquad \mu_j \sim N(\mu, \tau^2)
#'   }{y[i] ~ N(mu[j[i]] + x[i]' beta, s[i]^2),   mu[j] ~ N(hyper_mu, sigma_mu^2)}
#' with estimate \eqn{y_i} of study \eqn{j[i]} and its standard error \eqn{s_i}, which is taken as known. \eqn{\mu}
#' (`hyper_mu`) is the pooled effect, \eqn{\tau} (`sigma_mu`), on the scale of the estimates, the heterogeneity: the standard deviation of
#' the true effects between studies. The model is [partial_pooling()] with a known standard deviation for each observation; a study may have
#' several estimates, which are then independent given its effect.
#'
#' With moderators, as in `yi ~ dose + (1 | study)`, the names are those of [varying_intercept()]: `beta_0`, `beta[dose]`,
#' `beta_0j[study]`, `sigma_0`. Categories, `0 +`, and effects that vary between studies, `(1 + x | study)`, are as in [mixed_model()].
#'
#' **How much of the variance is heterogeneity.** `I2` is \eqn{\tau^2 / (\tau^2 + \tilde s^2)}{tau^2 / (tau^2 + s~^2)}, with the variance
#' of a typical estimate
#' \deqn{\tilde s^2 = (k - p) / \mathrm{tr}\{W - W X (X^\top W X)^{-1} X^\top W\}, \qquad W = \mathrm{diag}(1 / s_i^2),
#'   }{s~^2 = (k - p) / tr(W - W X (X'W X)^-1 X'W),   W = diag(1 / s_i^2),}
#' of \eqn{k} estimates with \eqn{p} coefficients, which without moderators is that of Higgins and Thompson (2002). It has a posterior
#' distribution, as \eqn{\tau} has. `sigma(fit)` is \eqn{\tilde s}{s~}, and what [VarCorr()][VarCorr.bayespool_fit] calls residual.
#'
#' **A new study.** [print()] and [summary()] end with the effect of a study that is not among these: a mixture of \eqn{N(\mu, \tau^2)}
#' over the posterior, often called the prediction interval. `predict(fit, newdata, interval = "confidence")` gives it with moderators. Its
#' estimate depends on its standard error too: `interval = "prediction"` and `posterior_predict()` want that in `newdata`.
#'
#' **Several estimates of a study**, or correlated ones: estimates that share a control group are not independent, and this model does
#' not know that. Combine them, or choose one, first.
#'
#' **Heterogeneity that is known**: `prior = list(sigma_mu = dist_degenerate(0))` is the common-effect ("fixed-effect") model.
#' [compare_meta()] compares it with this one. Few studies say little of \eqn{\tau}, so its prior matters: see
#' [bayespool-priors] and [empirical-priors].
#'
#' @param formula A formula of the estimates, such as `yi ~ 1 + (1 | study)`.
#' @param data A data frame with one row an estimate; what `metafor::escalc()` returns serves as it is. Or a table in a database, see
#'   [bayespool-rows].
#' @param se,vi The standard errors of the estimates, or their squares: a column of `data`, an expression of columns, or a vector. Give
#'   one of them; an object of `metafor::escalc()` has its own `vi`. A row without one is dropped.
#' @param prior A named list of distributions, or `NULL`; see [bayespool-priors] for the distributions and the defaults. Parameters are
#'   `hyper_mu` and `sigma_mu`; with moderators `beta_0`, `beta` (all slopes) or `beta[x]`, and `sigma_0`.
#' @param ... Not used; it makes a misspelt argument an error. The arguments after it must be named.
#' @inheritParams fit_arguments
#' @return A fit, a list of class `bayespool_fit`; see [partial_pooling()]. Its variables are `hyper_mu`, `mu[study]` for each study and
#'   `sigma_mu`; with moderators `beta_0`, `beta[x]`, `beta_0j[study]` and `sigma_0`. There is no `sigma_y`.
#' @inheritSection fit_arguments Errors
#' @section Errors of this function: Also of class `bayespool_error_argument`: no `se` and no `vi`, both, values that are not above 0.
#' @inheritSection fit_arguments Progress
#' @seealso [forest_plot()] and [funnel_plot()] for pictures, [compare_meta()] for Bayes factors, [variance_components()] for \eqn{I^2},
#'   [loo()][loo.bayespool_fit] with `unit = "group"` for leaving studies out.
#' @references DerSimonian, R. and Laird, N. (1986). Meta-analysis in clinical trials. *Controlled Clinical Trials*, 7(3), 177-188.
#'   \doi{10.1016/0197-2456(86)90046-2}
#'
#'   Higgins, J. P. T. and Thompson, S. G. (2002). Quantifying heterogeneity in a meta-analysis. *Statistics in Medicine*, 21(11),
#'   1539-1558. \doi{10.1002/sim.1186}
#'
#'   Rubin, D. B. (1981). Estimation in parallel randomized experiments. *Journal of Educational Statistics*, 6(4), 377-401.
#'   \doi{10.3102/10769986006004377}
#' @examples
#' # Effects of coaching on test scores in eight schools (Rubin 1981):
#' schools <- data.frame(
#'   school = LETTERS[1:8],
#'   effect = c(28, 8, -3, 7, -1, 1, 18, 12),
#'   se = c(15, 10, 16, 11, 9, 11, 10, 18)
#' )
#' fit <- meta_analysis(
#'   effect ~ 1 + (1 | school), schools, se = se,
#'   prior = list(hyper_mu = dist_normal(0, 20), sigma_mu = dist_cauchy(0, 10)), seed = 1
#' )
#' fit
#' variance_components(fit)
#' @export
meta_analysis <- function(formula, data, prior = NULL, ..., se = NULL, vi = NULL,
                          algorithm = c("exact", "nuts"), chains = 4, iter_sampling = 1000, iter_warmup = 1000,
                          seed = NULL, prior_only = FALSE, cores = getOption("mc.cores", 1L), control = nuts_control()) {
  call <- rlang::current_env()
  fit_model(
    "meta_analysis", formula, data, prior, list(se = rlang::enquo(se), vi = rlang::enquo(vi)),
    new_settings(algorithm, chains, iter_sampling, iter_warmup, seed, prior_only, cores, control, rlang::exprs(...), call),
    call
  )
}
