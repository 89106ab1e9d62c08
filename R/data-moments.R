# Group moments: the object, choosing groups, merging.

# `residual`: what residual_moments() returns; nothing where that is NULL. Moments of a table may also have `any_response`, see
# select_moments(). `varying`: where slopes vary, `terms` (names of their columns, by term) and `coding`. `weight`, `log_weight`: by group
# the sums of the weights of its rows and of their logarithms; nothing where rows count alike.

new_group_moments <- function(group_name, group, n, mean, within, response, pooled = FALSE, terms = named_list(),
                              intercept = TRUE, coding = NULL, dropped = 0, residual = NULL, varying = NULL, weight = NULL,
                              log_weight = NULL) {
  moments <- list(
    group_name = group_name, group = group, n = n, mean = mean, within = within, pooled = pooled, terms = terms,
    response = response, intercept = intercept, coding = coding, dropped = dropped
  )
  moments$residual <- residual
  moments$varying <- varying
  moments$weight <- weight
  moments$log_weight <- log_weight
  structure(moments, class = "group_moments")
}

named_list <- function() {
  stats::setNames(list(), character())
}

# The sums of the weights by group; their numbers of rows where these count alike.
group_weights <- function(moments) moments$weight %||% moments$n

has_weights <- function(moments) !is.null(moments$weight)

# The means over all rows of what has one row a group.
weighted_means <- function(by_group, moments) {
  weights <- group_weights(moments)
  colSums(by_group * weights) / sum(weights)
}

# Standard deviations, J x d, with divisor n - 1, of rows of average weight; NA in a group of one.
moments_sd <- function(moments) {
  squares <- moments$within[, diagonal_index(ncol(moments$mean)), drop = FALSE] * moments$n / group_weights(moments)
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
    moments$residual[c("mean", "within")] <- cpp_merge_groups(c(list(n = group_weights(moments)), residual))[c("mean", "within")]
  }
  of_columns <- c(list(n = group_weights(moments)), unclass(moments)[c("mean", "within")])
  moments[c("mean", "within")] <- cpp_merge_groups(of_columns)[c("mean", "within")]
  sums <- intersect(c("n", "weight", "log_weight"), names(moments))
  moments[sums] <- lapply(unclass(moments)[sums], sum)
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
  by_row <- intersect(c("n", "weight", "log_weight"), names(moments))
  moments[by_row] <- lapply(unclass(moments)[by_row], `[`, position)
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
  spread <- lapply(list(a, b), spread_groups, labels)
  merged <- cpp_merge_moments(spread[[1]], spread[[2]])
  colnames(merged$mean) <- colnames(a$mean)
  a[c("mean", "within")] <- merged[c("mean", "within")]
  a$n <- spread[[1]]$rows + spread[[2]]$rows
  if (has_weights(a) || has_weights(b)) {
    a$weight <- merged$n
    a$log_weight <- spread[[1]]$log_weight + spread[[2]]$log_weight
  }
  a$group <- labels
  a$dropped <- a$dropped + b$dropped
  a$residual <- NULL # those of a and b are of different columns
  a
}

# Rows for `labels`, those that `moments` does not hold with n = 0: as cpp_merge_moments() takes them, where n counts weights, and `rows`
# and `log_weight`.
spread_groups <- function(moments, labels) {
  from <- match(labels, moments$group)
  absent <- is.na(from)
  from[absent] <- 1L
  of_group <- list(n = group_weights(moments), rows = moments$n, log_weight = moments$log_weight %||% numeric(length(moments$n)))
  of_group <- lapply(of_group, function(x) ifelse(absent, 0, x[from]))
  mean <- moments$mean[from, , drop = FALSE]
  within <- moments$within[from, , drop = FALSE]
  mean[absent, ] <- 0
  within[absent, ] <- 0
  c(of_group, list(mean = mean, within = within))
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
