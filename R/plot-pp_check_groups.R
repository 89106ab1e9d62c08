# pp_check(type = "groups"): each observation with its prediction, group by group.

# Each group has the same width, and its observations share it, ordered by their predictive mean.
# `rows`: as rows_to_check() has them, by `factor`, or all in one group.
plot_observations <- function(fit, rows, factor, ..., groups = NULL, sort = "data", prob = 0.94, interval = c("hdi", "central"), call) {
  check_no_dots(rlang::exprs(...), call)
  check_interval_prob(prob, call)
  interval <- choose_interval(interval, call)
  by_group <- list(
    group = levels(rows$group), n = as.vector(table(rows$group)),
    mean = matrix(tapply(rows$y, rows$group, mean), ncol = 1)
  )
  shown <- by_group$group[choose_groups(by_group, groups, sort, call)]
  kept <- rows$group %in% shown
  predicted <- predictive_table(fit, rows$data[kept, , drop = FALSE], prob, interval)
  data <- data.frame(
    group = factor(rows$group[kept], levels = shown), y = rows$y[kept], mean = predicted$mean, lower = predicted$lower,
    upper = predicted$upper
  )
  data$where <- inside_or_outside(data$y, data$lower, data$upper)
  index <- as.integer(data$group)
  data$place <- index - 0.45 + 0.9 * share_of_group(data$mean, index)
  labels <- levels(data$group)
  new <- !is.null(factor) & !labels %in% rows$known
  ggplot2::ggplot(data, ggplot2::aes(.data$place)) +
    ggplot2::geom_ribbon(
      ggplot2::aes(ymin = .data$lower, ymax = .data$upper, group = .data$group), ribbon_ends(data), fill = shade("light")
    ) +
    ggplot2::geom_line(
      ggplot2::aes(y = .data$mean, group = .data$group), ribbon_ends(data), colour = shade("dark"),
      linewidth = if (length(labels) > 25) 0.4 else 0.8
    ) +
    ggplot2::geom_point(ggplot2::aes(y = .data$y, shape = .data$where, colour = .data$where, size = .data$where)) +
    marked_observations(nrow(data)) +
    picture_theme() +
    legend_below() +
    place_axis(shorten(paste0(labels, ifelse(new, " (new)", "")))) +
    ggplot2::labs(
      x = factor, y = response_label(fit), subtitle = outside_subtitle(data$where == "outside", prob),
      caption = paste0("Line: mean of the prediction. Ribbon: its ", interval_name(prob, interval), ".")
    )
}

# Places of the observations of each group: evenly in (0, 1), in the order of `mean`.
share_of_group <- function(mean, index) {
  stats::ave(mean, index, FUN = function(x) (rank(x, ties.method = "first") - 0.5) / length(x))
}

# Each group's observations from left to right, with the outermost ones once more at the edges of the group.
ribbon_ends <- function(data) {
  data <- data[order(data$place), ]
  left <- data[!duplicated(data$group), ]
  right <- data[!duplicated(data$group, fromLast = TRUE), ]
  left$place <- as.integer(left$group) - 0.45
  right$place <- as.integer(right$group) + 0.45
  rbind(left, data, right)
}

# Labels of the groups below the picture: side by side, upright where that is too narrow, and at its left where they are long.
place_axis <- function(labels) {
  longest <- max(nchar(labels, "width")) + 1
  narrow <- longest > 80 / length(labels) # about what fits in a line
  beside <- narrow && longest > 26
  scale <- if (beside) ggplot2::scale_x_reverse else ggplot2::scale_x_continuous
  list(
    scale(
      breaks = seq_along(labels), labels = labels, minor_breaks = NULL,
      guide = ggplot2::guide_axis(angle = if (narrow && !beside) 90, check.overlap = TRUE)
    ),
    if (beside) ggplot2::coord_flip(),
    if (beside) {
      ggplot2::theme(panel.grid.major.y = ggplot2::element_blank())
    } else {
      ggplot2::theme(panel.grid.major.x = ggplot2::element_blank())
    },
    small_text(length(labels), if (beside) "axis.text.y" else "axis.text.x")
  )
}

outside_subtitle <- function(outside, prob) {
  paste0(
    sum(outside), " of ", length(outside), " observations (", format(100 * mean(outside), digits = 2),
    "%) are outside their ", percent(prob), " interval"
  )
}
