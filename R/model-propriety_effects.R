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
    growing <- lapply(which(is.finite(tails)), function(k) list(directions = k, index = tails[k]))
    index <- list(
      sigma = sigma, taus = tails, coefficients = rep(Inf, length(problem$coefficient_sd)), deviations = tails, growing = growing
    )
    return(new_effect_propriety(problem, model, index, FALSE))
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
  index <- effect_tail_indices(problem, model, flat, tails, alone, call)
  if (min(index$sigma, index$taus) <= 0) {
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
  new_effect_propriety(problem, model, index, check$full_rank)
}

# Moment k exists if k is less than the index: of `sigma`, the `taus`, the `coefficients`, and of the `deviations` of the groups from the
# population, one a direction, which are those of two factors. `growing`: sets of directions, with the index of what their effects are in.
# `tails`: of the priors; `alone`: with which sigma falls by itself.
effect_tail_indices <- function(problem, model, flat, tails, alone, call) {
  index <- list(
    sigma = alone, taus = rep(Inf, length(tails)), coefficients = rep(Inf, length(flat)), deviations = rep(Inf, length(tails)),
    growing = list()
  )
  # A sum is infinite with one prior that falls faster than every power.
  for (directions in subsets_of(which(is.finite(tails)))[-1]) {
    of_effects <- sum(tails[directions]) + effect_power(problem, model, flat, directions, call)
    with_sigma <- sum(tails[directions]) + alone
    both <- min(of_effects, with_sigma)
    index$sigma <- min(index$sigma, with_sigma)
    index$taus[directions] <- pmin(index$taus[directions], both)
    index$growing <- c(index$growing, list(list(directions = directions, index = of_effects)))
    # Coefficients grow with them that the data know from differences between these groups alone, and then the effects do too. Those of two
    # factors always do, as a constant can go from one to the other.
    between <- if (of_effects <= 2) known_between(problem, flat, directions) else FALSE
    index$coefficients[between] <- pmin(index$coefficients[between], of_effects)
    grow <- if (any(between) || length(directions) > 1) both else with_sigma
    index$deviations[directions] <- pmin(index$deviations[directions], grow)
  }
  index$coefficients[flat] <- pmin(index$coefficients[flat], index$sigma)
  index
}

groups_found <- function(problem, model) {
  counts <- problem$level_counts %||% length(problem$size)
  of <- if (has_two_terms(model)) paste(" of", vapply(model$terms, `[[`, "", "factor")) else ""
  paste0(counts, ifelse(counts == 1, " group", " groups"), of, collapse = " and ")
}

# The power with which the density falls as the standard deviations of these directions grow together.
effect_power <- function(problem, model, flat, directions, call) {
  informed <- in_directions(problem, directions)$effect_rank
  between <- sum(flat) - flat_effects(problem, flat, directions)$within_rank
  prior <- problem$tau_priors[[directions[1]]]
  if (length(directions) == 1 && is_flat(prior) && informed - between < 2) {
    unit <- if (has_two_terms(model)) paste("groups of", model$terms[[directions]]$factor) else "groups that differ in it"
    abort_few(effect_sds(model)[directions], unit, informed, between + 2, NULL, call)
  }
  informed - between
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
    cells <- list(n = problem$rows, weight = problem$size, mean = problem$mean, within = problem$within)
    groups <- merge_lines(cells, problem$levels[, factor] + 1L, problem$level_counts[factor])
    problem[c("rows", "size", "mean", "within")] <- groups[c("n", "weight", "mean", "within")]
  }
  problem$levels <- problem$level_counts <- NULL
  problem
}

# Which flat coefficients the data know from differences between groups in these directions alone.
known_between <- function(problem, flat, directions) {
  rank_of <- function(chosen) flat_effects(problem, seq_along(flat) %in% chosen, directions)$within_rank
  chosen <- which(flat)
  seq_along(flat) %in% Filter(function(k) rank_of(setdiff(chosen, k)) == rank_of(chosen), chosen)
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

# How many of the first two moments do not exist.
missing_moments <- function(index) (index <= 1) + (index <= 2)

# `index`: see effect_tail_indices(); `full_rank`: whether each group has information on all of its effects. Of two factors also `growing`,
# where effects of these `directions` may have `lost` moments.
new_effect_propriety <- function(problem, model, index, full_rank) {
  least <- missing_moments(min(index$sigma, index$taus))
  of_coefficients <- missing_moments(index$coefficients)
  constant <- is.na(problem$predictors)
  if (has_two_terms(model)) {
    group <- deviation <- rep(missing_moments(index$deviations), problem$level_counts)
  } else {
    group <- if (full_rank) missing_moments(index$sigma) else least
    deviation <- if (full_rank && !any(is.infinite(problem$coefficient_sd))) group else least
  }
  missing <- list(
    population = of_coefficients[constant], slope = of_coefficients[!constant], group = group, deviation = deviation,
    scale_within = missing_moments(index$sigma), scale_between = missing_moments(index$taus), correlation = 0
  )
  highest <- function(index) pmin(pmax(ceiling(index) - 1, 0), 4)
  propriety <- list(orders = c(sigma = highest(index$sigma), highest(index$taus)), missing = missing)
  if (has_two_terms(model)) {
    growing <- lapply(index$growing, function(set) list(directions = set$directions, lost = missing_moments(set$index)))
    propriety$growing <- Filter(function(set) set$lost > 0, growing)
  }
  propriety
}
