# A warning where the groups are such that data cannot tell standard deviations apart, whatever the priors are.

# `data`: as the user gave them.
warn_undetermined <- function(model, moments, priors, data, call) {
  if (has_counts(model)) {
    return(warn_undetermined_counts(model, moments, priors, call))
  }
  if (has_two_terms(model)) {
    return(warn_undetermined_factors(model, moments, priors, call))
  }
  within <- model$scale_within$name %||% ""
  between <- varying_term(model)$sd
  several <- length(between) > 1
  known <- names(Filter(is_fixed, priors))
  weights <- group_weights(moments)
  # Known differences between the observations' variances tell the standard deviations apart.
  single_rows <- all(moments$n == 1) && max(weights) - min(weights) <= 1e-8 * max(weights)
  nothing_to_tell <- !has_groups(model) || has_known_errors(model) || within %in% known && single_rows ||
    has_population(model) && all(between %in% known)
  message <- if (nothing_to_tell) {
    NULL
  } else if (has_population(model) && length(moments$n) == 1) {
    of_one_group(several)
  } else if (single_rows && varies_in_slope(model)) {
    c(
      "Every group has one observation, so the data can hardly tell {.field {within}} from {.field {between}}.",
      i = "They only tell the sum of both variances, at each value of the predictors; the priors decide how it is divided."
    )
  } else if (single_rows && has_population(model)) {
    c(
      "Every group has one observation, so the data cannot tell {.field {within}} from {.field {between}}.",
      i = "They only tell {.code {within}^2 + {between}^2}; the priors decide how it is divided."
    )
  } else if (single_rows) {
    c(
      "Every group has one observation, which says next to nothing about {.field {within}}, the standard deviation within groups.",
      i = "What the fit says of {.field {within}} comes from its prior."
    )
  }
  if (!is.null(message)) {
    table <- if (is.data.frame(data)) table_call(data, varying_term(model)$factor)
    hint <- "Is {.arg data} a table with one row a group? Then {.code {table}} makes group moments of it, which take its place."
    warn_bayespool(c(message, i = if (single_rows && !is.null(table)) hint), "undetermined", call)
  }
}

of_one_group <- function(several) {
  c(
    "There is one group, which says next to nothing about {.field {between}}, the standard deviation{if (several) 's'} between groups.",
    i = "What the fit says of {.field {between}} comes from {if (several) 'their priors' else 'its prior'}.",
    i = "{.fn complete_pooling} is the model for a single group."
  )
}

# Trials, unlike counts, have no spread that groups of one could add to.
warn_undetermined_counts <- function(model, counts, priors, call) {
  between <- varying_term(model)$sd
  several <- FALSE
  if (!has_population(model) || is_fixed(priors[[between]])) {
    return(invisible())
  }
  message <- if (length(counts$n) == 1) {
    of_one_group(several)
  } else if (model$family == "binomial" && all(counts$size == 1)) {
    c(
      "Every group has one trial, which says next to nothing about {.field {between}}, the standard deviation between groups.",
      i = "What the fit says of {.field {between}} comes from its prior."
    )
  }
  if (!is.null(message)) warn_bayespool(message, "undetermined", call)
}

# With two factors, whose standard deviations are not told apart where their groups are the same rows, nor from that within groups where
# those of one are single rows.
warn_undetermined_factors <- function(model, moments, priors, call) {
  within <- model$scale_within$name
  known <- names(Filter(is_fixed, priors))
  levels <- lapply(term_levels(model, moments), `[[`, "code")
  weights <- group_weights(moments)
  same_weight <- max(weights / moments$n) - min(weights / moments$n) <= 1e-8 * max(weights / moments$n)
  for (k in seq_along(levels)) {
    term <- model$terms[[k]]
    between <- term$sd
    if (between %in% known) next
    message <- if (length(term$labels) == 1) {
      c(
        "There is one group of {.field {term$factor}}, which says next to nothing about {.field {between}}.",
        i = "What the fit says of {.field {between}} comes from its prior.",
        i = "The formula can do without {.code (1 | {term$factor})}."
      )
    } else if (length(term$labels) == sum(moments$n) && same_weight && !within %in% known) {
      c(
        "Every group of {.field {term$factor}} has one observation, so the data cannot tell {.field {within}} from {.field {between}}.",
        i = "They only tell {.code {within}^2 + {between}^2}; the priors decide how it is divided."
      )
    }
    if (!is.null(message)) warn_bayespool(message, "undetermined", call)
  }
  pairs <- nrow(unique(do.call(cbind, levels)))
  sds <- effect_sds(model)
  if (all(vapply(levels, max, 1) == pairs) && pairs > 1 && !any(sds %in% known)) {
    factors <- vapply(model$terms, `[[`, "", "factor")
    warn_bayespool(
      c(
        "The groups of {.field {factors[1]}} are those of {.field {factors[2]}}, so the data cannot tell {.field {sds[1]}} from \\
         {.field {sds[2]}}.",
        i = "They only tell {.code {sds[1]}^2 + {sds[2]}^2}; the priors decide how it is divided."
      ),
      "undetermined", call
    )
  }
}
