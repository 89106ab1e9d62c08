# Weights of the observations: y_i ~ N(mu_i, sigma^2 / w_i).

# Where rows keep their weights, as a model frame has them; no formula can name this column.
weights_column <- "(weights)"

# `data` with the weights that `weights` (a quosure) asks for: a column of `data`, something computed from columns, or a vector beside
# them. Without any, all rows count alike.
attach_weights <- function(data, weights, call) {
  absent <- rlang::quo_is_null(weights)
  if (is.data.frame(data)) {
    values <- if (!absent) eval_weights(weights, data, call)
    if (!is.null(values) && !any(values > 0, na.rm = TRUE)) {
      abort_bayespool(c("No row has a weight above 0.", i = "Rows of weight 0 are left out."), "argument", call)
    }
    data[[weights_column]] <- values
  } else if (!absent) {
    abort_bayespool(
      c(
        "{.arg weights} belong to the rows of a data frame.",
        i = "Group moments hold the weights of their rows: give {.arg weights} to {.fn group_moments}, or {.arg weight} to \\
            {.fn as_group_moments}."
      ),
      "argument", call
    )
  }
  data
}

eval_weights <- function(weights, data, call) {
  values <- eval_user(rlang::eval_tidy(weights, data), "{.arg weights}", call)
  valid <- is_plain_number(values) && length(values) == nrow(data)
  if (!valid) {
    found <- if (is.numeric(values)) "{length(values)} number{?s} for {nrow(data)} row{?s}" else "{.obj_type_friendly {values}}"
    abort_bayespool(
      c("{.arg weights} must be one number a row: a column of {.arg data}, or a vector.", i = paste0("Found ", found, ".")),
      "argument", call
    )
  }
  values <- as.double(as_vector(values))
  bad <- which(values < 0 | is.infinite(values))
  if (length(bad) > 0) {
    abort_bayespool(
      c(
        "{.arg weights} must not be negative or infinite.",
        i = "Found {.val {values[bad[1]]}} in row {bad[1]}.",
        i = "An observation of weight {.code w} has the variance {.code sigma^2 / w}; rows of weight 0 are left out."
      ),
      "argument", call
    )
  }
  values
}

# TRUE for the rows that count; says how many do not.
rows_with_weight <- function(weight) {
  keep <- weight > 0
  none <- sum(!keep)
  if (none > 0) {
    cli::cli_inform(
      c(i = "Left out {none} row{?s} of weight 0.", i = "{sum(keep)} row{?s} {?is/are} left."), class = "bayespool_message_dropped"
    )
  }
  keep
}

# The weights of new rows: of what the fit's weights were computed from, where these have it, or else 1.
new_weights <- function(fit, newdata, call) {
  if (!computed_from(fit$weights, newdata)) {
    return(rep(1, nrow(newdata)))
  }
  eval_weights(rlang::new_quosure(fit$weights, baseenv()), newdata, call)
}

# Whether `weights`, an expression, is one of variables that `data` all has.
computed_from <- function(weights, data) {
  variables <- all.vars(weights)
  length(variables) > 0 && all(variables %in% names(data))
}

# The variance of an observation in each of `rows`, in sigma^2. A row that was fitted has a weight above 0; a new one may not.
noise_of_rows <- function(rows, call) {
  bad <- which(is.na(rows$weight) | rows$weight == 0)
  if (length(bad) > 0) {
    abort_bayespool(
      c(
        "Observations cannot be predicted where the weight is missing or 0.",
        i = "Found {.val {rows$weight[bad[1]]}} in row {bad[1]} of {.arg newdata}.",
        i = "Leave {cli::qty(bad)}{?it/these rows} out; expected values need no weights. Without the variables of the weights all rows of \\
            {.arg newdata} have weight 1."
      ),
      "data", call
    )
  }
  1 / rows$weight
}
