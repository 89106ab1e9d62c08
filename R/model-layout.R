# The variables of a model: their names, their order in the draws, and what each of them is.

# A data frame with one row a variable, in the order of the draws:
#   variable   name
#   role       "population" (mean or intercept), "slope", "group" (coefficient of a group), "scale_within", "scale_between"
#   term       grouping factor of what belongs to groups, else NA
#   direction  what varies between them: a direction of the term, else NA
#   label      label of the group, else NA
#   position   column of the draws
# Means come first, the intercept before the slopes, whether it is the population's or one of each independent group.
new_layout <- function(model) {
  term <- varying_term(model)
  groups <- layout_groups(term)
  parts <- list(
    layout_part(model$intercept, "population"),
    if (has_independent_groups(model)) groups,
    layout_part(model$slopes, "slope"),
    if (has_population(model)) groups,
    if (shares_sigma(model)) {
      layout_part(model$scale_within$name, "scale_within")
    } else {
      layout_part(indexed(model$scale_within$name, term$labels), "scale_within", term$factor, NA, term$labels)
    },
    layout_part(term$sd, "scale_between", term$factor, term$directions)
  )
  columns <- c("variable", "role", "term", "direction", "label")
  layout <- lapply(columns, function(column) unlist(lapply(parts, `[[`, column)))
  names(layout) <- columns
  layout$position <- seq_along(layout$variable)
  as_frame(layout, length(layout$variable))
}

layout_groups <- function(term) {
  layout_part(indexed(term$coefficient, term$labels), "group", term$factor, term$directions, term$labels)
}

# Variables of one role; NULL without any.
layout_part <- function(variable, role, term = NA_character_, direction = NA_character_, label = NA_character_) {
  size <- length(variable)
  if (size > 0) {
    list(
      variable = variable, role = rep(role, size), term = rep(term, size), direction = rep_len(direction, size),
      label = rep_len(label, size)
    )
  }
}

# Names with an index, such as mu[Kassel].
indexed <- function(name, index) if (length(index) > 0) paste0(name, "[", index, "]") else character()

# Names of the variables of these roles, in order; all of them without.
layout_variables <- function(model, role = NULL) {
  layout <- model$layout
  if (is.null(role)) layout$variable else layout$variable[layout$role %in% role]
}

# Where the variables of a role are in the draws, from 1.
layout_positions <- function(model, role) which(model$layout$role == role)

# The first of them from 0, as the core counts; -1 for none.
first_position <- function(model, role) match(role, model$layout$role, nomatch = 0L) - 1L

# The variables that have the prior `name`: one, or one of each group.
prior_variables <- function(model, name) {
  if (name %in% layout_variables(model)) {
    return(name)
  }
  layout_variables(model, if (name == model$scale_within$name) "scale_within" else "group")
}
