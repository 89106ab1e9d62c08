# compare_pooling() where slopes vary: complete pooling, each term of the varying part alone, and all of them together.

# `call`: of compare_pooling(), for messages.
compare_effects <- function(parsed, data, prior, ..., prob, interval, call) {
  if (!parsed$intercept && length(parsed$terms) == 0) {
    abort_formula(
      "{.fn compare_pooling} starts from complete pooling, and the formula leaves that no coefficient.",
      "Add an intercept or a predictor outside of the bar, as in {.code y ~ x + (0 + x | g)}.", parsed$formula, call
    )
  }
  models <- effect_models(parsed$varying)
  second <- format_expr(as.name(models[2]))
  example <- paste0("list(complete = list(sigma = dist_exponential(1)), ", second, " = list(sigma_y = dist_exponential(1)))")
  check_priors_by_model(prior, models, example, call)
  fits <- effect_fits(models, parsed, data, prior, ...)
  whole <- fits[[length(fits)]]
  directions <- varying_term(whole$model)$directions
  tables <- lapply(fits, exact_interval_table, prob, interval, call = call)
  compared <- compare_models(fits)
  structure(
    list(
      fits = fits,
      groups = effect_rows(fits, tables, directions),
      population = data.frame(
        coefficient = factor(directions, levels = directions),
        rows_or_zero(tables[[length(tables)]], direction_means(whole$model, directions))
      ),
      models = compared$table, notes = compared$notes, prob = prob, interval = interval
    ),
    class = c("compare_effects", "compare_pooling")
  )
}

# Names of the models. Those of no term come before terms that have the same name.
effect_models <- function(varying) {
  terms <- vapply(varying$terms, function(label) {
    expr <- str2lang(label)
    if (is.name(expr)) as.character(expr) else label
  }, "", USE.NAMES = FALSE)
  if (!varying$intercept && length(terms) == 1) {
    return(make.unique(c("complete", terms)))
  }
  names <- make.unique(c("complete", "all", if (varying$intercept) "intercept", terms))
  c(names[-2], names[2])
}

# The fits, named. The whole model is the first to be made: its rows, which have no missing values in any of the variables, are
# those of all models.
effect_fits <- function(models, parsed, data, prior, ...) {
  varying <- parsed$varying
  last <- length(models)
  whole <- if (varying$intercept) {
    varying_intercept_slope(parsed$formula, data, prior = prior[[models[last]]], ...)
  } else {
    varying_slope(parsed$formula, data, prior = prior[[models[last]]], ...)
  }
  data <- rows_of_whole(whole, data)
  terms <- if (last > 2) varying$terms
  intercepts <- with_bar(parsed, "1")
  fits <- quietly(c(
    list(complete_pooling(intercepts, data, prior = prior[["complete"]], ...)),
    if (varying$intercept) list(varying_intercept(intercepts, data, prior = prior[["intercept"]], ...)),
    Map(function(term, model) {
      alone <- term_alone(term, parsed, data, whole)
      varying_slope(alone$formula, alone$data, prior = prior[[model]], ...)
    }, terms, utils::head(utils::tail(models, length(terms) + 1), length(terms))),
    list(whole)
  ))
  stats::setNames(fits, models)
}

# The whole model has told of rows that were dropped, and of groups of one observation.
quietly <- function(fits) {
  suppressWarnings(suppressMessages(fits, classes = "bayespool_message_dropped"), classes = "bayespool_warning_undetermined")
}

# Formula and data of the model in which this term is all that varies.
term_alone <- function(term, parsed, data, whole) {
  columns <- whole$reduced$varying$terms[[term]]
  # By itself a category would vary in all of its levels, which is as much as beside an intercept.
  if (term %in% names(whole$reduced$varying$coding$patterns)) {
    data <- with_columns(data, whole, columns)
    term <- paste(vapply(columns, function(column) format_expr(as.name(column)), ""), collapse = " + ")
  }
  bar <- if (length(columns) > 1 && !parsed$varying$correlated) "||" else "|"
  list(formula = with_bar(parsed, paste("0 +", term), bar), data = data)
}

# The formula with another bar, of the terms in `varying` (text).
with_bar <- function(parsed, varying, bar = "|") {
  formula <- parsed$fixed
  bar <- call("(", call(bar, str2lang(varying), factor_expr(parsed)))
  formula[[3]] <- call("+", formula[[3]], bar)
  formula
}

# The data of a fit for models of fewer variables: rows that it did not use belong to no group. They stay, so that terms such as
# poly(x, 2), which depend on all rows, mean the same.
rows_of_whole <- function(whole, data) {
  if (!has_rows(whole)) {
    return(data)
  }
  data <- whole$data
  if (whole$reduced$dropped > 0) {
    used <- observed_rows(whole, "A comparison", NULL)$row
    data[[group_columns(whole$parsed)[1]]][-used] <- NA
  }
  data
}

# The data with the columns that a term has in the whole model as variables of their own.
with_columns <- function(data, whole, columns) {
  if (!has_rows(whole)) {
    data$varying <- list(terms = stats::setNames(as.list(columns), columns))
    return(data)
  }
  rows <- observed_rows(whole, "A comparison", NULL)
  for (column in columns) {
    data[[column]] <- replace(rep(NA_real_, nrow(data)), rows$row, rows$x[, match(column, whole$model$columns)])
  }
  data
}

# One row for each model, coefficient and group. `tables`: of interval_table(), one for each fit.
effect_rows <- function(fits, tables, directions) {
  moments <- fits[[length(fits)]]$reduced
  groups <- length(moments$group)
  estimates <- Map(function(fit, table) {
    variables <- lapply(directions, function(direction) {
      if (direction %in% varying_term(fit$model)$directions) {
        layout_variables(fit$model, "group", direction)
      } else {
        rep(direction_means(fit$model, direction), groups)
      }
    })
    rows_or_zero(table, unlist(variables))
  }, fits, tables)
  data.frame(
    group = rep(factor(moments$group, levels = moments$group), length(directions) * length(fits)),
    n = rep(moments$n, length(directions) * length(fits)),
    coefficient = rep(factor(rep(directions, each = groups), levels = directions), length(fits)),
    model = factor(rep(names(fits), each = groups * length(directions)), levels = names(fits)),
    do.call(rbind, unname(estimates))
  )
}

# A coefficient that a model has not, NA among the `variables`, is 0.
rows_or_zero <- function(table, variables) {
  rows <- summary_rows(table, variables)
  rows[is.na(variables), ] <- 0
  rows
}

#' @rdname compare_pooling
#' @export
print.compare_effects <- function(x, digits = 2, n_rows = 20, ...) {
  print_head(x$fits)
  varies <- vapply(x$fits, function(fit) {
    if (!has_groups(fit$model)) {
      return("nothing varies")
    }
    paste0("(", vapply(bar_calls(fit$formula[[3]]), format_expr, ""), ")", collapse = " + ")
  }, "")
  names <- format(shorten(names(varies), 16))
  cat(paste0("  ", names, "  ", shorten(varies, getOption("width") - 4 - nchar(names[1], "width")), "\n"), sep = "")
  for (groups in split(x$groups, x$groups$coefficient)) {
    by_model <- split(groups, groups$model)
    cat("\n")
    print_note("Posterior mean of the ", effect_label(as.character(groups$coefficient[1])), " in each group")
    estimates <- lapply(by_model, `[[`, "estimate")
    print_groups(data.frame(by_model[[1]][c("group", "n")], estimates, check.names = FALSE), digits, n_rows)
  }
  whole <- names(x$fits)[length(x$fits)]
  cat("\nPopulation under '", shorten(whole, 30), "'\n", sep = "")
  numbers <- lapply(x$population[c("estimate", "lower", "upper")], format_numbers, digits)
  print(as_frame(c(list(coefficient = fit_labels(x$population$coefficient, numbers)), numbers), nrow(x$population)), row.names = FALSE)
  print_note("lower, upper: ", percent(x$prob), if (x$interval == "hdi") " shortest (hdi)" else " central", " interval, by quadrature")
  print_models(x)
  invisible(x)
}

#' @rdname tidy.compare_pooling
#' @export
tidy.compare_effects <- function(x, ...) {
  ignore_dots(rlang::exprs(...), rlang::current_env())
  rbind(
    long_rows(x$groups$model, x$groups$group, x$groups$coefficient, x$groups),
    long_rows(names(x$fits)[length(x$fits)], NA, x$population$coefficient, x$population)
  )
}
