# Numbers, labels, expressions and tables as text.

# Fixed decimals, or significant digits for columns of very small or large numbers.
format_numbers <- function(x, decimals) {
  size <- max(abs(x[is.finite(x)]), 0)
  if (decimals > 0 && size > 0 && (size < 0.1 || size >= 1e7)) {
    return(formatC(x, digits = decimals + 1, format = "g"))
  }
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

# Labels may be of any length; tables show how they begin.
shorten <- function(text, width = 60) ifelse(nchar(text) > width, paste0(substr(text, 1, width - 3), "..."), text)

# A table of variables, or a part of one. Counts (effective sample sizes) without decimals, Monte Carlo errors with two digits.
print_table <- function(table, digits, n_rows) {
  shown <- as.data.frame(utils::head(table, n_rows))
  class(shown) <- "data.frame"
  if ("variable" %in% names(shown)) shown$variable <- shorten(shown$variable)
  for (name in names(shown)[vapply(shown, is.numeric, NA)]) {
    x <- shown[[name]]
    shown[[name]] <- if (startsWith(name, "mcse_")) {
      formatC(signif(x, 2), digits = 2, format = "fg")
    } else {
      format_numbers(x, if (startsWith(name, "ess_")) 0 else if (name == "rhat") 3 else digits)
    }
  }
  print(shown, row.names = FALSE)
  note_rest(nrow(table) - nrow(shown))
}

note_rest <- function(rest) {
  if (rest > 0) {
    cat("... and ", format(rest, big.mark = ","), " more; see summary() or exact_summary()\n", sep = "")
  }
}
