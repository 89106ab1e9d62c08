# Methods for parameters: tables for readers, of the draws, with lme4's names.

#' @exportS3Method parameters::model_parameters
model_parameters.bayespool_fit <- function(model, centrality = "median", dispersion = FALSE, ci = 0.95, ci_method = "eti", test = "pd",
                                           rope_range = "default", rope_ci = 0.95, diagnostic = c("ESS", "Rhat"), effects = "fixed",
                                           group_level = FALSE, exponentiate = FALSE, standardize = NULL, keep = NULL, drop = NULL,
                                           verbose = TRUE, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  if (!is.null(standardize)) refuse_standardizing(call)
  check_flag(group_level, call)
  if (identical(effects, "grouplevel")) {
    effects <- "random"
    group_level <- TRUE
  }
  effects <- choose_one(effects, c("fixed", "random", "all"), call)
  group_level <- group_level && effects != "fixed"
  if (group_level) check_has_population(model, "model_parameters", "{.code effects = \"fixed\"} shows the groups' coefficients.", call)
  rows <- parameter_rows(model$model, effects, group_level)
  if (nrow(rows) == 0) {
    abort_bayespool(c("{model$model$title} has no parameters of this kind.", i = "Found {.code effects = \"{effects}\"}."), "model", call)
  }
  # What sjPlot asks for of all models that it does not know; its tables need a standard error and p.
  of_least_squares <- identical(ci_method, "wald")
  draws <- deviations_or_draws(model, group_level, call)[, rows$variable, drop = FALSE]
  table <- parameters::model_parameters(
    as_frame(stats::setNames(matrix_columns(draws), rows$shown), nrow(draws)), as_draws = TRUE,
    centrality = centrality, dispersion = dispersion, ci = ci,
    ci_method = if (of_least_squares) "eti" else ci_method,
    test = test, rope_range = region_or_default(model, rope_range), rope_ci = rope_ci, keep = keep, drop = drop, verbose = verbose
  )
  rows <- rows[match(table$Parameter, rows$shown), ]
  columns <- as.list(table)[names(table) != "Parameter"]
  if (length(ci) == 1) columns <- append(columns, list(CI = rep(ci, nrow(rows))), match("CI_low", names(columns)) - 1)
  if (exponentiates(model, exponentiate, call)) columns <- exponentiate_columns(columns, rows$role %in% c("population", "slope", "group"))
  draws <- draws[, rows$variable, drop = FALSE]
  if (of_least_squares) columns <- c(columns, list(SE = unname(apply(draws, 2, stats::sd)), p = sign_probability(draws)))
  columns <- c(
    rows[c("Parameter", if (group_level) "Level", "Effects", "Component")], columns,
    draws_convergence(model, draws, diagnostic), rows["Group"]
  )
  counts <- has_counts(model$model)
  structure(
    as_frame(columns, nrow(rows)),
    class = class(table), is_bayesian = TRUE, bootstrap = FALSE, ci = ci, ci_method = ci_method, exponentiate = exponentiate,
    effects = effects, object_name = rlang::as_label(substitute(model)), model_class = class(model),
    model_formula = format_formula(model$formula), n_obs = stats::nobs(model),
    linear_model = !counts, log_link = counts, logit_link = model$model$family == "binomial", mixed_model = has_population(model$model),
    ran_pars = !group_level, ignore_group = !group_level, digits = 2, p_digits = 3, footer_digits = 3, verbose = verbose
  )
}

# Which variables make a table: the layout's rows, with the columns `Parameter`, `Level`, `Effects`, `Component` and `Group` of parameters'
# tables of lme4's models, and `shown`, a name of its own for each.
parameter_rows <- function(model, effects, group_level) {
  fixed <- c("population", "slope", if (has_independent_groups(model)) "group")
  random <- if (group_level) "group" else c("scale_between", "correlation", "scale_within")
  roles <- switch(effects, fixed = fixed, random = random, all = c(fixed, random))
  rows <- model$layout[order(match(model$layout$role, roles), na.last = NA), ]
  of_fixed <- rows$role %in% fixed
  rows$Effects <- ifelse(of_fixed, "fixed", "random")
  rows$Component <- rep("conditional", nrow(rows))
  rows$Group <- ifelse(of_fixed, "", ifelse(rows$role == "scale_within", "Residual", rows$term))
  rows$Level <- rows$label
  rows$Parameter <- reader_names(model, rows)
  labelled <- ifelse(is.na(rows$label), rows$Parameter, paste0(rows$Parameter, " [", rows$label, "]"))
  rows$shown <- make.unique(as.character(labelled))
  # Where groups are all that there is, or have a standard deviation each, there is no column for their labels.
  if (!group_level) rows$Parameter <- labelled
  rows
}

# lme4's names as parameters shows them: (Intercept), x, SD (Intercept), SD (x), Cor (Intercept~x), SD (Observations).
reader_names <- function(model, rows) {
  inner <- function(direction) ifelse(direction == intercept_direction, "Intercept", direction)
  names <- ifelse(rows$role == "scale_between", paste0("SD (", inner(rows$direction), ")"), rows$direction)
  names[rows$role == "population"] <- intercept_direction
  slopes <- rows$role == "slope"
  names[slopes] <- model$predictors[match(rows$variable[slopes], model$slopes)]
  names[rows$role == "scale_within"] <- "SD (Observations)"
  correlations <- rows$role == "correlation"
  if (any(correlations)) {
    pairs <- pairs_of_correlations(model, rows$variable[correlations])
    names[correlations] <- paste0("Cor (", inner(pairs[, 1]), "~", pairs[, 2], ")")
  }
  names
}

# What `exponentiate` asks for: TRUE, FALSE or "nongaussian".
exponentiates <- function(fit, exponentiate, call) {
  if (identical(exponentiate, "nongaussian")) {
    return(has_counts(fit$model))
  }
  check_flag(exponentiate, call)
  exponentiate
}

# Of the rows of coefficients; a standard deviation is on the scale of the link and stays there.
exponentiate_columns <- function(columns, of_coefficients) {
  estimates <- grepl("^(Median|Mean|MAP|CI_low|CI_high)", names(columns))
  columns[estimates] <- lapply(columns[estimates], function(x) ifelse(of_coefficients, exp(x), x))
  columns
}

# `draws`: draws x variables.
draws_convergence <- function(fit, draws, diagnostic) {
  measures <- list(Rhat = posterior::rhat, ESS = posterior::ess_bulk)
  muffle_few_draws(lapply(measures[names(measures) %in% diagnostic | "all" %in% diagnostic], function(measure) {
    unname(apply(draws, 2, function(x) measure(matrix(x, nrow = posterior::niterations(fit)))))
  }))
}

# Exact where the fit is.
#' @exportS3Method parameters::standard_error
standard_error.bayespool_fit <- function(model, effects = "fixed", ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  table <- posterior_table(model, call = call)[find_parameters.bayespool_fit(model, effects, flatten = TRUE), , drop = FALSE]
  data.frame(Parameter = rownames(table), SE = unname(table[, "sd"]))
}

# As of other Bayesian models.
#' @exportS3Method parameters::p_value
p_value.bayespool_fit <- function(model, effects = "fixed", ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  draws <- get_parameters.bayespool_fit(model, effects)
  data.frame(Parameter = names(draws), p = sign_probability(draws))
}

# Two times the probability of the less probable sign, of each column.
sign_probability <- function(draws) unname(2 * apply(draws, 2, function(x) min(mean(x >= 0), mean(x <= 0))))

# Priors are stated on the scale of the data. Without this method the numbers of the fit would be shown as standardized ones.
#' @exportS3Method datawizard::standardize
standardize.bayespool_fit <- function(x, ...) refuse_standardizing(rlang::current_env())

refuse_standardizing <- function(call) {
  abort_bayespool(
    c(
      "A fit is not standardized: its priors are on the scale of the data.",
      i = "Fit the model to columns that have been scaled, as by {.fn scale}, with priors for these."
    ),
    "argument", call
  )
}
