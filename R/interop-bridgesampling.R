# The exact marginal likelihood where the bridgesampling package's functions look for one.

#' Bayes factors by the bridgesampling package
#'
#' Where the bridgesampling package is installed, its functions take fits: `bridgesampling::bayes_factor(fit1, fit2)`,
#' `bf()`, `post_prob(fit1, fit2, ...)`, `logml()`, and `bridge_sampler()`, for comparing with models of other packages.
#' None of them samples: all use [log_marginal_likelihood()], which is exact.
#'
#' The Bayes factor of model 1 over model 2 is the ratio of the densities that they give to the data \eqn{y}, with their
#' parameters integrated out:
#' \deqn{BF = \frac{p(y \mid M_1)}{p(y \mid M_2)}.}{BF = p(y | M1) / p(y | M2).}
#' The fits that are compared must be of the same data, and their priors are part of what is compared.
#'
#' @param samples,x,x1,x2 Fits; `x2` may also be what `bridgesampling::bridge_sampler()` returned for another model.
#' @param log Whether to give the natural logarithm of the Bayes factor.
#' @param prior_prob Prior probabilities of the models, one for each, which add up to 1. `NULL`: all the same.
#' @param model_names Names for the result, one for each model. `NULL`: the names of the variables that hold the fits.
#' @param ... More fits, for `post_prob()`; otherwise ignored, but for what looks like a misspelt argument, which gets a warning.
#' @return What bridgesampling's functions return: `bf()` and `bayes_factor()` an object with the Bayes factor `bf` of
#'   `x1` over `x2`; `post_prob()` a named vector of posterior model probabilities; `logml()` a number, the natural logarithm
#'   of the marginal likelihood; `bridge_sampler()` an object of class `bridge` that holds this number as `logml`.
#' @section Errors: Of class `bayespool_error_improper`: a flat prior. Of class `bayespool_error_data`: fits of different
#'   data.
#' @references Kass, R. E. and Raftery, A. E. (1995). Bayes factors. *Journal of the American Statistical Association*,
#'   90(430), 773-795. \doi{10.1080/01621459.1995.10476572}
#' @seealso [compare_pooling()] for complete, no and partial pooling at once.
#' @examplesIf requireNamespace("bridgesampling", quietly = TRUE)
#' pooled <- complete_pooling(yield ~ 1, npk, iter_sampling = 0)
#' partial <- partial_pooling(yield ~ 1 + (1 | block), npk, iter_sampling = 0)
#' bridgesampling::bayes_factor(partial, pooled)
#' bridgesampling::post_prob(partial, pooled)
#' @name bayes_factors
NULL

# Not @exportS3Method: then the help page would show the methods as plain functions.
#' @rdname bayes_factors
#' @method bridge_sampler bayespool_fit
#' @rawNamespace S3method(bridgesampling::bridge_sampler, bayespool_fit)
bridge_sampler.bayespool_fit <- function(samples, ...) {
  ignore_dots(rlang::exprs(...), rlang::current_env())
  as_bridge(samples)
}

as_bridge <- function(fit) {
  if (!inherits(fit, "bayespool_fit")) {
    return(fit)
  }
  structure(
    list(logml = log_marginal_likelihood(fit), niter = 0L, method = "exact quadrature"), class = c("bayespool_bridge", "bridge")
  )
}

#' @export
print.bayespool_bridge <- function(x, ...) {
  cat("Log marginal likelihood, exact by quadrature: ", format(x$logml, digits = 8), "\n", sep = "")
  invisible(x)
}

#' @rdname bayes_factors
#' @method logml bayespool_fit
#' @rawNamespace S3method(bridgesampling::logml, bayespool_fit)
logml.bayespool_fit <- function(x, ...) {
  log_marginal_likelihood(x, ...)
}

#' @rdname bayes_factors
#' @method bf bayespool_fit
#' @rawNamespace S3method(bridgesampling::bf, bayespool_fit)
bf.bayespool_fit <- function(x1, x2, log = FALSE, ...) {
  call <- rlang::current_env()
  check_same_data(list(x1, x2), call)
  result <- bridgesampling::bf(as_bridge(x1), as_bridge(x2), log = log, ...)
  attr(result, "model_names") <- c(rlang::as_label(substitute(x1)), rlang::as_label(substitute(x2)))
  result
}

#' @rdname bayes_factors
#' @method bayes_factor bayespool_fit
#' @rawNamespace S3method(bridgesampling::bayes_factor, bayespool_fit)
bayes_factor.bayespool_fit <- function(x1, x2, log = FALSE, ...) {
  result <- bf.bayespool_fit(x1, x2, log = log, ...)
  attr(result, "model_names") <- c(rlang::as_label(substitute(x1)), rlang::as_label(substitute(x2)))
  result
}

#' @rdname bayes_factors
#' @method post_prob bayespool_fit
#' @rawNamespace S3method(bridgesampling::post_prob, bayespool_fit)
post_prob.bayespool_fit <- function(x, ..., prior_prob = NULL, model_names = NULL) {
  # Before the arguments are evaluated: afterwards their expressions are gone.
  expressions <- c(list(substitute(x)), as.list(substitute(list(...)))[-1])
  model_names <- model_names %||% vapply(expressions, rlang::as_label, "", USE.NAMES = FALSE)
  fits <- list(x, ...)
  check_same_data(fits, rlang::current_env())
  bridges <- lapply(fits, as_bridge)
  do.call(bridgesampling::post_prob, c(bridges, list(prior_prob = prior_prob, model_names = model_names)))
}

# Fits whose responses differ in kind, in number, (weighted) mean or spread, or in events or in what rows these are sums of, are not of the
# same data.
check_same_data <- function(fits, call) {
  fits <- Filter(function(fit) inherits(fit, "bayespool_fit"), fits)
  families <- unique(vapply(fits, function(fit) {
    check_uses_data(fit, call)
    fit$model$family
  }, ""))
  if (length(families) > 1) {
    abort_bayespool(
      c("The fits have different kinds of outcomes and cannot be compared.", i = "Their families are {.val {families}}."), "data", call
    )
  }
  counts <- !identical(families, "gaussian")
  response <- vapply(fits, function(fit) if (counts) counted_response(fit$reduced) else measured_response(fit$reduced), numeric(4))
  difference <- abs(response - response[, 1])
  if (any(difference > 1e-8 * (abs(response) + response[3, 1]))) {
    found <- format(response[1, ], trim = TRUE)
    second <- format(response[2, ], trim = TRUE, digits = 6)
    abort_bayespool(
      c(
        "The fits are of different data and cannot be compared.",
        i = paste("Numbers of observations: {found};", if (counts) "of events: {second}." else "means of the response: {second}.")
      ),
      "data", call
    )
  }
}

# Number of observations, mean, spread, weight.
measured_response <- function(moments) {
  one <- merge_into_one(moments)
  c(one$n, one$mean[length(one$mean)], sqrt(one$within[length(one$within)]), group_weights(one))
}

# Number of observations, events, no spread, and of trials the constants, which tell rows from their sums. An exposure is no part of the
# outcome.
counted_response <- function(counts) {
  c(sum(counts$n), sum(counts$events), 0, if (counts$family == "binomial") sum(counts$log_constant) else 0)
}
