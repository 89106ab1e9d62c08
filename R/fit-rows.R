# The rows behind a fit, and new rows for predictions: response, predictor columns, group of each.

# The rows that the fit used: a list with
#   y       response (n); of counts the events
#   size    of counts: trials, or exposure (n)
#   x       the model's columns as the fit coded them, without intercept (n x S): predictors, then what varies between groups and
#           is none of them
#   group   position of each row's group among fit$reduced$group (n)
#   levels  the levels of the grouping factors, integers (n x factors), see factor_levels(); with one factor they are `group`
#   row     position of each among the rows of the user's data (n)
#   name    names that the user gave to the rows (n), or NULL
#   weight  of each (n); of counts 1
# `what` (text): what needs them, for the error where the fit was made from moments.
observed_rows <- function(fit, what, call) {
  if (!has_rows(fit)) {
    abort_bayespool(
      c(
        "{what} needs the single observations, and this fit does not hold them.",
        i = "It was made from group moments or counts, or from rows that are not in R: it has one line a group.",
        i = "Where there is an argument {.arg newdata}, it takes some of the rows, as a data frame. Or fit the model to a data frame."
      ),
      "data", call
    )
  }
  parsed <- fit$parsed
  counts <- if (has_counts(fit$model)) observed_counts(fit, call)
  response <- if (is.null(counts)) eval_response(parsed, fit$data, call) else counts$y
  predictors <- eval_predictors(parsed, fit$data, call)
  varying <- eval_varying(parsed, fit$data, call)
  group <- grouping_values(parsed, fit$data, call)
  weight <- counts$size %||% fit$data[[weights_column]] %||% rep(1, length(response))
  keep <- weight > 0 &
    stats::complete.cases(c(list(response), predictors$frame, varying$frame, list(weight), group))
  columns_of <- function(values, coded_columns) {
    frame <- values$frame[keep, , drop = FALSE]
    if (is.null(values$terms)) {
      return(matrix(as.double(unlist(frame)), sum(keep), length(frame)))
    }
    coded_columns(fit$reduced, drop_unused_levels(frame), values$terms, call, source = "data")
  }
  groups <- if (length(group) > 0) groups_of_rows(fit, lapply(group, `[`, keep), call) else one_group(1L, sum(keep))
  list(
    y = as.double(response[keep]),
    x = with_directions(fit, columns_of(predictors, predictor_columns), columns_of(varying, varying_columns)),
    group = groups$group,
    levels = groups$levels,
    row = which(keep),
    name = row_labels(fit$data)[keep],
    weight = if (is.null(counts)) weight[keep] else rep(1, sum(keep)),
    size = counts$size[keep]
  )
}

# Rows that are all in `group`, 1 or none (NA).
one_group <- function(group, rows, factors = 1) list(group = rep(group, rows), levels = matrix(group, rows, factors))

# New rows: `x`, `group`, `levels`, `name`, `weight` and `size` as above, where a group beyond the J of the fit is new and equal labels
# share one, as with the levels of each factor; `labels`: the labels of all groups, old and new; `level_labels`: those of the levels, by
# factor. `population`: rows of no group, so `group` and `levels` are NA and the grouping columns are not needed.
# `y`: the response, or NULL where `newdata` has none or something else under its name.
new_rows <- function(fit, newdata, population, call) {
  if (!is.data.frame(newdata)) {
    abort_bayespool(
      c(
        "{.arg newdata} must be a data frame.",
        i = "Found {.obj_type_friendly {newdata}}.",
        i = if (inherits(newdata, "tbl_lazy")) "{.fn dplyr::collect} brings rows of a table into R."
      ),
      "data", call
    )
  }
  parsed <- fit$parsed
  grouped <- !population && has_groups(fit$model)
  slopes_vary <- grouped && has_varying_terms(parsed)
  variables <- function(formula) all.vars(stats::delete.response(stats::terms(formula)))
  needed <- unique(c(variables(parsed$fixed), if (slopes_vary) variables(parsed$varying$fixed), if (grouped) group_columns(parsed)))
  missing <- setdiff(needed, names(newdata))
  if (length(missing) > 0) {
    abort_bayespool(
      c(
        "{.arg newdata} has no column {.val {missing}}.",
        i = "Its columns are {.val {names(newdata)}}.",
        i = if (has_population(fit$model) && !any(missing %in% variables(parsed$fixed))) {
          "{.code re_formula = NA} predicts at the level of the population."
        }
      ),
      "data", call
    )
  }
  newdata <- mark_missing_by_class(newdata, all.vars(parsed$formula))
  frame <- predictor_frame(fit$reduced$coding, parsed, newdata, call)
  varying <- if (slopes_vary) predictor_frame(fit$reduced$varying$coding, varying_formula(parsed), newdata, call)
  group <- if (grouped) grouping_values(parsed, newdata, call)
  used <- c(as.list(frame), as.list(varying), group)
  with_missing <- unique(names(used)[vapply(used, anyNA, logical(1))])
  if (length(with_missing) > 0) {
    abort_bayespool(
      c("{.arg newdata} has missing values in {.code {with_missing}}.", i = "Leave these rows out."), "data", call
    )
  }
  x <- with_directions(
    fit, predictor_columns(fit$reduced, frame, attr(frame, "terms"), call),
    if (slopes_vary) varying_columns(fit$reduced, varying, attr(varying, "terms"), call)
  )
  if (!all(is.finite(x))) {
    abort_bayespool(c("{.arg newdata} has infinite predictors.", i = "Leave these rows out."), "data", call)
  }
  groups <- if (grouped) {
    groups_of_rows(fit, newdata, call)
  } else {
    one_group(if (population) NA_integer_ else 1L, nrow(newdata), max(1, length(parsed$factors)))
  }
  counts <- if (has_counts(fit$model)) new_counts(fit, newdata, call)
  basis <- fit$reduced$coding$bases[parsed$response]
  if (!is.null(basis) && !is.na(basis)) parsed$response_expr <- str2lang(basis)
  list(
    x = x,
    group = groups$group,
    labels = groups$labels %||% fit$reduced$group,
    levels = groups$levels,
    level_labels = groups$level_labels,
    name = row_labels(newdata),
    weight = if (is.null(counts)) new_weights(fit, newdata, call) else rep(1, nrow(newdata)),
    size = counts$size,
    y = if (!is.null(counts)) {
      counts$y
    } else if (all(all.vars(parsed$response_expr) %in% names(newdata))) {
      tryCatch(as.double(eval_response(parsed, newdata, call)), bayespool_error_data = function(cnd) NULL)
    }
  )
}

# The columns of the model: `predictors`, then those of the directions that are no predictors, from `varying`, the columns of all
# directions. Where that is NULL, for rows of the population, nothing varies and they are 0.
with_directions <- function(fit, predictors, varying) {
  extra <- setdiff(fit$model$columns, fit$model$predictors)
  if (length(extra) == 0) {
    return(predictors)
  }
  own <- match(extra, unlist(fit$reduced$varying$terms))
  cbind(predictors, if (is.null(varying)) matrix(0, nrow(predictors), length(extra)) else varying[, own, drop = FALSE], deparse.level = 0)
}

# The weights of new rows: of what the fit's weights were computed from, where these have it, or else 1; with known errors NA, which
# noise_of_rows() refuses.
new_weights <- function(fit, newdata, call) {
  if (!computed_from(fit$weights, newdata)) {
    return(newdata[[weights_column]] %||% rep(if (has_known_errors(fit$model)) NA_real_ else 1, nrow(newdata)))
  }
  eval_weights(rlang::new_quosure(fit$weights, baseenv()), newdata, call)
}

# The variance of an observation in each of `rows`, in sigma^2. A row that was fitted has a weight above 0; a new one may not.
noise_of_rows <- function(fit, rows, call) {
  if (has_known_errors(fit$model) && anyNA(rows$weight)) {
    missing <- all.vars(fit$weights)
    abort_bayespool(
      c(
        "Predictions of estimates need their standard errors.",
        i = if (length(missing) > 0) "{.arg newdata} has no {.val {missing}}, or it is missing there.",
        i = "Effects of studies need none: {.fn posterior_epred}, {.code predict(interval = \"confidence\")}."
      ),
      "data", call
    )
  }
  bad <- which(is.na(rows$weight) | rows$weight == 0)
  if (length(bad) > 0) {
    abort_bayespool(
      c(
        "Observations cannot be predicted where the weight is missing or 0.",
        i = "Found {.val {rows$weight[bad[1]]}} in row {bad[1]} of {.arg newdata}.",
        i = "Leave {cli::qty(length(bad))}{?it/these rows} out; expected values need no weights.",
        i = "Without the variables of the weights all rows of {.arg newdata} have weight 1."
      ),
      "data", call
    )
  }
  1 / rows$weight
}
