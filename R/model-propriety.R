# Whether the posterior exists, and which of its moments: all from the powers with which the
# integrand falls as sigma or tau go to 0 or to infinity.

# Refuses an improper posterior or prior. A list with
#   orders   of sigma and tau, one row for each part that is a problem of its own: the highest of their first four moments that
#            exist (0 to 4), for the core: the sd of a variance is a fourth moment
#   missing  by role of the variables (see model-layout.R): how many of the first two moments do not exist (0, 1 or 2; for
#            "slope" one number each, where groups have a sigma each one for each group); "deviation": of the groups from the
#            population
check_propriety <- function(problem, model, priors, prior_only, call) {
  flat <- is.infinite(problem$coefficient_sd)
  if (prior_only) {
    check_proper_priors(priors, call)
    index <- list(sigma = prior_tail_index(problem$sigma_prior), tau = prior_tail_index(problem$tau_prior), joint = Inf)
    return(new_propriety(problem, lapply(index, rep_len, if (problem$separate) length(problem$size) else 1), flat))
  }
  checks <- core_check_design(problem)
  indices <- lapply(seq_along(checks), function(part) {
    observations <- if (problem$separate) problem$rows[part] else sum(problem$rows)
    groups <- if (problem$separate) 1 else length(problem$size)
    label <- if (problem$separate) varying_term(model)$labels[part]
    tail_indices(problem, model, checks[[part]], observations, groups, label, call)
  })
  by_name <- function(name) vapply(indices, `[[`, 0, name)
  new_propriety(problem, list(sigma = by_name("sigma"), tau = by_name("tau"), joint = by_name("joint")), flat)
}

check_proper_priors <- function(priors, call) {
  improper <- names(priors)[!vapply(priors, is_proper, logical(1))]
  if (length(improper) > 0) {
    abort_bayespool(
      c(
        "The prior cannot be drawn from: the prior of {.field {improper}} is flat.",
        i = "A flat prior has no probability distribution of its own.",
        i = "Give {.field {improper}} a proper prior or leave {.code prior_only = TRUE} out."
      ),
      "improper", call
    )
  }
}

# Tail indices of sigma, of tau and of both together (moment k exists if k is less), once it is known that all integrals
# converge. `label`: the group, where each group is a problem of its own.
tail_indices <- function(problem, model, check, observations, groups, label, call) {
  free <- problem$coefficient_sd > 0
  flat <- is.infinite(problem$coefficient_sd)
  sigma_prior <- problem$sigma_prior
  tau_prior <- problem$tau_prior
  tau_known <- is_fixed(tau_prior)
  no_between <- tau_known && tau_prior$par == 0
  flat_means <- tau_known && is.infinite(tau_prior$par)
  check_flat_coefficients(problem, model, flat, flat_means, call)
  flat_rank <- sum(flat)
  between_flat <- if (tau_known || flat_rank == 0) 0 else flat_rank - flat_check(problem, flat)$within_rank

  if (!is_fixed(sigma_prior)) {
    zero <- prior_zero_exponent(sigma_prior)
    exact <- if (no_between) check$exact_fit else check$within_exact_fit
    power <- observations - if (no_between) check$rank else groups + check$within_rank
    if (exact && power >= 1 + zero) {
      abort_exact_fit(no_between, sum(free & is_slope_column(problem)), model, label, call)
    }
    if (!tau_known && check$exact_fit) {
      both <- observations - check$rank
      if (both >= 2 + zero + prior_zero_exponent(tau_prior)) {
        abort_exact_fit(TRUE, sum(free & is_slope_column(problem)), model, label, call)
      }
    }
    # Beside flat priors on standard deviations all coefficients count, whatever their priors: a wide
    # normal prior should not be all that holds a posterior together.
    if (is_flat(sigma_prior)) {
      needed <- (if (flat_means) groups else 0) + check$rank + 1
      if (observations <= needed) {
        abort_few(model$scale_within$name, "observations", observations, needed + 1, label, call)
      }
    }
  }
  if (!tau_known && is_flat(tau_prior)) {
    between <- check$rank - check$within_rank
    if (groups - between < 2) {
      abort_few(varying_term(model)$sd, "groups", groups, between + 2, label, call)
    }
  }
  sigma <- if (is_fixed(sigma_prior)) Inf else {
    prior_tail_index(sigma_prior) + observations - flat_rank - if (flat_means) groups else 0
  }
  tau <- if (tau_known) Inf else prior_tail_index(tau_prior) + groups - between_flat
  joint <- if (tau_known || is_fixed(sigma_prior)) Inf else {
    prior_tail_index(sigma_prior) + prior_tail_index(tau_prior) + observations - flat_rank
  }
  if (min(sigma, tau, joint) <= 0) {
    abort_bayespool(
      c(
        "The posterior does not exist: there are too few data for the flat or heavy-tailed priors.",
        i = "Found {observations} observation{?s} in {groups} group{?s}{if (!is.null(label)) paste0(' (', label, ')')}.",
        i = "Proper priors on all parameters give a posterior with any data."
      ),
      "improper", call
    )
  }
  list(sigma = sigma, tau = tau, joint = joint)
}

is_slope_column <- function(problem) {
  seq_along(problem$coefficient_sd) > (problem$direction)
}

# The design of the coefficients with flat priors alone; without what varies between groups where their means are flat too.
flat_check <- function(problem, flat, flat_means = FALSE) {
  problem$coefficient_sd[!flat] <- 0
  if (flat_means) problem$projection[] <- 0
  core_check_design(problem)[[1]]
}

check_flat_coefficients <- function(problem, model, flat, flat_means, call) {
  if (!any(flat) || problem$separate) {
    return(invisible())
  }
  aliased <- flat_check(problem, flat, flat_means)$aliased
  if (any(aliased)) {
    intercept <- if (problem$direction) model$intercept %||% varying_term(model)$coefficient
    names <- c(intercept, model$slopes)[aliased]
    abort_aliased(names, if (flat_means) " within groups" else "", call)
  }
}

# `where`: as text, within or between what the columns depend on one another.
abort_aliased <- function(names, where, call) {
  qty <- cli::qty
  abort_bayespool(
    c(
      "The posterior does not exist: the data do not determine {.field {names}}, which {?has a flat prior/have flat priors}.",
      i = "{qty(names)}{?Its column depends/Their columns depend} linearly on the others{where}.",
      i = "{qty(names)}Leave {?it/them} out or give {?it/them} a normal prior."
    ),
    "improper", call
  )
}

abort_exact_fit <- function(complete, slopes, model, label, call) {
  what <- if (slopes > 0) {
    "The predictors fit the response exactly"
  } else if (!is.null(label)) {
    paste0("All observations of group ", label, " are equal")
  } else if (complete) {
    "All observations are equal"
  } else {
    "All observations of a group are equal, in every group"
  }
  sigma <- model$scale_within$name
  abort_bayespool(
    c(
      "The posterior does not exist: it has infinite mass near {.field {sigma}} = 0.",
      i = "{what}, so that the data ask for no spread at all.",
      i = "A prior on {.field {sigma}} that vanishes at 0, such as {.code dist_lognormal()} or {.code dist_inverse_gamma()}, \\
          or a known value with {.code dist_degenerate()} gives a posterior."
    ),
    "improper", call
  )
}

abort_few <- function(parameter, unit, found, needed, label, call) {
  where <- if (!is.null(label)) paste0(" in group ", label)
  abort_bayespool(
    c(
      "The posterior does not exist with a flat prior on {.field {parameter}} and so few {unit}.",
      i = "Found {found}{where}; at least {needed} are needed.",
      i = "Give {.field {parameter}} a proper prior, such as {.code dist_exponential()}."
    ),
    "improper", call
  )
}

# Which coefficients are flat slopes that the data determine within groups, whatever lies between them.
determined_within <- function(problem, flat) {
  slopes <- which(flat & is_slope_column(problem))
  rank_of <- function(slopes) flat_check(problem, seq_along(flat) %in% slopes)$within_rank
  determined <- vapply(slopes, function(slope) rank_of(setdiff(slopes, slope)) < rank_of(slopes), NA)
  seq_along(flat) %in% slopes[determined]
}

# `index`: tail indices `sigma`, `tau` and `joint`, one a part; `flat`: which coefficients have flat priors.
new_propriety <- function(problem, index, flat) {
  missing_moments <- function(index) (index <= 1) + (index <= 2)
  sigma <- pmin(index$sigma, index$joint)
  tau <- pmin(index$tau, index$joint)
  # Coefficients with proper priors have all moments; the others, and the group means that contain them, have tails like the
  # standard deviations. Without observations the group means are as spread as tau.
  within <- if (any(tau <= 2)) determined_within(problem, flat) else flat & is_slope_column(problem)
  of_coefficient <- function(k) if (!flat[k]) Inf else if (within[k]) sigma else pmin(sigma, tau)
  coefficients <- lapply(seq_along(flat), function(k) missing_moments(of_coefficient(k)))
  between_slopes <- any(flat & is_slope_column(problem) & !within)
  intercept_flat <- problem$direction && flat[1]
  informed <- sum(problem$size) > 0
  flat_means <- is_fixed(problem$tau_prior) && is.infinite(problem$tau_prior$par)
  groups <- if (!informed) tau else if (intercept_flat || flat_means) sigma else index$joint
  deviations <- if (!informed || intercept_flat) tau else index$joint
  if (between_slopes) {
    # Where tau is large such a slope is as uncertain, and so are the intercepts where its predictor is 0.
    groups <- pmin(groups, tau)
    deviations <- pmin(deviations, tau)
  }
  missing <- list(
    population = unlist(coefficients[!is_slope_column(problem)]), slope = unlist(coefficients[is_slope_column(problem)]),
    group = missing_moments(groups), deviation = missing_moments(deviations), scale_within = missing_moments(sigma),
    scale_between = missing_moments(tau)
  )
  if (problem$separate) missing$group <- missing$population
  highest <- function(index) pmin(pmax(ceiling(index) - 1, 0), 4)
  list(orders = cbind(sigma = highest(sigma), tau = highest(tau)), missing = missing)
}
