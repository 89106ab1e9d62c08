# Methods for bayestestR: its answers about draws, with what a fit knows of them. How much prior and data weigh comes from quadrature.

# What `generic` of bayestestR says of the draws of these parameters. `name`: the expression of the fit, under which its pictures look for
# the draws again.
ask_of_draws <- function(generic, fit, name, effects, component, parameters, ...) {
  draws <- get_parameters.bayespool_fit(fit, effects, component, parameters)
  about_fit(getExportedValue("bayestestR", generic)(draws, ...), fit, name)
}

about_fit <- function(table, fit, name) {
  cleaned <- clean_parameters.bayespool_fit(fit)
  if (!inherits(table, c("estimate_density", "estimate_density_df"))) {
    own <- match(table$Parameter, cleaned$Parameter)
    table$Effects <- cleaned$Effects[own]
    table$Component <- cleaned$Component[own]
  }
  attr(table, "clean_parameters") <- cleaned
  attr(table, "object_name") <- if (is.name(name)) as.character(name)
  table
}

# The method of all generics that ask for draws and nothing else.
#' @rawNamespace
#' S3method(bayestestR::bci, bayespool_fit, answer_of_draws)
#' S3method(bayestestR::ci, bayespool_fit, answer_of_draws)
#' S3method(bayestestR::estimate_density, bayespool_fit, answer_of_draws)
#' S3method(bayestestR::eti, bayespool_fit, answer_of_draws)
#' S3method(bayestestR::hdi, bayespool_fit, answer_of_draws)
#' S3method(bayestestR::map_estimate, bayespool_fit, answer_of_draws)
#' S3method(bayestestR::p_direction, bayespool_fit, answer_of_draws)
#' S3method(bayestestR::p_map, bayespool_fit, answer_of_draws)
#' S3method(bayestestR::point_estimate, bayespool_fit, answer_of_draws)
#' S3method(bayestestR::spi, bayespool_fit, answer_of_draws)
answer_of_draws <- function(x, ..., effects = "fixed", component = "location", parameters = NULL) {
  ask_of_draws(.Generic, x, substitute(x), effects, component, parameters, ...)
}

# Of a region of practical equivalence. p_rope() is a generic in older versions.
#' @rawNamespace
#' S3method(bayestestR::equivalence_test, bayespool_fit, answer_of_region)
#' S3method(bayestestR::p_rope, bayespool_fit, answer_of_region)
#' S3method(bayestestR::rope, bayespool_fit, answer_of_region)
answer_of_region <- function(x, range = "default", ..., effects = "fixed", component = "location", parameters = NULL) {
  ask_of_draws(.Generic, x, substitute(x), effects, component, parameters, range = region_or_default(x, range), ...)
}

#' @exportS3Method bayestestR::p_significance
p_significance.bayespool_fit <- function(x, threshold = "default", ..., effects = "fixed", component = "location", parameters = NULL) {
  threshold <- if (identical(threshold, "default")) rope_range.bayespool_fit(x)[2] else threshold
  ask_of_draws("p_significance", x, substitute(x), effects, component, parameters, threshold = threshold, ...)
}

region_or_default <- function(fit, range) if (identical(range, "default")) rope_range.bayespool_fit(fit) else range

#' @exportS3Method bayestestR::rope_range
rope_range.bayespool_fit <- function(x, ...) c(-0.1, 0.1) * spread_of_response(x)

#' @exportS3Method bayestestR::sexit_thresholds
sexit_thresholds.bayespool_fit <- function(x, ...) c(0.05, 0.3) * spread_of_response(x)

spread_of_response <- function(fit) {
  if (fit$model$family == "binomial") sqrt(logistic_variance) else scale_statistics(fit$reduced)$sd_y
}

# Prior ----------------------------------------------------------------------------------------------------------------

# Draws of the prior need no chains.
#' @exportS3Method bayestestR::unupdate
unupdate.bayespool_fit <- function(model, ...) {
  if (is_prior_only(model)) model else update.bayespool_fit(model, prior_only = TRUE, algorithm = "exact")
}

#' @exportS3Method bayestestR::simulate_prior
simulate_prior.bayespool_fit <- function(model, n = 1000, effects = "fixed", component = "location", parameters = NULL, ...) {
  call <- rlang::current_env()
  check_positive_count(n, call)
  prior <- update.bayespool_fit(model, prior_only = TRUE, algorithm = "exact", chains = 1, iter_sampling = n)
  get_parameters.bayespool_fit(prior, effects, component, parameters)
}

#' @exportS3Method bayestestR::check_prior
check_prior.bayespool_fit <- function(model, method = "gelman", ..., effects = "fixed", component = "location", parameters = NULL) {
  call <- rlang::current_env()
  method <- choose_one(method, c("gelman", "lakeland"), call)
  posterior <- get_parameters.bayespool_fit(model, effects, component, parameters)
  prior <- draws_of_prior(model, NULL, effects, component, parameters)
  # Gelman: the posterior is not much narrower than the prior. Lakeland: nearly all of it is where the prior has its mass.
  informative <- if (method == "gelman") {
    mapply(function(prior, posterior) stats::sd(posterior) > 0.1 * stats::sd(prior), prior, posterior)
  } else {
    mapply(function(prior, posterior) {
      mass <- HDInterval::hdi(prior, credMass = 0.95)
      mean(posterior > mass[[1]] & posterior < mass[[2]]) > 0.99
    }, prior, posterior)
  }
  otherwise <- c(gelman = "uninformative", lakeland = "misinformative")[[method]]
  data.frame(Parameter = names(posterior), Prior_Quality = ifelse(unname(informative), "informative", otherwise))
}

#' @exportS3Method bayestestR::describe_prior
describe_prior.bayespool_fit <- function(model, parameters = NULL, ...) {
  priors <- get_priors.bayespool_fit(model)
  names(priors)[-1] <- paste0("Prior_", names(priors)[-1])
  if (is.null(parameters)) priors else priors[priors$Parameter %in% parameters, ]
}

# `prior`: NULL for that of the fit, another fit, or draws.
draws_of_prior <- function(fit, prior, effects, component, parameters) {
  prior <- prior %||% fit
  if (!inherits(prior, "bayespool_fit")) {
    return(prior)
  }
  get_parameters.bayespool_fit(unupdate.bayespool_fit(prior), effects, component, parameters)
}

#' @rawNamespace
#' S3method(bayestestR::bayesfactor_parameters, bayespool_fit, answer_beside_prior)
#' S3method(bayestestR::si, bayespool_fit, answer_beside_prior)
answer_beside_prior <- function(posterior, prior = NULL, ..., effects = "fixed", component = "location", parameters = NULL) {
  prior <- draws_of_prior(posterior, prior, effects, component, parameters)
  ask_of_draws(.Generic, posterior, substitute(posterior), effects, component, parameters, prior = prior, ...)
}

#' @exportS3Method bayestestR::bayesfactor_restricted
bayesfactor_restricted.bayespool_fit <- function(posterior, hypothesis, prior = NULL, ..., effects = "fixed", component = "location",
                                                 parameters = NULL) {
  prior <- draws_of_prior(posterior, prior, effects, component, parameters)
  draws <- get_parameters.bayespool_fit(posterior, effects, component, parameters)
  bayestestR::bayesfactor_restricted(draws, hypothesis = hypothesis, prior = prior, ...)
}

# The marginal likelihoods are exact. `denominator`: a position, or a fit.
#' @exportS3Method bayestestR::bayesfactor_models
bayesfactor_models.bayespool_fit <- function(..., denominator = 1, verbose = TRUE) {
  call <- rlang::current_env()
  fits <- list(...)
  labels <- vapply(as.list(substitute(list(...)))[-1], rlang::as_label, "")
  if (inherits(denominator, "bayespool_fit")) {
    expression <- rlang::as_label(substitute(denominator))
    if (!expression %in% labels) {
      fits <- c(fits, list(denominator))
      labels <- c(labels, expression)
    }
    denominator <- match(expression, labels)
  }
  others <- labels[!vapply(fits, inherits, NA, "bayespool_fit")]
  if (length(others) > 0) {
    abort_bayespool(
      c(
        "All models must be fits of bayespool.", i = "Found {.code {others}}.",
        i = "{.fn bridgesampling::bayes_factor} compares with fits of other packages."
      ),
      "argument", call
    )
  }
  check_argument(denominator, is_whole(denominator, lower = 1, upper = length(fits)), "one of the fits, or its position", call)
  check_same_data(fits, call)
  evidence <- vapply(fits, log_marginal_likelihood, 0)
  structure(
    data.frame(Model = vapply(fits, terms_label, ""), log_BF = evidence - evidence[[denominator]], row.names = make.unique(labels)),
    denominator = denominator, BF_method = "marginal likelihoods (exact)", unsupported_models = FALSE, model_names = labels,
    class = c("bayestestRBF", "bayesfactor_models", "see_bayesfactor_models", "data.frame")
  )
}

# The right-hand side of a formula, of the terms that the model has.
terms_label <- function(fit) {
  parts <- find_formula.bayespool_fit(fit)
  random <- if (is.list(parts$random)) parts$random else list(parts$random)
  bars <- vapply(Filter(Negate(is.null), random), function(bar) paste0("(", format_expr(bar[[2]]), ")"), "")
  paste(c(format_expr(parts$conditional[[3]]), bars), collapse = " + ")
}

# Draws by chain -------------------------------------------------------------------------------------------------------

diagnostics <- list(
  Rhat = function(x) posterior::rhat(x), ESS_bulk = function(x) round(posterior::ess_bulk(x)),
  ESS_tail = function(x) round(posterior::ess_tail(x)), MCSE = function(x) posterior::mcse_median(x)
)

# One row a variable with these columns of `diagnostics`.
diagnose <- function(fit, columns, effects, component, parameters, call) {
  variables <- find_parameters.bayespool_fit(fit, effects, component, flatten = TRUE, parameters = parameters)
  draws <- unclass(fit_draws(fit, call = call))[, , variables, drop = FALSE]
  data.frame(Parameter = variables, lapply(diagnostics[columns], function(f) unname(apply(draws, 3, f))))
}

#' @exportS3Method bayestestR::effective_sample
effective_sample.bayespool_fit <- function(model, effects = "fixed", component = "location", parameters = NULL, ...) {
  diagnose(model, c("ESS_bulk", "ESS_tail"), effects, component, parameters, rlang::current_env())
}

#' @exportS3Method bayestestR::mcse
mcse.bayespool_fit <- function(model, effects = "fixed", component = "location", parameters = NULL, ...) {
  diagnose(model, "MCSE", effects, component, parameters, rlang::current_env())
}

# As there, "ESS" is that of the tails.
#' @exportS3Method bayestestR::diagnostic_posterior
diagnostic_posterior.bayespool_fit <- function(posterior, diagnostic = "all", effects = "fixed", component = "location",
                                               parameters = NULL, ...) {
  call <- rlang::current_env()
  columns <- replace(diagnostic, diagnostic == "ESS", "ESS_tail")
  if (identical(diagnostic, "all")) columns <- names(diagnostics)
  check_argument(
    diagnostic, all(columns %in% names(diagnostics)), "{.val all}, or some of {.val {c(\"ESS\", names(diagnostics))}}", call
  )
  diagnose(posterior, columns, effects, component, parameters, call)
}

# All of it in one table.
#' @exportS3Method bayestestR::describe_posterior
describe_posterior.bayespool_fit <- function(posterior, ..., ci_method = "eti", test = c("p_direction", "rope"), rope_range = "default",
                                             bf_prior = NULL, diagnostic = c("ESS", "Rhat"), priors = FALSE, effects = "fixed",
                                             component = "location", parameters = NULL) {
  if (any(c("all", "bf", "bayesfactor", "bayes_factor") %in% tolower(test)) || tolower(ci_method) == "si") {
    bf_prior <- draws_of_prior(posterior, bf_prior, effects, component, parameters)
  }
  table <- ask_of_draws(
    "describe_posterior", posterior, substitute(posterior), effects, component, parameters,
    ci_method = ci_method, test = test, rope_range = region_or_default(posterior, rope_range), bf_prior = bf_prior, ...
  )
  for (column in c("Effects", "Component")) if (length(unique(table[[column]])) < 2) table[[column]] <- NULL
  more <- list(
    if (!is.null(diagnostic)) diagnostic_posterior.bayespool_fit(posterior, diagnostic, effects, component, parameters),
    if (priors) describe_prior.bayespool_fit(posterior)
  )
  for (columns in more) {
    own <- match(table$Parameter, columns$Parameter)
    for (name in names(columns)[-1]) table[[name]] <- columns[[name]][own]
  }
  table
}
