# What other packages ask of any model to make its columns themselves: terms(), model.matrix(), family().

#' @rdname mixed_model_methods
#' @importFrom stats terms
#' @export
terms.bayespool_fit <- function(x, ...) {
  ignore_dots(rlang::exprs(...), rlang::current_env())
  formula <- x$parsed$fixed
  for (offset in x$parsed$offset) formula[[3]] <- call("+", formula[[3]], call("offset", offset))
  terms <- with_bases(stats::terms(formula), x$reduced$coding)
  if (!has_rows(x)) {
    return(terms)
  }
  attr(stats::model.frame(terms, x$data, na.action = stats::na.pass), "terms") # with the classes of its variables
}

#' @rdname mixed_model_methods
#' @importFrom stats model.matrix
#' @export
model.matrix.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  rows <- object$data[observed_rows(object, "model.matrix()", call)$row, , drop = FALSE]
  coding <- object$reduced$coding
  frame <- predictor_frame(coding, object$parsed, rows, call)
  columns <- stats::model.matrix(attr(frame, "terms"), frame, contrasts.arg = coding$contrasts[names(coding$contrasts) %in% names(frame)])
  if (!has_independent_groups(object$model)) {
    return(columns)
  }
  # Each group has an intercept, and the population none.
  own <- attr(columns, "assign") > 0
  structure(columns[, own, drop = FALSE], assign = attr(columns, "assign")[own], contrasts = attr(columns, "contrasts"))
}

#' @rdname mixed_model_methods
#' @importFrom stats family
#' @export
family.bayespool_fit <- function(object, ...) {
  ignore_dots(rlang::exprs(...), rlang::current_env())
  getExportedValue("stats", object$model$family)()
}
