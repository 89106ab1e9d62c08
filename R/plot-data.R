# plot_data(): the raw data by group, before any model.

#' Plot data by group
#'
#' The response in each group: the observations with a box plot and the mean; or histograms, or densities, one panel a group.
#' From group moments: the mean of each group, its size, and one standard deviation to each side.
#'
#' With two grouping factors in the formula `factor` says whose groups to show. The observations then differ by those of the other, too.
#'
#' A box reaches from the first to the third quartile, with the median as a line; its whiskers reach the last observation
#' within 1.5 box lengths. The mean is a diamond. Points are moved up and down a little, to be seen. All histograms have the
#' same bins. A density needs two different observations; marks below it are the observations.
#'
#' @param formula Response and groups, as in `y ~ 1 + (1 | g)`.
#' @param data A data frame with these variables, or [group moments][group_moments()] that hold them. Rows with
#'   missing values are dropped, with a message.
#' @param type `"points"` (points, box and mean), `"box"` (points only beyond the whiskers), `"histogram"` or `"density"`. Group
#'   moments have no observations, so for them there is only `"points"`.
#' @inheritParams group_arguments
#' @param factor Name of the grouping factor whose groups to show, where the formula has two.
#' @return A ggplot.
#' @section Data of the plot: From rows, one row an observation: `group` (a factor in the order drawn), `y` (the response), `n`
#'   (size of the group). From moments, one row a group: `group`, `n`, `mean`, `sd` (0 for one observation), `y` (the mean again).
#'   The diamonds have `group`, `n` and `y`. So `+ ggplot2::facet_wrap("group")` and the like work.
#' @section Errors: Of class `bayespool_error_formula`: no groups, or predictors; [plot_groups()] shows a predictor. Of class
#'   `bayespool_error_argument`: an unknown `type` or `sort`, groups that are not in the data, no `factor` where there are two, or one that
#'   is not in the formula. Of class `bayespool_error_data`: a
#'   histogram, density or box plot of moments. For the data as for the fitting functions.
#' @seealso [plot_groups()] for the data beside a fit.
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' plot_data(yield ~ 1 + (1 | block), npk)
#' plot_data(yield ~ 1 + (1 | block), npk, type = "density", groups = c("1", "4"))
#' plot_data(scontrol ~ 1 + (1 | site), hpp_sites, sort = "mean")
#' @export
plot_data <- function(formula, data, type = c("points", "histogram", "density", "box"), groups = NULL,
                      sort = c("data", "label", "size", "mean"), factor = NULL) {
  call <- rlang::current_env()
  check_plot_packages(call)
  type <- choose_one(type, c("points", "histogram", "density", "box"), call)
  parsed <- parse_formula(formula, call = call)
  if (is.null(parsed$group)) {
    abort_formula("{.fn plot_data} needs a grouping factor.",
                  "Add it as {.code (1 | g)}, with {.code g} the name of a column.", formula, call)
  }
  parsed <- parsed_of_factor(parsed, factor, call)
  if (length(parsed$terms) > 0 || has_varying_terms(parsed)) {
    abort_formula("{.fn plot_data} takes no predictors.",
                  c("Leave them out, as in {.code y ~ 1 + (1 | g)}.", "{.fn plot_groups} shows them beside a fit."),
                  formula, call)
  }
  moments <- reduce_data(parsed, data, pooled = FALSE, call = call)
  in_panels <- type %in% c("histogram", "density")
  chosen <- choose_groups(moments, groups, sort, call, most = if (in_panels) most_panels else Inf)
  shown <- moments$group[chosen]
  if (!is.data.frame(data)) {
    check_type_of_moments(type, call)
    picture <- plot_moments(moments, chosen)
  } else {
    group <- match(labels_of_groups(moments, parsed, data, call), moments$group)
    rows <- data_rows(eval_response(parsed, data, call), group, moments, chosen)
    means <- data.frame(
      group = group_factor(chosen, moments$group, chosen), n = moments$n[chosen], y = moments$mean[chosen, 1]
    )
    picture <- switch(type,
      points = plot_points(rows, means), box = plot_boxes(rows, means), histogram = plot_histograms(rows),
      density = plot_densities(rows)
    )
  }
  picture + picture_theme() + legend_below() + ggplot2::labs(x = parsed$response) +
    if (in_panels) {
      group_panels(shown)
    } else {
      group_axis(shown, parsed$group)
    }
}

check_type_of_moments <- function(type, call) {
  if (type != "points") {
    abort_bayespool(
      c(
        "{.code type = \"{type}\"} needs the single observations, and {.arg data} does not give them.",
        i = "Moments keep only the size, means and cross-products of each group.",
        i = "Give the rows, as a data frame, or leave {.arg type} out."
      ),
      "data", call
    )
  }
}

# One row an observation of the chosen groups.
data_rows <- function(y, index, moments, chosen) {
  used <- !is.na(y) & index %in% chosen
  data.frame(y = y[used], group = group_factor(index[used], moments$group, chosen), n = moments$n[index[used]])
}

plot_points <- function(rows, means) {
  ggplot2::ggplot(rows, ggplot2::aes(.data$y, .data$group)) +
    jittered_points(is_crowded(means$n)) +
    box_layer(means, outlier.shape = NA) +
    mean_layer(means) +
    caption("Points: observations. Box: quartiles. Diamond: mean.", height_advice(nrow(means)))
}

plot_boxes <- function(rows, means) {
  ggplot2::ggplot(rows, ggplot2::aes(.data$y, .data$group)) +
    box_layer(means, outlier.size = if (is_crowded(means$n)) 0.3 else 0.8, outlier.colour = shade("dark")) +
    mean_layer(means) +
    caption(
      "Box: quartiles. Whiskers: to the last observation within 1.5 boxes; points: those beyond. Diamond: mean.",
      height_advice(nrow(means))
    )
}

box_layer <- function(means, ...) {
  crowded <- is_crowded(means$n)
  ggplot2::geom_boxplot(
    ..., fill = NA, colour = if (crowded) "grey60" else "grey20", orientation = "y", width = 0.6,
    linewidth = if (crowded) 0.15 else 0.4
  )
}

mean_layer <- function(means) {
  ggplot2::geom_point(data = means, shape = 23, size = if (is_crowded(means$n)) 1.2 else 2.5, fill = "white", colour = "black")
}

plot_histograms <- function(rows) {
  ggplot2::ggplot(rows, ggplot2::aes(.data$y)) +
    ggplot2::geom_histogram(bins = 20, fill = shade("mid"), colour = "white", linewidth = 0.2) +
    ggplot2::labs(y = "observations") +
    caption("Bars: number of observations; the same bins in each panel.")
}

plot_densities <- function(rows) {
  spread <- stats::ave(rows$y, rows$group, FUN = function(y) diff(range(y))) > 0
  ggplot2::ggplot(rows, ggplot2::aes(.data$y)) +
    ggplot2::geom_density(data = rows[spread, ], fill = shade("light"), colour = shade("dark")) +
    ggplot2::geom_rug(colour = shade("dark"), alpha = 0.5, length = ggplot2::unit(0.05, "npc")) +
    ggplot2::labs(y = "density") +
    caption("Curve: kernel density of the observations, which are the marks below it.")
}

plot_moments <- function(moments, chosen) {
  data <- data.frame(
    group = group_factor(chosen, moments$group, chosen), n = moments$n[chosen], mean = moments$mean[chosen, 1],
    sd = moments_sd(moments)[chosen, 1], y = moments$mean[chosen, 1]
  )
  # One observation has a mean, but no standard deviation.
  data$sd[data$n == 1] <- 0
  ggplot2::ggplot(data, ggplot2::aes(y = .data$group)) +
    ggplot2::geom_linerange(
      ggplot2::aes(xmin = .data$mean - .data$sd, xmax = .data$mean + .data$sd), colour = shade("mid"),
      linewidth = if (is_crowded(chosen)) 0.3 else 1
    ) +
    ggplot2::geom_point(ggplot2::aes(x = .data$mean, size = .data$n), colour = shade("dark")) +
    size_by_n(data$n) +
    caption("Point: mean. Line: one standard deviation to each side.", height_advice(nrow(data)))
}
