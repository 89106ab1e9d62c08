# Summaries by quadrature: no draws, no Monte Carlo error.

#' Exact posterior summary
#'
#' Means, standard deviations and quantiles of all parameters by quadrature. They carry no Monte Carlo error and need no
#' draws.
#'
#' Given the standard deviations every other parameter is normal with known mean \eqn{f} and variance \eqn{v}. So with
#' the quadrature weights \eqn{w}, which add up to 1, its mean is \eqn{\sum w f}, its variance
#' \eqn{\sum w (v + f^2) - (\sum w f)^2}, and its distribution function a mixture of normal ones, which is inverted.
#' Hierarchical fits get a last row `icc` (after [meta_analysis()] `I2`), the intraclass correlation
#' \eqn{\tau^2 / (\tau^2 + \sigma^2)}, with \eqn{\tau} the standard deviation between groups (`sigma_mu` or `sigma_0`)
#' and \eqn{\sigma} that within them (`sigma_y`). With two grouping factors there are two rows, `icc[subject]` and `icc[item]`: the share of
#' the variance between groups of this factor in the sum of all three variances. The ends of their intervals are estimates, see
#' [variance_components()].
#'
#' **Counts and proportions.** With `family` the parameters are on the scale of the link, log odds or logarithms of rates. Given
#' the population's parameters and `sigma_mu` (or `sigma_0`) each group has an integral of its own, over one dimension, and the nodes of
#' these make the distributions of the groups. With `scale = "response"` rows are those of probabilities or rates, whose means are those
#' of the probabilities, and not the probabilities of means:
#'
#' | link scale | binomial | Poisson | which is |
#' |---|---|---|---|
#' | `mu` | `p` | `rate` | the probability of an event, the rate of events in a unit of exposure |
#' | `hyper_mu` | `hyper_p` | `hyper_rate` | that of a group at the mean of the population (the median group) |
#' | `beta_0` | `p_0` | `rate_0` | the same where all predictors are 0 |
#' | `beta[x]` | `odds_ratio[x]` | `rate_ratio[x]` | by what one more of `x` multiplies the odds or the rate |
#' | `mu[g]`, `beta_0j[g]` | `p[g]` | `rate[g]` | the group's own, with its predictors |
#'
#' Of binomial outcomes the last row `icc` is on the scale of log odds, where the variance within groups is
#' \eqn{\pi^2 / 3}{pi^2 / 3}, that of the logistic distribution. Of Poisson counts there is none.
#'
#' @param object A fit.
#' @param probs Probabilities of the quantiles, between 0 and 1.
#' @param x What `exact_summary()` returned.
#' @inheritParams summary.bayespool_fit
#' @param ... Not used.
#' @return A data frame with one row a parameter, in the order of the draws, and columns `variable`, `mean`, `sd` and
#'   one quantile for each of `probs`, named like `q3`, `q50`, `q97`. The quantiles `q3` and `q97` hold 94% between
#'   them, but they are not the ends of the shortest interval that [summary()][summary.bayespool_fit] shows. With
#'   heavy-tailed or flat priors and few groups some moments do not exist: these are `Inf` (standard deviations, and
#'   means of standard deviations) or `NaN` (means of the others).
#' @section Errors: Of class `bayespool_error_argument`: probabilities outside (0, 1), unknown arguments. Of class `bayespool_error_memory`:
#'   so many predictors that their covariances at the nodes of the quadrature would not fit in memory.
#' @references Trefethen, L. N. and Weideman, J. A. C. (2014). The exponentially convergent trapezoidal rule. *SIAM
#'   Review*, 56(3), 385-458. \doi{10.1137/130932132}
#' @seealso [summary()][summary.bayespool_fit] for the shortest interval, [variance_components()] for the variances.
#' @examples
#' fit <- partial_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0)
#' exact_summary(fit)
#' exact_summary(fit, probs = c(0.25, 0.75))
#' @export
exact_summary <- function(object, ...) {
  UseMethod("exact_summary")
}

#' @rdname exact_summary
#' @export
exact_summary.bayespool_fit <- function(object, probs = c(0.03, 0.5, 0.97), pars = NULL, regex_pars = NULL,
                                        scale = c("link", "response"), ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  valid <- checkmate::test_numeric(probs, lower = 1e-10, upper = 1 - 1e-10, any.missing = FALSE)
  check_argument(probs, valid, "probabilities between 0 and 1 (and not within 1e-10 of these)", call)
  scale <- choose_one(scale, c("link", "response"), call)
  if (on_response_scale(object$model, scale)) {
    layout <- response_layout(object$model)
    chosen <- match(choose_pars(pars, regex_pars, layout$variable, call), layout$variable)
    return(new_exact_summary(
      exact_response_table(fit_posterior(object), probs, chosen = chosen, call = call), layout$variable[chosen], probs, layout
    ))
  }
  icc <- icc_names(object$model)
  layout <- object$model$layout
  variable <- c(layout$variable, icc)
  chosen <- match(choose_pars(pars, regex_pars, variable, call), variable)
  table <- exact_table(fit_posterior(object), probs, icc = any(icc %in% variable[chosen]), chosen = chosen, call = call)
  new_exact_summary(table, variable[chosen], probs, layout)
}

new_exact_summary <- function(table, variable, probs, layout) {
  colnames(table) <- c("mean", "sd", quantile_names(probs))
  new_table(
    c(list(variable = variable), matrix_columns(table)), "bayespool_exact_summary", of_group = factors_of_groups(layout)
  )
}

#' @rdname exact_summary
#' @export
print.bayespool_exact_summary <- function(x, digits = NULL, n_rows = 30, ...) {
  print_table(x, digits, n_rows)
  invisible(x)
}
