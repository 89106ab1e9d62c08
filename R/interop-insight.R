# Methods for insight, through which the packages of easystats read a fit.

# Parts ----------------------------------------------------------------------------------------------------------------

# As written, the groups of no pooling as a predictor; what is only named in a bar is no part of the model.
#' @exportS3Method insight::find_formula
find_formula.bayespool_fit <- function(x, ...) {
  conditional <- reformulas::nobars(x$formula)
  if (has_independent_groups(x$model)) {
    conditional[[3]] <- call("+", call("+", 0, factor_expr(x$parsed)), conditional[[3]])
  }
  random <- if (has_population(x$model)) lapply(reformulas::findbars(x$formula), function(bar) without_environment(call("~", bar)))
  parts <- list(conditional = conditional, random = if (length(random) == 1) random[[1]] else random)
  structure(Filter(Negate(is.null), parts), class = c("insight_formula", "list"))
}

# Variables by part of the model, those of groups and of the population's spread apart.
variables_by_part <- function(model) {
  independent <- has_independent_groups(model)
  list(
    conditional = layout_variables(model, c("population", "slope", if (independent) "group")),
    grouplevel = if (!independent) layout_variables(model, "group"),
    random_variance = layout_variables(model, c("scale_between", "correlation")),
    sigma = layout_variables(model, "scale_within")
  )
}

#' @exportS3Method insight::find_parameters
find_parameters.bayespool_fit <- function(x, effects = "all", component = "location", flatten = FALSE, parameters = NULL, ...) {
  call <- rlang::current_env()
  effects <- choose_one(effects, c("all", "full", "fixed", "random", "grouplevel", "random_variance"), call)
  component <- choose_one(component, c("location", "conditional", "all", "sigma", "distributional", "auxiliary"), call)
  parts <- variables_by_part(x$model)
  all <- effects %in% c("all", "full")
  if (effects %in% c("fixed", "grouplevel")) parts["random_variance"] <- list(NULL)
  if (effects %in% c("fixed", "random_variance")) parts["grouplevel"] <- list(NULL)
  if (!all && effects != "fixed") parts[c("conditional", "sigma")] <- list(NULL)
  if (component == "conditional" || component == "location" && !all) parts["sigma"] <- list(NULL)
  if (component %in% c("sigma", "distributional", "auxiliary")) parts <- parts["sigma"]
  found <- list(conditional = parts$conditional, random = c(parts$grouplevel, parts$random_variance), sigma = parts$sigma)
  if (!is.null(parameters)) {
    patterns <- paste(parameters, collapse = "|")
    found <- lapply(found, function(variables) grep(patterns, variables, value = TRUE, perl = TRUE))
  }
  found <- found[lengths(found) > 0]
  if (flatten) unlist(found, use.names = FALSE) else found
}

#' @exportS3Method insight::get_parameters
get_parameters.bayespool_fit <- function(x, effects = "fixed", component = "location", parameters = NULL, summary = FALSE,
                                         centrality = "mean", ...) {
  call <- rlang::current_env()
  variables <- find_parameters.bayespool_fit(x, effects, component, flatten = TRUE, parameters = parameters)
  if (!summary) {
    return(as.data.frame(draws_matrix(x, call)[, variables, drop = FALSE], optional = TRUE))
  }
  centrality <- choose_one(centrality, c("mean", "median"), call)
  table <- posterior_table(x, 0.5, call = call)[variables, , drop = FALSE]
  data.frame(Parameter = variables, Estimate = unname(table[, if (centrality == "mean") "mean" else "q50"]))
}

# With the names that lme4 and rstanarm have for people.
#' @exportS3Method insight::clean_parameters
clean_parameters.bayespool_fit <- function(x, ...) {
  model <- x$model
  layout <- model$layout
  role <- layout$role
  of_groups <- role == "group"
  between <- role %in% c("scale_between", "correlation")
  random <- between | of_groups & has_population(model)
  group <- rep("", length(role))
  effect <- sub("^\\((.*)\\)$", "\\1", layout$direction)
  group[of_groups & random] <- paste0(effect, ": ", layout$term)[of_groups & random]
  group[between] <- paste0("SD/Cor: ", layout$term)[between]
  pair <- strsplit(layout$direction, ",", fixed = TRUE)
  cleaned <- layout$variable
  cleaned[role == "population"] <- intercept_direction
  cleaned[role == "slope"] <- model$predictors
  cleaned[of_groups] <- paste0(layout$term, ":", layout$label)[of_groups]
  cleaned[role == "scale_between"] <- layout$direction[role == "scale_between"]
  cleaned[role == "correlation"] <- vapply(pair[role == "correlation"], function(pair) {
    paste(pair[length(pair)], "~", if (length(pair) == 2) pair[1] else intercept_direction)
  }, "")
  cleaned[role == "scale_within"] <- sub("^[^[]*", "sigma", layout$variable[role == "scale_within"])
  table <- data.frame(
    Parameter = layout$variable, Effects = ifelse(random, "random", "fixed"),
    Component = ifelse(role == "scale_within", "sigma", "conditional"), Group = group, Cleaned_Parameter = cleaned
  )
  class(table) <- c("clean_parameters", "data.frame")
  table
}

# Data -----------------------------------------------------------------------------------------------------------------

# The variables of the rows that the fit used, as they were given. Those who ask cope with NULL where there are no rows.
#' @exportS3Method insight::get_data
get_data.bayespool_fit <- function(x, effects = "all", verbose = TRUE, ...) {
  call <- rlang::current_env()
  effects <- choose_one(effects, c("all", "fixed", "random"), call)
  if (!has_rows(x)) {
    if (verbose) {
      warn_bayespool(
        c("This fit holds no rows of data.", i = "It was made from group moments or counts, or from rows that are not in R."), "data", call
      )
    }
    return(NULL)
  }
  random <- if (has_population(x$model)) group_columns(x$parsed)
  columns <- switch(effects, random = random, setdiff(names(x$data), c(weights_column, if (effects == "fixed") random)))
  rows <- as.data.frame(x$data)[observed_rows(x, "get_data()", call)$row, columns, drop = FALSE]
  droplevels(rows)
}

#' @exportS3Method insight::get_response
get_response.bayespool_fit <- function(x, ...) {
  observed_rows(x, "get_response()", rlang::current_env())
  NextMethod()
}

#' @exportS3Method insight::n_obs
n_obs.bayespool_fit <- function(x, ...) nobs.bayespool_fit(x)

#' @exportS3Method insight::find_weights
find_weights.bayespool_fit <- function(x, ...) if (!is.null(x$of_rows$weights)) format_expr(x$of_rows$weights)

# Model ----------------------------------------------------------------------------------------------------------------

# insight knows the classes of Bayesian models by name.
#' @exportS3Method insight::model_info
model_info.bayespool_fit <- function(x, ...) {
  info <- NextMethod()
  info$is_bayesian <- TRUE
  info$is_bernoulli <- x$model$family == "binomial" && all(x$reduced$size == x$reduced$n)
  info
}

# Of an exact fit too the draws are a sample: callers ask for nothing else before they use these.
#' @exportS3Method insight::find_algorithm
find_algorithm.bayespool_fit <- function(x, ...) {
  settings <- x$settings
  warmup <- if (has_chains(x)) settings$iter_warmup else 0
  list(
    algorithm = "sampling", chains = settings$chains, iterations = settings$iter_sampling + warmup, warmup = warmup
  )
}

# A prior that is more than a location and a scale is described in words.
#' @exportS3Method insight::get_priors
get_priors.bayespool_fit <- function(x, ...) {
  rows <- lapply(names(x$priors), function(name) {
    prior <- x$priors[[name]]
    values <- stats::setNames(as.list(prior$par), names(prior_families[[prior$family]]$fields))
    number <- function(names) as.double(c(values[intersect(names, names(values))], NA)[[1]])
    known <- !is_flat(prior) && !is_fixed(prior)
    plain <- known && all(names(values) %in% c("df", "mean", "location", "sd", "scale"))
    words <- if (is_flat(prior)) "uniform" else if (is_fixed(prior)) "constant" else format_prior(prior)
    data.frame(
      Parameter = prior_variables(x$model, name),
      Distribution = if (plain) sub("\\(.*", "", words) else words,
      df = if (plain) number("df") else NA_real_,
      Location = if (is_fixed(prior)) prior$par[[1]] else if (plain) number(c("mean", "location")) else NA_real_,
      Scale = if (plain) number(c("sd", "scale")) else NA_real_
    )
  })
  table <- do.call(rbind, rows)
  if (all(is.na(table$df))) table$df <- NULL
  table
}

# Posterior means of the variances between groups and within them, as VarCorr() has them, and the variance over the rows of what the
# predictors say at their posterior mean. Where slopes vary the variance between groups is the mean over the rows.
#' @exportS3Method insight::get_variance
get_variance.bayespool_fit <- function(x, component = "all", ...) {
  call <- rlang::current_env()
  names <- c("fixed", "random", "residual", "distribution", "dispersion", "intercept", "slope", "rho01", "rho00")
  component <- choose_one(component, c("all", names), call)
  check_has_population(x, "get_variance", "It has only a variance within groups, {.code sigma(fit)^2}.", call)
  model <- x$model
  if (model$family == "poisson" && component %in% c("all", "residual", "distribution")) {
    abort_bayespool(
      c(
        "Poisson counts have no one variance within groups: it depends on the rate.",
        i = "{.code component = \"random\"}, {.val fixed} and {.val intercept} are there, on the scale of logarithms of rates."
      ),
      "model", call
    )
  }
  between <- VarCorr.bayespool_fit(x)
  within <- attr(between, "residual_variance") %||% logistic_variance
  blocks <- stats::setNames(unclass(between), rep_len(factors_of_terms(model), length(between)))
  rows <- products_of_rows(x)
  slopes <- fixed_means(x, posterior_means(x, call = call))[model$predictors]
  intercept <- function(block) colnames(block) == intercept_direction
  parts <- list(
    fixed = drop(slopes %*% rows$covariance[model$predictors, model$predictors] %*% slopes),
    random = sum(vapply(blocks, function(block) sum(block * rows$products[colnames(block), colnames(block)]), 0)),
    residual = within, distribution = within, dispersion = 0,
    intercept = unlist(lapply(blocks, function(block) unname(diag(block)[intercept(block)]))),
    slope = unlist(lapply(blocks, function(block) stats::setNames(diag(block), colnames(block))[!intercept(block)])),
    rho01 = unlist(lapply(blocks, function(block) {
      found <- attr(block, "correlation")[!intercept(block), intercept(block)]
      if (length(found) == 1) unname(found) else found
    })),
    rho00 = unlist(lapply(blocks, function(block) {
      slopes <- attr(block, "correlation")[!intercept(block), !intercept(block), drop = FALSE]
      at <- which(lower.tri(slopes), arr.ind = TRUE)
      stats::setNames(slopes[at], paste0(colnames(slopes)[at[, "col"]], "-", colnames(slopes)[at[, "row"]])[seq_len(nrow(at))])
    }))
  )
  chosen <- parts[if (component == "all") names else component]
  names(chosen) <- c(paste0("var.", names[1:7]), "cor.slope_intercept", "cor.slopes")[match(names(chosen), names)]
  chosen[lengths(chosen) > 0]
}

# Of an intercept and the model's columns over the rows: the `covariance`, and the means of their `products`.
products_of_rows <- function(fit) {
  columns <- seq_along(fit$model$columns)
  n <- sum(fit$reduced$n)
  if (has_counts(fit$model)) {
    share <- fit$reduced$n / n
    mean <- colSums(fit$reduced$x * share)
    spread <- crossprod(sqrt(share) * sweep(fit$reduced$x, 2, mean))
  } else {
    one <- merge_into_one(fit$reduced)
    mean <- one$mean[columns]
    spread <- unpack_within(one$within)[columns, columns] / group_weights(one)
  }
  names <- c(intercept_direction, fit$model$columns)
  covariance <- matrix(0, length(names), length(names), dimnames = list(names, names))
  covariance[-1, -1] <- spread
  list(covariance = covariance * n / (n - 1), products = covariance + tcrossprod(c(1, mean)))
}
