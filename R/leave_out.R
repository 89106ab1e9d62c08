# A fit's model without single observations or whole groups: the densities of what is left out.

# For `rows` as observed_rows() returns them: the log density of each observation given all others, and of another one like it given all
# (N x 2). Observations that the nodes of the full posterior do not resolve are left out by quadratures of their own. `rows` are all that
# the fit used or, where it has none, a sample of them.
leave_rows_out <- function(fit, rows, cores, call) {
  columns <- columns_of_rows(rows, fit$reduced)
  result <- exact_leave_rows_out(fit_posterior(fit), columns, rows$weight, rows$levels, "densities", 0, cores, call)
  separate <- !shares_sigma(fit$model)
  evidence <- list() # of all rows or, by group, of those of one group where groups are separate problems
  for (i in which(is.nan(result[, 1]) | is.nan(result[, 2]))) {
    key <- as.character(if (separate) rows$group[i] else 1)
    evidence[[key]] <- evidence[[key]] %||% log_evidence_of(fit, moments_around(fit, rows, i, 0), call)
    if (is.nan(result[i, 1])) {
      others <- moments_around(fit, rows, i, -1)
      result[i, 1] <- evidence[[key]] - without(paste("row", rows$row[i]), log_evidence_of(fit, others, call), call)
    }
    if (is.nan(result[i, 2])) {
      # The density at an observation that is alone, seen again, may well be infinite.
      result[i, 2] <- tryCatch(
        log_evidence_of(fit, moments_around(fit, rows, i, 1), call), bayespool_error_improper = function(cnd) Inf
      ) - evidence[[key]]
    }
  }
  result
}

# Predictors and response of rows, as these moments have them.
columns_of_rows <- function(rows, moments) {
  columns <- cbind(rows$x, rows$y, deparse.level = 0)
  if (is.null(moments$residual)) columns else residual_columns(columns, moments$residual)
}

# The moments of all that row i has to do with, all rows or those of its group where groups are separate problems; without it for
# `times` = -1, with the same row once more for 1.
moments_around <- function(fit, rows, i, times) {
  separate <- !shares_sigma(fit$model)
  if (has_rows(fit)) {
    scope <- if (separate) which(rows$group == rows$group[i]) else seq_along(rows$y)
    return(moments_of_rows(fit, rows, if (times < 0) setdiff(scope, i) else c(scope, if (times > 0) i)))
  }
  moments <- if (has_groups(fit$model)) fit$reduced else merge_into_one(fit$reduced)
  moments$residual <- NULL # of other columns
  j <- if (has_groups(fit$model)) rows$group[i] else 1L
  if (times != 0) {
    moments <- count_row_again(moments, j, c(rows$x[i, ], rows$y[i]), rows$weight[i], times)
  }
  keep <- moments$n > 0 & (!separate | seq_along(moments$n) == j)
  subset_groups(moments, which(keep))
}

# Moments with one more row of the values `z` in group j, or with one less for `times` = -1.
count_row_again <- function(moments, j, z, weight, times) {
  size <- group_weights(moments)[j]
  change <- times * weight
  total <- size + change
  delta <- z - moments$mean[j, ] - (if (is.null(moments$mean_low)) 0 else moments$mean_low[j, ])
  moments$n[j] <- moments$n[j] + times
  if (has_weights(moments)) {
    moments$weight[j] <- total
    moments$log_weight[j] <- moments$log_weight[j] + times * log(weight)
  }
  if (moments$n[j] > 0) {
    pairs <- pairs_of(seq_along(z))
    row <- if (nrow(moments$within) == 1) 1L else j
    within <- moments$within[row, ] + change * (size / total) * delta[pairs$first] * delta[pairs$second]
    within[diagonal_index(length(z))] <- pmax(within[diagonal_index(length(z))], 0)
    moments$within[row, ] <- within
    moments$mean[j, ] <- moments$mean[j, ] + delta * (change / total)
  }
  moments
}

# log p(y_j | y_-j) of each group of a term, named. `chosen`: of which (positions); NULL: of all.
leave_groups_out <- function(fit, term, call, chosen = NULL) {
  moments <- moments_by_group(fit, call)
  groups <- factor_levels(moments, list(term$columns))[[1]]
  chosen <- chosen %||% seq_along(groups$labels)
  separate <- !shares_sigma(fit$model)
  all <- if (!separate) log_evidence_of(fit, moments, call)
  elpd <- vapply(chosen, function(j) {
    own <- groups$code == j
    # A group that is a problem of its own learns nothing from the others.
    of_all <- if (separate) log_evidence_of(fit, subset_groups(moments, which(own)), call) else all
    others <- subset_groups(moments, if (separate) 0 else which(!own))
    of_all - without(paste("group", groups$labels[j]), log_evidence_of(fit, others, call), call)
  }, 0)
  stats::setNames(elpd, groups$labels[chosen])
}

# log p(y) under the fit's model and priors for other moments of the same columns. Without data it is 0.
log_evidence_of <- function(fit, moments, call) {
  if (length(moments$n) == 0) {
    check_informed(fit, names(fit$priors), call)
    return(0)
  }
  exact_evidence(other_posterior(fit, moments, call), call)
}

# The posterior of other moments under the fit's model and priors.
other_posterior <- function(fit, moments, call) {
  model <- fit$model
  if (has_independent_groups(model) && shares_sigma(model) && length(moments$group) < length(fit$reduced$group)) {
    # A group that lost its data is left with its prior.
    check_informed(fit, varying_term(model)$coefficient, call)
  }
  new_posterior(with_groups(model, moments), moments, fit$priors, prior_only = FALSE, call)
}

check_informed <- function(fit, names, call) {
  flat <- names[!vapply(fit$priors[names], is_proper, NA)]
  if (length(flat) > 0) {
    abort_bayespool(
      c("No data are left for {.field {flat}}, and the prior is flat.", i = "Give {.field {flat}} a proper prior."),
      "improper", call
    )
  }
}

# Says what was left out where `expr` finds that there is no posterior without it.
without <- function(left_out, expr, call) {
  tryCatch(expr, bayespool_error_improper = function(cnd) {
    abort_bayespool(
      c("Cross-validation is not defined: without {left_out} the posterior does not exist."), "improper", call, parent = cnd
    )
  })
}

# The moments of a fit with cross-products of each group.
moments_by_group <- function(fit, call) {
  if (!fit$reduced$pooled) {
    return(fit$reduced)
  }
  rows <- observed_rows(fit, "Leaving out groups", call)
  moments_of_rows(fit, rows, seq_along(rows$y), pooled = FALSE)
}

check_knows_groups <- function(fit, call) {
  if (!has_grouping_factor(fit)) {
    abort_bayespool(
      c(
        "This fit knows no groups to leave out.",
        i = "Add {.code (1 | g)} to the formula, with {.code g} the name of a column; in {.fn complete_pooling} it names the \\
            groups and does not enter the model."
      ),
      "data", call
    )
  }
}

# Moments of the rows `keep` (positions, maybe repeated) for the fit's model; groups without any are left out.
moments_of_rows <- function(fit, rows, keep, pooled = fit$reduced$pooled) {
  if (length(keep) == 0) {
    return(list(group = character(), n = numeric()))
  }
  columns <- c(if (ncol(rows$x) > 0) list(rows$x[keep, , drop = FALSE]), list(rows$y[keep]))
  groups <- list(code = rows$group[keep], first = 1L, size = length(fit$reduced$group))
  weight <- if (has_weights(fit$reduced)) rows$weight[keep]
  moments <- core_group_moments(columns, length(keep), groups$code, groups$first, groups$size, weight, pooled)
  if (!has_several_effects(fit$model)) {
    moments$residual <- residual_moments(columns, length(keep), groups, weight, moments, pooled, fit$parsed$intercept)
  }
  moments$group <- fit$reduced$group
  moments$cells <- fit$reduced$cells
  subset_groups(moments, moments$n > 0)
}
