# Variances between and within groups, and their shares.

#' Variance components
#'
#' How much of the variance lies between groups and how much within them, for models whose groups come from a population.
#'
#' With \eqn{\tau} the standard deviation between groups (`sigma_mu` or `sigma_0`) and \eqn{\sigma} that within them
#' (`sigma_y`), the components are
#'
#' * `between`: \eqn{\tau^2}, the variance of the group means (or intercepts) in their population;
#' * `within`: \eqn{\sigma^2}, the variance of observations in a group, given the predictors;
#' * `share_between`: \eqn{\tau^2 / (\tau^2 + \sigma^2)}, the intraclass correlation, which is also the correlation of
#'   two observations in a group;
#' * `share_within`: \eqn{\sigma^2 / (\tau^2 + \sigma^2)}.
#'
#' **Where slopes vary** the groups differ by more at some values of the predictors than at others. Let \eqn{z} be what multiplies a
#' group's effects: 1 for its intercept, if that varies, and for each slope that varies the value of its predictor. With \eqn{T} the
#' covariance matrix of the effects, which has the squares of `sigma_0` and `sigma_beta` on its diagonal and `rho` times two standard
#' deviations beside it, the variance of the groups' expected values at \eqn{z} is
#' \deqn{z' T z = \sum_k z_k^2 \tau_k^2 + 2 \sum_{k < l} z_k z_l \rho_{kl} \tau_k \tau_l,
#'   }{z'Tz = sum z_k^2 tau_k^2 + 2 sum z_k z_l rho_kl tau_k tau_l,}
#' which takes the place of \eqn{\tau^2} above. `at` chooses \eqn{z}; the printed table says where it is. With a varying intercept and one
#' slope the variance is least at \eqn{x = -\rho \tau_0 / \tau_1} and grows with the square of the distance from there. The share between
#' is the correlation of two observations of one group that are both at \eqn{z}.
#'
#' **Two grouping factors**, as in `(1 | subject) + (1 | item)`, have a variance each, `between[subject]` and `between[item]`. The shares
#' are those in the sum of all three variances:
#' \deqn{\frac{\tau_1^2}{\tau_1^2 + \tau_2^2 + \sigma^2}, \quad \frac{\tau_2^2}{\tau_1^2 + \tau_2^2 + \sigma^2}, \quad
#'   \frac{\sigma^2}{\tau_1^2 + \tau_2^2 + \sigma^2}.
#'   }{tau_1^2 / (tau_1^2 + tau_2^2 + sigma^2), tau_2^2 / (tau_1^2 + tau_2^2 + sigma^2) and sigma^2 / (tau_1^2 + tau_2^2 + sigma^2).}
#' `share_between[subject]` is the correlation of two observations of the same subject and different items, `share_between[item]` that of
#' two of the same item and different subjects, and `1 - share_within` that of two which share both. Of nested factors, as in
#' `(1 | school/class)`, `share_between[school]` is the correlation of two observations of one school and different classes, and
#' `1 - share_within` that of two of one class.
#'
#' **Of counts** (`family`) the components are on the scale of the link, that of log odds or of logarithms of rates. `between` is
#' \eqn{\tau^2} there. For [binomial()] `within` is \eqn{\pi^2 / 3 = 3.29}{pi^2 / 3 = 3.29}, a known number: an event can be seen as a
#' continuous quantity above a threshold, which scatters around the group's log odds with a logistic distribution, and this is that
#' distribution's variance. The shares are those of this quantity, as in Goldstein et al. (2002). For [poisson()] there is `between`
#' alone: the variance of a count within a group depends on its rate and its exposure, so there is no one number for it, and no one
#' intraclass correlation.
#'
#' Each has a posterior distribution. It is computed by quadrature, without draws, where the fit is exact, and from the
#' draws of a fit by NUTS.
#'
#' Where slopes vary, or there are two grouping factors, means and standard deviations of these variances are as exact as those of all
#' parameters, but the ends of their intervals are estimates: the probability below an end was wrong by up to 0.004 where priors were so
#' narrow that a variance was near the least that it can be. Draws (`iter_sampling`) have no such error.
#'
#' The column `plug_in` is a shortcut that is often taught: put the posterior means of the two standard deviations in
#' these formulas. It is one number without an interval, and not the posterior mean: a square is larger on average than
#' the square of the average, and \eqn{\tau} is often quite uncertain.
#'
#' @param object A fit.
#' @param prob,interval Probability in the interval, between 0 and 1; `"hdi"`, the shortest interval, or `"central"`.
#' @param at Where slopes vary: a list or data frame with one value of each variable of the bar, such as `list(Days = 5)`. `NULL`: at
#'   the means of the data (of categories: at the means of the columns that code them).
#' @param x What `variance_components()` returned.
#' @param digits Number of decimals to print.
#' @param ... Not used.
#' @return A data frame of class `bayespool_variance_components` with rows `between`, `within`, `share_between` and
#'   `share_within` (of a fit with [poisson()] `between` alone; with two grouping factors `between` and `share_between` of each), and
#'   columns `variable`,
#'   posterior `mean` and `sd`, the ends `hdi_lower` and `hdi_upper` (or
#'   `central_lower` and `central_upper`) of the interval that holds `prob` of the posterior, and `plug_in`. Variances
#'   are on the squared scale of the response, or of the link. With heavy-tailed or flat priors and few groups a mean or sd of a variance
#'   may not exist: it is `Inf`.
#' @section Errors: Of class `bayespool_error_model`: [complete_pooling()] and [no_pooling()], which have no variance
#'   between groups. Of class `bayespool_error_argument`: a `prob` outside (0, 1), an `at` without a value of each variable or for a
#'   model whose slopes do not vary. Of class `bayespool_error_data`: a category that the data do not have. Of class
#'   `bayespool_error_draws`: a fit
#'   by NUTS without draws.
#' @references Gelman, A. and Hill, J. (2007). *Data Analysis Using Regression and Multilevel/Hierarchical Models*,
#'   chapter 12. Cambridge University Press.
#'
#'   Goldstein, H., Browne, W. and Rasbash, J. (2002). Partitioning variation in multilevel models. *Understanding Statistics*, 1(4),
#'   223-231. \doi{10.1207/S15328031US0104_02}
#' @seealso [VarCorr()][VarCorr.bayespool_fit] for the same in the form of lme4.
#' @examples
#' sites <- subset(hpp_sites, site %in% c("Southampton", "METU", "Kassel", "Tsinghua", "Oslo"))
#' fit <- partial_pooling(
#'   scontrol ~ 1 + (1 | site), sites, iter_sampling = 0,
#'   prior = list(
#'     hyper_mu = dist_normal(40, 20), sigma_y = dist_exponential(1), sigma_mu = dist_exponential(1)
#'   )
#' )
#' variance_components(fit)
#'
#' # How much do the chicks differ in weight at birth, and after twelve days?
#' chicks <- varying_intercept_slope(
#'   weight ~ Time + (1 + Time | Chick), ChickWeight, iter_sampling = 0
#' )
#' variance_components(chicks, at = list(Time = 0))
#' variance_components(chicks, at = list(Time = 12))
#'
#' # Plots within blocks: how much of the variance is between blocks, how much between plots?
#' plots <- mixed_model(yield ~ nitro + (1 | Block/Variety), nlme::Oats, iter_sampling = 0)
#' variance_components(plots)
#' @aliases icc
#' @export
variance_components <- function(object, ...) {
  UseMethod("variance_components")
}

#' @rdname variance_components
#' @export
variance_components.bayespool_fit <- function(object, prob = 0.94, interval = c("hdi", "central"), at = NULL, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  check_interval_prob(prob, call)
  interval <- choose_interval(interval, call)
  check_has_population(object, "variance_components", "It has only a variance within groups, {.code sigma(fit)^2}.", call)
  z <- choose_directions_at(object, at, call)
  table <- if (has_quadrature(object)) {
    exact_components(fit_posterior(object), z, prob, interval, call)
  } else {
    drawn_components(object, z, prob, interval, call)
  }
  # The last share is one minus what is between groups.
  last <- nrow(table)
  rest <- c(1 - table[last, 1], table[last, 2], 1 - table[last, 4], 1 - table[last, 3])
  two <- has_two_terms(object$model)
  table <- rbind(if (two) table[-last, ] else table, rest)
  means <- rbind(posterior_means(object, call = call))
  squares <- c(variances_between(object$model, means, z), variances_within(object$model, means)[1])
  colnames(table) <- c("mean", "sd", interval_names(interval))
  of_factor <- function(name) if (two) indexed(name, factors_of_terms(object$model)) else name
  rows <- c(of_factor("between"), "within", of_factor("share_between"), "share_within")
  known <- if (has_icc(object$model) || has_several_effects(object$model)) seq_along(rows) else 1
  new_table(
    c(
      list(variable = rows[known]), matrix_columns(table[known, , drop = FALSE]),
      list(plug_in = unname(c(squares, squares / sum(squares)))[known])
    ),
    "bayespool_variance_components",
    prob = prob, interval = interval, draws = if (has_chains(object)) posterior::ndraws(object),
    at = if (varies_in_slope(object$model)) z[names(z) != intercept_direction], two_factors = two,
    known_errors = has_known_errors(object$model), family = object$model$family
  )
}

# What multiplies the effects of a group (q numbers, named by direction) where its variance is wanted. `at`: as the user gave it.
choose_directions_at <- function(fit, at, call) {
  model <- fit$model
  if (!varies_in_slope(model) && is.null(at)) {
    directions <- effect_directions(model)
    return(stats::setNames(rep(1, length(directions)), directions)) # nothing but intercepts varies
  }
  moments <- fit$reduced
  columns <- if (is.null(at)) {
    means <- weighted_means(moments$mean, moments)
    rbind(means[model$columns])
  } else {
    columns_at(fit, at, call)
  }
  directions <- varying_term(model)$directions
  stats::setNames(drop(direction_values(model, columns)), directions)
}

# One row with the columns of the model that vary between groups; others do not matter and are NA.
columns_at <- function(fit, at, call) {
  if (!varies_in_slope(fit$model)) {
    abort_bayespool(
      c(
        "{.arg at} is for models whose slopes vary.",
        i = "Here only an intercept varies between the groups, by as much at all values of the predictors."
      ),
      "argument", call
    )
  }
  varying <- varying_formula(fit$parsed)
  needed <- all.vars(stats::delete.response(stats::terms(varying$fixed)))
  chosen <- if (is.list(at) && all(needed %in% names(at))) unclass(at)[needed]
  valid <- !is.null(chosen) && all(lengths(chosen) == 1) && !anyNA(chosen, recursive = TRUE)
  check_argument(at, valid, paste0("a list or data frame with one value of ", paste0("{.field ", needed, "}", collapse = " and of ")), call)
  row <- as.data.frame(chosen, optional = TRUE)
  frame <- predictor_frame(fit$reduced$varying$coding, varying, row, call)
  values <- varying_columns(fit$reduced, frame, attr(frame, "terms"), call, source = "at")
  check_argument(at, all(is.finite(values)), "finite values", call)
  x <- matrix(NA_real_, 1, length(fit$model$columns))
  x[match(unlist(fit$reduced$varying$terms), fit$model$columns)] <- values
  x
}

# z'Tz for each row of `draws`, with T the covariance matrix of a group's effects; of two factors the variance of each, a column each.
# Columns of `draws` have the variables' names.
variances_between <- function(model, draws, z) {
  effects <- sweep(draws[, effect_sds(model), drop = FALSE], 2, z, `*`)
  if (has_two_terms(model)) {
    return(effects^2)
  }
  term <- varying_term(model)
  variances <- rowSums(effects^2)
  pairs <- effect_pairs(term)
  for (i in seq_along(term$correlation)) {
    variances <- variances + 2 * draws[, term$correlation[i]] * effects[, pairs[i, 1]] * effects[, pairs[i, 2]]
  }
  variances
}

# As exact_components().
drawn_components <- function(fit, z, prob, interval, call) {
  draws <- draws_matrix(fit, call)
  between <- cbind(variances_between(fit$model, draws, z))
  within <- drop(variances_within(fit$model, draws))
  all <- rowSums(between)
  shares <- cbind(between, if (has_two_terms(fit$model)) all) / (all + within)
  interval_of_draws(cbind(between, within, shares), prob, interval)
}

#' @rdname variance_components
#' @export
print.bayespool_variance_components <- function(x, digits = 3, ...) {
  at <- attr(x, "at")
  counts <- attr(x, "family") %in% count_families
  two <- attr(x, "two_factors")
  if (is.null(attr(x, "interval")) || ncol(x) != 6) {
    return(NextMethod()) # a part of the table
  }
  # Variances and shares are of different sizes; the end of an interval at 0 is 0 up to rounding.
  numbers <- t(apply(as.matrix(x[-1]), 1, function(row) {
    row[is.finite(row)] <- zapsmall(row[is.finite(row)], 10)
    format_numbers(row, digits)
  }))
  colnames(numbers) <- names(x)[-1]
  print(data.frame(variable = x$variable, numbers), row.names = FALSE)
  if (counts) {
    print_note(
      if (attr(x, "family") == "binomial") {
        "On the scale of log odds. within: pi^2 / 3, the variance of the logistic distribution. share_between: the intraclass correlation"
      } else {
        "On the scale of logarithms of rates. Counts have no one variance within groups: it depends on the rate"
      }
    )
  } else if (two) {
    print_note("share_between: the correlation of two observations that share this factor alone; 1 - share_within: that share both")
  } else if (is.null(at)) {
    print_note("share_between: ", if (isTRUE(attr(x, "known_errors"))) "I2" else "the intraclass correlation")
  } else {
    print_note(
      "between: at ", paste(names(at), "=", vapply(at, format, "", digits = 4), collapse = ", "),
      "; share_between: the correlation of two observations there, of one group"
    )
  }
  if (isTRUE(attr(x, "known_errors"))) print_note("within: the variance of a typical estimate, which is known; see ?meta_analysis")
  print_note(
    "plug_in: from the posterior mean", if (!counts) "s", " of the ", if (two) "three " else if (!counts && is.null(at)) "two ",
    "standard deviation", if (!counts) "s", if (!is.null(at)) " and correlations", ", not a posterior mean itself"
  )
  note_interval(x, "posterior")
  invisible(x)
}
