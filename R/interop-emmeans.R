# Methods for emmeans: marginal means of the fixed effects.

#' @exportS3Method emmeans::recover_data
recover_data.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  if (has_independent_groups(object$model) || length(fixed_names(object$model)) == 0) {
    abort_bayespool(
      c(
        "emmeans needs fixed effects, and in this fit each group has its own intercept.",
        i = "Its model is {.fn {object$model$name}}, {.code {format_formula(object$formula)}}.",
        i = "{.fn varying_intercept}, {.fn partial_pooling} and {.fn complete_pooling} have a common one."
      ),
      "model", call
    )
  }
  data <- object$data[observed_rows(object, "emmeans()", call)$row, , drop = FALSE]
  frame <- predictor_frame(object$reduced$coding, object$parsed, data, call)
  emmeans::recover_data(rlang::call2(object$model$name, object$formula), attr(frame, "terms"), NULL, data = data)
}

#' @exportS3Method emmeans::emm_basis
emm_basis.bayespool_fit <- function(object, trms, xlev, grid, ...) {
  call <- rlang::current_env()
  frame <- predictor_frame(object$reduced$coding, object$parsed, grid, call)
  predictors <- predictor_columns(object$reduced, frame, attr(frame, "terms"), call)
  draws <- fixed_draws(object, call)
  x <- cbind(if (has_intercept(object$model)) rep(1, nrow(grid)), predictors)
  colnames(x) <- colnames(draws)
  list(
    X = x, bhat = colMeans(draws), nbasis = matrix(NA), V = stats::cov(draws), dffun = function(k, dfargs) Inf,
    dfargs = list(), misc = link_for_emmeans(object), post.beta = structure(draws, n.chains = posterior::nchains(object))
  )
}

# What emmeans() needs for `type = "response"`: the link, and what its inverse gives. Without an offset: rates are for an exposure of 1.
link_for_emmeans <- function(fit) {
  if (!has_counts(fit$model)) {
    return(list())
  }
  list(tran = families[[fit$model$family]]$link, inv.lbl = c(binomial = "prob", poisson = "rate")[[fit$model$family]])
}
