# Group counts of parts of the rows as one, and the columns that a formula asks for.

# Counts in `parts`, a list of them, as if their rows had been together.
merge_counts <- function(parts, call) {
  check_mergeable(parts, "Group counts", function(part) c(names(part$terms), part$response), call)
  for (field in c("family", "success", "offset")) {
    check_alike(parts, field, call)
  }
  if (length(parts) == 1) {
    return(parts[[1]])
  }
  parts <- code_alike(parts, recode_counts, call)
  groups <- merge_groups(parts, call)
  first <- match(seq_along(groups$group), groups$code)
  x <- do.call(rbind, lapply(parts, `[[`, "x"))
  for (name in colnames(x)) {
    other <- first_difference(x[, name], first[groups$code])
    if (!is.null(other)) {
      j <- groups$code[other]
      abort_varies(name, if (!is.null(parts[[1]]$group_name)) groups$group[j], x[c(first[j], other), name], call, "moments")
    }
  }
  merged <- parts[[1]]
  sums <- c("n", "events", "size", "log_constant")
  merged[sums] <- sum_lines(lapply(stats::setNames(nm = sums), function(name) unlist(lapply(parts, `[[`, name))), groups$code)
  merged$x <- x[first, , drop = FALSE]
  merged <- set_grouping(merged, groups)
  merged$dropped <- sum(vapply(parts, function(part) part$dropped, 0))
  merged
}

check_alike <- function(parts, field, call) {
  values <- lapply(parts, function(part) part[[field]] %||% "none")
  other <- Find(function(value) !identical(value, values[[1]]), values)
  if (!is.null(other)) {
    what <- c(family = "family", success = "level that is a success", offset = "offset")[[field]]
    abort_bayespool(
      c("Group counts must have the same {what} to be merged.", i = "Found {.val {values[[1]]}} and {.val {other}}."), "moments", call
    )
  }
}

recode_counts <- function(part, map) {
  predictors <- setdiff(colnames(map), part$response)
  slopes <- map[colnames(part$x), predictors, drop = FALSE]
  part$x <- part$x %*% slopes + rep(map[1, predictors], each = nrow(part$x))
  part
}

# The columns of `counts` that the formula asks for.
select_counts <- function(parsed, counts, call) {
  refuse <- function(what, asked, held) {
    abort_bayespool(
      c("The {what} of the formula and of the counts differ.", i = "Asked for is {.code {asked}}; the counts have {.code {held}}."),
      "moments", call
    )
  }
  wanted <- list(family = parsed$family$name, response = parsed$response, offset = offset_text(parsed), "grouping factor" = parsed$group)
  held <- list(family = counts$family, response = counts$response, offset = counts$offset, "grouping factor" = counts$group_name)
  if (is.null(parsed$group)) held["grouping factor"] <- list(NULL)
  for (what in names(held)) {
    if (!identical(wanted[[what]], held[[what]])) refuse(what, wanted[[what]] %||% "none", held[[what]] %||% "none")
  }
  missing <- setdiff(parsed$terms, names(counts$terms))
  if (length(missing) > 0) {
    abort_bayespool(
      c("The counts do not hold {.code {missing}}.", i = "They hold {.code {names(counts$terms)}}."), "moments", call
    )
  }
  check_coding(parsed$fixed, counts, call)
  counts$terms <- counts$terms[parsed$terms]
  counts$x <- counts$x[, unlist(counts$terms, use.names = FALSE), drop = FALSE]
  if (!is.null(counts$coding)) {
    counts$coding$patterns <- counts$coding$patterns[names(counts$coding$patterns) %in% parsed$terms]
  }
  counts$intercept <- parsed$intercept
  if (is.null(parsed$group)) counts_as_one(counts, call) else counts
}

# All groups as one, "": what complete pooling sees.
counts_as_one <- function(counts, call) {
  for (name in colnames(counts$x)) {
    other <- first_difference(counts$x[, name], rep(1L, nrow(counts$x)))
    if (!is.null(other)) abort_varies(name, NULL, counts$x[c(1, other), name], call)
  }
  one <- subset_counts(counts, 1L)
  sums <- c("n", "events", "size", "log_constant")
  one[sums] <- lapply(unclass(counts)[sums], sum)
  one["group_name"] <- list(NULL)
  one[c("group_levels", "cells")] <- NULL
  one$group <- ""
  one
}
