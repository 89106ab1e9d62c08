# Caterpillar pictures: differences of groups and ranks in order, with intervals.

#' Plot contrasts and ranks of groups
#'
#' One row a pair of groups, the largest difference at the top, with its mean and interval beside a line at zero; or one
#' row a group, the best at the top, with its expected rank and the interval of the rank.
#'
#' Where there are so many rows that labels would cover one another some of them are left out; choosing groups makes room
#' for all.
#'
#' @param x What [group_contrasts()] or [group_ranks()] returned.
#' @param ... Not used.
#' @return A ggplot.
#' @section Errors: Of class `bayespool_error_argument`: unknown arguments.
#' @references Goldstein, H. and Spiegelhalter, D. J. (1996). League tables and their limitations: statistical issues in comparisons of
#'   institutional performance. *Journal of the Royal Statistical Society A*, 159(3), 385-443. \doi{10.2307/2983325}
#' @examplesIf rlang::is_installed(c("ggplot2", "bayesplot"))
#' fit <- partial_pooling(scontrol ~ 1 + (1 | site), hpp_sites, seed = 1)
#' plot(group_contrasts(fit, reference = "Oslo"))
#' plot(group_ranks(fit))
#' @name caterpillar_plots
#' @aliases plot.bayespool_group_contrasts
NULL

#' @rdname caterpillar_plots
#' @export
plot.bayespool_group_contrasts <- function(x, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  check_plot_packages(call)
  reference <- attr(x, "reference")
  label <- if (is.null(reference)) paste(shorten(x$group, 25), "-", shorten(x$other, 25)) else shorten(x$group)
  difference <- paste("difference in the", attr(x, "quantity"))
  caterpillar(
    x, label, -x$mean, list(
      ggplot2::geom_vline(xintercept = 0, linetype = "dashed", colour = "grey30"),
      ggplot2::labs(
        x = if (is.null(reference)) difference else paste(difference, "from", shorten(reference, 25)), y = NULL,
        caption = caterpillar_caption(x, "mean")
      )
    )
  )
}

#' @rdname caterpillar_plots
#' @export
plot.bayespool_group_ranks <- function(x, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  check_plot_packages(call)
  order <- if (attr(x, "highest")) "highest" else "lowest"
  caterpillar(
    x, shorten(x$group), x$mean,
    ggplot2::labs(
      x = paste0("rank (1: ", order, " ", attr(x, "quantity"), ")"), y = NULL, caption = caterpillar_caption(x, "expected rank")
    )
  )
}

# One row for each of the table, those with the smallest `place` at the top. `layers`: what is between lines and points, and labels.
caterpillar <- function(table, label, place, layers) {
  label <- make.unique(label)
  data <- data.frame(label = factor(label, levels = label[order(place)]), table[c("mean", "lower", "upper")])
  many <- nrow(data) > 50
  ggplot2::ggplot(data, ggplot2::aes(.data$mean, .data$label)) +
    ggplot2::geom_linerange(
      ggplot2::aes(xmin = .data$lower, xmax = .data$upper), colour = shade("mid"), linewidth = if (many) 0.3 else 0.9
    ) +
    layers +
    ggplot2::geom_point(shape = 21, fill = if (many) "black" else "white", size = if (many) 0.7 else 2) +
    picture_theme() +
    group_axis(nrow(data), NULL) +
    (if (many) ggplot2::theme(panel.grid.major.y = ggplot2::element_blank()))
}

caterpillar_caption <- function(table, center) {
  kind <- if (attr(table, "interval") == "hdi") " shortest interval." else " central interval."
  paste0("Point and line: ", center, " and ", percent(attr(table, "prob")), kind)
}
