# Cells: rows of one group that are alike in all categorical variables. Within a cell each column of a model is a number, which the
# categories decide, times a product of numeric variables. So the moments of these products are all that is needed of rows that R does
# not hold, or not all at once, and R's own coding of factors still applies.

predictor_terms <- function(parsed) stats::delete.response(stats::terms(parsed$fixed))

# The variables of the predictors and of what varies, as expressions, by their names.
formula_expressions <- function(parsed) {
  of_terms <- function(parsed) {
    terms <- predictor_terms(parsed)
    stats::setNames(as.list(attr(terms, "variables"))[-1], variable_names(terms))
  }
  variables <- c(of_terms(parsed), if (has_varying_terms(parsed)) of_terms(varying_formula(parsed)))
  variables[!duplicated(names(variables))]
}

# The products of numeric variables of a formula whose variables `categories` are categorical: `variables` (a list with the variables of
# each product; the response last) and `of_term` (the product of each term, of the response under its name; 0 for a term without
# numeric variables).
new_products <- function(parsed, categories) {
  by_term <- function(parsed) {
    terms <- predictor_terms(parsed)
    variables <- variable_names(terms)
    pattern <- attr(terms, "factors")
    numeric <- lapply(parsed$terms, function(term) sort(setdiff(variables[pattern[, term] > 0], categories)))
    stats::setNames(numeric, parsed$terms)
  }
  varying <- if (has_varying_terms(parsed)) by_term(varying_formula(parsed))
  numeric <- c(by_term(parsed), varying, stats::setNames(list(parsed$response), parsed$response))
  variables <- unique(numeric[lengths(numeric) > 0])
  list(variables = unname(variables), of_term = stats::setNames(match(numeric, variables, nomatch = 0L), names(numeric)))
}

# The predictors' variables in each of `size` cells, as eval_predictors() gives those of rows; 1 for each that `variables`, a named list,
# does not have: what is coded from it is the number that belongs to the product.
cell_predictors <- function(parsed, variables, size) {
  value <- function(name) variables[[name]] %||% rep(1, size)
  columns <- vapply(parsed$terms, term_variable, "")
  if (!anyNA(columns) && !any(vapply(variables[intersect(columns, names(variables))], is_coded, NA))) {
    return(list(frame = as_frame(stats::setNames(lapply(columns, value), parsed$terms), size), terms = NULL))
  }
  terms <- predictor_terms(parsed)
  attr(terms, "predvars") <- attr(terms, "variables")
  frame <- as_frame(lapply(stats::setNames(nm = variable_names(terms)), value), size)
  list(frame = structure(frame, terms = terms), terms = terms)
}

# `cells`: a list with
#   group       the grouping columns in each cell, see grouping_values()
#   categories  the categorical variables in each cell, a named list
#   lines       moments of the products in each cell, as merge_lines() takes them
#   products    what new_products() returns
#   dropped     as used_rows() has it
moments_of_cells <- function(parsed, cells, call) {
  tell_dropped(cells$dropped, sum(cells$lines$n), call)
  size <- length(cells$lines$n)
  coded <- code_predictors(parsed, cell_predictors(parsed, cells$categories, size), call)
  beside <- code_varying(parsed, cell_predictors(varying_formula(parsed), cells$categories, size), coded, call)
  factors <- c(named_columns(coded), beside$extra, stats::setNames(list(rep(1, size)), parsed$response))
  term <- c(rep(names(coded$terms), lengths(coded$terms)), terms_of(names(beside$extra), beside$varying$terms), parsed$response)
  lines <- multiply_products(cells$lines, do.call(cbind, factors), cells$products$of_term[term])

  groups <- code_groups(cells$group, call)
  result <- merge_lines(lines, codes_from_one(groups, size), groups$size)
  check_squares(result, call)
  present <- result$n > 0
  if (!all(present)) {
    result <- keep_groups(result, which(present), by_group = TRUE)
  }
  colnames(result$mean) <- names(factors)
  new_group_moments(
    group_name = parsed$group, group = groups$labels(which(present)), n = result$n, mean = result$mean, within = result$within,
    terms = coded$terms, response = parsed$response, intercept = parsed$intercept, coding = coded$coding,
    dropped = count_dropped(cells$dropped), varying = beside$varying, weight = result$weight, log_weight = result$log_weight,
    mean_low = result$mean_low, group_levels = groups$levels, cells = groups$cells(which(present))
  )
}

# The term that each of `columns` belongs to; `terms`: the columns of each.
terms_of <- function(columns, terms) rep(names(terms), lengths(terms))[match(columns, unlist(terms))]

# Moments of columns that are `factor` (cells x columns) times the products at the positions `product`, where 0 stands for 1.
multiply_products <- function(lines, factor, product) {
  count <- ncol(lines$mean)
  product <- ifelse(product == 0, count + 1L, product)
  constant <- function(value, columns) matrix(value, nrow(factor), columns)
  pairs <- pairs_of(seq_along(product))
  lines$mean <- factor * cbind(lines$mean, constant(1, 1))[, product, drop = FALSE]
  lines$mean_low <- factor * cbind(lines$mean_low, constant(0, 1))[, product, drop = FALSE]
  within <- cbind(lines$within, constant(0, count + 1))[, packed_index(product), drop = FALSE]
  lines$within <- factor[, pairs$first, drop = FALSE] * factor[, pairs$second, drop = FALSE] * within
  lines
}
