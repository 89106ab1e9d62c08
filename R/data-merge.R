# Merging: lines of moments to groups, and parts of the rows to moments as if these had been together.

# `lines`: list of n, mean, mean_low (or NULL), within (a row a line; one for all where `groups` is 1 and it is summed already) and, where
# there are weights, weight and log_weight; `code`: the group of each line, from 1. Returns such a list with a line for each of
# `groups`; lines of size 0 are ignored, groups without lines have size 0 and mean NaN.
merge_lines <- function(lines, code, groups) {
  merged <- core_merge_lines(core_lines(lines), code, groups)
  of_rows <- c("n", "weight", "log_weight")
  sums <- rowsum(do.call(cbind, lines[intersect(of_rows, names(lines))]), code)
  by_group <- matrix(0, groups, ncol(sums), dimnames = list(NULL, colnames(sums)))
  by_group[as.integer(rownames(sums)), ] <- sums
  merged[colnames(sums)] <- lapply(colnames(sums), function(name) unname(by_group[, name]))
  merged
}

# All groups as one, "": what complete pooling sees.
merge_into_one <- function(moments) {
  columns <- colnames(moments$mean)
  sums <- intersect(c("n", "weight", "log_weight"), names(moments))
  # The sum over the groups first, as where the core has summed it: the same to the last digit.
  merge <- function(lines) {
    lines$within <- matrix(colSums(lines$within), 1)
    merge_lines(c(unclass(moments)[sums], lines), rep(1L, length(moments$n)), 1)
  }
  residual <- moments$residual
  if (!is.null(residual)) {
    moments$residual[c("mean", "within")] <- merge(residual)[c("mean", "within")]
  }
  fields <- c("mean", "mean_low", "within", sums)
  moments[fields] <- merge(unclass(moments)[intersect(c("mean", "mean_low", "within"), names(moments))])[fields]
  colnames(moments$mean) <- columns
  moments["group_name"] <- list(NULL)
  moments[c("group_levels", "cells")] <- NULL
  moments$group <- ""
  moments
}

# Moments in `parts`, a list of them, as if their rows had been together.
merge_parts <- function(parts, call) {
  if (length(parts) > 1 && any(vapply(parts, `[[`, NA, "pooled"))) {
    abort_bayespool("Moments whose cross-products are summed over groups cannot be merged.", "moments", call)
  }
  check_mergeable(parts, "Moments", function(part) colnames(part$mean), call)
  if (length(parts) == 1) {
    return(parts[[1]])
  }
  parts <- code_alike(parts, recode_moments, call)
  groups <- merge_groups(parts, call)
  weighted <- any(vapply(parts, has_weights, NA))
  stack <- function(field) do.call(rbind, lapply(parts, field))
  lines <- list(
    n = unlist(lapply(parts, `[[`, "n")), mean = stack(function(part) part$mean), within = stack(function(part) part$within),
    mean_low = stack(function(part) part$mean_low %||% (0 * part$mean))
  )
  if (weighted) {
    lines$weight <- unlist(lapply(parts, group_weights))
    lines$log_weight <- unlist(lapply(parts, function(part) part$log_weight %||% numeric(length(part$n))))
  }
  merged <- merge_lines(lines, groups$code, length(groups$group))
  if (!all(is.finite(merged$mean)) || !all(is.finite(merged$within))) abort_too_large("moments", call)
  result <- parts[[1]]
  colnames(merged$mean) <- colnames(result$mean)
  fields <- intersect(c("n", "mean", "mean_low", "within", "weight", "log_weight"), names(merged))
  result[fields] <- merged[fields]
  result <- set_grouping(result, groups)
  result$dropped <- sum(vapply(parts, function(part) part$dropped, 0))
  result$residual <- NULL # those of the parts are of different columns
  if (!is.null(result$any_response)) result$any_response <- all(vapply(parts, function(part) isTRUE(part$any_response), NA))
  result
}

# The groups of the parts: `group`, their labels in the order that factor() would give, had the rows been together; `group_levels` and
# `cells`, see new_group_moments(); `code` of each line of the parts.
merge_groups <- function(parts, call) {
  if (is.null(parts[[1]]$cells)) {
    merged <- merge_labels(lapply(parts, `[[`, "group_levels"), lapply(parts, `[[`, "group"))
    return(list(group = merged$labels, group_levels = merged$levels, cells = NULL, code = unlist(merged$code)))
  }
  columns <- lapply(stats::setNames(nm = names(parts[[1]]$cells$columns)), function(name) {
    of_parts <- lapply(parts, function(part) part$cells$columns[[name]])
    merged <- merge_labels(lapply(of_parts, `[[`, "levels"), lapply(of_parts, `[[`, "labels"))
    merged$code <- unlist(Map(function(code, column) code[column$code], merged$code, of_parts))
    merged
  })
  combined <- combine_codes(lapply(columns, `[[`, "code"), lengths(lapply(columns, `[[`, "labels")))
  cells <- new_cells(columns, combined$table)
  list(group = joined_labels(cell_columns(cells), call, "moments"), group_levels = NULL, cells = cells, code = combined$code)
}

# `known`, `labels`: of one column in each part, what column_levels() says and the labels that occur. `labels` and `levels` of all parts,
# and the positions of each part's labels among these, `code`.
merge_labels <- function(known, labels) {
  if (all(vapply(known, is.numeric, NA)) && any(vapply(known, is.double, NA))) {
    # 100000 is "1e+05" as a double.
    labels <- Map(function(label, level) if (is.integer(level)) as.character(as.double(label)) else label, labels, known)
  }
  levels <- merge_levels(known, labels)
  list(labels = levels$used, levels = levels$known, code = lapply(labels, match, levels$used))
}

# Objects of `class` among `x`, in lists or not, as one list; anything else is an error of class `type`, with `wrong` and its position.
flatten_parts <- function(x, class, wrong, type, call, position = "") {
  refuse <- function(found, envir = rlang::caller_env()) abort_bayespool(c(wrong, i = found), type, call, .envir = envir)
  if (length(x) == 0) {
    at <- if (position == "") "" else " at {.code {position}}"
    refuse(paste0("Found an empty list", at, "."))
  }
  found <- Map(
    function(value, i) {
      here <- paste0(position, "[[", i, "]]")
      if (inherits(value, class)) {
        list(value)
      } else if (rlang::is_bare_list(value)) {
        flatten_parts(value, class, wrong, type, call, here)
      } else {
        refuse("Found {.obj_type_friendly {value}} at {.code {here}}.")
      }
    },
    unname(x), seq_along(x)
  )
  do.call(c, found)
}

# `what`: what they are called; `columns_of`: the columns of a part.
check_mergeable <- function(parts, what, columns_of, call) {
  refuse <- function(wrong, found, envir = rlang::caller_env()) {
    abort_bayespool(c(paste(what, wrong), i = found), "moments", call, .envir = envir)
  }
  a <- parts[[1]]
  for (b in parts) {
    if (!identical(a$group_name, b$group_name) || !identical(names(a$cells$columns), names(b$cells$columns))) {
      names <- c(label_or(a$group_name), label_or(b$group_name))
      refuse(
        "must have the same grouping factor to be merged.",
        "Found {.code {names[1]}} and {.code {names[2]}}."
      )
    }
    terms <- lapply(list(a, b), function(part) c(names(part$terms), part$response))
    varying <- lapply(list(a, b), function(part) names(part$varying$terms))
    if (!identical(terms[[1]], terms[[2]]) || !identical(varying[[1]], varying[[2]])) {
      columns <- lapply(list(a, b), columns_of)
      refuse(
        "must have the same columns to be merged.",
        "Found {.code {columns[[1]]}} in one, {.code {columns[[2]]}} in the other."
      )
    }
  }
}

label_or <- function(name) if (is.null(name)) "unnamed groups" else name
