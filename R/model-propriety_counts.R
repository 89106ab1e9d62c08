# Whether the posterior of a model of counts exists, and which of its moments: see model-propriety.R.

# A group's likelihood of theta goes to 0 at both ends, unless it has no event at all (then it goes to 1 at -Inf) or, of binomial counts,
# nothing but successes (then at Inf). As tau goes to infinity, and flat coefficients with it, a group of the first kind lowers the density
# by a power of tau and each flat coefficient raises it by one. As check_propriety(), but `order` is that of tau alone.
check_count_propriety <- function(problem, model, priors, prior_only, call) {
  tau_known <- is_fixed(problem$tau_prior)
  if (prior_only) {
    check_proper_priors(priors, call)
    tail <- if (tau_known) Inf else prior_tail_index(problem$tau_prior)
    return(new_count_propriety(problem, tail, rep(tail, length(problem$size)), logical(length(problem$less))))
  }
  edge <- open_ends(problem)
  if (tau_known && is.infinite(problem$tau_prior$par)) check_independent_counts(problem, model, edge, call)
  flat <- is.infinite(problem$coefficient_sd)
  check_separation(problem, model, flat, edge, call)
  if (tau_known) {
    return(new_count_propriety(problem, Inf, rep(Inf, length(edge)), flat))
  }
  informed <- sum(edge == 0)
  sd <- varying_term(model)$sd
  if (is_flat(problem$tau_prior) && informed - sum(flat) < 2) {
    unit <- if (model$family == "binomial") "groups with both successes and failures" else "groups with events"
    abort_few(sd, unit, informed, sum(flat) + 2, NULL, call)
  }
  tail <- prior_tail_index(problem$tau_prior) + informed - sum(flat)
  if (tail <= 0) {
    what <- if (model$family == "binomial") "probability" else "rate"
    abort_bayespool(
      c(
        "The posterior does not exist: there are too few data for the flat or heavy-tailed priors.",
        i = "Found {informed} group{?s} whose counts say more than that the {what} is small or large.",
        i = "Proper priors on all parameters give a posterior with any data."
      ),
      "improper", call
    )
  }
  new_count_propriety(problem, tail, ifelse(edge == 0, Inf, tail), flat)
}

# Where each group's likelihood does not go to 0: -1 at -Inf, 1 at Inf, 0 nowhere.
open_ends <- function(problem) {
  full <- problem$family == "binomial" & problem$events == problem$size
  ifelse(problem$events == 0, -1, ifelse(full, 1, 0))
}

check_independent_counts <- function(problem, model, edge, call) {
  labels <- varying_term(model)$labels[edge != 0]
  if (length(labels) > 0) {
    what <- if (model$family == "binomial") "nothing but successes, or none," else "no events,"
    abort_bayespool(
      c(
        "The posterior of {cli::qty(labels)}group{?s} {.val {labels}} does not exist with a flat prior.",
        i = "With {what} any extreme value of {.field {varying_term(model)$coefficient}} is as likely.",
        i = "Give {.field {varying_term(model)$coefficient}} a proper prior, such as {.code dist_normal(0, 2.5)}."
      ),
      "improper", call
    )
  }
}

# Flat coefficients must not be able to go to infinity without making the data less likely: as far as predictors tell the groups at an edge
# from the others, they could.
check_separation <- function(problem, model, flat, edge, call) {
  if (!any(flat)) {
    return(invisible())
  }
  names <- c(if (length(problem$less) > length(model$slopes)) model$intercept %||% varying_term(model)$coefficient, model$slopes)[flat]
  x <- problem$x[, flat, drop = FALSE]
  decomposition <- qr(x)
  if (decomposition$rank < ncol(x)) {
    abort_aliased(names[decomposition$pivot[-seq_len(decomposition$rank)]], "", call)
  }
  if (is_separated(x, edge)) {
    edges <- c("without events", if (model$family == "binomial") "without failures")
    found <- if (length(names) == 1 && length(unique(edge)) == 1 && names %in% model$intercept) {
      "All groups are {edges[1 + (edge[1] > 0)]}."
    } else {
      "The predictors tell the groups {edges} from the others: the data are separated."
    }
    abort_bayespool(
      c(
        "The posterior does not exist with {cli::qty(names)}{?a flat prior/flat priors} on {.field {names}}.",
        i = found,
        i = "Give {cli::qty(names)}{?it a proper prior/them proper priors}, such as {.code dist_normal(0, 2.5)}."
      ),
      "improper", call
    )
  }
}

# Is there a v such that x_j'v is not against any group: of the sign of its edge or 0, and 0 for groups without an edge, but not 0 for all?
# With the rows s_j x_j (and -x_j too for groups without an edge) there is none if and only if some positive combination of the rows is 0
# (Stiemke's theorem): one whose coefficients are 1 and more.
is_separated <- function(x, edge) {
  x <- sweep(x, 2, apply(abs(x), 2, max), "/")
  inside <- unique(x[edge == 0, , drop = FALSE])
  rows <- rbind(unique((edge * x)[edge != 0, , drop = FALSE]), inside, -inside)
  right <- -colSums(rows)
  distance_to_cone(t(rows), right) > 1e-8 * max(1, abs(right))
}

# The least |a u - b| with u >= 0, by Lawson and Hanson's algorithm.
distance_to_cone <- function(a, b) {
  u <- numeric(ncol(a))
  passive <- logical(ncol(a))
  repeat {
    residual <- b - drop(a %*% u)
    slope <- drop(crossprod(a, residual))
    slope[passive] <- 0
    if (max(slope) <= 1e-10 * max(1, abs(b)) || sum(passive) >= nrow(a)) {
      return(sqrt(sum(residual^2)))
    }
    passive[which.max(slope)] <- TRUE
    repeat {
      best <- numeric(ncol(a))
      found <- qr.coef(qr(a[, passive, drop = FALSE]), b)
      best[passive] <- ifelse(is.na(found), 0, found)
      against <- passive & best <= 0
      if (!any(against)) break
      step <- min(u[against] / (u[against] - best[against]))
      u <- u + step * (best - u)
      passive <- passive & u > 1e-14
      u[!passive] <- 0
    }
    u <- best
  }
}

# `tail`: tail index of tau, `of_groups`: of each group's theta; `flat`: which coefficients have flat priors.
new_count_propriety <- function(problem, tail, of_groups, flat) {
  missing_moments <- function(index) (index <= 1) + (index <= 2)
  of_coefficients <- ifelse(flat, missing_moments(tail), 0)
  slope <- problem$less == 1
  missing <- list(
    population = of_coefficients[!slope], slope = of_coefficients[slope], group = missing_moments(of_groups),
    deviation = missing_moments(tail), scale_between = missing_moments(tail)
  )
  # Exponentials have no mean where the tails are heavier than normal ones: those of flat coefficients are, as they grow with tau.
  grows <- !has_upper_bound(problem$tau_prior)
  ratio <- ifelse(flat & grows, 2, 0)
  rate <- problem$family == "poisson"
  missing_response <- list(
    population = if (rate) ratio[!slope] else 0, slope = ratio[slope],
    group = if (rate && grows) ifelse(problem$size == 0, 2, 0) else 0
  )
  list(order = min(max(ceiling(tail) - 1, 0), 4), missing = missing, missing_response = missing_response)
}

has_upper_bound <- function(prior) is_fixed(prior) || prior$family == "uniform" && is.finite(prior$par[2])
