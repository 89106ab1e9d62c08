# log_marginal_likelihood(): the exact evidence.

#' Log marginal likelihood
#'
#' The logarithm of the density of the data with all parameters integrated out, by quadrature. The difference of the
#' values of two fits to the same data is the log Bayes factor between their models.
#'
#' With \eqn{\theta} all parameters of the model, the group means included, and \eqn{y} the data,
#' \deqn{p(y) = \int p(y \mid \theta) \, p(\theta) \, d\theta.}{p(y) = integral of p(y | theta) p(theta) over theta.}
#'
#' A model here includes its priors: much wider ones usually lower the marginal likelihood, even where they hardly
#' change the posterior. Default priors are scaled by the data, so for a comparison that matters choose the priors
#' yourself.
#'
#' @param object A fit.
#' @param ... Not used.
#' @return One number, on the natural log scale. For a fit with `prior_only = TRUE`, without data, it is 0.
#' @section Errors: Of class `bayespool_error_improper` if a prior is flat: the marginal likelihood is then defined
#'   only up to a constant. Of class `bayespool_error_argument`: unknown arguments.
#' @references Kass, R. E. and Raftery, A. E. (1995). Bayes factors. *Journal of the American Statistical Association*,
#'   90(430), 773-795. \doi{10.1080/01621459.1995.10476572}
#' @seealso [bayes_factors] for the functions of the bridgesampling package; [compare_pooling()].
#' @examples
#' pooled <- complete_pooling(yield ~ 1, npk, iter_sampling = 0)
#' partial <- partial_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0)
#' log_marginal_likelihood(partial) - log_marginal_likelihood(pooled)
#' @export
log_marginal_likelihood <- function(object, ...) {
  UseMethod("log_marginal_likelihood")
}

#' @rdname log_marginal_likelihood
#' @export
log_marginal_likelihood.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  flat <- names(object$priors)[!vapply(object$priors, is_proper, logical(1))]
  if (length(flat) > 0) {
    abort_bayespool(
      c(
        "The marginal likelihood is not defined with a flat prior.",
        i = "A flat prior has an arbitrary height, and so has the marginal likelihood.",
        i = "Give {.field {flat}} a proper prior."
      ),
      "improper", call
    )
  }
  # Chains know nothing of it.
  object$log_evidence %||% exact_fit(fit_posterior(object), call)$log_evidence
}
