# The counts of rows: their events, and the trials or exposure that these are out of.

# Of the rows of `data` that were fitted: `y` (events) and `size` (trials, or exposure), NA where something is missing.
observed_counts <- function(fit, call) {
  parsed <- fit$parsed
  outcome <- eval_outcome(parsed, fit$data, row_of_data, call)
  rows <- nrow(fit$data)
  if (parsed$family$name == "poisson") {
    return(list(y = outcome$response, size = eval_exposure(parsed, fit$data, call) %||% rep(1, rows)))
  }
  if (has_two_columns(parsed)) {
    return(list(y = outcome$response, size = outcome$trials))
  }
  size <- round(fit$data[[weights_column]] %||% rep(1, rows))
  list(y = round(outcome$response * size), size = size)
}

row_of_data <- function(i) paste("in row", i)

# Of new rows; `y` is NULL where `newdata` has no response.
new_counts <- function(fit, newdata, call) {
  size <- if (fit$parsed$family$name == "poisson") new_exposure(fit, newdata, call) else new_trials(fit, newdata, call)
  list(y = new_events(fit, newdata, size, call), size = size %||% rep(1, nrow(newdata)))
}

new_exposure <- function(fit, newdata, call) {
  parsed <- fit$parsed
  missing <- setdiff(unlist(lapply(parsed$offset, all.vars)), names(newdata))
  if (length(missing) > 0) {
    abort_bayespool(
      c(
        "{.arg newdata} has no column {.val {missing}}, which the offset {.code {offset_text(parsed)}} needs.",
        i = "Counts are those of an exposure. With an exposure of 1, counts are rates."
      ),
      "data", call
    )
  }
  exposure <- eval_exposure(parsed, newdata, call)
  if (!is.null(exposure)) check_exposure(exposure, parsed, row_of_newdata, call)
}

row_of_newdata <- function(i) paste("in row", i, "of newdata")

# NULL where `newdata` does not say how many trials there are.
new_trials <- function(fit, newdata, call) {
  parsed <- fit$parsed
  trials <- if (has_two_columns(parsed)) {
    trials_of_columns(parsed, newdata, call)
  } else if (computed_from(fit$weights, newdata)) {
    eval_weights(rlang::new_quosure(fit$weights, baseenv()), newdata, call)
  } else {
    newdata[[weights_column]]
  }
  if (is.null(trials)) {
    return(NULL)
  }
  bad <- which(is.na(trials) | not_whole(trials, parsed) | round(trials) < 0)
  if (length(bad) > 0) {
    abort_bayespool(
      c(
        "The numbers of trials in {.arg newdata} must be whole numbers of at least 0.",
        i = "Found {.val {trials[bad[1]]}} in row {bad[1]}."
      ),
      "data", call
    )
  }
  round(trials)
}

# In cbind(k, n - k) they are n, which needs no k.
trials_of_columns <- function(parsed, newdata, call) {
  columns <- two_columns(parsed)
  of_trials <- rlang::is_call(columns[[2]], "-", n = 2) && identical(columns[[2]][[3]], columns[[1]])
  trials <- if (of_trials) columns[[2]][[2]] else call("+", columns[[1]], columns[[2]])
  missing <- setdiff(all.vars(trials), names(newdata))
  if (length(missing) == 0) {
    return(rep_len(as.double(eval_user(eval(trials, newdata, parsed$env), "The number of trials", call, "newdata")), nrow(newdata)))
  }
  found <- intersect(all.vars(parsed$response_expr), names(newdata))
  if (length(found) > 0) {
    abort_bayespool(
      c(
        "{.arg newdata} has no column {.val {missing}}, and the number of trials is {.code {format_expr(trials)}}.",
        i = "It has {.val {found}}. Without any variable of {.code {parsed$response}} each row is one trial."
      ),
      "data", call
    )
  }
}

# `size`: NULL where it is not known.
new_events <- function(fit, newdata, size, call) {
  parsed <- fit$parsed
  binomial <- parsed$family$name == "binomial"
  if (!all(all.vars(parsed$response_expr) %in% names(newdata))) {
    return(NULL)
  }
  if (any(vapply(newdata[all.vars(parsed$response_expr)], function(x) is.logical(x) && all(is.na(x)), NA))) {
    return(NULL) # a column to be filled
  }
  if (binomial && has_two_columns(parsed)) {
    return(eval_outcome(parsed, newdata, row_of_newdata, call)$response)
  }
  values <- response_values(parsed, newdata, call)
  success <- fit$reduced$success
  if (!is.null(success)) values <- as.character(values) == success
  if (binomial && is.logical(values)) values <- as.double(values)
  # Proportions of an unknown number of trials are no counts.
  if (!is_plain_number(values) || length(values) != nrow(newdata) || binomial && is.null(size) && !is.null(fit$weights)) {
    return(NULL)
  }
  values <- as.double(as_vector(values))
  if (!binomial) {
    return(check_counts(values, parsed$response, parsed, parsed$family$response, row_of_newdata, call))
  }
  known <- which(!is.na(values))
  trials <- (size %||% rep(1, length(values)))[known]
  replace(values, known, check_successes(values[known], trials, is.null(size), parsed, function(i) row_of_newdata(known[i]), call))
}
