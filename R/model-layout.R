# The variables of a model: their names, their order in the draws, and what each of them is.

# A data frame with one row a variable, in the order of the draws:
#   variable   name
#   role       "population" (mean or intercept), "slope", "group" (coefficient of a group), "scale_within", "scale_between",
#              "correlation" (of a group's effects)
#   term       grouping factor of what belongs to groups, else NA; those of two factors come one after the other
#   direction  what varies between them: a direction of the term, else NA; of a correlation the two, as in its name
#   label      label of the group, else NA
#   position   column of the draws
# Means come first, the intercept before the slopes, whether it is the population's or one of each independent group.
new_layout <- function(model) {
  terms <- varying_terms(model)
  none <- NA_character_
  rows <- function(variable, role, term = none, direction = none, label = none) {
    count <- length(variable)
    list(
      variable = variable, role = rep_len(role, count), term = rep_len(term, count), direction = rep_len(direction, count),
      label = rep_len(label, count)
    )
  }
  # Blocks of rows of each term, in one list.
  of_terms <- function(blocks) unlist(lapply(terms, blocks), recursive = FALSE)
  groups <- of_terms(function(term) {
    lapply(seq_along(term$coefficient), function(k) {
      rows(with_label(term$coefficient[k], term$labels), "group", term$factor, term$directions[k], term$labels)
    })
  })
  sigma <- model$scale_within$name
  sigmas <- function() {
    term <- varying_term(model)
    rows(indexed(sigma, term$labels), "scale_within", term$factor, label = term$labels)
  }
  blocks <- c(
    list(rows(model$intercept, "population")),
    if (has_independent_groups(model)) groups,
    list(rows(model$slopes, "slope")),
    if (has_population(model)) groups,
    list(if (shares_sigma(model)) rows(sigma, "scale_within") else sigmas()),
    of_terms(function(term) list(rows(term$sd, "scale_between", term$factor, term$directions))),
    of_terms(function(term) {
      list(rows(term$correlation, "correlation", term$factor, sub("^rho\\[(.*)\\]$", "\\1", term$correlation)))
    })
  )
  columns <- c("variable", "role", "term", "direction", "label")
  layout <- lapply(stats::setNames(columns, columns), function(name) unlist(lapply(blocks, `[[`, name)))
  layout$position <- seq_along(layout$variable)
  as_frame(layout, length(layout$variable))
}

# Names of a coefficient of each group: mu[Kassel], or beta_j[stress,Kassel].
with_label <- function(coefficient, labels) {
  if (endsWith(coefficient, "]")) {
    paste0(substr(coefficient, 1, nchar(coefficient) - 1), ",", labels, "]")
  } else {
    indexed(coefficient, labels)
  }
}

# Names with an index, such as mu[Kassel].
indexed <- function(name, index) if (length(index) > 0) paste0(name, "[", index, "]") else character()

# Names of the variables of these roles, in order; all of them without. Of groups also of one direction alone.
layout_variables <- function(model, role = NULL, direction = NULL) {
  layout <- model$layout
  if (is.null(role)) {
    return(layout$variable)
  }
  layout$variable[layout$role %in% role & (is.null(direction) | layout$direction %in% direction)]
}

# The coefficients or effects of a term's groups, in one direction or in all of them.
group_variables <- function(model, term, direction = term$directions) {
  layout <- model$layout
  layout$variable[layout$role == "group" & layout$term %in% term$factor & layout$direction %in% direction]
}

# Where the variables of these roles are in the draws, from 1.
layout_positions <- function(model, role) which(model$layout$role %in% role)

# The first of them from 0, as the core counts; NA for none.
first_position <- function(model, role) match(role, model$layout$role) - 1L

# The variables that have the prior `name`: one, or one of each group, or all correlations.
prior_variables <- function(model, name) {
  if (name %in% layout_variables(model)) {
    return(name)
  }
  role <- if (identical(name, model$scale_within$name)) "scale_within" else if (name == correlation_name) "correlation" else "group"
  layout_variables(model, role)
}

# The standard deviations within groups given each draw: draws x 1, or draws x groups where each has its own.
sigmas_given <- function(model, draws) {
  if (has_known_errors(model)) {
    return(matrix(model$scale_within$known, nrow(draws), 1))
  }
  draws[, layout_variables(model, "scale_within"), drop = FALSE]
}
