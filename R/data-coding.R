# Predictors to columns: of the data, and of new rows with the coding of the data; what a scaled response is in new rows.

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

# What scale(y) means in other rows: the same call with the centre and scale of these, as text named by the response. NULL for
# other responses, which do not depend on the other rows.
response_basis <- function(parsed, data) {
  if (rlang::is_call(parsed$response_expr, "scale")) {
    call <- parsed$response_expr
    scaled <- eval(call, data, parsed$env)
    call[[1]] <- quote(scale) # not base::scale, which makepredictcall() does not know
    stats::setNames(exact_text(stats::makepredictcall(scaled, call)), parsed$response)
  }
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

# The variables of the predictors in new rows, with the bases (such as poly()'s) and factor levels of `coding`, that of the
# fit's moments. It may know more of them: moments can hold columns that the formula does not ask for.
predictor_frame <- function(coding, parsed, data, call) {
  terms <- stats::delete.response(stats::terms(parsed$fixed))
  variables <- as.list(attr(terms, "variables"))[-1]
  names(variables) <- vapply(variables, function(x) if (is.name(x)) as.character(x) else format_expr(x), "")
  known_bases <- intersect(names(variables), names(coding$bases))
  variables[known_bases] <- lapply(coding$bases[known_bases], str2lang)
  attr(terms, "predvars") <- as.call(c(quote(list), unname(variables)))
  levels <- coding$levels[names(coding$levels) %in% names(variables)]
  for (name in intersect(names(levels), names(data))) {
    values <- as.character(without_class(data[[name]]))
    unknown <- setdiff(values, c(levels[[name]], NA))
    if (length(unknown) > 0) {
      known <- levels[[name]]
      abort_bayespool(
        c("{.code {name}} has the unknown value{?s} {.val {unknown}}.", i = "The fit knows {.val {known}}."), "data", call
      )
    }
    data[[name]] <- factor(values, levels = levels[[name]])
  }
  predictor_model_frame(terms, data, levels, call, source = "newdata")
}

# The columns that the fit's `moments` have, of other rows. `source`: the argument that these come from.
predictor_columns <- function(moments, frame, terms, call, source = "newdata") {
  columns <- length(unlist(moments$terms))
  coded_columns(moments$coding, columns, frame, terms, call, source)
}

# `columns`: how many there should be.
coded_columns <- function(coding, columns, frame, terms, call, source) {
  contrasts <- coding$contrasts
  coded <- vapply(frame, is_coded, logical(1))
  changed <- names(frame)[coded != names(frame) %in% names(contrasts)]
  if (length(changed) > 0) {
    abort_bayespool(
      c(
        "The predictors do not have the types that they had in the fit.",
        i = "{.code {changed}}: numbers there and categories here, or the other way round."
      ),
      "data", call
    )
  }
  contrasts <- contrasts[names(contrasts) %in% names(frame)]
  design <- eval_user(
    stats::model.matrix(terms, frame, contrasts.arg = contrasts), "The predictors", call, source
  )
  x <- design[, attr(design, "assign") > 0, drop = FALSE]
  if (ncol(x) != columns) {
    abort_bayespool(
      c(
        "The predictors do not have the types that they had in the fit.",
        i = "They make {ncol(x)} column{?s}; the fit has {columns}."
      ),
      "data", call
    )
  }
  dimnames(x) <- NULL
  attr(x, "assign") <- attr(x, "contrasts") <- NULL
  x
}
