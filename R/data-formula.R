# Model formulas: the only file that knows what `(1 | g)` means.

# A list: `formula` as given; `response` (text) and `response_expr`; `intercept`; `terms` (labels of
# the fixed terms as terms() writes them); `fixed` (the formula without the bar and offsets); `group` (name of
# the grouping column, or NULL); `varying` (what varies between the groups, see parse_varying()); `offset` (expressions, or NULL);
# `family`, as read_family() returns it, which decides what the response may be; `env`.
parse_formula <- function(formula, call = rlang::caller_env(), family = families$gaussian) {
  check_formula(formula, family, call)
  group <- parse_group(formula[[3]], call)
  # The bar becomes a name of its own, so that terms() does the algebra: `- 1`, `0 +`, crossing,
  # order of the terms.
  marked <- formula
  for (bar in group$bars) {
    marked[[3]] <- replace_call(marked[[3]], bar, as.name(group_mark))
  }
  marked_terms <- tryCatch(
    stats::terms(marked),
    error = function(cnd) {
      abort_bayespool(
        c("The formula cannot be read.", i = "Found {.code {format_formula(formula)}}."),
        "formula", call, parent = cnd
      )
    }
  )
  offset <- attr(marked_terms, "offset")
  if (!is.null(offset)) check_offset(formula, family, call)
  labels <- attr(marked_terms, "term.labels")
  if (!is.null(group)) {
    labels <- drop_group_mark(labels, formula, call)
  }
  intercept <- attr(marked_terms, "intercept") == 1
  response <- response_name(formula)
  if (any(labels == format_expr(formula[[2]]))) {
    abort_formula(
      "The response is also a predictor.", "Remove {.code {response}} from the right-hand side.", formula, call
    )
  }
  list(
    formula = formula,
    response = response,
    response_expr = formula[[2]],
    intercept = intercept,
    terms = labels,
    fixed = fixed_formula(formula, labels, intercept),
    group = group$name,
    varying = if (!is.null(group)) parse_varying(group$bars, formula, call),
    offset = if (!is.null(offset)) lapply(as.list(attr(marked_terms, "variables"))[-1][offset], `[[`, 2),
    family = family,
    env = environment(formula)
  )
}

group_mark <- ".bayespool_group"

# `expr` with the call `old` replaced, wherever it occurs.
replace_call <- function(expr, old, new) {
  if (identical(expr, old)) {
    return(new)
  }
  if (is.call(expr)) {
    for (i in seq_along(expr)[-1]) {
      if (!is.null(expr[[i]])) expr[[i]] <- replace_call(expr[[i]], old, new)
    }
  }
  expr
}

supported_bar <- "One grouping factor is supported, as {.code (1 | g)} or {.code (1 + x | g)} with {.code g} the name of a column."

check_formula <- function(formula, family, call) {
  if (!inherits(formula, "formula")) {
    abort_bayespool(
      c(
        "{.arg formula} must be a formula.",
        i = "Found {.obj_type_friendly {formula}}.",
        i = "Write for example {.code y ~ x + (1 | g)}."
      ),
      "formula", call
    )
  }
  if (length(formula) != 3) {
    abort_formula("The formula has no response.", "Write it on the left of {.code ~}, as in {.code y ~ x + (1 | g)}.",
                  formula, call)
  }
  if ("." %in% all.vars(formula)) {
    abort_formula("{.code .} is not supported in the formula.", "Name the predictors.", formula, call)
  }
  lhs <- formula[[2]]
  if (length(all.vars(lhs)) == 0) {
    abort_formula("The left-hand side of the formula names no variable.",
                  "Write the response there, as in {.code y ~ x + (1 | g)}.", formula, call)
  }
  if (family$name == "binomial" && rlang::is_call(lhs, "cbind")) {
    if (length(lhs) != 3) {
      abort_formula("The response must be two columns.", "Write {.code cbind(successes, failures)}.", formula, call)
    }
    lhs <- call("+", lhs[[2]], lhs[[3]])
  }
  functions <- setdiff(all.names(lhs), all.vars(lhs))
  if (any(c("cbind", "mvbind", "matrix", "Surv") %in% functions)) {
    abort_formula("Only a single response is supported.", "Fit the responses one at a time.", formula, call)
  }
  if (any(c("|", "||") %in% functions)) {
    abort_formula("A bar on the left-hand side is not supported.", "The response is one numeric variable.", formula, call)
  }
}

check_offset <- function(formula, family, call) {
  if (family$name != "poisson") {
    instead <- c(
      gaussian = "Subtract the offset from the response instead.",
      binomial = "The number of trials is in the response, {.code cbind(successes, failures)}, or in {.arg weights}."
    )
    abort_formula(
      if (family$name == "gaussian") "Offsets are not supported." else "Offsets are not supported for {.fn binomial}.",
      instead[[family$name]], formula, call
    )
  }
}

# The bars of the right-hand side, calls such as `1 + x | g`, and the name `g`; NULL where there is none.
parse_group <- function(rhs, call) {
  bars <- bar_calls(rhs)
  if (length(bars) == 0) {
    return(NULL)
  }
  factors <- unique(lapply(bars, `[[`, 3))
  if (length(factors) > 1) {
    abort_formula("More than one grouping factor is not supported.", supported_bar, rhs, call)
  }
  if (!is.name(factors[[1]])) {
    abort_formula(
      "The grouping factor must be a column.",
      c("Compute it in the data first.", supported_bar),
      bars[[1]], call
    )
  }
  list(bars = bars, name = as.character(factors[[1]]))
}

# The outermost calls of `|` and `||`.
bar_calls <- function(expr) {
  if (rlang::is_call(expr, c("|", "||"))) {
    return(list(expr))
  }
  if (is.call(expr)) unlist(lapply(as.list(expr)[-1], bar_calls), recursive = FALSE) else list()
}

# What varies between the groups: `intercept`; `terms` (labels); `fixed` (a formula of the response on these); `correlated`, whether
# their effects may be. They are not with `||` (then `double`), nor where each has a bar of its own.
parse_varying <- function(bars, formula, call) {
  read <- lapply(bars, function(bar) {
    terms <- tryCatch(
      stats::terms(stats::reformulate(format_expr(bar[[2]]))),
      error = function(cnd) {
        abort_formula("What varies between the groups cannot be read.", supported_bar, bar, call)
      }
    )
    list(intercept = attr(terms, "intercept") == 1, terms = attr(terms, "term.labels"))
  })
  counts <- vapply(read, function(bar) bar$intercept + length(bar$terms), 0)
  if (any(counts == 0)) {
    abort_formula("A bar says that nothing varies.", supported_bar, bars[[which(counts == 0)[1]]], call)
  }
  if (length(bars) > 1 && any(counts > 1)) {
    abort_formula(
      "Effects that are correlated in part are not supported.",
      "{.code (1 + x | g)} lets all effects be correlated, {.code (1 + x || g)} none.", formula[[3]], call
    )
  }
  intercept <- any(vapply(read, `[[`, NA, "intercept"))
  labels <- unlist(lapply(read, `[[`, "terms"))
  if (anyDuplicated(labels) || sum(vapply(read, `[[`, NA, "intercept")) > 1) {
    abort_formula("An effect varies twice.", "Write each of them once.", formula[[3]], call)
  }
  list(
    intercept = intercept, terms = labels %||% character(),
    fixed = fixed_formula(formula, labels %||% character(), intercept),
    double = rlang::is_call(bars[[1]], "||"),
    correlated = length(bars) == 1 && rlang::is_call(bars[[1]], "|")
  )
}

# Does more vary than an intercept?
has_varying_terms <- function(parsed) length(parsed$varying$terms) > 0

# The labels without the bar's, which must be a term of its own and not part of a call or an
# interaction.
drop_group_mark <- function(labels, formula, call) {
  others <- labels[labels != group_mark]
  inside <- vapply(others, function(label) group_mark %in% all.vars(str2lang(label)), logical(1))
  if (any(inside) || length(others) == length(labels)) {
    abort_formula(
      "The bar must be a term of its own.",
      c("Add it with {.code +}, as in {.code y ~ x + (1 | g)}.", supported_bar),
      formula, call
    )
  }
  others
}

response_name <- function(formula) {
  if (is.name(formula[[2]])) as.character(formula[[2]]) else format_expr(formula[[2]])
}

# From calls, not from text: `(x > 0) + t` without its brackets is another formula.
fixed_formula <- function(formula, labels, intercept) {
  rhs <- Reduce(function(a, b) call("+", a, b), lapply(labels, str2lang))
  if (is.null(rhs)) rhs <- as.numeric(intercept) else if (!intercept) rhs <- call("-", rhs, 1)
  stats::as.formula(call("~", formula[[2]], rhs), environment(formula))
}

# `wrong` says what is wrong, `supported` what to write instead; `found` is the expression that was
# found.
abort_formula <- function(wrong, supported, found, call) {
  envir <- rlang::env(rlang::caller_env(), found = format_formula(found))
  abort_bayespool(
    c(wrong, i = "Found {.code {found}}.", stats::setNames(supported, rep("i", length(supported)))),
    "formula", call,
    .envir = envir
  )
}
