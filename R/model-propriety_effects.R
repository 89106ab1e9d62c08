# Whether the posterior exists with several effects, of a group or of two grouping factors, and which of its moments: see
# model-propriety.R.

# With coefficients and effects integrated out, the density of the standard deviations is, far out and near 0, a product of powers of them:
# its logarithm is linear in theirs wherever it is known which of them are larger than which. So all integrals converge if it falls where
# a set of them grows together and the others stay, and where a set of them goes to 0 together. Where those between groups of a set S
# grow like t, the density of (y | all) falls like t^-(rank(Z_S) - between): Z_S are the columns of their effects, and `between` counts the
# flat coefficients that are known from differences between groups in Z_S alone. Where sigma grows with S, it falls like t^-(N - flat
# coefficients) instead. Each prior adds its own power.
#
# Two factors: Z_S are the levels of one, with as many ranks as levels, or of both, whose rank is n1 + n2 less the number of connected
# components of the graph of levels that meet in a cell. Where levels pair off (one factor determines the other) that is n1: the data
# know tau_1^2 + tau_2^2 alone. It falls like t^-(n1 - 1), and two flat standard deviations need n1 - 1 > 2. So the posterior of both
# exists with four pairs or more, though the data do not tell one from the other.

# As check_propriety(); `orders` are one vector: of sigma, then of each standard deviation between groups.
check_effect_propriety <- function(problem, model, priors, prior_only, call) {
  check_dimensions(model, call)
  tails <- vapply(problem$tau_priors, prior_tail_index, 0)
  known <- vapply(problem$tau_priors, is_fixed, NA)
  tails[known] <- Inf
  if (prior_only) {
    check_proper_priors(priors, call)
    sigma <- if (is_fixed(problem$sigma_prior)) Inf else prior_tail_index(problem$sigma_prior)
    return(new_effect_propriety(problem, sigma, tails, FALSE, if (has_two_terms(model)) tails))
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
  # A sum is infinite with one prior that falls faster than every power.
  heavy <- which(is.finite(tails))
  sigma <- alone
  taus <- deviations <- rep(Inf, length(tails))
  for (directions in subsets_of(heavy)[-1]) {
    power <- effect_power(problem, model, flat, directions, call)
    prior <- sum(tails[directions])
    with_sigma <- alone + prior
    taus[directions] <- pmin(taus[directions], prior + power$falls, with_sigma)
    # Effects grow with their standard deviations where neither data nor proper priors hold them.
    grow <- if (power$between > 0 || length(directions) > 1) prior + power$falls else Inf
    deviations[directions] <- pmin(deviations[directions], grow, with_sigma)
    sigma <- min(sigma, with_sigma)
  }
  if (min(sigma, taus) <= 0) {
    groups <- groups_found(problem, model)
    abort_bayespool(
      c(
        "The posterior does not exist: there are too few data for the flat or heavy-tailed priors.",
        i = "Found {observations} observation{?s} in {groups}.",
        i = "Proper priors on all parameters give a posterior with any data."
      ),
      "improper", call
    )
  }
  new_effect_propriety(problem, sigma, taus, check$full_rank, if (has_two_terms(model)) deviations)
}

groups_found <- function(problem, model) {
  counts <- problem$level_counts %||% length(problem$size)
  of <- if (has_two_terms(model)) paste(" of", vapply(model$terms, `[[`, "", "factor")) else ""
  paste0(counts, ifelse(counts == 1, " group", " groups"), of, collapse = " and ")
}

# The power with which the density falls as the standard deviations of these directions grow together, and the number of flat coefficients
# that are known from differences between groups in them alone, each of which lowers it by one.
effect_power <- function(problem, model, flat, directions, call) {
  informed <- in_directions(problem, directions)$effect_rank
  between <- sum(flat) - flat_effects(problem, flat, directions)$within_rank
  prior <- problem$tau_priors[[directions[1]]]
  if (length(directions) == 1 && is_flat(prior) && informed - between < 2) {
    unit <- if (has_two_terms(model)) paste("groups of", model$terms[[directions]]$factor) else "groups that differ in it"
    abort_few(effect_sds(model)[directions], unit, informed, between + 2, NULL, call)
  }
  list(falls = informed - between, between = between)
}

# What the data determine where only these directions vary (from 1; none: no direction).
in_directions <- function(problem, directions) {
  if (length(directions) < length(problem$level_counts)) problem <- without_levels(problem, directions)
  problem$directions <- problem$directions[directions]
  problem$tau_priors <- problem$tau_priors[directions]
  core_check_effects(problem)
}

# Of two factors `factor` (1 or 2) as the only one, or none of them.
without_levels <- function(problem, factor) {
  if (length(factor) == 1) {
    code <- problem$levels[, factor] + 1L
    lines <- core_lines(list(weight = problem$size, mean = problem$mean, within = problem$within))
    problem$rows <- as.vector(rowsum(problem$rows, code))
    problem[c("size", "mean", "within")] <- core_merge_lines(lines, code, problem$level_counts[factor])[c("size", "mean", "within")]
  }
  problem$levels <- problem$level_counts <- NULL
  problem
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
  directions <- effect_directions(model)
  dimensions <- length(directions) + length(effect_correlations(model))
  if (dimensions > most_dimensions) {
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

# `sigma`, `taus`: tail indices; `full_rank`: whether each group has information on all of its effects. `deviations`: of two factors, tail
# indices of their effects.
new_effect_propriety <- function(problem, sigma, taus, full_rank, deviations = NULL) {
  missing_moments <- function(index) (index <= 1) + (index <= 2)
  flat <- is.infinite(problem$coefficient_sd)
  least <- min(sigma, taus)
  of_coefficients <- ifelse(flat, missing_moments(least), 0)
  constant <- is.na(problem$predictors)
  of_groups <- if (is.null(deviations)) {
    missing_moments(if (full_rank) sigma else least)
  } else {
    rep(missing_moments(deviations), problem$level_counts)
  }
  missing <- list(
    population = of_coefficients[constant], slope = of_coefficients[!constant], group = of_groups,
    deviation = if (!is.null(deviations) || full_rank && !any(flat)) of_groups else missing_moments(least),
    scale_within = missing_moments(sigma), scale_between = missing_moments(taus), correlation = 0
  )
  highest <- function(index) pmin(pmax(ceiling(index) - 1, 0), 4)
  list(orders = c(sigma = highest(sigma), highest(taus)), missing = missing)
}
