# plot() of compare_pooling(): shrinkage.

#' Plot shrinkage
#'
#' The mean of the observations of each group, and an arrow from there to its mean under partial pooling: towards the mean of
#' the population.
#'
#' With predictors all means are those at the mean of the predictors over all observations, and the group's own mean is adjusted
#' to it by the slopes of partial pooling. Of counts the picture shows probabilities or rates, at each group's own predictors; with
#' predictors, marks in the row of a group show what the population, and complete pooling, expect of it.
#' The larger a point, the more observations (trials, exposure) has the group: small groups move most.
#'
#' @param x What [compare_pooling()] returned.
#' @param intervals Of which models to draw intervals, any of `"partial"`, `"none"` and `"complete"`: a line, a thin line
#'   above it, and a grey band. `NULL`: none.
#' @param prob Probability in the intervals, between 0 and 1; `NULL`: that of the comparison.
#' @param interval `"hdi"`, highest density intervals, or `"central"`, with as much probability below as above.
#' @inheritParams group_arguments
#' @param ... Not used.
#' @return A ggplot.
#' @section Data of the plot: One row a group: `group` (a factor in the order drawn), `n`, `observed` (mean of the observations), and
#'   for each model `estimate_none`, `lower_none`, `upper_none` and so on, with `partial` and `complete` in the place of `none`. The
#'   points have `group`, `n`, `model` and `mean`. So `+ ggplot2::facet_wrap("n > 10", scales = "free_y")` works.
#' @section Errors: Of class `bayespool_error_argument`: unknown arguments, models or groups, a `prob` outside (0, 1).
#' @references Gelman, A. and Hill, J. (2007). *Data Analysis Using Regression and Multilevel/Hierarchical Models*,
#'   chapter 12. Cambridge University Press.
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' comparison <- compare_pooling(scontrol ~ 1 + (1 | site), hpp_sites, iter_sampling = 0)
#' plot(comparison)
#' plot(comparison, intervals = c("partial", "none"), groups = 1:6, sort = "size")
#' @export
plot.compare_pooling <- function(x, intervals = "partial", prob = NULL, interval = c("hdi", "central"), groups = NULL,
                                 sort = c("mean", "data", "label", "size"), ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  check_plot_packages(call)
  valid <- is.null(intervals) || checkmate::test_subset(intervals, names(x$fits)) && is.character(intervals)
  check_argument(intervals, valid, "any of {.val partial}, {.val none} and {.val complete}", call)
  prob <- prob %||% x$prob
  check_probability(prob, call)
  interval <- choose_interval(interval, call)
  fit <- x$fits$partial
  counts <- has_counts(fit$model)
  family <- families[[fit$model$family]]
  if (identical(sort, c("mean", "data", "label", "size"))) sort <- "mean"
  means <- compare_at_average(x, prob, interval, call)
  data <- shrinkage_data(means$groups)
  # In the order of the means that are drawn.
  moments <- list(group = as.character(data$group), n = data$n, mean = cbind(data$observed))
  chosen <- choose_groups(moments, groups, sort, call)
  data <- data[chosen, ]
  data$group <- group_factor(chosen, moments$group, chosen)
  points <- data.frame(
    group = data$group, n = data$n, mean = c(data$observed, data$estimate_partial),
    model = rep(c("observed", "partial pooling"), each = nrow(data))
  )
  crowded <- is_crowded(data$group)
  ggplot2::ggplot(data, ggplot2::aes(y = .data$group)) +
    mean_of_all(data, means$population, "complete" %in% intervals) +
    (if ("partial" %in% intervals) {
      ggplot2::geom_linerange(
        ggplot2::aes(xmin = .data$lower_partial, xmax = .data$upper_partial), colour = shade(if (crowded) "light_highlight" else "mid"),
        linewidth = if (crowded) 0.3 else 0.8
      )
    }) +
    (if ("none" %in% intervals) {
      ggplot2::geom_linerange(
        ggplot2::aes(xmin = .data$lower_none, xmax = .data$upper_none), colour = "grey30", linewidth = 0.3,
        position = ggplot2::position_nudge(y = 0.3)
      )
    }) +
    ggplot2::geom_point(
      ggplot2::aes(.data$mean, fill = .data$model, size = .data$n), points, shape = 21, colour = "black",
      stroke = if (crowded) 0.2 else 0.4
    ) +
    ggplot2::geom_segment(
      ggplot2::aes(x = .data$observed, xend = .data$estimate_partial, yend = .data$group), linewidth = if (crowded) 0.2 else 0.4,
      arrow = ggplot2::arrow(length = ggplot2::unit(if (crowded) 0.03 else 0.05, "inches"), angle = 25)
    ) +
    ggplot2::scale_fill_manual(values = c(observed = "white", "partial pooling" = shade("mid"))) +
    size_by_n(data$n, if (counts) family$size else "observations") +
    picture_theme() +
    legend_below() +
    ggplot2::guides(fill = ggplot2::guide_legend(override.aes = list(size = 2.5), order = 1), size = ggplot2::guide_legend(order = 2)) +
    group_axis(levels(data$group), grouping_factor(fit)) +
    ggplot2::labs(
      x = if (counts) outcome_label(fit, TRUE) else paste("mean of", response_label(fit)),
      fill = if (counts) paste(family$observed, "of the group") else "mean of the group",
      linetype = if (counts) paste(family$observed, "of all") else "mean of all"
    ) +
    comparison_caption(fit, intervals, prob, interval, nrow(data))
}

# The population's mean and that of complete pooling, and a band around the latter: of all groups, or in each row where predictors of counts
# tell groups apart. `population`: one row, or one a group.
mean_of_all <- function(data, population, band) {
  names <- c("population (partial pooling)", "complete pooling")
  linetypes <- ggplot2::scale_linetype_manual(values = stats::setNames(c("solid", "dashed"), names))
  if (nrow(population) == 1) {
    lines <- data.frame(mean = c(population$estimate, data$estimate_complete[1]), what = names)
    return(list(
      if (band) {
        ggplot2::annotate("rect", xmin = data$lower_complete[1], xmax = data$upper_complete[1], ymin = -Inf, ymax = Inf, fill = "grey85")
      },
      ggplot2::geom_vline(ggplot2::aes(xintercept = .data$mean, linetype = .data$what), lines, colour = "grey30"),
      linetypes
    ))
  }
  of_group <- population$estimate[match(data$group, population$group)]
  marks <- data.frame(group = data$group, mean = c(of_group, data$estimate_complete), what = rep(names, each = nrow(data)))
  from_bottom <- function(group) nlevels(data$group) + 1 - as.integer(group)
  marks$row <- from_bottom(marks$group)
  bands <- data.frame(data[c("lower_complete", "upper_complete")], row = from_bottom(data$group))
  list(
    if (band) {
      ggplot2::geom_rect(
        ggplot2::aes(xmin = .data$lower_complete, xmax = .data$upper_complete, ymin = .data$row - 0.4, ymax = .data$row + 0.4),
        bands, fill = "grey85", inherit.aes = FALSE
      )
    },
    ggplot2::geom_segment(
      ggplot2::aes(x = .data$mean, xend = .data$mean, y = .data$row - 0.4, yend = .data$row + 0.4, linetype = .data$what), marks,
      colour = "grey30"
    ),
    linetypes
  )
}

shrinkage_data <- function(groups) {
  by_model <- split(groups, groups$model)
  of_model <- lapply(names(by_model), function(model) {
    columns <- c("estimate", "lower", "upper")
    stats::setNames(by_model[[model]][columns], paste0(columns, "_", model))
  })
  data.frame(by_model$partial[c("group", "n", "observed")], of_model, row.names = NULL)
}

comparison_caption <- function(fit, intervals, prob, interval, rows) {
  where <- c(partial = "partial pooling (line)", none = "no pooling (thin line)", complete = "complete pooling (band)")[intervals]
  caption(
    if (length(where) > 0) paste0(interval_name(prob, interval), " under ", paste(where, collapse = ", "), "."),
    if (has_predictors(fit$model) && !has_counts(fit$model)) "Means at the average predictors; those observed are adjusted to them.",
    height_advice(rows)
  )
}
