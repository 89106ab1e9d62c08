# The engine "bayespool" of parsnip's linear_reg(), registered where parsnip is loaded, before this package or after it.

register_with_parsnip <- function() {
  if ("bayespool" %in% in_parsnip("get_fit")("linear_reg")$engine) { # this package was loaded before
    return(invisible())
  }
  regression <- list(model = "linear_reg", eng = "bayespool", mode = "regression")
  register <- function(name, ...) do.call(in_parsnip(name), c(regression, list(...)))
  in_parsnip("set_model_engine")("linear_reg", "regression", "bayespool")
  in_parsnip("set_dependency")("linear_reg", "bayespool", "bayespool", "regression")
  register("set_fit", value = list(
    interface = "formula", protect = c("formula", "data", "weights"), func = c(pkg = "bayespool", fun = "mixed_model"), defaults = list()
  ))
  register("set_encoding", options = list(
    predictor_indicators = "none", compute_intercept = FALSE, remove_intercept = FALSE, allow_sparse_x = FALSE
  ))
  arguments <- list(object = quote(object$fit), newdata = quote(new_data))
  predicts <- function(type, fun, post = NULL, ...) {
    register("set_pred", type = type, value = list(pre = NULL, post = post, func = c(fun = fun), args = c(arguments, list(...))))
  }
  predicts("numeric", "predict", function(results, object) unname(results))
  predicts("raw", "predict")
  # tidymodels' columns; parsnip's `level` is 0.95.
  ends <- function(results, object) data.frame(.pred_lower = results[, "lwr"], .pred_upper = results[, "upr"], row.names = NULL)
  predicts("conf_int", "predict", ends, interval = "confidence", level = quote(level))
  predicts("pred_int", "predict", ends, interval = "prediction", level = quote(level))
}

in_parsnip <- function(name) getExportedValue("parsnip", name)
