# What group moments and group counts share: choosing groups, printing.

# Positions of the groups, which have these `labels`, that a user chose by labels, by positions or by a logical vector, each at most once.
chosen_groups <- function(labels, i, call) {
  groups <- length(labels)
  if (is.factor(i)) {
    i <- as.character(i)
  }
  if (is.character(i)) {
    position <- match(i, labels)
    unknown <- i[is.na(position)]
    if (length(unknown) > 0) {
      abort_bayespool(
        c("There {?is/are} no group{?s} {.val {unknown}}.", i = "The groups are {.val {labels}}."),
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
    repeated <- unique(labels[position[duplicated(position)]])
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

# Where `condition`, an expression of the columns of `frame`, is TRUE: a logical vector with one value for each of its rows.
groups_where <- function(condition, frame, env, call) {
  found <- tryCatch(
    eval(condition, frame, env),
    error = function(cnd) {
      abort_bayespool(
        c("{.arg subset} cannot be computed.", i = "It can use the columns {.code {names(frame)}}."), "moments", call,
        parent = cnd
      )
    }
  )
  if (!is.logical(found)) {
    abort_bayespool(
      c("{.arg subset} must be TRUE or FALSE for each group.", i = "Found {.obj_type_friendly {found}}."), "moments", call
    )
  }
  rep_len(found & !is.na(found), nrow(frame))
}

# The labels of groups as columns of a table: one for each grouping column.
label_columns <- function(reduced) {
  if (is.null(reduced$cells)) stats::setNames(list(reduced$group), reduced$group_name %||% "group") else cell_columns(reduced$cells)
}

# `reduced`: moments or counts; `frame`: a line a group, the labels first; `title`: what is printed last on the first line.
print_group_lines <- function(class, reduced, frame, title, digits, max_groups) {
  groups <- nrow(frame)
  group_name <- reduced$group_name
  rows <- stats::nobs(reduced)
  cat(
    "<", class, "> ", groups, if (groups == 1) " group" else " groups", if (!is.null(group_name)) paste0(" of ", group_name), ", ",
    format(rows, scientific = FALSE), if (rows == 1) " observation" else " observations", title, "\n",
    sep = ""
  )
  shown <- frame[seq_len(min(groups, max_groups)), , drop = FALSE]
  labels <- seq_along(label_columns(reduced))
  shown[labels] <- lapply(shown[labels], shorten)
  print(shown, digits = digits, row.names = FALSE)
  if (groups > max_groups) {
    cat("... and ", groups - max_groups, " more groups\n", sep = "")
  }
}
