# What predictions have in common: their arguments, the rows to predict, and the task for the core.

#' Arguments of predictions
#'
#' @param object A fit.
#' @param newdata A data frame with the predictors and, unless `re_formula = NA`, the grouping factor; `NULL` stands for
#'   the rows that were fitted, without those dropped for missing values. `log_lik()` and `predictive_error()` need the
#'   response in it too.
#' @param ... Not used; it makes a misspelt argument an error. The arguments after it must be named.
#' @param ndraws,draws Two names for one argument (brms and rstanarm): the number of draws to use, chosen at random without
#'   replacement and kept in order. `NULL`: all of them.
#' @param re_formula,re.form Two names for one argument (brms and rstanarm). `NULL`: each row belongs to its group.
#'   `NA` or `~ 0`: the population's mean, as if the standard deviation between groups were 0; the grouping factor is
#'   then not needed.
#' @param allow_new_levels Whether `newdata` may hold groups that were not fitted.
#' @param seed A whole number: the same seed gives the same numbers, whatever `cores` is, and leaves R's random number
#'   generator alone. `NULL` takes one from that generator, which [set.seed()] controls, where random numbers are needed.
#' @param cores Number of threads.
#' @name prediction_arguments
#' @keywords internal
NULL

prediction_options <- function(ndraws, draws, re_formula, re.form, allow_new_levels, seed, cores, call) {
  ndraws <- one_spelling(list(ndraws = ndraws, draws = draws), call)
  re_formula <- one_spelling(list(re_formula = re_formula, re.form = re.form), call)
  check_argument(allow_new_levels, checkmate::test_flag(allow_new_levels), "{.code TRUE} or {.code FALSE}", call)
  check_argument(seed, is_whole(seed, lower = 0, null_ok = TRUE), "a whole number of at least 0, or {.code NULL}", call)
  check_argument(cores, is_count(cores, positive = TRUE), "a whole number of at least 1", call)
  list(
    ndraws = ndraws, population = is_population(re_formula, call), allow_new_levels = allow_new_levels, seed = seed,
    cores = as.integer(cores)
  )
}

# One argument under two names: NULL is not given.
one_spelling <- function(spellings, call) {
  given <- Filter(Negate(is.null), spellings)
  if (length(given) == 2) {
    abort_bayespool(
      c("{.arg {names(given)[1]}} and {.arg {names(given)[2]}} are two names for one argument.", i = "Give one of them."),
      "argument", call
    )
  }
  if (length(given) == 1) given[[1]]
}

is_population <- function(re_formula, call) {
  none <- inherits(re_formula, "formula") && length(re_formula) == 2 && identical(re_formula[[2]], 0)
  if (!is.null(re_formula) && !none && !(is.atomic(re_formula) && length(re_formula) == 1 && is.na(re_formula))) {
    found <- if (inherits(re_formula, "formula")) format_formula(re_formula) else format_found(re_formula)
    abort_bayespool(
      c(
        "{.arg re_formula} must be {.code NULL} or {.code NA}.",
        i = "Found {.code {found}}.",
        i = "{.code NULL} predicts for the groups, {.code NA} (or {.code ~0}) for the population."
      ),
      "argument", call
    )
  }
  !is.null(re_formula)
}

# The rows to predict: `x` (n x S), `group` (from 1; beyond the groups of the fit: new; NA: the population) and, if
# `response`, `y`.
prediction_rows <- function(fit, newdata, options, what, call, response) {
  if (options$population && fit$model == "no_pooling") {
    abort_bayespool(
      c(
        "{.fn no_pooling} has no population to predict for.",
        i = "Its groups have nothing in common, so {.code re_formula = NA} has no meaning.",
        i = "Use {.fn partial_pooling} or {.fn varying_intercept}."
      ),
      "model", call
    )
  }
  rows <- if (is.null(newdata)) {
    observed_rows(fit, paste(what, "without `newdata`"), call)
  } else {
    new_rows(fit, newdata, options$population, call)
  }
  if (options$population || is.null(fit$parameters$group)) {
    rows$group[] <- NA_integer_
  }
  if (!is.null(newdata)) {
    check_new_groups(fit, rows, options$allow_new_levels, call)
    if (response) check_new_response(fit, rows$y, what, call)
  }
  rows
}

check_new_response <- function(fit, y, what, call) {
  if (is.null(y) || !all(is.finite(y))) {
    name <- format_expr(fit$formula[[2]])
    found <- if (is.null(y)) "It has none that is numeric." else "It has missing or infinite values."
    abort_bayespool(c("{what} needs the response {.code {name}} in {.arg newdata}.", i = found), "data", call)
  }
}

check_new_groups <- function(fit, rows, allow_new_levels, call) {
  new <- rows$labels[setdiff(rows$group, c(NA, seq_along(fit$parameters$labels)))]
  if (length(new) == 0) {
    return(invisible())
  }
  known <- fit$parameters$labels
  if (fit$model == "no_pooling") {
    abort_bayespool(
      c(
        "{.fn no_pooling} cannot predict for groups that it has not seen.",
        i = "New in {.arg newdata}: {.val {new}}. The fit has {.val {known}}.",
        i = "It learns nothing from one group about another. Use {.fn partial_pooling} or {.fn varying_intercept}."
      ),
      "model", call
    )
  }
  if (!allow_new_levels) {
    abort_bayespool(
      c(
        "{.arg newdata} has the new group{?s} {.val {new}}, and {.code allow_new_levels} is {.code FALSE}.",
        i = "The fit has {.val {known}}."
      ),
      "data", call
    )
  }
}

# The number of draws to use of a fit that has some.
count_draws <- function(fit, ndraws, call) {
  fit_draws(fit, call = call)
  all <- posterior::ndraws(fit)
  valid <- is_whole(ndraws, lower = 1, upper = all, null_ok = TRUE)
  check_argument(ndraws, valid, paste0("a whole number from 1 to ", all, ", the number of draws"), call)
  as.integer(ndraws %||% all)
}

# What the core reads (see rcpp_predict.cpp), and `y` if `response`. Positions of columns count from 0, -1 stands for none.
# `what`: the user's function, for messages. `noise`: whether the rows' own noise is wanted; a seed is only taken where
# there is something to draw.
prediction_task <- function(fit, newdata, options, what, call, noise = FALSE, response = FALSE) {
  wanted <- count_draws(fit, options$ndraws, call)
  rows <- prediction_rows(fit, newdata, options, what, call, response)
  parameters <- fit$parameters
  position <- function(names) if (length(names) > 0) match(names[1], parameters$variables) - 1L else -1L
  of_groups <- function(name) if (!is.null(name)) paste0(name, "[", parameters$labels, "]")
  groups <- length(parameters$labels)
  random <- noise || wanted < posterior::ndraws(fit) || any(rows$group > groups, na.rm = TRUE)
  list(
    draws = fit$draws,
    draws_in_all = posterior::ndraws(fit),
    draws_wanted = wanted,
    population = position(parameters$population),
    slopes = position(parameters$slopes),
    groups = position(of_groups(parameters$group)),
    sigma = position(if (parameters$separate) of_groups(parameters$sigma) else parameters$sigma),
    tau = position(parameters$tau),
    separate = parameters$separate,
    x = rows$x,
    group = rows$group,
    y = rows$y,
    known_groups = groups,
    seed = options$seed %||% if (random) sample.int(.Machine$integer.max, 1) else 0,
    cores = options$cores
  )
}

check_prediction_memory <- function(task, call) {
  check_memory(
    task$draws_wanted, length(task$group), "observations",
    "Use fewer draws with {.arg ndraws}, or predict fewer rows at a time with {.arg newdata}.", call
  )
}
