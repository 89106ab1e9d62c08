# plot_data(): the raw data by group, before any model.

#' Plot data by group
#'
#' The response in each group: the observations with a box plot and the mean. From group moments: the mean of each group,
#' its size, and one standard deviation to each side.
#'
#' A box reaches from the first to the third quartile, with the median as a line; its whiskers reach the last observation
#' within 1.5 box lengths. The mean is a diamond. Points are moved up and down a little, to be seen.
#'
#' @param formula Response and groups, as in `y ~ 1 + (1 | g)`.
#' @param data A data frame with these variables, or [group moments][group_moments()] that hold them. Rows with
#'   missing values are dropped, with a message.
#' @return A ggplot.
#' @section Errors: Of class `bayespool_error_formula`: no groups, or predictors; [plot_groups()] shows a predictor.
#'   For the data as for the fitting functions.
#' @seealso [plot_groups()] for the data beside a fit.
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' plot_data(yield ~ 1 + (1 | block), npk)
#' plot_data(scontrol ~ 1 + (1 | site), hpp_sites)
#' @export
plot_data <- function(formula, data) {
  call <- rlang::current_env()
  check_plot_packages(call)
  parsed <- parse_formula(formula, call = call)
  if (is.null(parsed$group)) {
    abort_formula("{.fn plot_data} needs a grouping factor.",
                  "Add it as {.code (1 | g)}, with {.code g} the name of a column.", formula, call)
  }
  if (length(parsed$terms) > 0) {
    abort_formula("{.fn plot_data} takes no predictors.",
                  c("Leave them out, as in {.code y ~ 1 + (1 | g)}.", "{.fn plot_groups} shows them beside a fit."),
                  formula, call)
  }
  moments <- reduce_data(parsed, data, pooled = FALSE, call = call)
  picture <- if (inherits(data, "group_moments")) {
    plot_moments(moments)
  } else {
    plot_rows(eval_response(parsed, data, call), match(as.character(data[[parsed$group]]), moments$group), moments)
  }
  picture + picture_theme() + legend_below() + group_axis(length(moments$group), parsed$group) +
    ggplot2::labs(x = parsed$response)
}

plot_rows <- function(y, index, moments) {
  used <- !is.na(y) & !is.na(index)
  rows <- data.frame(y = y[used], group = group_factor(index[used], moments$group))
  means <- data.frame(y = moments$mean[, 1], group = group_factor(seq_along(moments$group), moments$group))
  ggplot2::ggplot(rows, ggplot2::aes(.data$y, .data$group)) +
    jittered_points() +
    ggplot2::geom_boxplot(outlier.shape = NA, fill = NA, colour = "grey20", orientation = "y", width = 0.6) +
    ggplot2::geom_point(data = means, shape = 23, size = 2.5, fill = "white", colour = "black") +
    ggplot2::labs(caption = "Points: observations. Box: quartiles. Diamond: mean.")
}

plot_moments <- function(moments) {
  data <- data.frame(
    group = group_factor(seq_along(moments$group), moments$group), n = moments$n, mean = moments$mean[, 1],
    sd = sqrt(moments$within[, 1] / (moments$n - 1))
  )
  # One observation has a mean, but no standard deviation.
  data$sd[data$n == 1] <- 0
  ggplot2::ggplot(data, ggplot2::aes(y = .data$group)) +
    ggplot2::geom_linerange(
      ggplot2::aes(xmin = .data$mean - .data$sd, xmax = .data$mean + .data$sd), colour = shade("mid"), linewidth = 1
    ) +
    ggplot2::geom_point(ggplot2::aes(x = .data$mean, size = .data$n), colour = shade("dark")) +
    size_by_n() +
    ggplot2::labs(caption = "Point: mean. Line: one standard deviation to each side.")
}
