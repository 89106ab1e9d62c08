# The models by name: what each estimates, what it calls that, and which formulas it takes. No other file knows one by name.

# Named by the fitting function. A specification has
#   title        for people
#   outcome      distribution of an observation
#   intercept    the population's mean, without and with predictors (NULL: there is no population)
#   groups       what a group is: "named" in the rows and not in the model; "independent", with a mean that has a prior of its
#                own; or one of a "population", with a mean drawn from it
#   coefficient  the group's mean, without and with predictors
#   sd           the standard deviation between groups
#   sigma        the standard deviation within groups
#   means        what the group's coefficients are, for people
#   regression   the fitting function to use beside predictors, where this one takes none
model_specs <- list(
  complete_pooling = list(
    title = "Complete pooling", outcome = "normal", intercept = c("mu", "beta_0"), groups = "named", sigma = "sigma"
  ),
  no_pooling = list(
    title = "No pooling", outcome = "normal", groups = "independent", coefficient = c("mu", "beta_0j"), sigma = "sigma"
  ),
  partial_pooling = list(
    title = "Partial pooling", outcome = "normal", intercept = "hyper_mu", groups = "population", coefficient = "mu",
    sd = "sigma_mu", sigma = "sigma_y", means = "Group means", regression = "varying_intercept"
  ),
  varying_intercept = list(
    title = "Varying intercept", outcome = "normal", intercept = "beta_0", groups = "population", coefficient = "beta_0j",
    sd = "sigma_0", sigma = "sigma_y", means = "Group intercepts"
  )
)

# The fitting functions whose groups come from a population.
population_verbs <- function() names(Filter(function(spec) spec$groups == "population", model_specs))

# A formula as the model reads it, or an error where the model cannot express it.
model_formula <- function(name, parsed, call) {
  spec <- model_specs[[name]]
  in_model <- spec$groups != "named"
  if (in_model && is.null(parsed$group)) {
    abort_formula("{.fn {name}} needs a grouping factor.", "Add it as {.code (1 | g)}, with {.code g} the name of a column.",
                  parsed$formula, call)
  }
  if (!is.null(spec$regression) && length(parsed$terms) > 0) {
    abort_formula("{.fn {name}} takes no predictors.", paste0("Use {.fn ", spec$regression, "}."), parsed$formula, call)
  }
  if (!in_model && !parsed$intercept && length(parsed$terms) == 0) {
    abort_formula("The formula leaves no mean to estimate.", "Write {.code y ~ 1}.", parsed$formula, call)
  }
  # Each independent group has an intercept, with or without `0 +`: factors are coded as beside one.
  if (spec$groups == "independent") with_intercept(parsed) else parsed
}

with_intercept <- function(parsed) {
  parsed$fixed <- fixed_formula(parsed$formula, parsed$terms, intercept = TRUE)
  parsed$intercept <- TRUE
  parsed
}

# "group" or "common". Groups have standard deviations of their own by default, but share one beside predictors.
choose_sigma <- function(sigma, parsed, call) {
  by_default <- identical(sigma, c("group", "common"))
  sigma <- choose_one(sigma, c("group", "common"), call)
  predictors <- length(parsed$terms) > 0
  if (predictors && !by_default && sigma == "group") {
    abort_bayespool(
      c(
        "{.code sigma = \"group\"} is not supported with predictors.",
        i = "Slopes that are common to the groups need a common {.field sigma}.",
        i = "Use {.code sigma = \"common\"}, or fit each group with {.fn complete_pooling}."
      ),
      "argument", call
    )
  }
  if (by_default && predictors) "common" else sigma
}

# The model that a fitting function makes of data with these predictor columns and groups.
specify_model <- function(name, parsed, predictors, labels, shared_sigma) {
  spec <- model_specs[[name]]
  named <- function(names) names[min(length(names), 1 + (length(predictors) > 0))]
  term <- if (!is.null(parsed$group)) {
    new_group_term(parsed$group, labels, spec$groups, coefficient = named(spec$coefficient), sd = spec$sd)
  }
  new_model(
    name, spec$title, spec$outcome, intercept = if (parsed$intercept) named(spec$intercept), predictors = predictors,
    terms = if (!is.null(term)) list(term), scale_within = list(name = spec$sigma, shared = shared_sigma)
  )
}

# What the priors imply for the coefficients of the groups; without a population mean that is 0.
prior_note <- function(model) {
  term <- varying_term(model)
  if (has_population(model)) {
    paste0(
      model_specs[[model$name]]$means, ": ", term$coefficient, "[j] ~ normal(", model$intercept %||% "0", ", ", term$sd, ")."
    )
  } else if (has_groups(model)) {
    "The prior on a parameter that every group has holds for each group independently."
  }
}
