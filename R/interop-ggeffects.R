# ggeffects: means and central intervals at the values that it asks for, by quadrature after the exact algorithm.

# Versions before 2.0 have no such generic.
register_get_predictions <- function() {
  if (exists("get_predictions", asNamespace("ggeffects"))) {
    registerS3method("get_predictions", "bayespool_fit", get_predictions.bayespool_fit, asNamespace("ggeffects"))
  }
}

# `type`: "fixed", of the population, or "random", of the groups in `data_grid`. `interval`: of what is expected there, or of another
# observation. Of trials it is probabilities that are expected.
get_predictions.bayespool_fit <- function(model, data_grid, ci_level = 0.95, type = "fixed", interval = "confidence", ...) {
  call <- rlang::current_env()
  type <- choose_one(type, c("fixed", "random"), call)
  population <- type == "fixed" && !has_independent_groups(model$model)
  known <- data_grid[!vapply(data_grid, function(values) all(is.na(values)), NA)] # weights are NA there
  rows <- prediction_rows(model, known, list(population = population, allow_new_levels = TRUE), "ggeffects", call, response = FALSE)
  observed <- interval == "prediction"
  noise <- if (observed) noise_of_rows(model, rows, call) else 0
  size <- if (observed || model$model$family == "poisson") rows$size
  prob <- if (is.na(ci_level)) 0.95 else ci_level
  table <- row_table(model, rows$x, rows$levels, noise, prob, "central", call, size %||% 1)
  data_grid$predicted <- table[, "mean"]
  if (is.na(ci_level)) table[, c("lower", "upper")] <- NA
  data_grid[c("conf.low", "conf.high")] <- matrix_columns(table[, c("lower", "upper"), drop = FALSE])
  structure(data_grid, std.error = table[, "sd"])
}
