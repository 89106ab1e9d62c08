# Distributions of rows: what is expected there, and what another observation there would be.

# Columns mean, sd, lower, upper of the expected value of each row, or, where `noise` is not 0 (one number, or one a row), of another
# observation there with the variance noise * sigma^2. Of counts it is that of `size` trials or an exposure of that size, where 1 makes
# the expected value a probability or a rate. Rows are given as the model's columns `x` and `group` (from 1; beyond the groups of the fit: new; NA: the population). By quadrature after the
# exact algorithm, else from the draws.
row_table <- function(fit, x, group, noise, prob, interval, call, size = 1) {
  if (has_counts(fit$model) && any(noise == 0) && any(size != 1)) {
    return(size * row_table(fit, x, group, noise, prob, interval, call))
  }
  group <- groups_of_model(fit, group)
  noise <- rep_len(noise, length(group))
  size <- rep_len(size, length(group))
  id <- distinct_rows(cbind(x, noise, size, deparse.level = 0), group)
  first <- !duplicated(id)
  of_first <- x[first, , drop = FALSE]
  table <- if (has_counts(fit$model)) {
    count_row_table(fit, of_first, group[first], any(noise > 0), size[first], prob, interval, call)
  } else {
    rows_of <- if (has_quadrature(fit)) exact_row_table else drawn_row_table
    rows_of(fit, of_first, group[first], noise[first], prob, interval, call)
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

# Without coefficients of groups all rows are of the population.
groups_of_model <- function(fit, group) if (has_groups(fit$model)) group else rep(NA_integer_, length(group))

# A number for each row, the same for rows of one group with the same predictors: they have the same distribution.
distinct_rows <- function(x, group) {
  x <- cbind(ifelse(is.na(group), 0L, group), x, deparse.level = 0)
  order <- do.call(order, lapply(seq_len(ncol(x)), function(k) x[, k]))
  sorted <- x[order, , drop = FALSE]
  before <- sorted[pmax(seq_along(order) - 1, 1), , drop = FALSE]
  id <- integer(nrow(x))
  id[order] <- cumsum(rowSums(sorted != before) > 0)
  id
}

exact_row_table <- function(fit, x, group, noise, prob, interval, call) {
  if (varies_in_slope(fit$model)) {
    return(exact_effect_rows(fit_posterior(fit), x, group, noise, prob, interval, fit$settings$cores, call))
  }
  moments <- fit$reduced
  # Any value serves; one near the data costs no digits.
  response <- if (is_prior_only(fit)) 0 else stats::weighted.mean(moments$mean[, ncol(moments$mean)], group_weights(moments))
  columns <- cbind(x, rep(response, nrow(x)), deparse.level = 0)
  if (!is.null(moments$residual) && !is_prior_only(fit)) columns <- residual_columns(columns, moments$residual)
  exact_rows(fit_posterior(fit), columns, response, group, noise, prob, interval, fit$settings$cores, call)
}

drawn_row_table <- function(fit, x, group, noise, prob, interval, call) {
  in_blocks(fit, seq_along(group), call, function(draws, rows) {
    normal <- normals_of_draws(fit, draws, x[rows, , drop = FALSE], group[rows], noise[rows])
    table <- core_mixtures_over_draws(normal$mean, normal$sd, prob, interval)
    # Without spread there is no mixture, but what was drawn.
    drawn <- colSums(normal$sd) == 0
    if (any(drawn)) table[drawn, ] <- interval_of_draws(normal$mean[, drawn, drop = FALSE], prob, interval)
    table
  })
}

# `f` of the draws and a hundred of `rows` at a time, one below the other.
in_blocks <- function(fit, rows, call, f) {
  draws <- draws_matrix(fit, call)
  do.call(rbind, lapply(split(rows, (seq_along(rows) - 1) %/% 100), function(block) f(draws, block)))
}

# `mean` and `sd` of each row's expected value, or of an observation there (see row_table()), given each draw: draws x rows.
normals_of_draws <- function(fit, draws, x, group, noise) {
  model <- fit$model
  sigmas <- sigmas_given(model, draws)
  variance <- matrix(0, nrow(draws), nrow(x))
  if (any(noise > 0)) variance[] <- rep(noise, each = nrow(draws)) * sigmas[, if (shares_sigma(model)) 1 else group]^2
  new <- which(!is.na(group) & group > length(varying_term(model)$labels))
  if (length(new) > 0) variance[, new] <- variance[, new] + variance_between(model, draws, direction_values(model, x[new, , drop = FALSE]))
  list(mean = expected_given(model, draws, x, group), sd = sqrt(variance))
}

# The expected value of each row given each draw, of a new group that of the population: draws x rows.
expected_given <- function(model, draws, x, group) {
  term <- varying_term(model)
  own <- which(!is.na(group) & group <= length(term$labels))
  coefficients <- c(model$intercept, model$slopes)
  effects <- c(if (has_intercept(model)) intercept_direction, model$predictors) # what they belong to
  fixed <- !model$predictors %in% term$directions
  expected <- tcrossprod(draws[, model$slopes[fixed], drop = FALSE], predictor_values(model, x)[, fixed, drop = FALSE])
  if (has_intercept(model) && !intercept_direction %in% term$directions) expected <- draws[, model$intercept] + expected
  values <- direction_values(model, x)
  for (k in seq_along(term$directions)) {
    direction <- term$directions[k]
    shared <- coefficients[match(direction, effects)]
    coefficient <- matrix(if (is.na(shared)) 0 else draws[, shared], nrow(draws), nrow(x))
    coefficient[, own] <- draws[, layout_variables(model, "group", direction)[group[own]]]
    expected <- coefficient * rep(values[, k], each = nrow(draws)) + expected
  }
  expected
}

# The variance of z'b for rows z of new groups given each draw: draws x rows.
variance_between <- function(model, draws, z) {
  term <- varying_term(model)
  sd <- draws[, term$sd, drop = FALSE]
  variance <- tcrossprod(sd^2, z^2)
  pairs <- which(lower.tri(diag(ncol(z))), arr.ind = TRUE)
  pairs <- pairs[order(pairs[, 1]), , drop = FALSE]
  for (i in seq_along(term$correlation)) {
    k <- pairs[i, 1]
    l <- pairs[i, 2]
    covariance <- draws[, term$correlation[i]] * sd[, k] * sd[, l]
    variance <- variance + 2 * tcrossprod(covariance, z[, k] * z[, l])
  }
  pmax(variance, 0) # rounding, where effects cancel
}

# The expected values alone, of rows that are not in new groups: draws x rows.
expected_draws <- function(fit, x, group, call) {
  expected_given(fit$model, draws_matrix(fit, call), x, groups_of_model(fit, group))
}
