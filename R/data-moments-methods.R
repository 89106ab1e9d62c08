# Methods of group moments: printing, conversion, choosing and merging.

# group, n, the sum of the weights where there are some, mean_<column>, sd_<column>, and with `products` also ss_<column>
# (sums of squares about
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
  parts <- c(group, list(n = moments$n), if (has_weights(moments)) list(weight = moments$weight), matrix_columns(mean_beside_sd))
  if (products && nrow(moments$within) == nrow(mean)) {
    pairs <- pairs_of(columns)
    within <- moments$within
    colnames(within) <- ifelse(
      pairs$first == pairs$second, paste0("ss_", pairs$first), paste0("sp_", pairs$first, "_", pairs$second)
    )
    parts <- c(parts, matrix_columns(within))
  }
  as_frame(parts, length(moments$n))
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
  subset_groups(x, chosen_groups(x, i, rlang::current_env()))
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
  subset_groups(x, chosen_groups(x, rep_len(condition & !is.na(condition), length(x$n)), call))
}

#' @export
c.group_moments <- function(...) {
  call <- quote(c()) # after do.call() that of the frame holds all moments
  parts <- flatten_moments(list(...), "Only group moments can be merged with group moments.", "moments", call)
  merge_parts(parts, call)
}
