# The exact engine: evidence, draws, moments, quantiles and predictions of what is left out, by quadrature. `posterior` as
# new_posterior() makes it.

# `draws`, an array or NULL; `log_evidence`; `record`; `lattice`: what a quadrature in several dimensions says of itself, `error`
# (estimated), `nodes` and `edge` (the mass beyond them).
exact_draws <- function(posterior, settings, seed, call) {
  draws <- settings$chains * settings$iter_sampling
  sampled <- core_fit(posterior, draws, seed, settings$cores, call)
  warn_missed(sampled$missed %||% 0, call)
  if (varies_in_slope(posterior$model)) inform_valley(posterior, sampled$nodes)
  list(
    draws = if (draws > 0) {
      new_draws(sampled$draws, settings$iter_sampling, settings$chains, layout_variables(posterior$model))
    },
    log_evidence = sampled$log_evidence,
    record = sampled$record,
    lattice = if (!is.null(sampled$error)) sampled[c("error", "nodes", "edge")]
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

# A predictor far from 0 makes intercepts and slopes of the groups so strongly correlated that the posterior is a curved valley, which
# takes many nodes.
inform_valley <- function(posterior, nodes) {
  size <- posterior$problem$size
  directions <- posterior$problem$directions + 1L
  mean <- colSums(posterior$problem$mean * size) / sum(size)
  squares <- colSums(posterior$problem$within[, diagonal_index(length(mean)), drop = FALSE]) +
    colSums(size * sweep(posterior$problem$mean, 2, mean)^2)
  far <- abs(mean) > 2 * sqrt(squares / sum(size))
  far <- varying_term(posterior$model)$directions[which(far[directions])]
  if (nodes > 1e5 && anyNA(directions) && length(far) > 0) {
    cli::cli_inform(
      c(
        i = "The posterior is a narrow valley, which took {format(nodes, big.mark = ',')} nodes: {.field {far}} {?is/are} far from 0, \\
            where the intercepts are.",
        i = "With {cli::qty(far)}{?it/them} centred, as in {.code {far[1]} - mean({far[1]})}, the fit is fast, and intercepts are \\
            those at the mean."
      ),
      class = "bayespool_message_valley"
    )
  }
}

# What exact_draws() would find for a fit that has chains.
exact_fit <- function(posterior, call) core_fit(posterior, 0L, 0, 1L, call)

# Without what draws and quantiles would need: for models with data left out.
exact_evidence <- function(posterior, call) core_log_evidence(posterior, call)

# A matrix: one row a variable, then those of icc_names() if wanted; columns mean, sd, one quantile for each of `probs`, then the ends
# of the shortest interval that holds `shortest`, if that is not 0. Moments that do not exist are `Inf` or `NaN`.
# `chosen`: the rows to compute, by their positions; NULL: all of them. `deviations`: the rows of the groups are of their deviations
# from the population.
exact_table <- function(posterior, probs = numeric(), shortest = 0, icc = FALSE, chosen = NULL, deviations = FALSE, call) {
  rows <- seq_len(posterior$problem$variables + icc * length(icc_names(posterior$model)))
  chosen <- chosen %||% rows
  table <- core_summary(posterior, probs, shortest, rows %in% chosen, deviations, call)
  if (deviations && ncol(table) > 2) {
    # Their quantiles need nodes of their own; moments are those that they have without.
    table[, 1:2] <- core_summary(posterior, numeric(), 0, rows %in% chosen, deviations, call)
  }
  missing <- posterior$propriety$missing
  if (deviations) missing$group <- missing$deviation
  if (any(unlist(missing) > 0)) table <- mark_missing(table, posterior$model, missing)
  table[chosen, , drop = FALSE]
}

# The same on the scale of the response: one row for each of response_layout().
exact_response_table <- function(posterior, probs = numeric(), shortest = 0, chosen = NULL, call) {
  rows <- response_layout(posterior$model)$position
  rows <- if (is.null(chosen)) rows else rows[chosen]
  table <- core_count_summary(posterior, probs, shortest, seq_len(posterior$problem$variables) %in% rows, "response", call)
  mark_missing(table, posterior$model, posterior$propriety$missing_response, positive = TRUE)[rows, , drop = FALSE]
}

# `missing`: how many of the first two moments do not exist, by role; `positive`: of variables that are.
mark_missing <- function(table, model, missing, positive = FALSE) {
  for (role in intersect(unique(model$layout$role), names(missing))) {
    rows <- layout_positions(model, role)
    lost <- rep_len(missing[[role]], length(rows)) # one number, or one a row
    table[rows[lost >= 1], 2] <- Inf
    table[rows[lost == 2], 1] <- if (positive || startsWith(role, "scale")) Inf else NaN
  }
  table
}

# Rows between, within, share_between; columns mean, sd, lower, upper. `z` (q): what multiplies a group's effects there. Of two factors rows
# between and share_between of each, then that of both together.
exact_components <- function(posterior, z, prob, interval, call) {
  if (has_counts(posterior$model)) {
    return(exact_count_components(posterior, prob, interval, call))
  }
  orders <- posterior$propriety$orders
  if (has_two_terms(posterior$model)) {
    table <- core_effect_variances(posterior, rbind(diag(2), 1), matrix(1, 3, 2), prob, interval, call)[-3, ]
    by_row <- orders[c(2, 3, 1)]
  } else if (varies_in_slope(posterior$model)) {
    table <- core_effect_variances(posterior, rbind(z), rbind(z), prob, interval, call)
    by_row <- c(min(orders[-1][z != 0], Inf), orders[["sigma"]])
  } else {
    table <- core_variance_components(posterior, prob, interval, call)
    by_row <- orders[1, c("tau", "sigma")]
  }
  variances <- seq_along(by_row)
  table[variances, 1][by_row < 2] <- Inf
  table[variances, 2][by_row < 4] <- Inf
  table
}

# The same on the scale of the link; of Poisson counts the rows within and share_between are NA. A variance has a mean, and an sd, where
# the second and fourth moments of tau exist: `order` is the highest, up to 4.
exact_count_components <- function(posterior, prob, interval, call) {
  table <- core_count_variances(posterior, prob, interval, call)
  if (posterior$propriety$order < 2) table[1, 1] <- Inf
  if (posterior$propriety$order < 4) table[1, 2] <- Inf
  within <- if (posterior$model$family == "binomial") logistic_variance else NA_real_
  if (is.na(within)) table[2, ] <- NA_real_
  rbind(table[1, ], within * c(1, 0, 1, 1), table[2, ])
}

# 1 - kappa, the weight of the population, for groups of these sizes: mean, sd, lower, upper. Of counts, which have no such weight, what
# it is of the variances.
exact_pooling_weights <- function(posterior, size, prob, interval, call) {
  if (has_counts(posterior$model)) {
    return(core_count_shrinkage(posterior, prob, interval, call))
  }
  core_pooling_weights(posterior, size, prob, interval, call)
}

# For each row, as `about` says: "densities", log p(y_i | y_-i) and the log density of another one like it given all, which rows that are
# not among the data have too; or, less y_i and given y_-i, mean, sd, lower and upper end (of the central interval that holds `prob`) of
# what is "expected" or of an "observation". NaN where the nodes of the full posterior do not resolve it. `columns`: predictors and
# response, as the problem's moments have them; `levels` (n x factors): from 1, beyond the groups of the model for a new one.
exact_leave_rows_out <- function(posterior, columns, weight, levels, about, prob, cores, call) {
  model <- posterior$model
  if (has_several_effects(model)) {
    x <- columns[, -ncol(columns), drop = FALSE]
    used <- cbind(coefficient_columns(model, x), columns[, ncol(columns)], deparse.level = 0)
    code <- codes_of_levels(posterior$problem, levels)
    return(core_effect_leave_one_out(posterior, used, direction_values(model, x), weight, code, about, prob, cores, call))
  }
  group <- if (has_groups(model)) codes_of_levels(posterior$problem, levels)[, 1] else integer(nrow(columns))
  order <- order(group)
  result <- core_leave_one_out(posterior, columns[order, , drop = FALSE], weight[order], group[order], about, prob, cores, call)
  result[order(order), , drop = FALSE]
}

# Levels (n x factors, from 1) as the core has them: from 0, -1 for new ones.
codes_of_levels <- function(problem, levels) {
  new <- levels > rep(level_counts(problem), each = nrow(levels))
  matrix(as.integer(ifelse(new, -1L, levels - 1L)), nrow(levels), ncol(levels))
}

# One row for each of `columns`: mean, sd, lower, upper of its expected value, or, where `noise` is not 0, of another observation there
# whose variance is noise * sigma^2. `columns`:
# predictors and response, as the problem's moments have them, the latter where it is `response`; `group`: from 1, beyond the groups of
# the model for a new one, NA for the population.
exact_rows <- function(posterior, columns, response, group, noise, prob, interval, cores, call) {
  if (posterior$problem$direction) columns <- cbind(rep(1, nrow(columns)), columns, deparse.level = 0)
  code <- codes_of_groups(posterior, group)
  table <- core_row_predictions(posterior, columns, response, code, noise, prob, interval, cores, call)
  mark_lost(table, lost_of_rows(posterior, columns, group, noise))
}

# The same where groups differ in more than an intercept, or there are two factors: `x` has the model's columns, `group` one a factor.
exact_effect_rows <- function(posterior, x, group, noise, prob, interval, cores, call) {
  code <- codes_of_levels(posterior$problem, group)
  table <- core_effect_rows(
    posterior, coefficient_columns(posterior$model, x), direction_values(posterior$model, x), code, noise, prob, interval, cores, call
  )
  mark_lost(table, lost_of_rows(posterior, x, group, noise))
}

# How many groups each factor has.
level_counts <- function(problem) problem$level_counts %||% length(problem$size)

# The same of counts: the expected value for a size of 1, a probability or a rate, or as an `observation` another count of `size`.
exact_count_rows <- function(posterior, x, group, observation, size, prob, interval, cores, call) {
  columns <- coefficient_columns(posterior$model, x)
  code <- codes_of_groups(posterior, group)
  table <- if (observation) {
    mixture <- distinct_rows(x, group)
    first <- !duplicated(mixture)
    core_count_predictions(
      posterior, columns[first, , drop = FALSE], code[first], match(mixture, mixture[first]) - 1L, size, prob, interval, cores, call
    )
  } else {
    core_count_rows(posterior, columns, code, TRUE, prob, interval, cores, call)
  }
  mark_lost(table, lost_of_count_rows(posterior, x, group))
}

# The same of log odds or log rates.
exact_link_rows <- function(posterior, x, group, prob, interval, cores, call) {
  columns <- coefficient_columns(posterior$model, x)
  table <- core_count_rows(posterior, columns, codes_of_groups(posterior, group), FALSE, prob, interval, cores, call)
  mark_lost(table, lost_of_rows(posterior, x, group, 0))
}

# How many of the first two moments of each row's rate or count do not exist; probabilities have all. Another value of a predictor than the
# group's brings the coefficients in.
lost_of_count_rows <- function(posterior, x, group) {
  missing <- posterior$propriety$missing_response
  if (posterior$model$family == "binomial") {
    return(rep(0, length(group)))
  }
  known <- which(!is.na(group) & !is_new_group(posterior, group))
  own <- posterior$problem$x[group[known], , drop = FALSE]
  moved <- rowSums(own != coefficient_columns(posterior$model, x[known, , drop = FALSE])) > 0
  lost <- rep(max(0, missing$population, missing$slope), length(group))
  lost[is_new_group(posterior, group)] <- max(lost, if (!has_upper_bound(posterior$problem$tau_prior)) 2)
  of_group <- rep_len(missing$group, length(posterior$problem$size))[group[known]]
  lost[known] <- ifelse(moved, pmax(of_group, max(0, missing$slope)), of_group)
  lost
}

# Groups as the core has them: from 0, -1 for a new one, -2 for the population.
codes_of_groups <- function(posterior, group) {
  as.integer(ifelse(is.na(group), -2L, ifelse(is_new_group(posterior, group), -1L, group - 1L)))
}

is_new_group <- function(posterior, group) !is.na(group) & group > length(posterior$problem$size)

# How many of the first two moments of each row do not exist. `x`: the model's columns.
lost_of_rows <- function(posterior, x, group, noise) {
  if (has_two_terms(posterior$model)) {
    return(lost_of_crossed_rows(posterior, x, group, noise))
  }
  missing <- posterior$propriety$missing
  known <- length(posterior$problem$size)
  scale <- rep_len(if (any(noise > 0)) missing$scale_within else 0, known)
  model <- posterior$model
  directions <- varying_term(model)$directions
  shared <- max(
    0, missing$slope[!model$predictors %in% directions], if (!intercept_direction %in% directions) missing$population
  )
  of_group <- pmax(rep_len(missing$group, known), scale, shared)
  of_population <- max(0, missing$population, missing$slope, scale)
  lost <- ifelse(is_new_group(posterior, group), max(of_population, missing$scale_between), of_group[group])
  ifelse(is.na(group), of_population, lost)
}

# Coefficients in a direction of a term's groups `first` less those of groups `second` (from 1): columns mean, sd, lower, upper,
# probability that the difference is positive.
exact_contrasts <- function(posterior, term, direction, first, second, prob, interval, cores, call) {
  table <- if (has_counts(posterior$model)) {
    core_count_contrasts(posterior, first - 1L, second - 1L, prob, interval, cores, call)
  } else if (has_several_effects(posterior$model)) {
    of_term <- function(other) as.double(other$factor == term$factor & other$directions == direction)
    z <- unlist(lapply(varying_terms(posterior$model), of_term))
    core_effect_contrasts(posterior, z, first - 1L, second - 1L, prob, interval, cores, call)
  } else {
    core_group_contrasts(posterior, first - 1L, second - 1L, prob, interval, cores, call)
  }
  all <- layout_variables(posterior$model, "group")
  own <- match(group_variables(posterior$model, term, direction), all)
  lost <- rep_len(posterior$propriety$missing$group, length(all))[own]
  mark_lost(table, pmax(lost[first], lost[second]))
}

# The sum of `multiple` times coefficients of the population or of groups, by which it is named, where all have one sigma: `summary` (mean,
# sd, lower, upper), and of each of `at` the probability `above` it and the `density` there.
exact_combination <- function(posterior, multiple, at, prob, interval, call) {
  model <- posterior$model
  several <- has_several_effects(model)
  layout <- model$layout[match(names(multiple), model$layout$variable), ]
  of_group <- layout$role == "group"
  means <- c(if (has_intercept(model)) model$intercept else if (has_independent_groups(model)) intercept_direction, model$slopes)
  coefficient <- stats::setNames(numeric(length(means)), means)
  coefficient[names(multiple)[!of_group]] <- multiple[!of_group]
  # A group's coefficient is that of the population and its deviation; of two factors it is the deviation.
  of_mean <- if (has_two_terms(model)) {
    rep(NA_character_, sum(of_group))
  } else if (has_independent_groups(model)) {
    rep(intercept_direction, sum(of_group))
  } else {
    direction_means(model, layout$direction[of_group])
  }
  added <- tapply(multiple[of_group], factor(of_mean, means), sum, default = 0)
  coefficient <- unname(coefficient + added)
  table <- if (several) {
    own <- paste(layout$term, layout$label)[of_group]
    z <- matrix(0, length(unique(own)), length(effect_directions(model)))
    z[cbind(match(own, unique(own)), effect_positions(model, layout[of_group, ]))] <- multiple[of_group]
    core_effect_combination(posterior, coefficient, z, group_codes(model, layout[of_group, ])[!duplicated(own)], at, prob, interval, call)
  } else {
    core_combination(posterior, coefficient, group_codes(model, layout[of_group, ]), multiple[of_group], at, prob, interval, call)
  }
  missing <- posterior$propriety$missing
  lost <- vapply(seq_along(multiple), function(i) {
    of_role <- layout_variables(model, layout$role[i])
    rep_len(missing[[layout$role[i]]] %||% 0, length(of_role))[match(names(multiple)[i], of_role)]
  }, 0)
  size <- length(at)
  list(
    summary = mark_lost(rbind(table[1:4]), max(lost))[1, ], above = table[4 + seq_len(size)], density = table[4 + size + seq_len(size)]
  )
}

# Of rows of the layout that belong to groups: which group of its factor each is, from 0; which of the effects of all terms.
group_codes <- function(model, layout) {
  labels <- lapply(stats::setNames(varying_terms(model), factors_of_terms(model)), `[[`, "labels")
  as.integer(mapply(function(factor, label) match(label, labels[[factor]]) - 1L, layout$term, layout$label))
}
effect_positions <- function(model, layout) {
  effects <- unlist(lapply(varying_terms(model), function(term) paste(term$factor, term$directions)))
  match(paste(layout$term, layout$direction), effects)
}

# Posterior means of the covariances of a group's effects, one a pair; `size` (q): the roots of those of their variances. The variance of
# a sum of two effects of size 1 is 2 and twice their covariance.
exact_effect_covariances <- function(posterior, pairs, size, call) {
  z <- sums_of_pairs(pairs, rbind(size))
  sums <- core_effect_variances(posterior, z, z, 0.5, "central", call)
  size[pairs[, 1]] * size[pairs[, 2]] * (sums[seq_len(nrow(pairs)), 1] / 2 - 1)
}

# The covariances of each group's deviations from the population, groups x pairs, in the same way. `sd`: groups x q.
exact_deviation_covariances <- function(posterior, pairs, sd, cores, call) {
  z <- sums_of_pairs(pairs, sd)
  x <- matrix(0, nrow(z), length(posterior$problem$predictors))
  group <- rep(seq_len(nrow(sd)), nrow(pairs)) - 1L
  sums <- core_effect_rows(posterior, x, z, cbind(group), numeric(nrow(z)), 0.5, "central", cores, call)
  sd[, pairs[, 1]] * sd[, pairs[, 2]] * (matrix(sums[, 2]^2, nrow(sd)) / 2 - 1)
}

# Where there are two grouping factors: the population's intercept and the effect of one group alone, the groups of one factor after those
# of the other: columns mean, sd, lower, upper.
exact_factor_coefficients <- function(posterior, prob, interval, cores, call) {
  counts <- posterior$problem$level_counts
  groups <- sum(counts)
  levels <- matrix(NA_integer_, groups, 2)
  levels[cbind(seq_len(groups), rep(1:2, counts))] <- sequence(counts) - 1L
  x <- coefficient_columns(posterior$model, matrix(0, groups, length(posterior$model$columns)))
  table <- core_effect_rows(posterior, x, matrix(1, groups, 2), levels, numeric(groups), prob, interval, cores, call)
  mark_lost(table, pmax(posterior$propriety$missing$group, posterior$propriety$missing$population))
}

# For each pair one row for each of `size` (n x q): what multiplies the effects in the sum of the two, each divided by its size.
sums_of_pairs <- function(pairs, size) {
  inverse <- ifelse(size > 0, 1 / size, 0)
  do.call(rbind, lapply(seq_len(nrow(pairs)), function(i) {
    other <- setdiff(seq_len(ncol(size)), pairs[i, ])
    inverse[, other] <- 0
    inverse
  }))
}

# `lost`: how many of the first two moments of each row do not exist.
mark_lost <- function(table, lost) {
  table[lost >= 1, 2] <- Inf
  table[lost == 2, 1] <- NaN
  table
}
