# How a forest plot is drawn: the rows, their marks and the columns of numbers.

# The most studies with numbers beside them.
most_numbered <- 40

# `data`: one row a study; `parts`: `estimates` and `pooled`.
draw_forest <- function(data, parts, refline, prob, logarithmic) {
  rows <- nrow(data)
  what <- c("estimate by itself", "effect given all studies")
  estimates <- data.frame(what = what[1], parts$estimates, y = spread_in_rows(parts$estimates$group))
  effects <- data.frame(what = what[2], data[c("group", "mean", "lower", "upper")], y = data$y - 0.18)
  # The rows below the line have the height of a label, however narrow those above.
  unit <- max(1, rows / 30)
  pooled <- if (!is.null(parts$pooled)) data.frame(parts$pooled, y = 0.5 - unit * c(0.6, 1.6))
  # Marks of rows that are close are small.
  size <- min(1.8, max(0.7, 45 / rows))
  ggplot2::ggplot(data, ggplot2::aes(.data$mean, .data$y)) +
    (if (!is.null(refline)) ggplot2::geom_vline(xintercept = refline, linetype = "dashed", colour = "grey30", linewidth = 0.4)) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$lower, xmax = .data$upper), estimates, colour = "grey30", linewidth = 0.2 * size) +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$lower, xmax = .data$upper), effects, colour = shade("mid"), linewidth = 0.4 * size) +
    ggplot2::geom_point(ggplot2::aes(shape = .data$what, fill = .data$what, size = 1 / .data$se^2), estimates, stroke = 0.3) +
    ggplot2::geom_point(
      ggplot2::aes(shape = .data$what, fill = .data$what), effects, size = size, stroke = 0.2 * size, na.rm = TRUE
    ) +
    (if (!is.null(pooled)) pooled_layers(pooled, unit)) +
    ggplot2::scale_shape_manual(values = stats::setNames(c(22, 21), what), limits = what) +
    ggplot2::scale_fill_manual(values = stats::setNames(c("white", shade("mid")), what), limits = what) +
    ggplot2::scale_size(range = c(0.7, 1.7) * size, guide = "none") +
    ggplot2::guides(shape = ggplot2::guide_legend(override.aes = list(size = 2.5, stroke = 0.4))) +
    ggplot2::labs(shape = NULL, fill = NULL) +
    (if (logarithmic) ggplot2::scale_x_log10(breaks = ratio_breaks, labels = function(x) vapply(x, format, ""))) +
    picture_theme() +
    legend_below() +
    forest_rows(data, pooled, prob)
}

# Where the estimates of each group are, one below the other above the middle of its row; `group`: a factor, the first at the top.
spread_in_rows <- function(group) {
  count <- tabulate(group, nlevels(group))
  place <- stats::ave(seq_along(group), group, FUN = seq_along)
  alone <- count[group] == 1
  nlevels(group) + 1 - as.integer(group) + ifelse(alone, 0.18, 0.42 - 0.36 * (place - 1) / pmax(count[group] - 1, 1))
}

# Round numbers for an axis of ratios: 1, 2 and 5 in each power of ten, fewer where it is long, more where it is short.
ratio_breaks <- function(range) {
  within <- function(x) x[x >= range[1] & x <= range[2]]
  tens <- 10^seq(floor(log10(range[1])), ceiling(log10(range[2])))
  found <- within(sort(c(outer(c(1, 2, 5), tens))))
  if (length(found) < 3) found <- within(pretty(range))
  if (length(found) > 10) within(tens[seq(1, length(tens), by = ceiling(length(tens) / 10))]) else found
}

# Below the studies. `unit`: height of a row there.
pooled_layers <- function(pooled, unit) {
  first <- pooled[1, ]
  # Without a mean there is no diamond, but an interval.
  with_mean <- !is.nan(first$mean)
  bars <- if (with_mean) pooled[2, ] else pooled
  diamond <- data.frame(
    x = c(first$lower, first$mean, first$upper, first$mean), y = first$y + 0.35 * unit * c(0, 1, 0, -1)
  )
  list(
    ggplot2::geom_hline(yintercept = 0.5, colour = "grey30", linewidth = 0.3),
    if (with_mean) {
      list(
        ggplot2::geom_vline(xintercept = first$mean, linetype = "dotted", colour = "grey30", linewidth = 0.4),
        ggplot2::geom_polygon(ggplot2::aes(.data$x, .data$y), diamond, fill = shade("mid"), colour = "black", linewidth = 0.3)
      )
    },
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$lower, xmax = .data$upper), bars, linewidth = 2, colour = shade("mid"))
  )
}

# The axis of the rows, with their labels at the left and the numbers at the right.
forest_rows <- function(data, pooled, prob) {
  labels <- levels(data$group)
  breaks <- c(data$y, pooled$y)
  top <- nrow(data) + 0.9
  numbered <- nrow(data) <= most_numbered
  list(
    ggplot2::scale_y_continuous(
      breaks = breaks, labels = c(format_rows(labels, labels), pooled$what), minor_breaks = NULL,
      limits = c(min(breaks) - 0.5, top - if (numbered) 0 else 0.4), expand = ggplot2::expansion(add = c(0.1, 0.3)),
      guide = ggplot2::guide_axis(check.overlap = TRUE),
      sec.axis = if (numbered) {
        ggplot2::sec_axis(identity, breaks = c(top, breaks), labels = forest_numbers(data, pooled, prob), name = NULL)
      } else {
        ggplot2::waiver()
      }
    ),
    row_theme(labels),
    # Digits of one width, in columns.
    ggplot2::theme(
      axis.text.y.right = ggplot2::element_text(family = "mono", size = if (nrow(data) > 25) 5 else 7, hjust = 0),
      panel.grid.major.y = ggplot2::element_blank(), plot.caption.position = "plot"
    )
  )
}

# A line of text for the head of the columns, each study, and what is pooled.
forest_numbers <- function(data, pooled, prob) {
  estimates <- data.frame(mean = data$estimate, lower = data$estimate_lower, upper = data$estimate_upper)
  table <- as.matrix(rbind(estimates, pooled[c("mean", "lower", "upper")]))
  numbers <- format_numbers(table, decimals_for(table[, "upper"] - table[, "lower"]))
  dim(numbers) <- dim(table)
  numbers <- apply(numbers, 2, format, justify = "right")
  text <- paste0(numbers[, 1], " [", numbers[, 2], ", ", numbers[, 3], "]")
  text <- format(c(paste0("estimate [", percent(prob), "]"), text), justify = "right")
  if (anyNA(data$weight)) {
    return(text)
  }
  weight <- c("weight", paste0(formatC(data$weight, digits = 1, format = "f"), "%"), rep("", length(text) - nrow(data) - 1))
  paste0(text, "  ", format(weight, justify = "right"))
}
