# Which groups a picture shows, and in which order.

#' Groups in a picture
#'
#' All pictures with groups choose and sort them alike.
#'
#' @param groups Which groups to show. Text: their labels. Whole numbers: their places in the order of `sort`, so that
#'   `groups = 1:20`, `groups = 21:40` and so on leaf through many groups. `NULL`: all of them; where each group has a panel of
#'   its own, the first 20, with a message.
#' @param sort Order of the groups: `"data"`, as in the data or the levels of the factor; `"label"`; `"size"`, the largest
#'   first (of counts by trials or exposure); `"mean"`, by the mean of the observations of each (the observed proportion or rate), the
#'   smallest first.
#' @name group_arguments
#' @keywords internal
NULL

# Positions of groups of the `moments` or counts, in the order to draw. `most`: how many to draw where the user did not choose.
choose_groups <- function(moments, groups, sort, call, most = Inf) {
  sort <- choose_one(sort, group_orders, call)
  labels <- moments$group
  sorted <- switch(sort,
    data = seq_along(labels),
    label = order(labels, method = "radix"),
    size = order(-(moments$size %||% moments$n)),
    mean = order(if (inherits(moments, "group_counts")) moments$events / moments$size else moments$mean[, ncol(moments$mean)])
  )
  if (is.null(groups)) {
    if (length(sorted) > most) {
      cli::cli_inform(
        c(
          "Showing {most} of {length(sorted)} groups.",
          i = "{.code groups = {most + 1}:{min(2 * most, length(sorted))}} shows the next; labels choose single ones."
        ),
        class = "bayespool_message_groups"
      )
    }
    return(utils::head(sorted, most))
  }
  if (is_places(groups, length(labels))) {
    return(sorted[groups])
  }
  chosen <- if (is.character(groups) || is.factor(groups)) match(as.character(groups), labels)
  if (length(chosen) == 0 || anyNA(chosen)) {
    found <- if (is.null(chosen)) format_found(groups) else setdiff(as.character(groups), labels)
    abort_bayespool(
      c(
        "{.arg groups} must be labels of groups, or whole numbers from 1 to {length(labels)}: places in the order of {.arg sort}.",
        i = "Found {.val {found}}.",
        i = "The labels are {.val {labels}}."
      ),
      "argument", call
    )
  }
  sorted[sorted %in% chosen]
}

group_orders <- c("data", "label", "size", "mean")

# More panels than this cannot be read on one page.
most_panels <- 20

is_places <- function(groups, count) {
  is.numeric(groups) &&
    checkmate::test_integerish(groups, lower = 1, upper = count, any.missing = FALSE, min.len = 1, unique = TRUE)
}
