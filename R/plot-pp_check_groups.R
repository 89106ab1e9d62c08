# pp_check(type = "groups"): each observation with its prediction, group by group.

# Each group has the same width, and its observations share it, ordered by their predictive mean.
plot_observations <- function(fit, rows, yrep, ..., prob = 0.94, call) {
  check_no_dots(rlang::exprs(...), call)
  check_probability(prob, call)
  bounds <- apply(yrep, 2, stats::quantile, probs = c((1 - prob) / 2, (1 + prob) / 2))
  data <- data.frame(
    group = group_factor(rows$group, fit$moments$group), y = rows$y, mean = colMeans(rstantools::posterior_epred(fit)),
    lower = bounds[1, ], upper = bounds[2, ]
  )
  data$where <- ifelse(data$y < data$lower | data$y > data$upper, "outside", "inside")
  width <- 0.9 / tabulate(rows$group)[rows$group]
  rank <- stats::ave(data$mean, rows$group, FUN = function(mean) rank(mean, ties.method = "first"))
  data$place <- rows$group - 0.45 + width * (rank - 0.5)
  data$left <- data$place - width / 2
  data$right <- data$place + width / 2
  groups <- nlevels(data$group)
  # About what fits in a line below the picture.
  upright <- max(nchar(levels(data$group), "width")) + 1 > 80 / groups
  ggplot2::ggplot(data, ggplot2::aes(.data$place)) +
    ggplot2::geom_rect(
      ggplot2::aes(xmin = .data$left, xmax = .data$right, ymin = .data$lower, ymax = .data$upper), fill = shade("light")
    ) +
    ggplot2::geom_segment(
      ggplot2::aes(x = .data$left, xend = .data$right, y = .data$mean, yend = .data$mean), colour = shade("dark"),
      linewidth = 0.8, lineend = "round"
    ) +
    ggplot2::geom_point(ggplot2::aes(y = .data$y, shape = .data$where, colour = .data$where, size = .data$where)) +
    ggplot2::scale_shape_manual(values = c(inside = 16, outside = 17)) +
    ggplot2::scale_colour_manual(values = c(inside = shade("mid_highlight"), outside = "black")) +
    ggplot2::scale_size_manual(values = c(inside = 0.8, outside = 1.6)) +
    ggplot2::scale_x_continuous(
      breaks = seq_len(groups), labels = levels(data$group), minor_breaks = NULL,
      guide = ggplot2::guide_axis(angle = if (upright) 90, check.overlap = TRUE)
    ) +
    picture_theme() +
    ggplot2::theme(panel.grid.major.x = ggplot2::element_blank()) +
    legend_below() +
    small_text(groups, "axis.text.x") +
    ggplot2::labs(
      x = grouping_factor(fit), y = response_label(fit), shape = "observation", colour = "observation", size = "observation",
      subtitle = outside_subtitle(data$where == "outside", prob),
      caption = "Line: mean of the prediction. Band: its interval."
    )
}

outside_subtitle <- function(outside, prob) {
  paste0(
    sum(outside), " of ", length(outside), " observations (", format(100 * mean(outside), digits = 2),
    "%) are outside their ", percent(prob), " interval"
  )
}
