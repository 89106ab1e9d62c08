# Printing, choosing and merging group moments.

# group, n, mean_<column>, sd_<column>, and with `products` also ss_<column> (sums of squares about
# the group's mean) and sp_<column>_<column> (sums of products).
moments_frame <- function(moments, products) {
  columns <- colnames(moments$mean)
  d <- length(columns)
  mean <- moments$mean
  colnames(mean) <- paste0("mean_", columns)
  sd <- if (nrow(moments$within) < nrow(mean)) matrix(NA_real_, nrow(mean), d) else moments_sd(moments)
  colnames(sd) <- paste0("sd_", columns)
  group <- stats::setNames(list(moments$group), if (is.null(moments$group_name)) "group" else moments$group_name)
  mean_beside_sd <- cbind(mean, sd)[, rep(c(0, d), d) + rep(seq_len(d), each = 2), drop = FALSE]
  parts <- c(group, list(n = moments$n), matrix_columns(mean_beside_sd))
  if (products && nrow(moments$within) == nrow(mean)) {
    first <- columns[sequence(seq_len(d))]
    second <- columns[rep(seq_len(d), seq_len(d))]
    within <- moments$within
    colnames(within) <- ifelse(first == second, paste0("ss_", first), paste0("sp_", first, "_", second))
    parts <- c(parts, matrix_columns(within))
  }
  as_frame(parts, length(moments$n))
}

matrix_columns <- function(x) {
  stats::setNames(lapply(seq_len(ncol(x)), function(k) as.vector(x[, k])), colnames(x))
}

#' @export
as.data.frame.group_moments <- function(x, row.names = NULL, optional = FALSE, ...) {
  rlang::check_dots_empty()
  frame <- moments_frame(x, products = TRUE)
  if (!is.null(row.names)) row.names(frame) <- row.names
  frame
}

#' @export
print.group_moments <- function(x, digits = max(3L, getOption("digits") - 3L), max_groups = 20L, ...) {
  rlang::check_dots_empty()
  groups <- length(x$n)
  rows <- stats::nobs(x)
  cat(
    "<group_moments> ", groups, if (groups == 1) " group" else " groups",
    if (!is.null(x$group_name)) paste0(" of ", x$group_name), ", ",
    format(rows, scientific = FALSE), if (rows == 1) " observation" else " observations", "\n",
    sep = ""
  )
  shown <- moments_frame(x, products = FALSE)[seq_len(min(groups, max_groups)), , drop = FALSE]
  shown[[1]] <- shorten(shown[[1]])
  print(shown, digits = digits, row.names = FALSE)
  if (groups > max_groups) {
    cat("... and ", groups - max_groups, " more groups\n", sep = "")
  }
  invisible(x)
}

#' @importFrom stats nobs
#' @export
nobs.group_moments <- function(object, ...) {
  rlang::check_dots_empty()
  sum(object$n)
}

#' @export
`[.group_moments` <- function(x, i) {
  if (missing(i)) {
    return(x)
  }
  take_groups(x, i, rlang::current_env())
}

#' @export
subset.group_moments <- function(x, subset, ...) {
  rlang::check_dots_empty()
  if (missing(subset)) {
    return(x)
  }
  call <- rlang::current_env()
  frame <- moments_frame(x, products = TRUE)
  condition <- tryCatch(
    eval(substitute(subset), frame, parent.frame()),
    error = function(cnd) {
      abort_bayespool(
        c("{.arg subset} cannot be computed.", i = "It can use the columns {.code {names(frame)}}."), "moments", call,
        parent = cnd
      )
    }
  )
  if (!is.logical(condition)) {
    abort_bayespool(
      c("{.arg subset} must be TRUE or FALSE for each group.", i = "Found {.obj_type_friendly {condition}}."),
      "moments", call
    )
  }
  take_groups(x, rep_len(condition & !is.na(condition), length(x$n)), call)
}

# The groups `i`: labels, positions or a logical vector, each group at most once.
take_groups <- function(x, i, call) {
  groups <- length(x$n)
  if (nrow(x$within) < groups) {
    abort_bayespool("Groups cannot be chosen where cross-products are summed over all groups.", "moments", call)
  }
  if (is.factor(i)) {
    i <- as.character(i)
  }
  if (is.character(i)) {
    position <- match(i, x$group)
    unknown <- i[is.na(position)]
    if (length(unknown) > 0) {
      abort_bayespool(
        c("There {?is/are} no group{?s} {.val {unknown}}.", i = "The groups are {.val {x$group}}."),
        "moments", call
      )
    }
  } else if (is.logical(i) && length(i) %in% c(1, groups) && !anyNA(i)) {
    position <- which(rep_len(i, groups))
  } else if (is_position(i, groups)) {
    position <- seq_len(groups)[i]
  } else {
    abort_bayespool(
      c(
        "Groups are chosen by labels, by positions from 1 to {groups}, or by a logical vector of that length.",
        i = "Found {.obj_type_friendly {i}}."
      ),
      "moments", call
    )
  }
  if (anyDuplicated(position)) {
    repeated <- unique(x$group[position[duplicated(position)]])
    abort_bayespool("The group{?s} {.val {repeated}} {?is/are} chosen more than once.", "moments", call)
  }
  if (length(position) == 0) {
    abort_bayespool("No group is left.", "moments", call)
  }
  x$group <- x$group[position]
  x$n <- x$n[position]
  x$mean <- x$mean[position, , drop = FALSE]
  x$within <- x$within[position, , drop = FALSE]
  x
}

# Whole numbers from 1, or from -1 down to leave groups out.
is_position <- function(i, groups) {
  is.numeric(i) && !anyNA(i) && all(i == round(i)) && all(abs(i) <= groups) && (all(i > 0) || all(i < 0))
}

#' @export
c.group_moments <- function(...) {
  call <- rlang::current_env()
  Reduce(function(a, b) merge_two(a, b, call), list(...))
}

merge_two <- function(a, b, call) {
  check_mergeable(a, b, call)
  labels <- union(a$group, b$group)
  merged <- cpp_merge_moments(spread_groups(a, labels), spread_groups(b, labels))
  colnames(merged$mean) <- colnames(a$mean)
  a[c("n", "mean", "within")] <- merged[c("n", "mean", "within")]
  a$group <- labels
  a$dropped <- a$dropped + b$dropped
  a
}

# Rows for `labels`, those that `moments` does not hold with n = 0.
spread_groups <- function(moments, labels) {
  from <- match(labels, moments$group)
  absent <- is.na(from)
  from[absent] <- 1L
  n <- moments$n[from]
  mean <- moments$mean[from, , drop = FALSE]
  within <- moments$within[from, , drop = FALSE]
  n[absent] <- 0
  mean[absent, ] <- 0
  within[absent, ] <- 0
  list(n = n, mean = mean, within = within)
}

check_mergeable <- function(a, b, call) {
  refuse <- function(wrong, found, envir = rlang::caller_env()) {
    abort_bayespool(c(wrong, i = found), "moments", call, .envir = envir)
  }
  if (!inherits(b, "group_moments")) {
    refuse("Only group moments can be merged with group moments.", "Found {.obj_type_friendly {b}}.")
  }
  if (a$pooled || b$pooled) {
    refuse("Moments whose cross-products are summed over groups cannot be merged.", NULL)
  }
  if (!identical(a$group_name, b$group_name)) {
    names <- c(label_or(a$group_name), label_or(b$group_name))
    refuse(
      "Moments must have the same grouping factor to be merged.",
      "Found {.code {names[1]}} and {.code {names[2]}}."
    )
  }
  if (!identical(colnames(a$mean), colnames(b$mean)) || !identical(a$terms, b$terms)) {
    refuse(
      "Moments must have the same columns to be merged.",
      "Found {.code {colnames(a$mean)}} in one, {.code {colnames(b$mean)}} in the other."
    )
  }
  if (!identical(a$coding, b$coding)) {
    refuse(
      "The predictors of these moments have the same names but not the same meaning.",
      "Factors must have the same levels and contrasts; {.code poly()} and {.code scale()} depend on all rows."
    )
  }
}

label_or <- function(name) if (is.null(name)) "unnamed groups" else name
