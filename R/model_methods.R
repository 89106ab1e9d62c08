# What any model fit answers: nobs(), formula(), update().

#' @importFrom stats nobs
#' @export
nobs.bayespool_fit <- function(object, ...) {
  sum(object$reduced$n)
}

#' @export
formula.bayespool_fit <- function(x, ...) {
  x$formula
}

#' @rdname bayespool-weights
#' @importFrom stats weights
#' @export
weights.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  if (object$model$family == "binomial") {
    if (all(object$reduced$size == object$reduced$n)) {
      return(NULL) # single trials
    }
    return(observed_rows(object, "weights()", call)$size)
  }
  if (has_weights(object$reduced)) observed_rows(object, "weights()", call)$weight
}

#' Refit with changes
#'
#' Fits the model of `object` again with some arguments changed. The data are those that the fit keeps, so changes
#' that were made to a data frame since do not matter.
#'
#' @param object A fit.
#' @param formula. A new formula; a dot stands for the part of the old one, as in `. ~ . + x` (see
#'   [stats::update.formula()]).
#' @param ... Arguments of the fitting function that change, such as `prior`, `iter_sampling` or `data`. A new `prior`
#'   replaces the whole list, not single priors in it. A fit keeps the variables of its formula only, so a formula
#'   with a new variable needs `data` too.
#' @return A fit.
#' @section Errors: As those of the fitting function. Of class `bayespool_error_argument`: an argument without a name.
#' @examples
#' fit <- varying_intercept(yield ~ N + (1 | block), npk, iter_sampling = 0)
#' update(fit, prior = list(sigma_0 = dist_cauchy(0, 2)))
#' update(fit, . ~ . + K, data = npk)
#' @export
update.bayespool_fit <- function(object, formula., ...) {
  given <- rlang::enquos(...)
  is_of_rows <- rlang::names2(given) %in% c("weights", "se", "vi") # looked up in the data
  changes <- lapply(given[!is_of_rows], rlang::eval_tidy)
  if (!all(nzchar(rlang::names2(changes)))) {
    abort_bayespool(
      c("The arguments of {.fn update} beyond the formula must be named.", i = "Example: {.code update(fit, data = data)}."),
      "argument"
    )
  }
  arguments <- c(
    list(formula = object$formula, prior = object$prior), settings_arguments(object$settings), object$own_arguments
  )
  if (!missing(formula.)) {
    arguments$formula <- stats::update.formula(object$formula, formula.)
  }
  arguments$data <- object$data %||% object$reduced
  if (identical(changes$algorithm, "exact")) {
    arguments[c("iter_warmup", "control")] <- NULL
  }
  arguments[names(changes)] <- changes
  of_rows <- if (any(is_of_rows)) given[is_of_rows] else if (is.data.frame(arguments$data)) {
    if (is.null(changes$data)) kept_of_rows(object) else object$of_rows
  }
  if (is.null(changes$data)) {
    new <- setdiff(all.vars(arguments$formula), c(names(arguments$data), all.vars(object$formula)))
    if (length(new) > 0) {
      abort_bayespool(
        c(
          "The fit does not keep {.val {new}}.",
          i = "It keeps the variables of its formula, {.val {all.vars(object$formula)}}.",
          i = "Give {.arg data} as well."
        ),
        "data"
      )
    }
  }
  # By name, so that the call in an error is not all of the data.
  call <- lapply(c(object$model$name, stats::setNames(nm = names(arguments))), as.name)
  eval(as.call(c(call, as.list(of_rows))), arguments)
}

# The argument for the rows' weights or errors in terms of the kept rows. What these do not have was no column, but a vector.
kept_of_rows <- function(fit) {
  if (is.null(fit$weights) || computed_from(fit$weights, fit$data)) {
    return(fit$of_rows)
  }
  known <- fit$model$scale_within$known
  kept <- as.name(weights_column)
  if (is.null(known)) list(weights = kept) else list(vi = bquote(.(known^2) / .(kept)))
}
