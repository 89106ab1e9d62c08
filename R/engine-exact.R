# The exact engine: evidence, draws, moments, quantiles and predictions of what is left out, by quadrature. `posterior` as
# new_posterior() makes it.

# `draws`, an array or NULL; `log_evidence`; `record`.
exact_draws <- function(posterior, settings, seed, call) {
  draws <- settings$chains * settings$iter_sampling
  sampled <- core_fit(posterior, draws, seed, settings$cores, call)
  warn_missed(sampled$missed, call)
  list(
    draws = if (draws > 0) {
      new_draws(sampled$draws, settings$iter_sampling, settings$chains, layout_variables(posterior$model))
    },
    log_evidence = sampled$log_evidence,
    record = sampled$record
  )
}

# Where priors and data are far apart, the core looks a second time for posterior probability beyond its nodes.
warn_missed <- function(missed, call) {
  if (missed > 1e-6) {
    warn_bayespool(
      c(
        "The quadrature may have missed a part of the posterior: a second look found a share of {signif(missed, 2)} elsewhere.",
        i = "Priors and data ask for values that are far apart, so that there are several modes.",
        i = "Results may be wrong. {.fn prior_summary} shows the priors; see whether they are meant so."
      ),
      "modes", call
    )
  }
}

# What exact_draws() would find for a fit that has chains.
exact_fit <- function(posterior, call) core_fit(posterior, 0L, 0, 1L, call)

# Without what draws and quantiles would need: for models with data left out.
exact_evidence <- function(posterior, call) core_log_evidence(posterior, call)

# A matrix: one row a variable, then one for the icc if wanted; columns mean, sd, then one quantile for each of `probs`.
# Moments that do not exist are `Inf` or `NaN`. `deviations`: the rows of the groups are of their deviations from the
# population.
exact_table <- function(posterior, probs = numeric(), icc = FALSE, deviations = FALSE, call) {
  table <- core_summary(posterior, probs, icc, deviations, call)
  if (deviations && length(probs) > 0) {
    # Their quantiles need nodes of their own; moments are those that they have without.
    table[, 1:2] <- core_summary(posterior, numeric(), icc, deviations, call)
  }
  missing <- posterior$propriety$missing
  if (deviations) missing$group <- missing$deviation
  if (any(unlist(missing) > 0)) mark_missing(table, posterior$model, missing) else table
}

# `missing`: how many of the first two moments do not exist, by role.
mark_missing <- function(table, model, missing) {
  for (role in unique(model$layout$role)) {
    rows <- layout_positions(model, role)
    lost <- rep_len(missing[[role]], length(rows))
    table[rows[lost >= 1], 2] <- Inf
    table[rows[lost == 2], 1] <- if (startsWith(role, "scale")) Inf else NaN
  }
  table
}

# The same columns for the expected values of rows: `x`, predictor columns; `group`, from 1, NA for the population. For models
# with one sigma.
exact_expected <- function(posterior, x, group, probs, call) {
  model <- posterior$model
  intercept <- has_intercept(model) || has_independent_groups(model)
  table <- core_combinations(posterior, cbind(if (intercept) rep(1, nrow(x)), x), as.integer(group) - 1L, probs, call)
  missing <- posterior$propriety$missing
  population <- max(0, missing$population, missing$slope)
  lost <- ifelse(is.na(group), population, max(population, missing$group))
  table[lost >= 1, 2] <- Inf
  table[lost == 2, 1] <- NaN
  table
}

# Rows between, within, share_between; columns mean, sd, hdi_lower, hdi_upper.
exact_components <- function(posterior, prob, call) {
  table <- core_variance_components(posterior, prob, call)
  by_row <- posterior$propriety$orders[1, c("tau", "sigma")]
  table[1:2, 1][by_row < 2] <- Inf
  table[1:2, 2][by_row < 4] <- Inf
  table
}

# The posterior mean of 1 - kappa, the weight of the population, for groups of these sizes.
exact_pooling_weights <- function(posterior, size, call) core_pooling_weights(posterior, size, call)

# For each row: log p(y_i | y_-i), the log density of another one like it given all, and y_i - E(y_i | y_-i); NaN where the
# nodes of the full posterior do not resolve it. `columns`: predictors and response, as the problem's moments have them;
# `group`: from 1.
exact_leave_rows_out <- function(posterior, columns, group, cores, call) {
  order <- order(group)
  group <- if (has_groups(posterior$model)) group - 1L else integer(length(group))
  result <- matrix(0, length(group), 3)
  result[order, ] <- core_leave_one_out(posterior, columns[order, , drop = FALSE], group[order], cores, call)
  result
}
