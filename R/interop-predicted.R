# Predictions as insight has them for all models, and what marginaleffects shares with them: draws.

# `predict`: "expectation" (of trials probabilities), "link" or "prediction". `include_random`: whether rows are of their groups; by
# default where `data` has these.
#' @exportS3Method insight::get_predicted
get_predicted.bayespool_fit <- function(x, data = NULL, predict = "expectation", iterations = NULL, ci = NULL, ci_method = "quantile",
                                        include_random = "default", ...) {
  call <- rlang::current_env()
  type <- c(expectation = "response", response = "response", link = "link", prediction = "prediction")
  predict <- choose_one(predict, names(type), call)
  if (identical(include_random, "default")) include_random <- is.null(data) || all(group_columns(x$parsed) %in% names(data))
  grouped <- isTRUE(include_random) || has_independent_groups(x$model)
  draws <- draws_of_type(x, data, type[[predict]], ndraws = iterations, re_formula = if (!grouped) NA)
  each <- as_frame(stats::setNames(matrix_columns(t(draws)), paste0("iter_", seq_len(nrow(draws)))), ncol(draws))
  predicted <- structure(colMeans(draws), iterations = each)
  structure(
    predicted, ci_data = insight::get_predicted_ci(x, predicted, ci = ci, ci_method = ci_method),
    data = data %||% stats::model.frame(x), ci = ci, predict = predict, class = c("get_predicted", "numeric")
  )
}

# draws x rows: what is expected (of trials probabilities), on the scale of the link, or other observations.
draws_of_type <- function(fit, newdata, type, ...) {
  switch(type,
    response = posterior_linpred.bayespool_fit(fit, TRUE, newdata, ...),
    link = posterior_linpred.bayespool_fit(fit, FALSE, newdata, ...),
    prediction = posterior_predict.bayespool_fit(fit, newdata, ...)
  )
}
