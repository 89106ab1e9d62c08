# What tables say below their rows.

# In lines that fit the console.
print_note <- function(...) writeLines(strwrap(paste0(...), getOption("width")))

# `rows`: what there are more of.
note_more <- function(rest, rows) {
  if (rest > 0) cat("... and ", format(rest, big.mark = ","), " more ", rows, "\n", sep = "")
}

# Which interval lower and upper are the ends of, and where the numbers come from. `table` has the attributes `prob`, `interval` and, from
# draws, their number `draws`.
interval_note <- function(table, of) {
  kind <- if (attr(table, "interval") == "hdi") "shortest (hdi)" else "central"
  draws <- attr(table, "draws")
  source <- if (is.null(draws)) "by quadrature" else paste("from", format(draws, big.mark = ","), "draws")
  paste0("lower, upper: ", kind, " ", percent(attr(table, "prob")), " interval of the ", of, ", ", source)
}
