# Models of counts on the scale of the response for any predictors: probabilities or rates.

# Columns mean, sd, lower, upper of the probability or rate of each row: `x`, the model's columns; `group`, from 1, beyond the groups of the
# fit for a new one, NA for the population, a group without a deviation. By quadrature after the exact algorithm, else from the draws.
response_rows <- function(fit, x, group, prob, interval, call) {
  group <- groups_of_model(fit, group)
  id <- distinct_rows(unname(x), group)
  first <- which(!duplicated(id))
  rows_of <- if (has_quadrature(fit)) exact_response_rows else drawn_response_rows
  table <- rows_of(fit, x[first, , drop = FALSE], group[first], prob, interval, call)
  colnames(table) <- interval_columns
  table[match(id, id[first]), , drop = FALSE]
}

exact_response_rows <- function(fit, x, group, prob, interval, call) {
  posterior <- fit_posterior(fit)
  new <- is_new_group(posterior, group)
  code <- ifelse(is.na(group), -2L, ifelse(new, -1L, group - 1L))
  intercept <- has_intercept(fit$model) || has_independent_groups(fit$model)
  columns <- unname(cbind(if (intercept) rep(1, nrow(x)), x))
  table <- core_count_rows(posterior, columns, as.integer(code), TRUE, prob, interval, fit$settings$cores, call)
  missing <- posterior$propriety$missing_response
  shared <- max(0, missing$population, missing$slope)
  lost <- ifelse(is.na(group) | new, shared, rep_len(missing$group, length(posterior$problem$size))[group])
  table[lost >= 1, 2] <- Inf
  table[lost == 2, 1] <- Inf
  table
}

drawn_response_rows <- function(fit, x, group, prob, interval, call) {
  draws <- vapply(seq_along(group), function(i) {
    drawn_response(fit, x[i, , drop = FALSE], group[i], call)
  }, numeric(posterior::ndraws(fit_draws(fit, call = call))))
  interval_of_draws(draws, prob, interval)
}

# Of one row, from the draws.
drawn_response <- function(fit, x, group, call) {
  draws <- draws_matrix(fit, call)
  theta <- drop(expected_given(fit$model, draws, x, group))
  if (!is.na(group) && group > length(fit$reduced$group)) theta <- theta + draws[, varying_term(fit$model)$sd] * spread_scores(nrow(draws))
  families[[fit$model$family]]$inverse(theta)
}

# By how many sds a new group deviates in each draw: normal scores that are spread evenly over any stretch of the draws, so that no
# random number is needed.
spread_scores <- function(draws) stats::qnorm((seq_len(draws) * (sqrt(5) - 1) / 2) %% 1)

# The predictors' columns of each group.
columns_of_groups <- function(fit) fit$reduced$x[, fit$model$predictors, drop = FALSE]
