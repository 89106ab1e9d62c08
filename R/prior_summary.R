# prior_summary(): the priors that a fit used.

#' The priors of a fit
#'
#' Shows the prior on each parameter as it entered the model, and whether it was
#' given or is a default scaled by the data.
#'
#' @param object A fit from one of the fitting functions.
#' @param x What `prior_summary()` returned.
#' @param ... Ignored: what other packages pass to all models. What looks like a misspelt argument gets a warning.
#' @return A data frame of class `bayespool_prior_summary`, one row a parameter:
#'   `parameter`, `prior` (text), `source` (`"user"` or `"default"`) and `distribution` (a vector of
#'   distributions with all digits, for `quantile()`, `density()` and so on; those cut at 0 are
#'   [distributional::dist_truncated()]).
#' @section Errors: Of class `bayespool_error_argument`: unknown arguments.
#' @seealso [bayespool-priors] for the distributions and the defaults.
#' @examples
#' fit <- partial_pooling(
#'   yield ~ 1 + (1 | block), npk,
#'   prior = list(sigma_mu = dist_cauchy(0, 5)), iter_sampling = 0
#' )
#' prior_summary(fit)
#' prior_summary(fit)$distribution
#' @name prior_summary.bayespool_fit
#' @aliases prior_summary
#' @method prior_summary bayespool_fit
#' @export
prior_summary.bayespool_fit <- function(object, ...) {
  ignore_dots(rlang::exprs(...), rlang::current_env())
  priors <- object$priors
  result <- data.frame(
    parameter = names(priors),
    prior = vapply(priors, format_prior, "", USE.NAMES = FALSE),
    source = ifelse(vapply(priors, `[[`, NA, "default", USE.NAMES = FALSE), "default", "user")
  )
  result$distribution <- do.call(c, unname(lapply(priors, as_distribution)))
  attr(result, "model") <- object$model$name
  attr(result, "note") <- prior_note(object$model)
  class(result) <- c("bayespool_prior_summary", class(result))
  result
}

#' @rdname prior_summary.bayespool_fit
#' @export
print.bayespool_prior_summary <- function(x, ...) {
  ignore_dots(rlang::exprs(...), rlang::current_env())
  model <- attr(x, "model")
  if (!is.null(model)) {
    cat("Priors of the ", sub(" model$", "", gsub("_", " ", model)), " model\n\n", sep = "")
  }
  columns <- setdiff(names(x), "distribution")
  print(as.data.frame(unclass(x)[columns]), right = FALSE, row.names = FALSE)
  if (!is.null(attr(x, "note"))) {
    cat("\n", attr(x, "note"), "\n", sep = "")
  }
  invisible(x)
}
