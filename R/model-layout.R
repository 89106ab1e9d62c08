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
  groups <- indexed(term$coefficient, term$labels)
  sigma <- model$scale_within$name
  by_role <- list(
    population = model$intercept,
    group = if (has_independent_groups(model)) groups,
    slope = model$slopes,
    group = if (has_population(model)) groups,
    scale_within = if (shares_sigma(model)) sigma else indexed(sigma, term$labels),
    scale_between = term$sd
  )
  by_role <- by_role[lengths(by_role) > 0]
  role <- names(by_role)
  count <- lengths(by_role)
  of_group <- role == "group" | (role == "scale_within" & !shares_sigma(model))
  in_direction <- role == "group" | role == "scale_between"
  labels <- Map(function(given, n) if (given) term$labels else rep_len(NA_character_, n), of_group, count)
  columns <- list(
    variable = unlist(by_role, use.names = FALSE), role = rep.int(role, count),
    term = rep.int(ifelse(of_group | in_direction, term$factor, NA_character_), count),
    direction = rep.int(ifelse(in_direction, term$directions, NA_character_), count),
    label = unlist(labels, use.names = FALSE), position = seq_len(sum(count))
  )
  as_frame(columns, sum(count))
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

# The first of them from 0, as the core counts; NA for none.
first_position <- function(model, role) match(role, model$layout$role) - 1L

# The variables that have the prior `name`: one, or one of each group.
prior_variables <- function(model, name) {
  if (name %in% layout_variables(model)) {
    return(name)
  }
  layout_variables(model, if (name == model$scale_within$name) "scale_within" else "group")
}
