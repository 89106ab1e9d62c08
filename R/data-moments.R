# Group moments: the object, choosing groups, merging.

# `residual`: what residual_moments() returns; nothing where that is NULL. Moments of a table may also have `any_response`, see
# select_moments(). `varying`: where slopes vary, `terms` (names of their columns, by term) and `coding`.

new_group_moments <- function(group_name, group, n, mean, within, response, pooled = FALSE, terms = named_list(),
                              intercept = TRUE, coding = NULL, dropped = 0, residual = NULL, varying = NULL) {
  moments <- list(
    group_name = group_name, group = group, n = n, mean = mean, within = within, pooled = pooled, terms = terms,
    response = response, intercept = intercept, coding = coding, dropped = dropped
  )
  moments$residual <- residual
  moments$varying <- varying
  structure(moments, class = "group_moments")
}

named_list <- function() {
  stats::setNames(list(), character())
}

# Standard deviations, J x d, with divisor n - 1; NA in a group of one.
moments_sd <- function(moments) {
  squares <- moments$within[, diagonal_index(ncol(moments$mean)), drop = FALSE]
  sd <- sqrt(squares / (moments$n - 1))
  sd[moments$n == 1, ] <- NA
  colnames(sd) <- colnames(moments$mean)
  sd
}

diagonal_index <- function(d) cumsum(seq_len(d))

# All groups as one, "": what complete pooling sees.
merge_into_one <- function(moments) {
  columns <- colnames(moments$mean)
  residual <- moments$residual
  if (!is.null(residual)) {
    moments$residual[c("mean", "within")] <- cpp_merge_groups(c(list(n = moments$n), residual))[c("mean", "within")]
  }
  moments[c("n", "mean", "within")] <- cpp_merge_groups(unclass(moments)[c("n", "mean", "within")])
  colnames(moments$mean) <- columns
  moments["group_name"] <- list(NULL)
  moments$group <- ""
  moments
}

# The groups at `position`, also of bare moments without a class. What is summed over all groups stays as it is.
subset_groups <- function(moments, position) {
  by_group <- nrow(moments$within) == length(moments$n)
  moments$group <- moments$group[position]
  keep_groups(moments, position, by_group)
}

# `by_group`: whether cross-products are of each group.
keep_groups <- function(moments, position, by_group) {
  keep <- function(moments) {
    moments$mean <- moments$mean[position, , drop = FALSE]
    if (by_group) moments$within <- moments$within[position, , drop = FALSE]
    moments
  }
  moments <- keep(moments)
  moments$n <- moments$n[position]
  if (!is.null(moments$residual)) moments$residual <- keep(moments$residual)
  moments
}

# Positions of the groups that a user chose by labels, by positions or by a logical vector, each at most once.
chosen_groups <- function(x, i, call) {
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
  position
}

# Whole numbers from 1, or from -1 down to leave groups out.
is_position <- function(i, groups) {
  is.numeric(i) && !anyNA(i) && all(i == round(i)) && all(abs(i) <= groups) && (all(i > 0) || all(i < 0))
}

merge_two <- function(a, b, call) {
  check_mergeable(a, b, call)
  labels <- union(a$group, b$group)
  merged <- cpp_merge_moments(spread_groups(a, labels), spread_groups(b, labels))
  colnames(merged$mean) <- colnames(a$mean)
  a[c("n", "mean", "within")] <- merged[c("n", "mean", "within")]
  a$group <- labels
  a$dropped <- a$dropped + b$dropped
  a$residual <- NULL # those of a and b are of different columns
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
      "The columns of these moments have the same names but not the same meaning.",
      "Factors must have the same levels and contrasts; {.code poly()} and {.code scale()} depend on all rows."
    )
  }
}

label_or <- function(name) if (is.null(name)) "unnamed groups" else name
