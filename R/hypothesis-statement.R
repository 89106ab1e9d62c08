# Statements about parameters as text. Text is read, and never run as it is: what is evaluated has numbers, variables, arithmetic and the
# functions below, and nothing else.

statement_functions <- c(
  "(", "+", "-", "*", "/", "^", "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "abs", "tanh", "atanh", "plogis", "qlogis",
  "pnorm", "qnorm"
)
statement_environment <- function(variables = list()) {
  functions <- lapply(stats::setNames(nm = statement_functions), get, envir = asNamespace("stats"))
  list2env(variables, parent = list2env(functions, parent = emptyenv()))
}

# A list: `text`; `sign` ("<", ">" or "="); `difference`, an expression, the left side less the right one, in which variables of the draws
# are symbols; and `variables`, their names. `names`: of the variables, named by how they may be written.
read_statement <- function(text, names, call) {
  parsed <- tryCatch(str2lang(with_symbols(text, names)), error = function(cnd) NULL)
  sign <- if (is.call(parsed)) c("<" = "<", "<=" = "<", ">" = ">", ">=" = ">", "=" = "=", "==" = "=")[as.character(parsed[[1]])[1]]
  if (is.null(sign) || is.na(sign)) {
    example <- paste(names(names)[1], "> 0")
    signs <- c(">", "<", "=") # cli would take them for its own
    abort_bayespool(
      c(
        "{.arg hypothesis} must compare two expressions, such as {.code {example}}.",
        i = "Found {.code {text}}.",
        i = "Signs are {.code {signs}}, one in each hypothesis."
      ),
      "argument", call
    )
  }
  sides <- as.list(parsed)[2:3]
  for (side in sides) check_expression(side, text, names, call)
  variables <- unique(unlist(lapply(sides, all.vars)))
  if (length(variables) == 0) {
    abort_bayespool(
      c("{.arg hypothesis} must be about a parameter.", i = "Found {.code {text}}.", i = "There {?is/are} {.code {names(names)}}."),
      "argument", call
    )
  }
  list(text = text, sign = unname(sign), difference = rlang::call2("-", !!!sides), variables = variables)
}

# Names of variables, such as beta[N1] and (Intercept), in backquotes or not, become the symbols that R reads; a name within a longer one
# is none.
with_symbols <- function(text, names) {
  written <- Filter(function(name) grepl(name, text, fixed = TRUE), names(names)[order(-nchar(names(names)))])
  if (length(written) == 0) {
    return(text)
  }
  quoted <- paste0("\\Q", written, "\\E")
  pattern <- paste0(
    "(*UCP)(?:", paste0("`", quoted, "`", collapse = "|"), "|(?<![\\w.])(?:", paste0(quoted, collapse = "|"), ")(?![\\w.(\\[]))"
  )
  place <- gregexpr(pattern, text, perl = TRUE)
  between <- regmatches(text, place, invert = TRUE)[[1]]
  found <- gsub("^`|`$", "", regmatches(text, place)[[1]])
  symbols <- vapply(names[found], function(name) deparse(as.name(name), backtick = TRUE), "")
  paste0(gsub("<-", "< -", between, fixed = TRUE), c(symbols, ""), collapse = "")
}

check_expression <- function(expression, text, names, call) {
  if (is.call(expression)) {
    used <- if (is.name(expression[[1]])) as.character(expression[[1]]) else format_expr(expression[[1]])
    if (!used %in% statement_functions) {
      abort_bayespool(
        c(
          "{.arg hypothesis} can have no {.code {used}}.",
          i = "Found {.code {text}}.",
          i = "It may have numbers, parameters, arithmetic and {.code {statement_functions[-(1:6)]}}."
        ),
        "argument", call
      )
    }
    for (part in as.list(expression)[-1]) check_expression(part, text, names, call)
  } else if (!(is.numeric(expression) || is.name(expression) && as.character(expression) %in% names)) {
    found <- format_expr(expression)
    meant <- nearest_name(found, names(names))
    abort_bayespool(
      c(
        "{.arg hypothesis} has the unknown parameter {.code {found}}.",
        i = "Found {.code {text}}.",
        i = if (!is.null(meant)) "Did you mean {.code {meant}}?",
        i = "There {?is/are} {.code {names(names)}}."
      ),
      "argument", call
    )
  }
}

# A linear expression as c(constant, multiples named by variable); NULL where it is none.
linear_form <- function(expression) {
  if (is.numeric(expression)) {
    return(c(expression))
  }
  if (is.name(expression)) {
    return(stats::setNames(c(0, 1), c("", as.character(expression))))
  }
  parts <- lapply(as.list(expression)[-1], linear_form)
  if (any(lengths(parts) == 0)) {
    return(NULL)
  }
  constant <- lengths(parts) == 1
  if (all(constant)) {
    return(suppressWarnings(eval(expression, statement_environment())))
  }
  one <- length(parts) == 1
  switch(as.character(expression[[1]]),
    "(" = parts[[1]],
    "+" = if (one) parts[[1]] else add_forms(parts[[1]], parts[[2]]),
    "-" = if (one) -parts[[1]] else add_forms(parts[[1]], -parts[[2]]),
    "*" = if (any(constant)) parts[[which(!constant)]] * parts[[which(constant)]],
    "/" = if (constant[2]) parts[[1]] / parts[[2]]
  )
}

add_forms <- function(a, b) {
  variables <- union(names(a)[-1], names(b)[-1])
  multiple <- function(form) ifelse(variables %in% names(form), form[variables], 0)
  stats::setNames(c(a[[1]] + b[[1]], multiple(a) + multiple(b)), c("", variables))
}
