# The grouping columns: groups as labels and as codes.

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

# What puts the labels of a column in order, for merging: of a factor all its levels; otherwise an empty vector, integer or double
# where labels are numbers, and character where they are sorted as text.
column_levels <- function(x) {
  if (is.factor(x)) levels(x) else if (is.numeric(x) || inherits(x, "difftime")) vector(typeof(x), 0) else character()
}

# Whether labels are sorted, as text or numbers.
is_sorted <- function(levels) !is.null(levels) && length(levels) == 0

# `known`: what column_levels() says of a column in each part, or NULL; `used`: the labels that occur in each. `used` of all parts in
# the order that factor() gives, and what is `known` of them. Numbers are in numerical order, text is sorted; levels of factors, and
# labels of which nothing is known, come in their order in the first part that has them.
merge_levels <- function(known, used) {
  labels <- unique(unlist(used))
  if (all(vapply(known, is_sorted, NA))) {
    together <- do.call(c, known)
    return(list(used = labels[order(if (is.numeric(together)) as.numeric(labels) else labels)], known = together))
  }
  all <- unique(unlist(Map(function(known, used) if (is_sorted(known) || is.null(known)) used else known, known, used)))
  list(used = intersect(all, labels), known = if (!any(vapply(known, is.null, NA))) all)
}

# Labels of the groups of new rows, `known` ones as they are written there: 1e5 is "1e+05" as a double and "100000" as an
# integer.
group_labels <- function(group, known, name, call) {
  labels <- as.character(group_column(group, name, call))
  if (is.numeric(group)) {
    same <- match(group, suppressWarnings(as.numeric(known)), incomparables = NA)
    labels <- ifelse(labels %in% known | is.na(same), labels, known[same])
  }
  labels
}

# The grouping columns of `data`: a list by their names, empty for a formula without groups.
grouping_values <- function(parsed, data, call) {
  lapply(stats::setNames(nm = group_columns(parsed)), function(name) group_column(data[[name]], name, call))
}

# The groups of rows, by their `columns` as grouping_values() gives them: `code`, integers first, first + 1, ..., first + size - 1 by row
# (empty: one group); `labels(i)`, the labels of groups i, in factor()'s order; `levels`, see column_levels(), of a single column;
# `cells(i)`, what new_cells() makes of groups i, of several columns. Some codes may occur in no row.
code_groups <- function(columns, call) {
  if (length(columns) == 0) {
    return(list(code = integer(), first = 0L, size = 1L, labels = function(i) "", cells = function(i) NULL))
  }
  coded <- lapply(columns, function(column) c(code_column(column), list(levels = column_levels(column), cells = function(i) NULL)))
  if (length(columns) == 1) {
    return(coded[[1]])
  }
  code_cells(coded, lapply(coded, codes_from_one), call)
}

# `code`, `first`, `size` and `labels` as code_groups() has them, of one vector. factor() itself would write every row as text, which
# takes seconds for ten million numbers.
code_column <- function(group) {
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

# The codes from 1 of what code_groups() returns; `size`: of how many rows, where there may be no grouping column.
codes_from_one <- function(groups, size) {
  if (length(groups$code) > 0) as.integer(groups$code) - groups$first + 1L else rep(1L, size)
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
