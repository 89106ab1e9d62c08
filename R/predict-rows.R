# The rows to predict.

# The rows to predict: `x` (n x S), `group` and `levels` (from 1; beyond those of the fit: new; NA: the population) and, if
# `response`, `y`.
prediction_rows <- function(fit, newdata, options, what, call, response) {
  if (options$population && has_independent_groups(fit$model)) {
    abort_bayespool(
      c(
        "{.fn {fit$model$name}} has no population to predict for.",
        i = "Its groups have nothing in common, so {.code re_formula = NA} has no meaning.",
        i = "Use {.or {.fn {population_verbs()}}}."
      ),
      "model", call
    )
  }
  rows <- if (is.null(newdata)) {
    observed_rows(fit, paste(what, "without `newdata`"), call)
  } else {
    new_rows(fit, newdata, options$population, call)
  }
  if (options$population || !has_groups(fit$model)) {
    rows$group[] <- rows$levels[] <- NA_integer_
  }
  if (!is.null(newdata)) {
    check_new_groups(fit, rows, options$allow_new_levels, call)
    if (response) check_new_response(fit, rows$y, what, call)
  }
  rows
}

check_new_response <- function(fit, y, what, call) {
  if (is.null(y) || !all(is.finite(y))) {
    name <- format_expr(fit$formula[[2]])
    found <- if (is.null(y)) "It has none that is numeric." else "It has missing or infinite values."
    abort_bayespool(c("{what} needs the response {.code {name}} in {.arg newdata}.", i = found), "data", call)
  }
}

check_new_groups <- function(fit, rows, allow_new_levels, call) {
  terms <- varying_terms(fit$model)
  for (k in seq_along(terms)) {
    known <- terms[[k]]$labels
    new <- rows$level_labels[[k]][setdiff(rows$levels[, k], c(NA, seq_along(known)))]
    if (length(new) > 0) {
      check_allows_new(fit, terms[[k]]$factor, new, known, allow_new_levels, call)
    }
  }
}

check_allows_new <- function(fit, factor, new, known, allow_new_levels, call) {
  if (has_independent_groups(fit$model)) {
    abort_bayespool(
      c(
        "{.fn {fit$model$name}} cannot predict for groups that it has not seen.",
        i = "New in {.arg newdata}: {.val {new}}. The fit has {.val {known}}.",
        i = "It learns nothing from one group about another. Use {.or {.fn {population_verbs()}}}."
      ),
      "model", call
    )
  }
  if (!allow_new_levels) {
    abort_bayespool(
      c(
        "{.arg newdata} has {cli::qty(new)}{?a new group/new groups} of {.field {factor}}, {.val {new}}, and \\
          {.code allow_new_levels} is {.code FALSE}.",
        i = "The fit has {.val {known}}."
      ),
      "data", call
    )
  }
}
