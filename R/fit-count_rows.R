# The rows behind a fit of counts.

# `row`: positions of those that it used in the data; `trials`: of each, NULL where a row is one trial, or a count.
# `what` (text): what needs them, for the error where the fit was made from group counts.
used_count_rows <- function(fit, what, call) {
  if (!has_rows(fit)) {
    abort_bayespool(
      c(
        "{what} needs the single rows, and this fit does not hold them.",
        i = "It was made from group counts, or from rows that are not in R. Fit the model to a data frame."
      ),
      "data", call
    )
  }
  data <- fit$data
  outcome <- eval_outcome(fit$parsed, data, function(i) paste("in row", i), call)
  if (!is.null(outcome$trials)) data[[weights_column]] <- outcome$trials
  rows <- used_rows(fit$parsed, data, call, outcome$response)
  list(row = if (is.null(rows$keep)) seq_len(nrow(data)) else which(rows$keep), trials = rows$weight)
}

# Positions of the rows that any fit used.
used_positions <- function(fit, what, call) {
  if (has_counts(fit$model)) used_count_rows(fit, what, call)$row else observed_rows(fit, what, call)$row
}
