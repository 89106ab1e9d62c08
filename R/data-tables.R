# Data that are a table with one row a group, where rows of observations are expected.

# Names that columns of such tables often have.
table_names <- c(
  n = "n|size|count|nobs|n[._]?obs|sample[._]?size", mean = "mean|m|avg|average|mean[._].*|.*[._]mean",
  sd = "sd|s|std|stdev|std[._]?dev|sd[._].*|.*[._]sd", se = "se|sem|std[._]?err(or)?|se[._].*|.*[._]se"
)

# The call of as_group_moments() that `data` ask for, as text; NULL where they have no columns for it.
table_call <- function(data, group) {
  numeric <- names(data)[vapply(data, is.numeric, NA)]
  column <- lapply(table_names, function(pattern) {
    grep(paste0("^(", pattern, ")$"), numeric, ignore.case = TRUE, value = TRUE)
  })
  spread <- if (length(column$sd) > 0) "sd" else "se"
  column <- lapply(column[c("n", "mean", spread)], utils::head, 1)
  if (any(lengths(column) == 0)) {
    return(NULL)
  }
  labels <- c(intersect(group, names(data)), setdiff(names(data), numeric), "...")[1]
  arguments <- vapply(c(list(group = labels), column), function(name) format_expr(as.name(name)), "")
  paste0("as_group_moments(data, ", paste(names(arguments), "=", arguments, collapse = ", "), ")")
}
