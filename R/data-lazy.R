# Tables that R does not hold: lazy tables of dplyr. The engine that holds the rows computes sums by group, R makes moments of them.

#' Rows that are not in R
#'
#' `data` of [group_moments()], [group_counts()] and all fitting functions may be a table in a database, or rows that come in parts: one
#' line a group is all that the models need.
#'
#' **Lazy tables of dplyr** (class `tbl_lazy`): `dplyr::tbl(con, "answers")` of any database that dbplyr speaks to, after any verbs. The
#' database reduces its rows to sums by group, and R receives one line for each group, or for each group and value of the categorical
#' predictors. The query computes the averages of the groups first and then sums of deviations from them, so that nothing cancels:
#' the moments are as accurate as those of a data frame, also where a large offset is on all values. It is one query that reads the
#' rows twice, beside a count of all rows and, where some are missing, of what is missing.
#'
#' In the formula columns of numbers stand for themselves; text and logical columns and `factor(x)` are categories, coded by R as
#' ever; interactions of all of these are allowed. What else is to be computed (logarithms, squares, centring) is done by the database:
#' `dplyr::mutate(data, log_dose = log(dose))`. `weights`, and `se` or `vi` of [meta_analysis()], are names of columns.
#'
#' Of counts the database returns one line for each group and distinct value of the response, and R adds these up, so that [group_counts()]
#' has all it has of a data frame. The response is a column, or `cbind(successes, failures)` of two; `weights` is the name of a column; an
#' offset is `offset(log(exposure))` with the name of one.
#'
#' **Rows in parts.** A function that returns a data frame whenever it is called and `NULL` after the last one; a `DBIResult`, whose
#' rows are fetched 100,000 at a time; a stream of nanoarrow. Each part is reduced and forgotten, so memory is that of one part. In the
#' formula everything works whose value in a row does not depend on other rows; so `log(x)` and `I(x^2)` do, `poly(x, 2)` and
#' `scale(x)` do not. A stream is empty once it was read: reduce it by [group_moments()] where several models are to be fitted.
#'
#' **Parts side by side.** Moments of parts that were reduced by different processes are merged by `c()`, or a list of them is given as
#' `data`; see [group_moments()].
#'
#' **What the fit then has.** Everything but the rows: summaries, evidence, draws, new groups, leaving out groups. What is about
#' single rows takes some that were collected, as `newdata`: predictions, [pp_check()], [log_lik()], [loo()].
#'
#' **What is left to the engine.** Which labels of groups are equal: collations of some databases do not tell upper from lower case, or
#' ignore blanks at the end. What is missing: `NULL`. Values that are infinite or no numbers are an error. Databases without a type of
#' logical values, such as SQLite, have 0 and 1 in its place, and these are numbers. A query must return the same rows whenever it
#' is read, which one with random numbers does not, nor one with a limit and no order: store its result with `dplyr::compute()`. Groups
#' come in the order of [factor()], which R finds and not the database.
#'
#' Tables and datasets of the package arrow are reduced by the same verbs. That is not tested.
#'
#' @section Errors: Of class `bayespool_error_formula`: something in the formula that the engine would have to compute. Of class
#'   `bayespool_error_data`: variables that are missing, infinite or of other types than text, numbers and logical values (dates
#'   for example); labels that are whole numbers beyond 2^53; rows that differ from one reading to the next; what the engine itself
#'   refuses, with its own message. Of class `bayespool_error_argument`: weights that are not the name of a column.
#' @section Progress: Rows in parts that take more than two seconds show a progress bar in interactive sessions.
#'   `options(bayespool.progress = FALSE)` silences it, `TRUE` shows it in scripts too.
#' @seealso [group_moments()]; the article *Rows that are not in R* of the web site.
#' @examplesIf rlang::is_installed(c("dbplyr", "RSQLite"))
#' con <- DBI::dbConnect(RSQLite::SQLite(), ":memory:")
#' DBI::dbWriteTable(con, "plots", transform(npk, block = as.character(block), N = as.character(N)))
#' plots <- dplyr::tbl(con, "plots")
#' varying_intercept(yield ~ N + (1 | block), plots, seed = 1)
#'
#' # Five rows at a time.
#' query <- DBI::dbSendQuery(con, "SELECT * FROM plots")
#' group_moments(yield ~ N + (1 | block), function() {
#'   rows <- DBI::dbFetch(query, n = 5)
#'   if (nrow(rows) > 0) rows
#' })
#' DBI::dbClearResult(query)
#' DBI::dbDisconnect(con)
#' @name bayespool-rows
NULL

#' @export
#' @noRd
reduce_data.tbl_lazy <- function(parsed, data, pooled, call = rlang::caller_env()) {
  moments <- moments_of_cells(parsed, cells_of_table(parsed, data, call), call)
  warn_lost_digits(moments, call)
  moments
}

# The same verbs for tables and datasets of arrow.
#' @export
#' @noRd
reduce_data.arrow_dplyr_query <- reduce_data.tbl_lazy

#' @export
#' @noRd
reduce_data.ArrowTabular <- reduce_data.tbl_lazy

#' @export
#' @noRd
reduce_data.Dataset <- reduce_data.tbl_lazy

# A column of `data`: what is computed has its own rules in each engine, such as for the division of whole numbers.
#' @export
#' @noRd
add_weights.tbl_lazy <- function(data, weights, call) {
  set_weights(data, lazy_column(weights, "weights", data, call), "weights")
}

#' @export
#' @noRd
change_weights.tbl_lazy <- function(data, expr) set_weights(data, expr, attr(data, "weights_argument"))

# `argument`: which one the weights come from, for people.
set_weights <- function(data, expr, argument) {
  structure(dplyr::mutate(data, !!!stats::setNames(list(expr), weights_column)), weights_argument = argument)
}

#' @export
#' @noRd
attach_errors.tbl_lazy <- function(data, errors, call) {
  name <- names(errors)
  column <- lazy_column(errors[[1]], name, data, call)
  range <- ask_table(dplyr::summarise(data, low = min(!!column, na.rm = TRUE), high = max(!!column, na.rm = TRUE)), call)
  bad <- c(range$low[which(range$low <= 0)], range$high[which(range$high == Inf)])
  if (length(bad) > 0) {
    abort_errors(name, bad[1], "in a row", call)
  }
  set_weights(data, switch(name, se = rlang::expr(1 / (!!column * !!column)), vi = rlang::expr(1 / !!column)), name)
}

# The column that `argument` (a quosure) names, as a symbol.
lazy_column <- function(argument, name, data, call) {
  expr <- rlang::quo_get_expr(argument)
  if (!is.name(expr) || !as.character(expr) %in% colnames(data)) {
    abort_bayespool(
      c(
        "{.arg {name}} must be a column of a table that is not in R.",
        i = "Found {.code {format_expr(expr)}}.",
        i = "Its columns are {.val {setdiff(colnames(data), weights_column)}}; compute others with {.fn dplyr::mutate} first."
      ),
      "argument", call
    )
  }
  expr
}

# The rows of a table that have all of `used`, columns, and a weight above 0: a list with `data`, `used` (named as people know them),
# `complete` and `example`, one of these rows.
complete_rows <- function(parsed, data, call, used = formula_variables(parsed)) {
  of_weights <- attr(data, "weights_argument")
  data <- dplyr::ungroup(data)
  check_present(setdiff(formula_variables(parsed), colnames(data)), setdiff(colnames(data), weights_column), call)
  weighted <- weights_column %in% colnames(data)
  used <- stats::setNames(c(used, if (weighted) weights_column), c(used, of_weights))
  complete <- dplyr::filter(data, !!!lapply(unname(used), function(column) rlang::expr(!is.na(!!as.name(column)))))
  if (weighted) complete <- dplyr::filter(complete, !!as.name(weights_column) > 0)
  example <- ask_table(utils::head(dplyr::select(complete, dplyr::all_of(union(unname(used), formula_variables(parsed)))), 1), call)
  if (nrow(example) == 0) {
    tell_dropped(dropped_of_table(data, used, 0, call), 0, call)
  }
  for (column in group_columns(parsed)) key_values(example[[column]], column, call)
  list(data = data, used = used, complete = complete, example = example)
}

# See moments_of_cells().
cells_of_table <- function(parsed, data, call) {
  rows <- complete_rows(parsed, data, call)
  check_number(parsed$response_expr, rows$example, call)
  weighted <- weights_column %in% rows$used
  categories <- table_categories(parsed, rows$example, call)
  products <- new_products(parsed, names(categories))
  group <- group_columns(parsed)
  keys <- c(group, vapply(categories, all.vars, ""))
  sums <- ask_table(sums_by_cell(rows$complete, keys, products$variables, weighted), call)
  values <- Map(key_values, sums[key_names(keys)], keys, list(call))
  list(
    group = stats::setNames(values[seq_along(group)], group),
    categories = category_values(categories, values[seq_along(categories) + length(group)]),
    lines = lines_of_sums(sums, products$variables, weighted, call),
    products = products,
    dropped = dropped_of_table(rows$data, rows$used, sum(as.double(sums$n)), call)
  )
}

# The categorical variables among the predictors, as expressions: columns of text or logical values, and factor() of a column.
table_categories <- function(parsed, example, call) {
  variables <- formula_expressions(parsed)
  is_category <- vapply(variables, function(expr) {
    made <- rlang::is_call(expr, c("factor", "as.factor"), n = 1) && is.name(expr[[2]])
    if (!made && is.name(expr) && is_coded(example[[as.character(expr)]])) {
      return(TRUE)
    }
    if (!made) check_number(expr, example, call)
    made
  }, NA)
  variables[is_category]
}

# `values` of the columns in `categories`, as the formula has them.
category_values <- function(categories, values) {
  Map(function(expr, values) if (is.name(expr)) values else factor(values), categories, values)
}

# Whether `expr` is a column of numbers.
check_number <- function(expr, example, call) {
  if (!is.name(expr)) {
    abort_formula(
      "Where the rows are not in R, a formula can use columns as they are, their interactions and {.code factor()}.",
      "Compute it with {.fn dplyr::mutate} first.", expr, call
    )
  }
  name <- as.character(expr)
  if (!is.numeric(example[[name]])) {
    abort_bayespool(
      c(
        "{.code {name}} must be a column of numbers.",
        i = "Found {.obj_type_friendly {example[[name]]}}.",
        i = "Convert it with {.fn dplyr::mutate} first."
      ),
      "data", call
    )
  }
}

# Values of a column by which rows are grouped.
key_values <- function(values, column, call) {
  if (inherits(values, "integer64")) {
    values <- suppressWarnings(as.double(values))
    if (any(abs(values) >= 2^53)) {
      abort_bayespool(
        c(
          "{.code {column}} has values beyond 2^53, which R cannot tell from their neighbours.",
          i = "Make them text with {.code dplyr::mutate(data, {column} = as.character({column}))}."
        ),
        "data", call
      )
    }
  }
  if (!(is.numeric(values) || is_coded(values))) {
    abort_bayespool(
      c(
        "{.code {column}} must hold text, numbers or logical values.",
        i = "Found {.obj_type_friendly {values}}.",
        i = "Convert it with {.fn dplyr::mutate} first, dates for example with {.code as.character()}."
      ),
      "data", call
    )
  }
  values
}
