# Model formulas: the only file that knows what `(1 | g)` means.

# A list: `formula` as given; `response` (text) and `response_expr`; `intercept`; `terms` (labels of
# the fixed terms as terms() writes them); `fixed` (the formula without the bar and offsets); `group` (the name of what rows are grouped
# by: that of the grouping column, or those of all joined by ":"; or NULL); `factors` (the columns of each grouping factor, a list by
# the factors' names, or NULL); `varying` (what varies between the groups, see parse_varying()); `offset` (expressions, or NULL);
# `family`, as read_family() returns it, which decides what the response may be; `env`.
parse_formula <- function(formula, call = rlang::caller_env(), family = families$gaussian) {
  check_formula(formula, family, call)
  bars <- unique(bar_calls(formula[[3]]))
  factors <- parse_factors(bars, formula[[3]], call)
  if (length(factors) > 1 && is_counts(family)) {
    abort_formula(
      "Of counts, one grouping factor is supported.",
      "Write {.code (1 | g)}, or {.code (1 | a:b)} for groups that are the combinations of two columns.", formula, call
    )
  }
  # Each bar becomes a name of its own, so that terms() does the algebra: `- 1`, `0 +`, crossing,
  # order of the terms.
  marked <- formula
  marks <- sprintf(".bayespool_bar%d", seq_along(bars))
  for (i in seq_along(bars)) {
    marked[[3]] <- replace_call(marked[[3]], bars[[i]], as.name(marks[i]))
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
  labels <- drop_marks(attr(marked_terms, "term.labels"), marks, formula, call)
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
    group = if (!is.null(factors)) paste(unique(unlist(factors)), collapse = ":"),
    factors = factors,
    varying = if (!is.null(factors)) parse_varying(bar_calls(formula[[3]]), factors, formula, call),
    offset = if (!is.null(offset)) lapply(as.list(attr(marked_terms, "variables"))[-1][offset], `[[`, 2),
    family = family,
    env = environment(formula)
  )
}

# The columns by which rows are grouped, in the order of the formula.
group_columns <- function(parsed) unique(unlist(parsed$factors, use.names = FALSE))

# The one grouping factor as formulas have it: `g` or `a:b`.
factor_expr <- function(parsed) Reduce(function(a, b) call(":", a, b), lapply(group_columns(parsed), as.name))

has_two_factors <- function(parsed) length(parsed$factors) == 2

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

supported_bar <- c(
  "One grouping factor is supported, as {.code (1 | g)} or {.code (1 + x | g)}, or two, as {.code (1 | a) + (1 | b)} or {.code (1 | a/b)}.",
  "{.code g}, {.code a} and {.code b} are names of columns, and {.code a:b} is a factor as well."
)

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

# The columns of the grouping factors behind the `bars`, a list by the factors' names as lme4 writes them; NULL where there is none.
parse_factors <- function(bars, rhs, call) {
  factors <- unlist(lapply(bars, function(bar) bar_factors(bar[[3]], bar, call)), recursive = FALSE)
  factors <- factors[!duplicated(lapply(factors, sort))]
  if (length(factors) > 2) {
    abort_formula("More than two grouping factors are not supported.", supported_bar, rhs, call)
  }
  if (length(factors) > 0) stats::setNames(factors, vapply(factors, paste, "", collapse = ":"))
}

# The factors that `expr`, the right-hand side of a bar, stands for: the columns of each. `a/b` is `a` and `a:b`.
bar_factors <- function(expr, bar, call) {
  if (rlang::is_call(expr, "(")) {
    return(bar_factors(expr[[2]], bar, call))
  }
  if (is.name(expr)) {
    return(list(as.character(expr)))
  }
  if (!rlang::is_call(expr, c(":", "/"), n = 2)) {
    star <- rlang::is_call(expr, "*", n = 2)
    abort_formula(
      if (star) "The grouping factor must not have a {.code *}." else "The grouping factor must be a column.",
      c(if (!star) "Compute it in the data first.", supported_bar), bar, call
    )
  }
  sides <- lapply(as.list(expr)[-1], bar_factors, bar, call)
  together <- list(unique(unlist(sides)))
  if (rlang::is_call(expr, "/") && length(sides[[2]]) == 1) {
    return(c(sides[[1]], together))
  }
  if (any(lengths(sides) > 1)) {
    abort_formula(
      "{.code /} among the columns of a grouping factor must come last.", "Write {.code (1 | a/b)}, or each factor in a bar of its own.",
      bar, call
    )
  }
  together
}

# The outermost calls of `|` and `||`.
bar_calls <- function(expr) {
  if (rlang::is_call(expr, c("|", "||"))) {
    return(list(expr))
  }
  if (is.call(expr)) unlist(lapply(as.list(expr)[-1], bar_calls), recursive = FALSE) else list()
}

# What varies between the groups: `intercept`; `terms` (labels); `fixed` (a formula of the response on these); `correlated`, whether
# their effects may be. They are not with `||` (then `double`), nor where each has a bar of its own. With two `factors` an intercept
# varies between the levels of each.
parse_varying <- function(bars, factors, formula, call) {
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
  two <- length(factors) == 2
  if (two && any(lengths(lapply(read, `[[`, "terms")) > 0)) {
    abort_formula(
      "Slopes that vary are not supported beside a second grouping factor.",
      "Each of two factors has an intercept, as in {.code (1 | a) + (1 | b)}; one factor alone has slopes, as in {.code (1 + x | a)}.",
      formula[[3]], call
    )
  }
  if (!two && length(bars) > 1 && any(counts > 1)) {
    abort_formula(
      "Effects that are correlated in part are not supported.",
      "{.code (1 + x | g)} lets all effects be correlated, {.code (1 + x || g)} none.", formula[[3]], call
    )
  }
  intercept <- any(vapply(read, `[[`, NA, "intercept"))
  labels <- unlist(lapply(read, `[[`, "terms"))
  with_intercept <- bars[vapply(read, `[[`, NA, "intercept")]
  factors <- unlist(lapply(with_intercept, function(bar) bar_factors(bar[[3]], bar, call)), recursive = FALSE)
  if (anyDuplicated(labels) || anyDuplicated(lapply(factors, sort))) {
    abort_formula("An effect varies twice.", "Write each of them once.", formula[[3]], call)
  }
  list(
    intercept = intercept, terms = labels %||% character(),
    fixed = fixed_formula(formula, labels %||% character(), intercept),
    double = !two && rlang::is_call(bars[[1]], "||"),
    correlated = !two && length(bars) == 1 && rlang::is_call(bars[[1]], "|")
  )
}

# Does more vary than an intercept?
has_varying_terms <- function(parsed) length(parsed$varying$terms) > 0

# The labels without the `marks` of the bars, each of which must be a term of its own and not part of a call or an
# interaction.
drop_marks <- function(labels, marks, formula, call) {
  others <- setdiff(labels, marks)
  inside <- vapply(others, function(label) any(marks %in% all.vars(str2lang(label))), logical(1))
  if (any(inside) || !all(marks %in% labels)) {
    abort_formula(
      if (length(marks) == 1) "The bar must be a term of its own." else "Each bar must be a term of its own.",
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
