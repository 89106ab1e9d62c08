# Predictors to columns: of the data, and of new rows with the coding of the data; what a scaled response is in new rows.

# `columns`: list of double vectors or matrices for C++; `terms`: their names, by term; `coding`:
# what decides the meaning of the columns beyond their names (levels, contrasts, bases such as
# poly()'s, contrasts or indicators by term), or NULL. For merging it also has `declared`, what column_levels() says of each factor,
# and, where there are some, `single`: the factors that only have one of their levels in these rows, and that level. Their columns are
# constant.
code_predictors <- function(parsed, predictors, call) {
  if (is.null(predictors$terms)) {
    columns <- lapply(unclass(predictors$frame), as.double)
    attributes(columns) <- NULL
    return(list(columns = columns, terms = stats::setNames(as.list(parsed$terms), parsed$terms), coding = NULL))
  }
  coded <- names(predictors$frame)[vapply(predictors$frame, is_coded, NA)]
  frame <- drop_unused_levels(predictors$frame)
  single <- single_levels(frame[coded])
  check_levels(frame[names(single)], call)
  frame[names(single)] <- lapply(frame[names(single)], function(x) if (is.logical(x)) factor(x, c(FALSE, TRUE)) else x)
  design <- eval_user(stats::model.matrix(predictors$terms, frame), "The predictors", call)
  assign <- attr(design, "assign")
  term <- factor(parsed$terms[assign[assign > 0]], levels = parsed$terms)
  design_contrasts <- attr(design, "contrasts")
  if (any(assign == 0)) {
    design <- design[, assign > 0, drop = FALSE]
  }
  variables <- attr(predictors$terms, "variables")
  bases <- attr(predictors$terms, "predvars")
  logical <- names(frame)[vapply(predictors$frame, is.logical, NA)]
  levels <- stats::.getXlevels(predictors$terms, frame)
  coding <- list(
    levels = if (!all(names(levels) %in% logical)) levels[!names(levels) %in% logical],
    contrasts = design_contrasts,
    bases = if (!identical(bases, variables)) {
      stats::setNames(vapply(as.list(bases)[-1], exact_text, ""), names(frame))
    },
    patterns = coding_patterns(parsed$fixed, coded),
    declared = Map(declared_levels, predictors$frame[coded], as.list(variables)[-1][match(coded, names(frame))])
  )
  if (length(single) > 0) coding$single <- single
  list(columns = list(design), terms = split(colnames(design), term), coding = coding)
}

# Levels without rows go, but for those of a factor that would be left with one level, and so without columns. Contrasts stay that
# are there by name.
drop_unused_levels <- function(frame) {
  unused <- vapply(frame, function(x) is.factor(x) && !all(levels(x) %in% x) && length(unique(x)) > 1, logical(1))
  frame[unused] <- lapply(frame[unused], function(x) {
    contrasts <- attr(x, "contrasts")
    x <- droplevels(x)
    if (rlang::is_string(contrasts)) attr(x, "contrasts") <- contrasts
    x
  })
  frame
}

# The value of each variable that only has one.
single_levels <- function(frame) {
  lapply(Filter(function(x) length(unique(x)) == 1, frame), function(x) as.character(x[1]))
}

# Moments of a part of the rows may have factors with a single level; a fit would make up the others from priors.
check_single <- function(moments, call) {
  alone <- unlist(lapply(list(moments, moments$varying), function(coded) {
    patterns <- coded$coding$patterns
    coded$coding$single[unique(unlist(lapply(patterns[names(patterns) %in% names(coded$terms)], names)))]
  }))
  if (length(alone) > 0) {
    abort_bayespool(
      c(
        "{.code {names(alone)[1]}} has only one value, {.val {alone[[1]]}}, and cannot be a predictor.",
        i = "Leave it out of the formula."
      ),
      "data", call
    )
  }
}

# `frame`: variables with one value.
check_levels <- function(frame, call) {
  alone <- Find(function(name) !is.logical(frame[[name]]) && nlevels(frame[[name]]) < 2, names(frame))
  if (!is.null(alone)) {
    value <- as.character(frame[[alone]][1])
    abort_bayespool(
      c(
        "{.code {alone}} has only one value, {.val {value}}, and cannot be a predictor.",
        i = "If these are a part of the rows, whose moments will be merged: make it a factor that has all levels, as in \
            {.code factor(x, levels = c(\"a\", \"b\"))}."
      ),
      "data", call
    )
  }
}

# What column_levels() says of a variable; one that the formula makes by factor() has levels in the order of its values.
declared_levels <- function(x, expr) {
  if (!is_plain_factor(expr)) {
    return(column_levels(x))
  }
  numbers <- suppressWarnings(as.numeric(levels(x)))
  if (!anyNA(numbers) && !is.unsorted(numbers)) {
    numeric()
  } else if (identical(levels(x), sort(levels(x)))) {
    character()
  } else {
    levels(x)
  }
}

is_plain_factor <- function(expr) rlang::is_call(expr, c("factor", "as.factor"), n = 1)

# Variables as a model frame names them, without the backticks that terms write.
plain_names <- function(written) {
  vapply(written, function(name) {
    expr <- str2lang(name)
    if (is.name(expr)) as.character(expr) else name
  }, "", USE.NAMES = FALSE)
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
  rownames(pattern) <- plain_names(rownames(pattern))
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
  terms <- with_bases(stats::delete.response(stats::terms(parsed$fixed)), coding)
  levels <- coding$levels[names(coding$levels) %in% variable_names(terms)]
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

# `terms` whose variables are computed in other rows as they were in those of the fit.
with_bases <- function(terms, coding) {
  variables <- as.list(attr(terms, "variables"))[-1]
  known <- match(variable_names(terms), names(coding$bases))
  variables[!is.na(known)] <- lapply(coding$bases[known[!is.na(known)]], str2lang)
  structure(terms, predvars = as.call(c(quote(list), unname(variables))))
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
