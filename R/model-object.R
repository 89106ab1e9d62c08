# The model of a fit as an object.

# A list of class bayespool_model:
#   name          the fitting function's name
#   title         for people
#   outcome       distribution of an observation given its mean
#   intercept     name of the population's mean or intercept, or NULL
#   predictors    names of the predictor columns; `slopes`: of their coefficients
#   terms         list of group terms
#   scale_within  `name` of the standard deviation within groups, and whether the groups have it `shared`
#   layout        the variables, see model-layout.R
new_model <- function(name, title, outcome, intercept, predictors, terms, scale_within) {
  model <- list(
    name = name, title = title, outcome = outcome, intercept = intercept, predictors = predictors,
    slopes = indexed("beta", predictors), terms = terms, scale_within = scale_within
  )
  model$layout <- new_layout(model)
  structure(model, class = "bayespool_model")
}

# What a bar in the formula stands for:
#   factor       name of the grouping factor; `labels`: of its groups
#   kind         "named", "independent" or "population" (see model-spec.R)
#   directions   what varies between the groups
#   coefficient  name of the groups' coefficients, or NULL where they are only named
#   sd           name of the standard deviation between groups, or NULL
new_group_term <- function(factor, labels, kind, coefficient, sd) {
  list(factor = factor, labels = labels, kind = kind, directions = "(Intercept)", coefficient = coefficient, sd = sd)
}

# The same model of other groups.
with_groups <- function(model, labels) {
  model$terms <- lapply(model$terms, function(term) {
    term$labels <- labels
    term
  })
  model$layout <- new_layout(model)
  model
}

# The kind of each parameter that has a prior, named: "location", "slope", "scale", or "scale_between" of a standard deviation that
# may be zero, as the observations' never is. Slopes are in the order of the predictors.
prior_kinds <- function(model) {
  term <- varying_term(model)
  names <- list(
    location = c(model$intercept, if (has_independent_groups(model)) term$coefficient), slope = model$slopes,
    scale = model$scale_within$name, scale_between = term$sd
  )
  stats::setNames(rep(names(names), lengths(names)), unlist(names))
}
