# From the rows of a data frame to group moments: which rows, which columns, which group.

reduce_rows <- function(parsed, data, pooled, call) {
  check_variables(parsed, data, call)
  if (nrow(data) == 0) {
    abort_bayespool(c("{.arg data} has no rows."), "data", call)
  }
  response <- eval_response(parsed, data, call)
  predictors <- eval_predictors(parsed, data, call)
  group <- if (!is.null(parsed$group)) group_column(data[[parsed$group]], parsed$group, call)

  # One of the used columns may be as long as memory allows, so rows are only copied when some must
  # go.
  used <- c(list(response), predictors$frame, if (!is.null(group)) list(group))
  dropped <- 0
  if (any(vapply(used, has_missing, logical(1)))) {
    keep <- rows_to_keep(used, c(parsed$response, names(predictors$frame), parsed$group), call)
    dropped <- as.double(sum(!keep))
    response <- response[keep]
    predictors$frame <- predictors$frame[keep, , drop = FALSE]
    if (!is.null(group)) group <- group[keep]
  }
  coded <- code_predictors(parsed, predictors, call)
  groups <- code_groups(group)

  result <- cpp_group_moments(
    c(coded$columns, list(as.double(response))), length(response), groups$code, groups$first, groups$size, pooled
  )
  columns <- c(unlist(coded$terms, use.names = FALSE), parsed$response)
  check_finite(result, columns, c(coded$columns, list(response)), call)
  present <- result$n > 0
  if (!all(present)) {
    result$n <- result$n[present]
    result$mean <- result$mean[present, , drop = FALSE]
    if (!pooled) result$within <- result$within[present, , drop = FALSE]
  }
  colnames(result$mean) <- columns
  new_group_moments(
    group_name = parsed$group, group = groups$labels(which(present)), n = result$n, mean = result$mean,
    within = result$within, pooled = pooled, terms = coded$terms, response = parsed$response,
    intercept = parsed$intercept, coding = coded$coding, dropped = dropped
  )
}

check_variables <- function(parsed, data, call) {
  variables <- unique(c(all.vars(parsed$fixed), parsed$group))
  missing <- setdiff(variables, names(data))
  if (length(missing) > 0) {
    available <- names(data)
    abort_bayespool(
      c(
        "The formula's {.val {missing}} {?is/are} not in {.arg data}.",
        i = "Its columns are {.val {available}}.",
        i = "Variables are only looked up in {.arg data}."
      ),
      "data", call
    )
  }
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

# Evaluates code that the user wrote in the formula; what goes wrong there is an error of the data. `source`: the argument
# that holds them.
eval_user <- function(expr, what, call, source = "data") {
  tryCatch(
    expr,
    error = function(cnd) {
      abort_bayespool(c("{what} cannot be computed from {.arg {source}}."), "data", call, parent = cnd)
    }
  )
}

eval_response <- function(parsed, data, call) {
  name <- parsed$response
  response <- if (is.name(parsed$response_expr)) {
    data[[name]]
  } else {
    eval_user(eval(parsed$response_expr, data, parsed$env), "The response", call)
  }
  if (!is_plain_number(response)) {
    abort_bayespool(
      c(
        "The response must be a numeric vector.",
        i = "{.code {name}} is {.obj_type_friendly {response}}.",
        i = "The models are for a normal outcome."
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
  without_class(response)
}

# Numbers and text without a class (such as "labelled") that may have its own idea of a conversion or a subset.
without_class <- function(x) {
  if (is.object(x) && (is.numeric(x) || is.character(x))) as.vector(unclass(x)) else x
}

# A column that needs no coding: numeric, not a factor, date, time difference, matrix or
# one-dimensional table.
is_plain_number <- function(x) {
  is.numeric(x) && is.null(dim(x)) && !inherits(x, "integer64")
}

# `frame`: the variables of the fixed terms before coding, NA included; `terms`: NULL when each term
# is a numeric column.
eval_predictors <- function(parsed, data, call) {
  columns <- vapply(parsed$terms, term_variable, character(1))
  is_plain <- function(name) !is.na(name) && is_plain_number(data[[name]])
  if (all(vapply(columns, is_plain, logical(1)))) {
    frame <- lapply(columns, function(name) without_class(data[[name]]))
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

# The column that a term names, or NA for an interaction or a function.
term_variable <- function(label) {
  expr <- str2lang(label)
  if (is.name(expr)) as.character(expr) else NA_character_
}

# data.frame() would copy and rename.
as_frame <- function(columns, rows) {
  structure(columns, class = "data.frame", row.names = .set_row_names(rows))
}

# The grouping column as a vector whose values are the groups.
group_column <- function(group, name, call) {
  if (!is.atomic(group) || !is.null(dim(group)) || is.complex(group) || is.raw(group)) {
    abort_bayespool(
      c(
        "The grouping factor must be a factor, character, numeric or logical column.",
        i = "{.val {name}} is {.obj_type_friendly {group}}."
      ),
      "data", call
    )
  }
  without_class(group)
}

# TRUE for the rows without NA in `used` (vectors, or matrices in a model frame; `names` for
# messages); options(na.action) decides whether the others may go.
rows_to_keep <- function(used, names, call) {
  keep <- stats::complete.cases(used)
  with_missing <- unique(names[vapply(used, has_missing, logical(1))])
  lost <- sum(!keep)
  action <- getOption("na.action", "na.omit")
  if (is.function(action)) {
    known <- Find(function(f) identical(action, getExportedValue("stats", f)), c("na.omit", "na.exclude", "na.fail"))
    action <- if (is.null(known)) "a function" else known
  }
  if (!action %in% c("na.omit", "na.exclude")) {
    abort_bayespool(
      c(
        "{lost} row{?s} {?has/have} missing values, and {.code options(na.action)} is {.val {action}}.",
        i = "They are in {.code {with_missing}}.",
        i = "{.code na.omit} and {.code na.exclude} drop such rows."
      ),
      "data", call
    )
  }
  left <- sum(keep)
  if (left == 0) {
    abort_bayespool(
      c("Every row has a missing value.", i = "They are in {.code {with_missing}}."),
      "data", call
    )
  }
  cli::cli_inform(
    c(
      i = "Dropped {lost} row{?s} with missing values in {.code {with_missing}}.",
      i = "{left} row{?s} {?is/are} left."
    ),
    class = "bayespool_message_dropped"
  )
  keep
}

# `columns`: list of double vectors or matrices for C++; `terms`: their names, by term; `coding`:
# what decides the meaning of the columns beyond their names (levels, contrasts, bases such as
# poly()'s, contrasts or indicators by term), or NULL.
code_predictors <- function(parsed, predictors, call) {
  if (is.null(predictors$terms)) {
    columns <- lapply(unclass(predictors$frame), as.double)
    attributes(columns) <- NULL
    return(list(columns = columns, terms = stats::setNames(as.list(parsed$terms), parsed$terms), coding = NULL))
  }
  frame <- drop_unused_levels(predictors$frame)
  design <- eval_user(stats::model.matrix(predictors$terms, frame), "The predictors", call)
  assign <- attr(design, "assign")
  term <- factor(parsed$terms[assign[assign > 0]], levels = parsed$terms)
  design_contrasts <- attr(design, "contrasts")
  if (any(assign == 0)) {
    design <- design[, assign > 0, drop = FALSE]
  }
  variables <- attr(predictors$terms, "variables")
  bases <- attr(predictors$terms, "predvars")
  list(
    columns = list(design),
    terms = split(colnames(design), term),
    coding = list(
      levels = stats::.getXlevels(predictors$terms, frame),
      contrasts = design_contrasts,
      bases = if (!identical(bases, variables)) {
        stats::setNames(vapply(as.list(bases)[-1], exact_text, ""), names(frame))
      },
      patterns = coding_patterns(parsed$fixed, names(frame)[vapply(frame, is_coded, logical(1))])
    )
  )
}

drop_unused_levels <- function(frame) {
  unused <- vapply(frame, function(x) is.factor(x) && !all(levels(x) %in% x), logical(1))
  frame[unused] <- lapply(frame[unused], droplevels)
  frame
}

# Whether a variable becomes columns by contrasts or indicators.
is_coded <- function(x) is.factor(x) || is.character(x) || is.logical(x)

# Code that gives the same numbers again.
exact_text <- function(expr) {
  paste(deparse(expr, backtick = TRUE, control = c("niceNames", "showAttributes", "keepInteger", "digits17")), collapse = " ")
}

# How each term codes the factors in it: 1 by contrasts, 2 by an indicator for each level. That
# depends on the intercept and on the other terms; it is R's own rule (see ?terms.object), with the
# first factor of a model without intercept coded by indicators. `variables`: the names of the
# factors. A named integer vector for each term with a factor.
coding_patterns <- function(fixed, variables) {
  terms <- stats::terms(fixed)
  pattern <- attr(terms, "factors")
  if (length(pattern) == 0) {
    return(list())
  }
  pattern <- pattern[rownames(pattern) %in% variables, , drop = FALSE]
  with_factor <- which(colSums(pattern) > 0)
  if (attr(terms, "intercept") == 0 && length(with_factor) > 0) {
    pattern[which(pattern[, with_factor[1]] > 0)[1], with_factor[1]] <- 2L
  }
  lapply(stats::setNames(with_factor, colnames(pattern)[with_factor]), function(term) {
    codes <- pattern[, term]
    names(codes) <- rownames(pattern)
    codes[codes > 0]
  })
}

# `code`: integers first, first + 1, ..., first + size - 1 by row (empty: one group); `labels(i)`:
# the labels of groups i, in factor()'s order. Some codes may occur in no row. factor() itself would
# write every row as text, which takes seconds for ten million numbers.
code_groups <- function(group) {
  if (is.null(group)) {
    return(list(code = integer(), first = 0L, size = 1L, labels = function(i) ""))
  }
  if (is.factor(group)) {
    labels <- levels(group)
    return(list(code = group, first = 1L, size = length(labels), labels = function(i) labels[i]))
  }
  if (is.numeric(group) && !is.object(group)) {
    codes <- code_whole_numbers(group)
    if (!is.null(codes)) {
      return(codes)
    }
  }
  values <- unique(group)
  values <- values[order(values)]
  labels <- as.character(values)
  distinct <- unique(labels)
  code <- match(group, values)
  if (length(distinct) < length(labels)) {
    code <- match(labels, distinct)[code] # numbers that print alike are one group, as in factor()
  }
  list(code = code, first = 1L, size = length(distinct), labels = function(i) distinct[i])
}

# Whole numbers in a range not much wider than their number are codes already; NULL for others.
code_whole_numbers <- function(group) {
  code <- if (is.integer(group)) group else cpp_whole_numbers(group)
  if (is.null(code)) {
    return(NULL)
  }
  range <- cpp_integer_range(code)
  size <- as.double(range[2]) - range[1] + 1
  if (size > 1024 + length(code) / 8) {
    return(NULL)
  }
  first <- range[1]
  # 1e5 is "1e+05" as a double and "100000" as an integer, in factor() too.
  step <- if (is.integer(group)) -1L else -1
  list(code = code, first = first, size = as.integer(size), labels = function(i) as.character(first + (i + step)))
}

# anyNA() makes a logical vector of a factor.
has_missing <- function(x) {
  if (typeof(x) == "integer" && length(x) > 0) is.na(cpp_integer_range(x)[1]) else anyNA(x)
}

check_finite <- function(result, names, columns, call) {
  if (!is.null(result$bad)) {
    name <- names[result$bad[1]]
    row <- result$bad[2]
    columns <- unlist(lapply(columns, function(x) if (is.matrix(x)) asplit(x, 2) else list(x)), recursive = FALSE)
    infinite <- sum(!is.finite(columns[[result$bad[1]]]))
    abort_bayespool(
      c(
        "{.code {name}} has {infinite} infinite value{?s}.",
        i = "The first is in row {row} of the rows used.",
        i = "Make {cli::qty(infinite)}{?it/them} {.code NA} or leave {?that row/those rows} out."
      ),
      "data", call
    )
  }
  present <- result$n > 0
  means <- result$mean[present, , drop = FALSE]
  if (!all(is.finite(means)) || !all(is.finite(result$within))) {
    abort_bayespool(
      c("The squares of the data are too large for double precision.", i = "Divide the columns by a constant first."),
      "data", call
    )
  }
}
