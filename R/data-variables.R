# The variables of a formula in rows of data: response, and predictors before coding.

# Where rows keep their weights: a name that every database takes, and nobody's own.
weights_column <- "bayespool_weights"

formula_variables <- function(parsed) {
  of_offset <- unlist(lapply(parsed$offset, all.vars))
  unique(c(all.vars(parsed$fixed), if (has_varying_terms(parsed)) all.vars(parsed$varying$fixed), of_offset, group_columns(parsed)))
}

check_variables <- function(parsed, data, call) {
  variables <- formula_variables(parsed)
  missing <- setdiff(variables, names(data))
  table <- if (any(all.vars(parsed$response_expr) %in% missing)) table_call(data, group_columns(parsed))
  check_present(missing, setdiff(names(data), weights_column), call, table)
  for (name in variables) {
    if (inherits(data[[name]], "integer64")) {
      abort_bayespool(
        c(
          "{.val {name}} is a 64-bit integer column, which is not supported.",
          i = "Convert it with {.fn as.numeric} first."
        ),
        "data", call
      )
    }
  }
}

# `missing`: variables of the formula that are not among the columns `available`; `table`: see table_call().
check_present <- function(missing, available, call, table = NULL) {
  if (length(missing) > 0) {
    abort_bayespool(
      c(
        "The formula's {.val {missing}} {?is/are} not in {.arg data}.",
        i = "Its columns are {.val {available}}.",
        i = "Variables are only looked up in {.arg data}.",
        i = if (!is.null(table)) {
          "Is {.arg data} a table with one row a group? Then {.code {table}} makes group moments of it, which take its place."
        }
      ),
      "data", call
    )
  }
}

# Evaluates code that the user wrote in the formula; what goes wrong there is an error of the data. `source`: the argument
# that holds them.
eval_user <- function(expr, what, call, source = "data") {
  tryCatch(
    expr,
    error = function(cnd) {
      abort_bayespool(paste(what, "cannot be computed from {.arg {source}}."), "data", call, parent = cnd)
    }
  )
}

response_values <- function(parsed, data, call) {
  if (is.name(parsed$response_expr)) {
    data[[parsed$response]]
  } else {
    eval_user(eval(parsed$response_expr, data, parsed$env), "The response", call)
  }
}

# `response`: numbers, or what should be numbers.
eval_response <- function(parsed, data, call, response = response_values(parsed, data, call)) {
  name <- parsed$response
  if (!is_plain_number(response)) {
    abort_bayespool(
      c(
        "The response must be a numeric vector.",
        i = "{.code {name}} is {.obj_type_friendly {response}}.",
        i = parsed$family$response
      ),
      "data", call
    )
  }
  if (length(response) != nrow(data)) {
    abort_bayespool(
      c("The response must have one value a row.",
        i = "{.code {name}} has {length(response)} value{?s} for {nrow(data)} row{?s}."),
      "data", call
    )
  }
  as_vector(response)
}

# Numbers and text without a class (such as "labelled") that may have its own idea of a conversion or a subset.
without_class <- function(x) {
  if (!is.object(x) || !(is.numeric(x) || is.character(x))) {
    return(x)
  }
  replace(as.vector(unclass(x)), which(is.na(x)), NA)
}

# A data frame in which NA stands for all that the class of a column calls missing, as haven's "labelled_spss" does with some of its values.
mark_missing_by_class <- function(data, columns) {
  for (name in intersect(columns, names(data))) {
    column <- data[[name]]
    if (is.object(column) && (is.numeric(column) || is.character(column)) && any(is.na(column) & !is.na(unclass(column)))) {
      data[[name]][is.na(column)] <- NA
    }
  }
  data
}

# A column that needs no coding: numeric, not a factor, date, time difference, one-dimensional table or matrix, but for one
# of a single column, which scale() makes.
is_plain_number <- function(x) {
  is.numeric(x) && (is.null(dim(x)) || is_column(x)) && !inherits(x, "integer64")
}

is_column <- function(x) is.matrix(x) && ncol(x) == 1

# Such a column as a vector.
as_vector <- function(x) if (is_column(x)) as.vector(unclass(x)) else without_class(x)

# `frame`: the variables of the fixed terms before coding, NA included; `terms`: NULL when each term
# is a numeric column.
eval_predictors <- function(parsed, data, call) {
  columns <- vapply(parsed$terms, term_variable, character(1))
  is_plain <- function(name) !is.na(name) && is_plain_number(data[[name]])
  if (all(vapply(columns, is_plain, logical(1)))) {
    frame <- lapply(columns, function(name) as_vector(data[[name]]))
    names(frame) <- parsed$terms
    return(list(frame = as_frame(frame, nrow(data)), terms = NULL))
  }
  rhs <- stats::delete.response(stats::terms(parsed$fixed))
  frame <- predictor_model_frame(rhs, data, NULL, call)
  list(frame = frame, terms = attr(frame, "terms"))
}

# The model frame of the predictors, one row for each of `data`. `source`: the argument that holds these.
predictor_model_frame <- function(terms, data, levels, call, source = "data") {
  frame <- eval_user(
    stats::model.frame(terms, data, na.action = stats::na.pass, xlev = levels), "The predictors", call, source
  )
  # The number of rows of the frame itself is that of `data`, whatever is in it.
  sizes <- vapply(frame, NROW, 1L)
  if (any(sizes != nrow(data))) {
    wrong <- which(sizes != nrow(data))[1]
    abort_bayespool(
      c(
        "The predictors must have one value a row.",
        i = "{.code {names(frame)[wrong]}} has {sizes[wrong]} value{?s} for {nrow(data)} row{?s}."
      ),
      "data", call
    )
  }
  frame
}

# The variables of `terms` as a model frame names them.
variable_names <- function(terms) {
  vapply(as.list(attr(terms, "variables"))[-1], function(x) if (is.name(x)) as.character(x) else format_expr(x), "")
}

# The column that a term names, or NA for an interaction or a function.
term_variable <- function(label) {
  expr <- str2lang(label)
  if (is.name(expr)) as.character(expr) else NA_character_
}

# The names that the user gave to the rows, or NULL.
row_labels <- function(data) {
  labels <- attr(data, "row.names")
  if (is.character(labels)) labels
}
