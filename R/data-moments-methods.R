# Methods of group moments: printing, conversion, choosing and merging.

# The columns of the group, n, the sum of the weights where there are some, mean_<column>, sd_<column>, and with `products` also ss_<column>
# (sums of squares about
# the group's mean) and sp_<column>_<column> (sums of products).
moments_frame <- function(moments, products) {
  columns <- colnames(moments$mean)
  d <- length(columns)
  mean <- moments$mean
  colnames(mean) <- paste0("mean_", columns)
  sd <- if (nrow(moments$within) < nrow(mean)) matrix(NA_real_, nrow(mean), d) else moments_sd(moments)
  colnames(sd) <- paste0("sd_", columns)
  mean_beside_sd <- cbind(mean, sd)[, rep(c(0, d), d) + rep(seq_len(d), each = 2), drop = FALSE]
  sizes <- c(list(n = moments$n), if (has_weights(moments)) list(weight = moments$weight))
  parts <- c(label_columns(moments), sizes, matrix_columns(mean_beside_sd))
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
  print_group_lines("group_moments", x, moments_frame(x, products = FALSE), NULL, digits, max_groups)
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
  choose_moments(x, i, rlang::current_env())
}

#' @export
subset.group_moments <- function(x, subset, ...) {
  rlang::check_dots_empty()
  if (missing(subset)) {
    return(x)
  }
  call <- rlang::current_env()
  choose_moments(x, groups_where(substitute(subset), moments_frame(x, products = TRUE), parent.frame(), call), call)
}

choose_moments <- function(x, i, call) {
  if (nrow(x$within) < length(x$n)) {
    abort_bayespool("Groups cannot be chosen where cross-products are summed over all groups.", "moments", call)
  }
  subset_groups(x, chosen_groups(x$group, i, call))
}

#' @export
c.group_moments <- function(...) {
  call <- quote(c()) # after do.call() that of the frame holds all moments
  parts <- flatten_parts(list(...), "group_moments", "Only group moments can be merged with group moments.", "moments", call)
  merge_parts(parts, call)
}
