# What tables say below their rows.

# In lines that fit the console.
print_note <- function(...) writeLines(strwrap(paste0(...), getOption("width")))

# `rows`: what there are more of.
note_more <- function(rest, rows) {
  if (rest > 0) cat("... and ", format(rest, big.mark = ","), " more ", rows, "\n", sep = "")
}

# Which interval lower and upper are the ends of, and where the numbers come from. `table` has the attributes `prob` and `interval` and,
# from draws, their number `draws`; a part of a table has none.
note_interval <- function(table, of) {
  if (is.null(attr(table, "prob"))) {
    return(invisible())
  }
  kind <- if (attr(table, "interval") == "hdi") "shortest (hdi)" else "central"
  draws <- attr(table, "draws")
  source <- if (is.null(draws)) "by quadrature" else paste("from", format(draws, big.mark = ","), "draws")
  print_note("lower, upper: ", kind, " ", percent(attr(table, "prob")), " interval of the ", of, ", ", source)
}

# The largest Monte Carlo errors of columns, named by these; NULL: there are none.
note_errors <- function(errors) {
  if (length(errors) > 0) {
    shown <- vapply(errors, format, "", digits = 2)
    print_note("Monte Carlo errors: up to ", paste0(shown, " (", names(errors), ")", collapse = ", "))
  }
}
