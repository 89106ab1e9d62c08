# Whether the posterior exists where groups differ in more than an intercept, and which of its moments: see model-propriety.R.

# As check_propriety(); `orders` are one vector: of sigma, then of each standard deviation between groups.
check_effect_propriety <- function(problem, model, priors, prior_only, call) {
  check_dimensions(model, call)
  tails <- vapply(problem$tau_priors, prior_tail_index, 0)
  known <- vapply(problem$tau_priors, is_fixed, NA)
  tails[known] <- Inf
  if (prior_only) {
    check_proper_priors(priors, call)
    sigma <- if (is_fixed(problem$sigma_prior)) Inf else prior_tail_index(problem$sigma_prior)
    return(new_effect_propriety(problem, sigma, tails, FALSE))
  }
  flat <- is.infinite(problem$coefficient_sd)
  check_flat_effects(problem, model, flat, call)
  check <- core_check_effects(problem)
  check_effect_exact_fit(problem, model, check, known, call)

  observations <- sum(problem$size)
  names <- varying_term(model)$sd
  # As tau_k grows, each group that has information in its direction lowers the density by one power, and each flat coefficient that
  # is known from differences between such groups alone raises it by one.
  for (k in which(!known)) {
    between <- sum(flat) - flat_effects(problem, flat, k)$within_rank
    if (tails[k] < 0 && check$informed[k] - between < 2) {
      abort_few(names[k], "groups that differ in it", check$informed[k], between + 2, NULL, call)
    }
    tails[k] <- tails[k] + check$informed[k] - between
  }
  sigma <- if (is_fixed(problem$sigma_prior)) Inf else prior_tail_index(problem$sigma_prior) + observations - sum(flat)
  if (is_flat(problem$sigma_prior) && observations <= check$rank + 1) {
    abort_few(model$scale_within$name, "observations", observations, check$rank + 2, NULL, call)
  }
  if (min(sigma, tails) <= 0) {
    groups <- length(problem$size)
    abort_bayespool(
      c(
        "The posterior does not exist: there are too few data for the flat or heavy-tailed priors.",
        i = "Found {observations} observation{?s} in {groups} group{?s}.",
        i = "Proper priors on all parameters give a posterior with any data."
      ),
      "improper", call
    )
  }
  new_effect_propriety(problem, sigma, tails, check$full_rank)
}

# Quadrature in more dimensions than this takes too many nodes.
most_dimensions <- 6

check_dimensions <- function(model, call) {
  term <- varying_term(model)
  dimensions <- length(term$directions) + length(term$correlation)
  if (dimensions > most_dimensions) {
    directions <- term$directions
    abort_bayespool(
      c(
        "{length(directions)} effects a group are too many: the posterior would have {dimensions} standard deviations and correlations.",
        i = "They are {.val {directions}}. At most {most_dimensions} can be integrated: three correlated effects, or six independent ones.",
        i = "{.code ||} in the place of {.code |} leaves correlations out."
      ),
      "model", call
    )
  }
}

# The design of the coefficients with flat priors alone, beside effects in direction k alone (from 1; none: beside all).
flat_effects <- function(problem, flat, k = seq_along(problem$directions)) {
  problem$coefficient_sd[!flat] <- 0
  problem$directions <- problem$directions[k]
  problem$tau_priors <- problem$tau_priors[k]
  core_check_effects(problem)
}

check_flat_effects <- function(problem, model, flat, call) {
  if (!any(flat)) {
    return(invisible())
  }
  aliased <- flat_effects(problem, flat)$aliased
  if (any(aliased)) abort_aliased(c(model$intercept, model$slopes)[flat][aliased], "", call)
}

# As sigma goes to 0 the integrand goes like sigma^-power where nothing is left for it to explain.
check_effect_exact_fit <- function(problem, model, check, known, call) {
  if (is_fixed(problem$sigma_prior)) {
    return(invisible())
  }
  zero <- prior_zero_exponent(problem$sigma_prior)
  observations <- sum(problem$size)
  of_taus <- if (any(known)) Inf else sum(vapply(problem$tau_priors, prior_zero_exponent, 0) + 1)
  slopes <- length(model$predictors)
  if (check$within_exact_fit && observations - check$effect_rank - check$within_rank >= 1 + zero) {
    abort_exact_fit(FALSE, slopes, model, NULL, call)
  }
  if (check$exact_fit && observations - check$rank >= 1 + zero + of_taus) {
    abort_exact_fit(TRUE, slopes, model, NULL, call)
  }
}

# `sigma`, `taus`: tail indices; `full_rank`: whether each group has information on all of its effects.
new_effect_propriety <- function(problem, sigma, taus, full_rank) {
  missing_moments <- function(index) (index <= 1) + (index <= 2)
  flat <- is.infinite(problem$coefficient_sd)
  least <- min(sigma, taus)
  of_coefficients <- ifelse(flat, missing_moments(least), 0)
  constant <- is.na(problem$predictors)
  of_groups <- missing_moments(if (full_rank) sigma else least)
  missing <- list(
    population = of_coefficients[constant], slope = of_coefficients[!constant], group = of_groups,
    deviation = if (full_rank && !any(flat)) of_groups else missing_moments(least), scale_within = missing_moments(sigma),
    scale_between = missing_moments(taus), correlation = 0
  )
  highest <- function(index) pmin(pmax(ceiling(index) - 1, 0), 4)
  list(orders = c(sigma = highest(sigma), highest(taus)), missing = missing)
}
