# Differences between groups.

#' Group contrasts
#'
#' How much the coefficients of two groups differ, for pairs of groups: mean, standard deviation and interval of the
#' difference, and the probability that the first group's is the larger.
#'
#' The coefficients are the groups' means, or beside predictors their intercepts (`mu` or `beta_0j`); where slopes vary,
#' `coefficient` chooses them (`beta_j`). The difference has
#' a posterior distribution of its own, which the intervals of the two groups do not show: under partial pooling both
#' depend on the same population and the same standard deviations, so overlapping intervals do not mean that the groups
#' are alike.
#'
#' Given the standard deviations the difference of two groups is normal, so after `algorithm = "exact"` its distribution
#' is a mixture of normal ones over the nodes of the quadrature (after [no_pooling()] with a standard deviation for each
#' group, over pairs of nodes of two posteriors that share nothing): the numbers carry no Monte Carlo error and need no
#' draws. After `algorithm = "nuts"` they are those of the draws. With `prior_only = TRUE` the differences are those
#' that the priors expect.
#'
#' **Of counts** (`family`) the difference is one of log odds, so the logarithm of an odds ratio, or one of logarithms of rates, so that
#' of a ratio of rates. Given the population's mean and the standard deviation between groups, two groups are independent: the
#' density of their difference is then a convolution, and its posterior a sum of convolutions over the nodes of the quadrature, without
#' Monte Carlo error. `scale = "response"` compares probabilities or rates, predictors included (`p[g]` or `rate[g]` of
#' [exact_summary()]). These differences come from the draws of the fit, of which it needs some; without predictors the
#' probability that one is larger is the same on both scales.
#'
#' **Two grouping factors** ([mixed_model()]): `factor` says whose groups are compared. The difference is that of their effects, which is
#' also that of their expected values, at the same values of the other factor and of the predictors.
#'
#' Many pairs are many chances to be surprised. Partial pooling guards against that: it draws the groups together as
#' far as the data ask for.
#'
#' @param fit A fit of [no_pooling()] or of a model with a population of groups: [partial_pooling()], [varying_intercept()],
#'   [varying_slope()], [varying_intercept_slope()], [mixed_model()].
#' @param groups Labels of groups; `NULL`: all of them.
#' @param reference Label of one group from which the differences of the others are taken; `NULL`: all pairs of `groups`.
#' @inheritParams predictive_table
#' @param coefficient Which of the groups' coefficients: `"(Intercept)"` or the name of a slope, as [ranef()][ranef.bayespool_fit]
#'   names its columns. `NULL`: the intercept where it varies, else the only slope that does.
#' @param scale Of a fit with `family`: `"link"`, log odds or logarithms of rates, or `"response"`, probabilities or rates. Of a normal
#'   outcome both are the same.
#' @param factor The grouping factor, where the model has two, such as `"subject"`.
#' @param x What `group_contrasts()` returned.
#' @return A data frame of class `bayespool_group_contrasts` with one row a pair and columns `group` and `other` (labels),
#'   `mean`, `sd`, `lower` and `upper` of the coefficient of `group` minus that of `other`, on the scale of the
#'   response, or of the link (of a slope: of the response per unit of the predictor), and `p_greater`, the probability that this difference
#'   is positive. With heavy-tailed or flat priors and
#'   few data a moment may not exist: then `sd` is `Inf`, or `mean` `NaN`.
#' @section Errors: Of class `bayespool_error_model`: [complete_pooling()], which has no coefficients of groups. Of class
#'   `bayespool_error_argument`: groups that the fit does not have, fewer than two of them, more than 2000 pairs, a `prob`
#'   outside (0, 1), another `interval`, a `coefficient` that does not vary, or none where several slopes vary and no
#'   intercept, another `factor`, or none where there are two. Of class
#'   `bayespool_error_draws`: a fit by NUTS, or probabilities or rates, without draws.
#' @references Gelman, A., Hill, J. and Yajima, M. (2012). Why we (usually) don't have to worry about multiple comparisons.
#'   *Journal of Research on Educational Effectiveness*, 5(2), 189-211. \doi{10.1080/19345747.2011.618213}
#' @seealso [group_ranks()] for the order of all groups; [plot()][plot.bayespool_group_contrasts] for a picture.
#' @examples
#' fit <- partial_pooling(scontrol ~ 1 + (1 | site), hpp_sites, iter_sampling = 0)
#' group_contrasts(fit, c("Oslo", "Kassel", "Tsinghua"))
#' group_contrasts(fit, reference = "Oslo")
#'
#' # Admissions to departments of Berkeley in 1973: log odds ratios, and differences of probabilities.
#' admitted <- as.data.frame(apply(UCBAdmissions, c("Dept", "Admit"), sum))
#' admitted$dept <- rownames(admitted)
#' fit <- partial_pooling(
#'   cbind(Admitted, Rejected) ~ 1 + (1 | dept), admitted, family = binomial(), seed = 1
#' )
#' group_contrasts(fit, reference = "C")
#' group_contrasts(fit, reference = "C", scale = "response")
#' @export
group_contrasts <- function(fit, groups = NULL, reference = NULL, prob = 0.94, interval = c("hdi", "central"),
                            coefficient = NULL, scale = c("link", "response"), factor = NULL) {
  call <- rlang::current_env()
  check_fit(fit, call)
  check_has_groups(fit, "group_contrasts", call)
  response <- on_response_scale(fit$model, choose_one(scale, c("link", "response"), call))
  term <- choose_factor(fit, factor, call)
  direction <- choose_direction(term, coefficient, call)
  check_interval_prob(prob, call)
  interval <- choose_interval(interval, call)
  pairs <- choose_pairs(term, groups, reference, call)
  drawn <- response || has_chains(fit)
  if (!drawn) {
    contrasts <- exact_contrasts(
      fit_posterior(fit), term, direction, pairs$first, pairs$second, prob, interval, fit$settings$cores, call
    )
    errors <- NULL
  } else {
    contrasts <- drawn_contrasts(fit, term, direction, response, pairs$first, pairs$second, prob, interval, call)
    errors <- c(mean = max(contrasts[, 6]), p_greater = max(contrasts[, 7]))
  }
  labels <- term$labels
  table <- data.frame(
    group = labels[pairs$first], other = labels[pairs$second], mean = contrasts[, 1], sd = contrasts[, 2],
    lower = contrasts[, 3], upper = contrasts[, 4], p_greater = contrasts[, 5]
  )
  structure(
    table,
    class = c("bayespool_group_contrasts", "data.frame"), prob = prob, interval = interval,
    draws = if (drawn) posterior::ndraws(fit), mcse = errors, reference = if (!is.null(reference)) as.character(reference),
    quantity = group_quantity(fit, term, direction, response)
  )
}

check_has_groups <- function(fit, what, call) {
  if (!has_groups(fit$model)) {
    abort_bayespool(
      c(
        "{.fn {what}} needs coefficients of groups, and {tolower(fit$model$title)} has none.",
        i = "It has one mean for all.",
        i = "{.fn no_pooling} and {.fn {population_verbs()}} have a coefficient for each group."
      ),
      "model", call
    )
  }
}

# The direction of the coefficients that are compared. `coefficient`: as the user gave it.
choose_direction <- function(term, coefficient, call) {
  directions <- term$directions
  if (is.null(coefficient) && (length(directions) == 1 || intercept_direction %in% directions)) {
    return(if (length(directions) == 1) directions else intercept_direction)
  }
  if (is.null(coefficient)) {
    abort_bayespool(
      c("Several coefficients vary between the groups, and no intercept.", i = "Choose {.arg coefficient} from {.val {directions}}."),
      "argument", call
    )
  }
  choices <- paste0("{.val ", directions, "}", collapse = " or ")
  check_argument(coefficient, is.character(coefficient) && length(coefficient) == 1 && coefficient %in% directions, choices, call)
  coefficient
}

# What the coefficients, or effects, of a term's groups in this direction are, for people. `response`: on that scale, of counts.
group_quantity <- function(fit, term, direction, response = FALSE) {
  if (has_two_terms(fit$model)) {
    return(paste("effect of", term$factor, "on", response_label(fit)))
  }
  if (has_counts(fit$model)) {
    return(paste0(if (has_predictors(fit$model) && !response) "intercept of the ", outcome_label(fit, response)))
  }
  if (direction != intercept_direction) {
    return(paste("slope of", direction))
  }
  model <- fit$model
  paste(if (has_predictors(model) || varies_in_slope(model)) "intercept of" else "mean of", response_label(fit))
}

# Positions of the groups of each pair.
choose_pairs <- function(term, groups, reference, call) {
  chosen <- if (is.null(groups)) seq_along(term$labels) else group_positions(term, groups, call)
  if (!is.null(reference)) {
    valid <- is.atomic(reference) && length(reference) == 1
    check_argument(reference, valid, "the label of one group, or {.code NULL}", call)
    second <- group_positions(term, reference, call)
    first <- setdiff(chosen, second)
    check_pair_count(length(first), call)
    return(list(first = first, second = rep(second, length(first))))
  }
  size <- length(chosen)
  check_pair_count(size * (size - 1) / 2, call)
  first <- rep(seq_len(size), size - seq_len(size))
  second <- sequence(size - seq_len(size)) + first
  list(first = chosen[first], second = chosen[second])
}

check_pair_count <- function(pairs, call) {
  if (pairs == 0) {
    abort_bayespool(c("A difference needs two groups.", i = "There is only one in {.arg groups}."), "argument", call)
  }
  if (pairs > most_pairs) {
    abort_bayespool(
      c(
        "There are too many pairs of groups for a table.",
        i = "Found {format(pairs, big.mark = ',')} pairs; at most {most_pairs} are computed.",
        i = "Choose some with {.arg groups}, or compare each group with one by {.arg reference}; {.fn group_ranks} orders all."
      ),
      "argument", call
    )
  }
}

most_pairs <- 2000

# Positions of labels among the groups of a term.
group_positions <- function(term, labels, call) {
  known <- term$labels
  found <- match(as.character(labels), known)
  if (!is.atomic(labels) || length(labels) == 0 || anyNA(found)) {
    wrong <- if (is.atomic(labels)) unique(as.character(labels)[is.na(found)]) else format_found(labels)
    abort_bayespool(
      c("Groups must be chosen by their labels.", i = "Found {.val {wrong}}.", i = "The fit has {.val {known}}."), "argument", call
    )
  }
  unique(found)
}

# As exact_contrasts(), then the Monte Carlo errors of the mean and of the probability.
drawn_contrasts <- function(fit, term, direction, response, first, second, prob, interval, call) {
  draws <- draws_matrix(fit, call)
  draws <- if (response) {
    response_of_draws(fit, draws)[, response_layout(fit$model)$role == "group", drop = FALSE]
  } else {
    draws[, group_variables(fit$model, term, direction), drop = FALSE]
  }
  contrast <- function(j, k) {
    difference <- unname(draws[, j] - draws[, k])
    ends <- if (interval == "hdi") {
      HDInterval::hdi(difference, credMass = prob)
    } else {
      stats::quantile(difference, c(1 - prob, 1 + prob) / 2, names = FALSE)
    }
    errors <- mcse_of_means(cbind(difference, difference > 0), posterior::nchains(fit))
    c(mean(difference), stats::sd(difference), ends, mean(difference > 0), errors)
  }
  t(mapply(contrast, first, second))
}

#' @rdname group_contrasts
#' @export
print.bayespool_group_contrasts <- function(x, digits = 2, n_rows = 30, ...) {
  if (!identical(names(x), contrast_columns) || is.null(attr(x, "prob"))) {
    return(NextMethod()) # a part of the table
  }
  shown <- as.data.frame(unclass(x))[seq_len(min(nrow(x), n_rows)), , drop = FALSE]
  shown[1:2] <- lapply(shown[1:2], shorten, 20)
  shown[3:6] <- lapply(shown[3:6], format_numbers, digits)
  shown$p_greater <- formatC(shown$p_greater, digits = 3, format = "f")
  print(shown, row.names = FALSE)
  note_more(nrow(x) - nrow(shown), "pairs")
  print_note("p_greater: probability that the ", attr(x, "quantity"), " is greater in group than in other")
  note_errors(attr(x, "mcse"))
  note_interval(x, "difference")
  invisible(x)
}

contrast_columns <- c("group", "other", "mean", "sd", "lower", "upper", "p_greater")
