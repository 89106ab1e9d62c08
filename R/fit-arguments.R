# Documentation that the fitting functions share.

#' Arguments of the fitting functions
#'
#' @param family The distribution of the outcome: [`gaussian()`][stats::family], a normal one; `binomial()` or `poisson()`, for
#'   proportions and counts, with the logit or the logarithm as the link: see [bayespool-counts].
#' @param weights `NULL`, or the weight of each row: a column of `data`, an expression of columns, or a vector. A row of weight \eqn{w}
#'   has the variance \eqn{\sigma^2 / w}{sigma^2 / w}; see [bayespool-weights].
#' @param algorithm `"exact"`: quadrature over the standard deviations and independent draws from the posterior. There
#'   is no Markov chain that has to converge. `"nuts"`: Hamiltonian Monte Carlo on the joint posterior of all parameters,
#'   to compare and to teach; see [nuts_control()] and [nuts_diagnostics].
#' @param chains,iter_sampling The draws come as `chains` chains of `iter_sampling` draws each, the layout that other
#'   packages expect. Exact draws are independent, within a chain as between chains. With `iter_sampling = 0` there
#'   are no draws; [exact_summary()] and [log_marginal_likelihood()] need none.
#' @param iter_warmup Iterations of each chain before its draws, in which NUTS tunes itself; at least 150 for the usual
#'   three phases. For `algorithm = "nuts"` only.
#' @param seed A whole number: the same seed gives the same draws, whatever `cores` is. `NULL` takes one from R's random
#'   number generator, which [set.seed()] controls.
#' @param prior_only `TRUE` leaves the data out: draws come from the prior. Default priors still get their scale from
#'   the data.
#' @param cores Number of threads for the draws; NUTS runs its chains side by side.
#' @param control Settings of NUTS from [nuts_control()]. For `algorithm = "nuts"` only.
#' @section Errors: All have class `bayespool_error`. `bayespool_error_formula`: a formula that the model cannot
#'   express. `bayespool_error_data`: missing variables, no rows, infinite values. `bayespool_error_prior`: an unknown
#'   parameter, a distribution that is not supported. `bayespool_error_argument`: an unknown or invalid argument, such as
#'   weights that are negative.
#'   `bayespool_error_improper`: a posterior (or, with `prior_only`, a prior) that does not exist, such as that of
#'   groups without any spread. `bayespool_error_memory`: draws that would not fit in memory.
#'   `bayespool_error_numerical`: a posterior beyond the range of numbers. A warning of class
#'   `bayespool_warning_undetermined` says where the data cannot tell the standard deviations within and between groups
#'   apart: with one observation in each group, or with one group.
#' @section Progress: With `algorithm = "nuts"`, a run of more than a second shows a progress bar in interactive
#'   sessions. `options(bayespool.progress = FALSE)` silences it, `TRUE` shows it in scripts too.
#' @seealso [exact_summary()] and [summary()][summary.bayespool_fit] for the parameters,
#'   [posterior_predict()][posterior_predict.bayespool_fit] and [predict()][predict.bayespool_fit] for predictions,
#'   [loo()][loo.bayespool_fit] and [compare_pooling()] for comparing models, [plot_groups()] for a picture.
#' @name fit_arguments
#' @keywords internal
NULL
