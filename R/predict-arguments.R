# The arguments that predictions share.

#' Arguments of predictions
#'
#' @param object A fit.
#' @param newdata A data frame with the predictors and, unless `re_formula = NA`, the grouping factors and what varies between groups;
#'   `NULL` stands for the rows that were fitted, without those dropped for missing values. `log_lik()` and `predictive_error()` need the
#'   response in it too.
#' @param ... Ignored, as other packages pass arguments of their own; what looks like a misspelt argument gets a warning. The
#'   arguments after it must be named.
#' @param ndraws,draws Two names for one argument (brms and rstanarm): the number of draws to use, chosen at random without
#'   replacement and kept in order. `NULL`: all of them.
#' @param re_formula,re.form Two names for one argument (brms and rstanarm). `NULL`: each row belongs to its group.
#'   `NA` or `~ 0`: the population's mean, as if the standard deviation between groups were 0; the grouping factor is
#'   then not needed. With two grouping factors it is without the effects of both.
#' @param allow_new_levels Whether `newdata` may hold groups that were not fitted, of either factor where there are two.
#' @param seed A whole number: the same seed gives the same numbers, whatever `cores` is, and leaves R's random number
#'   generator alone. `NULL` takes one from that generator, which [set.seed()] controls, where random numbers are needed.
#' @param cores Number of threads.
#' @name prediction_arguments
#' @keywords internal
NULL

prediction_options <- function(ndraws, draws, re_formula, re.form, allow_new_levels, seed, cores, call) {
  ndraws <- one_spelling(list(ndraws = ndraws, draws = draws), call)
  re_formula <- one_spelling(list(re_formula = re_formula, re.form = re.form), call)
  check_flag(allow_new_levels, call)
  check_seed(seed, call)
  check_positive_count(cores, call)
  list(
    ndraws = ndraws, population = is_population(re_formula, call), allow_new_levels = allow_new_levels, seed = seed,
    cores = as.integer(cores)
  )
}

# One argument under two names: NULL is not given. Some callers give both, equal.
one_spelling <- function(spellings, call) {
  given <- Filter(Negate(is.null), spellings)
  if (length(given) == 2 && !identical(given[[1]], given[[2]])) {
    abort_bayespool(
      c("{.arg {names(given)[1]}} and {.arg {names(given)[2]}} are two names for one argument, and differ.", i = "Give one of them."),
      "argument", call
    )
  }
  if (length(given) > 0) given[[1]]
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
