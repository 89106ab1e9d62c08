# Cells of rows, and of several sets of rows together.

# Cells of a data frame's rows, without `lines` where no row is left.
cells_of_part <- function(parsed, part, call) {
  rows <- used_rows(parsed, part, call)
  c(if (length(rows$response) > 0) cells_of_rows(parsed, rows, call), rows["dropped"])
}

# `rows`: what used_rows() returns. Without `dropped`; see moments_of_cells() for the rest.
cells_of_rows <- function(parsed, rows, call) {
  variables <- c(cell_variables(rows$predictors, call), cell_variables(rows$varying, call))
  variables <- variables[!duplicated(names(variables))]
  is_category <- vapply(variables, is_coded, NA)
  products <- new_products(parsed, names(variables)[is_category])
  numeric <- c(lapply(variables[!is_category], as.double), stats::setNames(list(as.double(rows$response)), parsed$response))
  columns <- lapply(products$variables, function(names) Reduce(`*`, numeric[names]))

  keys <- c(rows$group, variables[is_category])
  code <- cell_codes(keys, length(rows$response))
  first <- which(!duplicated(code))
  lines <- core_group_moments(columns, length(code), code, 1L, length(first), rows$weight, pooled = FALSE)
  check_finite(lines, vapply(products$variables, paste, "", collapse = ":"), columns, call)
  list(
    group = lapply(rows$group, `[`, first), categories = lapply(variables[is_category], `[`, first), lines = lines, products = products
  )
}

# The variables that eval_predictors() found, by their names: numbers and categories.
cell_variables <- function(predictors, call) {
  frame <- as.list(predictors$frame)
  if (is.null(predictors$terms)) {
    names(frame) <- vapply(names(frame), term_variable, "")
    return(frame)
  }
  other <- Filter(function(x) !is_coded(x) && !is_plain_number(x), frame)
  if (length(other) > 0) {
    abort_bayespool(
      c(
        "{.code {names(other)[1]}} must be numbers or a category, where rows come in parts.",
        i = "Found {.obj_type_friendly {other[[1]]}}."
      ),
      "data", call
    )
  }
  lapply(frame, as_vector)
}

# A number for each row, from 1 in the order of their first rows: the same where all `keys` are.
cell_codes <- function(keys, rows) {
  code <- rep(1, rows)
  for (key in keys) {
    own <- code_column(key)
    code <- code * own$size + as.integer(own$code) - own$first
    code <- match(code, unique(code))
  }
  as.integer(code)
}

count_cells <- function(cells) as.double(length(cells$lines$n))

# Cells of the same formula as if their rows had been together; NULL for none.
merge_cells <- function(cells, call) {
  cells <- Filter(Negate(is.null), cells)
  if (length(cells) < 2) {
    return(unlist(cells, recursive = FALSE))
  }
  merged <- cells[[1]]
  names <- lapply(cells, function(x) names(x$categories))
  different <- setdiff(unlist(names), Reduce(intersect, names))
  if (length(different) > 0) {
    abort_parts(different[1], call)
  }
  merged$group <- combine_columns(lapply(cells, `[[`, "group"), call)
  merged$categories <- combine_columns(lapply(cells, `[[`, "categories"), call)
  lines <- lapply(cells, `[[`, "lines")
  merged$lines <- lapply(stats::setNames(nm = names(lines[[1]])), function(name) {
    parts <- lapply(lines, `[[`, name)
    if (is.matrix(parts[[1]])) do.call(rbind, parts) else unlist(parts)
  })
  keys <- c(merged$group, merged$categories)
  code <- cell_codes(keys, length(merged$lines$n))
  first <- which(!duplicated(code))
  merged$group <- lapply(merged$group, `[`, first)
  merged$categories <- lapply(merged$categories, `[`, first)
  merged$lines <- merge_lines(merged$lines, code, length(first))
  merged
}

# Columns of several parts, lists by their names.
combine_columns <- function(parts, call) {
  lapply(stats::setNames(nm = names(parts[[1]])), function(name) combine_keys(lapply(parts, `[[`, name), name, call))
}

# Values of a key from several parts: factors as c() combines their levels, but for those that the formula makes by factor(), text, numbers
# or logical values.
combine_keys <- function(parts, name, call) {
  if (all(vapply(parts, is.factor, NA))) {
    together <- do.call(c, parts)
    expr <- tryCatch(str2lang(name), error = function(cnd) NULL) # names may be anything
    if (!is_plain_factor(expr)) {
      return(together)
    }
    return(factor(together, merge_levels(lapply(parts, declared_levels, expr), lapply(parts, levels))$used))
  }
  parts <- lapply(parts, function(x) if (is.factor(x)) as.character(x) else x)
  type <- vapply(parts, function(x) if (is.numeric(x)) "number" else paste(class(x), collapse = " "), "")
  if (length(unique(type)) > 1) {
    abort_parts(name, call)
  }
  do.call(c, parts)
}

abort_parts <- function(name, call) {
  abort_bayespool(
    c(
      "{.code {name}} is a number in one part of the rows and a category in another, or of different types.",
      i = "Convert the column as the parts are read, with {.fn as.character} for example."
    ),
    "data", call
  )
}
