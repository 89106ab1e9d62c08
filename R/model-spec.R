# The models by name: what each estimates, what it calls that, and which formulas it takes. No other file knows one by name.

# Named by the fitting function. A specification has
#   title        for people
#   families     of the outcome, beside the normal one
#   intercept    the population's mean, without and with predictors (NULL: there is no population)
#   groups       what a group is: "named" in the rows and not in the model; "independent", with a mean that has a prior of its
#                own; or one of a "population", with a mean drawn from it
#   coefficient  the group's mean, without and with predictors
#   sd           the standard deviation between groups
#   sigma        the standard deviation within groups, of a normal outcome; nothing with `known_errors`, where that of each observation is
#                known
#   means        what the group's coefficients are, for people
#   regression   the fitting function to use beside predictors, where this one takes none
#   varying      what may vary between the groups of a population: "intercept" (as without this entry), "slopes", "both" (an intercept and a
#                slope), or "any"
#   deviation    where it may have two grouping factors: what a group differs by from the population, whose sd is `sd`
#   slope, slope_sd, correlation   where slopes vary: the group's slopes, their standard deviations, and the correlations of a
#                group's effects
count_families <- c("binomial", "poisson")

model_specs <- list(
  complete_pooling = list(
    title = "Complete pooling", families = count_families, intercept = c("mu", "beta_0"), groups = "named", sigma = "sigma"
  ),
  no_pooling = list(
    title = "No pooling", families = count_families, groups = "independent", coefficient = c("mu", "beta_0j"), sigma = "sigma"
  ),
  partial_pooling = list(
    title = "Partial pooling", families = count_families, intercept = "hyper_mu", groups = "population", coefficient = "mu",
    sd = "sigma_mu", sigma = "sigma_y", means = "Group means", regression = "varying_intercept"
  ),
  varying_intercept = list(
    title = "Varying intercept", families = count_families, intercept = "beta_0", groups = "population", coefficient = "beta_0j",
    sd = "sigma_0", sigma = "sigma_y", means = "Group intercepts"
  ),
  varying_slope = list(
    title = "Varying slope", intercept = "beta_0", groups = "population", coefficient = "beta_0j",
    sd = "sigma_0", sigma = "sigma_y", varying = "slopes", slope = "beta_j", slope_sd = "sigma_beta", correlation = "rho"
  ),
  varying_intercept_slope = list(
    title = "Varying intercept and slope", intercept = "beta_0", groups = "population", coefficient = "beta_0j",
    sd = "sigma_0", sigma = "sigma_y", varying = "both", slope = "beta_j", slope_sd = "sigma_beta", correlation = "rho"
  ),
  meta_analysis = list(
    title = "Meta-analysis", intercept = c("hyper_mu", "beta_0"), groups = "population",
    coefficient = c("mu", "beta_0j"), sd = c("sigma_mu", "sigma_0"), known_errors = TRUE, means = "Study effects", varying = "any",
    slope = "beta_j", slope_sd = "sigma_beta", correlation = "rho"
  ),
  mixed_model = list(
    title = "Mixed model", families = count_families, intercept = "beta_0", groups = "population", coefficient = "beta_0j",
    deviation = "b_0", sd = "sigma_0", sigma = "sigma_y", varying = "any", slope = "beta_j", slope_sd = "sigma_beta",
    correlation = "rho"
  )
)

# The model that a verb stands for. mixed_model() with one intercept alone that varies is varying_intercept().
model_name <- function(verb, parsed) {
  one_intercept <- length(parsed$factors) == 1 && !has_varying_terms(parsed)
  if (verb == "mixed_model" && one_intercept) "varying_intercept" else verb
}

# The fitting functions whose groups come from a population.
population_verbs <- function() names(Filter(function(spec) spec$groups == "population", model_specs))

# A formula as the model reads it, or an error where the model cannot express it.
model_formula <- function(name, parsed, call) {
  spec <- model_specs[[name]]
  check_model_family(name, parsed, call)
  in_model <- spec$groups != "named"
  if (in_model && is.null(parsed$group)) {
    bar <- switch(spec$varying %||% "intercept", intercept = "(1 | g)", slopes = "(0 + x | g)", "(1 + x | g)")
    abort_formula(
      "{.fn {name}} needs a grouping factor.", paste0("Add it as {.code ", bar, "}, with {.code g} the name of a column."),
      parsed$formula, call
    )
  }
  check_factors(name, parsed, call)
  check_varying(name, spec$varying %||% "intercept", parsed, call)
  if (!is.null(spec$regression) && length(parsed$terms) > 0) {
    abort_formula("{.fn {name}} takes no predictors.", paste0("Use {.fn ", spec$regression, "}."), parsed$formula, call)
  }
  if (!in_model && !parsed$intercept && length(parsed$terms) == 0) {
    abort_formula("The formula leaves no mean to estimate.", "Write {.code y ~ 1}.", parsed$formula, call)
  }
  if (spec$groups == "independent" && is_counts(parsed$family) && length(parsed$terms) > 0) {
    abort_formula(
      "{.fn {name}} of counts takes no predictors.",
      "They belong to groups, which have a mean each already; {.fn varying_intercept} has predictors of groups.", parsed$formula, call
    )
  }
  # Each independent group has an intercept, with or without `0 +`: factors are coded as beside one.
  if (spec$groups == "independent") with_intercept(parsed) else parsed
}

check_model_family <- function(name, parsed, call) {
  family <- parsed$family$name
  if (!family %in% c("gaussian", model_specs[[name]]$families)) {
    with_counts <- names(Filter(function(spec) family %in% spec$families, model_specs))
    abort_bayespool(
      c("{.fn {name}} has no {.code {family}} outcome.", i = "{.fn {with_counts}} have one; groups can differ in their intercept there."),
      "argument", call
    )
  }
  check_counts_vary(parsed, call)
}

# Whether what varies between groups of counts is their intercept.
check_counts_vary <- function(parsed, call) {
  if (is_counts(parsed$family) && has_varying_terms(parsed)) {
    abort_formula(
      "Of counts, nothing but the intercept can vary between groups.",
      "Write {.code (1 | g)}, and predictors of the groups outside of it.", parsed$formula, call
    )
  }
}

# Whether the model takes as many grouping factors as the formula has.
check_factors <- function(name, parsed, call) {
  if (has_two_factors(parsed) && is.null(model_specs[[name]]$deviation)) {
    able <- names(Filter(function(spec) !is.null(spec$deviation), model_specs))
    abort_formula(
      "{.fn {name}} has one grouping factor.",
      "This formula has {.field {names(parsed$factors)}}: it is one for {.fn {able}}.", parsed$formula, call
    )
  }
}

# Whether the model lets vary what the formula does.
check_varying <- function(name, allowed, parsed, call) {
  varying <- parsed$varying
  if (is.null(varying) || allowed == "any") {
    return(invisible())
  }
  slopes <- length(varying$terms)
  fits <- switch(allowed,
    intercept = slopes == 0,
    slopes = slopes > 0 && !varying$intercept,
    both = slopes > 0 && varying$intercept
  )
  if (!fits) {
    wanted <- switch(allowed,
      intercept = "an intercept that varies, as {.code (1 | g)}",
      slopes = "slopes that vary, as {.code (0 + x | g)}",
      both = "an intercept and a slope that vary, as {.code (1 + x | g)}"
    )
    verb <- if (slopes == 0) "varying_intercept" else if (varying$intercept) "varying_intercept_slope" else "varying_slope"
    abort_formula(
      paste0("{.fn ", name, "} has ", wanted, "."), paste0("This formula is one for {.fn ", verb, "} or {.fn mixed_model}."),
      parsed$formula, call
    )
  }
}

with_intercept <- function(parsed) {
  parsed$fixed <- fixed_formula(parsed$formula, parsed$terms, intercept = TRUE)
  parsed$intercept <- TRUE
  parsed
}

# "group" or "common". Groups have standard deviations of their own by default, but share one beside predictors; of counts there is none.
choose_sigma <- function(sigma, parsed, call) {
  by_default <- identical(sigma, c("group", "common"))
  if (is_counts(parsed$family)) {
    if (!by_default) {
      abort_bayespool(
        c("{.arg sigma} is for a normal outcome.", i = "Counts have no standard deviation within groups: leave it out."), "argument", call
      )
    }
    return("common")
  }
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

# The model that a fitting function makes of these moments or counts. `known_sigma`: where the errors of the observations are known.
specify_model <- function(name, parsed, reduced, shared_sigma, known_sigma = NULL) {
  spec <- model_specs[[name]]
  predictors <- unlist(reduced$terms, use.names = FALSE) %||% character()
  # With predictors, or slopes that vary, means are intercepts.
  regression <- length(predictors) > 0 || has_varying_terms(parsed)
  named <- function(names) names[min(length(names), 1 + regression)]
  new_model(
    name, spec$title, parsed$family$name, intercept = if (parsed$intercept) named(spec$intercept), predictors = predictors,
    columns = c(predictors, setdiff(unlist(reduced$varying$terms, use.names = FALSE), predictors)),
    terms = specify_terms(spec, parsed, reduced, named),
    scale_within = list(name = if (!is_counts(parsed$family)) spec$sigma, shared = shared_sigma, known = known_sigma)
  )
}

# The group terms, of each grouping factor one. `named`: chooses among names without and with predictors.
specify_terms <- function(spec, parsed, reduced, named) {
  levels <- factor_levels(reduced, parsed$factors)
  term_of <- function(factor, ...) new_group_term(factor, parsed$factors[[factor]], levels[[factor]]$labels, spec$groups, ...)
  if (has_two_factors(parsed)) {
    return(lapply(names(parsed$factors), function(factor) {
      term_of(
        factor, intercept_direction, coefficient = indexed(spec$deviation, factor), sd = indexed(spec$sd, factor),
        correlation = character()
      )
    }))
  }
  lapply(names(parsed$factors), function(factor) {
    directions <- moments_directions(parsed, reduced)
    slopes <- setdiff(directions, intercept_direction)
    pairs <- if (parsed$varying$correlated && length(directions) > 1) direction_pairs(directions)
    term_of(
      factor, directions,
      coefficient = c(if (intercept_direction %in% directions) named(spec$coefficient), indexed(spec$slope, slopes)),
      sd = c(if (intercept_direction %in% directions) named(spec$sd), indexed(spec$slope_sd, slopes)),
      correlation = indexed(spec$correlation, pairs)
    )
  })
}

# The pairs of directions as names of correlations have them, by rows of the lower triangle: "x" is that of x with the intercept.
direction_pairs <- function(directions) {
  pairs <- unlist(lapply(seq_along(directions)[-1], function(k) {
    paste0(directions[seq_len(k - 1)], ",", directions[k])
  }))
  sub(paste0(intercept_direction, ","), "", pairs, fixed = TRUE)
}

# What the priors imply for the coefficients of the groups; without a population mean that is 0.
prior_note <- function(model) {
  if (has_counts(model)) {
    scale <- if (model$family == "binomial") "All are on the scale of log odds." else "All are on the scale of logarithms of rates."
    model$family <- "gaussian" # for the rest, which is the same
    return(paste(c(prior_note(model), scale), collapse = " "))
  }
  if (has_two_terms(model)) {
    effects <- vapply(varying_terms(model), function(term) {
      paste0(with_label(term$coefficient, "j"), " ~ normal(0, ", term$sd, ")")
    }, "")
    population <- c(model$intercept, if (has_predictors(model)) "what the predictors add")
    return(paste0(
      "Effects of the groups: ", paste(effects, collapse = " and "), ", independent. What is expected of a row is ",
      paste(c(population, "the effects of its two groups"), collapse = " plus "), "."
    ))
  }
  term <- varying_term(model)
  if (varies_in_slope(model)) {
    means <- direction_means(model)
    coefficients <- paste0(
      vapply(term$coefficient, with_label, "", "j"), " ~ normal(", ifelse(is.na(means), "0", means), ", ", term$sd, ")"
    )
    together <- if (length(term$correlation) > 0) paste("correlated by", toString(term$correlation)) else "independent"
    if (length(term$sd) == 1) {
      paste0("Group slopes: ", coefficients, ".")
    } else {
      paste0("Group coefficients: ", toString(coefficients), ", ", together, ".")
    }
  } else if (has_population(model)) {
    paste0(
      model_specs[[model$name]]$means, ": ", term$coefficient, "[j] ~ normal(", model$intercept %||% "0", ", ", term$sd, ")."
    )
  } else if (has_groups(model)) {
    "The prior on a parameter that every group has holds for each group independently."
  }
}
