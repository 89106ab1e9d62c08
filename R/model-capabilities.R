# What a model has: its group term, and what that means for what it can do.

# The group term that the model estimates, or NULL.
varying_term <- function(model) {
  for (term in model$terms) if (term$kind != "named") return(term)
}

has_intercept <- function(model) !is.null(model$intercept)
has_predictors <- function(model) length(model$predictors) > 0

# Do groups have coefficients of their own; with a prior each; from a population?
has_groups <- function(model) !is.null(varying_term(model))
has_independent_groups <- function(model) identical(varying_term(model)$kind, "independent")
has_population <- function(model) identical(varying_term(model)$kind, "population")

shares_sigma <- function(model) model$scale_within$shared

# Is the outcome counts, with parameters on the scale of a link function?
has_counts <- function(model) model$family != "gaussian"

# Are the standard errors of the observations known?
has_known_errors <- function(model) !is.null(model$scale_within$known)

# Do the groups differ in more than an intercept?
varies_in_slope <- function(model) has_population(model) && !identical(varying_term(model)$directions, intercept_direction)

# Is there one intraclass correlation? Where slopes vary it depends on the predictors; of Poisson counts on the rate.
has_icc <- function(model) has_population(model) && !varies_in_slope(model) && model$family != "poisson"

# Its name, or NULL: of estimates with known errors it is I2.
icc_name <- function(model) if (has_icc(model)) if (has_known_errors(model)) "I2" else "icc"
