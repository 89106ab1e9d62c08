# Which of two grouping factors a picture shows, and what it needs of the other.

# What a picture knows of the groups that it shows, those of `factor`, or of the only one there is:
#   name      of the factor, NULL without
#   position  its place among the factors
#   moments   of its groups, or counts
#   levels    where each group is: its position (groups), or with two factors groups x factors, NA: at an effect of 0
#   other     with two factors the name of the other, and whether the groups are `nested` in its groups
shown_groups <- function(fit, factor, call) {
  if (!has_two_terms(fit$model)) {
    choose_any_factor(fit, factor, call)
    return(list(name = grouping_factor(fit), position = 1, moments = fit$reduced, levels = seq_along(fit$reduced$group)))
  }
  terms <- varying_terms(fit$model)
  term <- choose_factor(fit, factor, call)
  position <- match(term$factor, vapply(terms, `[[`, "", "factor"))
  nested <- is_nested(fit, position)
  levels <- matrix(NA_integer_, length(term$labels), 2)
  levels[, position] <- seq_along(term$labels)
  if (nested) {
    code <- lapply(term_levels(fit$model, fit$reduced), `[[`, "code")
    levels[, 3 - position] <- code[[3 - position]][match(levels[, position], code[[position]])]
  }
  list(
    name = term$factor, position = position, moments = moments_by_columns(fit$reduced, term$columns, call), levels = levels,
    other = terms[[3 - position]]$factor, nested = nested
  )
}

# As choose_factor(), and NULL for a fit that has none.
choose_any_factor <- function(fit, factor, call) {
  if (has_grouping_factor(fit)) {
    return(choose_factor(fit, factor, call))
  }
  check_argument(factor, is.null(factor), "left out, as the model has no grouping factor", call)
}

# Is each group of the factor at `position`, of two, within one group of the other?
is_nested <- function(fit, position) {
  code <- lapply(term_levels(fit$model, fit$reduced), `[[`, "code")
  pairs <- unique(do.call(cbind, unname(code)))
  !anyDuplicated(pairs[, position])
}

# What a caption says of the other factor where there are two.
beside_other_factor <- function(shown) {
  if (!is.null(shown$other)) paste0(if (shown$nested) " with the effect of " else " at the average of ", shown$other)
}

# The `levels` of groups at these positions.
at_levels <- function(shown, group) if (is.matrix(shown$levels)) shown$levels[group, , drop = FALSE] else group

# What parse_formula() would say of the formula with one of its grouping factors, the one that the user chose.
parsed_of_factor <- function(parsed, factor, call) {
  factors <- names(parsed$factors)
  if (is.null(factor) && length(factors) == 1) {
    return(parsed)
  }
  if (!rlang::is_string(factor) || !factor %in% factors) {
    found <- if (is.null(factor)) "The formula has two grouping factors." else "Found {.code {format_found(factor)}}."
    abort_bayespool(c("{.arg factor} must be {.or {.val {factors}}}.", i = found), "argument", call)
  }
  parsed$factors <- parsed$factors[factor]
  parsed$group <- paste(group_columns(parsed), collapse = ":")
  parsed
}
