# The four models as one: which parameters each has, where they stand in the draws, and the numerical problem that the C++
# core solves for it.

# What distinguishes the models. `population`: the name of the population mean, without and with predictors; `group`: the
# group means; `sigma` and `tau`: the standard deviations within and between groups (NULL: none to be estimated).
model_table <- list(
  complete_pooling = list(title = "Complete pooling", population = c("mu", "beta_0"), sigma = "sigma"),
  no_pooling = list(title = "No pooling", group = c("mu", "beta_0j"), sigma = "sigma"),
  partial_pooling = list(title = "Partial pooling", population = "hyper_mu", group = "mu", sigma = "sigma_y", tau = "sigma_mu"),
  varying_intercept = list(
    title = "Varying intercept", population = "beta_0", group = "beta_0j", sigma = "sigma_y", tau = "sigma_0"
  )
)

# The parameters of a model for given data: a list with
#   population   name of the population mean or intercept, or NULL
#   slopes       "beta[...]", one for each predictor column
#   group        name of the group means, or NULL; `labels` are theirs
#   sigma, tau   names of the standard deviations; tau NULL where there is none
#   separate     whether each group has its own sigma
#   kinds        kind ("location", "scale") of each parameter that has a prior, named
#   variables    names of the draws' columns, in order
model_parameters <- function(model, predictors, labels, intercept, separate) {
  info <- model_table[[model]]
  with_predictors <- length(predictors) > 0
  choose_name <- function(names) if (with_predictors) names[length(names)] else names[1]
  population <- if (intercept && !is.null(info$population)) choose_name(info$population)
  group <- if (!is.null(info$group)) choose_name(info$group)
  slopes <- if (with_predictors) paste0("beta[", predictors, "]")
  groups <- if (!is.null(group)) paste0(group, "[", labels, "]")
  locations <- c(population, if (model == "no_pooling") group, slopes)
  scales <- c(info$sigma, info$tau)
  list(
    population = population, slopes = slopes, group = group, labels = labels, sigma = info$sigma, tau = info$tau,
    separate = separate,
    kinds = stats::setNames(rep(c("location", "scale"), c(length(locations), length(scales))), c(locations, scales)),
    variables = c(
      population,
      if (model == "varying_intercept") slopes,
      groups,
      if (model != "varying_intercept") slopes,
      if (separate) paste0(info$sigma, "[", labels, "]") else info$sigma,
      info$tau
    )
  )
}

# The list that the C++ core reads (see convert.h). Columns of X: an intercept, unless the model has none, and the
# predictors. `prior_only` leaves the data out: groups of size zero.
#   complete pooling   one group that holds all rows, tau = 0
#   no pooling         the intercept fixed at the prior mean of a group mean, tau at its prior sd; or, `separate`, one
#                      complete-pooling problem for each group
new_problem <- function(model, parameters, moments, priors, prior_only = FALSE) {
  if (model == "complete_pooling") {
    moments <- merge_into_one(moments)
  }
  separate <- parameters$separate
  intercept <- !is.null(parameters$population) || model == "no_pooling"
  predictors <- seq_along(parameters$slopes)
  d <- ncol(moments$mean) + intercept
  within <- matrix(0, d, d)
  if (!separate) {
    columns <- seq_len(ncol(moments$mean)) + intercept
    within[columns, columns] <- unpack_within(colSums(moments$within))
  }
  projection <- if (intercept) cbind(1, moments$mean, deparse.level = 0) else moments$mean
  dimnames(projection) <- NULL
  size <- moments$n
  squares <- if (separate) moments$within[, 1] else 0
  if (prior_only) {
    size[] <- 0
    projection[] <- 0
    within[] <- 0
    squares[] <- 0
  }

  location <- vapply(priors[c(parameters$population, parameters$slopes)], function(prior) prior$par, numeric(2))
  tau_prior <- if (is.null(parameters$tau)) new_prior("degenerate", 0, "scale") else priors[[parameters$tau]]
  if (model == "no_pooling") {
    group_prior <- priors[[parameters$group]]$par
    if (separate) {
      location <- cbind(group_prior)
    } else {
      # Where the prior is flat any centre does; one near the data costs no digits.
      centre <- if (is.finite(group_prior[2])) group_prior[1] else sum(size * moments$mean[, d - 1]) / sum(moments$n)
      location <- cbind(c(centre, 0), location)
      tau_prior <- new_prior("degenerate", group_prior[2], "scale")
    }
  }
  list(
    size = size,
    projection = projection,
    within = within,
    group_squares = squares,
    separate = separate,
    direction_column = if (intercept) 0L else -1L,
    coefficient_mean = location[1, ],
    coefficient_sd = location[2, ],
    sigma_prior = priors[[parameters$sigma]],
    tau_prior = tau_prior,
    parameters = length(parameters$variables),
    columns = draw_columns(model, parameters, intercept)
  )
}

# Positions (from 0; -1: none) of the parameters among the variables, for the core.
draw_columns <- function(model, parameters, intercept) {
  position <- function(names) match(names, parameters$variables) - 1L
  groups <- length(parameters$labels)
  first_group <- if (is.null(parameters$group)) -1L else length(parameters$population) +
    if (model == "varying_intercept") length(parameters$slopes) else 0L
  if (parameters$separate) {
    return(list(coefficients = 0L, first_group = -1L, sigma = groups, tau = -1L))
  }
  list(
    coefficients = c(
      if (!is.null(parameters$population)) position(parameters$population) else if (intercept) -1L,
      position(parameters$slopes)
    ),
    first_group = first_group,
    sigma = position(parameters$sigma),
    tau = if (is.null(parameters$tau)) -1L else position(parameters$tau)
  )
}

unpack_within <- function(packed) {
  d <- (sqrt(8 * length(packed) + 1) - 1) / 2
  within <- matrix(0, d, d)
  within[upper.tri(within, diag = TRUE)] <- packed
  within + t(within) - diag(diag(within), d)
}
