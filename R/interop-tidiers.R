# tidy(), glance(), augment(): fits as data frames, with the columns of broom and broom.mixed.

#' Fits as data frames
#'
#' `tidy()` has one row a parameter, `glance()` one row a fit, and `augment()` one row an observation. Columns
#' are those of the packages broom and broom.mixed, so that what was written for their tables works. Numbers are by
#' quadrature, without Monte Carlo error, for an exact fit, and from the draws of a fit by NUTS.
#'
#' Effects of `tidy()`:
#'
#' * `"fixed"`: the intercept (`mu`, `hyper_mu` or `beta_0`) and the slopes;
#' * `"ran_vals"`: deviations of the group means (or intercepts, slopes) from that of the population, as
#'   [ranef()][ranef.bayespool_fit] gives them;
#' * `"ran_coefs"`: the group means (or intercepts, slopes) themselves, as in [coef()][coef.bayespool_fit];
#' * `"ran_pars"`: the standard deviations: `sd__(Intercept)` between groups, `sd__Observation` within them; where slopes vary
#'   also `sd__x`, and the correlations of a group's effects, `cor__(Intercept).x`.
#'
#' Of counts (`family`) all estimates are on the scale of the link, and there is no `sd__Observation`.
#'
#' With two grouping factors the rows of one come after those of the other, and `"ran_coefs"` are the population's coefficient plus the
#' deviation of this factor alone.
#'
#' The default, as in broom.mixed, is `c("fixed", "ran_pars")`; for no pooling, whose groups have the coefficients, `"ran_coefs"` too.
#' A column `level` holds the labels of groups as they are in the data, whatever characters they have.
#'
#' @param x A fit.
#' @param effects One or more of `"fixed"`, `"ran_vals"`, `"ran_coefs"` and `"ran_pars"`, as below.
#' @param conf.int Whether to add an interval.
#' @param conf.level Probability in the interval. The default is that of [summary()][summary.bayespool_fit].
#' @param interval For `tidy()` the kind of interval: `"hdi"`, the shortest interval, or `"central"`, with as much below as above.
#'   For `augment()` what it is of: `"none"`, `"confidence"` (the expected response) or `"prediction"` (another observation like
#'   it), as in [predict()][predict.bayespool_fit]; it is the shortest interval.
#' @param exponentiate Whether estimates and ends of intervals are their exponentials, all but those of standard deviations and
#'   correlations: of [binomial()] odds ratios, of [poisson()] rate ratios. That of a posterior mean is the geometric mean of
#'   the ratio. `std.error` is then the estimate times the standard deviation of its logarithm.
#' @param se_fit Whether `augment()` adds the posterior standard deviation of the expected response.
#' @param newdata A data frame with predictors and groups; the default is the rows that the fit used. A new group
#'   of a model with a population has the mean of the population.
#' @param ... Ignored: what other packages pass to all models. What looks like a misspelt argument gets a warning.
#' @return `tidy()`: a data frame with columns `effect`, `group` (the grouping factor, or `Residual`), `level` (the group),
#'   `term`, `estimate` (posterior mean), `std.error` (posterior standard deviation) and, with `conf.int = TRUE`, `conf.low`
#'   and `conf.high`.
#'
#'   `glance()`: a data frame with one row and columns `model`, `algorithm`, `nobs`, `ngrps` (`NA` without groups or
#'   with two grouping factors, whose groups [ngrps()] counts), `sigma`
#'   (posterior mean of the standard deviation within groups; `NA` if each group has one; 1 of counts, which have none), `log_evidence` (see
#'   [log_marginal_likelihood()]; `NA` with a flat prior) and `ndraws`.
#'
#'   `augment()`: the rows, with columns `.fitted` (posterior mean of the expected response, given its predictors and its
#'   group), with an interval `.lower` and `.upper`, with `se_fit` `.se.fit` and, where there is a response, `.resid` (response
#'   minus `.fitted`).
#' @section Errors: Of class `bayespool_error_argument`: an unknown effect, another `interval`, a `conf.level` outside (0, 1). Of class
#'   `bayespool_error_model`: an effect that the model does not have; a new group for [no_pooling()]. Of class
#'   `bayespool_error_data`: `augment()` of a fit made from group moments, without `newdata`; `newdata` without a variable
#'   or with missing predictors. Of class `bayespool_error_draws`: a fit by NUTS without draws.
#' @references Bolker, B. and Robinson, D. *broom.mixed: Tidying Methods for Mixed Models*. R package,
#'   <https://CRAN.R-project.org/package=broom.mixed>.
#' @examples
#' fit <- varying_intercept(yield ~ N + (1 | block), npk, iter_sampling = 0)
#' tidy(fit, conf.int = TRUE)
#' tidy(fit, effects = "ran_coefs")
#' glance(fit)
#' head(augment(fit, se_fit = TRUE, interval = "confidence"))
#' @name tidiers
NULL

#' @importFrom generics tidy
#' @export tidy
NULL

#' @importFrom generics glance
#' @export glance
NULL

#' @importFrom generics augment
#' @export augment
NULL

#' @rdname tidiers
#' @aliases tidy
#' @export
tidy.bayespool_fit <- function(x, effects = c("fixed", "ran_pars"), conf.int = FALSE, conf.level = 0.94,
                               interval = c("hdi", "central"), exponentiate = FALSE, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  effects <- choose_effects(x, effects, missing(effects), call)
  check_flag(conf.int, call)
  check_interval_prob(conf.level, call)
  interval <- choose_interval(interval, call)
  check_flag(exponentiate, call)
  values <- function(deviations = FALSE) {
    if (!conf.int) {
      return(posterior_table(x, deviations = deviations, call = call))
    }
    interval_table(x, conf.level, interval, deviations = deviations, call = call)
  }
  table <- values()
  rows <- lapply(effects, function(effect) {
    if (effect == "ran_vals") table <- values(deviations = TRUE)
    if (effect == "ran_coefs" && has_two_terms(x$model)) table <- coefficient_table(x, conf.level, interval, call)[, colnames(table)]
    rows <- tidy_effect(x, effect, table)
    if (exponentiate && effect != "ran_pars") exponentiate_estimates(rows) else rows
  })
  do.call(rbind, rows)
}

# The rows of one effect. `table`: as posterior_table() or interval_table() makes it.
tidy_effect <- function(fit, effect, table) {
  roles <- switch(effect,
    fixed = c("population", "slope"), ran_vals = , ran_coefs = "group", ran_pars = c("scale_between", "correlation", "scale_within")
  )
  layout <- fit$model$layout
  layout <- layout[order(match(layout$role, roles), na.last = NA), ]
  if (effect == "ran_pars" && has_population(fit$model)) layout <- layout[lower_triangle_order(fit$model), ]
  term <- switch(effect,
    fixed = fixed_names(fit$model), ran_vals = , ran_coefs = layout$direction, ran_pars = names_of_ran_pars(fit$model, layout)
  )
  values <- table[layout$variable, , drop = FALSE]
  colnames(values) <- c("estimate", "std.error", if (ncol(values) > 2) c("conf.low", "conf.high"))
  size <- nrow(values)
  as_frame(
    c(
      list(
        effect = rep(effect, size), group = replace(layout$term, layout$role == "scale_within", "Residual"),
        level = layout$label, term = term
      ),
      matrix_columns(values)
    ),
    size
  )
}

# As in broom.mixed: the standard error is that of the exponential near the estimate.
exponentiate_estimates <- function(rows) {
  columns <- intersect(c("estimate", "conf.low", "conf.high"), names(rows))
  rows[columns] <- lapply(rows[columns], exp)
  rows$std.error <- rows$estimate * rows$std.error
  rows
}

# From standard deviations, then correlations, then sigma, to columns of the lower triangle of the effects' matrix, then sigma.
lower_triangle_order <- function(model) {
  q <- length(effect_directions(model))
  pairs <- correlated_pairs(model)
  c(order(c(seq_len(q), pairs[, 1]), c(seq_len(q), pairs[, 2])), if ("scale_within" %in% model$layout$role) q + nrow(pairs) + 1)
}

# The pairs of effects that have a correlation, as positions. Beside a second factor there are none.
correlated_pairs <- function(model) {
  do.call(rbind, lapply(varying_terms(model), function(term) effect_pairs(term)[seq_along(term$correlation), , drop = FALSE]))
}

# As in broom.mixed: sd__x, cor__(Intercept).x, sd__Observation.
names_of_ran_pars <- function(model, layout) {
  if (!has_population(model)) {
    return(rep("sd__Observation", nrow(layout)))
  }
  pairs <- pairs_of_correlations(model, layout$variable)
  ifelse(
    layout$role == "correlation", paste0("cor__", pairs[, 1], ".", pairs[, 2]),
    paste0("sd__", ifelse(layout$role == "scale_between", layout$direction, "Observation"))
  )
}

# The directions of the two effects that each of these variables correlates, a row each; NA for what is no correlation.
pairs_of_correlations <- function(model, variables) {
  pairs <- matrix(effect_directions(model)[correlated_pairs(model)], ncol = 2)
  pairs[match(variables, effect_correlations(model)), , drop = FALSE]
}

choose_effects <- function(fit, effects, by_default, call) {
  choices <- c("fixed", "ran_vals", "ran_coefs", "ran_pars")
  valid <- is.character(effects) && length(effects) > 0 && all(effects %in% choices)
  check_argument(effects, valid, "one or more of \"fixed\", \"ran_vals\", \"ran_coefs\" and \"ran_pars\"", call)
  population <- has_population(fit$model)
  has <- c(TRUE, population, has_groups(fit$model), any(c("scale_between", "scale_within") %in% fit$model$layout$role))
  if (by_default) {
    return(choices[has & c(TRUE, FALSE, !population, TRUE)])
  }
  absent <- intersect(effects, choices[!has])
  if (length(absent) > 0) {
    abort_bayespool(
      c("{fit$model$title} has no {.val {absent}}.", i = "It has {.val {choices[has]}}."), "model", call
    )
  }
  unique(effects)
}

#' @rdname tidiers
#' @aliases glance
#' @export
glance.bayespool_fit <- function(x, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  flat <- !all(vapply(x$priors, is_proper, logical(1)))
  data.frame(
    model = x$model$name,
    algorithm = x$settings$algorithm,
    nobs = stats::nobs(x),
    ngrps = if (length(x$model$terms) == 1) length(x$reduced$n) else NA_integer_,
    sigma = if (shares_sigma(x$model)) stats::sigma(x) else NA_real_,
    log_evidence = if (flat) NA_real_ else log_marginal_likelihood(x),
    ndraws = posterior::ndraws(x)
  )
}

#' @rdname tidiers
#' @aliases augment
#' @export
augment.bayespool_fit <- function(x, newdata = NULL, se_fit = FALSE, interval = c("none", "confidence", "prediction"),
                                  conf.level = 0.94, ...) {
  call <- rlang::current_env()
  ignore_dots(rlang::exprs(...), call)
  check_flag(se_fit, call)
  interval <- choose_one(interval, c("none", "confidence", "prediction"), call)
  check_interval_prob(conf.level, call)
  if (is.null(newdata)) {
    rows <- observed_rows(x, "augment()", call)
    frame <- stats::model.frame(x)
  } else {
    rows <- prediction_rows(x, newdata, list(population = FALSE, allow_new_levels = TRUE), "augment()", call, response = FALSE)
    frame <- newdata
  }
  predicted <- as_of_lm(x, rows, se_fit, interval, conf.level, call)
  fitted <- if (se_fit) predicted$fit else predicted
  if (interval == "none") {
    frame$.fitted <- unname(fitted)
  } else {
    frame[c(".fitted", ".lower", ".upper")] <- matrix_columns(fitted)
  }
  if (se_fit) frame$.se.fit <- unname(predicted$se.fit)
  if (!is.null(rows$y)) frame$.resid <- rows$y - frame$.fitted
  frame
}
