# The columns of what varies between groups beyond an intercept: slopes of numbers, differences of categories.

# The direction of an intercept that varies.
intercept_direction <- "(Intercept)"

# A group's coefficient in a direction, for people.
effect_label <- function(direction) if (direction == intercept_direction) "intercept" else paste("slope of", shorten(direction))

# The part of the formula within the bar as one of its own, for what codes predictors.
varying_formula <- function(parsed) {
  list(fixed = parsed$varying$fixed, terms = parsed$varying$terms, env = parsed$env)
}

# The variables before coding, as eval_predictors() gives them.
eval_varying <- function(parsed, data, call) {
  if (has_varying_terms(parsed)) eval_predictors(varying_formula(parsed), data, call) else list(frame = as_frame(list(), nrow(data)))
}

# What moments keep of it: `terms` (names of the columns, by term) and `coding`; and `extra`, the columns that the predictors do
# not have.
code_varying <- function(parsed, varying, predictors, call) {
  if (!has_varying_terms(parsed)) {
    return(NULL)
  }
  coded <- code_predictors(varying_formula(parsed), varying, call)
  columns <- named_columns(coded)
  check_independent(parsed, coded$terms, call)
  own <- named_columns(predictors)
  check_same_columns(columns, own, call)
  list(varying = list(terms = coded$terms, coding = coded$coding), extra = columns[!names(columns) %in% names(own)])
}

# The columns that code_predictors() made, one vector each.
named_columns <- function(coded) {
  columns <- unlist(lapply(coded$columns, function(x) if (is.matrix(x)) asplit(x, 2) else list(x)), recursive = FALSE)
  stats::setNames(lapply(columns, as.double), unlist(coded$terms, use.names = FALSE))
}

# Columns of one name are one column. Contrasts may have the names of a category's levels, as those of contr.sum() for levels 1, 2, 3.
check_same_columns <- function(varying, predictors, call) {
  both <- intersect(names(varying), names(predictors))
  differs <- both[!vapply(both, function(name) all(varying[[name]] == predictors[[name]]), NA)]
  if (length(differs) > 0) abort_same_names(differs, call)
}

abort_same_names <- function(differs, call) {
  abort_bayespool(
    c(
      "{.code {differs}} {?is a column/are columns} with one meaning among the predictors and another one in the bar.",
      i = "Contrasts and levels of a factor have the same names.",
      i = "Give the factor other contrasts, such as {.fn contr.treatment}, or levels that are no numbers."
    ),
    "data", call
  )
}

# A category of several columns that has a bar of its own would have correlations, but none with the others.
check_independent <- function(parsed, terms, call) {
  if (parsed$varying$correlated || parsed$varying$double || parsed$varying$intercept + length(terms) == 1) {
    return(invisible())
  }
  several <- names(terms)[lengths(terms) > 1]
  if (length(several) > 0) {
    abort_formula(
      "Effects that are correlated in part are not supported.",
      c(
        paste0("{.code ", several[1], "} has several columns."),
        "{.code (1 + x | g)} lets all effects be correlated, {.code (1 + x || g)} none."
      ),
      parsed$formula, call
    )
  }
}

# The names of all directions in which the groups of these moments differ.
moments_directions <- function(parsed, moments) {
  c(if (isTRUE(parsed$varying$intercept)) intercept_direction, unlist(moments$varying$terms, use.names = FALSE))
}

# The columns of the directions, without the intercept, of rows: `frame` of their variables, with `terms`.
varying_columns <- function(moments, frame, terms, call, source = "newdata") {
  columns <- length(unlist(moments$varying$terms))
  coded_columns(moments$varying$coding, columns, frame, terms, call, source)
}
