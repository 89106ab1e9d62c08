# What fits in memory.

# Refuses a matrix of draws, or of `what` else, of `columns` numbers each; `of` names these and `advice` (cli text) a way out.
check_memory <- function(draws, columns, of, advice, call, what = "draws") {
  bytes <- 8 * as.double(draws) * columns
  if (bytes < 2^28) {
    return(invisible())
  }
  available <- available_memory()
  if (bytes > available) {
    size <- format_bytes(bytes)
    left <- format_bytes(available)
    abort_bayespool(
      c(
        "The {what} would not fit in memory.",
        i = "{draws} {what} of {columns} {of} take {size}; {left} are available.",
        i = advice
      ),
      "memory", call
    )
  }
}

# Bytes that a computation may take.
available_memory <- function() 0.8 * tryCatch(ps::ps_system_memory()[["avail"]], error = function(cnd) Inf)
