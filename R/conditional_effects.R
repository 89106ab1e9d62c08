# conditional_effects(): what is expected over the range of each predictor, the others at reference values.

#' What is expected over a predictor
#'
#' For each predictor, and each pair that has an interaction, the expected response over its values, where all other
#' predictors are at a reference value: numbers at their mean over the rows that were fitted, factors, text and logical values at their
#' first
#' level (the one that the coefficients are differences from). The function, its arguments and the columns of its result are those of
#' brms. The
#' intervals are exact, by quadrature, for a fit by the exact algorithm, and need no draws; of a fit by NUTS they are from draws.
#'
#' `re_formula = NA` is the population: a group with average coefficients, as in [predict()][predict.bayespool_fit]. With `re_formula =
#' NULL`
#' rows belong to groups, which `conditions` must name: `conditions = data.frame(block = c("1", "2"))`. A label that was not fitted
#' stands for
#' a new group.
#'
#' Of counts the response is the probability of one trial, or the rate for an exposure of 1.
#'
#' [plot_effects()] puts other factors at the *mean* over the data instead, a mixture of their levels: both are right answers,
#' to different questions.
#'
#' @param x A fit; of `print()` and `plot()` what `conditional_effects()` returned.
#' @param effects Names of predictors, or of pairs as `"x:f"`: `x` is then on the axis, `f` has a colour. A second predictor that is a
#'   number
#'   is shown at its mean and one standard deviation below and above. `NULL`: each predictor, and each pair with an interaction in the
#'   formula.
#' @param conditions A data frame with other reference values: a column for each predictor, or grouping factor, that is to have one. Each of
#'   its rows is a panel of the picture, with the name of the row, or without names its values, in the column `cond__`.
#' @param re_formula `NA`: the population; `NULL`: the groups that `conditions` names.
#' @param prob,interval Probability in the intervals, between 0 and 1; `"hdi"`, the shortest interval, or `"central"`.
#' @param resolution Number of values of a numeric predictor.
#' @param ... Not used.
#' @return A list of data frames, named by effect, with the predictors, `cond__`, `effect1__` (what is on the axis), for a pair `effect2__`
#'   (a factor: what has a colour), and the mean `estimate__`, standard deviation `se__` and ends of the interval `lower__`,
#'   `upper__` of the expected response. `plot()`: a list of ggplot2 objects, one for each effect.
#' @section Errors: Of class `bayespool_error_argument`: unknown effects, conditions that are no data frame. Of class
#'   `bayespool_error_data`: a fit made from group moments or counts, which keep no rows; groups without a value in `conditions`. Of class
#'   `bayespool_error_model`: a fit without predictors, or of [no_pooling()] with `re_formula = NA`.
#' @seealso [plot_effects()], [plot_groups()], [predict()][predict.bayespool_fit].
#' @examples
#' fit <- varying_intercept(yield ~ N * P + (1 | block), npk, iter_sampling = 0)
#' conditional_effects(fit)
#' plot(conditional_effects(fit, "N:P"))[[1]]
#' conditional_effects(fit, "N", data.frame(block = c("1", "2")), re_formula = NULL)
#' @export
conditional_effects <- function(x, ...) {
  UseMethod("conditional_effects")
}

# Where this package was attached after brms.
#' @rawNamespace S3method(conditional_effects, default, conditional_effects_of_brms)
conditional_effects_of_brms <- function(x, ...) {
  rlang::check_installed("brms")
  getExportedValue("brms", "conditional_effects")(x, ...)
}

#' @rdname conditional_effects
#' @export
#' @rawNamespace S3method(brms::conditional_effects, bayespool_fit)
conditional_effects.bayespool_fit <- function(x, effects = NULL, conditions = NULL, re_formula = NA, prob = 0.94,
                                              interval = c("hdi", "central"), resolution = 100, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  check_interval_prob(prob, call)
  interval <- choose_interval(interval, call)
  valid <- is_count(resolution, positive = TRUE) && resolution > 1
  check_argument(resolution, valid, "a whole number of at least 2", call)
  options <- prediction_options(NULL, NULL, re_formula, NULL, TRUE, NULL, 1, call)
  effects <- read_effects(x, effects, call)
  used <- observed_rows(x, "conditional_effects()", call)$row
  needed <- unique(c(predictor_variables(x), group_columns(x$parsed), unlist(lapply(x$parsed$offset, all.vars))))
  rows <- x$data[used, needed, drop = FALSE]
  base <- with_conditions(x, reference_row(rows), conditions, options$population, call)
  tables <- lapply(effects, function(variables) {
    grid <- effect_grid(rows, base, variables, resolution)
    new <- prediction_rows(x, grid, options, "conditional_effects()", call, response = FALSE)
    table <- row_table(x, new$x, new$levels, 0, prob, interval, call)
    colnames(table) <- c("estimate__", "se__", "lower__", "upper__")
    shown <- c(variables, setdiff(names(conditions), variables), "cond__", "effect1__", if (length(variables) > 1) "effect2__")
    data.frame(grid[shown], table, check.names = FALSE, row.names = NULL)
  })
  counts <- has_counts(x$model)
  structure(
    tables,
    names = vapply(effects, paste, "", collapse = ":"), class = "bayespool_conditional_effects", prob = prob, interval = interval,
    draws = if (has_chains(x)) posterior::ndraws(x),
    quantity = if (counts) outcome_label(x, TRUE) else paste("expected", response_label(x)),
    prior = is_prior_only(x), population = has_groups(x$model) && options$population
  )
}

# Lists of one or two names of predictors. By default each predictor, then each pair with an interaction.
read_effects <- function(fit, effects, call) {
  predictors <- predictor_variables(fit)
  if (length(predictors) == 0) {
    abort_bayespool(
      c("This fit has no predictors.", i = "Its formula is {.code {format_formula(fit$formula)}}."), "model", call
    )
  }
  if (is.null(effects)) {
    pairs <- lapply(fit$parsed$terms, function(term) all.vars(str2lang(term)))
    return(c(as.list(predictors), unique(Filter(function(pair) length(pair) == 2, pairs))))
  }
  parts <- if (is.character(effects)) strsplit(effects, ":", fixed = TRUE)
  valid <- length(parts) > 0 && all(vapply(parts, function(part) {
    length(part) %in% 1:2 && all(part %in% predictors) && !anyDuplicated(part)
  }, NA))
  if (!valid) {
    abort_bayespool(
      c(
        "{.arg effects} must be names of predictors, or of two of them, as in {.val x:f}.",
        i = "Found {.code {format_found(effects)}}.", i = "There {?is/are} {.val {predictors}}."
      ),
      "argument", call
    )
  }
  parts
}

# One row: means of numbers, first levels of the rest.
reference_row <- function(rows) {
  as_frame(lapply(rows, function(column) {
    if (is.numeric(column) && is.null(dim(column))) mean(column) else if (is.factor(column)) levels_of(column)[1] else sort(column)[1]
  }), 1L)
}

# The levels that the rows have, as the values of a column like theirs.
levels_of <- function(column) {
  if (is.factor(column)) factor(levels(droplevels(column)), levels(column), ordered = is.ordered(column)) else sort(unique(column))
}

# The reference row as many times as there are conditions, with their values.
with_conditions <- function(fit, reference, conditions, population, call) {
  groups <- if (!population && has_groups(fit$model)) group_columns(fit$parsed)
  missing <- setdiff(groups, names(conditions))
  if (length(missing) > 0) {
    abort_bayespool(
      c(
        "With {.code re_formula = NULL} the groups must be in {.arg conditions}.",
        i = "It has no {.val {missing}}: {.code conditions = data.frame({missing[1]} = ...)}.",
        i = "{.code re_formula = NA} is for the population."
      ),
      "data", call
    )
  }
  if (is.null(conditions)) {
    reference$cond__ <- factor("1")
    return(reference)
  }
  valid <- is.data.frame(conditions) && nrow(conditions) > 0
  known <- union(predictor_variables(fit), group_columns(fit$parsed))
  if (!valid || !all(names(conditions) %in% known)) {
    abort_bayespool(
      c(
        "{.arg conditions} must be a data frame whose columns are predictors or grouping factors.",
        i = if (valid) "Found {.val {names(conditions)}}." else "Found {.obj_type_friendly {conditions}}.",
        i = "There {?is/are} {.val {known}}."
      ),
      "argument", call
    )
  }
  base <- reference[rep(1L, nrow(conditions)), , drop = FALSE]
  base[names(conditions)] <- conditions
  labels <- condition_labels(conditions)
  base$cond__ <- factor(labels, labels)
  base
}

# The rows of `base` at all values of the predictors `variables`.
effect_grid <- function(rows, base, variables, resolution) {
  values <- lapply(seq_along(variables), function(k) {
    column <- rows[[variables[k]]]
    if (!is.numeric(column)) {
      levels_of(column)
    } else if (k == 1) {
      seq(min(column), max(column), length.out = resolution)
    } else {
      mean(column) + c(-1, 0, 1) * stats::sd(column)
    }
  })
  at <- expand.grid(c(lapply(values, seq_along), list(seq_len(nrow(base)))))
  grid <- base[at[[ncol(at)]], , drop = FALSE]
  for (k in seq_along(variables)) grid[[variables[k]]] <- values[[k]][at[[k]]]
  grid$effect1__ <- grid[[variables[1]]]
  if (length(variables) > 1) {
    second <- values[[2]]
    labels <- if (is.numeric(second)) vapply(second, format, "", digits = 3) else as.character(second)
    grid$effect2__ <- factor(labels[at[[2]]], labels)
  }
  grid
}

#' @rdname conditional_effects
#' @export
print.bayespool_conditional_effects <- function(x, ...) {
  for (name in names(x)) {
    cat(name, "\n", sep = "")
    table <- x[[name]]
    shown <- if (nrow(table) > 6) round(seq(1, nrow(table), length.out = 6)) else seq_len(nrow(table))
    print(table[shown, setdiff(names(table), c("effect1__", "effect2__")), drop = FALSE], row.names = FALSE, digits = 4)
    note_more(nrow(table) - length(shown), "rows")
    cat("\n")
  }
  note_interval(x, attr(x, "quantity"))
  cat("plot() draws them\n")
  invisible(x)
}

# The names of the rows; where these are numbers of R, what is in them.
condition_labels <- function(conditions) {
  if (.row_names_info(conditions) > 0 || ncol(conditions) == 0) {
    return(rownames(conditions))
  }
  parts <- Map(function(name, values) paste(name, "=", values), names(conditions), conditions)
  make.unique(do.call(paste, c(unname(parts), sep = ", ")))
}
