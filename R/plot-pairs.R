# pairs(): the draws of variables against each other, through bayesplot.

#' Scatter plots of draws
#'
#' Draws of some variables against each other, with their histograms on the diagonal, by [bayesplot::mcmc_pairs()]. They show what
#' intervals do not: correlations, and shapes such as the funnel of a standard deviation between groups and the groups' means.
#'
#' The chains are shown one half above and one half below the diagonal. Divergent transitions of NUTS are marked.
#'
#' @param x A fit.
#' @param pars,regex_pars Names of variables, and regular expressions that match names: the variables to show, at least two. Both
#'   `NULL`: the first 9, those that do not belong to a single group before the others.
#' @param ... Arguments of [bayesplot::mcmc_pairs()], such as `transformations` or `condition`.
#' @return What [bayesplot::mcmc_pairs()] returns: a grid of pictures, which is drawn where it is printed.
#' @section Errors: Of class `bayespool_error_draws`: a fit without draws. Of class `bayespool_error_argument`: an unknown variable, an
#'   expression that matches none, fewer than two variables.
#' @seealso [plot()][plot.bayespool_fit] for one variable at a time.
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' fit <- partial_pooling(yield ~ 1 + (1 | block), npk, seed = 1)
#' pairs(fit, pars = c("hyper_mu", "mu[1]", "sigma_mu"), transformations = list(sigma_mu = "log"))
#' @importFrom graphics pairs
#' @export
pairs.bayespool_fit <- function(x, pars = NULL, regex_pars = NULL, ...) {
  call <- rlang::current_env()
  check_plot_packages(call)
  draws <- fit_draws(x, call = call)
  variables <- choose_pars(pars, regex_pars, layout_variables(x$model), call)
  if (is.null(pars) && is.null(regex_pars)) variables <- most_important(x, variables)
  if (length(variables) < 2) {
    abort_bayespool(c("{.fn pairs} needs at least two variables.", i = "Found {.val {variables}}."), "argument", call)
  }
  bayesplot::mcmc_pairs(draws[, , variables], np = if (has_chains(x)) nuts_params.bayespool_fit(x), ...)
}
