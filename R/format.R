# Numbers, labels, expressions and intervals as text.

# The same number of decimals for all; where that would hide the numbers, more of them, or powers of ten.
format_numbers <- function(x, decimals) {
  size <- max(abs(x[is.finite(x)]), 0)
  if (size >= 1e7 || (size > 0 && size < 1e-4)) {
    return(formatC(x, digits = decimals, format = "e"))
  }
  if (decimals > 0 && size > 0) decimals <- max(decimals, 1 - floor(log10(size)))
  formatC(x, digits = decimals, format = "f")
}

format_bytes <- function(bytes) format(structure(bytes, class = "object_size"), units = "auto")

percent <- function(prob) paste0(format(100 * prob, digits = 4), "%")

# What the user gave, for messages.
format_found <- function(x) if (is.atomic(x)) format_expr(utils::head(x, 5)) else class(x)[1]

# One line, however long.
format_expr <- function(expr) {
  paste(trimws(deparse(expr, width.cutoff = 500L, backtick = TRUE)), collapse = " ")
}

format_formula <- function(formula) {
  attributes(formula) <- NULL
  format_expr(formula)
}

# Decimals that show two digits of the smallest sd, from 2 to 4.
decimals_for <- function(sd) {
  sd <- sd[is.finite(sd) & sd > 0]
  if (length(sd) == 0) 2 else min(max(1 - floor(log10(min(sd))), 2), 4)
}

# Labels may be of any length; tables show how they begin.
shorten <- function(text, width = 60) {
  ifelse(nchar(text, "width") > width, paste0(strtrim(text, width - 3), "..."), text)
}

interval_names <- function(interval) paste0(interval, c("_lower", "_upper"))
