# plot() of what hypothesis() returned: the density of each difference, filled where the statement holds.

#' @rdname hypothesis
#' @export
plot.bayespool_hypothesis <- function(x, ...) {
  call <- rlang::current_env()
  check_no_dots(rlang::exprs(...), call)
  check_plot_packages(call)
  curves <- attr(x, "densities")
  drawn <- vapply(curves, nrow, 0L) > 0
  if (length(curves) != nrow(x) || !any(drawn)) {
    abort_bayespool(
      c(
        "There is nothing to draw.",
        i = "A picture needs all that {.fn hypothesis} returned, and a difference that is not a known number."
      ),
      "argument", call
    )
  }
  labels <- make.unique(x$hypothesis)
  curve <- do.call(rbind, Map(function(one, label, sign) {
    holds <- if (sign == "=") rep(FALSE, nrow(one)) else if (sign == ">") one$x > 0 else one$x < 0
    data.frame(one, holds = holds, group = rep(label, nrow(one)))
  }, curves, labels, attr(x, "sign"))[drawn])
  curve$group <- factor(curve$group, labels)
  from_draws <- "draws" %in% x$method
  ggplot2::ggplot(curve, ggplot2::aes(.data$x, .data$density)) +
    ggplot2::geom_area(fill = shade("light"), alpha = 0.6) +
    ggplot2::geom_area(data = curve[curve$holds, ], fill = shade("mid_highlight")) +
    ggplot2::geom_line(colour = shade("dark_highlight"), linewidth = 0.4) +
    ggplot2::geom_vline(xintercept = 0, linetype = "dashed") +
    picture_theme() +
    group_panels(labels[drawn], "free") +
    ggplot2::labs(x = "left side less right side", y = "posterior density") +
    caption("Filled: where the hypothesis holds.", if (from_draws) "From draws where exact densities are not known.")
}
