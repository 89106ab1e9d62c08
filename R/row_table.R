# Distributions of rows: what is expected there, and what another observation there would be.

# Columns mean, sd, lower, upper of the expected value of each row, or, where `noise` is not 0 (one number, or one a row), of another
# observation there with the variance noise * sigma^2. Of counts it is that of `size` trials or an exposure of that size, where 1 makes
# the expected value a probability or a rate. Rows are given as the model's columns `x` and `group` (from 1; beyond the groups of the fit:
# new; NA: the population; with two factors a column for each, as the `levels` of rows are). By quadrature after the exact algorithm, else
# from the draws.
row_table <- function(fit, x, group, noise, prob, interval, call, size = 1) {
  if (has_counts(fit$model) && any(noise == 0) && any(size != 1)) {
    return(size * row_table(fit, x, group, noise, prob, interval, call))
  }
  group <- groups_of_model(fit, group)
  noise <- rep_len(noise, nrow(group))
  size <- rep_len(size, nrow(group))
  id <- distinct_rows(cbind(x, noise, size, deparse.level = 0), group)
  first <- !duplicated(id)
  of_first <- x[first, , drop = FALSE]
  table <- if (has_counts(fit$model)) {
    count_row_table(fit, of_first, group[first, ], any(noise > 0), size[first], prob, interval, call)
  } else {
    rows_of <- if (has_quadrature(fit)) exact_row_table else drawn_row_table
    rows_of(fit, of_first, group[first, , drop = FALSE], noise[first], prob, interval, call)
  }
  colnames(table) <- interval_columns
  table <- table[match(id, id[first]), , drop = FALSE]
  beyond <- which(is.nan(table[, "lower"]) | is.nan(table[, "upper"]))
  if (length(beyond) > 0) {
    abort_bayespool(
      c(
        "Predictions are beyond the range of numbers in {length(beyond)} row{?s}, the first of them row {beyond[1]}.",
        i = "Predictors are too large there."
      ),
      "numerical", call
    )
  }
  table
}

# The groups of rows, a column for each factor. Without coefficients of groups all rows are of the population.
groups_of_model <- function(fit, group) {
  group <- cbind(group, deparse.level = 0)
  if (has_groups(fit$model) && !all(is.na(group))) {
    return(group)
  }
  matrix(NA_integer_, nrow(group), max(1, length(varying_terms(fit$model))))
}

exact_row_table <- function(fit, x, group, noise, prob, interval, call) {
  if (has_several_effects(fit$model)) {
    return(exact_effect_rows(fit_posterior(fit), x, group, noise, prob, interval, fit$settings$cores, call))
  }
  moments <- fit$reduced
  # Any value serves; one near the data costs no digits.
  response <- if (is_prior_only(fit)) 0 else stats::weighted.mean(moments$mean[, ncol(moments$mean)], group_weights(moments))
  columns <- cbind(x, rep(response, nrow(x)), deparse.level = 0)
  if (!is.null(moments$residual) && !is_prior_only(fit)) columns <- residual_columns(columns, moments$residual)
  exact_rows(fit_posterior(fit), columns, response, group[, 1], noise, prob, interval, fit$settings$cores, call)
}

drawn_row_table <- function(fit, x, group, noise, prob, interval, call) {
  in_blocks(fit, seq_len(nrow(group)), call, function(draws, rows) {
    normal <- normals_of_draws(fit, draws, x[rows, , drop = FALSE], group[rows, , drop = FALSE], noise[rows])
    table <- core_mixtures_over_draws(normal$mean, normal$sd, prob, interval)
    # Without spread there is no mixture, but what was drawn.
    drawn <- colSums(normal$sd) == 0
    if (any(drawn)) table[drawn, ] <- interval_of_draws(normal$mean[, drawn, drop = FALSE], prob, interval)
    table
  })
}

# The expected values alone, of rows that are not in new groups: draws x rows.
expected_draws <- function(fit, x, group, call) {
  expected_given(fit$model, draws_matrix(fit, call), x, groups_of_model(fit, group))
}
