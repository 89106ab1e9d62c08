# Counts of rows: how a response, weights and offsets are read, and what they must be.

# The response of rows as glm() reads it: `response`, one number a row; `trials`, those of cbind(), or NULL; `success`, see cells.
eval_outcome <- function(parsed, data, where, call) {
  if (has_two_columns(parsed)) {
    columns <- lapply(two_columns(parsed), function(expr) {
      name <- if (is.name(expr)) as.character(expr) else format_expr(expr)
      eval_response(list(response = name, response_expr = expr, env = parsed$env, family = parsed$family), data, call)
    })
    return(successes_and_trials(parsed, columns, where, call))
  }
  values <- response_values(parsed, data, call)
  success <- NULL
  if (parsed$family$name == "binomial" && is.factor(values)) {
    success <- success_level(values, parsed, call)
    values <- values == success
  }
  if (parsed$family$name == "binomial" && is.logical(values)) values <- as.double(values)
  list(response = eval_response(parsed, data, call, values), success = success)
}

# Of the `columns` of cbind(), which may have missing values.
successes_and_trials <- function(parsed, columns, where, call) {
  names <- vapply(two_columns(parsed), format_expr, "")
  hint <- "The columns of {.code cbind(successes, failures)} are counts; with {.code n} trials failures are {.code n - successes}."
  columns <- Map(function(values, name) check_counts(values, name, parsed, hint, where, call), columns, names)
  list(response = columns[[1]], trials = columns[[1]] + columns[[2]])
}

two_columns <- function(parsed) as.list(parsed$response_expr)[2:3]

success_level <- function(values, parsed, call) {
  if (nlevels(values) != 2) {
    abort_bayespool(
      c(
        "A factor that is the response must have two levels; the second is a success.",
        i = "{.code {parsed$response}} has {nlevels(values)}: {.val {levels(values)}}.",
        i = "{.code x == \"level\"} as the response counts one of several levels; {.fn droplevels} leaves out those without rows."
      ),
      "data", call
    )
  }
  levels(values)[2]
}

# What the rates are multiplied by, for each row; NULL for a formula without offsets. Of log(e) it is e itself, without rounding.
eval_exposure <- function(parsed, data, call) {
  exposures <- lapply(parsed$offset, function(expr) {
    is_log <- rlang::is_call(expr, "log", n = 1)
    value <- eval_user(eval(if (is_log) expr[[2]] else expr, data, parsed$env), "The offset", call)
    if (!is_plain_number(value) || length(value) != nrow(data)) {
      found <- if (is.numeric(value)) "{length(value)} number{?s} for {nrow(data)} row{?s}" else "{.obj_type_friendly {value}}"
      abort_bayespool(
        c("An offset must have one number a row.", i = paste0("Found ", found, " in {.code {format_expr(expr)}}.")), "data", call
      )
    }
    value <- as.double(as_vector(value))
    if (is_log) value else exp(value)
  })
  if (length(exposures) > 0) Reduce(`*`, exposures)
}

# Cells of a data frame's rows, a line each; without `lines` where no row is left. Beside what cells have, `terms` of the predictors.
# `where`: says which row the i-th is.
cells_of_count_rows <- function(parsed, data, call, where = function(i) paste("in row", i)) {
  outcome <- eval_outcome(parsed, data, where, call)
  if (!is.null(outcome$trials)) {
    data[[weights_column]] <- structure(outcome$trials, argument = parsed$response)
  }
  exposure <- eval_exposure(parsed, data, call)
  rows <- used_rows(parsed, data, call, outcome$response)
  kept <- if (is.null(rows$keep)) seq_along(rows$response) else which(rows$keep)
  of_kept <- function(i) where(kept[i])
  values <- list(response = rows$response, weight = rows$weight)
  if (!is.null(exposure)) {
    values$exposure <- check_exposure(exposure[kept], parsed, of_kept, call)
    values$log_exposure <- log(values$exposure)
  }
  c(
    list(
      group = rows$group, variables = as.list(rows$predictors$frame), dropped = rows$dropped, success = outcome$success,
      terms = rows$predictors$terms
    ),
    if (length(kept) > 0) list(lines = count_lines(parsed, values, rep(1, length(kept)), of_kept, call))
  )
}

# Lines of cells, each for `n` rows that are alike in `response` and `weight`; of Poisson counts `values` may have `exposure` and
# `log_exposure`, their sums over these rows. `log_constant` is what the log likelihood of the rows has beside that of the sums: for
# events k_i in n_i trials the sum of log choose(n_i, k_i), for counts k_i with exposures e_i that of k_i log e_i - log k_i!.
count_lines <- function(parsed, values, n, where, call) {
  if (parsed$family$name == "poisson") {
    events <- check_counts(values$response, parsed$response, parsed, parsed$family$response, where, call)
    return(list(
      n = n, events = n * events, size = values$exposure %||% n,
      log_constant = (if (is.null(values$log_exposure)) 0 else events * values$log_exposure) - n * lfactorial(events)
    ))
  }
  events <- values$response
  trials <- values$weight %||% rep(1, length(n))
  if (!has_two_columns(parsed)) {
    trials <- check_trials(trials, parsed, where, call)
    events <- check_successes(events, trials, is.null(values$weight), parsed, where, call)
  }
  list(n = n, events = n * events, size = n * trials, log_constant = n * lchoose(trials, events))
}

not_whole <- function(x, parsed) !is.finite(x) | abs(x - round(x)) > parsed$family$tolerance

# Whole numbers of at least 0, of what may have small errors, or be missing.
check_counts <- function(values, name, parsed, hint, where, call) {
  bad <- which(!is.na(values) & (not_whole(values, parsed) | round(values) < 0))
  if (length(bad) > 0) {
    abort_bayespool(
      c("{.code {name}} must be whole numbers of at least 0.", i = "Found {.val {values[bad[1]]}} {where(bad[1])}.", i = hint),
      "data", call
    )
  }
  round(values)
}

check_trials <- function(trials, parsed, where, call) {
  bad <- which(not_whole(trials, parsed) | round(trials) < 1)
  if (length(bad) > 0) {
    abort_bayespool(
      c(
        "{.arg weights} must be whole numbers of trials.",
        i = "Found {.val {trials[bad[1]]}} {where(bad[1])}.",
        i = "For {.fn binomial} the response is a proportion, and {.arg weights} says of how many trials."
      ),
      "argument", call
    )
  }
  round(trials)
}

# Proportions of trials as numbers of successes. `single`: without weights, where each row is one trial.
check_successes <- function(proportions, trials, single, parsed, where, call) {
  events <- proportions * trials
  bad <- which(not_whole(events, parsed) | round(events) < 0 | round(events) > trials)
  if (length(bad) > 0) {
    i <- bad[1]
    wanted <- if (single) {
      "must be 0 or 1 where rows are single trials"
    } else if (proportions[i] < 0 || proportions[i] > 1) {
      "must be proportions, from 0 to 1"
    } else {
      "times {.arg weights} must be whole numbers of successes"
    }
    found <- paste0("Found {.val {proportions[i]}}", if (!single) " of {trials[i]} trial{?s}", " {where(i)}.")
    abort_bayespool(
      c(paste0("{.code {parsed$response}} ", wanted, "."), i = found, i = parsed$family$response), "data", call
    )
  }
  round(events)
}

check_exposure <- function(exposure, parsed, where, call) {
  bad <- which(is.na(exposure) | exposure <= 0 | exposure == Inf)
  if (length(bad) > 0) abort_exposure(exposure[bad[1]], where(bad[1]), parsed, call)
  exposure
}

abort_exposure <- function(found, where, parsed, call) {
  abort_bayespool(
    c(
      "Exposures must be above 0 and finite; {.code offset()} holds their logarithms.",
      i = "Found an exposure of {.val {found}} {where}, by {.code {offset_text(parsed)}}.",
      i = "A row without exposure says nothing of its rate: leave it out."
    ),
    "data", call
  )
}
