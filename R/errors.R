# The one place where the package raises errors and warnings that people can catch by class.

# Signals an error of class `bayespool_error_<type>` and `bayespool_error`. `message` is cli text:
# what is wrong, then (named "i") what was found and what is supported; it is filled in from
# `.envir`. `call` is the user's call.
abort_bayespool <- function(message, type, call = rlang::caller_env(), parent = NULL, .envir = parent.frame()) {
  cli::cli_abort(
    message,
    class = c(paste0("bayespool_error_", type), "bayespool_error"),
    call = call,
    parent = parent,
    .envir = .envir
  )
}

# A warning of class `bayespool_warning_<type>` and `bayespool_warning`, likewise.
warn_bayespool <- function(message, type, call = rlang::caller_env(), .envir = parent.frame()) {
  class <- c(paste0("bayespool_warning_", type), "bayespool_warning")
  cli::cli_warn(message, class = class, call = short_call(call), .envir = .envir)
}

# R prints a warning's call as it is. After do.call() that is all of the data, even of the function; its name says enough.
short_call <- function(call) {
  call <- rlang::error_call(call)
  if (is.call(call) && (is.name(call[[1]]) || rlang::is_call(call[[1]], c("::", ":::")))) call[1]
}
