# Models of counts without a part of the data: see leave_out.R.

# `parts`: a list with `group` (position among fit$reduced$group; NA of a row of newdata in a model without groups), `x` (of such rows),
# `y` and `size`, one number a part, and `label(i)`, which part the i-th is. Each is left out of its group by itself. A matrix with two
# columns: the log probability of a part given all the rest, and, with `again`, of another one like it given all data.
leave_counts_out <- function(fit, parts, cores, call, again = TRUE) {
  whole <- whole_counts(fit, parts$group, parts$x, call)
  counts <- whole$counts
  parts$group <- whole$group
  parts <- check_parts(counts, parts, call)
  id <- distinct_parts(counts, parts)
  first <- which(!duplicated(id))
  distinct <- list(group = parts$group[first], y = parts$y[first], size = parts$size[first])
  # Only where a prior is flat may there be no posterior without a part.
  if (!all(vapply(fit$priors, is_proper, NA))) {
    for (i in seq_along(first)) posterior_without(whole, distinct, i, parts$label(first[i]), call)
  }
  posterior <- whole$posterior
  # Nodes of the same counts; those of others have other coordinates.
  if (has_groups(fit$model)) posterior$record <- fit$record %||% numeric()
  result <- core_count_leave_one_out(posterior, distinct$group - 1L, distinct$y, distinct$size, cores, call)
  for (i in which(is.nan(result))) result[i] <- by_evidence(whole, distinct, i, parts$label(first[i]), call)
  repeated <- if (again) {
    mixture <- unique(distinct$group)
    core_count_log_predictive(
      posterior, posterior$problem$x[mixture, , drop = FALSE], mixture - 1L, match(distinct$group, mixture) - 1L, distinct$y,
      distinct$size, cores, call
    )
  }
  cbind(result, repeated)[match(id, id[first]), , drop = FALSE]
}

# Which parts are alike, and parts of groups that are.
distinct_parts <- function(counts, parts) {
  alike <- distinct_rows(cbind(counts$events, counts$size, counts$x, deparse.level = 0), rep(NA, length(counts$n)))
  distinct_rows(cbind(parts$y, parts$size, deparse.level = 0), alike[parts$group])
}

# The counts of a fit, each of which has parts: a list with `fit`, `counts`, the `posterior` of these, and the `group` of each part. Without
# groups in the model those with the same predictors are one.
whole_counts <- function(fit, group, x, call) {
  counts <- fit$reduced
  if (!has_groups(fit$model)) {
    of_x <- distinct_rows(counts$x, rep(NA, nrow(counts$x)))
    first <- !duplicated(of_x)
    merged <- match(of_x, of_x[first])
    by_group <- c("n", "events", "size", "log_constant")
    sums <- lapply(unclass(counts)[by_group], function(values) unname(rowsum(values, merged)[, 1]))
    counts <- subset_counts(counts, which(first))
    counts[by_group] <- sums
    group <- if (anyNA(group)) nearest_row(x, counts$x, call) else merged[group]
  }
  list(fit = fit, counts = counts, group = group, posterior = other_posterior(fit, counts, call))
}

# Which of the rows of `known` each row of `x` is, up to rounding.
nearest_row <- function(x, known, call) {
  largest <- max(1, abs(known))
  found <- apply(x, 1, function(row) {
    distance <- colSums(abs(t(known) - row))
    if (min(distance) <= 1e-10 * largest) which.min(distance) else NA_integer_
  })
  if (anyNA(found)) {
    abort_bayespool(
      c(
        "{.arg newdata} must be rows that the fit was made from.",
        i = "Row {which(is.na(found))[1]} has predictors that no row of the fit has."
      ),
      "data", call
    )
  }
  found
}

# Parts that are all of their group's counts but for an error of rounding, of sums of exposures, get its size.
check_parts <- function(counts, parts, call) {
  events <- counts$events[parts$group]
  size <- counts$size[parts$group]
  rounded <- abs(size - parts$size) <= 1e-12 * size & parts$y == events
  parts$size[rounded] <- size[rounded]
  failures <- if (counts$family == "binomial") parts$size - parts$y > size - events else FALSE
  bad <- which(parts$y > events | parts$size > size | failures)
  if (length(bad) > 0) {
    i <- bad[1]
    abort_bayespool(
      c(
        "{.arg newdata} must be rows that the fit was made from.",
        i = "Row {i} has {parts$y[i]} of {parts$size[i]}, and all rows of its group together have {events[i]} of {size[i]}."
      ),
      "data", call
    )
  }
  parts
}

# The counts without part `i`.
counts_without <- function(counts, parts, i) {
  j <- parts$group[i]
  counts$events[j] <- counts$events[j] - parts$y[i]
  counts$size[j] <- counts$size[j] - parts$size[i]
  if (counts$size[j] == 0) subset_counts(counts, -j) else counts
}

# The posterior without part `i`, or NULL where no data are left; an error where it does not exist.
posterior_without <- function(whole, parts, i, label, call) {
  counts <- counts_without(whole$counts, parts, i)
  without(label, if (length(counts$n) > 0) {
    other_posterior(whole$fit, counts, call)
  } else {
    check_informed(whole$fit, names(whole$fit$priors), call)
  }, call)
}

# log p(part | rest) = log p(all) - log p(rest), for sums whose constants are those of the sums.
by_evidence <- function(whole, parts, i, label, call) {
  family <- whole$counts$family
  j <- parts$group[i]
  all <- list(events = whole$counts$events[j], size = whole$counts$size[j])
  part <- list(events = parts$y[i], size = parts$size[i])
  rest <- list(events = all$events - part$events, size = all$size - part$size)
  evidence <- function(posterior) if (is.null(posterior)) 0 else exact_evidence(posterior, call) - posterior$problem$log_constant
  evidence(whole$posterior) - evidence(posterior_without(whole, parts, i, label, call)) + log_constant_of_sums(family, part) +
    (if (rest$size > 0) log_constant_of_sums(family, rest) else 0) - log_constant_of_sums(family, all)
}

# log p(counts of the group | all others) of each group, with the constants of its rows.
leave_count_groups_out <- function(fit, cores, call) {
  counts <- fit$reduced
  parts <- list(
    group = seq_along(counts$n), y = counts$events, size = counts$size, label = function(i) paste("group", counts$group[i])
  )
  of_sums <- leave_counts_out(fit, parts, cores, call, again = FALSE)[, 1]
  stats::setNames(of_sums + counts$log_constant - log_constant_of_sums(counts$family, counts), counts$group)
}

# As leave_counts_out() of all single trials: by group, its successes before its failures.
leave_trials_out <- function(fit, cores, call) {
  counts <- fit$reduced
  trials <- cbind(counts$events, counts$size - counts$events, deparse.level = 0)
  check_memory(
    sum(trials), 4, "numbers", "Leave out rows or groups: {.code unit = \"observation\"}, {.code unit = \"group\"}.", call,
    what = "trials"
  )
  present <- which(t(trials) > 0)
  parts <- list(
    group = (present + 1L) %/% 2L, y = present %% 2, size = rep(1, length(present)),
    label = function(i) paste("a trial of group", counts$group[(present[i] + 1) %/% 2])
  )
  leave_counts_out(fit, parts, cores, call)[rep(seq_along(present), t(trials)[present]), , drop = FALSE]
}
