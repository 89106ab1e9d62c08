# What the pictures share: the packages that draw them, shades, labels, and the axis of the groups.

#' @importFrom rlang .data
NULL

# Asks to install what is missing where it can ask.
check_plot_packages <- function(call, packages = c("ggplot2", "bayesplot")) {
  tryCatch(
    rlang::check_installed(packages, reason = "to draw pictures.", call = call),
    rlib_error_package_not_found = function(cnd) {
      abort_bayespool(
        c(
          "Pictures need the package{?s} {.pkg {packages}}.",
          i = "Install with {.code install.packages({format_expr(packages)})}."
        ),
        "package", call
      )
    }
  )
}

check_fit <- function(fit, call) {
  check_argument(fit, inherits(fit, "bayespool_fit"), "a fit of one of the four models", call)
}

# A colour of bayesplot's scheme, which the user may have chosen: "light", "mid", "dark" and so on. All schemes go from
# light to dark, so that pictures can be read in grey.
shade <- function(level) bayesplot::color_scheme_get()[[level]]

# Labels of groups as a factor in their own order. Without groups there is one, "".
group_factor <- function(index, labels) {
  shown <- if (identical(labels, "")) "all" else labels
  factor(shown[index], levels = shown)
}

response_label <- function(fit) fit$parsed$response

# Groups on the y axis, the first at the top: horizontal labels can be read whatever their number and length. Labels that
# would cover one another are left out.
group_axis <- function(groups, name) {
  list(
    ggplot2::scale_y_discrete(limits = rev, guide = ggplot2::guide_axis(check.overlap = TRUE)),
    ggplot2::labs(y = name),
    small_text(groups, "axis.text.y")
  )
}

# Smaller text in these elements of the theme where there are many groups.
small_text <- function(groups, ...) {
  if (groups > 25) {
    elements <- c(...)
    small <- rep(list(ggplot2::element_text(size = ggplot2::rel(0.7))), length(elements))
    do.call(ggplot2::theme, stats::setNames(small, elements))
  }
}

# The theme that the user chose for bayesplot or ggplot2, but theme_minimal() in the place of their defaults, so that
# grey print stays clean and all pictures look alike.
picture_theme <- function() {
  current <- bayesplot::bayesplot_theme_get()
  unchosen <- identical(current, ggplot2::theme_grey()) || identical(current, bayesplot::theme_default())
  if (unchosen) ggplot2::theme_minimal() else current
}

# Groups need the width that a legend at the side would take, and texts above the picture that of the labels beside it.
legend_below <- function() ggplot2::theme(legend.position = "bottom", plot.title.position = "plot")

# A picture that bayesplot draws, in that theme.
with_picture_theme <- function(picture) {
  old <- bayesplot::bayesplot_theme_set(picture_theme())
  on.exit(bayesplot::bayesplot_theme_set(old))
  picture
}

# Observations of groups on the y axis, moved up and down to be seen: the same way each time.
jittered_points <- function() {
  ggplot2::geom_point(
    position = ggplot2::position_jitter(width = 0, height = 0.2, seed = 1), colour = shade("mid"), alpha = 0.5, size = 1
  )
}

# The larger a point, the more observations behind it; one observation must still be seen.
size_by_n <- function() ggplot2::scale_size(range = c(1.5, 4.5), name = "observations")

# How observations inside and outside their interval differ: hollow, in shape and colour, smaller and paler where there are many.
marked_observations <- function(observations) {
  size <- min(1.6, max(0.6, 40 / sqrt(observations)))
  pale <- ggplot2::alpha(shade("mid_highlight"), if (observations > 1000) 0.5 else 1)
  list(
    ggplot2::scale_shape_manual(values = c(inside = 1, outside = 2)),
    ggplot2::scale_colour_manual(values = c(inside = pale, outside = "black")),
    ggplot2::scale_size_manual(values = c(inside = size, outside = 1.3 * size)),
    ggplot2::labs(shape = "observation", colour = "observation", size = "observation")
  )
}

inside_or_outside <- function(y, lower, upper) ifelse(y < lower | y > upper, "outside", "inside")

interval_label <- function(prob, interval) {
  paste(percent(prob), if (interval == "hdi") "highest density interval" else "central interval")
}
