# plot() of what conditional_effects() returned.

#' @rdname conditional_effects
#' @export
plot.bayespool_conditional_effects <- function(x, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  check_plot_packages(call)
  lapply(stats::setNames(nm = names(x)), function(name) draw_effect(x[[name]], strsplit(name, ":", fixed = TRUE)[[1]], x))
}

# `variables`: one or two.
draw_effect <- function(table, variables, effects) {
  numeric <- is.numeric(table$effect1__)
  names(table)[match(c("estimate__", "lower__", "upper__"), names(table))] <- c("mean", "lower", "upper")
  table$group <- table$cond__
  pair <- length(variables) == 2
  if (pair) levels(table$effect2__) <- wrap_text(levels(table$effect2__), 28)
  ggplot2::ggplot(table, ggplot2::aes(.data$effect1__)) +
    (if (pair) pair_layers(numeric, nlevels(table$effect2__)) else band_layers(numeric)) +
    picture_theme() +
    legend_below() +
    (if (!numeric) labels_below(table$effect1__)) +
    (if (nlevels(table$cond__) > 1) group_panels(levels(table$cond__))) +
    ggplot2::labs(x = variables[1], y = attr(effects, "quantity")) +
    (if (pair) pair_title(variables[2], numeric, nlevels(table$effect2__))) +
    caption(
      paste0(
        if (attr(effects, "prior")) "Prior" else "Posterior", " mean and ", interval_name(attr(effects, "prob"), attr(effects, "interval")),
        if (attr(effects, "population")) " in the population", if (!is.null(attr(effects, "draws"))) ", from draws", "."
      ),
      "Other predictors: numbers at their mean, the rest at the first level, if conditions do not say otherwise."
    )
}

# Of a pair: lines and bands, or points and intervals beside one another. From light to dark, and with types of lines or shapes where these
# are enough, so that grey print tells them apart.
pair_layers <- function(numeric, levels) {
  shades <- grDevices::colorRampPalette(c(shade("mid"), shade("dark_highlight"), "black"))(levels)
  ends <- ggplot2::aes(ymin = .data$lower, ymax = .data$upper)
  line <- ggplot2::aes(y = .data$mean, colour = .data$effect2__)
  if (levels <= 6) line[[if (numeric) "linetype" else "shape"]] <- line$colour
  list(
    if (numeric) {
      list(
        ggplot2::geom_ribbon(utils::modifyList(ends, ggplot2::aes(fill = .data$effect2__)), alpha = if (levels > 3) 0.15 else 0.25),
        ggplot2::geom_line(line, linewidth = 0.8)
      )
    } else {
      ggplot2::geom_pointrange(utils::modifyList(line, ends), position = ggplot2::position_dodge(width = 0.6), size = 0.4)
    },
    ggplot2::scale_colour_manual(values = shades),
    if (numeric) ggplot2::scale_fill_manual(values = shades)
  )
}

# One legend for all that tells the levels apart.
pair_title <- function(title, numeric, levels) {
  aesthetics <- c("colour", if (numeric) "fill", if (levels <= 6 && numeric) "linetype", if (levels <= 6 && !numeric) "shape")
  do.call(ggplot2::labs, stats::setNames(rep(list(title), length(aesthetics)), aesthetics))
}

# Labels of levels in lines that fit beside one another.
labels_below <- function(levels) {
  count <- length(unique(levels))
  list(
    ggplot2::scale_x_discrete(
      labels = function(text) wrap_text(text, max(8, 70 %/% count)), guide = ggplot2::guide_axis(check.overlap = TRUE)
    ),
    small_text(count, "axis.text.x")
  )
}
