# What is expected in rows given each draw of the parameters. `group`: as groups_of_model() has it, or with one factor a vector.

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
  terms <- varying_terms(model)
  z <- direction_values(model, x)
  of_term <- rep(seq_along(terms), lengths(lapply(terms, `[[`, "directions")))
  for (k in seq_along(terms)) {
    new <- which(group[, k] > length(terms[[k]]$labels))
    if (length(new) > 0) {
      variance[, new] <- variance[, new] + variance_between(terms[[k]], draws, z[new, of_term == k, drop = FALSE])
    }
  }
  list(mean = expected_given(model, draws, x, group), sd = sqrt(variance))
}

# The expected value of each row given each draw, of a new group that of the population: draws x rows.
expected_given <- function(model, draws, x, group) {
  if (has_two_terms(model)) {
    return(expected_of_two_factors(model, draws, x, group))
  }
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

# What is expected of the population's coefficients, with the effects of the known levels of each factor.
expected_of_two_factors <- function(model, draws, x, levels) {
  expected <- tcrossprod(draws[, c(model$intercept, model$slopes), drop = FALSE], coefficient_columns(model, x))
  terms <- varying_terms(model)
  for (k in seq_along(terms)) {
    labels <- terms[[k]]$labels
    own <- which(levels[, k] <= length(labels))
    expected[, own] <- expected[, own] + draws[, with_label(terms[[k]]$coefficient, labels)[levels[own, k]]]
  }
  expected
}

# The variance of z'b for rows z of new groups of a term given each draw: draws x rows.
variance_between <- function(term, draws, z) {
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

# theta of each row given each draw: draws x rows. A new group has one for each draw of the parameters, at normal scores that
# are spread evenly (by the golden section) over the draws, so that nothing here is random.
theta_of_draws <- function(model, draws, x, group) {
  theta <- expected_given(model, draws, x, group)
  new <- which(!is.na(group) & group > length(varying_term(model)$labels))
  if (length(new) > 0) {
    score <- stats::qnorm(((seq_len(nrow(draws)) - 0.5) * (sqrt(5) - 1) / 2) %% 1)
    theta[, new] <- theta[, new] + score * draws[, varying_term(model)$sd]
  }
  theta
}

# `theta`: draws x rows.
expected_counts <- function(model, theta, size) {
  families[[model$family]]$inverse(theta) * rep(size, each = nrow(theta))
}
