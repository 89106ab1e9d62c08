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

# Names of variables, or all of them for NULL.
check_pars <- function(pars, valid, call) {
  unknown <- setdiff(pars, valid)
  if (!is.null(pars) && (!is.character(pars) || length(unknown) > 0)) {
    abort_bayespool(
      c(
        "{.arg pars} must be names of variables.",
        i = "Found {.val {unknown}}.",
        i = "There {?is/are} {.val {valid}}."
      ),
      "argument", call
    )
  }
  pars %||% valid
}

check_no_dots <- function(dots, call) {
  if (length(dots) > 0) {
    names <- rlang::names2(dots)
    names[names == ""] <- "(unnamed)"
    abort_bayespool(c("Unknown argument{?s}: {.val {names}}."), "argument", call)
  }
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
