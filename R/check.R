# Checks of arguments that several functions share.

# `wanted`: what the argument must be, as cli text; `name`: what the user calls it.
check_argument <- function(argument, valid, wanted, call, name = rlang::as_label(substitute(argument))) {
  if (!valid) {
    abort_bayespool(
      c(paste0("{.arg {name}} must be ", wanted, "."), i = "Found {.code {format_found(argument)}}."), "argument", call
    )
  }
}

check_flag <- function(x, call) {
  check_argument(x, checkmate::test_flag(x), "{.code TRUE} or {.code FALSE}", call, rlang::as_label(substitute(x)))
}

check_positive_count <- function(x, call) {
  check_argument(x, is_count(x, positive = TRUE), "a whole number of at least 1", call, rlang::as_label(substitute(x)))
}

check_seed <- function(seed, call) {
  check_argument(seed, is_whole(seed, lower = 0, null_ok = TRUE), "a whole number of at least 0, or {.code NULL}", call)
}

check_probability <- function(x, call) {
  valid <- checkmate::test_number(x, finite = TRUE) && x > 0 && x < 1
  check_argument(x, valid, "a number between 0 and 1", call, rlang::as_label(substitute(x)))
}

# Of an interval whose ends are to be computed.
check_interval_prob <- function(prob, call) {
  valid <- checkmate::test_number(prob, lower = 1e-9, upper = 1 - 1e-9)
  check_argument(prob, valid, "a number between 0 and 1 (and not within 1e-9 of these)", call)
}

# One of `choices`; `choices` itself, the default of an argument, stands for the first.
choose_one <- function(argument, choices, call) {
  if (identical(argument, choices)) {
    return(choices[1])
  }
  name <- rlang::as_label(substitute(argument))
  if (!(rlang::is_string(argument) && argument %in% choices)) {
    abort_bayespool(
      c("{.arg {name}} must be {.or {.val {choices}}}.", i = "Found {.code {format_found(argument)}}."), "argument", call
    )
  }
  argument
}

choose_interval <- function(interval, call) choose_one(interval, c("hdi", "central"), call)

# Which variables: those named in `pars`, then those that a regular expression matches, or all of them for two NULLs.
choose_pars <- function(pars, regex_pars, variables, call) {
  if (is.null(pars) && is.null(regex_pars)) {
    return(variables)
  }
  unknown <- setdiff(pars, variables)
  if (!is.null(pars) && (!is.character(pars) || length(unknown) > 0)) {
    abort_bayespool(
      c("{.arg pars} must be names of variables.", i = "Found {.val {unknown}}.", i = "There {?is/are} {.val {variables}}."),
      "argument", call
    )
  }
  valid <- is.null(regex_pars) || checkmate::test_character(regex_pars, any.missing = FALSE, min.len = 1)
  check_argument(regex_pars, valid, "regular expressions, as text", call)
  unique(c(pars, unlist(lapply(regex_pars, matching_variables, variables, call))))
}

matching_variables <- function(pattern, variables, call) {
  found <- tryCatch(grep(pattern, variables, value = TRUE), error = function(cnd) {
    check_argument(pattern, FALSE, "a regular expression", call, "regex_pars")
  }, warning = function(cnd) character())
  if (length(found) == 0) {
    abort_bayespool(
      c("{.arg regex_pars} matches no variable.", i = "Found {.val {pattern}}.", i = "There {?is/are} {.val {variables}}."),
      "argument", call
    )
  }
  found
}

check_no_dots <- function(dots, call) {
  if (length(dots) > 0) {
    names <- rlang::names2(dots)
    names[names == ""] <- "(unnamed)"
    abort_bayespool(c("Unknown argument{?s}: {.val {names}}."), "argument", call)
  }
}

# For methods of other packages' generics, which get what their callers pass on to all models: it is ignored, but for what looks like a
# misspelt argument of the method, which a warning names, and for values without a name, which are refused. `call`: the method's frame.
ignore_dots <- function(dots, call) {
  method <- sys.function(Position(function(frame) identical(frame, call), sys.frames()))
  own <- setdiff(names(formals(method)), "...")
  names <- rlang::names2(dots)
  check_no_dots(dots[names == ""], call)
  for (name in names) {
    meant <- misspelt(name, own)
    if (!is.null(meant)) {
      warn_bayespool(c("Ignored {.arg {name}}: did you mean {.arg {meant}}?"), "argument", call)
    }
  }
}

# Two letters more, less or other, or one in names of four letters; shorter ones are words of their own.
misspelt <- function(name, valid) {
  distance <- utils::adist(name, valid, ignore.case = TRUE)[1L, ]
  near <- which(distance <= if (nchar(name) > 4) 2 else 1)
  if (nchar(name) > 3 && length(near) > 0) valid[[near[which.min(distance[near])]]]
}

# The valid name that was probably meant, or NULL: close in spelling, the same without its index, or containing it.
nearest_name <- function(name, valid) {
  distance <- utils::adist(name, valid, ignore.case = TRUE)[1L, ]
  if (min(distance) <= max(1, nchar(name) %/% 3)) {
    return(valid[[which.min(distance)]])
  }
  found <- c(
    valid[valid == sub("\\[.*", "", name)],
    valid[grepl(name, valid, fixed = TRUE)]
  )
  if (length(found) > 0L) found[[1L]]
}

# checkmate takes complex numbers for whole ones.
is_count <- function(x, ...) is.numeric(x) && checkmate::test_count(x, ...)
is_whole <- function(x, ..., null_ok = FALSE) (is.null(x) && null_ok) || (is.numeric(x) && checkmate::test_int(x, ...))
