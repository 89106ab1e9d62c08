# projpred: a fit as the reference model, whose predictions smaller models are to give again.

#' @exportS3Method projpred::get_refmodel
get_refmodel.bayespool_fit <- function(object, ...) {
  call <- rlang::current_env()
  check_uses_data(object, call)
  if (has_independent_groups(object$model)) {
    abort_bayespool(
      c(
        "projpred needs coefficients that all groups share, and one standard deviation.",
        i = "In {.fn {object$model$name}} each group has its own. {.fn varying_intercept} and {.fn mixed_model} share them."
      ),
      "model", call
    )
  }
  rows <- observed_rows(object, "projpred", call)
  data <- object$data[rows$row, , drop = FALSE]
  formula <- object$formula
  if (has_two_columns(object$parsed)) formula[[2]] <- two_columns(object$parsed)[[1]]
  projpred::init_refmodel(
    object, data, formula, stats::family(object),
    ref_predfun = function(fit, newdata = NULL) t(posterior_linpred.bayespool_fit(fit, newdata = newdata)),
    extract_model_data = function(object, newdata, ..., extract_y = TRUE) {
      response_of_rows(object, if (is.null(newdata)) rows else new_rows(object, newdata, FALSE, call), extract_y)
    },
    cvfun = function(folds) lapply(seq_len(max(folds)), function(k) update.bayespool_fit(object, data = data[folds != k, , drop = FALSE])),
    dis = if (!has_counts(object$model)) drop(sigmas_given(object$model, draws_matrix(object, call))), ...
  )
}

# As projpred has it: trials are weights, and an exposure is an offset. `with_y`: whether it is asked for.
response_of_rows <- function(fit, rows, with_y) {
  none <- rep(0, nrow(rows$x))
  list(
    y = if (with_y) rows$y,
    weights = if (fit$model$family == "binomial") rows$size else rows$weight,
    offset = if (fit$model$family == "poisson") log(rows$size) else none
  )
}
