# plot() of compare_pooling(): shrinkage.

#' Plot shrinkage
#'
#' Each group's mean under no pooling and under partial pooling, with an arrow from the one to the other, beside the mean
#' of the population and that under complete pooling.
#'
#' Groups are ordered by their mean without pooling. The larger a point, the more observations has the group: small groups
#' move most. With predictors the means are intercepts.
#'
#' @param x What [compare_pooling()] returned.
#' @param ... Not used.
#' @return A ggplot.
#' @section Errors: Of class `bayespool_error_argument`: unknown arguments.
#' @references Gelman, A. and Hill, J. (2007). *Data Analysis Using Regression and Multilevel/Hierarchical Models*,
#'   chapter 12. Cambridge University Press.
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' plot(compare_pooling(scontrol ~ 1 + (1 | site), hpp_sites, iter_sampling = 0))
#' @export
plot.compare_pooling <- function(x, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  check_plot_packages(call)
  models <- split(x$groups, x$groups$model)
  none <- models$none
  partial <- models$partial
  by_mean <- as.character(none$group[order(none$estimate)])
  data <- data.frame(
    group = factor(none$group, levels = by_mean), n = none$n, none = none$estimate, partial = partial$estimate,
    lower = partial$lower, upper = partial$upper
  )
  points <- data.frame(
    group = data$group, n = data$n, estimate = c(data$none, data$partial),
    model = rep(c("no pooling", "partial pooling"), each = nrow(data))
  )
  lines <- data.frame(
    mean = c(x$population$estimate, models$complete$estimate[1]),
    what = c("population (partial pooling)", "complete pooling")
  )
  with_predictors <- has_predictors(x$fits$partial$model)
  response <- response_label(x$fits$partial)
  ggplot2::ggplot(data, ggplot2::aes(y = .data$group)) +
    ggplot2::geom_vline(ggplot2::aes(xintercept = .data$mean, linetype = .data$what), lines, colour = "grey30") +
    ggplot2::geom_linerange(ggplot2::aes(xmin = .data$lower, xmax = .data$upper), colour = shade("mid"), linewidth = 0.8) +
    ggplot2::geom_point(
      ggplot2::aes(.data$estimate, fill = .data$model, size = .data$n), points, shape = 21, colour = "black", stroke = 0.4
    ) +
    ggplot2::geom_segment(
      ggplot2::aes(x = .data$none, xend = .data$partial, yend = .data$group), linewidth = 0.4,
      arrow = ggplot2::arrow(length = ggplot2::unit(0.05, "inches"), angle = 25)
    ) +
    ggplot2::scale_fill_manual(values = c("no pooling" = "white", "partial pooling" = shade("mid"))) +
    ggplot2::scale_linetype_manual(values = c("population (partial pooling)" = "solid", "complete pooling" = "dashed")) +
    size_by_n() +
    picture_theme() +
    legend_below() +
    ggplot2::theme(legend.box = "vertical", legend.margin = ggplot2::margin(), legend.spacing.y = ggplot2::unit(0, "pt")) +
    ggplot2::guides(fill = ggplot2::guide_legend(override.aes = list(size = 3))) +
    group_axis(nrow(data), grouping_factor(x$fits$partial)) +
    ggplot2::labs(
      x = if (with_predictors) paste("intercept of", response) else paste("mean of", response),
      fill = "mean of the group", linetype = "mean of all",
      caption = paste0("Horizontal line: ", percent(x$prob), " interval under partial pooling.")
    )
}
