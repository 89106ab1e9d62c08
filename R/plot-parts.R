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
  check_argument(fit, inherits(fit, "bayespool_fit"), "a fit of one of the models of this package", call)
}

# A colour of bayesplot's scheme, which the user may have chosen: "light", "mid", "dark" and so on. All schemes go from
# light to dark, so that pictures can be read in grey.
shade <- function(level) bayesplot::color_scheme_get()[[level]]

# Labels of groups as a factor with these levels; those beyond them are NA. Without groups there is one, "".
group_factor <- function(index, labels, chosen = seq_along(labels)) {
  shown <- if (identical(labels, "")) "all" else labels
  factor(shown[index], levels = shown[chosen])
}

response_label <- function(fit) fit$parsed$response

# Labels on the y axis, the first at the top: horizontal text can be read whatever its number and length. Labels that would
# cover one another are left out. `lines`: whether all height is theirs, and room for several lines where rows are few.
group_axis <- function(labels, name, lines = TRUE) {
  list(
    ggplot2::scale_y_discrete(
      limits = rev, guide = ggplot2::guide_axis(check.overlap = TRUE), labels = function(text) format_rows(text, labels, lines)
    ),
    ggplot2::labs(y = name),
    row_theme(labels, lines)
  )
}

# `text` as it stands beside the rows that have these labels.
format_rows <- function(text, labels, lines = TRUE) {
  if (is_wrapped(labels, lines)) wrap_text(text, 28) else if (is_crowded(labels)) with_room(text) else text
}

is_wrapped <- function(labels, lines) lines && length(labels) <= 12 && is_long(labels)

# Small labels where rows are many or labels long.
row_theme <- function(labels, lines = TRUE) {
  rows <- length(labels)
  small <- function(size, ...) ggplot2::theme(axis.text.y = ggplot2::element_text(size = ggplot2::rel(size), ...))
  if (rows > 40) {
    list(
      if (is_crowded(labels)) small(0.6, lineheight = 0.3, vjust = 0.6) else small(0.6),
      ggplot2::theme(panel.grid.major.y = ggplot2::element_blank())
    )
  } else if (rows > (if (lines) 25 else 12) || (is_long(labels) && !(is_wrapped(labels, lines) && rows <= 6))) {
    small(0.7)
  }
}

# An empty line below each label keeps the next at a distance.
with_room <- function(text) paste0(text, "\n")

is_long <- function(labels) max(nchar(labels, "width")) > 28

# Text in lines of at most this width, broken within words that are longer.
wrap_text <- function(text, width) {
  vapply(as.character(text), function(one) {
    words <- unlist(lapply(strsplit(one, " ", fixed = TRUE)[[1]], break_word, width))
    paste(strwrap(paste(words, collapse = " "), width + 1), collapse = "\n")
  }, "", USE.NAMES = FALSE)
}

break_word <- function(word, width) {
  end <- cumsum(nchar(strsplit(word, "")[[1]], "width"))
  vapply(split(strsplit(word, "")[[1]], (end - 1) %/% width), paste, "", collapse = "")
}

# One panel a group; long names take several lines. `scales`: as facet_wrap() has them.
group_panels <- function(labels, scales = "fixed") {
  columns <- ceiling(sqrt(length(labels)))
  small <- length(labels) > 9 || is_long(labels)
  list(
    ggplot2::facet_wrap(
      "group", ncol = columns, scales = scales,
      labeller = function(strips) lapply(strips, wrap_text, width = max(14, (if (small) 105 else 100) %/% columns))
    ),
    if (small) {
      ggplot2::theme(
        strip.text = ggplot2::element_text(size = ggplot2::rel(0.6)), axis.text = ggplot2::element_text(size = ggplot2::rel(0.6))
      )
    }
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

# What a caption says where rows are too many for all their labels on a page: a label needs a tenth of an inch, and a panel half an inch for
# its title and axis. `panels`: their heights, in rows.
height_advice <- function(rows, panels = rows) {
  if (rows > 60) paste0("All labels show at a height of ", ceiling(sum(panels) * 0.1 + 0.5 * length(panels) + 1), " inches.")
}

# The caption in lines that fit below a picture 7 inches wide.
caption <- function(...) ggplot2::labs(caption = paste(strwrap(paste(c(...), collapse = " "), 105), collapse = "\n"))

interval_name <- function(prob, interval) {
  paste0(percent(prob), if (interval == "hdi") " highest density interval" else " central interval")
}

# The theme that the user chose for bayesplot or ggplot2, but theme_minimal() in the place of their defaults, so that
# grey print stays clean and all pictures look alike.
picture_theme <- function() {
  current <- bayesplot::bayesplot_theme_get()
  unchosen <- identical(current, ggplot2::theme_grey()) || identical(current, bayesplot::theme_default())
  if (!unchosen) {
    return(current)
  }
  ggplot2::theme_minimal() + ggplot2::theme(plot.caption = ggplot2::element_text(size = ggplot2::rel(0.7)))
}

# Groups need the width that a legend at the side would take, and texts above the picture that of the labels beside it. Small, so
# that several fit below one another.
legend_below <- function() {
  small <- ggplot2::element_text(size = ggplot2::rel(0.75))
  ggplot2::theme(
    legend.position = "bottom", legend.box = "vertical", legend.margin = ggplot2::margin(),
    legend.spacing.y = ggplot2::unit(0, "pt"), legend.box.spacing = ggplot2::unit(4, "pt"), legend.key.height = ggplot2::unit(12, "pt"),
    legend.title = small, legend.text = small, plot.title.position = "plot"
  )
}

# A picture that bayesplot draws, in that theme.
with_picture_theme <- function(picture) {
  old <- bayesplot::bayesplot_theme_set(picture_theme())
  on.exit(bayesplot::bayesplot_theme_set(old))
  picture
}

# Observations of groups on the y axis, moved up and down to be seen: the same way each time.
jittered_points <- function(crowded) {
  ggplot2::geom_point(
    position = ggplot2::position_jitter(width = 0, height = 0.2, seed = 1), colour = shade("mid"), alpha = 0.5,
    size = if (crowded) 0.2 else 1
  )
}

# The larger a point, the more observations behind it; one observation must still be seen. The legend shows the smallest and
# the largest group, and what lies between. Where rows are close, points are small. `what`: that `n` is a number of.
size_by_n <- function(n, what = "observations") {
  most <- if (is_crowded(n)) 2.5 else 4.5
  middle <- signif(sqrt(min(n) * max(n)), 1)
  ggplot2::scale_size(
    range = c(most / 3, most), name = what, limits = c(min(n), max(n)),
    breaks = sort(unique(c(min(n), if (middle > min(n) && middle < max(n)) middle, max(n))))
  )
}

# Where rows are this close, lines and points are thin.
is_crowded <- function(rows) length(rows) > 60

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
