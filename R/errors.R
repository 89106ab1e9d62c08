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
  cli::cli_warn(message, class = c(paste0("bayespool_warning_", type), "bayespool_warning"), call = call, .envir = .envir)
}
