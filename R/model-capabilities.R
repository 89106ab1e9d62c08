# What a model has: its group term, and what that means for what it can do.

# The group terms that the model estimates: none, one, or one for each of two grouping factors.
varying_terms <- function(model) Filter(function(term) term$kind != "named", model$terms)

has_two_terms <- function(model) length(varying_terms(model)) == 2

# The grouping factor of each.
factors_of_terms <- function(model) vapply(varying_terms(model), `[[`, "", "factor")

# The only one, or NULL. What asks for it is for one grouping factor.
varying_term <- function(model) {
  check_one_factor(model)
  for (term in varying_terms(model)) return(term)
}

check_one_factor <- function(model) {
  if (has_two_terms(model)) {
    factors <- factors_of_terms(model)
    abort_bayespool(
      c(
        "This is not available for two grouping factors.",
        i = "The model has effects of {.field {factors}}.",
        i = "It is for a model of one of them, such as {.code (1 | {factors[1]})}."
      ),
      "model", NULL
    )
  }
}

has_intercept <- function(model) !is.null(model$intercept)
has_predictors <- function(model) length(model$predictors) > 0

# Do groups have coefficients of their own; with a prior each; from a population?
has_groups <- function(model) length(varying_terms(model)) > 0
has_independent_groups <- function(model) has_kind(model, "independent")
has_population <- function(model) has_kind(model, "population")
has_kind <- function(model, kind) has_groups(model) && varying_terms(model)[[1]]$kind == kind

shares_sigma <- function(model) model$scale_within$shared

# Is the outcome counts, with parameters on the scale of a link function?
has_counts <- function(model) model$family != "gaussian"

# Are the standard errors of the observations known?
has_known_errors <- function(model) !is.null(model$scale_within$known)

# Do the groups differ in more than an intercept?
varies_in_slope <- function(model) {
  has_population(model) && !has_two_terms(model) && !identical(varying_term(model)$directions, intercept_direction)
}

# Is it a model with several effects to the core, those of a group or those of two grouping factors? Their standard deviations are
# integrated together.
has_several_effects <- function(model) varies_in_slope(model) || has_two_terms(model)

# Is there one intraclass correlation? Where slopes vary it depends on the predictors; two factors have a share each; of Poisson counts it
# depends on the rate.
has_icc <- function(model) has_population(model) && !has_several_effects(model) && model$family != "poisson"

# Its name, or NULL: of estimates with known errors it is I2. Of two factors the names of their shares.
icc_names <- function(model) {
  if (has_two_terms(model)) {
    return(paste0("icc[", factors_of_terms(model), "]"))
  }
  if (has_icc(model)) if (has_known_errors(model)) "I2" else "icc"
}

# The group term of the grouping factor that the user chose; the only one may be left out.
choose_factor <- function(fit, factor, call) {
  terms <- fit$model$terms
  factors <- vapply(terms, `[[`, "", "factor")
  if (is.null(factor) && length(terms) == 1) {
    return(terms[[1]])
  }
  if (!rlang::is_string(factor) || !factor %in% factors) {
    found <- if (is.null(factor)) "The model has two grouping factors." else "Found {.code {format_found(factor)}}."
    abort_bayespool(c("{.arg factor} must be {.or {.val {factors}}}.", i = found), "argument", call)
  }
  terms[[match(factor, factors)]]
}
