# Functions of other packages that users need for ours.

#' Distributions for priors
#'
#' The constructors of the distributional package that are useful as priors are
#' exported again, so that `library(bayespool)` is enough. Their own help pages
#' are in distributional, such as [distributional::dist_normal()].
#'
#' * For a location (a mean, an intercept, a slope): `dist_normal()`;
#'   `dist_uniform(-Inf, Inf)`, flat; `dist_degenerate()`, a known value.
#' * For a scale (a standard deviation): `dist_exponential()`, `dist_gamma()`,
#'   `dist_inverse_gamma()`, `dist_lognormal()`, `dist_uniform()`, `dist_degenerate()`, and
#'   `dist_normal()`, `dist_student_t()`, `dist_cauchy()`, which are cut at 0. [dist_log_student_t()] is our own.
#'
#' All priors on scales are on the standard deviation itself: not on the
#' variance, the precision or the logarithm. "Cut at 0" means that only the part of the
#' density above 0 counts, scaled up so that it integrates to 1: `dist_normal(0, 5)` as the prior on a
#' standard deviation is the half-normal distribution.
#'
#' @return A vector of class `distribution`, of length 1 for a prior.
#' @section Errors: Those of the distributional package, for a negative standard deviation for example. The
#'   fitting functions refuse what cannot be a prior: see [bayespool-priors].
#' @seealso [bayespool-priors] for the parameters of each model and the defaults.
#' @examples
#' dist_normal(40, 20)
#' # The same density with the two names of its second parameter:
#' dist_inverse_gamma(3, scale = 2)
#' dist_inverse_gamma(3, rate = 1 / 2)
#' @importFrom distributional dist_normal dist_uniform dist_degenerate dist_exponential dist_gamma
#' @importFrom distributional dist_inverse_gamma dist_lognormal dist_student_t dist_cauchy
#' @export dist_normal
#' @export dist_uniform
#' @export dist_degenerate
#' @export dist_exponential
#' @export dist_gamma
#' @export dist_inverse_gamma
#' @export dist_lognormal
#' @export dist_student_t
#' @export dist_cauchy
#' @aliases dist_normal dist_uniform dist_degenerate dist_exponential dist_gamma dist_inverse_gamma dist_lognormal
#'   dist_student_t dist_cauchy
#' @name prior_distributions
NULL

#' @importFrom rstantools prior_summary
#' @export prior_summary
NULL

#' Generics of the posterior package
#'
#' Exported again, so that `library(bayespool)` is enough to read the draws of a fit; see [draws].
#'
#' @return `as_draws()` and its variants give the draws in one of the formats of the posterior package, `variables()` names,
#'   and the others numbers: see [draws].
#' @section Errors: See [draws].
#' @examples
#' fit <- complete_pooling(yield ~ 1, npk, seed = 1)
#' variables(fit)
#' @importFrom posterior as_draws as_draws_array as_draws_df as_draws_matrix as_draws_list as_draws_rvars
#' @importFrom posterior variables ndraws nchains niterations nvariables
#' @export as_draws
#' @export as_draws_array
#' @export as_draws_df
#' @export as_draws_matrix
#' @export as_draws_list
#' @export as_draws_rvars
#' @export variables
#' @export ndraws
#' @export nchains
#' @export niterations
#' @export nvariables
#' @aliases as_draws as_draws_array as_draws_df as_draws_matrix as_draws_list as_draws_rvars
#'   variables ndraws nchains niterations nvariables
#' @name posterior_generics
NULL
