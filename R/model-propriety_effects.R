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

  observations <- sum(problem$rows)
  alone <- if (is_fixed(problem$sigma_prior)) Inf else prior_tail_index(problem$sigma_prior) + observations - sum(flat)
  if (is_flat(problem$sigma_prior) && observations <= check$rank + 1) {
    abort_few(model$scale_within$name, "observations", observations, check$rank + 2, NULL, call)
  }
  # Where several standard deviations grow together all of them fall, or stay, by what the groups have in these directions. A sum is
  # infinite with one prior that falls faster than every power.
  heavy <- which(is.finite(tails))
  sigma <- alone
  taus <- rep(Inf, length(tails))
  for (directions in subsets_of(heavy)[-1]) {
    power <- effect_power(problem, model, flat, directions, call)
    prior <- sum(tails[directions])
    taus[directions] <- pmin(taus[directions], prior + power, alone + prior)
    sigma <- min(sigma, alone + prior)
  }
  if (min(sigma, taus) <= 0) {
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
  new_effect_propriety(problem, sigma, taus, check$full_rank)
}

# As the standard deviations of these directions grow together, each direction in which a group has information lowers the density by
# one power, and each flat coefficient that is known from differences between groups in them alone raises it by one.
effect_power <- function(problem, model, flat, directions, call) {
  informed <- in_directions(problem, directions)$effect_rank
  between <- sum(flat) - flat_effects(problem, flat, directions)$within_rank
  prior <- problem$tau_priors[[directions[1]]]
  if (length(directions) == 1 && is_flat(prior) && informed - between < 2) {
    abort_few(varying_term(model)$sd[directions], "groups that differ in it", informed, between + 2, NULL, call)
  }
  informed - between
}

# What the data determine where only these directions vary (from 1; none: no direction).
in_directions <- function(problem, directions) {
  problem$directions <- problem$directions[directions]
  problem$tau_priors <- problem$tau_priors[directions]
  core_check_effects(problem)
}

# All subsets of some positions, the empty one first.
subsets_of <- function(positions) {
  sets <- list(integer())
  for (position in positions) sets <- c(sets, lapply(sets, c, position))
  sets
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

# The same of the coefficients with flat priors alone.
flat_effects <- function(problem, flat, directions = seq_along(problem$directions)) {
  problem$coefficient_sd[!flat] <- 0
  in_directions(problem, directions)
}

check_flat_effects <- function(problem, model, flat, call) {
  if (!any(flat)) {
    return(invisible())
  }
  aliased <- flat_effects(problem, flat)$aliased
  if (any(aliased)) abort_aliased(c(model$intercept, model$slopes)[flat][aliased], "", call)
}

# As sigma goes to 0 the integrand goes like sigma^-power where nothing is left for it to explain; with it some of the standard deviations
# between groups may go to 0, as long as the other directions explain all.
check_effect_exact_fit <- function(problem, model, check, known, call) {
  if (is_fixed(problem$sigma_prior) || !check$within_exact_fit) {
    return(invisible())
  }
  exponents <- 1 + vapply(problem$tau_priors, prior_zero_exponent, 0)
  positive <- vapply(problem$tau_priors, function(prior) is_fixed(prior) && prior$par > 0, NA)
  for (vanishing in subsets_of(which(!known))) {
    left <- setdiff(which(!known | positive), vanishing)
    there <- in_directions(problem, left)
    power <- sum(problem$rows) - there$effect_rank - there$within_rank
    needed <- 1 + prior_zero_exponent(problem$sigma_prior) + sum(exponents[vanishing])
    if (there$within_exact_fit && power >= needed) {
      abort_exact_fit(length(left) == 0, length(model$predictors), model, NULL, call)
    }
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
