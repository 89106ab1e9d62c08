# plot() of compare_pooling() where slopes vary: the coefficients of the groups, one panel for each.

#' Plot a comparison of effects that vary
#'
#' One panel for each coefficient that varies. A point and a line for each group: the posterior mean and interval under the model in
#' which all of them vary. A triangle: the posterior mean where this coefficient is the only one that varies. The dashed line is
#' the coefficient under complete pooling, where no group differs.
#'
#' A triangle far from its point says that what looks like a difference in this coefficient may be one in another: a model
#' has to put differences between groups where it lets groups differ. Points nearer to the others than their triangles are
#' shrunk more.
#'
#' @param x What [compare_pooling()] returned for a formula in which slopes vary.
#' @param prob Probability in the intervals, between 0 and 1; `NULL`: that of the comparison.
#' @param interval `"hdi"`, highest density intervals, or `"central"`, with as much probability below as above.
#' @param groups Which groups to show: their labels, or their places in the order of `sort`; see [plot.compare_pooling()].
#' @param sort Order of the groups: `"mean"`, by the points in the first panel, the smallest at the top; `"data"`, as in the data or the
#'   levels of the factor; `"label"`; `"size"`, the largest first.
#' @param ... Not used.
#' @return A ggplot.
#' @section Data of the plot: One row for each coefficient and group: `coefficient`, `group` (factors in the order drawn), `n`,
#'   `estimate`, `lower` and `upper` under the whole model, and the estimates `alone` and `complete`.
#' @section Errors: Of class `bayespool_error_argument`: unknown arguments or groups, a `prob` outside (0, 1).
#' @references Gelman, A. and Hill, J. (2007). *Data Analysis Using Regression and Multilevel/Hierarchical Models*,
#'   chapter 13. Cambridge University Press.
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' comparison <- compare_pooling(height ~ age + (1 + age | Subject), nlme::Oxboys, iter_sampling = 0)
#' plot(comparison)
#' @export
plot.compare_effects <- function(x, prob = NULL, interval = c("hdi", "central"), groups = NULL,
                                 sort = c("mean", "data", "label", "size"), ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  check_plot_packages(call)
  prob <- prob %||% x$prob
  check_probability(prob, call)
  interval <- choose_interval(interval, call)
  if (identical(sort, c("mean", "data", "label", "size"))) sort <- "mean"
  fit <- x$fits[[length(x$fits)]]
  data <- effect_picture_data(x, prob, interval, call)
  first <- data[data$coefficient == levels(data$coefficient)[1], ]
  # In the order of the points that are drawn.
  chosen <- choose_groups(list(group = as.character(first$group), n = first$n, mean = cbind(first$estimate)), groups, sort, call)
  data <- data[as.integer(data$group) %in% chosen, ]
  data$group <- factor(data$group, levels = levels(data$group)[chosen])
  draw_effects(fit, data, length(x$fits) > 2, prob, interval)
}

effect_picture_data <- function(comparison, prob, interval, call) {
  fits <- comparison$fits
  rows <- comparison$groups
  of_model <- function(model) rows[rows$model == model, ]
  whole <- fits[length(fits)]
  data <- effect_rows(whole, list(exact_interval_table(whole[[1]], prob, interval, call = call)), levels(rows$coefficient))
  data$model <- NULL
  # The model in which a coefficient is among those that vary, and none of other terms.
  alone <- utils::head(names(fits)[-1], max(1, length(fits) - 2))
  directions <- lapply(fits[alone], function(fit) varying_term(fit$model)$directions)
  data$alone <- unlist(lapply(levels(rows$coefficient), function(coefficient) {
    model <- of_model(alone[vapply(directions, function(here) coefficient %in% here, NA)])
    model$estimate[model$coefficient == coefficient]
  }))
  data$complete <- of_model("complete")$estimate
  data
}

# `several`: whether there are models with a part of what varies.
draw_effects <- function(fit, data, several, prob, interval) {
  shown <- levels(data$group)
  crowded <- is_crowded(shown)
  names_of_points <- c(if (several) "this coefficient alone varies", if (several) "all vary" else "this coefficient varies")
  points <- data.frame(
    data[rep(seq_len(nrow(data)), length(names_of_points)), c("group", "n", "coefficient")],
    mean = c(if (several) data$alone, data$estimate), what = rep(names_of_points, each = nrow(data)), row.names = NULL
  )
  # Triangles stand below the lines, so that those beneath a point are seen.
  below <- if (several) rep(c(-min(0.25, 0.02 * length(shown)), 0), each = nrow(data)) else 0
  lines <- data[!duplicated(data$coefficient), c("coefficient", "complete")]
  lines$what <- "complete pooling"
  ggplot2::ggplot(data, ggplot2::aes(y = .data$group)) +
    ggplot2::geom_vline(ggplot2::aes(xintercept = .data$complete, linetype = .data$what), lines, colour = "grey30") +
    ggplot2::geom_linerange(
      ggplot2::aes(xmin = .data$lower, xmax = .data$upper), colour = shade(if (crowded) "light_highlight" else "mid"),
      linewidth = if (crowded) 0.3 else 0.8
    ) +
    ggplot2::geom_point(
      ggplot2::aes(.data$mean, shape = .data$what, fill = .data$what), points, colour = "black",
      size = if (crowded) 0.8 else 1.8, stroke = if (crowded) 0.2 else 0.4, position = ggplot2::position_nudge(y = below)
    ) +
    picture_theme() +
    coefficient_panels(levels(data$coefficient), is_long(shown)) +
    ggplot2::scale_shape_manual(values = stats::setNames(c(if (several) 24, 21), names_of_points)) +
    ggplot2::scale_fill_manual(values = stats::setNames(c(if (several) "white", shade("dark")), names_of_points)) +
    ggplot2::scale_linetype_manual(values = c("complete pooling" = "dashed")) +
    legend_below() +
    ggplot2::guides(shape = ggplot2::guide_legend(override.aes = list(size = 2.5), order = 1), fill = ggplot2::guide_legend(order = 1)) +
    group_axis(shown, grouping_factor(fit)) +
    ggplot2::labs(x = NULL, shape = "posterior mean", fill = "posterior mean", linetype = NULL) +
    caption(
      paste0("Lines: ", interval_name(prob, interval), if (several) " where all vary", "."), height_advice(length(shown))
    )
}

# Beside one another, with few numbers on each axis. `narrow`: labels of groups take half of the width.
coefficient_panels <- function(coefficients, narrow) {
  panels <- length(coefficients)
  small <- ggplot2::element_text(size = ggplot2::rel(0.7))
  width <- max(10, (if (narrow) 60 else 84) %/% panels)
  list(
    ggplot2::facet_wrap("coefficient", nrow = 1, scales = "free_x", labeller = function(strips) {
      lapply(strips, function(names) wrap_text(vapply(as.character(names), effect_label, ""), width))
    }),
    ggplot2::scale_x_continuous(n.breaks = max(3, 7 - panels), guide = ggplot2::guide_axis(check.overlap = TRUE)),
    ggplot2::theme(panel.spacing.x = ggplot2::unit(14, "pt")),
    if (panels > 2) ggplot2::theme(strip.text = small, axis.text.x = small)
  )
}
